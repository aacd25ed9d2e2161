"""Between a value and what `pyarrow.array` takes and `to_pylist` gives: generated, one function per type that differs.

What goes in needs little: an absent field may be a missing key and a map a dict. What comes out has None for each
optional field or alternative that is not there, and maps as pairs.
"""

from datetime import UTC
from typing import Any, assert_never

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    Kind,
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
    Value,
)

from sercodecs.contract import DecodeError, EncodeError
from sercodecs.quick import uuid_of
from sercodecs.source import Source
from sercodecs.tree import Rules, conversions

OUTWARDS = Rules(values={Uuid: "{}.bytes"})


class Rows:
    """What stands between the values of a schema and record batches of its columns; `source` is what was generated."""

    def __init__(self, schema: Schema, columns: Any) -> None:
        import pyarrow

        self._type = pyarrow.struct(list(columns))
        out = conversions(schema, f"arrow {schema.root}", OUTWARDS, Rules(values={}))
        source = Source(f"arrow {schema.root}")
        source.globals |= {"UTC": UTC, "uuid_of": uuid_of, "choose": _choose}
        root = _Reader(schema, source).generate()
        self._to_row = out.to_native
        self._from_row = source.build(root)[0] if root else None
        self.source = "\n".join(filter(None, (out.source, source.text() if root else "")))

    def batch(self, values: list[Value]) -> Any:
        import pyarrow

        to_row = self._to_row
        array = pyarrow.array([to_row(value) for value in values] if to_row else values, self._type)
        if array.null_count:
            raise EncodeError("$", "None is no record")
        return pyarrow.RecordBatch.from_struct_array(array)

    def values(self, batch: Any) -> list[Value]:
        """The values in a batch, or in a table, of which the library answers the same."""
        rows: list[Value] = batch.to_struct_array().to_pylist()
        from_row = self._from_row
        return [from_row(row) for row in rows] if from_row else rows


def leaf(kind: Kind, item: Any) -> Value:
    """The value of a scalar."""
    match kind:
        case Timestamp():
            return item.replace(tzinfo=UTC)
        case Uuid():
            return uuid_of(item)
        case _:
            return item


def _choose(children: dict[str, Any]) -> dict[str, Any]:
    chosen = [key for key, item in children.items() if item is not None]
    if len(chosen) != 1:
        raise DecodeError(f"{len(chosen)} alternatives of a union")
    return {chosen[0]: children[chosen[0]]}


class _Reader:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source

    def generate(self) -> str:
        """Write the functions of the types that differ; the name of the root's, or nothing."""
        for type_ in self.schema.types:
            if isinstance(type_, (Record, Union)) and self.differs(Ref(type_.name)):
                with self.source.function(f"from_{type_.name}(row)"):
                    self.members(type_)
        return f"from_{self.schema.root}" if self.differs(Ref(self.schema.root)) else ""

    def differs(self, type_: Type) -> bool:
        kind = self.schema.resolve(type_)
        match kind:
            case Timestamp() | Uuid() | Map() | Union():
                return True
            case List():
                return self.differs(kind.item)
            case Record():
                return any(member.optional or self.differs(member.type) for member in kind.fields)
            case Bool() | Int() | Float() | String() | Bytes() | Enum() | Decimal():
                return False
            case _:
                assert_never(kind)

    def members(self, kind: Record | Union) -> None:
        if isinstance(kind, Union):
            self.source.line("row = choose(row)")
        members = kind.fields if isinstance(kind, Record) else kind.alternatives
        for member in members:
            key = repr(member.key)
            if isinstance(kind, Union):
                if self.differs(member.type):
                    with self.source.block(f"if {key} in row"):
                        self.source.line(f"row[{key}] = {self.expression(member.type, f'row[{key}]')}")
            elif member.optional:
                with self.source.block(f"if row[{key}] is None"):
                    self.source.line(f"del row[{key}]")
                if self.differs(member.type):
                    with self.source.block("else"):
                        self.source.line(f"row[{key}] = {self.expression(member.type, f'row[{key}]')}")
            elif self.differs(member.type):
                self.source.line(f"row[{key}] = {self.expression(member.type, f'row[{key}]')}")
        self.source.line("return row")

    def expression(self, type_: Type, operand: str) -> str:
        kind = self.schema.resolve(type_)
        if not self.differs(type_):
            return operand
        match kind:
            case Timestamp():
                return f"{operand}.replace(tzinfo=UTC)"
            case Uuid():
                return f"uuid_of({operand})"
            case List():
                item = self.source.fresh("item")
                return f"[{self.expression(kind.item, item)} for {item} in {operand}]"
            case Map():
                if not self.differs(kind.value):
                    return f"dict({operand})"
                key, item = self.source.fresh("key"), self.source.fresh("item")
                return f"{{{key}: {self.expression(kind.value, item)} for {key}, {item} in {operand}}}"
            case Union() | Record():
                return f"from_{kind.name}({operand})"
            case Bool() | Int() | Float() | String() | Bytes() | Enum() | Decimal():
                raise AssertionError("the same in both")
            case _:
                assert_never(kind)
