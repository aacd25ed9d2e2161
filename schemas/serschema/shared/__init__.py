"""The shared schemas: what every format is measured with unless the user brings a schema and data.

Each is a folder of its name with `schema.proto`, whose opening comment is its title, and its data, which is either

- `data.json`, a list of messages in the plain-JSON form of `serschema.jsonform`, or
- `data.py` with `VALUES`, a list of messages, or
- `data.py` with `RECORDS` and `generate(records, random)`, which makes messages of that many records in all.

A `data.py` may name the folder whose schema it uses in `SCHEMA`; then its docstring is the title.
"""

import copy
import difflib
import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType

from serschema.errors import SchemaError
from serschema.jsonform import from_json
from serschema.load.proto import load as load_proto
from serschema.model import Schema, Value

NAMES = (
    "employees",
    "employee",
    "integers",
    "numbers",
    "numbers_finite",
    "addressbook",
    "media_content",
    "telemetry",
    "access_log",
    "access_log_text",
    "mesh",
    "order",
    "tree",
)
"""The worked examples of a lecture come first, then what applications exchange."""

SEED = 1

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A shared schema with the messages to measure. `scalable`: their size follows the number of records asked for."""

    name: str
    title: str
    schema: Schema
    values: list[Value]
    scalable: bool


def load(name: str, records: int | None = None, seed: int = SEED) -> Shared:
    """The shared schema of this name; its messages have `records` records in all, if they are made by a generator.

    The same seed gives the same messages. Raises `SchemaError` for an unknown name.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(NAMES)}"
        raise SchemaError(f"no shared schema is called {name!r}; {hint}")
    data = _data(name)
    source = getattr(data, "SCHEMA", name)
    schema = _schema(source)
    title = schema.doc if source == name else str(data.__doc__)
    scalable = hasattr(data, "generate")
    if isinstance(data, list):
        values = [from_json(message, schema) for message in data]
    elif scalable:
        values = data.generate(data.RECORDS if records is None else records, Random(seed))
    else:
        values = copy.deepcopy(data.VALUES)
    return Shared(name=name, title=title.splitlines()[0], schema=schema, values=values, scalable=scalable)


@cache
def _schema(name: str) -> Schema:
    return load_proto(_FOLDER / name / "schema.proto")


def _data(name: str) -> list[Value] | ModuleType:
    file = _FOLDER / name / "data.json"
    if file.exists():
        messages = json.loads(file.read_text(encoding="utf-8"))
        assert isinstance(messages, list)
        return messages
    return import_module(f"serschema.shared.{name}.data")
