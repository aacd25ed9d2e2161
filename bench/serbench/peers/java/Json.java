package serbench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** JSON by Jackson, in its trees. */
final class Json implements Codec {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final ObjectMapper mapper;

    /** JSON, or the format of another of Jackson's factories. */
    Json(JsonFactory factory) {
        mapper = new ObjectMapper(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    }

    @Override
    public Object decode(byte[] data) throws IOException {
        return mapper.readTree(data);
    }

    @Override
    public byte[] encode(Object value) throws IOException {
        return mapper.writeValueAsBytes(value);
    }

    @Override
    public Object tree(Object value) {
        return tree((JsonNode) value);
    }

    @Override
    public Object value(Object tree) {
        return node(tree);
    }

    private static Object tree(JsonNode node) {
        switch (node.getNodeType()) {
            case OBJECT:
                Trees.Pairs pairs = new Trees.Pairs();
                for (Map.Entry<String, JsonNode> field : node.properties()) {
                    pairs.add(field.getKey(), tree(field.getValue()));
                }
                return pairs.tree();
            case ARRAY:
                List<Object> items = new ArrayList<>();
                node.forEach(item -> items.add(tree(item)));
                return items;
            case NUMBER:
                return node.isIntegralNumber() ? Trees.integer(node.bigIntegerValue()) : Trees.real(node.doubleValue());
            case STRING:
                return node.textValue();
            case BOOLEAN:
                return node.booleanValue();
            default:
                return null;
        }
    }

    private static JsonNode node(Object tree) {
        switch (Trees.tag(tree)) {
            case "i":
                return NODES.numberNode(Trees.toBig(tree));
            case "f":
                return NODES.numberNode(Trees.toReal(tree));
            case "m":
                ObjectNode object = NODES.objectNode();
                Trees.toPairs(tree).forEach(pair -> object.set((String) pair.get(0), node(pair.get(1))));
                return object;
            default:
                if (tree instanceof List<?> list) {
                    ArrayNode array = NODES.arrayNode();
                    list.forEach(item -> array.add(node(item)));
                    return array;
                }
                return tree == null ? NODES.nullNode()
                        : tree instanceof Boolean truth ? NODES.booleanNode(truth)
                        : NODES.textNode((String) tree);
        }
    }
}
