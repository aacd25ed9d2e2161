package serbench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.w3c.dom.Text;
import org.xml.sax.SAXParseException;

/** XML by the JDK: documents (DOM), read by its parser and written by its transformer of nothing. */
final class Xml implements Codec {
    private final DocumentBuilder parser;
    private final Transformer writer;

    Xml() throws ParserConfigurationException, TransformerConfigurationException {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        factory.setCoalescing(true);
        parser = factory.newDocumentBuilder();
        parser.setErrorHandler(null);
        writer = TransformerFactory.newDefaultInstance().newTransformer();
        writer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
    }

    @Override
    public Object decode(byte[] data) throws Exception {
        return parser.parse(new ByteArrayInputStream(data));
    }

    @Override
    public byte[] encode(Object value) throws TransformerException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.transform(new DOMSource((Document) value), new StreamResult(out));
        return out.toByteArray();
    }

    @Override
    public Object tree(Object value) throws SAXParseException {
        return element(((Document) value).getDocumentElement());
    }

    @Override
    public Object value(Object tree) {
        Document made = parser.newDocument();
        made.appendChild(node(made, tree));
        return made;
    }

    private static Object element(Element element) throws SAXParseException {
        List<Object> attributes = new ArrayList<>();
        List<Object> children = new ArrayList<>();
        NamedNodeMap held = element.getAttributes();
        for (int i = 0; i < held.getLength(); i++) {
            attributes.add(List.of(held.item(i).getNodeName(), held.item(i).getNodeValue()));
        }
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element inner) {
                children.add(element(inner));
            } else if (child instanceof Text text) {
                children.add(text.getData());
            } else {
                throw new SAXParseException("neither text nor element: " + child, null);
            }
        }
        return Map.of("e", List.of(element.getTagName(), attributes, children));
    }

    private static Node node(Document made, Object tree) {
        if (tree instanceof String text) {
            return made.createTextNode(text);
        }
        List<?> parts = Trees.element(tree);
        Element element = made.createElement((String) parts.get(0));
        for (Object attribute : (List<?>) parts.get(1)) {
            element.setAttribute((String) ((List<?>) attribute).get(0), (String) ((List<?>) attribute).get(1));
        }
        ((List<?>) parts.get(2)).forEach(child -> element.appendChild(node(made, child)));
        return element;
    }
}
