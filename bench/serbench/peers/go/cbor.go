// CBOR by fxamacker/cbor: each item by itself, so that tags are seen as they are.
package main

import (
	"encoding/json"
	"math/big"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

func openCBOR(json.RawMessage) codec { return cborCodec(cbor.EncOptions{}) }

func openCanonicalCBOR(json.RawMessage) codec { return cborCodec(cbor.CanonicalEncOptions()) }

func cborCodec(options cbor.EncOptions) codec {
	encoding, err := options.EncMode()
	check(err)
	encode := func(value any) []byte {
		data, err := encoding.Marshal(value)
		check(err)
		return data
	}
	return codec{
		read:  cborTree,
		write: func(made tree) []byte { return encode(cborValue(made)) },
		modes: []mode{{cborDecode, encode}},
		made:  cborValue,
	}
}

const cborObjects = "any: map[any]any, time.Time, big.Int; for encoding cbor.Tag where those would come back otherwise"

func cborDecode(data []byte) any {
	var value any
	check(cbor.Unmarshal(data, &value))
	return value
}

// RFC 8949, section 3.1: the major type stands in the first three bits.
const array, dictionary, tag = 4, 5, 6

func cborTree(data []byte) tree {
	switch data[0] >> 5 {
	case array:
		var items []cbor.RawMessage
		check(cbor.Unmarshal(data, &items))
		made := make([]any, len(items))
		for i, item := range items {
			made[i] = cborTree(item)
		}
		return made
	case dictionary:
		var held map[any]cbor.RawMessage
		check(cbor.Unmarshal(data, &held))
		var made []pair
		for key, item := range held {
			made = append(made, pair{cborScalar(key), cborTree(item)})
		}
		return pairs(made)
	case tag:
		var raw cbor.RawTag
		check(cbor.Unmarshal(data, &raw))
		return kind(strconv.FormatUint(raw.Number, 10), cborTree(raw.Content))
	}
	var value any
	check(cbor.Unmarshal(data, &value))
	return cborScalar(value)
}

func cborScalar(value any) tree {
	switch value := value.(type) {
	case uint64:
		return integer(value)
	case int64:
		return integer(value)
	case big.Int:
		return bigInteger(&value)
	case float64:
		return real(value)
	case []byte:
		return octets(value)
	case cbor.ByteString:
		return octets([]byte(value))
	}
	return value
}

func cborValue(made tree) any {
	tag, inner := tagged(made)
	switch tag {
	case "i":
		return toBig(made)
	case "f":
		return toReal(made)
	case "b":
		return toOctets(made)
	case "m":
		held := map[any]any{}
		for _, pair := range toPairs(made) {
			held[cborKey(pair[0])] = cborValue(pair[1])
		}
		return held
	case "x":
		name, content := toKind(made)
		number, err := strconv.ParseUint(name, 10, 64)
		check(err)
		return cbor.Tag{Number: number, Content: cborValue(content)}
	}
	if list, ok := inner.([]any); ok {
		items := make([]any, len(list))
		for i, item := range list {
			items[i] = cborValue(item)
		}
		return items
	}
	return inner
}

// A key as a value that Go compares by what it is.
func cborKey(made tree) any {
	if tag, _ := tagged(made); tag == "i" {
		if value := toBig(made); value.IsUint64() {
			return value.Uint64()
		}
		return toInt(made)
	}
	return cborValue(made)
}
