// Avro by avsc: unions wrapped, longs as BigInt.
"use strict";

const avro = require("avsc");
const { fromReal, integer, kind, library, octets, real } = require("./trees");

exports.library = library("avsc");
exports.objects = "records of types made at run time, unions wrapped, longs as BigInt";

const long = avro.types.LongType.__with({
  fromBuffer: (data) => data.readBigInt64LE(),
  toBuffer: (value) => {
    const data = Buffer.alloc(8);
    data.writeBigInt64LE(value);
    return data;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value) => typeof value === "bigint",
  compare: (one, other) => (one < other ? -1 : Number(one > other)),
});

const isNull = (type) => type.typeName === "null";

// Of a union of null and another type only whether it is null is told, of any other the branch.
function optional(type) {
  return type.types.length === 2 && isNull(type.types[0]) ? type.types[1] : null;
}

const branches = (type) => Object.fromEntries(type.types.map((branch) => [branch.branchName, branch]));

function tree(type, value) {
  switch (type.typeName) {
    case "int":
    case "abstract:long":
      return integer(value);
    case "float":
    case "double":
      return real(value);
    case "bytes":
    case "fixed":
      return octets(value);
    case "array":
      return value.map((item) => tree(type.itemsType, item));
    case "map":
      return { m: Object.entries(value).map(([key, item]) => [key, tree(type.valuesType, item)]) };
    case "record":
      return { m: type.fields.map((field) => [field.name, tree(field.type, value[field.name])]) };
    case "union:wrapped": {
      if (value === null) return null;
      const [[name, held]] = Object.entries(value);
      const inner = tree(branches(type)[name], held);
      return optional(type) ? inner : kind(name, inner);
    }
    default:
      return value;
  }
}

function untree(type, made) {
  switch (type.typeName) {
    case "int":
      return Number(made.i);
    case "abstract:long":
      return BigInt(made.i);
    case "float":
    case "double":
      return fromReal(made.f);
    case "bytes":
    case "fixed":
      return Buffer.from(made.b, "hex");
    case "array":
      return made.map((item) => untree(type.itemsType, item));
    case "map":
      return Object.fromEntries(made.m.map(([key, item]) => [key, untree(type.valuesType, item)]));
    case "record": {
      const held = Object.fromEntries(made.m);
      return Object.fromEntries(type.fields.map((field) => [field.name, untree(field.type, held[field.name])]));
    }
    case "union:wrapped": {
      if (made === null) return null;
      const other = optional(type);
      const [name, inner] = other ? [other.branchName, made] : made.x;
      return { [name]: untree(branches(type)[name], inner) };
    }
    default:
      return made;
  }
}

exports.open = (schema) => {
  const type = avro.Type.forSchema(schema, { wrapUnions: "always", registry: { long } });
  return {
    read: (data) => tree(type, type.fromBuffer(data)),
    write: (made) => type.toBuffer(untree(type, made)),
    modes: [{ decode: (data) => type.fromBuffer(data), encode: (value) => type.toBuffer(value) }],
  };
};
