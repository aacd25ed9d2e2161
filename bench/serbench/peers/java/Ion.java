package serbench;

import com.amazon.ion.Decimal;
import com.amazon.ion.IonBool;
import com.amazon.ion.IonBlob;
import com.amazon.ion.IonDecimal;
import com.amazon.ion.IonFloat;
import com.amazon.ion.IonInt;
import com.amazon.ion.IonList;
import com.amazon.ion.IonString;
import com.amazon.ion.IonStruct;
import com.amazon.ion.IonSymbol;
import com.amazon.ion.IonSystem;
import com.amazon.ion.IonTimestamp;
import com.amazon.ion.IonValue;
import com.amazon.ion.IonWriter;
import com.amazon.ion.Timestamp;
import com.amazon.ion.system.IonBinaryWriterBuilder;
import com.amazon.ion.system.IonSystemBuilder;
import com.amazon.ion.system.IonTextWriterBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Ion by ion-java, in its values. */
final class Ion implements Codec {
    private final IonSystem system = IonSystemBuilder.standard().build();
    private final boolean binary;

    Ion(boolean binary) {
        this.binary = binary;
    }

    @Override
    public Object decode(byte[] data) {
        return system.singleValue(data);
    }

    @Override
    public byte[] encode(Object value) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (IonWriter writer = binary
                ? IonBinaryWriterBuilder.standard().build(out) : IonTextWriterBuilder.standard().build(out)) {
            ((IonValue) value).writeTo(writer);
        }
        return out.toByteArray();
    }

    @Override
    public Object tree(Object value) {
        IonValue held = (IonValue) value;
        if (held.getTypeAnnotations().length > 0) {
            throw new IllegalArgumentException("an annotation");
        }
        switch (held.getType()) {
            case NULL:
                return null;
            case BOOL:
                return ((IonBool) held).booleanValue();
            case INT:
                return Trees.integer(((IonInt) held).bigIntegerValue());
            case FLOAT:
                return Trees.real(((IonFloat) held).doubleValue());
            case DECIMAL:
                Decimal number = ((IonDecimal) held).decimalValue();
                String sign = number.isNegativeZero() ? "-" : "";
                return Trees.kind("decimal", sign + number.unscaledValue() + "e" + -number.scale());
            case TIMESTAMP:
                return Trees.kind("timestamp", ((IonTimestamp) held).timestampValue().toString());
            case SYMBOL:
                return Trees.kind("symbol", ((IonSymbol) held).stringValue());
            case STRING:
                return ((IonString) held).stringValue();
            case BLOB:
                return Trees.octets(((IonBlob) held).getBytes());
            case LIST:
                List<Object> items = new ArrayList<>();
                ((IonList) held).forEach(item -> items.add(tree(item)));
                return items;
            case STRUCT:
                Trees.Pairs pairs = new Trees.Pairs();
                ((IonStruct) held).forEach(item -> pairs.add(item.getFieldName(), tree(item)));
                return pairs.tree();
            default:
                throw new IllegalArgumentException("a value of type " + held.getType());
        }
    }

    @Override
    public IonValue value(Object tree) {
        switch (Trees.tag(tree)) {
            case "i":
                return system.newInt(Trees.toBig(tree));
            case "f":
                return system.newFloat(Trees.toReal(tree));
            case "b":
                return system.newBlob(Trees.toOctets(tree));
            case "m":
                IonStruct struct = system.newEmptyStruct();
                Trees.toPairs(tree).forEach(pair -> struct.add((String) pair.get(0), value(pair.get(1))));
                return struct;
            case "x":
                String text = (String) Trees.ofKind(tree);
                switch (Trees.kindOf(tree)) {
                    case "symbol":
                        return system.newSymbol(text);
                    case "timestamp":
                        return system.newTimestamp(Timestamp.valueOf(text));
                    default:
                        return system.newDecimal(decimal(text.split("e")));
                }
            default:
                if (tree instanceof List<?> list) {
                    IonList made = system.newEmptyList();
                    list.forEach(item -> made.add(value(item)));
                    return made;
                }
                return tree == null ? system.newNull()
                        : tree instanceof Boolean truth ? system.newBool(truth)
                        : system.newString((String) tree);
        }
    }

    private static BigDecimal decimal(String[] parts) {
        int scale = -Integer.parseInt(parts[1]);
        return parts[0].equals("-0") ? Decimal.negativeZero(scale) : new BigDecimal(new BigInteger(parts[0]), scale);
    }
}
