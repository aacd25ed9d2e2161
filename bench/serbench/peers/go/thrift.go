// Thrift by Apache's library: any struct, field by field. It has no values without code generated from an IDL, so that it
// is not timed.
package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
)

var background = context.Background()

var thriftNames = map[thrift.TType]string{
	thrift.BOOL:   "bool",
	thrift.BYTE:   "i8",
	thrift.DOUBLE: "double",
	thrift.I16:    "i16",
	thrift.I32:    "i32",
	thrift.I64:    "i64",
	thrift.STRING: "string",
	thrift.STRUCT: "struct",
	thrift.MAP:    "map",
	thrift.LIST:   "list",
}

var thriftTypes = func() map[string]thrift.TType {
	made := map[string]thrift.TType{}
	for number, name := range thriftNames {
		made[name] = number
	}
	return made
}()

func openThriftBinary(json.RawMessage) codec {
	return thriftCodec(func(transport thrift.TTransport) thrift.TProtocol {
		return thrift.NewTBinaryProtocolConf(transport, nil)
	})
}

func openThriftCompact(json.RawMessage) codec {
	return thriftCodec(func(transport thrift.TTransport) thrift.TProtocol {
		return thrift.NewTCompactProtocolConf(transport, nil)
	})
}

func thriftCodec(protocol func(thrift.TTransport) thrift.TProtocol) codec {
	return codec{
		read: func(data []byte) tree {
			buffer := thrift.NewTMemoryBuffer()
			buffer.Write(data)
			made := thriftValue(protocol(buffer), thrift.STRUCT)
			if buffer.Len() != 0 {
				fail("octets after the end")
			}
			return made
		},
		write: func(made tree) []byte {
			buffer := thrift.NewTMemoryBuffer()
			to := protocol(buffer)
			thriftWrite(to, thrift.STRUCT, made)
			check(to.Flush(background))
			return buffer.Bytes()
		},
	}
}

func got[Value any](value Value, err error) Value {
	check(err)
	return value
}

func thriftValue(from thrift.TProtocol, number thrift.TType) tree {
	switch number {
	case thrift.BOOL:
		return got(from.ReadBool(background))
	case thrift.BYTE:
		return integer(got(from.ReadByte(background)))
	case thrift.I16:
		return integer(got(from.ReadI16(background)))
	case thrift.I32:
		return integer(got(from.ReadI32(background)))
	case thrift.I64:
		return integer(got(from.ReadI64(background)))
	case thrift.DOUBLE:
		return real(got(from.ReadDouble(background)))
	case thrift.STRING:
		return octets(got(from.ReadBinary(background)))
	case thrift.LIST:
		item, count, err := from.ReadListBegin(background)
		check(err)
		items := make([]any, count)
		for i := range items {
			items[i] = thriftValue(from, item)
		}
		check(from.ReadListEnd(background))
		return kind(thriftNames[item], items)
	case thrift.MAP:
		key, value, count, err := from.ReadMapBegin(background)
		check(err)
		held := make([]pair, count)
		for i := range held {
			held[i] = pair{thriftValue(from, key), thriftValue(from, value)}
		}
		check(from.ReadMapEnd(background))
		return kind(strings.TrimSpace(thriftNames[key]+" "+thriftNames[value]), pairs(held))
	case thrift.STRUCT:
		_, err := from.ReadStructBegin(background)
		check(err)
		var held []pair
		for {
			_, number, id, err := from.ReadFieldBegin(background)
			check(err)
			if number == thrift.STOP {
				break
			}
			held = append(held, pair{integer(id), kind(thriftNames[number], thriftValue(from, number))})
			check(from.ReadFieldEnd(background))
		}
		check(from.ReadStructEnd(background))
		return pairs(held)
	}
	fail("type %d", number)
	return nil
}

func thriftWrite(to thrift.TProtocol, number thrift.TType, made tree) {
	switch number {
	case thrift.BOOL:
		check(to.WriteBool(background, made.(bool)))
	case thrift.BYTE:
		check(to.WriteByte(background, int8(toInt(made))))
	case thrift.I16:
		check(to.WriteI16(background, int16(toInt(made))))
	case thrift.I32:
		check(to.WriteI32(background, int32(toInt(made))))
	case thrift.I64:
		check(to.WriteI64(background, toInt(made)))
	case thrift.DOUBLE:
		check(to.WriteDouble(background, toReal(made)))
	case thrift.STRING:
		check(to.WriteBinary(background, toOctets(made)))
	case thrift.LIST:
		name, items := toKind(made)
		check(to.WriteListBegin(background, thriftTypes[name], len(items.([]any))))
		for _, item := range items.([]any) {
			thriftWrite(to, thriftTypes[name], item)
		}
		check(to.WriteListEnd(background))
	case thrift.MAP:
		names, held := toKind(made)
		key, value, _ := strings.Cut(names, " ")
		check(to.WriteMapBegin(background, thriftTypes[key], thriftTypes[value], len(toPairs(held))))
		for _, pair := range toPairs(held) {
			thriftWrite(to, thriftTypes[key], pair[0])
			thriftWrite(to, thriftTypes[value], pair[1])
		}
		check(to.WriteMapEnd(background))
	case thrift.STRUCT:
		check(to.WriteStructBegin(background, ""))
		for _, pair := range toPairs(made) {
			name, inner := toKind(pair[1])
			check(to.WriteFieldBegin(background, "", thriftTypes[name], int16(toInt(pair[0]))))
			thriftWrite(to, thriftTypes[name], inner)
			check(to.WriteFieldEnd(background))
		}
		check(to.WriteFieldStop(background))
		check(to.WriteStructEnd(background))
	default:
		fail("type %d", number)
	}
}
