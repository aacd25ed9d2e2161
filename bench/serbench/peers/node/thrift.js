// Thrift by Apache's library: any struct, field by field. It has no objects without code generated from an IDL, so that
// it is not timed.
"use strict";

const thrift = require("thrift");
const Int64 = require("node-int64");
const { fromReal, integer, kind, library, octets, real } = require("./trees");

const { Type } = thrift.Thrift;

const NAMES = {
  [Type.BOOL]: "bool",
  [Type.BYTE]: "i8",
  [Type.DOUBLE]: "double",
  [Type.I16]: "i16",
  [Type.I32]: "i32",
  [Type.I64]: "i64",
  [Type.STRING]: "string",
  [Type.STRUCT]: "struct",
  [Type.MAP]: "map",
  [Type.LIST]: "list",
};
const TYPES = Object.fromEntries(Object.entries(NAMES).map(([type, name]) => [name, Number(type)]));

const READ = {
  bool: (from) => from.readBool(),
  i8: (from) => integer(from.readByte()),
  i16: (from) => integer(from.readI16()),
  i32: (from) => integer(from.readI32()),
  i64: (from) => integer(BigInt.asIntN(64, BigInt(`0x${from.readI64().toOctetString()}`))),
  double: (from) => real(from.readDouble()),
  string: (from) => octets(from.readBinary()),
  struct: (from) => {
    const pairs = [];
    from.readStructBegin();
    for (;;) {
      const { ftype, fid } = from.readFieldBegin();
      if (ftype === Type.STOP) break;
      const name = NAMES[ftype];
      pairs.push([integer(fid), kind(name, READ[name](from))]);
      from.readFieldEnd();
    }
    from.readStructEnd();
    return { m: pairs };
  },
  list: (from) => {
    const { etype, size } = from.readListBegin();
    const items = Array.from({ length: size }, () => READ[NAMES[etype]](from));
    from.readListEnd();
    return kind(NAMES[etype], items);
  },
  map: (from) => {
    const { ktype, vtype, size } = from.readMapBegin();
    const pairs = Array.from({ length: size }, () => [READ[NAMES[ktype]](from), READ[NAMES[vtype]](from)]);
    from.readMapEnd();
    return kind(ktype in NAMES ? `${NAMES[ktype]} ${NAMES[vtype]}` : "", { m: pairs });
  },
};

const WRITE = {
  bool: (to, tree) => to.writeBool(tree),
  i8: (to, tree) => to.writeByte(Number(tree.i)),
  i16: (to, tree) => to.writeI16(Number(tree.i)),
  i32: (to, tree) => to.writeI32(Number(tree.i)),
  i64: (to, tree) => to.writeI64(new Int64(BigInt.asUintN(64, BigInt(tree.i)).toString(16).padStart(16, "0"))),
  double: (to, tree) => to.writeDouble(fromReal(tree.f)),
  string: (to, tree) => to.writeBinary(Buffer.from(tree.b, "hex")),
  struct: (to, tree) => {
    to.writeStructBegin("");
    for (const [{ i: number }, { x: [name, inner] }] of tree.m) {
      to.writeFieldBegin("", TYPES[name], Number(number));
      WRITE[name](to, inner);
      to.writeFieldEnd();
    }
    to.writeFieldStop();
    to.writeStructEnd();
  },
  list: (to, { x: [name, items] }) => {
    to.writeListBegin(TYPES[name], items.length);
    for (const item of items) WRITE[name](to, item);
    to.writeListEnd();
  },
  map: (to, { x: [names, { m: pairs }] }) => {
    const [key, value] = names.split(" ");
    to.writeMapBegin(TYPES[key] || 0, TYPES[value] || 0, pairs.length);
    for (const pair of pairs) {
      WRITE[key](to, pair[0]);
      WRITE[value](to, pair[1]);
    }
    to.writeMapEnd();
  },
};

const format = (Protocol) => ({
  library: library("thrift"),
  open: () => ({
    read: (data) => READ.struct(new Protocol(new thrift.TFramedTransport(data))),
    write: (tree) => {
      const parts = [];
      const transport = new thrift.TBufferedTransport(null, (data) => parts.push(Buffer.from(data)));
      WRITE.struct(new Protocol(transport), tree);
      transport.flush();
      return Buffer.concat(parts);
    },
  }),
});

exports.binary = format(thrift.TBinaryProtocol);
exports.compact = format(thrift.TCompactProtocol);
