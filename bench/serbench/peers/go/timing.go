// Times decode and encode of a format's own values, as ../timing.py asks for it. Go compiles ahead of time: the warm-up
// is for caches and the heap. Its collector of garbage runs as it does for everybody, beside and between the calls.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

const (
	warmUp      = 50 * time.Millisecond
	sample      = 100 * time.Microsecond
	tries       = 5
	mostSamples = 200
)

// How octets become the values that users of a library have, and back; either panics with an error.
type mode struct {
	decode func(data []byte) any
	encode func(value any) []byte
}

// What the calls give, so that none can be left out.
var (
	keptValue  any
	keptOctets []byte
)

type row struct {
	Operation string  `json:"operation"`
	Reason    string  `json:"reason,omitempty"`
	Loops     int     `json:"loops"`
	Samples   []int64 `json:"samples_ns"`
	WarmUp    int64   `json:"warm_up_ns"`
	Steady    bool    `json:"steady"`
	run       func(loops int) time.Duration
	over      bool
}

func optimisation() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "GO"+strings.ToUpper(runtime.GOARCH) {
				return fmt.Sprintf("%s, optimising as usual, %s=%s", runtime.Compiler, setting.Key, setting.Value)
			}
		}
	}
	return runtime.Compiler + ", optimising as usual"
}

// The tree as it comes in a request, the pairs of maps in one order.
func plain(made tree) tree {
	data, err := json.Marshal(made)
	check(err)
	var held any
	check(json.Unmarshal(data, &held))
	return held
}

func ordered(made tree) string {
	tag, inner := tagged(made)
	items, list := inner.([]any)
	if !list {
		data, err := json.Marshal(made)
		check(err)
		return string(data)
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = ordered(item)
	}
	if tag == "m" {
		slices.Sort(texts)
	}
	return tag + "[" + strings.Join(texts, ",") + "]"
}

// Whether the octets that come of values are, message by message, the same as before to the verified reader, or as the
// verified writer would have written them.
func comesBack(opened codec, encode func(any) []byte, values []any, data [][]byte) (same bool) {
	defer func() { same = same && recover() == nil }()
	seen := func(octets []byte) string { return ordered(plain(opened.read(octets))) }
	for i, octets := range data {
		back := seen(encode(values[i]))
		if back != seen(octets) && back != seen(opened.write(plain(opened.read(octets)))) {
			return false
		}
	}
	return true
}

func decoded(decode func([]byte) any, data [][]byte) (values []any) {
	defer func() {
		if recover() != nil {
			values = nil
		}
	}()
	for _, octets := range data {
		values = append(values, decode(octets))
	}
	return values
}

// The first of a format's modes whose values come back the same. Where they do not, encode has the writer's values.
func choose(opened codec, data [][]byte) (mode, []any) {
	if len(opened.modes) == 0 {
		fail("%s", opened.without)
	}
	for _, chosen := range opened.modes {
		if values := decoded(chosen.decode, data); values != nil && comesBack(opened, chosen.encode, values, data) {
			return chosen, values
		}
	}
	for i := len(opened.modes) - 1; i >= 0 && opened.made != nil; i-- {
		chosen := opened.modes[i]
		if decoded(chosen.decode, data) == nil {
			continue
		}
		var values []any
		for _, octets := range data {
			values = append(values, opened.made(plain(opened.read(octets))))
		}
		if comesBack(opened, chosen.encode, values, data) {
			return chosen, values
		}
	}
	fail("its values do not come back the same")
	return mode{}, nil
}

func looped[Item any, Made any](call func(Item) Made, items []Item, kept *Made) func(int) time.Duration {
	return func(loops int) time.Duration {
		began := time.Now()
		for range loops {
			for _, item := range items {
				*kept = call(item)
			}
		}
		return time.Since(began)
	}
}

func (made *row) prepare(share time.Duration) {
	if first := made.run(1); first > share {
		made.Loops, made.Samples, made.over = 1, []int64{first.Nanoseconds()}, true
		return
	}
	began := time.Now()
	for time.Since(began) < min(warmUp, share/5) {
		made.run(1)
	}
	made.WarmUp, made.Steady = time.Since(began).Nanoseconds(), true
	for made.Loops = 1; ; made.Loops *= 2 {
		least := made.run(made.Loops)
		for i := 1; i < tries && least >= sample; i++ {
			least = min(least, made.run(made.Loops))
		}
		if least >= sample {
			return
		}
	}
}

// A row of each operation, in turns of one discarded sample and one that is kept; and how long that took.
func timed(asked request) (rows []*row, measured time.Duration) {
	began := time.Now()
	budget := time.Duration(asked.Budget)
	for _, operation := range asked.Operations {
		rows = append(rows, &row{Operation: operation, Samples: []int64{}})
	}
	defer func() {
		if reason := recover(); reason != nil {
			for _, made := range rows {
				made.Reason = fmt.Sprint(reason)
			}
		}
	}()
	opened := formats[asked.Format].open(asked.Schema)
	data := make([][]byte, len(asked.Data))
	for i, digits := range asked.Data {
		var err error
		data[i], err = hex.DecodeString(digits)
		check(err)
	}
	chosen, values := choose(opened, data)
	runtime.GC()
	started := time.Now()
	alive := []*row{}
	for _, made := range rows {
		if made.Operation == "decode" {
			made.run = looped(chosen.decode, data, &keptValue)
		} else {
			made.run = looped(chosen.encode, values, &keptOctets)
		}
		made.prepare(budget / time.Duration(len(rows)))
		if !made.over {
			alive = append(alive, made)
		}
	}
	for len(alive) != 0 && len(alive[0].Samples) < mostSamples {
		for _, made := range alive {
			made.run(made.Loops)
			made.Samples = append(made.Samples, made.run(made.Loops).Nanoseconds())
		}
		if time.Since(began) > budget {
			break
		}
	}
	return rows, time.Since(started)
}
