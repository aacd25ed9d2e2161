package serbench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.util.Map;

/** Java Object Serialization of the classes of a schema, which are compiled here. */
final class Serialized implements Codec {
    private final ClassLoader loader;
    private final Seen seen;

    Serialized(Object schema) throws IOException, InterruptedException {
        Map<?, ?> given = (Map<?, ?>) schema;
        loader = Classes.compiled(Map.of("Types.java", (String) given.get("idl")), false);
        seen = new Seen(given);
    }

    @Override
    public Object decode(byte[] data) throws Exception {
        ByteArrayInputStream octets = new ByteArrayInputStream(data);
        try (ObjectInputStream in = new ObjectInputStream(octets) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass described) throws ClassNotFoundException {
                return Class.forName(described.getName(), false, loader);
            }
        }) {
            Object value = in.readObject();
            if (in.read() != -1) {
                throw new IOException("octets after the object");
            }
            return value;
        }
    }

    @Override
    public byte[] encode(Object value) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ObjectOutputStream to = new ObjectOutputStream(out)) {
            to.writeObject(value);
        }
        return out.toByteArray();
    }

    /** The value, in the JSON form of serschema.jsonform. */
    @Override
    public Object tree(Object value) throws ReflectiveOperationException {
        return seen.root(value);
    }
}
