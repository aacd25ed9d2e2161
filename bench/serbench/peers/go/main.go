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
)

// What a format does with octets and trees; either panics with an error.
type codec struct {
	read  func(data []byte) any
	write func(tree any) []byte
}

// A format: the module that does the work, and a codec for what a schema describes.
type format struct {
	module string
	open   func(schema json.RawMessage) codec
}

var formats = map[string]format{
	"json":           {"", openJSON},
	"xml":            {"", openXML},
	"xml-attributes": {"", openXML},
	"msgpack":        {"github.com/vmihailenco/msgpack/v5", openMsgpack},
	"cbor":           {"github.com/fxamacker/cbor/v2", openCBOR},
	"cbor-canonical": {"github.com/fxamacker/cbor/v2", openCanonicalCBOR},
	"bson":           {"go.mongodb.org/mongo-driver/v2", openBSON},
	"protobuf":       {"google.golang.org/protobuf", openProtobuf},
	"avro":           {"github.com/hamba/avro/v2", openAvro},
	"thrift-binary":  {"github.com/apache/thrift", openThriftBinary},
	"thrift-compact": {"github.com/apache/thrift", openThriftCompact},
	"asn1-der":       {"", openDER},
}

type request struct {
	Request string
	Format  string
	Schema  json.RawMessage
	Data    []string
	Trees   []any
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
	held := map[string]string{"": runtime.Version()}
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

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	os.Stdout = os.Stderr // standard output is for frames
	send(out, map[string]any{"hello": "serbench peer", "protocol": 1, "formats": versions()})
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
		send(out, map[string]any{"done": answer(asked)})
	}
}
