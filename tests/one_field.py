"""The schema that most tests of a codec need."""

from serschema.model import Field, Record, Schema


def of(type_, *named, optional=False):
    """A schema whose message has one field `v`."""
    return Schema("Message", (Record("Message", (Field("v", 1, type_, optional=optional),)), *named))
