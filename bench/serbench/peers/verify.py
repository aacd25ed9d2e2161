"""Each format of each language on each data set: what the peer sees, and what it writes.

Reading: the peer reads the octets of our codec, and sees the tree that Python's library sees. Writing: it writes that
tree; Python's library sees the same tree in its octets, and our codec decodes them to the value. Where the peer loses
something on writing (`losses.py`), the codec's value, encoded, is what stands in the peer's octets once the losses are
applied to it too. Octets are equal where the format has one encoding of a value.

Of peers whose code is generated for a schema, octets are asked instead: decoded and encoded again, they are the same.
Where such code can tell what it decoded, the answer is {"octets": hex, "seen": what it saw in `serschema.jsonform`},
and that has to be the value too.
"""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sercodecs import registry
from sercodecs.contract import Codec, CodecInfo, UnsupportedSchema
from serschema.errors import SchemaError, SerError, ValueMismatch
from serschema.jsonform import from_json
from serschema.limits import Refused, project
from serschema.model import Value
from serschema.values import first_difference

from serbench.client import Worker
from serbench.frames import Frame, WorkerFailed
from serbench.peers.defects import defect, mistold, variant
from serbench.peers.formats import READERS, Reader
from serbench.peers.languages import LANGUAGES, Language, PeerFailed, PeerMissing, worker
from serbench.peers.losses import Refusal, When, losses
from serbench.peers.trees import Tree, difference, mapped, normal
from serbench.plan import Data
from serbench.results import Asked, Status, Verified
from serbench.verify import HEAD, described

PATIENCE = 3
"""After so many failures of its process in a row, a language is not asked any more."""


WHEN = {"read": "reading", "write": "writing"}


class _Wrong(Exception):
    """What is not as it has to be; the text says what."""


class _Carried(_Wrong):
    """What is said to be lost is not."""


class _Refused(Exception):
    """The peer refuses it; the text says why."""


def peers_named(codecs: Iterable[str]) -> list[str]:
    """Those of the names that are peers, as `msgpack/node`."""
    peers = {f"{format}/{name}" for name, language in LANGUAGES.items() for format in language.formats}
    return [name for name in codecs if name in peers]


def chosen(codecs: Sequence[str], languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The formats to ask each language about: of the codecs and languages that are named, or all.

    A codec may be a format, a codec of ours, which stands for its format, or a peer (`msgpack/node`). Raises
    `registry.UnknownCodec` and `SerError`.
    """
    for language in languages:
        if language not in LANGUAGES:
            raise SerError(f"no peer speaks {language!r}; there are {', '.join(LANGUAGES)}")
    readers = {reader.codec: format for format, reader in READERS.items()}
    ours = registry.find(set(codecs) - set(peers_named(codecs)) - READERS.keys())
    named = {*codecs, *(readers.get(info.id, info.format.name) for info in ours)}
    wanted = {
        name: tuple(format for format in language.formats if not codecs or {format, f"{format}/{name}"} & named)
        for name, language in LANGUAGES.items()
        if name in languages or not languages
    }
    if not any(wanted.values()):
        raise SerError(f"no peer knows {' or '.join(codecs)}; peers know {', '.join(READERS)}")
    return {name: formats for name, formats in wanted.items() if formats}


def verify_peers(
    data_sets: Sequence[Data], peers: Mapping[str, Sequence[str]], note: Callable[[str], None]
) -> list[Verified]:
    """A row for each format of each language on each data set; `note` is told what takes a while."""
    return [
        row
        for name, formats in peers.items()
        for row in verified(
            meet(LANGUAGES[name], formats, note), [(format, data) for format in formats for data in data_sets]
        )
    ]


def ask_peers(
    data_sets: Sequence[Data], peers: Mapping[str, Sequence[str]], note: Callable[[str], None]
) -> list[Asked]:
    """The same as lines of a result file, with the libraries that were asked."""
    found = []
    for name, formats in peers.items():
        met = meet(LANGUAGES[name], formats, note)
        for row in verified(met, [(format, data) for format in formats for data in data_sets]):
            found.append(asked(row, " ".join(met.library(row.codec.partition("/")[0])).strip()))
    return found


def asked(row: Verified, library: str) -> Asked:
    """What came of a peer's round trip, as a line of its own."""
    format, _, language = row.codec.partition("/")
    return Asked(
        dataset=row.dataset,
        codec=row.codec,
        writer=READERS[format].codec,
        language=language,
        library=library,
        status=row.status,
        reason=row.reason,
        losses=row.losses,
        octets="octets" in row.offers,
    )


@dataclass(frozen=True)
class Met:
    """A language's worker, started and with its hello, or why there is none."""

    language: Language
    worker: Worker | None
    status: Status = "ok"
    reason: str = ""

    @property
    def hello(self) -> Frame:
        """What it said of itself, empty if it did not."""
        return self.worker.hello if self.worker else {}

    @property
    def timing(self) -> Frame:
        """What it said of how it times itself: clock, optimisation, objects by format. Empty if it does not."""
        said = self.hello.get("timing")
        return said if isinstance(said, dict) and isinstance(said.get("objects"), dict) else {}

    def library(self, format: str) -> tuple[str, str]:
        """The name and version of what does the work; empty where they are not told."""
        told = str(self.hello.get("formats", {}).get(format, ""))
        name, _, version = told.rpartition(" ")
        return (name, version) if name and any(map(str.isdecimal, version)) else (told, "")


def meet(language: Language, formats: Sequence[str], note: Callable[[str], None]) -> Met:
    """Build a language, if it was not yet, and start it; `note` is told what takes a while, and the formats' libraries.

    What does not start has no hello, and tells why when it is asked.
    """
    try:
        asked = worker(language, note)
    except (PeerMissing, PeerFailed) as error:
        return Met(language, None, "unavailable" if isinstance(error, PeerMissing) else "failed", str(error))
    with contextlib.suppress(WorkerFailed):
        asked.start()
        versions = asked.hello.get("formats", {})
        told = {str(versions[format]) for format in formats if versions.get(format)}
        note(f"{language.name}: {', '.join(sorted(told))}")
    return Met(language, asked)


def verified(met: Met, cells: Iterable[tuple[str, Data]], *, timed: bool = False) -> Iterator[Verified]:
    """A row for each of these formats and data sets; the worker is stopped when there are no more.

    `timed`: they are to be timed, so that code that is compiled for a schema is asked as it will be then.
    """
    failures = 0
    with met.worker or contextlib.nullcontext() as asked:
        for format, data in cells:
            row = Verified(dataset=data.name, codec=f"{format}/{met.language.name}", status="ok")
            if asked is None:
                yield replace(row, status=met.status, reason=met.reason)
            elif reason := asked.hello.get("missing", {}).get(format):
                yield replace(row, status="unavailable", reason=f"missing: {reason}")
            elif failures == PATIENCE:
                yield replace(
                    row, status="failed", reason=f"not asked: {met.language.name} failed {PATIENCE} times running"
                )
            else:
                try:
                    yield _verified(row, format, format in met.language.generated, data, asked, timed)
                    failures = 0
                except WorkerFailed as error:
                    failures += 1
                    yield replace(row, status="failed", reason=str(error))


def _verified(row: Verified, format: str, generated: bool, data: Data, asked: Worker, timed: bool) -> Verified:
    reader = READERS[format]
    (info,) = registry.find([reader.codec])
    if command := registry.missing(info):
        return replace(row, status="unavailable", reason=f"missing: {command}")
    try:
        case = _Case(reader, info, data, row.codec)
    except (UnsupportedSchema, SchemaError, Refused) as error:
        return replace(row, status="unsupported", reason=f"{info.id}: {error}")
    except Exception as error:
        return replace(row, status="failed", reason=f"Python's library does not read {info.id}: {described(error)}")
    needed = {"format": format, "schema": case.schema}
    data_given = [octets.hex() for octets in case.encoded]
    try:
        if generated:
            again = asked.ask("again", data=data_given, timed=timed, **needed)
            case.compare(case.again, _answers(again, len(data_given)))
        else:
            seen = _answers(asked.ask("read", data=data_given, **needed), len(data_given))
            written = _answers(asked.ask("write", trees=case.trees, **needed), len(data_given))
            case.compare(case.both, seen, written)
    except _Wrong as error:
        return replace(row, status="failed", reason=str(error))
    if not case.octets:
        return replace(row, status="unsupported", reason=", ".join(case.losses))
    joined = b"".join(case.octets)
    return replace(
        row,
        status="lossy" if case.losses else "ok",
        losses=dict(case.losses),
        encoded_bytes=[len(octets) for octets in case.octets],
        sha256=hashlib.sha256(joined).hexdigest(),
        head_hex=joined[:HEAD].hex(),
        offers=["octets"] if case.octets == case.encoded else [],
    )


def _answers(answers: Any, count: int) -> list[Any]:
    if not isinstance(answers, list) or len(answers) != count:
        raise WorkerFailed(f"rubbish in place of {count} answers: {str(answers)[:60]}")
    return answers


def _failure(answer: Any) -> str:
    """Why the peer refuses, empty if it does not."""
    return str(answer["failed"]) or "failed" if isinstance(answer, dict) and "failed" in answer else ""


class _Case:
    """The messages of a data set that are ours, and what a peer made of them."""

    def __init__(self, reader: Reader, info: CodecInfo, data: Data, peer: str) -> None:
        self.reader = reader
        self.peer = peer
        self.model = data.schema
        self.codec: Codec = info.compile(data.schema)
        self.values: list[Value] = [project(message, data.schema, info.limits)[0] for message in data.messages]
        self.encoded = [self.codec.encode(message) for message in data.messages]
        self.schema = reader.schema(data.schema)
        self.trees: list[Tree] = [reader.read(octets, self.schema) for octets in self.encoded]
        self.losses: Counter[str] = Counter()
        self.octets: list[bytes] = []

    def lossy(self, tree: Tree, when: When, *, count: bool = True) -> Tree:
        """The tree as the peer keeps it, `normal`. Raises `_Refused`."""
        for loss in losses(self.peer, when):
            changed = 0

            def change(part: Tree) -> Tree:
                nonlocal changed
                made = loss.change(part)  # noqa: B023  called before the next loss
                changed += made != part
                return made

            try:
                tree = mapped(tree, change)
            except Refusal:
                raise _Refused(loss.what) from None
            if changed and count:
                self.losses[f"{WHEN[when]}: {loss.what}"] += changed
        return normal(tree)

    def compare(self, check: Callable[..., bytes | None], *answers: list[Any]) -> None:
        """Check each message with its answers; one that the peer is said not to carry has to come back otherwise."""
        for number, (value, *given) in enumerate(zip(self.values, *answers)):
            known = defect(self.peer, value, self.model)
            before, self.losses = self.losses, Counter()
            try:
                octets = check(number, *given)
                if known:
                    raise _Carried(f"comes back, though the peer is said not to: {known.what}")
            except _Wrong as error:
                if not known or isinstance(error, _Carried):
                    raise _Wrong(f"message {number}: {error}") from error
                octets, self.losses = None, Counter()
                self.losses[f"not carried: {known.what}"] += 1
            self.losses = before + self.losses
            if octets is not None:
                self.octets.append(octets)

    def again(self, number: int, answer: Any) -> bytes:
        """What generated code decoded and encoded again is the value, in our octets if it has one encoding."""
        if failure := _failure(answer):
            raise _Wrong(f"the peer does not read it: {failure}")
        seen = answer.get("seen") if isinstance(answer, dict) else None
        octets = _octets(answer if seen is None else answer.get("octets"))
        if isinstance(seen, str):
            self.said(number, seen)
        elif seen is not None and (told := first_difference(self.values[number], self.told(seen))):
            raise _Wrong(f"the peer sees it otherwise: {told}")
        self.value(number, octets)
        return octets

    def told(self, seen: Any) -> Value:
        """The value that a peer says it saw."""
        try:
            return from_json(seen, self.model)
        except ValueMismatch as error:
            raise _Wrong(f"the peer sees no value of the schema: {error}") from error

    def said(self, number: int, text: str) -> None:
        """What a peer says in a text that it saw is the value, as far as the text's format carries it."""
        (info,) = registry.find([self.reader.seen])
        try:
            expected, _ = project(self.values[number], self.model, info.limits)
            codec = info.compile(self.model)
        except (UnsupportedSchema, SchemaError, Refused):
            return
        if mistold(self.peer, self.values[number], self.model) or registry.missing(info):
            return
        try:
            found = codec.decode(text.encode())
        except Exception as error:
            raise _Wrong(f"what the peer says that it sees is not read: {described(error)}") from error
        if told := first_difference(expected, found):
            raise _Wrong(f"the peer sees it otherwise: {told}")

    def both(self, number: int, seen: Any, written: Any) -> bytes | None:
        """What the peer saw, and what it wrote."""
        self.seen(number, seen)
        return self.written(number, written)

    def seen(self, number: int, answer: Any) -> None:
        failure = _failure(answer)
        try:
            expected = self.lossy(self.trees[number], "read")
        except _Refused as reason:
            if not failure:
                raise _Wrong(f"the peer reads what it is said to refuse: {reason}") from None
            self.losses[f"not read: {reason}"] += 1
            return
        if failure:
            raise _Wrong(f"the peer does not read it: {failure}")
        if told := difference(expected, _normal(answer)):
            raise _Wrong(told)

    def written(self, number: int, answer: Any) -> bytes | None:
        failure = _failure(answer)
        try:
            expected = self.lossy(self.trees[number], "write")
        except _Refused as reason:
            if not failure:
                raise _Wrong(f"the peer writes what it is said to refuse: {reason}") from None
            self.losses[f"not written: {reason}"] += 1
            return None
        if failure:
            raise _Wrong(f"the peer does not write it: {failure}")
        octets = _octets(answer)
        self.ours(number, octets, expected)
        return octets

    def ours(self, number: int, octets: bytes, expected: Tree) -> None:
        """What the peer wrote is what Python's library and our codec see."""
        try:
            tree = normal(self.reader.read(octets, self.schema))
        except Exception as error:
            raise _Wrong(f"Python's library does not read what the peer wrote: {described(error)}") from error
        if told := difference(expected, tree):
            raise _Wrong(f"written: {told}")
        if expected == normal(self.trees[number]):
            self.value(number, octets)
            return
        again = self.codec.encode(self.decoded(octets))
        if told := difference(expected, self.lossy(self.reader.read(again, self.schema), "write", count=False)):
            raise _Wrong(f"our codec reads what the peer wrote otherwise: {told}")

    def value(self, number: int, octets: bytes) -> None:
        """What the peer wrote is the value for our codec, and the octets are ours if a value has one encoding."""
        if told := first_difference(self.values[number], self.decoded(octets)):
            raise _Wrong(f"our codec reads what the peer wrote otherwise: {told}")
        if not self.reader.canonical:
            return
        if reason := variant(self.peer, self.values[number], self.model):
            if octets == self.encoded[number]:
                raise _Carried(f"the same octets, though the peer is said to write others: {reason}")
            self.losses[f"other octets: {reason}"] += 1
        elif octets != self.encoded[number]:
            raise _Wrong(f"other octets, where a value has one encoding: {_apart(self.encoded[number], octets)}")

    def decoded(self, octets: bytes) -> Value:
        try:
            return self.codec.decode(octets)
        except Exception as error:
            raise _Wrong(f"our codec does not read what the peer wrote: {described(error)}") from error


def _normal(answer: Any) -> Tree:
    try:
        return normal(answer)
    except Exception:
        raise _Wrong(f"rubbish in place of a tree: {str(answer)[:60]}") from None


def _octets(answer: Any) -> bytes:
    try:
        return bytes.fromhex(answer)
    except (TypeError, ValueError):
        raise _Wrong(f"rubbish in place of octets: {str(answer)[:60]}") from None


def _apart(ours: bytes, theirs: bytes) -> str:
    """Where octets differ first."""
    place = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
    return f"at {place}, {ours[place : place + 8].hex() or 'the end'} is {theirs[place : place + 8].hex() or 'the end'}"
