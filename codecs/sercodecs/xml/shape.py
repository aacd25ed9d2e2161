"""Which elements and attributes a schema becomes."""

from serschema.model import Field, List, Map, Record, Schema, Type, Union


def is_scalar(type_: Type, schema: Schema) -> bool:
    return not isinstance(schema.resolve(type_), List | Map | Union | Record)


def is_attribute(field: Field, schema: Schema) -> bool:
    """Whether the field is an attribute in attribute style."""
    return is_scalar(field.type, schema) and field.name != "xmlns"


def members(type_: Union | Record) -> tuple[Field, ...]:
    return type_.alternatives if isinstance(type_, Union) else type_.fields


def held(member: Field, owner: Union | Record) -> Type:
    """What one element of the member holds: an item, where a list is its element repeated."""
    if isinstance(owner, Record) and isinstance(member.type, List) and not member.optional:
        return member.type.item
    return member.type
