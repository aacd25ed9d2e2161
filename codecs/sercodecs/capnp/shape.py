"""What a schema says of the messages of Cap'n Proto: how deep they are, and where they hold nothing."""

from serschema.model import Enum, Field, List, Map, Record, Schema, Type, Union

MOST_DIGITS = 18
"""Of decimals that are Int64."""
MOST_EMPTY = 4096
"""Records without fields in a list, which take no word."""


def is_nothing(type_: Type, schema: Schema) -> bool:
    """Whether a type is a record without fields."""
    kind = schema.resolve(type_)
    return isinstance(kind, Record) and not kind.fields


def members(type: Enum | Union | Record) -> tuple[Field, ...]:
    match type:
        case Enum():
            return ()
        case Union():
            return type.alternatives
        case Record():
            return type.fields


def containers(type_: Type, schema: Schema) -> int:
    """How many lists and entries stand inside one another in a type."""
    match type_:
        case List(item=item):
            return 1 + containers(item, schema)
        case Map(value=value):
            return 2 + containers(value, schema)
        case _:
            return 0


def holds_nothing(type_: Type, schema: Schema) -> bool:
    """Whether there is a list of empty structs in a type."""
    match type_:
        case List(item=item):
            return is_nothing(item, schema) or holds_nothing(item, schema)
        case Map(value=value):
            return holds_nothing(value, schema)
        case _:
            return False
