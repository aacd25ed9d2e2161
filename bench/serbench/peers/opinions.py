"""Python as its own second opinion: wherever two libraries implement one format, each reads what the others write.

Groups are made of the formats of codecs, apart where their octets differ on purpose (`WIRES`): fields by position, keys
that are numbers, members that are attributes. A format that is part of another (`PARTS`) has its writers in the group
of that one too. Everything runs in a worker: a pair that ends it, or is silent, has failed, and the others go on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sercodecs import registry
from sercodecs.contract import CodecInfo
from serschema.jsonform import schema_to_json, to_json

from serbench.client import Worker, one_by_one
from serbench.frames import WorkerFailed
from serbench.plan import Data
from serbench.results import Asked

PYTHON = "python"
"""What the language is called that is its own second opinion."""

WIRES = {
    "msgpack/msgpack-positional": "positional",
    "msgpack/msgspec-array": "positional",
    "cbor/cbor2-labels": "numbers for keys",
    "xml/lxml-attributes": "attributes",
    "xml/stdlib-attributes": "attributes",
    "fory-xlang/pyfory-consistent": "consistent",
    **{f"pickle/{protocol}": f"protocol {protocol}" for protocol in range(6)},
}
"""Codecs whose octets are others than the usual ones of their format, and how they differ."""

PARTS = {"asn1-der": "asn1-ber", "asn1-cer": "asn1-ber", "cbor-canonical": "cbor"}
"""Formats whose octets are octets of another: DER and CER of BER (X.690, 9 and 10), deterministic CBOR of CBOR."""


@dataclass(frozen=True)
class Group:
    """Implementations that understand one another: each of the readers is asked about each of the writers."""

    readers: tuple[CodecInfo, ...]
    writers: tuple[CodecInfo, ...]

    @property
    def pairs(self) -> list[tuple[CodecInfo, CodecInfo]]:
        """Writer and reader."""
        return [(writer, reader) for writer in self.writers for reader in self.readers if writer.id != reader.id]


def wire(codec: str) -> str:
    """What the octets of a codec are, in words: its format, and how they are others than usual."""
    format = codec.partition("/")[0]
    return f"{format}, {WIRES[codec]}" if codec in WIRES else format


def chosen(codecs: Sequence[str] = ()) -> list[Group]:
    """The groups of all codecs, or the pairs in which one of those named is, by id or format."""
    infos = registry.codecs()
    groups = []
    for name, of_wire in groupby(sorted(infos, key=lambda info: wire(info.id)), lambda info: wire(info.id)):
        readers = tuple(of_wire)
        parts = (info for info in infos if PARTS.get(wire(info.id)) == name)
        group = Group(readers, (*readers, *parts))
        if group.pairs and (not codecs or any({info.id, info.format.name} & set(codecs) for info in group.writers)):
            groups.append(group)
    return groups


def ask(
    data_sets: Sequence[Data],
    groups: Sequence[Group],
    note: Callable[[str], None],
    *,
    worker: Callable[[], Worker] = Worker,
) -> list[Asked]:
    """A row for each pair of the groups on each data set; `note` is told how many there are."""
    pairs = [pair for group in groups for pair in group.pairs]
    note(f"{PYTHON}: {len(pairs)} pairs of {len(groups)} formats")
    with worker() as asked:
        return [row for data in data_sets for row in _rows(data, pairs, asked)]


def _rows(data: Data, pairs: Sequence[tuple[CodecInfo, CodecInfo]], worker: Worker) -> Iterator[Asked]:
    case = {
        "schema": schema_to_json(data.schema),
        "messages": [to_json(message, data.schema) for message in data.messages],
    }
    readers = {reader.id: reader for _, reader in pairs}
    names = [(writer.id, reader.id) for writer, reader in pairs]
    for (writer, reader), row in one_by_one(worker, "hear", "pairs", names, **case, modules=[]):
        if isinstance(row, WorkerFailed):
            row = {"codec": reader, "writer": writer, "status": "failed", "reason": str(row)}
        info = readers[reader]
        version = "" if registry.missing(info) else info.version()
        yield Asked(dataset=data.name, language=PYTHON, library=f"{info.distribution} {version}".strip(), **row)
