package serbench;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.thrift.TBase;
import org.apache.thrift.TDeserializer;
import org.apache.thrift.TException;
import org.apache.thrift.TSerializer;
import org.apache.thrift.protocol.TProtocolFactory;

/** Thrift by Apache's library with the classes that its compiler makes of a schema, as its users have them. */
final class ThriftClasses implements Codec {
    private final Constructor<?> root;
    private final TDeserializer reader;
    private final TSerializer writer;

    ThriftClasses(TProtocolFactory protocols, Object schema) throws Exception {
        Map<?, ?> given = (Map<?, ?>) schema;
        ClassLoader loader = Classes.compiled(compiler((String) given.get("idl")), true);
        root = loader.loadClass((String) given.get("root")).getConstructor();
        reader = new TDeserializer(protocols);
        writer = new TSerializer(protocols);
    }

    private static Map<String, String> compiler(String idl) throws IOException, InterruptedException {
        return Classes.sources(folder -> {
            Path file = folder.resolve("schema.thrift");
            Files.writeString(file, idl);
            String java = "java:generated_annotations=suppress";
            Classes.run("thrift", "--gen", java, "-out", folder.toString(), file.toString());
        });
    }

    @Override
    public Object decode(byte[] data) throws TException, ReflectiveOperationException {
        TBase<?, ?> made = (TBase<?, ?>) root.newInstance();
        reader.deserialize(made, data);
        return made;
    }

    @Override
    public byte[] encode(Object value) throws TException {
        return writer.serialize((TBase<?, ?>) value);
    }
}
