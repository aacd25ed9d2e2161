package serbench;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/** Thrift by Apache's library: any struct, field by field, straight from and to our trees. */
final class Thrift implements Codec {
    private static final Map<Byte, String> NAMES = Map.of(
            TType.BOOL, "bool",
            TType.BYTE, "i8",
            TType.DOUBLE, "double",
            TType.I16, "i16",
            TType.I32, "i32",
            TType.I64, "i64",
            TType.STRING, "string",
            TType.STRUCT, "struct",
            TType.MAP, "map",
            TType.LIST, "list");
    private static final Map<String, Byte> TYPES = new HashMap<>();

    static {
        NAMES.forEach((type, name) -> TYPES.put(name, type));
    }

    private final TProtocolFactory protocols;

    Thrift(TProtocolFactory protocols) {
        this.protocols = protocols;
    }

    @Override
    public Object decode(byte[] data) throws TException {
        TMemoryInputTransport transport = new TMemoryInputTransport(data);
        Object tree = read(protocols.getProtocol(transport), TType.STRUCT);
        if (transport.getBytesRemainingInBuffer() != 0) {
            throw new TException("octets after the end");
        }
        return tree;
    }

    @Override
    public byte[] encode(Object tree) throws TException {
        TMemoryBuffer buffer = new TMemoryBuffer(512);
        write(protocols.getProtocol(buffer), TType.STRUCT, tree);
        return java.util.Arrays.copyOf(buffer.getArray(), buffer.length());
    }

    @Override
    public Object tree(Object value) {
        return value;
    }

    @Override
    public Object value(Object tree) {
        return tree;
    }

    private static Object read(TProtocol from, byte type) throws TException {
        switch (type) {
            case TType.BOOL:
                return from.readBool();
            case TType.BYTE:
                return Trees.integer(from.readByte());
            case TType.I16:
                return Trees.integer(from.readI16());
            case TType.I32:
                return Trees.integer(from.readI32());
            case TType.I64:
                return Trees.integer(from.readI64());
            case TType.DOUBLE:
                return Trees.real(from.readDouble());
            case TType.STRING:
                ByteBuffer octets = from.readBinary();
                byte[] data = new byte[octets.remaining()];
                octets.get(data);
                return Trees.octets(data);
            case TType.LIST:
                TList list = from.readListBegin();
                List<Object> items = new ArrayList<>();
                for (int i = 0; i < list.size; i++) {
                    items.add(read(from, list.elemType));
                }
                from.readListEnd();
                return Trees.kind(NAMES.get(list.elemType), items);
            case TType.MAP:
                TMap map = from.readMapBegin();
                Trees.Pairs entries = new Trees.Pairs();
                for (int i = 0; i < map.size; i++) {
                    Object key = read(from, map.keyType);
                    entries.add(key, read(from, map.valueType));
                }
                from.readMapEnd();
                boolean told = NAMES.containsKey(map.keyType);
                return Trees.kind(told ? NAMES.get(map.keyType) + " " + NAMES.get(map.valueType) : "", entries.tree());
            case TType.STRUCT:
                from.readStructBegin();
                Trees.Pairs fields = new Trees.Pairs();
                for (TField field = from.readFieldBegin(); field.type != TType.STOP; field = from.readFieldBegin()) {
                    fields.add(Trees.integer(field.id), Trees.kind(NAMES.get(field.type), read(from, field.type)));
                    from.readFieldEnd();
                }
                from.readStructEnd();
                return fields.tree();
            default:
                throw new TException("type " + type);
        }
    }

    private static void write(TProtocol to, byte type, Object tree) throws TException {
        switch (type) {
            case TType.BOOL:
                to.writeBool((Boolean) tree);
                return;
            case TType.BYTE:
                to.writeByte((byte) Trees.toLong(tree));
                return;
            case TType.I16:
                to.writeI16((short) Trees.toLong(tree));
                return;
            case TType.I32:
                to.writeI32((int) Trees.toLong(tree));
                return;
            case TType.I64:
                to.writeI64(Trees.toLong(tree));
                return;
            case TType.DOUBLE:
                to.writeDouble(Trees.toReal(tree));
                return;
            case TType.STRING:
                to.writeBinary(ByteBuffer.wrap(Trees.toOctets(tree)));
                return;
            case TType.LIST:
                List<?> items = (List<?>) Trees.ofKind(tree);
                byte item = TYPES.get(Trees.kindOf(tree));
                to.writeListBegin(new TList(item, items.size()));
                for (Object one : items) {
                    write(to, item, one);
                }
                to.writeListEnd();
                return;
            case TType.MAP:
                List<List<Object>> entries = Trees.toPairs(Trees.ofKind(tree));
                String[] kinds = Trees.kindOf(tree).split(" ");
                byte key = TYPES.getOrDefault(kinds[0], TType.STOP);
                byte value = TYPES.getOrDefault(kinds[kinds.length - 1], TType.STOP);
                to.writeMapBegin(new TMap(key, value, entries.size()));
                for (List<Object> entry : entries) {
                    write(to, key, entry.get(0));
                    write(to, value, entry.get(1));
                }
                to.writeMapEnd();
                return;
            case TType.STRUCT:
                to.writeStructBegin(new TStruct());
                for (List<Object> field : Trees.toPairs(tree)) {
                    byte of = TYPES.get(Trees.kindOf(field.get(1)));
                    to.writeFieldBegin(new TField("", of, (short) Trees.toLong(field.get(0))));
                    write(to, of, Trees.ofKind(field.get(1)));
                    to.writeFieldEnd();
                }
                to.writeFieldStop();
                to.writeStructEnd();
                return;
            default:
                throw new TException("type " + type);
        }
    }
}
