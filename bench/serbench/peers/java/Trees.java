package serbench;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** What a library sees, as the JSON of ../trees.py: null, Boolean, String, List, and Map of one key. */
final class Trees {
    static Object integer(long value) {
        return Map.of("i", Long.toString(value));
    }

    static Object integer(BigInteger value) {
        return Map.of("i", value.toString());
    }

    static Object real(double value) {
        return Map.of("f", String.format("%016x", Double.doubleToRawLongBits(value)));
    }

    static Object octets(byte[] value) {
        return Map.of("b", HexFormat.of().formatHex(value));
    }

    static Object kind(String name, Object inner) {
        return Map.of("x", Arrays.asList(name, inner));
    }

    /** The pairs of a map, in their order. */
    static final class Pairs {
        private final List<Object> held = new ArrayList<>();

        Pairs add(Object key, Object value) {
            held.add(Arrays.asList(key, value));
            return this;
        }

        Object tree() {
            return Map.of("m", held);
        }
    }

    /** The key of a tree that is a map, empty for any other. */
    static String tag(Object tree) {
        return tree instanceof Map<?, ?> map ? (String) map.keySet().iterator().next() : "";
    }

    private static Object inside(Object tree, String tag) {
        if (!tag(tree).equals(tag)) {
            throw new IllegalArgumentException(tree + " has no " + tag);
        }
        return ((Map<?, ?>) tree).get(tag);
    }

    static BigInteger toBig(Object tree) {
        return new BigInteger((String) inside(tree, "i"));
    }

    static long toLong(Object tree) {
        return toBig(tree).longValueExact();
    }

    static double toReal(Object tree) {
        return Double.longBitsToDouble(Long.parseUnsignedLong((String) inside(tree, "f"), 16));
    }

    static byte[] toOctets(Object tree) {
        return HexFormat.of().parseHex((String) inside(tree, "b"));
    }

    @SuppressWarnings("unchecked")
    static List<List<Object>> toPairs(Object tree) {
        return (List<List<Object>>) inside(tree, "m");
    }

    static String kindOf(Object tree) {
        return (String) ((List<?>) inside(tree, "x")).get(0);
    }

    static Object ofKind(Object tree) {
        return ((List<?>) inside(tree, "x")).get(1);
    }

    static List<?> element(Object tree) {
        return (List<?>) inside(tree, "e");
    }
}
