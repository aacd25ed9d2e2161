"""Importers: one module for each schema language, each with `load(path, *, message, include) -> Schema`."""

import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from serschema.errors import SchemaError
from serschema.model import Schema

IMPORTERS = {
    ".proto": "proto",
    ".avsc": "avro",
    ".json": "jsonschema",
    ".py": "python",
    ".asn": "asn1",
    ".asn1": "asn1",
    ".thrift": "thrift",
    ".xsd": "xsd",
}
"""The module of this package that reads files of a suffix."""

MODULE_AND_TYPE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def load_schema(spec: str, include: Sequence[Path] = ()) -> Schema:
    """The schema of `person.proto`, or of one type in it: `person.proto:Person`; or of a type of Python: `module:Type`.

    Raises `SchemaError`.
    """
    path, message = spec, ""
    if Path(path).suffix not in IMPORTERS:
        path, _, message = spec.rpartition(":")
    suffix = Path(path).suffix
    if suffix not in IMPORTERS and MODULE_AND_TYPE.fullmatch(spec):
        from serschema.load.python import load_module

        return load_module(spec)
    if suffix not in IMPORTERS:
        known = ", ".join(f"FILE{suffix} or FILE{suffix}:TYPE" for suffix in IMPORTERS)
        raise SchemaError(f"{spec!r} is not a schema that serbench reads: {known}, MODULE:TYPE")
    schema = import_module(f"serschema.load.{IMPORTERS[suffix]}").load(Path(path), message=message, include=include)
    assert isinstance(schema, Schema)
    return schema
