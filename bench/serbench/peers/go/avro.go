// Avro by hamba/avro, into maps. A union is a map of its branch, except one of null and a primitive type.
package main

import (
	"encoding/json"
	"reflect"

	"github.com/hamba/avro/v2"
)

func openAvro(given json.RawMessage) codec {
	schema, err := avro.ParseWithCache(string(given), "", &avro.SchemaCache{})
	check(err)
	config := avro.Config{}.Freeze()
	decode := func(data []byte) any {
		var value any
		check(config.Unmarshal(schema, data, &value))
		return value
	}
	encode := func(value any) []byte {
		data, err := config.Marshal(schema, value)
		check(err)
		return data
	}
	made := func(made tree) any { return avroValue(schema, made) }
	return codec{
		read:  func(data []byte) tree { return avroTree(schema, decode(data)) },
		write: func(tree tree) []byte { return encode(made(tree)) },
		modes: []mode{{decode, encode}},
		made:  made,
	}
}

func avroName(schema avro.Schema) string {
	switch schema := schema.(type) {
	case *avro.RefSchema:
		return schema.Schema().FullName()
	case avro.NamedSchema:
		return schema.FullName()
	}
	return string(schema.Type())
}

// The type that a union of null and another one has beside null; none of any other union.
func avroOptional(union *avro.UnionSchema) avro.Schema {
	if types := union.Types(); len(types) == 2 && types[0].Type() == avro.Null {
		return types[1]
	}
	return nil
}

func avroBranch(union *avro.UnionSchema, name string) avro.Schema {
	for _, branch := range union.Types() {
		if avroName(branch) == name {
			return branch
		}
	}
	fail("no branch %s", name)
	return nil
}

func avroTree(schema avro.Schema, value any) tree {
	switch schema := schema.(type) {
	case *avro.RefSchema:
		return avroTree(schema.Schema(), value)
	case *avro.RecordSchema:
		var held []pair
		for _, field := range schema.Fields() {
			held = append(held, pair{field.Name(), avroTree(field.Type(), value.(map[string]any)[field.Name()])})
		}
		return pairs(held)
	case *avro.ArraySchema:
		items := []any{}
		if value != nil {
			for _, item := range value.([]any) {
				items = append(items, avroTree(schema.Items(), item))
			}
		}
		return items
	case *avro.MapSchema:
		var held []pair
		if value != nil {
			for key, item := range value.(map[string]any) {
				held = append(held, pair{key, avroTree(schema.Values(), item)})
			}
		}
		return pairs(held)
	case *avro.UnionSchema:
		if value == nil {
			return nil
		}
		optional := avroOptional(schema)
		if _, ok := optional.(*avro.PrimitiveSchema); ok {
			return avroTree(optional, value)
		}
		for name, item := range value.(map[string]any) {
			inner := avroTree(avroBranch(schema, name), item)
			if optional != nil {
				return inner
			}
			return kind(name, inner)
		}
		return nil
	case *avro.FixedSchema:
		array := reflect.ValueOf(value)
		data := make([]byte, array.Len())
		reflect.Copy(reflect.ValueOf(data), array)
		return octets(data)
	}
	switch value := value.(type) {
	case int:
		return integer(value)
	case int64:
		return integer(value)
	case float32:
		return real(float64(value))
	case float64:
		return real(value)
	case []byte:
		return octets(value)
	case nil:
		if schema.Type() == avro.Bytes {
			return octets(nil)
		}
	}
	return value
}

func avroValue(schema avro.Schema, made tree) any {
	switch schema := schema.(type) {
	case *avro.RefSchema:
		return avroValue(schema.Schema(), made)
	case *avro.RecordSchema:
		given, held := map[string]tree{}, map[string]any{}
		for _, pair := range toPairs(made) {
			given[pair[0].(string)] = pair[1]
		}
		for _, field := range schema.Fields() {
			held[field.Name()] = avroValue(field.Type(), given[field.Name()])
		}
		return held
	case *avro.ArraySchema:
		items := []any{}
		for _, item := range made.([]any) {
			items = append(items, avroValue(schema.Items(), item))
		}
		return items
	case *avro.MapSchema:
		held := map[string]any{}
		for _, pair := range toPairs(made) {
			held[pair[0].(string)] = avroValue(schema.Values(), pair[1])
		}
		return held
	case *avro.UnionSchema:
		if made == nil {
			return map[string]any(nil)
		}
		branch := avroOptional(schema)
		if branch == nil {
			name, inner := toKind(made)
			return map[string]any{name: avroValue(avroBranch(schema, name), inner)}
		}
		return map[string]any{avroName(branch): avroValue(branch, made)}
	case *avro.FixedSchema:
		data := toOctets(made)
		array := reflect.New(reflect.ArrayOf(len(data), reflect.TypeFor[byte]())).Elem()
		reflect.Copy(array, reflect.ValueOf(data))
		return array.Interface()
	}
	switch schema.Type() {
	case avro.Int:
		return int(toInt(made))
	case avro.Long:
		return toInt(made)
	case avro.Float:
		return float32(toReal(made))
	case avro.Double:
		return toReal(made)
	case avro.Bytes:
		return toOctets(made)
	}
	return made
}
