package serbench;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ExtensionValue;
import org.msgpack.value.Value;

/** MessagePack by msgpack-java. */
final class Msgpack implements Main.Codec {
    private static final BigInteger BILLION = BigInteger.valueOf(1_000_000_000);

    @Override
    public Object read(byte[] data) throws IOException {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(data)) {
            Object tree = tree(unpacker.unpackValue());
            if (unpacker.hasNext()) {
                throw new IOException("octets after the end");
            }
            return tree;
        }
    }

    @Override
    public byte[] write(Object tree) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            pack(packer, tree);
            return packer.toByteArray();
        }
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

    private static void pack(MessagePacker packer, Object tree) throws IOException {
        switch (Trees.tag(tree)) {
            case "i":
                packer.packBigInteger(Trees.toBig(tree));
                return;
            case "f":
                packer.packDouble(Trees.toReal(tree));
                return;
            case "b":
                byte[] data = Trees.toOctets(tree);
                packer.packBinaryHeader(data.length).writePayload(data);
                return;
            case "m":
                packer.packMapHeader(Trees.toPairs(tree).size());
                for (List<Object> pair : Trees.toPairs(tree)) {
                    pack(packer, pair.get(0));
                    pack(packer, pair.get(1));
                }
                return;
            case "x":
                if (Trees.kindOf(tree).equals("timestamp")) {
                    BigInteger[] parts = Trees.toBig(Trees.ofKind(tree)).divideAndRemainder(BILLION);
                    packer.packTimestamp(Instant.ofEpochSecond(parts[0].longValueExact(), parts[1].longValueExact()));
                    return;
                }
                byte[] inner = Trees.toOctets(Trees.ofKind(tree));
                packer.packExtensionTypeHeader(Byte.parseByte(Trees.kindOf(tree)), inner.length).writePayload(inner);
                return;
            default:
                if (tree instanceof List<?> list) {
                    packer.packArrayHeader(list.size());
                    for (Object item : list) {
                        pack(packer, item);
                    }
                } else if (tree == null) {
                    packer.packNil();
                } else if (tree instanceof Boolean truth) {
                    packer.packBoolean(truth);
                } else {
                    packer.packString((String) tree);
                }
        }
    }
}
