// DER by encoding/asn1: the values as they stand, with classes and tags. Its own values are structs written for a schema,
// so that it is not timed.
package main

import (
	"bytes"
	"encoding/asn1"
	"encoding/json"
	"fmt"
)

var asn1Classes = []string{"universal", "application", "context", "private"}

func openDER(json.RawMessage) codec {
	return codec{
		read: func(data []byte) tree {
			made, rest := derTree(data)
			if len(rest) != 0 {
				fail("octets after the end")
			}
			return made
		},
		write: func(made tree) []byte {
			data, err := asn1.Marshal(derValue(made))
			check(err)
			return data
		},
	}
}

func derTree(data []byte) (tree, []byte) {
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(data, &value)
	check(err)
	name := fmt.Sprintf("%s %d", asn1Classes[value.Class], value.Tag)
	if !value.IsCompound {
		return kind(name, octets(value.Bytes)), rest
	}
	items := []any{}
	for content := value.Bytes; len(content) != 0; {
		var item tree
		item, content = derTree(content)
		items = append(items, item)
	}
	return kind(name, items), rest
}

func derValue(made tree) asn1.RawValue {
	name, inner := toKind(made)
	var value asn1.RawValue
	var class string
	_, err := fmt.Sscanf(name, "%s %d", &class, &value.Tag)
	check(err)
	for value.Class = range asn1Classes {
		if asn1Classes[value.Class] == class {
			break
		}
	}
	items, compound := inner.([]any)
	if !compound {
		value.Bytes = toOctets(inner)
		return value
	}
	value.IsCompound = true
	var content bytes.Buffer
	for _, item := range items {
		data, err := asn1.Marshal(derValue(item))
		check(err)
		content.Write(data)
	}
	value.Bytes = content.Bytes()
	return value
}
