package serbench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;

/** XML by StAX, as the JDK has it. */
final class Xml implements Main.Codec {
    private static final XMLInputFactory IN = XMLInputFactory.newDefaultFactory();
    private static final XMLOutputFactory OUT = XMLOutputFactory.newDefaultFactory();

    static {
        IN.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        IN.setProperty(XMLInputFactory.IS_COALESCING, true);
        IN.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, false);
    }

    @Override
    public Object read(byte[] data) throws XMLStreamException {
        XMLStreamReader reader = IN.createXMLStreamReader(new ByteArrayInputStream(data), "UTF-8");
        reader.nextTag();
        Object tree = element(reader);
        if (reader.next() != XMLStreamConstants.END_DOCUMENT) {
            throw new XMLStreamException("octets after the end");
        }
        return tree;
    }

    @Override
    public byte[] write(Object tree) throws XMLStreamException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        XMLStreamWriter writer = OUT.createXMLStreamWriter(out, "UTF-8");
        write(writer, tree);
        writer.close();
        return out.toByteArray();
    }

    private static Object element(XMLStreamReader reader) throws XMLStreamException {
        String name = reader.getLocalName();
        List<Object> attributes = new ArrayList<>();
        List<Object> children = new ArrayList<>();
        for (int i = 0; i < reader.getAttributeCount(); i++) {
            attributes.add(List.of(reader.getAttributeLocalName(i), reader.getAttributeValue(i)));
        }
        while (true) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT:
                    children.add(element(reader));
                    break;
                case XMLStreamConstants.CHARACTERS:
                    children.add(reader.getText());
                    break;
                case XMLStreamConstants.END_ELEMENT:
                    return java.util.Map.of("e", List.of(name, attributes, children));
                default:
                    throw new XMLStreamException("neither text nor element");
            }
        }
    }

    private static void write(XMLStreamWriter writer, Object tree) throws XMLStreamException {
        if (tree instanceof String text) {
            writer.writeCharacters(text);
            return;
        }
        List<?> parts = Trees.element(tree);
        writer.writeStartElement((String) parts.get(0));
        for (Object attribute : (List<?>) parts.get(1)) {
            writer.writeAttribute((String) ((List<?>) attribute).get(0), (String) ((List<?>) attribute).get(1));
        }
        for (Object child : (List<?>) parts.get(2)) {
            write(writer, child);
        }
        writer.writeEndElement();
    }
}
