package serbench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
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
final class Classes {
    /** Compile sources, by the names of their files. The classes see those of the libraries if `libraries`. */
    static ClassLoader compiled(Map<String, String> sources, boolean libraries) throws IOException {
        Path folder = Files.createTempDirectory("serbench-peer");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
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
        ClassLoader above = libraries ? Classes.class.getClassLoader() : ClassLoader.getPlatformClassLoader();
        return new URLClassLoader(new URL[] {folder.toUri().toURL()}, above);
    }

    /** Run a compiler that makes sources. */
    static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(Path.of(command[0]).getFileName() + ": " + words.strip());
        }
    }

    /** The Java sources in a folder, by their names in it. */
    static Map<String, String> sources(Path folder) throws IOException {
        Map<String, String> made = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                made.put(folder.relativize(file).toString(), Files.readString(file));
            }
        }
        return made;
    }

    static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException error) {
            return; // the system clears its temporary folder
        }
    }

    private Classes() {}
}
