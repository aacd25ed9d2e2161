// Protocol Buffers by protobufjs, from descriptors. Integers of 64 bits are objects of the package `long`.
"use strict";

const protobuf = require("protobufjs");
require("protobufjs/ext/descriptor");
const { fromReal, integer, library, octets, real } = require("./trees");

exports.library = library("protobufjs");
exports.objects = "messages of types made from descriptors, whose code is generated at run time";

const LONG = { int64: false, sint64: false, sfixed64: false, uint64: true, fixed64: true };

function scalar(type, value) {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (value instanceof Uint8Array) return octets(value);
  if (type === "float" || type === "double") return real(value);
  return integer(value.toString());
}

function unscalar(type, tree) {
  if (tree === null || typeof tree !== "object") return tree;
  if ("f" in tree) return fromReal(tree.f);
  if ("b" in tree) return Buffer.from(tree.b, "hex");
  return type in LONG ? protobuf.util.Long.fromString(tree.i, LONG[type]) : Number(tree.i);
}

// The keys of a map are those of an object: text, and eight characters for 64 bits.
function key(type, name) {
  if (type === "string") return name;
  if (type === "bool") return name === "true";
  return integer(type in LONG ? protobuf.util.longFromHash(name, LONG[type]).toString() : name);
}

const isMessage = (field) => field.resolvedType instanceof protobuf.Type;
const value = (field, held) => (isMessage(field) ? message(field.resolvedType, held) : scalar(field.type, held));
const unvalue = (field, tree) =>
  isMessage(field) ? unmessage(field.resolvedType, tree) : unscalar(field.type, tree);

function message(type, held) {
  const pairs = [];
  for (const field of type.fieldsArray) {
    field.resolve();
    if (!Object.hasOwn(held, field.name)) continue;
    const found = held[field.name];
    const entries = field.map ? Object.entries(found) : field.repeated ? found : null;
    if (entries && !entries.length) continue; // as if it were not there
    let tree;
    if (field.map) tree = { m: entries.map(([name, item]) => [key(field.keyType, name), value(field, item)]) };
    else tree = entries ? entries.map((item) => value(field, item)) : value(field, found);
    pairs.push([integer(field.id), tree]);
  }
  return { m: pairs };
}

function unmessage(type, tree) {
  const made = {};
  for (const [{ i: number }, found] of tree.m) {
    const field = type.fieldsById[number].resolve();
    if (field.map)
      made[field.name] = Object.fromEntries(
        found.m.map(([name, item]) => [String(unscalar(field.keyType, name)), unvalue(field, item)]),
      );
    else made[field.name] = field.repeated ? found.map((item) => unvalue(field, item)) : unvalue(field, found);
  }
  return type.create(made);
}

exports.open = ({ descriptors, message: name }) => {
  const root = protobuf.Root.fromDescriptor(Buffer.from(descriptors, "hex"), { keepCase: true });
  const type = root.resolveAll().lookupType(name);
  return {
    modes: [{ decode: (data) => type.decode(data), encode: (value) => type.encode(value).finish() }],
    read: (data) => message(type, type.decode(data)),
    write: (tree) => type.encode(unmessage(type, tree)).finish(),
  };
};
