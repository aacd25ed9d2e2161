// XML by fast-xml-parser, with all text as it stands.
"use strict";

const { XMLBuilder, XMLParser } = require("fast-xml-parser");
const { library } = require("./trees");

exports.library = library("fast-xml-parser");

const TEXT = "#text";
const ATTRIBUTES = ":@";

const options = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  textNodeName: TEXT,
  maxNestedTags: 1000,
};
const parser = new XMLParser({
  ...options,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  htmlEntities: true, // numeric character references
});
const builder = new XMLBuilder({
  ...options,
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
});

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
});
