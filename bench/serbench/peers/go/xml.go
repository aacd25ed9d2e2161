// XML by encoding/xml, token by token. Its values are structs written for a schema; tokens are nobody's, so that it is
// not timed.
package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
)

func openXML(json.RawMessage) codec {
	return codec{
		read: func(data []byte) tree {
			decoder := xml.NewDecoder(bytes.NewReader(data))
			token, err := decoder.Token()
			check(err)
			made := xmlElement(decoder, token.(xml.StartElement))
			if _, err := decoder.Token(); err != io.EOF {
				fail("octets after the end")
			}
			return made
		},
		write: func(made tree) []byte {
			var out bytes.Buffer
			encoder := xml.NewEncoder(&out)
			xmlWrite(encoder, made)
			check(encoder.Close())
			return out.Bytes()
		},
	}
}

func xmlElement(decoder *xml.Decoder, start xml.StartElement) tree {
	attributes, children := []any{}, []any{}
	for _, attribute := range start.Attr {
		attributes = append(attributes, []any{attribute.Name.Local, attribute.Value})
	}
	for {
		token, err := decoder.Token()
		check(err)
		switch token := token.(type) {
		case xml.StartElement:
			children = append(children, xmlElement(decoder, token))
		case xml.CharData:
			children = append(children, string(token))
		case xml.EndElement:
			return map[string]any{"e": []any{start.Name.Local, attributes, children}}
		}
	}
}

func xmlWrite(encoder *xml.Encoder, made tree) {
	if text, ok := made.(string); ok {
		check(encoder.EncodeToken(xml.CharData(text)))
		return
	}
	parts := inside(made, "e").([]any)
	start := xml.StartElement{Name: xml.Name{Local: parts[0].(string)}}
	for _, attribute := range parts[1].([]any) {
		both := attribute.([]any)
		name := xml.Name{Local: both[0].(string)}
		start.Attr = append(start.Attr, xml.Attr{Name: name, Value: both[1].(string)})
	}
	check(encoder.EncodeToken(start))
	for _, child := range parts[2].([]any) {
		xmlWrite(encoder, child)
	}
	check(encoder.EncodeToken(start.End()))
}
