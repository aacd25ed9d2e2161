// The worker: frames of a 4-octet length and JSON on standard input and output, see ../__init__.py.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// What a format does with octets and trees; either panics with an error. The modes are for timing, the usual one first,
// or `without` says why there are none; and `made` gives the values that `write` writes.
type codec struct {
	read    func(data []byte) any
	write   func(tree any) []byte
	modes   []mode
	without string
	made    func(tree any) any
}

// A format: the module that does the work, a codec for what a schema describes, and, where the library has values of its
// own that need no code for a schema, what they are.
type format struct {
	module  string
	open    func(schema json.RawMessage) codec
	objects string
}

var formats = map[string]format{
	"json":           {"", openJSON, "any, with json.Number where a float64 would lose digits"},
	"xml":            {"", openXML, ""},
	"xml-attributes": {"", openXML, ""},
	"msgpack":        {"github.com/vmihailenco/msgpack/v5", openMsgpack, "any, with map[any]any where a key is no text"},
	"cbor":           {"github.com/fxamacker/cbor/v2", openCBOR, cborObjects},
	"cbor-canonical": {"github.com/fxamacker/cbor/v2", openCanonicalCBOR, cborObjects},
	"bson":           {"go.mongodb.org/mongo-driver/v2", openBSON, "bson.D"},
	"protobuf":       {"google.golang.org/protobuf", openProtobuf, "dynamic messages (dynamicpb), slower than generated ones"},
	"avro":           {"github.com/hamba/avro/v2", openAvro, "any; for encoding with the branches of unions named"},
	"thrift-binary":  {"github.com/apache/thrift", openThriftBinary, ""},
	"thrift-compact": {"github.com/apache/thrift", openThriftCompact, ""},
	"asn1-der":       {"", openDER, ""},
	"xdr":            {"github.com/stellar/go-xdr", openXDR, xdrObjects},
}

type request struct {
	Request string
	Format  string
	Schema  json.RawMessage
	Data    []string
	Trees   []any

	Budget     int64 `json:"budget_ns"`
	Operations []string
}

func send(out *bufio.Writer, frame any) {
	data, err := json.Marshal(frame)
	check(err)
	check(binary.Write(out, binary.BigEndian, uint32(len(data))))
	_, err = out.Write(data)
	check(err)
	check(out.Flush())
}

// What becomes of an item, or why nothing does.
func each[Item any](items []Item, convert func(Item) any) []any {
	made := make([]any, len(items))
	for i, item := range items {
		func() {
			defer func() {
				if reason := recover(); reason != nil {
					made[i] = map[string]any{"failed": fmt.Sprint(reason)}
				}
			}()
			made[i] = convert(item)
		}()
	}
	return made
}

func answer(asked request) []any {
	opened := func() func() codec { // once, where a failure is an item's
		var made *codec
		return func() codec {
			if made == nil {
				opened := formats[asked.Format].open(asked.Schema)
				made = &opened
			}
			return *made
		}
	}()
	if asked.Request == "read" {
		return each(asked.Data, func(digits string) any {
			data, err := hex.DecodeString(digits)
			check(err)
			return opened().read(data)
		})
	}
	return each(asked.Trees, func(tree any) any { return hex.EncodeToString(opened().write(tree)) })
}

func versions() map[string]string {
	held := map[string]string{"": strings.Replace(runtime.Version(), "go", "go ", 1)}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			held[module.Path] = module.Path + " " + module.Version
		}
	}
	made := map[string]string{}
	for name, format := range formats {
		made[name] = held[format.module]
	}
	return made
}

func timing() map[string]any {
	objects := map[string]string{}
	for name, format := range formats {
		if format.objects != "" {
			objects[name] = format.objects
		}
	}
	return map[string]any{"clock": "time.Now, monotonic", "optimisation": optimisation(), "objects": objects}
}

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	os.Stdout = os.Stderr // standard output is for frames
	hello := map[string]any{"hello": "serbench peer", "protocol": 1, "formats": versions(), "timing": timing()}
	send(out, hello)
	for {
		var length uint32
		if binary.Read(in, binary.BigEndian, &length) != nil {
			return
		}
		data := make([]byte, length)
		_, err := io.ReadFull(in, data)
		check(err)
		var asked request
		check(json.Unmarshal(data, &asked))
		if asked.Request != "time" {
			send(out, map[string]any{"done": answer(asked)})
			continue
		}
		rows, measured := timed(asked)
		for _, made := range rows {
			send(out, map[string]any{"row": made})
		}
		send(out, map[string]any{"done": map[string]any{"measured_ns": measured.Nanoseconds()}})
	}
}
