package serbench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/** The worker: frames of a 4-octet length and JSON on standard input and output, see ../__init__.py. */
public final class Main {
    /** What a format does with octets and trees. */
    interface Codec {
        Object read(byte[] data) throws Exception;

        byte[] write(Object tree) throws Exception;
    }

    /** A codec for what a schema describes, which is null where the octets say all. */
    interface Format {
        Codec open(Object schema) throws Exception;
    }

    private static final Map<String, Format> FORMATS = Map.of(
            "json", schema -> new Json(),
            "xml", schema -> new Xml(),
            "xml-attributes", schema -> new Xml(),
            "msgpack", schema -> new Msgpack(),
            "cbor", schema -> new Cbor(),
            "bson", schema -> new Bson(),
            "protobuf", Protobuf::new,
            "avro", Avro::new,
            "thrift-binary", schema -> new Thrift(new org.apache.thrift.protocol.TBinaryProtocol.Factory()),
            "thrift-compact", schema -> new Thrift(new org.apache.thrift.protocol.TCompactProtocol.Factory()));

    private static Map<String, String> libraries() {
        Map<String, String> made = new TreeMap<>();
        made.put("java", "Java " + System.getProperty("java.version"));
        made.put("xml", made.get("java"));
        made.put("xml-attributes", made.get("java"));
        made.put("json", jar(ObjectMapper.class));
        made.put("cbor", jar(com.fasterxml.jackson.dataformat.cbor.CBORFactory.class));
        made.put("msgpack", jar(org.msgpack.core.MessagePack.class));
        made.put("bson", jar(org.bson.BsonDocument.class));
        made.put("protobuf", jar(com.google.protobuf.Message.class));
        made.put("avro", jar(org.apache.avro.Schema.class));
        made.put("thrift-binary", jar(org.apache.thrift.protocol.TProtocol.class));
        made.put("thrift-compact", made.get("thrift-binary"));
        return made;
    }

    /** The name of the file that a class is from, which tells the version. */
    private static String jar(Class<?> from) {
        String path = from.getProtectionDomain().getCodeSource().getLocation().getPath();
        return path.substring(path.lastIndexOf('/') + 1).replaceFirst("\\.jar$", "");
    }

    private static Object attempt(Callable<Object> done) {
        try {
            return done.call();
        } catch (Exception | StackOverflowError error) {
            return Map.of("failed", error.toString());
        }
    }

    private static Object answer(Map<?, ?> request) {
        String format = (String) request.get("format");
        Object schema = request.get("schema");
        List<Object> answers = new ArrayList<>();
        Object opened = attempt(() -> format.equals("java") ? new Serialized(schema) : FORMATS.get(format).open(schema));
        List<?> items = (List<?>) request.get(request.get("request").equals("write") ? "trees" : "data");
        for (Object item : items) {
            answers.add(opened instanceof Map ? opened : attempt(() -> {
                switch ((String) request.get("request")) {
                    case "read":
                        return ((Codec) opened).read(HexFormat.of().parseHex((String) item));
                    case "again":
                        return HexFormat.of().formatHex(((Serialized) opened).again(HexFormat.of().parseHex((String) item)));
                    default:
                        return HexFormat.of().formatHex(((Codec) opened).write(item));
                }
            }));
        }
        return answers;
    }

    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
        System.setOut(System.err); // standard output is for frames
        ObjectMapper mapper = new ObjectMapper();
        Object frame = Map.of("hello", "serbench peer", "protocol", 1, "formats", libraries());
        while (true) {
            byte[] data = mapper.writeValueAsBytes(frame);
            out.writeInt(data.length);
            out.write(data);
            out.flush();
            try {
                data = new byte[in.readInt()];
            } catch (EOFException end) {
                return;
            }
            in.readFully(data);
            frame = Map.of("done", answer(mapper.readValue(data, Map.class)));
        }
    }
}
