package serbench;

import com.amazon.ion.IonValue;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.google.protobuf.Message;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.avro.Schema;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.bson.BsonDocument;
import org.msgpack.core.MessagePack;

/** The worker: frames of a 4-octet length and JSON on standard input and output, see ../__init__.py. */
public final class Main {
    /** How a format is opened for what a schema describes, which is null where the octets say all. */
    interface Opening {
        Codec open(Object schema) throws Exception;
    }

    /** A format: the library, how it is opened, the objects of its users that are timed, and how they come about. */
    private record Format(String library, Opening opening, String objects, Opening timed) {
        Format(String library, Opening opening, String objects) {
            this(library, opening, objects, opening);
        }
    }

    private static final String JAVA = "Java " + System.getProperty("java.version");
    private static final Map<String, Format> FORMATS = Map.ofEntries(
            Map.entry("java", new Format(JAVA, Serialized::new, "generated classes")),
            Map.entry("json", new Format(
                    jar(ObjectMapper.class), schema -> new Json(new JsonFactory()), "JsonNode trees")),
            Map.entry("xml", new Format(JAVA, schema -> new Xml(), "DOM documents")),
            Map.entry("xml-attributes", new Format(JAVA, schema -> new Xml(), "DOM documents")),
            Map.entry("msgpack", new Format(jar(MessagePack.class), schema -> new Msgpack(), "Value trees")),
            Map.entry("cbor", new Format(
                    jar(CBORFactory.class), schema -> new Cbor(),
                    "JsonNode trees, which leave tags out", schema -> new Json(Cbor.FACTORY))),
            Map.entry("bson", new Format(jar(BsonDocument.class), schema -> new Bson(), "BsonDocument trees")),
            Map.entry("ion", new Format(jar(IonValue.class), schema -> new Ion(true), "IonValue trees")),
            Map.entry("ion-text", new Format(jar(IonValue.class), schema -> new Ion(false), "IonValue trees")),
            Map.entry("protobuf", new Format(jar(Message.class), Protobuf::new, "generated classes")),
            Map.entry("avro", new Format(jar(Schema.class), Avro::new, "generic records")),
            Map.entry("thrift-binary", thrift(new TBinaryProtocol.Factory())),
            Map.entry("thrift-compact", thrift(new TCompactProtocol.Factory())));

    private final ObjectMapper mapper = new ObjectMapper();
    private final DataOutputStream out =
            new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
    private Opening lastOpening;
    private Object lastSchema;
    private Codec codec;

    private static Map<String, Object> hello() {
        Map<String, String> libraries = new TreeMap<>();
        Map<String, String> objects = new TreeMap<>();
        FORMATS.forEach((name, format) -> {
            libraries.put(name, format.library());
            objects.put(name, format.objects());
        });
        Map<String, Object> timing = Timing.told(objects);
        return Map.of("hello", "serbench peer", "protocol", 1, "formats", libraries, "timing", timing);
    }

    private static Format thrift(TProtocolFactory protocols) {
        return new Format(jar(TProtocol.class), schema -> new Thrift(protocols),
                "generated classes", schema -> new ThriftClasses(protocols, schema));
    }

    /** The name of the file that a class is from, which tells the version. */
    private static String jar(Class<?> from) {
        String path = from.getProtectionDomain().getCodeSource().getLocation().getPath();
        return path.substring(path.lastIndexOf('/') + 1).replaceFirst("\\.jar$", "");
    }

    private static Object attempt(Callable<Object> done) {
        try {
            return done.call();
        } catch (Exception | StackOverflowError | LinkageError error) {
            return Map.of("failed", error.toString());
        }
    }

    /** The codec that is asked for, which the last request may have opened. */
    private Codec codec(Map<?, ?> request) throws Exception {
        Format format = FORMATS.get((String) request.get("format"));
        Opening opening = request.get("request").equals("time") ? format.timed() : format.opening();
        if (opening != lastOpening || !Objects.equals(request.get("schema"), lastSchema)) {
            lastOpening = null;
            codec = opening.open(request.get("schema"));
            lastOpening = opening;
            lastSchema = request.get("schema");
        }
        return codec;
    }

    private Object answer(Map<?, ?> request) {
        String asked = (String) request.get("request");
        if (asked.equals("time")) {
            return Map.of("measured_ns", Timing.answer(() -> codec(request), request, this::send));
        }
        Object codec = attempt(() -> codec(request));
        List<Object> answers = new ArrayList<>();
        for (Object item : (List<?>) request.get(asked.equals("write") ? "trees" : "data")) {
            answers.add(codec instanceof Codec made ? attempt(() -> answer(asked, made, item)) : codec);
        }
        return answers;
    }

    private static Object answer(String asked, Codec codec, Object item) throws Exception {
        if (asked.equals("write")) {
            return HexFormat.of().formatHex(codec.encode(codec.value(item)));
        }
        Object value = codec.decode(HexFormat.of().parseHex((String) item));
        if (asked.equals("read")) {
            return codec.tree(value);
        }
        return Map.of("octets", HexFormat.of().formatHex(codec.encode(value)), "seen", codec.tree(value));
    }

    private void send(Object frame) {
        try {
            byte[] data = mapper.writeValueAsBytes(frame);
            out.writeInt(data.length);
            out.write(data);
            out.flush();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void serve(DataInputStream in) throws IOException {
        send(hello());
        while (true) {
            byte[] data;
            try {
                data = new byte[in.readInt()];
            } catch (EOFException end) {
                return;
            }
            in.readFully(data);
            send(Map.of("done", answer(mapper.readValue(data, LinkedHashMap.class))));
        }
    }

    public static void main(String[] arguments) throws IOException {
        System.setOut(System.err); // standard output is for frames
        new Main().serve(new DataInputStream(System.in));
    }
}
