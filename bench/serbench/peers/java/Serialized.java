package serbench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.tools.ToolProvider;

/** Java Object Serialization of the classes of a schema, which are compiled here. */
final class Serialized {
    private final ClassLoader loader;

    Serialized(Object schema) throws IOException {
        Path folder = Files.createTempDirectory("serbench-peer");
        Path source = folder.resolve("Types.java");
        Files.writeString(source, (String) ((Map<?, ?>) schema).get("idl"));
        ByteArrayOutputStream words = new ByteArrayOutputStream();
        int failed = ToolProvider.getSystemJavaCompiler()
                .run(null, words, words, "-encoding", "UTF-8", "-nowarn", "-proc:none", "-d", folder.toString(), source.toString());
        for (File file : folder.toFile().listFiles()) {
            file.deleteOnExit();
        }
        folder.toFile().deleteOnExit();
        if (failed != 0) {
            throw new IOException("javac: " + words);
        }
        loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
    }

    byte[] again(byte[] data) throws Exception {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(data)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass described) throws ClassNotFoundException {
                return Class.forName(described.getName(), false, loader);
            }
        }) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (ObjectOutputStream to = new ObjectOutputStream(out)) {
                to.writeObject(in.readObject());
            }
            if (in.read() != -1) {
                throw new IOException("octets after the object");
            }
            return out.toByteArray();
        }
    }
}
