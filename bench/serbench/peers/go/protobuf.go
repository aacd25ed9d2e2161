// Protocol Buffers by google.golang.org/protobuf, from descriptors.
package main

import (
	"encoding/hex"
	"encoding/json"
	"sort"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

func openProtobuf(schema json.RawMessage) codec {
	var given struct{ Descriptors, Message string }
	check(json.Unmarshal(schema, &given))
	data, err := hex.DecodeString(given.Descriptors)
	check(err)
	var set descriptorpb.FileDescriptorSet
	check(proto.Unmarshal(data, &set))
	files, err := protodesc.NewFiles(&set)
	check(err)
	found, err := files.FindDescriptorByName(protoreflect.FullName(given.Message))
	check(err)
	descriptor := found.(protoreflect.MessageDescriptor)
	decode := func(data []byte) any {
		message := dynamicpb.NewMessage(descriptor)
		check(proto.Unmarshal(data, message))
		return message
	}
	encode := func(message any) []byte {
		data, err := proto.Marshal(message.(proto.Message))
		check(err)
		return data
	}
	return codec{
		modes: []mode{{decode, encode}},
		read:  func(data []byte) tree { return protobufMessage(decode(data).(protoreflect.Message)) },
		write: func(made tree) []byte {
			message := dynamicpb.NewMessage(descriptor)
			protobufFill(message, made)
			data, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
			check(err)
			return data
		},
	}
}

func protobufMessage(message protoreflect.Message) tree {
	fields := map[int]tree{}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		fields[int(field.Number())] = protobufField(field, value)
		return true
	})
	numbers := []int{}
	for number := range fields {
		numbers = append(numbers, number)
	}
	sort.Ints(numbers)
	var held []pair
	for _, number := range numbers {
		held = append(held, pair{integer(number), fields[number]})
	}
	return pairs(held)
}

func protobufField(field protoreflect.FieldDescriptor, value protoreflect.Value) tree {
	switch {
	case field.IsMap():
		var held []pair
		value.Map().Range(func(key protoreflect.MapKey, item protoreflect.Value) bool {
			held = append(held, pair{protobufValue(field.MapKey(), key.Value()), protobufValue(field.MapValue(), item)})
			return true
		})
		return pairs(held)
	case field.IsList():
		items := make([]any, value.List().Len())
		for i := range items {
			items[i] = protobufValue(field, value.List().Get(i))
		}
		return items
	}
	return protobufValue(field, value)
}

func protobufValue(field protoreflect.FieldDescriptor, value protoreflect.Value) tree {
	if field.Message() != nil {
		return protobufMessage(value.Message())
	}
	switch value := value.Interface().(type) {
	case int32:
		return integer(value)
	case int64:
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
	case protoreflect.EnumNumber:
		return integer(int32(value))
	default:
		return value
	}
}

func protobufFill(message protoreflect.Message, made tree) {
	for _, pair := range toPairs(made) {
		field := message.Descriptor().Fields().ByNumber(protoreflect.FieldNumber(toInt(pair[0])))
		switch {
		case field.IsMap():
			held := message.Mutable(field).Map()
			for _, entry := range toPairs(pair[1]) {
				key := protobufScalar(field.MapKey(), entry[0]).MapKey()
				if field.MapValue().Message() != nil {
					protobufFill(held.Mutable(key).Message(), entry[1])
				} else {
					held.Set(key, protobufScalar(field.MapValue(), entry[1]))
				}
			}
		case field.IsList():
			held := message.Mutable(field).List()
			for _, item := range pair[1].([]any) {
				if field.Message() != nil {
					protobufFill(held.AppendMutable().Message(), item)
				} else {
					held.Append(protobufScalar(field, item))
				}
			}
		case field.Message() != nil:
			protobufFill(message.Mutable(field).Message(), pair[1])
		default:
			message.Set(field, protobufScalar(field, pair[1]))
		}
	}
}

func protobufScalar(field protoreflect.FieldDescriptor, made tree) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOf(int32(toInt(made)))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOf(toInt(made))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOf(uint32(toBig(made).Uint64()))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOf(toBig(made).Uint64())
	case protoreflect.FloatKind:
		return protoreflect.ValueOf(float32(toReal(made)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOf(toReal(made))
	case protoreflect.BytesKind:
		return protoreflect.ValueOf(toOctets(made))
	case protoreflect.EnumKind:
		return protoreflect.ValueOf(protoreflect.EnumNumber(toInt(made)))
	}
	return protoreflect.ValueOf(made)
}
