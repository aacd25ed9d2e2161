// The worker: frames of a 4-octet length and JSON on standard input and output, see ../__init__.py.
"use strict";

const fs = require("fs");

console.log = console.info = console.error; // standard output is for frames

const timing = require("./timing");

const FORMATS = {
  json: require("./json"),
  xml: require("./xml"),
  "xml-attributes": require("./xml"),
  msgpack: require("./msgpack"),
  cbor: require("./cbor"),
  bson: require("./bson"),
  protobuf: require("./protobuf"),
  avro: require("./avro"),
  "thrift-binary": require("./thrift").binary,
  "thrift-compact": require("./thrift").compact,
};

function send(frame) {
  const data = Buffer.from(JSON.stringify(frame));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  let left = Buffer.concat([head, data]);
  while (left.length) {
    try {
      left = left.subarray(fs.writeSync(1, left));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function receive(length) {
  const data = Buffer.alloc(length);
  let have = 0;
  while (have < length) {
    const count = fs.readSync(0, data, have, length - have, null);
    if (count === 0) return null;
    have += count;
  }
  return data;
}

// What `convert` makes of each item, or why it does not.
function each(items, convert) {
  return items.map((item) => {
    try {
      return convert(item);
    } catch (error) {
      return { failed: String(error && error.message ? error.message : error) };
    }
  });
}

function timed({ format, schema, data, budget_ns, operations }) {
  const octets = data.map((hex) => Buffer.from(hex, "hex"));
  const { rows, measured_ns } = timing.time(FORMATS[format].open(schema), octets, budget_ns, operations);
  for (const row of rows) send({ row });
  return { measured_ns: Math.round(measured_ns) };
}

function answer({ request, format, schema, data, trees }) {
  let opened; // the reader and the writer of the format, made once
  const open = () => (opened = opened || FORMATS[format].open(schema));
  if (request === "read") return each(data, (hex) => open().read(Buffer.from(hex, "hex")));
  return each(trees, (tree) => Buffer.from(open().write(tree)).toString("hex"));
}

// What the formats say of themselves, those that do.
const ofFormats = (what) =>
  Object.fromEntries(Object.entries(FORMATS).flatMap(([name, format]) => (format[what] ? [[name, format[what]]] : [])));

send({
  hello: "serbench peer",
  protocol: 1,
  formats: ofFormats("library"),
  timing: { clock: timing.clock, optimisation: timing.optimisation, objects: ofFormats("objects") },
});
for (let head; (head = receive(4)); ) {
  const asked = JSON.parse(receive(head.readUInt32BE()));
  send({ done: asked.request === "time" ? timed(asked) : answer(asked) });
}
