// What a library sees, as the JSON of ../trees.py: nil, bool, string, []any, and maps of one key.
package main

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

type tree = any

// A pair of a map.
type pair [2]tree

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func fail(text string, values ...any) {
	panic(fmt.Errorf(text, values...))
}

func integer[Number int | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](value Number) tree {
	return map[string]any{"i": fmt.Sprint(value)}
}

func bigInteger(value *big.Int) tree { return map[string]any{"i": value.String()} }

func real(value float64) tree {
	return map[string]any{"f": fmt.Sprintf("%016x", math.Float64bits(value))}
}

func octets(value []byte) tree { return map[string]any{"b": hex.EncodeToString(value)} }

func kind(name string, inner tree) tree { return map[string]any{"x": []any{name, inner}} }

func pairs(held []pair) tree {
	if held == nil {
		held = []pair{}
	}
	return map[string]any{"m": held}
}

// The key of a tree that is a map, "" of any other, and what it holds.
func tagged(made tree) (string, any) {
	if held, ok := made.(map[string]any); ok {
		for tag, inner := range held {
			return tag, inner
		}
	}
	return "", made
}

func inside(made tree, tag string) any {
	if found, inner := tagged(made); found == tag {
		return inner
	}
	fail("%v has no %q", made, tag)
	return nil
}

func toBig(made tree) *big.Int {
	value, ok := new(big.Int).SetString(inside(made, "i").(string), 10)
	if !ok {
		fail("%v is no integer", made)
	}
	return value
}

func toInt(made tree) int64 {
	value, err := strconv.ParseInt(inside(made, "i").(string), 10, 64)
	check(err)
	return value
}

func toReal(made tree) float64 {
	bits, err := strconv.ParseUint(inside(made, "f").(string), 16, 64)
	check(err)
	return math.Float64frombits(bits)
}

func toOctets(made tree) []byte {
	data, err := hex.DecodeString(inside(made, "b").(string))
	check(err)
	return data
}

func toPairs(made tree) []pair {
	var held []pair
	for _, item := range inside(made, "m").([]any) {
		both := item.([]any)
		held = append(held, pair{both[0], both[1]})
	}
	return held
}

func toKind(made tree) (string, tree) {
	both := inside(made, "x").([]any)
	return both[0].(string), both[1]
}
