package serbench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/** Avro by Apache's library, generic records; readers, writers and their buffers are used again. */
final class Avro implements Codec {
    private final Schema root;
    private final GenericDatumReader<Object> reader;
    private final GenericDatumWriter<Object> writer;
    private BinaryDecoder decoder;
    private BinaryEncoder encoder;

    Avro(Object schema) throws IOException {
        root = new Schema.Parser().parse(new ObjectMapper().writeValueAsString(schema));
        reader = new GenericDatumReader<>(root);
        writer = new GenericDatumWriter<>(root);
    }

    @Override
    public Object decode(byte[] data) throws IOException {
        decoder = DecoderFactory.get().binaryDecoder(data, decoder);
        Object value = reader.read(null, decoder);
        if (!decoder.isEnd()) {
            throw new IOException("octets after the end");
        }
        return value;
    }

    @Override
    public byte[] encode(Object value) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        encoder = EncoderFactory.get().binaryEncoder(out, encoder);
        writer.write(value, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    @Override
    public Object tree(Object value) {
        return tree(root, value);
    }

    @Override
    public Object value(Object tree) {
        return value(root, tree);
    }

    /** The type that a union of null and another one has beside null; null for any other union. */
    private static Schema optional(Schema union) {
        List<Schema> types = union.getTypes();
        return types.size() == 2 && types.get(0).getType() == Schema.Type.NULL ? types.get(1) : null;
    }

    private static Object tree(Schema schema, Object value) {
        switch (schema.getType()) {
            case RECORD:
                Trees.Pairs fields = new Trees.Pairs();
                for (Schema.Field field : schema.getFields()) {
                    fields.add(field.name(), tree(field.schema(), ((IndexedRecord) value).get(field.pos())));
                }
                return fields.tree();
            case ARRAY:
                List<Object> items = new ArrayList<>();
                ((List<?>) value).forEach(item -> items.add(tree(schema.getElementType(), item)));
                return items;
            case MAP:
                Trees.Pairs pairs = new Trees.Pairs();
                ((Map<?, ?>) value).forEach((key, item) -> pairs.add(key.toString(), tree(schema.getValueType(), item)));
                return pairs.tree();
            case UNION:
                if (value == null) {
                    return null;
                }
                Schema branch = schema.getTypes().get(GenericData.get().resolveUnion(schema, value));
                Object inner = tree(branch, value);
                return optional(schema) != null ? inner : Trees.kind(branch.getFullName(), inner);
            case FIXED:
                return Trees.octets(((GenericFixed) value).bytes());
            case BYTES:
                byte[] data = new byte[((ByteBuffer) value).remaining()];
                ((ByteBuffer) value).duplicate().get(data);
                return Trees.octets(data);
            case INT:
            case LONG:
                return Trees.integer(((Number) value).longValue());
            case FLOAT:
            case DOUBLE:
                return Trees.real(((Number) value).doubleValue());
            case ENUM:
            case STRING:
                return value.toString();
            default:
                return value;
        }
    }

    private static Object value(Schema schema, Object tree) {
        switch (schema.getType()) {
            case RECORD:
                GenericData.Record made = new GenericData.Record(schema);
                for (List<Object> pair : Trees.toPairs(tree)) {
                    Schema.Field field = schema.getField((String) pair.get(0));
                    made.put(field.pos(), value(field.schema(), pair.get(1)));
                }
                return made;
            case ARRAY:
                List<Object> items = new ArrayList<>();
                ((List<?>) tree).forEach(item -> items.add(value(schema.getElementType(), item)));
                return items;
            case MAP:
                Map<String, Object> held = new LinkedHashMap<>();
                Trees.toPairs(tree).forEach(pair -> held.put((String) pair.get(0), value(schema.getValueType(), pair.get(1))));
                return held;
            case UNION:
                if (tree == null) {
                    return null;
                }
                Schema other = optional(schema);
                return other != null
                        ? value(other, tree)
                        : value(schema.getTypes().get(schema.getIndexNamed(Trees.kindOf(tree))), Trees.ofKind(tree));
            case FIXED:
                return new GenericData.Fixed(schema, Trees.toOctets(tree));
            case ENUM:
                return new GenericData.EnumSymbol(schema, tree);
            case BYTES:
                return ByteBuffer.wrap(Trees.toOctets(tree));
            case INT:
                return (int) Trees.toLong(tree);
            case LONG:
                return Trees.toLong(tree);
            case FLOAT:
                return (float) Trees.toReal(tree);
            case DOUBLE:
                return Trees.toReal(tree);
            default:
                return tree;
        }
    }
}
