"""The Arrow type that a schema becomes, and what neither format carries."""

from typing import Any, assert_never

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.contract import UnsupportedSchema


def columns(schema: Schema, codec: str, *, parquet: bool = False) -> Any:
    """The `pyarrow.Schema` of a schema, of a stream or of a file of Parquet.

    Parquet has no struct without fields, and lists of one length only where the reader makes them of others, in which
    it pads absent ones to their length, however many there are.
    """
    return _Types(schema, codec, parquet).columns()


class _Types:
    def __init__(self, schema: Schema, codec: str, parquet: bool) -> None:
        self.schema = schema
        self.codec = codec
        self.parquet = parquet
        self.recursive = schema.recursive()

    def columns(self) -> Any:
        import pyarrow

        self.type(Ref(self.schema.root), "$")
        return pyarrow.schema(self.children(self.schema.record, "$"))

    def unsupported(self, kind: str, path: str, reason: str) -> UnsupportedSchema:
        return UnsupportedSchema(self.codec, kind, path, reason)

    def children(self, owner: Record | Union, path: str) -> list[Any]:
        members = owner.fields if isinstance(owner, Record) else owner.alternatives
        return [
            self.child(member.key, member.type, f"{path}.{member.key}", member.optional or isinstance(owner, Union))
            for member in members
        ]

    def child(self, name: str, type_: Type, path: str, nullable: bool = False) -> Any:
        import pyarrow

        return pyarrow.field(name, self.type(type_, path), nullable=nullable)

    def type(self, type_: Type, path: str) -> Any:
        import pyarrow

        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return pyarrow.bool_()
            case Int(bits, signed):
                return getattr(pyarrow, f"{'' if signed else 'u'}int{bits}")()
            case Float(bits):
                return getattr(pyarrow, f"float{bits}")()
            case String() | Enum():
                return pyarrow.string()
            case Bytes():
                return pyarrow.binary(fixed_length(kind) or -1)
            case Timestamp():
                return pyarrow.timestamp("us", "UTC")
            case Uuid():
                return pyarrow.binary(16)
            case Decimal(precision, scale):
                if precision > 76:
                    raise self.unsupported(f"decimals of {precision} digits", path, "decimal256 holds 76")
                return (pyarrow.decimal128 if precision <= 38 else pyarrow.decimal256)(precision, scale)
            case List(item=item):
                if self.is_empty(item):
                    raise self.unsupported("a list of empty records", path, "nothing in the data bears its length out")
                length = None if self.parquet else fixed_length(kind)
                return pyarrow.list_(self.child("item", item, f"{path}[]"), length or -1)
            case Map(key=key, value=value):
                of_values = self.child("value", value, f"{path}[]")
                return pyarrow.map_(self.type(key, f"{path}{{key}}"), of_values)
            case Union() | Record():
                if kind.name in self.recursive:
                    raise self.unsupported(f"{kind.name} inside itself", path, "a type in Arrow is a finite tree")
                if self.parquet and self.is_empty(type_):
                    raise self.unsupported("an empty record", path, "a group has at least one field")
                return pyarrow.struct(self.children(kind, path))
            case _:
                assert_never(kind)

    def is_empty(self, type_: Type) -> bool:
        """Whether a value may take no octets at all: that validity bits are left out is always allowed."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() if length := fixed_length(kind):
                return length > 0 and self.is_empty(kind.item)
            case Union(alternatives=members) | Record(fields=members):
                return kind.name not in self.recursive and all(self.is_empty(member.type) for member in members)
            case _:
                return False
