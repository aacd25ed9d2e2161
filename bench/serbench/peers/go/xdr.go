// XDR by stellar/go-xdr, its primitives in the order of the schema's types: ../xdr.py says what a type is. Its own values
// are structs, which are made at run time for timing where that can be: such types have no methods, which the package
// wants of unions, and cannot contain themselves.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	xdr "github.com/stellar/go-xdr/xdr3"
)

const xdrObjects = "structs of types made at run time; none where there is a union, or a type in itself"

// The types of a schema by their names.
type xdrTypes map[string]any

func openXDR(schema json.RawMessage) codec {
	var given struct {
		Types struct {
			Root  string
			Types xdrTypes
		}
	}
	check(json.Unmarshal(schema, &given))
	types, root := given.Types.Types, []any{"ref", given.Types.Root}
	modes, without := xdrModes(types, root)
	return codec{
		read: func(data []byte) tree {
			in := bytes.NewReader(data)
			made := types.tree(xdr.NewDecoder(in), root)
			if in.Len() != 0 {
				fail("octets after the end")
			}
			return made
		},
		write: func(made tree) []byte {
			var out bytes.Buffer
			types.write(xdr.NewEncoder(&out), root, made)
			return out.Bytes()
		},
		modes:   modes,
		without: without,
	}
}

func xdrModes(types xdrTypes, root any) (modes []mode, without string) {
	defer func() {
		if reason := recover(); reason != nil {
			without = fmt.Sprintf("no type is made for it at run time: %v", reason)
		}
	}()
	made := types.made(root, nil)
	decode := func(data []byte) any {
		value := reflect.New(made).Interface()
		_, err := xdr.Unmarshal(bytes.NewReader(data), value)
		check(err)
		return value
	}
	encode := func(value any) []byte {
		var out bytes.Buffer
		_, err := xdr.Marshal(&out, value)
		check(err)
		return out.Bytes()
	}
	return []mode{{decode, encode}}, ""
}

var xdrBasic = map[string]reflect.Type{
	"bool":   reflect.TypeFor[bool](),
	"int":    reflect.TypeFor[int32](),
	"uint":   reflect.TypeFor[uint32](),
	"hyper":  reflect.TypeFor[int64](),
	"uhyper": reflect.TypeFor[uint64](),
	"float":  reflect.TypeFor[float32](),
	"double": reflect.TypeFor[float64](),
	"string": reflect.TypeFor[string](),
}

// Go's type of a type that stands inside of others.
func (types xdrTypes) made(given any, inside []string) reflect.Type {
	if name, ok := given.(string); ok {
		return xdrBasic[name]
	}
	parts := given.([]any)
	switch parts[0] {
	case "ref":
		name := parts[1].(string)
		for _, other := range inside {
			if name == other {
				fail("%s contains itself", name)
			}
		}
		return types.made(types[name], append(inside, name))
	case "opaque":
		return xdrList(reflect.TypeFor[byte](), parts[1])
	case "array":
		return xdrList(types.made(parts[1], inside), parts[2])
	case "optional":
		return reflect.PointerTo(types.made(parts[1], inside))
	case "struct":
		var fields []reflect.StructField
		for i, member := range parts[1].([]any) {
			held := types.made(member.([]any)[1], inside)
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: held})
		}
		return reflect.StructOf(fields)
	}
	fail("a %v needs methods", parts[0])
	return nil
}

func xdrList(item reflect.Type, length any) reflect.Type {
	if length == nil {
		return reflect.SliceOf(item)
	}
	return reflect.ArrayOf(int(length.(float64)), item)
}

func read3[Value any](value Value, _ int, err error) Value {
	check(err)
	return value
}

func (types xdrTypes) tree(from *xdr.Decoder, given any) tree {
	switch given {
	case "bool":
		return read3(from.DecodeBool())
	case "int":
		return integer(read3(from.DecodeInt()))
	case "uint":
		return integer(read3(from.DecodeUint()))
	case "hyper":
		return integer(read3(from.DecodeHyper()))
	case "uhyper":
		return integer(read3(from.DecodeUhyper()))
	case "float":
		return real(float64(read3(from.DecodeFloat())))
	case "double":
		return real(read3(from.DecodeDouble()))
	case "string":
		return read3(from.DecodeString(0))
	}
	parts := given.([]any)
	switch parts[0] {
	case "ref":
		return types.tree(from, types[parts[1].(string)])
	case "opaque":
		if parts[1] == nil {
			return octets(read3(from.DecodeOpaque(0)))
		}
		return octets(read3(from.DecodeFixedOpaque(int32(parts[1].(float64)))))
	case "array":
		var count int
		if parts[2] == nil {
			count = int(read3(from.DecodeUint()))
		} else {
			count = int(parts[2].(float64))
		}
		items := []any{}
		for range count {
			items = append(items, types.tree(from, parts[1]))
		}
		return items
	case "struct":
		var held []pair
		for _, member := range parts[1].([]any) {
			both := member.([]any)
			held = append(held, pair{both[0], types.tree(from, both[1])})
		}
		return pairs(held)
	case "union":
		number := read3(from.DecodeUint())
		return kind(fmt.Sprint(number), types.tree(from, xdrArm(parts, number)))
	case "optional":
		if !read3(from.DecodeBool()) {
			return nil
		}
		return types.tree(from, parts[1])
	}
	fail("no type %v", given)
	return nil
}

func xdrArm(union []any, number uint32) any {
	for _, alternative := range union[1].([]any) {
		if both := alternative.([]any); uint32(both[0].(float64)) == number {
			return both[1]
		}
	}
	fail("no alternative %d", number)
	return nil
}

func wrote(_ int, err error) { check(err) }

func (types xdrTypes) write(to *xdr.Encoder, given any, made tree) {
	switch given {
	case "bool":
		wrote(to.EncodeBool(made.(bool)))
		return
	case "int":
		wrote(to.EncodeInt(int32(toInt(made))))
		return
	case "uint":
		wrote(to.EncodeUint(uint32(toBig(made).Uint64())))
		return
	case "hyper":
		wrote(to.EncodeHyper(toInt(made)))
		return
	case "uhyper":
		wrote(to.EncodeUhyper(toBig(made).Uint64()))
		return
	case "float":
		wrote(to.EncodeFloat(float32(toReal(made))))
		return
	case "double":
		wrote(to.EncodeDouble(toReal(made)))
		return
	case "string":
		wrote(to.EncodeString(made.(string)))
		return
	}
	parts := given.([]any)
	switch parts[0] {
	case "ref":
		types.write(to, types[parts[1].(string)], made)
	case "opaque":
		if parts[1] == nil {
			wrote(to.EncodeOpaque(toOctets(made)))
		} else {
			wrote(to.EncodeFixedOpaque(toOctets(made)))
		}
	case "array":
		items := made.([]any)
		if parts[2] == nil {
			wrote(to.EncodeUint(uint32(len(items))))
		}
		for _, item := range items {
			types.write(to, parts[1], item)
		}
	case "struct":
		held := map[any]tree{}
		for _, pair := range toPairs(made) {
			held[pair[0]] = pair[1]
		}
		for _, member := range parts[1].([]any) {
			both := member.([]any)
			types.write(to, both[1], held[both[0]])
		}
	case "union":
		name, inner := toKind(made)
		var number uint32
		_, err := fmt.Sscan(name, &number)
		check(err)
		wrote(to.EncodeUint(number))
		types.write(to, xdrArm(parts, number), inner)
	case "optional":
		wrote(to.EncodeBool(made != nil))
		if made != nil {
			types.write(to, parts[1], made)
		}
	default:
		fail("no type %v", given)
	}
}
