"""What a user hands to the command line: durations, schemas, data files. Every error says where, and what to do."""

import math
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

from serschema import data, shared
from serschema.errors import SerError
from serschema.generate import generate
from serschema.load import load_schema
from serschema.load.infer import infer
from serschema.model import Schema, Value

from serbench.plan import Data

GENERATED = 10
"""How many messages are made up for a schema that comes without data."""

SCALE = (1, 10, 100, 1000)
"""The numbers of records of a family that is made; of messages by size there are at most as many groups."""
SCALE_RATIO = 2
"""Neighbouring sizes are so many times as large at least."""

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(s|m|h|)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?|\.\d+) ?%")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class BadInput(SerError):
    """Something the user gave that cannot be used."""


def duration(text: str) -> float:
    """Seconds of `90`, `90s`, `2m` or `1h`."""
    match = _DURATION.fullmatch(text.strip())
    if not match or not float(match[1]):
        raise BadInput(f"{text!r} is not a duration: write 90, 90s, 2m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


def share(text: str) -> float:
    """The share that `1%` or `0.3 %` is."""
    match = _PERCENT.fullmatch(text.strip())
    if not match or not 0 < float(match[1]) < 100:
        raise BadInput(f"{text!r} is not a percentage: write 1% or 0.3%")
    return float(match[1]) / 100


def schema(spec: str) -> Schema:
    """The schema of a shared name, or of a path with or without a type."""
    return shared.load(spec).schema if spec in shared.NAMES else _file_schema(spec)


def noted(spec: str, held: Schema) -> list[str]:
    """What the importer of the schema changed or ignored, to be told."""
    return [f"{spec}: {note}" for note in held.notes]


def _file_schema(spec: str) -> Schema:
    if not re.search(r"[./:\\]", spec):
        shared.load(spec)  # raises, and knows which names are near
    return load_schema(spec)


def data_sets(
    specs: Sequence[str], files: Sequence[str], records: int | None, seed: int, sample: int
) -> tuple[tuple[Data, ...], list[str]]:
    """The data sets of `--schema` and `--data`, and notes on what was done that was not asked for.

    Data without a schema has one inferred. Every message of the files is checked; at most `sample` are taken.
    """
    if files:
        if len(specs) > 1:
            raise BadInput("--data goes with one --schema, which its messages are of, or with none")
        if records is not None:
            raise BadInput("--records is for generated data; with --data the file says how many messages there are")
        return _with_files(specs, files, seed, sample)
    notes: list[str] = []
    return tuple(_without_file(spec, records, seed, notes) for spec in specs or shared.NAMES), notes


def families(sets: Sequence[Data]) -> tuple[tuple[Data, ...], list[str]]:
    """A family in place of each data set that can have one, and notes on those that are left out.

    Raises `BadInput` if none can.
    """
    found: list[Data] = []
    notes: list[str] = []
    for held in sets:
        try:
            found += _family(held)
        except BadInput as error:
            notes.append(str(error))
    if not found:
        raise BadInput(notes[0])
    return tuple(found), notes


def _family(held: Data) -> tuple[Data, ...]:
    """The data set in several sizes: made with more and more records if it can be, or else its messages by size."""
    if held.source == "shared" and shared.load(held.name).scalable:
        return tuple(
            replace(held, name=f"{held.name}, {records:,} records", messages=messages, family=held.name)
            for records in SCALE
            if (messages := shared.load(held.name, records).values)
        )
    sizes = held.information
    least, most = max(1, min(sizes)), max(sizes)
    if most < SCALE_RATIO * least:
        raise BadInput(f"--scale needs messages of different size: those of {held.name} have {least} to {most} bytes")
    steps = min(len(SCALE), int(math.log(most / least, SCALE_RATIO)) + 1)
    groups: dict[int, list[int]] = defaultdict(list)
    for number, size in enumerate(sizes):
        groups[min(steps - 1, int(steps * math.log(max(1, size) / least) / math.log(most / least)))].append(number)
    return tuple(
        replace(
            held,
            name=f"{held.name}, {min(sizes[n] for n in numbers):,} to {max(sizes[n] for n in numbers):,} bytes",
            messages=[held.messages[number] for number in numbers],
            family=held.name,
        )
        for _, numbers in sorted(groups.items())
    )


def _with_files(
    specs: Sequence[str], files: Sequence[str], seed: int, sample: int
) -> tuple[tuple[Data, ...], list[str]]:
    source = " ".join("standard input" if file == "-" else Path(file).name for file in files)
    if specs:
        held = schema(specs[0])
        notes = noted(specs[0], held)
        name, places = _name(specs[0]), data.read(files, held, proto_defaults=_is_proto(specs[0]))
    else:
        inferred = infer(files)
        held, notes = inferred.schema, [f"inferred: {note}" for note in inferred.schema.notes]
        name, places = held.root, inferred.read(files)
    messages, count = _reservoir((value for _, value in places), sample, seed)
    if count > len(messages):
        notes.append(
            f"{len(messages):,} of {count:,} messages are measured, chosen at random with seed {seed}: --sample"
        )
        source += f", {len(messages):,} of {count:,} messages"
    return (Data(name=name, source=source, schema=held, messages=messages, description=_title(held)),), notes


def _is_proto(spec: str) -> bool:
    return ".proto" in Path(spec).name


def _reservoir(values: Iterator[Value], size: int, seed: int) -> tuple[list[Value], int]:
    """At most `size` of the values, each with the same chance, in their order, and how many there were.

    Vitter, "Random sampling with a reservoir" (ACM TOMS 11(1), 1985), algorithm R.
    """
    chance = random.Random(seed)
    kept: list[tuple[int, Value]] = []
    count = 0
    for value in values:
        if count < size:
            kept.append((count, value))
        elif (place := chance.randrange(count + 1)) < size:
            kept[place] = (count, value)
        count += 1
    return [value for _, value in sorted(kept, key=itemgetter(0))], count


def _without_file(spec: str, records: int | None, seed: int, notes: list[str]) -> Data:
    if spec in shared.NAMES:
        held = shared.load(spec, records)
        if records is not None and not held.scalable:
            notes.append(f"{spec} has fixed data: --records does not change it")
        return Data(name=spec, source="shared", schema=held.schema, messages=held.values, description=held.title)
    made = _file_schema(spec)
    notes += noted(spec, made)
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
