// CBOR by cbor-x: maps as Map, tags left as they are, integers beyond 2^53 as BigInt.
"use strict";

const { Decoder, Encoder, Tag, addExtension } = require("cbor-x");
const { kind, library, tree, untree } = require("./trees");

exports.library = library("cbor-x");
exports.objects = "objects; Map where they would come back otherwise, with BigInt for encoding";

for (const tag of [0, 1, 2, 3, 4, 5, 30, 37]) addExtension({ tag, decode: (value) => new Tag(value, tag) });

const options = { mapsAsObjects: false, useRecords: false, tagUint8Array: false };
const decoder = new Decoder(options);
const encoder = new Encoder(options);

const other = (value) => (value instanceof Tag ? kind(String(value.tag), tree(value.value, other)) : null);

// A number takes 32 bits or is a float.
const small = (value) => (value >= -(1n << 31n) && value < 1n << 32n ? Number(value) : value);

const conversions = {
  integer: small,
  map: (pairs) => new Map(pairs),
  kind: (name, inner) => new Tag(untree(inner, conversions), Number(name)),
};

const natural = { useRecords: false, tagUint8Array: false };
const naturalDecoder = new Decoder(natural);
const naturalEncoder = new Encoder(natural);
const made = (tree) => untree(tree, conversions);

exports.open = () => ({
  read: (data) => tree(decoder.decode(data), other),
  write: (tree) => encoder.encode(made(tree)),
  made,
  modes: [
    { decode: (data) => naturalDecoder.decode(data), encode: (value) => naturalEncoder.encode(value) },
    { decode: (data) => decoder.decode(data), encode: (value) => encoder.encode(value) },
  ],
});
