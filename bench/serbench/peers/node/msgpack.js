// MessagePack by @msgpack/msgpack, integers of 64 bits as BigInt.
"use strict";

const msgpack = require("@msgpack/msgpack");
const { integer, kind, library, octets, tree, untree } = require("./trees");

const BILLION = 1000000000n;

exports.library = library("@msgpack/msgpack");
exports.objects = "objects, integers of 64 bits as BigInt, extensions as their octets";

class Extension {
  constructor(type, data) {
    Object.assign(this, { type, data });
  }
}

const extensionCodec = {
  decode: (data, type) => new Extension(type, data),
  tryToEncode: (value) => (value instanceof Extension ? new msgpack.ExtData(value.type, value.data) : null),
  encode: () => null,
};

// Objects have no keys but strings, so that what a key was is kept with it.
const mapKeyConverter = (key) => (typeof key === "string" ? `"${key}` : String(key));

function unkeyed(key) {
  if (key.startsWith('"')) return key.slice(1);
  return key === "true" || key === "false" ? key === "true" : integer(key);
}

function extension({ type, data }) {
  if (type !== msgpack.EXT_TIMESTAMP) return kind(String(type), octets(data));
  const { sec, nsec } = msgpack.decodeTimestampToTimeSpec(data);
  return kind("timestamp", integer(BigInt(sec) * BILLION + BigInt(nsec)));
}

function other(value) {
  if (value instanceof Extension) return extension(value);
  return { m: Object.entries(value).map(([key, item]) => [unkeyed(key), tree(item, other)]) };
}

function object(pairs) {
  if (pairs.some(([key]) => typeof key !== "string")) throw new Error("keys of an object are strings");
  return Object.fromEntries(pairs);
}

function ext(name, inner) {
  if (name !== "timestamp") return new msgpack.ExtData(Number(name), Buffer.from(inner.b, "hex"));
  const time = BigInt(inner.i);
  const nsec = ((time % BILLION) + BILLION) % BILLION;
  const timestamp = { sec: Number((time - nsec) / BILLION), nsec: Number(nsec) };
  return new msgpack.ExtData(msgpack.EXT_TIMESTAMP, msgpack.encodeTimeSpecToTimestamp(timestamp));
}

// With useBigInt64 a number takes 32 bits or is a float.
const small = (value) => (value >= -(1n << 31n) && value < 1n << 32n ? Number(value) : value);

const options = { extensionCodec, useBigInt64: true };
const made = (tree) => untree(tree, { integer: small, map: object, kind: ext });

exports.open = () => ({
  read: (data) => tree(msgpack.decode(data, { ...options, mapKeyConverter }), other),
  write: (tree) => msgpack.encode(made(tree), { useBigInt64: true }),
  made,
  modes: [{ decode: (data) => msgpack.decode(data, options), encode: (value) => msgpack.encode(value, options) }],
});
