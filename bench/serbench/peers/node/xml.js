// XML by fast-xml-parser, with all text as it stands.
"use strict";

const { XMLBuilder, XMLParser } = require("fast-xml-parser");
const { library } = require("./trees");

exports.library = library("fast-xml-parser");
exports.objects = "objects of text; lists of elements in order where those would come back otherwise";

const TEXT = "#text";
const ATTRIBUTES = ":@";

const options = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  textNodeName: TEXT,
  maxNestedTags: 1000,
};
const reading = {
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  htmlEntities: true, // numeric character references
};
const writing = {
  suppressBooleanAttributes: false,
  entities: [
    ["&", "&amp;"],
    ["<", "&lt;"],
    [">", "&gt;"],
    ['"', "&quot;"],
    ["\r", "&#13;"],
    ["\n", "&#10;"],
    ["\t", "&#9;"],
  ].map(([char, val]) => ({ regex: new RegExp(char, "g"), val })),
};
const parser = new XMLParser({ ...options, ...reading });
const builder = new XMLBuilder({ ...options, ...writing });

// The library's usual objects, which keep no order among elements of different names, with attributes marked by a sign.
const usual = { ...options, preserveOrder: false, attributeNamePrefix: "@" };
const objectParser = new XMLParser({ ...usual, ...reading });
const objectBuilder = new XMLBuilder({ ...usual, ...writing });

function element(node) {
  if (TEXT in node) return node[TEXT];
  const name = Object.keys(node).find((key) => key !== ATTRIBUTES);
  return { e: [name, Object.entries(node[ATTRIBUTES] || {}), node[name].map(element)] };
}

function node(tree) {
  if (typeof tree === "string") return { [TEXT]: tree };
  const [name, attributes, children] = tree.e;
  return { [name]: children.map(node), ...(attributes.length && { [ATTRIBUTES]: Object.fromEntries(attributes) }) };
}

exports.open = () => ({
  read: (data) => element(parser.parse(data)[0]),
  write: (tree) => builder.build([node(tree)]),
  modes: [
    {
      decode: (data) => objectParser.parse(data),
      encode: (value) => Buffer.from(objectBuilder.build(value)),
    },
    { decode: (data) => parser.parse(data), encode: (value) => Buffer.from(builder.build(value)) },
  ],
});
