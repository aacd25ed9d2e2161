// What a library sees, as the JSON of ../trees.py.
"use strict";

const { readFileSync } = require("fs");
const { dirname, join } = require("path");

const bits = new DataView(new ArrayBuffer(8));

exports.integer = (value) => ({ i: String(value) });
exports.octets = (value) => ({ b: Buffer.from(value).toString("hex") });
exports.kind = (name, inner) => ({ x: [name, inner] });

exports.real = (value) => {
  bits.setFloat64(0, value);
  return { f: Buffer.from(bits.buffer).toString("hex") };
};

exports.fromReal = (hex) => Buffer.from(hex, "hex").readDoubleBE();

// A number is an integer if it has no fraction: JavaScript knows no other difference (ECMA-262, section 6.1.6.1).
exports.number = (value) =>
  Number.isInteger(value) && !Object.is(value, -0) ? exports.integer(BigInt(value)) : exports.real(value);

// The tree of what self-describing libraries give; `other` makes those of their own objects.
exports.tree = function tree(value, other) {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return exports.number(value);
  if (typeof value === "bigint") return exports.integer(value);
  if (value instanceof Uint8Array) return exports.octets(value);
  if (Array.isArray(value)) return value.map((item) => tree(item, other));
  if (value instanceof Map) return { m: [...value].map(([key, item]) => [tree(key, other), tree(item, other)]) };
  const own = other && other(value);
  if (own) return own;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return { m: Object.entries(value).map(([key, item]) => [key, tree(item, other)]) };
  throw new Error(`no tree of ${value.constructor.name}`);
};

// What a library takes; a table of `conversions` makes integers, maps and kinds, which differ most.
exports.untree = function untree(tree, conversions) {
  if (tree === null || typeof tree !== "object") return tree;
  if (Array.isArray(tree)) return tree.map((item) => untree(item, conversions));
  if ("i" in tree) return conversions.integer(BigInt(tree.i));
  if ("f" in tree) return (conversions.real || Number)(exports.fromReal(tree.f));
  if ("b" in tree) return (conversions.octets || ((octets) => octets))(Buffer.from(tree.b, "hex"));
  if ("m" in tree)
    return conversions.map(tree.m.map(([key, item]) => [untree(key, conversions), untree(item, conversions)]));
  return conversions.kind(tree.x[0], tree.x[1]);
};

// "name version" of an installed package.
exports.library = (name) => {
  let folder = dirname(require.resolve(name));
  for (;;) {
    try {
      const about = JSON.parse(readFileSync(join(folder, "package.json")));
      if (about.name === name) return `${name} ${about.version}`;
    } catch {} // a folder without one
    folder = dirname(folder);
  }
};
