"""The run: every codec writes each data set here and there, and either side reads what the other wrote.

A value has to come back as the projection by the codec's limits, exactly. The octets have to be the same, unless the
codec writes other ones each time. Nothing is timed. A control has to fail where machines differ in what it is for: else
what the others pass means nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sercodecs import registry
from sercodecs.contract import CodecInfo
from serschema.jsonform import schema_to_json, to_json

from serbench.client import Worker, one_by_one
from serbench.endian.accidents import PROOF
from serbench.endian.case import Answer
from serbench.endian.control import CODECS as LONG
from serbench.endian.machines import UNKNOWN, Machine, MachineError, opened
from serbench.frames import Frame, WorkerFailed
from serbench.plan import Data, lookup
from serbench.results import Crossing, CrossingStatus, Foreign, Octets
from serbench.runner import Progress
from serbench.worker import hello

FOUNDING = (
    *("xdr", "cdr-big", "cdr-little", "ndr-big", "ndr-little", "asn1-ber", "asn1-cer", "asn1-der", "protobuf"),
    *("avro", "json", "xml", "msgpack", "java", "pickle"),
)
"""The formats of the textbook; NDR is the one with text in UTF-16."""
MODULES = ("serbench.endian.control",)
HERE = "this machine"
CONTROLS = {"byte_order": "struct-native/control", "word_bits": LONG[0].id}
"""What a worker's hello says of its machine, and the control that fails where that is otherwise."""


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """What came of a machine. `hello` is its worker's; `controls` are those that have to fail."""

    machine: str
    hello: Frame
    verdict: str
    problems: list[str]
    controls: list[str]
    rows: list[Crossing]

    @property
    def foreign(self) -> Foreign:
        """The machine, as a line of a result file."""
        return _foreign(self.machine, self.hello, self.controls, self.problems)


def chosen(codecs: Sequence[str], everything: bool) -> tuple[CodecInfo, ...]:
    """The codecs of these ids and formats, all, or those of the founding formats; and the controls."""
    infos = registry.codecs() if everything else registry.find(codecs or FOUNDING)
    return lookup(dict.fromkeys([*(info.id for info in infos), *CONTROLS.values()]), MODULES)


def run(
    name: str, data: Sequence[Data], infos: Sequence[CodecInfo], progress: Progress, *, patience_s: float
) -> Crossed:
    """Cross all data sets with one machine. A codec that is silent for `patience_s` on a data set has failed on it.

    Raises `MachineError` if the machine is not prepared, or a side does not start.
    """
    with opened(name) as machine, Worker(machine.argv, patience_s=patience_s) as there:
        progress.started(len(data))
        try:
            rows = list(_crossings(machine, data, infos, there, progress))
        finally:
            progress.finished()
        wanted = failing(there.hello)
        problems = _problems(machine, rows, wanted) + _not_lacking(machine, rows, infos)
        return Crossed(
            machine=name,
            hello=there.hello,
            verdict=verdict(_foreign(name, there.hello, wanted, problems), rows),
            problems=problems,
            controls=wanted,
            rows=rows,
        )


def _foreign(name: str, hello: Frame, controls: list[str], problems: list[str]) -> Foreign:
    return Foreign(
        machine=name,
        byte_order=str(hello["byte_order"]),
        word_bits=int(hello["word_bits"]),
        python=str(hello["python"]),
        controls=controls,
        problems=problems,
    )


def _crossings(
    machine: Machine, data: Sequence[Data], infos: Sequence[CodecInfo], there: Worker, progress: Progress
) -> Iterator[Crossing]:
    """A row for each data set and codec, in their order."""
    codecs = [info.id for info in infos]
    distributions = {info.id: info.distribution for info in infos}
    with Worker(patience_s=there.patience_s) as here:
        for number, held in enumerate(data):
            progress.step(f"{held.name} on {machine.name}", number / len(data))
            case = {
                "schema": schema_to_json(held.schema),
                "messages": [to_json(message, held.schema) for message in held.messages],
                "modules": list(MODULES),
            }
            written = _answers(HERE, here, case, codecs, {})
            foreign = written | _answers(machine.name, there, case, _going_on(written), written)
            read = foreign | _answers(HERE, here, case, _going_on(foreign), foreign)
            for codec in codecs:
                yield _judged(machine, held, distributions[codec], written[codec], foreign[codec], read[codec])


def _going_on(answers: Mapping[str, Answer]) -> list[str]:
    """The codecs of which there is more to ask."""
    return [codec for codec, answer in answers.items() if answer.status in ("ok", "unsupported")]


def _answers(
    side: str, worker: Worker, case: Frame, codecs: Sequence[str], given: Mapping[str, Answer]
) -> dict[str, Answer]:
    """What each codec does at one side; one that ends or hangs the worker has failed, and the next has a new one."""
    octets = {codec: given[codec].encoded for codec in codecs if codec in given}
    try:
        return {
            codec: Answer(codec=codec, status="failed", reason=str(row))
            if isinstance(row, WorkerFailed)
            else Answer(**row)
            for codec, row in one_by_one(worker, "cross", "codecs", codecs, **case, given=octets)
        }
    except (WorkerFailed, OSError) as error:
        raise MachineError(f"{side} does not start a worker: {error}") from None


def _judged(
    machine: Machine, data: Data, distribution: str, written: Answer, foreign: Answer, read: Answer
) -> Crossing:
    codec, recipe = written.codec, machine.recipe

    def row(status: CrossingStatus, reason: str = "", **more: Any) -> Crossing:
        return Crossing(
            machine=machine.name, dataset=data.name, codec=codec, status=status, reason=reason,
            here=written.version, there=foreign.version, messages=len(data.messages), **more,
        )  # fmt: skip

    if written.status == "unavailable":
        return row("unavailable", f"not here: {written.reason}")
    if written.status == "failed":
        return row("failed", f"here: {written.reason}")
    if foreign.status != "ok" and (lacking := recipe.lacking.get(codec) or recipe.lacking.get(distribution)):
        return row("unavailable", f"not there: {lacking}")
    if foreign.status == "unavailable":
        return row("unavailable" if recipe is UNKNOWN else "failed", f"not there: {foreign.reason}")
    for side, answer in (("there", foreign), ("here, reading", read)):
        if answer.status == "failed":
            return row("failed", f"{side}: {answer.reason}")
    if "unsupported" in (written.status, foreign.status):
        agreed = written.status == foreign.status
        return row("unsupported" if agreed else "failed", written.reason or foreign.reason)
    refused = written.encoded.count(None)
    if refused == len(data.messages) and written.refusal:
        return row("unsupported", written.refusal, refused=refused)
    same = written.encoded == foreign.encoded
    octets: Octets = "same" if same else "differ" if written.encoded == read.encoded else "vary"
    forth, back = written.wrote or _first(foreign.read), foreign.wrote or _first(read.read)
    made = row("ok", octets=octets, refused=refused, forth=forth, back=back)
    if made.forth or made.back:
        defect = recipe.defects.get(codec, "")
        return replace(made, status="defect" if defect else "failed", reason=defect)
    if octets == "differ":
        differs = recipe.octets.get(codec, "")
        return replace(made, status="ok" if differs else "failed", reason=differs or "the octets differ")
    return made


def _first(lines: Sequence[str]) -> str:
    return next(filter(None, lines), "")


def failing(foreign: Frame) -> list[str]:
    """The controls that have to fail between here and a machine of this hello."""
    own = hello()
    if foreign.get("byte_order") != own["byte_order"]:
        return list(CONTROLS.values())
    return [control for fact, control in CONTROLS.items() if foreign.get(fact) != own[fact]]


def _problems(machine: Machine, rows: Sequence[Crossing], wanted: Sequence[str]) -> list[str]:
    """What is wrong with a run, a line each: what failed, controls that did not, defects that did not show."""
    found = [
        f"{row.codec} failed on {row.dataset} between here and {machine.name}"
        for row in rows
        if row.status == "failed" and row.codec not in wanted
    ]
    for control in wanted:
        if not any(row.codec == control and row.dataset == PROOF and row.forth and row.back for row in rows):
            found.append(f"{control} is a control, and {machine.name} read it correctly: the run shows nothing")
    for codec in machine.recipe.defects:
        crossed = [row.status for row in rows if row.codec == codec]
        if crossed and "defect" not in crossed:
            found.append(f"{codec} has a defect on {machine.name} that did not show: take it out of the recipe")
    return found


def _not_lacking(machine: Machine, rows: Sequence[Crossing], infos: Sequence[CodecInfo]) -> list[str]:
    """What a recipe says a machine lacks, though it works there, a line each."""
    works = {row.codec for row in rows if row.octets}
    names = {name: info.id for info in infos if info.id in works for name in (info.id, info.distribution)}
    return [
        f"{name} is said to be lacking on {machine.name} ({reason}), and {names[name]} works there: take it out of the "
        "recipe"
        for name, reason in machine.recipe.lacking.items()
        if name in names
    ]


def verdict(foreign: Foreign, rows: Sequence[Crossing]) -> str:
    """The crossings of a machine in a sentence or two."""
    of_codec: dict[str, set[str]] = {}
    for row in rows:
        if row.codec not in CONTROLS.values():
            of_codec.setdefault(row.codec, set()).add(row.status)
    passed = sum("ok" in found and not found & {"failed", "defect"} for found in of_codec.values())
    lacking = sum(found == {"unavailable"} for found in of_codec.values())
    defects = sum("defect" in found for found in of_codec.values())
    text = (
        f"{foreign.machine} ({foreign.byte_order}-endian, long of {foreign.word_bits} bits, "
        f"Python {foreign.python}): {passed} of {len(of_codec)} codecs pass both ways, "
        f"{lacking} lack their library, {defects} have a known defect there."
    )
    if not foreign.controls:
        return f"{text} It is of the same byte order and word size as this one: no control can fail."
    return f"{text} Controls that have to fail: {', '.join(foreign.controls)}."
