"""What a user hands to the command line: durations, schemas, data files. Every error says where, and what to do."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from serschema import shared
from serschema.errors import SchemaError, SerError, ValueMismatch
from serschema.generate import generate
from serschema.jsonform import from_json
from serschema.load import load_schema
from serschema.model import Schema, Value
from serschema.values import check

from serbench.plan import Data

GENERATED = 10
"""How many messages are made up for a schema that comes without data."""

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(s|m|h|)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class BadInput(SerError):
    """Something the user gave that cannot be used."""


def duration(text: str) -> float:
    """Seconds of `90`, `90s`, `2m` or `1h`."""
    match = _DURATION.fullmatch(text.strip())
    if not match or not float(match[1]):
        raise BadInput(f"{text!r} is not a duration: write 90, 90s, 2m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


def schema(spec: str) -> Schema:
    """The schema of a shared name, or of a path with or without a type."""
    return shared.load(spec).schema if spec in shared.NAMES else _file_schema(spec)


def _file_schema(spec: str) -> Schema:
    if not re.search(r"[./:\\]", spec):
        shared.load(spec)  # raises, and knows which names are near
    return load_schema(spec)


def data_sets(
    specs: Sequence[str], file: str | None, records: int | None, seed: int
) -> tuple[tuple[Data, ...], list[str]]:
    """The data sets of `--schema` and `--data`, and notes on what was done that was not asked for."""
    if file is not None:
        if len(specs) != 1:
            raise BadInput("--data needs exactly one --schema, which its messages are of: --schema person.proto")
        if records is not None:
            raise BadInput("--records is for generated data; with --data the file says how many messages there are")
        held = schema(specs[0])
        messages = read_messages(file, held)
        name = "standard input" if file == "-" else Path(file).name
        return (Data(name=_name(specs[0]), source=name, schema=held, messages=messages, description=_title(held)),), []
    notes: list[str] = []
    return tuple(_without_file(spec, records, seed, notes) for spec in specs or shared.NAMES), notes


def _without_file(spec: str, records: int | None, seed: int, notes: list[str]) -> Data:
    if spec in shared.NAMES:
        held = shared.load(spec, records)
        if records is not None and not held.scalable:
            notes.append(f"{spec} has fixed data: --records does not change it")
        return Data(name=spec, source="shared", schema=held.schema, messages=held.values, description=held.title)
    made = _file_schema(spec)
    count = GENERATED if records is None else records
    notes.append(f"{spec}: no --data, so {count} messages were generated with seed {seed}")
    messages = [generate(made, seed + number) for number in range(count)]
    return Data(
        name=_name(spec), source=f"generated, seed {seed}", schema=made, messages=messages, description=_title(made)
    )


def _name(spec: str) -> str:
    """A data set's name: that of the file without its suffix, and of the type."""
    return spec if spec in shared.NAMES else re.sub(r"\.\w+(?=$|:)", "", Path(spec).name)


def _title(held: Schema) -> str:
    return held.doc.partition("\n")[0]


def read_messages(file: str, held: Schema) -> list[Value]:
    """The messages of a file of JSON (one, or a list of them) or JSON Lines, in the form of `serschema.jsonform`.

    `-` is standard input. Each is checked against the schema.
    """
    name = "standard input" if file == "-" else file
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    messages = [_message(plain, held, place) for plain, place in _plain(text, name)]
    if not messages:
        raise BadInput(f"{name}: no message in it: give one JSON object, a list of them, or one object per line")
    return messages


def _message(plain: Any, held: Schema, place: str) -> Value:
    try:
        value = from_json(plain, held)
        check(value, held)
    except (ValueMismatch, SchemaError) as error:
        raise BadInput(f"{place}: {error}") from None
    except RecursionError:
        raise BadInput(f"{place}: nested too deeply") from None
    return value


def _plain(text: str, name: str) -> Iterator[tuple[Any, str]]:
    """Each message's JSON and its place."""
    if _is_lines(text):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield _parse(line, f"{name}:{number}", number), f"{name}:{number}"
        return
    if not text.strip():
        return
    whole = _parse(text, name)
    if isinstance(whole, list):
        yield from ((plain, f"{name}: message {number}") for number, plain in enumerate(whole))
    else:
        yield whole, name


def _is_lines(text: str) -> bool:
    """Whether the first line that is not blank is a JSON object by itself, and there are more."""
    first, _, rest = text.strip().partition("\n")
    if not rest:
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _parse(text: str, name: str, line: int = 0) -> Any:
    try:
        return json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        place = f"{name}: column {error.colno}" if line else f"{name}:{error.lineno}: column {error.colno}"
        raise BadInput(f"{place}: not JSON: {error.msg}") from None
    except RecursionError:
        raise BadInput(f"{name}: nested too deeply") from None
    except ValueError as error:  # what parse_constant and the limit on digits of an integer say
        raise BadInput(f"{name}: not JSON: {str(error).partition(';')[0]}") from None


def _refused(constant: str) -> None:
    raise ValueError(f'{constant} is not in JSON: write "{constant}" in quotes')
