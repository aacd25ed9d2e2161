"""What fields, oneofs and symbols are called in a descriptor.

For octets this does not matter, and each is called by what makes it unique, so that no name is a keyword, a method or
another's JSON name. In JSON and text they are called as in the .proto file that `serschema.idl.proto` writes.
"""

import keyword
from abc import ABC, abstractmethod

from serschema.idl.names import lower_camel
from serschema.idl.proto import MemberNames, entry_name, member_names, symbol_names
from serschema.model import Enum, Field, List, Map, Record, Schema, Union


class Names(ABC):
    """`owner` is the record or union that a member is of, by name; "" is a message that stands for a list or map."""

    @abstractmethod
    def field(self, owner: str, member: Field) -> str: ...

    @abstractmethod
    def json(self, owner: str, member: Field) -> str: ...

    @abstractmethod
    def oneof(self, owner: str, field: Field | None) -> str:
        """The oneof of a field that holds a union, or of the message that is one."""

    @abstractmethod
    def entry(self, owner: str, member: Field) -> str:
        """The message that an entry of a map is."""

    @abstractmethod
    def symbol(self, enum: Enum, place: int, number: int) -> str:
        """The symbol of a number; 0 may have none. `place` is unique among all enums' symbols."""

    @abstractmethod
    def item(self, kind: List | Map) -> Field:
        """The field of a message that stands for a list or a map."""


class Numbered(Names):
    def field(self, owner: str, member: Field) -> str:
        return f"{member.name}_{member.number}"

    def json(self, owner: str, member: Field) -> str:
        return self.field(owner, member)

    def oneof(self, owner: str, field: Field | None) -> str:
        return f"_oneof_{field.number if field else 0}"

    def entry(self, owner: str, member: Field) -> str:
        return f"Entry{member.number}"

    def symbol(self, enum: Enum, place: int, number: int) -> str:
        return f"_symbol_{place}"

    def item(self, kind: List | Map) -> Field:
        return Field("item", 1, kind)


class Spoken(Names):
    def __init__(self, schema: Schema) -> None:
        self.members = {
            type.name: member_names(type, schema) for type in schema.types if isinstance(type, Record | Union)
        }
        self.inlined = {
            union.name: self.members[record.name]
            for record in schema.types
            if isinstance(record, Record)
            for field in record.fields
            if field.name in self.members[record.name].choices
            and isinstance(union := schema.resolve(field.type), Union)
        }
        self.symbols = symbol_names(schema)

    def _of(self, owner: str) -> MemberNames:
        return self.inlined.get(owner) or self.members[owner]

    def field(self, owner: str, member: Field) -> str:
        return self._of(owner).names[member.name] if owner else member.name

    def json(self, owner: str, member: Field) -> str:
        name = self.field(owner, member)
        return self._of(owner).json_names.get(member.name, lower_camel(name)) if owner else name

    def oneof(self, owner: str, field: Field | None) -> str:
        names = self.members[owner]
        return names.choices[field.name] if field else names.choices[""]

    def entry(self, owner: str, member: Field) -> str:
        return entry_name(self.field(owner, member))

    def symbol(self, enum: Enum, place: int, number: int) -> str:
        symbol = next((symbol for symbol, held in enum.symbols if held == number), None)
        return self.symbols[enum.name, symbol] if symbol is not None else f"_symbol_{place}"

    def item(self, kind: List | Map) -> Field:
        return Field("items" if isinstance(kind, List) else "entries", 1, kind)


def reach(message: str, name: str) -> str:
    """The expression of a message's field."""
    return f"getattr({message}, {name!r})" if keyword.iskeyword(name) else f"{message}.{name}"


def assignment(target: str, value: str) -> str:
    """The statement that sets what `reach` gave."""
    if target.startswith("getattr("):
        return f"setattr({target.removeprefix('getattr(').removesuffix(')')}, {value})"
    return f"{target} = {value}"
