// JSON by the language itself.
"use strict";

const { tree, untree } = require("./trees");

exports.library = `node ${process.versions.node}`;

exports.open = () => ({
  read: (data) => tree(JSON.parse(data)),
  write: (tree) => JSON.stringify(untree(tree, { integer: Number, map: Object.fromEntries })),
});
