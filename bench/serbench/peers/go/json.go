// JSON by encoding/json, numbers with the digits that they have.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

func openJSON(json.RawMessage) codec {
	return codec{
		read:  func(data []byte) tree { return jsonTree(jsonExact(data)) },
		write: func(made tree) []byte { return jsonEncode(jsonValue(made)) },
		modes: []mode{{jsonDecode, jsonEncode}, {jsonExact, jsonEncode}},
	}
}

func jsonExact(data []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	check(decoder.Decode(&value))
	if _, err := decoder.Token(); err != io.EOF {
		fail("octets after the end")
	}
	return value
}

func jsonDecode(data []byte) any {
	var value any
	check(json.Unmarshal(data, &value))
	return value
}

func jsonEncode(value any) []byte {
	data, err := json.Marshal(value)
	check(err)
	return data
}

func jsonTree(value any) tree {
	switch value := value.(type) {
	case json.Number:
		if !strings.ContainsAny(value.String(), ".eE") {
			return map[string]any{"i": value.String()}
		}
		number, err := strconv.ParseFloat(value.String(), 64)
		check(err)
		return real(number)
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = jsonTree(item)
		}
		return items
	case map[string]any:
		var held []pair
		for key, item := range value {
			held = append(held, pair{key, jsonTree(item)})
		}
		return pairs(held)
	}
	return value
}

func jsonValue(made tree) any {
	tag, inner := tagged(made)
	switch tag {
	case "i":
		return toBig(made)
	case "f":
		return toReal(made)
	case "m":
		held := map[string]any{}
		for _, pair := range toPairs(made) {
			held[pair[0].(string)] = jsonValue(pair[1])
		}
		return held
	}
	if list, ok := inner.([]any); ok {
		items := make([]any, len(list))
		for i, item := range list {
			items[i] = jsonValue(item)
		}
		return items
	}
	return inner
}
