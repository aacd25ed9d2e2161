package serbench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** Classes compiled here from sources, which other compilers may have made. */
final class Classes extends ClassLoader {
    private final Map<String, byte[]> classes = new TreeMap<>();

    private Classes(ClassLoader above) {
        super(above);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] data = classes.get(name.replace('.', '/') + ".class");
        if (data == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, data, 0, data.length);
    }

    /** What makes files in a folder. */
    interface Maker {
        void in(Path folder) throws IOException, InterruptedException;
    }

    /** Compile sources, by the names of their files. The classes see those of the libraries if `libraries`. */
    static ClassLoader compiled(Map<String, String> sources, boolean libraries)
            throws IOException, InterruptedException {
        Classes made = new Classes(libraries ? Classes.class.getClassLoader() : ClassLoader.getPlatformClassLoader());
        made.classes.putAll(files(".class", folder -> {
            List<String> arguments = new ArrayList<>(List.of("-encoding", "UTF-8", "-nowarn", "-proc:none", "-g:none"));
            arguments.addAll(List.of("-cp", libraries ? System.getProperty("java.class.path") : ""));
            arguments.addAll(List.of("-d", folder.toString()));
            for (Map.Entry<String, String> source : sources.entrySet()) {
                Path file = folder.resolve(source.getKey());
                Files.createDirectories(file.getParent());
                Files.writeString(file, source.getValue());
                arguments.add(file.toString());
            }
            ByteArrayOutputStream words = new ByteArrayOutputStream();
            if (ToolProvider.getSystemJavaCompiler().run(null, words, words, arguments.toArray(String[]::new)) != 0) {
                throw new IOException("javac: " + words);
            }
        }));
        return made;
    }

    /** The Java sources that a compiler makes, by the names of their files. */
    static Map<String, String> sources(Maker compiler) throws IOException, InterruptedException {
        Map<String, String> made = new TreeMap<>();
        files(".java", compiler).forEach((name, data) -> made.put(name, new String(data, StandardCharsets.UTF_8)));
        return made;
    }

    /** Run a compiler. */
    static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(Path.of(command[0]).getFileName() + ": " + words.strip());
        }
    }

    /** The files with this ending in a folder that is there for as long as they are made. */
    private static Map<String, byte[]> files(String ending, Maker maker) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("serbench-peer");
        try {
            maker.in(folder);
            Map<String, byte[]> made = new TreeMap<>();
            for (Path file : inside(folder)) {
                if (file.toString().endsWith(ending)) {
                    made.put(folder.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
            return made;
        } finally {
            for (Path file : inside(folder)) {
                Files.delete(file);
            }
        }
    }

    /** A folder and all in it, what is in a folder before it. */
    private static List<Path> inside(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.sorted(Comparator.reverseOrder()).toList();
        }
    }
}
