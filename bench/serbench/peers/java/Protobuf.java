package serbench;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Protocol Buffers by protobuf-java, with the classes that protoc made of the schema. */
final class Protobuf implements Codec {
    private final Message empty;

    Protobuf(Object schema) throws Exception {
        Map<?, ?> given = (Map<?, ?>) schema;
        byte[] descriptors = HexFormat.of().parseHex((String) given.get("descriptors"));
        FileDescriptorSet.Builder files = FileDescriptorSet.parseFrom(descriptors).toBuilder();
        FileDescriptorProto.Builder file = files.getFileBuilder(files.getFileCount() - 1);
        file.getOptionsBuilder().setJavaPackage("generated").setJavaMultipleFiles(true);
        ClassLoader loader = Classes.compiled(protoc(files.build(), file.getName()), true);
        String name = (String) given.get("message");
        Class<?> root = loader.loadClass("generated." + name.substring(name.lastIndexOf('.') + 1));
        empty = (Message) root.getMethod("getDefaultInstance").invoke(null);
    }

    /** The sources that protoc makes of a file, by their names. */
    private static Map<String, String> protoc(FileDescriptorSet files, String name) throws Exception {
        String compiler = compiler().toString();
        return Classes.sources(folder -> {
            Path descriptors = folder.resolve("descriptors");
            Files.write(descriptors, files.toByteArray());
            Classes.run(compiler, "--descriptor_set_in=" + descriptors, "--java_out=" + folder, name);
        });
    }

    /** protoc, which the build has put beside the libraries. */
    private static Path compiler() throws Exception {
        Path libraries = Path.of(Message.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
        try (Stream<Path> files = Files.list(libraries)) {
            Path found = files.filter(file -> file.toString().endsWith(".exe")).findFirst().orElseThrow();
            found.toFile().setExecutable(true); // which Maven does not keep
            return found;
        }
    }

    @Override
    public Object decode(byte[] data) throws IOException {
        return empty.getParserForType().parseFrom(data);
    }

    @Override
    public byte[] encode(Object value) {
        return ((Message) value).toByteArray();
    }

    @Override
    public Object tree(Object value) {
        return tree((Message) value);
    }

    @Override
    public Object value(Object tree) {
        return message(empty.newBuilderForType(), tree);
    }

    private static Object tree(Message message) {
        Trees.Pairs pairs = new Trees.Pairs();
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            pairs.add(Trees.integer(entry.getKey().getNumber()), field(entry.getKey(), entry.getValue()));
        }
        return pairs.tree();
    }

    private static Object field(FieldDescriptor field, Object value) {
        if (field.isMapField()) {
            Trees.Pairs pairs = new Trees.Pairs();
            FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
            FieldDescriptor held = field.getMessageType().findFieldByNumber(2);
            for (Object entry : (List<?>) value) {
                pairs.add(scalar(key, ((Message) entry).getField(key)), scalar(held, ((Message) entry).getField(held)));
            }
            return pairs.tree();
        }
        if (field.isRepeated()) {
            List<Object> items = new ArrayList<>();
            ((List<?>) value).forEach(item -> items.add(scalar(field, item)));
            return items;
        }
        return scalar(field, value);
    }

    private static Object scalar(FieldDescriptor field, Object value) {
        switch (field.getType()) {
            case MESSAGE:
                return tree((Message) value);
            case ENUM:
                return Trees.integer(((EnumValueDescriptor) value).getNumber());
            case BYTES:
                return Trees.octets(((ByteString) value).toByteArray());
            case FLOAT:
            case DOUBLE:
                return Trees.real(((Number) value).doubleValue());
            case UINT32:
            case FIXED32:
                return Trees.integer(Integer.toUnsignedLong((Integer) value));
            case UINT64:
            case FIXED64:
                return Trees.integer(new BigInteger(Long.toUnsignedString((Long) value)));
            default:
                return value instanceof Number number ? Trees.integer(number.longValue()) : value;
        }
    }

    private static Message message(Message.Builder made, Object tree) {
        for (List<Object> pair : Trees.toPairs(tree)) {
            FieldDescriptor field = made.getDescriptorForType().findFieldByNumber((int) Trees.toLong(pair.get(0)));
            if (field.isMapField()) {
                FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
                FieldDescriptor held = field.getMessageType().findFieldByNumber(2);
                for (List<Object> both : Trees.toPairs(pair.get(1))) {
                    Message.Builder entry = made.newBuilderForField(field);
                    Message.Builder inner = held.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                            ? entry.newBuilderForField(held) : null;
                    made.addRepeatedField(field, entry
                            .setField(key, value(null, key, both.get(0)))
                            .setField(held, value(inner, held, both.get(1)))
                            .build());
                }
                continue;
            }
            List<?> items = field.isRepeated() ? (List<?>) pair.get(1) : Arrays.asList(pair.get(1));
            for (Object item : items) {
                Message.Builder inner = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                        ? made.newBuilderForField(field) : null;
                Object value = value(inner, field, item);
                if (field.isRepeated()) {
                    made.addRepeatedField(field, value);
                } else {
                    made.setField(field, value);
                }
            }
        }
        return made.build();
    }

    /** What a field holds; `inner` makes it if it is a message. */
    private static Object value(Message.Builder inner, FieldDescriptor field, Object tree) {
        switch (field.getJavaType()) {
            case MESSAGE:
                return message(inner, tree);
            case ENUM:
                return field.getEnumType().findValueByNumberCreatingIfUnknown((int) Trees.toLong(tree));
            case BYTE_STRING:
                return ByteString.copyFrom(Trees.toOctets(tree));
            case FLOAT:
                return (float) Trees.toReal(tree);
            case DOUBLE:
                return Trees.toReal(tree);
            case INT:
                return Trees.toBig(tree).intValue();
            case LONG:
                return Trees.toBig(tree).longValue();
            default:
                return tree;
        }
    }
}
