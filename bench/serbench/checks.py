"""The conditions of the pytest plugin: read, measured, judged.

A condition is `OPERATOR NUMBER` for a size in bytes, which each message has to meet, or `OPERATOR NUMBER * CODEC` for
the ratio to a reference codec, of the sizes of all messages together or of the times. Times are ratios only: those hold
on other machines as well. A codec and its references take turns in one process, in several fresh processes, as in
`serbench run`.

A condition of time holds if all of the ratio's 95 % interval meets it, and fails if none does. Where the bound lies
inside, more processes are measured, until four times the budget is spent; what is undecided even then is a warning and
no failure: the ratio is about the bound, and a test that fails now and then teaches people to ignore it.
"""

import math
import operator
import re
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sercodecs.contract import CodecInfo
from serschema.errors import SerError
from serschema.model import Schema, Value
from serschema.values import check

import serbench
from serbench import runner, uninterrupted
from serbench.plan import Data, Plan
from serbench.pytest_plugin import UndecidedCondition
from serbench.report.words import losses_text
from serbench.results import Operation, Run, Verified
from serbench.statistics import LEAST_PROCESSES, Ratio, compare

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TIMES: tuple[Operation, ...] = ("encode", "decode")
SUBJECTS = ("size", *TIMES)
CAP = 4
"""At most so many budgets are spent on a check."""
DOUBT = 1.05
"""With fewer than three processes there is no interval between them: their quartiles are widened by this factor, which
leaves the plain cases."""

_CONDITION = re.compile(r"\s*(<=|>=|<|>)\s*(?:(\d+(?:\.\d+)?)\s*(?:\*\s*(\S+))?|([^\s\d*]\S*))\s*")


@dataclass(frozen=True)
class Condition:
    """`subject operator bound`, where the bound is of bytes or a factor of the reference's figure."""

    subject: str
    operator: str
    bound: float
    reference: str = ""

    def __str__(self) -> str:
        return f"{self.subject} {self.operator} {self.bound:g}{f' * {self.reference}' if self.reference else ''}"

    def meets(self, value: float) -> bool:
        return OPERATORS[self.operator](value, self.bound)

    def judge(self, ratio: Ratio) -> bool | None:
        """Whether it holds; None if the samples do not decide."""
        doubt = 1.0 if ratio.processes >= LEAST_PROCESSES else DOUBT
        ends = {self.meets(ratio.low / doubt), self.meets(ratio.high * doubt)}
        return ends.pop() if len(ends) == 1 else None


def condition(subject: str, text: str) -> Condition:
    """Read a condition. Raises `pytest.UsageError`."""
    if subject not in SUBJECTS:
        raise pytest.UsageError(f"serbench.check has no {subject!r}: there are {', '.join(SUBJECTS)}")
    match = _CONDITION.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise pytest.UsageError(
            f"serbench.check: {subject}={text!r} is not a condition: write '< 200' (size, in bytes) or "
            "'< 1.1 * json/orjson', with <, <=, > or >="
        )
    sign, number, product, alone = match.groups()
    reference = product or alone or ""
    if subject in TIMES and not reference:
        raise pytest.UsageError(
            f"serbench.check: {subject}={text!r}: a time is compared with another codec's, so that it holds on any "
            f"machine: {subject}='{sign} {number} * json/orjson'"
        )
    return Condition(subject, sign, float(number or 1), _codec(reference).id if reference else "")


def _codec(name: str) -> CodecInfo:
    try:
        return serbench.codec(name)
    except SerError as error:
        raise pytest.UsageError(f"serbench.check: {error}") from None


class Checks:
    """What the fixture gives. `budget_s` is the time for the measurements of one check, unless it needs more."""

    def __init__(self, budget_s: float) -> None:
        self.budget_s = budget_s

    def check(
        self,
        schema: Schema | str | Path,
        values: Iterable[Value],
        codec: str,
        *,
        lossy: bool = False,
        **conditions: str,
    ) -> None:
        """Fail the test unless every value comes back equal and every condition holds.

        `schema` is a shared name, a file as in `--schema`, or a `Schema`; `values` its messages; `codec` an id, or a
        format that has one implementation. Conditions are `size`, `encode` and `decode`: see the module. With `lossy` a
        value may lose what its codec declares that it loses. Raises `pytest.UsageError` for what makes no sense.
        """
        __tracebackhide__ = True
        wanted = [condition(*held) for held in conditions.items()]
        codec = _codec(codec).id
        times = [held for held in wanted if held.subject != "size"]
        plan = Plan(
            data=(_data(schema, values),),
            codecs=tuple(dict.fromkeys([codec, *(held.reference for held in wanted if held.reference)])),
            budget_s=self.budget_s,
            memory_share=0.0,
            operations=tuple(operation for operation in TIMES if operation in conditions),
        )
        if times:
            verified, verdicts = _timed(plan, codec, times, lossy)
        else:
            verified, verdicts = runner.verify_all(plan), []
        wrong = _round_trips(verified, lossy)
        if not wrong:
            sizes = {row.codec: row.encoded_bytes for row in verified}
            verdicts += [_sized(held, sizes[codec], sizes.get(held.reference)) for held in wanted if held not in times]
            wrong = [f"{codec}: {verdict.text}" for verdict in verdicts if verdict.holds is False]
        if wrong:
            pytest.fail("\n".join(wrong))
        for verdict in verdicts:
            if verdict.holds is None:
                text = f"{codec}: {verdict.text}: not decided"
                warnings.warn(text, UndecidedCondition, stacklevel=2)


@dataclass(frozen=True)
class _Verdict:
    text: str
    holds: bool | None


def _data(schema: Schema | str | Path, values: Iterable[Value]) -> Data:
    try:
        held = schema if isinstance(schema, Schema) else serbench.load_schema(str(schema))
        data = Data(name=held.root, source="python", schema=held, messages=list(values))
        for message in data.messages:
            check(message, held)
    except SerError as error:
        raise pytest.UsageError(f"serbench.check: {error}") from None
    return data


def _round_trips(verified: Iterable[Verified], lossy: bool) -> list[str]:
    """What is wrong with the round trips, of references as well."""
    fine = {"ok", "lossy"} if lossy else {"ok"}
    return [
        f"{row.codec}: {losses_text(row) if row.status == 'lossy' else row.reason} ({row.status})"
        for row in verified
        if row.status not in fine
    ]


def _sized(held: Condition, sizes: Sequence[int], reference: Sequence[int] | None) -> _Verdict:
    if reference is not None:
        ratio = sum(sizes) / sum(reference) if any(reference) else math.inf
        text = f"{held}: the ratio is {ratio:.3f}, {sum(sizes)} to {sum(reference)} bytes"
        return _Verdict(text, held.meets(ratio))
    wrong = [number for number, size in enumerate(sizes) if not held.meets(size)]
    if not wrong:
        return _Verdict(str(held), True)
    text = f"{held}: message {wrong[0]} takes {sizes[wrong[0]]} bytes"
    return _Verdict(f"{text}, and {len(wrong) - 1} more of {len(sizes)}" if wrong[1:] else text, False)


def _timed(
    plan: Plan, codec: str, conditions: Sequence[Condition], lossy: bool
) -> tuple[list[Verified], list[_Verdict]]:
    """Measure in the plan's budget, and again until all is decided or too much time is spent."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="serbench-") as folder:
        resume = False
        while True:
            run = uninterrupted.run(plan, Path(folder), resume=resume)
            if _round_trips(run.verified, lossy):
                return run.verified, []
            verdicts = [_judged(run, codec, held) for held in conditions]
            decided = all(verdict.holds is not None for verdict in verdicts)
            if decided or time.monotonic() - began > (CAP - 1) * plan.budget_s:
                return run.verified, verdicts
            resume = True


def _judged(run: Run, codec: str, held: Condition) -> _Verdict:
    operation: Operation = "encode" if held.subject == "encode" else "decode"
    ratios = [found.ratio(codec, held.reference) for found in compare(run, [operation]).values()]
    ratio = ratios[0] if ratios else None
    if ratio is None:
        reasons = [row.reason for row in run.timings if row.reason]
        return _Verdict(f"{held}: was not measured{f': {reasons[0]}' if reasons else ''}", not reasons and None)
    interval = f"{ratio.ratio:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
    count = f"{ratio.processes} process{'es' if ratio.processes > 1 else ''}"
    return _Verdict(f"{held}: the ratio is {interval}, {count}", held.judge(ratio))
