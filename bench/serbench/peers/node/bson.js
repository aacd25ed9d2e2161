// BSON by the package of MongoDB, which keeps the types apart if it is not to promote them.
"use strict";

const bson = require("bson");
const { integer, kind, library, octets, real, tree, untree } = require("./trees");

exports.library = library("bson");
exports.objects = "objects; with Int32, Long and Double where numbers would come back as another type";

function other(value) {
  if (value instanceof Date) return kind("datetime", integer(value.getTime()));
  switch (value._bsontype) {
    case "Int32":
      return integer(value.value);
    case "Long":
      return kind("int64", integer(value.toBigInt()));
    case "Double":
      return real(value.value);
    case "Decimal128":
      return kind("decimal128", value.toString());
    case "Binary":
      return value.sub_type === 0 ? octets(value.value()) : kind(`binary ${value.sub_type}`, octets(value.value()));
  }
}

const conversions = {
  integer: (value) => new bson.Int32(Number(value)),
  real: (value) => new bson.Double(value),
  octets: (value) => new bson.Binary(value),
  map: (pairs) => new Map(pairs),
  kind: (name, inner) => {
    if (name === "int64") return bson.Long.fromBigInt(BigInt(inner.i));
    if (name === "datetime") return new Date(Number(inner.i));
    if (name === "decimal128") return bson.Decimal128.fromString(inner);
    return new bson.Binary(Buffer.from(inner.b, "hex"), Number(name.split(" ")[1]));
  },
};

const exact = (data) => bson.deserialize(data, { promoteValues: false, promoteBuffers: false });

exports.open = () => ({
  read: (data) => tree(exact(data), other),
  write: (tree) => bson.serialize(untree(tree, conversions)),
  modes: [
    { decode: (data) => bson.deserialize(data), encode: (value) => bson.serialize(value) },
    { decode: exact, encode: (value) => bson.serialize(value) },
  ],
});
