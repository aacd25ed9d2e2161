"""Records as maps by `Field.number`, in place of their keys: the shape of `sercodecs.tree` for formats whose maps may
have integers as keys.

A record is a dict by number, in which an absent optional field has no pair; a union is `{number: value}`.
"""

from serschema.model import Record, Schema, Union

from sercodecs.source import Source
from sercodecs.tree import Conversions, Direction, Outwards, Rules, of_directions


def labelled(schema: Schema, name: str, outwards: Rules, inwards: Rules) -> Conversions:
    """Generate what stands between values of the schema and a library; `name` shows in tracebacks."""
    source = Source(name)
    return of_directions(_Outwards(schema, source, outwards, True), _Inwards(schema, source, inwards, True))


class _Outwards(Outwards):
    def array(self, record: Record) -> None:
        self.source.line("record = {}")
        for member in record.fields:
            if member.optional:
                with self.source.block(f"if (item := value.get({member.key!r})) is not None"):
                    self.source.line(f"record[{member.number}] = {self.expression(member.type, 'item')}")
            else:
                self.assign(f"record[{member.number}]", member.type, f"value[{member.key!r}]")
        self.source.line("return record")

    def indexed(self, union: Union) -> None:
        self.source.line("[(key, item)] = value.items()")
        for member in union.alternatives:
            with self.source.block(f"if key == {member.key!r}"):
                self.source.line(f"return {{{member.number}: {self.expression(member.type, 'item')}}}")
        self.source.line("raise KeyError(key)")


class _Inwards(Direction):
    prefix = "into"

    def array(self, record: Record) -> None:
        self.source.line("record = {}")
        for member in record.fields:
            if member.optional:
                with self.source.block(f"if (item := value.get({member.number})) is not None"):
                    self.source.line(f"record[{member.key!r}] = {self.expression(member.type, 'item')}")
            else:
                self.assign(f"record[{member.key!r}]", member.type, f"value[{member.number}]")
        self.source.line("return record")

    def indexed(self, union: Union) -> None:
        self.source.line("[(number, item)] = value.items()")
        for member in union.alternatives:
            with self.source.block(f"if number == {member.number}"):
                self.source.line(f"return {{{member.key!r}: {self.expression(member.type, 'item')}}}")
        self.source.line("raise KeyError(number)")
