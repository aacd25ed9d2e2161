// BSON by MongoDB's driver.
package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func openBSON(json.RawMessage) codec {
	return codec{
		read:  func(data []byte) tree { return bsonTree(bsonDecode(data)) },
		write: func(made tree) []byte { return bsonEncode(bsonValue(made)) },
		modes: []mode{{bsonDecode, bsonEncode}},
	}
}

func bsonDecode(data []byte) any {
	var value bson.D
	check(bson.Unmarshal(data, &value))
	return value
}

func bsonEncode(value any) []byte {
	data, err := bson.Marshal(value)
	check(err)
	return data
}

func bsonTree(value any) tree {
	switch value := value.(type) {
	case int32:
		return integer(value)
	case int64:
		return kind("int64", integer(value))
	case float64:
		return real(value)
	case bson.DateTime:
		return kind("datetime", integer(int64(value)))
	case bson.Decimal128:
		return kind("decimal128", value.String())
	case bson.Binary:
		if value.Subtype == 0 {
			return octets(value.Data)
		}
		return kind(fmt.Sprintf("binary %d", value.Subtype), octets(value.Data))
	case bson.A:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = bsonTree(item)
		}
		return items
	case bson.D:
		var held []pair
		for _, element := range value {
			held = append(held, pair{element.Key, bsonTree(element.Value)})
		}
		return pairs(held)
	}
	return value
}

func bsonValue(made tree) any {
	tag, inner := tagged(made)
	switch tag {
	case "i":
		return int32(toInt(made))
	case "f":
		return toReal(made)
	case "b":
		return bson.Binary{Data: toOctets(made)}
	case "m":
		held := bson.D{}
		for _, pair := range toPairs(made) {
			held = append(held, bson.E{Key: pair[0].(string), Value: bsonValue(pair[1])})
		}
		return held
	case "x":
		name, content := toKind(made)
		switch name {
		case "int64":
			return toInt(content)
		case "datetime":
			return bson.DateTime(toInt(content))
		case "decimal128":
			value, err := bson.ParseDecimal128(content.(string))
			check(err)
			return value
		}
		subtype, err := strconv.ParseUint(strings.TrimPrefix(name, "binary "), 10, 8)
		check(err)
		return bson.Binary{Subtype: byte(subtype), Data: toOctets(content)}
	}
	if list, ok := inner.([]any); ok {
		items := bson.A{}
		for _, item := range list {
			items = append(items, bsonValue(item))
		}
		return items
	}
	return inner
}
