"""What is to be measured, as plain data: data sets x codecs, and how.

A `Plan` says nothing about who does the work. Its hash covers what is measured (schemas, data, codecs, options) and not
for how long, so that a run can be resumed with more time.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Literal

from sercodecs import registry
from sercodecs.contract import CodecInfo
from serschema.errors import SerError
from serschema.jsonform import schema_to_json, to_json
from serschema.model import Path, Schema, Value
from serschema.values import information, leaves

from serbench.results import OPERATIONS, Operation

MEMORY_SHARE = 0.04
PROCESSES = 12
PRECISION = 0.01
MOST_TIMED = 64
TIMED_BYTES = 1 << 20
"""At most so many messages, and about so many octets of information, are handled by one timed call."""

LARGE_LEAVES = 16
"""From so many leaves on, reading one of them without the others is worth a measurement."""

ONE_CODEC = (
    "--counter instructions follows one codec over time: name it with --codec. It cannot rank codecs: a nanosecond is "
    "10 to 15 instructions, for each codec another number, and valgrind has no AVX-512 (METHODOLOGY.md, Instructions)"
)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """For how long, and how exactly, a plan is measured: fields of `Plan`."""

    budget_s: float = 120.0
    processes: int = PROCESSES
    precision: float = PRECISION


EFFORTS = {
    "quick": Effort(budget_s=20.0, processes=5, precision=0.05),
    "usual": Effort(),
    "peers": Effort(budget_s=300.0),
    "thorough": Effort(budget_s=1800.0, processes=24, precision=0.003),
}


@dataclass(frozen=True, kw_only=True)
class Data:
    """A data set: messages of one schema. `source` is `shared` or the data file's name; `name` is unique in a plan.

    At most `most_timed` of the messages are timed. Data sets of one `family` are the same messages in several sizes.
    """

    name: str
    source: str
    schema: Schema
    messages: list[Value]
    description: str = ""
    most_timed: int = MOST_TIMED
    family: str = ""

    def __post_init__(self) -> None:
        if not self.messages:
            raise SerError(f"data set {self.name}: holds no message")

    @cached_property
    def information(self) -> list[int]:
        """The octets of information in each message."""
        return [information(message, self.schema) for message in self.messages]

    @cached_property
    def timed_numbers(self) -> list[int]:
        """Which messages are timed: all, or an even choice of them, so that one call does not take for ever."""
        usual = max(1, sum(self.information) // len(self.messages))
        count = min(len(self.messages), self.most_timed, max(1, TIMED_BYTES // usual))
        return [i * len(self.messages) // count for i in range(count)]

    @cached_property
    def sha256(self) -> str:
        """A hash of the schema and the messages, whatever they are called."""
        digest = hashlib.sha256(_canonical(schema_to_json(self.schema)))
        for message in self.messages:
            digest.update(_canonical(to_json(message, self.schema)))
        return digest.hexdigest()

    @property
    def timed(self) -> list[Value]:
        """The messages that are timed."""
        return [self.messages[number] for number in self.timed_numbers]

    @cached_property
    def leaf(self) -> Path:
        """The leaf that `access` reads: the last that all timed messages have; empty if one has too few leaves."""
        held = [[path for path, _ in leaves(message, self.schema)] for message in self.timed]
        if min(map(len, held)) < LARGE_LEAVES:
            return ()
        common = set(held[0]).intersection(*held[1:])
        return next((path for path in reversed(held[0]) if path in common), ())

    @property
    def largest(self) -> Value:
        """The message with most information, or the first of them."""
        return self.messages[self.information.index(max(self.information))]

    @property
    def streamable(self) -> bool:
        """Whether there are several messages, as a stream has."""
        return len(self.messages) > 1


@dataclass(frozen=True, kw_only=True)
class Plan(Effort):
    """Which cells, and how they are measured.

    `budget_s` bounds the run's wall time, start-up of workers included; it is exceeded where one call of everything
    takes longer. `memory_share` is the part of it in which imports and memory are measured; 0 leaves them out.
    `processes` measure a block, where the budget allows; up to twice as many where a codec's ratio to the fastest is
    not known to `precision`, a share of it.
    With `counter` instructions are counted in place of time and memory, of one codec.
    `modules` are importable modules with `CODECS` besides those of the registry; they are asked first.
    `peers` are implementations in other languages (`json/node`, see `serbench.peers`), measured beside the codecs.
    """

    data: tuple[Data, ...]
    codecs: tuple[str, ...]
    peers: tuple[str, ...] = ()
    seed: int = 1
    operations: tuple[Operation, ...] = OPERATIONS
    memory_share: float = MEMORY_SHARE
    modules: tuple[str, ...] = ()
    counter: Literal["", "instructions"] = ""

    def __post_init__(self) -> None:
        for what, names in (("data set", [data.name for data in self.data]), ("codec", self.codecs + self.peers)):
            if not names:
                raise SerError(f"a plan needs a {what}")
            if len(set(names)) < len(names):
                raise SerError(f"a {what} is in the plan twice: {max(names, key=list(names).count)}")
        if self.counter and len(self.codecs + self.peers) > 1:
            raise SerError(ONE_CODEC)
        if self.counter and self.peers:
            raise SerError(
                "--counter instructions counts those of codecs: peers time themselves, in their own processes"
            )

    def infos(self) -> tuple[CodecInfo, ...]:
        """The codecs of the plan; raises `registry.UnknownCodec`."""
        return lookup(self.codecs, self.modules)

    def sha256(self) -> str:
        """A hash of what is measured: schemas, data, codec ids and options, but not for how long nor how exactly."""
        digest = hashlib.sha256()
        for data in self.data:
            digest.update(_canonical([data.name, data.source, schema_to_json(data.schema), data.most_timed]))
            for message in data.messages:
                digest.update(_canonical(to_json(message, data.schema)))
        digest.update(_canonical([self.codecs, self.seed, self.operations, self.modules, self.counter]))
        if self.peers:
            digest.update(_canonical(self.peers))
        return digest.hexdigest()


def _canonical(plain: object) -> bytes:
    return json.dumps(plain, sort_keys=True).encode() + b"\n"


def lookup(ids: Iterable[str], modules: Iterable[str] = ()) -> tuple[CodecInfo, ...]:
    """The codecs of these ids, from the extra modules or else from the registry."""
    extra = {info.id: info for module in modules for info in import_module(module).CODECS}
    return tuple(info for id in ids for info in ([extra[id]] if id in extra else registry.find([id])))
