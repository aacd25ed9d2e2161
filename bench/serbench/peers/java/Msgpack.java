package serbench;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ExtensionValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/** MessagePack by msgpack-java. */
final class Msgpack implements Codec {
    private static final BigInteger BILLION = BigInteger.valueOf(1_000_000_000);

    @Override
    public Object decode(byte[] data) throws IOException {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(data)) {
            Value value = unpacker.unpackValue();
            if (unpacker.hasNext()) {
                throw new IOException("octets after the end");
            }
            return value;
        }
    }

    @Override
    public byte[] encode(Object value) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packValue((Value) value);
            return packer.toByteArray();
        }
    }

    @Override
    public Object tree(Object value) {
        return tree((Value) value);
    }

    private static Object tree(Value value) {
        switch (value.getValueType()) {
            case NIL:
                return null;
            case BOOLEAN:
                return value.asBooleanValue().getBoolean();
            case INTEGER:
                return Trees.integer(value.asIntegerValue().toBigInteger());
            case FLOAT:
                return Trees.real(value.asFloatValue().toDouble());
            case STRING:
                return value.asStringValue().asString();
            case BINARY:
                return Trees.octets(value.asBinaryValue().asByteArray());
            case ARRAY:
                List<Object> items = new ArrayList<>();
                value.asArrayValue().forEach(item -> items.add(tree(item)));
                return items;
            case MAP:
                Trees.Pairs pairs = new Trees.Pairs();
                Value[] flat = value.asMapValue().getKeyValueArray();
                for (int i = 0; i < flat.length; i += 2) {
                    pairs.add(tree(flat[i]), tree(flat[i + 1]));
                }
                return pairs.tree();
            default:
                if (value.isTimestampValue()) {
                    Instant time = value.asTimestampValue().toInstant();
                    BigInteger seconds = BigInteger.valueOf(time.getEpochSecond()).multiply(BILLION);
                    return Trees.kind("timestamp", Trees.integer(seconds.add(BigInteger.valueOf(time.getNano()))));
                }
                ExtensionValue extension = value.asExtensionValue();
                return Trees.kind(Byte.toString(extension.getType()), Trees.octets(extension.getData()));
        }
    }

    @Override
    public Value value(Object tree) {
        switch (Trees.tag(tree)) {
            case "i":
                return ValueFactory.newInteger(Trees.toBig(tree));
            case "f":
                return ValueFactory.newFloat(Trees.toReal(tree));
            case "b":
                return ValueFactory.newBinary(Trees.toOctets(tree));
            case "m":
                Stream<Object> flat = Trees.toPairs(tree).stream().flatMap(List::stream);
                return ValueFactory.newMap(flat.map(this::value).toArray(Value[]::new));
            case "x":
                Object inner = Trees.ofKind(tree);
                if (Trees.kindOf(tree).equals("timestamp")) {
                    BigInteger[] parts = Trees.toBig(inner).divideAndRemainder(BILLION);
                    return ValueFactory.newTimestamp(parts[0].longValueExact(), parts[1].intValueExact());
                }
                return ValueFactory.newExtension(Byte.parseByte(Trees.kindOf(tree)), Trees.toOctets(inner));
            default:
                if (tree instanceof List<?> list) {
                    return ValueFactory.newArray(list.stream().map(this::value).toArray(Value[]::new));
                }
                return tree == null ? ValueFactory.newNil()
                        : tree instanceof Boolean truth ? ValueFactory.newBoolean(truth)
                        : ValueFactory.newString((String) tree);
        }
    }
}
