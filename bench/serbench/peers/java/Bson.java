package serbench;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBinaryReader;
import org.bson.BsonBinaryWriter;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.EncoderContext;
import org.bson.io.BasicOutputBuffer;
import org.bson.types.Decimal128;

/** BSON by MongoDB's library. */
final class Bson implements Codec {
    private static final BsonDocumentCodec CODEC = new BsonDocumentCodec();

    @Override
    public Object decode(byte[] data) {
        return CODEC.decode(new BsonBinaryReader(ByteBuffer.wrap(data)), DecoderContext.builder().build());
    }

    @Override
    public byte[] encode(Object value) {
        BasicOutputBuffer out = new BasicOutputBuffer();
        CODEC.encode(new BsonBinaryWriter(out), (BsonDocument) value, EncoderContext.builder().build());
        return out.toByteArray();
    }

    @Override
    public Object tree(Object value) {
        return tree((BsonValue) value);
    }

    private static Object tree(BsonValue value) {
        switch (value.getBsonType()) {
            case DOCUMENT:
                Trees.Pairs pairs = new Trees.Pairs();
                for (Map.Entry<String, BsonValue> element : value.asDocument().entrySet()) {
                    pairs.add(element.getKey(), tree(element.getValue()));
                }
                return pairs.tree();
            case ARRAY:
                List<Object> items = new ArrayList<>();
                value.asArray().forEach(item -> items.add(tree(item)));
                return items;
            case INT32:
                return Trees.integer(value.asInt32().getValue());
            case INT64:
                return Trees.kind("int64", Trees.integer(value.asInt64().getValue()));
            case DOUBLE:
                return Trees.real(value.asDouble().getValue());
            case STRING:
                return value.asString().getValue();
            case BOOLEAN:
                return value.asBoolean().getValue();
            case NULL:
                return null;
            case DATE_TIME:
                return Trees.kind("datetime", Trees.integer(value.asDateTime().getValue()));
            case DECIMAL128:
                return Trees.kind("decimal128", value.asDecimal128().getValue().toString());
            case BINARY:
                Object octets = Trees.octets(value.asBinary().getData());
                return value.asBinary().getType() == 0 ? octets : Trees.kind("binary " + value.asBinary().getType(), octets);
            default:
                throw new IllegalArgumentException("type " + value.getBsonType());
        }
    }

    @Override
    public BsonValue value(Object tree) {
        switch (Trees.tag(tree)) {
            case "i":
                return new BsonInt32((int) Trees.toLong(tree));
            case "f":
                return new BsonDouble(Trees.toReal(tree));
            case "b":
                return new BsonBinary(Trees.toOctets(tree));
            case "m":
                BsonDocument document = new BsonDocument();
                Trees.toPairs(tree).forEach(pair -> document.append((String) pair.get(0), value(pair.get(1))));
                return document;
            case "x":
                Object inner = Trees.ofKind(tree);
                switch (Trees.kindOf(tree)) {
                    case "int64":
                        return new BsonInt64(Trees.toLong(inner));
                    case "datetime":
                        return new BsonDateTime(Trees.toLong(inner));
                    case "decimal128":
                        return new BsonDecimal128(Decimal128.parse((String) inner));
                    default:
                        byte type = Byte.parseByte(Trees.kindOf(tree).substring("binary ".length()));
                        return new BsonBinary(type, Trees.toOctets(inner));
                }
            default:
                if (tree instanceof List<?> list) {
                    BsonArray array = new BsonArray();
                    list.forEach(item -> array.add(value(item)));
                    return array;
                }
                return tree == null ? BsonNull.VALUE
                        : tree instanceof Boolean truth ? BsonBoolean.valueOf(truth)
                        : new BsonString((String) tree);
        }
    }
}
