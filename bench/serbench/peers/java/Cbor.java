package serbench;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** CBOR by Jackson, token by token straight from and to our trees, as its own trees have no tags. */
final class Cbor implements Codec {
    static final CBORFactory FACTORY = new CBORFactory()
            .enable(CBORParser.Feature.DECODE_USING_STANDARD_NEGATIVE_BIGINT_ENCODING)
            .enable(CBORGenerator.Feature.ENCODE_USING_STANDARD_NEGATIVE_BIGINT_ENCODING);

    @Override
    public Object decode(byte[] data) throws IOException {
        try (CBORParser parser = FACTORY.createParser(data)) {
            Object tree = tree(parser, parser.nextToken());
            if (parser.nextToken() != null) {
                throw new IOException("octets after the end");
            }
            return tree;
        }
    }

    @Override
    public byte[] encode(Object tree) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (CBORGenerator generator = FACTORY.createGenerator(out)) {
            write(generator, tree);
        }
        return out.toByteArray();
    }

    @Override
    public Object tree(Object value) {
        return value;
    }

    @Override
    public Object value(Object tree) {
        return tree;
    }

    private static Object tree(CBORParser parser, JsonToken token) throws IOException {
        int tag = parser.getCurrentTag();
        return tag < 0 ? untagged(parser, token) : Trees.kind(Integer.toString(tag), untagged(parser, token));
    }

    private static Object untagged(CBORParser parser, JsonToken token) throws IOException {
        switch (token) {
            case START_OBJECT:
                Trees.Pairs pairs = new Trees.Pairs();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    pairs.add(name, tree(parser, parser.nextToken()));
                }
                return pairs.tree();
            case START_ARRAY:
                List<Object> items = new ArrayList<>();
                for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
                    items.add(tree(parser, next));
                }
                return items;
            case VALUE_NUMBER_INT:
                return Trees.integer(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT:
                if (parser.getNumberType() == JsonParser.NumberType.BIG_DECIMAL) { // tag 4, which Jackson takes itself
                    BigDecimal decimal = parser.getDecimalValue();
                    Object parts = List.of(Trees.integer(-decimal.scale()), Trees.integer(decimal.unscaledValue()));
                    return Trees.kind("4", parts);
                }
                return Trees.real(parser.getDoubleValue());
            case VALUE_STRING:
                return parser.getText();
            case VALUE_EMBEDDED_OBJECT:
                return Trees.octets(parser.getBinaryValue());
            case VALUE_TRUE:
                return true;
            case VALUE_FALSE:
                return false;
            case VALUE_NULL:
                return null;
            default:
                throw new IOException("token " + token);
        }
    }

    /** An integer or bignum (RFC 8949, section 3.4.3). */
    private static BigInteger integer(Object tree) {
        if (!Trees.tag(tree).equals("x")) {
            return Trees.toBig(tree);
        }
        BigInteger value = new BigInteger(1, Trees.toOctets(Trees.ofKind(tree)));
        return Trees.kindOf(tree).equals("2") ? value : value.not();
    }

    private static void write(CBORGenerator generator, Object tree) throws IOException {
        switch (Trees.tag(tree)) {
            case "i":
                generator.writeNumber(Trees.toLong(tree)); // larger ones would be bignums
                return;
            case "f":
                generator.writeNumber(Trees.toReal(tree));
                return;
            case "b":
                generator.writeBinary(Trees.toOctets(tree));
                return;
            case "m":
                generator.writeStartObject(Trees.toPairs(tree).size());
                for (List<Object> pair : Trees.toPairs(tree)) {
                    if (pair.get(0) instanceof String name) {
                        generator.writeFieldName(name);
                    } else {
                        generator.writeFieldId(Trees.toLong(pair.get(0)));
                    }
                    write(generator, pair.get(1));
                }
                generator.writeEndObject();
                return;
            case "x":
                if (Trees.kindOf(tree).equals("4")) {
                    List<?> parts = (List<?>) Trees.ofKind(tree);
                    int scale = (int) -Trees.toLong(parts.get(0));
                    generator.writeNumber(new BigDecimal(integer(parts.get(1)), scale));
                    return;
                }
                generator.writeTag(Integer.parseInt(Trees.kindOf(tree)));
                write(generator, Trees.ofKind(tree));
                return;
            default:
                if (tree instanceof List<?> list) {
                    generator.writeStartArray(list, list.size());
                    for (Object item : list) {
                        write(generator, item);
                    }
                    generator.writeEndArray();
                } else if (tree == null) {
                    generator.writeNull();
                } else if (tree instanceof Boolean truth) {
                    generator.writeBoolean(truth);
                } else {
                    generator.writeString((String) tree);
                }
        }
    }
}
