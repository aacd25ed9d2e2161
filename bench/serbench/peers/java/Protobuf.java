package serbench;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Protocol Buffers by protobuf-java, from descriptors. */
final class Protobuf implements Main.Codec {
    private final Descriptor root;

    Protobuf(Object schema) throws Exception {
        Map<?, ?> given = (Map<?, ?>) schema;
        byte[] data = HexFormat.of().parseHex((String) given.get("descriptors"));
        Map<String, FileDescriptor> files = new HashMap<>();
        FileDescriptor last = null;
        for (FileDescriptorProto file : FileDescriptorSet.parseFrom(data).getFileList()) {
            FileDescriptor[] needed = file.getDependencyList().stream().map(files::get).toArray(FileDescriptor[]::new);
            last = FileDescriptor.buildFrom(file, needed);
            files.put(file.getName(), last);
        }
        String name = (String) given.get("message");
        root = last.findMessageTypeByName(name.substring(name.lastIndexOf('.') + 1));
    }

    @Override
    public Object read(byte[] data) throws Exception {
        return tree(DynamicMessage.parseFrom(root, data));
    }

    @Override
    public byte[] write(Object tree) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CodedOutputStream coded = CodedOutputStream.newInstance(out);
        coded.useDeterministicSerialization();
        message(root, tree).writeTo(coded);
        coded.flush();
        return out.toByteArray();
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

    private static Message message(Descriptor type, Object tree) {
        DynamicMessage.Builder made = DynamicMessage.newBuilder(type);
        for (List<Object> pair : Trees.toPairs(tree)) {
            FieldDescriptor field = type.findFieldByNumber((int) Trees.toLong(pair.get(0)));
            if (field.isMapField()) {
                Descriptor entry = field.getMessageType();
                FieldDescriptor key = entry.findFieldByNumber(1);
                FieldDescriptor held = entry.findFieldByNumber(2);
                for (List<Object> both : Trees.toPairs(pair.get(1))) {
                    made.addRepeatedField(field, DynamicMessage.newBuilder(entry)
                            .setField(key, value(key, both.get(0)))
                            .setField(held, value(held, both.get(1)))
                            .build());
                }
            } else if (field.isRepeated()) {
                ((List<?>) pair.get(1)).forEach(item -> made.addRepeatedField(field, value(field, item)));
            } else {
                made.setField(field, value(field, pair.get(1)));
            }
        }
        return made.build();
    }

    private static Object value(FieldDescriptor field, Object tree) {
        switch (field.getJavaType()) {
            case MESSAGE:
                return message(field.getMessageType(), tree);
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
