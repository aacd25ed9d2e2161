// MessagePack by vmihailenco/msgpack.
package main

import (
	"bytes"
	"encoding/json"
	"math/big"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

var billion = big.NewInt(1_000_000_000)

func openMsgpack(json.RawMessage) codec {
	return codec{
		read: func(data []byte) tree {
			in := bytes.NewReader(data)
			decoder := msgpack.NewDecoder(in)
			decoder.SetMapDecoder(msgpackMap)
			value, err := decoder.DecodeInterface()
			check(err)
			if in.Len() != 0 {
				fail("octets after the end")
			}
			return msgpackTree(value)
		},
		write: func(made tree) []byte {
			var out bytes.Buffer
			msgpackWrite(msgpack.NewEncoder(&out), made)
			return out.Bytes()
		},
		modes: []mode{{msgpackDecode, msgpackEncode}, {msgpackUntyped, msgpackEncode}},
	}
}

func msgpackDecode(data []byte) any {
	var value any
	check(msgpack.Unmarshal(data, &value))
	return value
}

func msgpackUntyped(data []byte) any {
	decoder := msgpack.NewDecoder(bytes.NewReader(data))
	decoder.SetMapDecoder(func(decoder *msgpack.Decoder) (any, error) { return decoder.DecodeUntypedMap() })
	value, err := decoder.DecodeInterface()
	check(err)
	return value
}

func msgpackEncode(value any) []byte {
	data, err := msgpack.Marshal(value)
	check(err)
	return data
}

func msgpackMap(decoder *msgpack.Decoder) (any, error) {
	count, err := decoder.DecodeMapLen()
	check(err)
	held := make([]pair, count)
	for i := range held {
		for side := range held[i] {
			value, err := decoder.DecodeInterface()
			check(err)
			held[i][side] = msgpackTree(value)
		}
	}
	return held, nil
}

func msgpackTree(value any) tree {
	switch value := value.(type) {
	case int8:
		return integer(value)
	case int16:
		return integer(value)
	case int32:
		return integer(value)
	case int64:
		return integer(value)
	case uint8:
		return integer(value)
	case uint16:
		return integer(value)
	case uint32:
		return integer(value)
	case uint64:
		return integer(value)
	case float32:
		return real(float64(value))
	case float64:
		return real(value)
	case []byte:
		return octets(value)
	case time.Time:
		nanoseconds := new(big.Int).Mul(big.NewInt(value.Unix()), billion)
		return kind("timestamp", bigInteger(nanoseconds.Add(nanoseconds, big.NewInt(int64(value.Nanosecond())))))
	case []pair:
		return pairs(value)
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = msgpackTree(item)
		}
		return items
	}
	return value
}

func msgpackWrite(encoder *msgpack.Encoder, made tree) {
	tag, inner := tagged(made)
	switch tag {
	case "i":
		value := toBig(made)
		if value.IsUint64() {
			check(encoder.EncodeUint(value.Uint64()))
		} else {
			check(encoder.EncodeInt(value.Int64()))
		}
	case "f":
		check(encoder.EncodeFloat64(toReal(made)))
	case "b":
		check(encoder.EncodeBytes(toOctets(made)))
	case "m":
		held := toPairs(made)
		check(encoder.EncodeMapLen(len(held)))
		for _, pair := range held {
			msgpackWrite(encoder, pair[0])
			msgpackWrite(encoder, pair[1])
		}
	case "x":
		name, inner := toKind(made)
		if name != "timestamp" {
			fail("extension %s", name)
		}
		seconds, rest := new(big.Int).DivMod(toBig(inner), billion, new(big.Int))
		check(encoder.EncodeTime(time.Unix(seconds.Int64(), rest.Int64())))
	default:
		if list, ok := inner.([]any); ok {
			check(encoder.EncodeArrayLen(len(list)))
			for _, item := range list {
				msgpackWrite(encoder, item)
			}
			return
		}
		check(encoder.Encode(inner))
	}
}
