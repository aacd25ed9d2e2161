// JSON by the language itself.
"use strict";

const { tree, untree } = require("./trees");

exports.library = `node ${process.versions.node}`;

exports.objects = "objects of JSON.parse";

exports.open = () => ({
  modes: [{ decode: (data) => JSON.parse(data), encode: (value) => Buffer.from(JSON.stringify(value)) }],
  read: (data) => tree(JSON.parse(data)),
  write: (tree) => JSON.stringify(untree(tree, { integer: Number, map: Object.fromEntries })),
});
