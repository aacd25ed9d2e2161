package serbench;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the fields of generated objects hold, in the JSON form of serschema.jsonform. */
final class Seen {
    private static final long NAN = 0x7ff8000000000000L;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

    private final Map<String, Map<?, ?>> types = new HashMap<>();
    private final Map<?, ?> names;
    private final Map<?, ?> root;

    /** `types` is the schema of serschema.jsonform; `names`, by type, what Java calls its fields or symbols. */
    Seen(Map<?, ?> given) {
        Map<?, ?> schema = (Map<?, ?>) given.get("types");
        names = (Map<?, ?>) given.get("names");
        for (Object type : (List<?>) schema.get("types")) {
            types.put((String) ((Map<?, ?>) type).get("name"), (Map<?, ?>) type);
        }
        root = types.get(schema.get("root"));
    }

    Object root(Object value) throws ReflectiveOperationException {
        return seen(value, root);
    }

    private Object seen(Object value, Object type) throws ReflectiveOperationException {
        Map<?, ?> kind = (Map<?, ?>) type;
        switch ((String) kind.get("kind")) {
            case "Ref":
                return seen(value, types.get(kind.get("name")));
            case "Bool":
            case "String":
                return value;
            case "Int":
                return integer(((Number) value).longValue(), kind);
            case "Float":
                return real(((Number) value).doubleValue());
            case "Bytes":
                return Base64.getEncoder().encodeToString((byte[]) value);
            case "Enum":
                return ((Map<?, ?>) names.get(kind.get("name"))).get(((Enum<?>) value).name());
            case "Timestamp":
                return time((Instant) value);
            case "Uuid":
                return value.toString();
            case "Decimal":
                return ((BigDecimal) value).toPlainString();
            case "List":
                return list(value, kind.get("item"));
            case "Map":
                Map<String, Object> held = new LinkedHashMap<>();
                for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                    Object key = seen(entry.getKey(), kind.get("key"));
                    held.put(key.toString(), seen(entry.getValue(), kind.get("value")));
                }
                return held;
            case "Union":
                return members(value, kind, kind.get("alternatives"));
            default:
                return members(value, kind, kind.get("fields"));
        }
    }

    private static Object integer(long value, Map<?, ?> kind) {
        int bits = ((Number) kind.get("bits")).intValue();
        if ((Boolean) kind.get("signed")) {
            return value;
        }
        return bits == 64 ? new BigInteger(Long.toUnsignedString(value)) : (Object) (value & (1L << bits) - 1);
    }

    private static Object real(double value) {
        if (Double.isNaN(value)) {
            long bits = Double.doubleToRawLongBits(value);
            return bits == NAN ? "NaN" : String.format("NaN:%016x", bits);
        }
        return Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : (Object) value;
    }

    private static String time(Instant value) {
        if (value.getNano() % 1000 != 0) {
            throw new IllegalArgumentException(value + " is no whole number of microseconds");
        }
        return TIME.format(value.atOffset(ZoneOffset.UTC));
    }

    /** The items of a list, or of an array of numbers. */
    private List<Object> list(Object value, Object item) throws ReflectiveOperationException {
        List<Object> made = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object one : list) {
                made.add(seen(one, item));
            }
        } else {
            for (int i = 0; i < Array.getLength(value); i++) {
                made.add(seen(Array.get(value, i), item));
            }
        }
        return made;
    }

    /** The fields that are not null, by their keys. */
    private Object members(Object value, Map<?, ?> kind, Object members) throws ReflectiveOperationException {
        Map<String, Object> made = new LinkedHashMap<>();
        for (Object member : (List<?>) members) {
            Map<?, ?> of = (Map<?, ?>) member;
            Field field = value.getClass().getDeclaredField(
                    (String) ((Map<?, ?>) names.get(kind.get("name"))).get(of.get("name")));
            field.setAccessible(true);
            if (field.get(value) != null) {
                made.put((String) of.get("key"), seen(field.get(value), of.get("type")));
            }
        }
        return made;
    }
}
