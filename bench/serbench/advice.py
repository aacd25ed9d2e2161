"""Which formats to take: those that meet the needs and carry the data without loss, the best first, and why not others.

What formats promise comes from what stands beside the codecs (`serbench.needs`), what they take from a run. Needs come
first: what does not meet them need not be measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sercodecs.contract import CodecInfo

from serbench.contest import EVEN, Contest, NothingToCompare, Weights, contest
from serbench.needs import Kinds, Need
from serbench.results import Run

MOST = 3
"""So many are advised."""


@dataclass(frozen=True)
class Suited:
    """The codecs that meet the needs, and by need the formats that do not, each with the reason.

    `uninstalled` has by codec the command that would bring it; `without` by need, how many formats would be suited if
    only that one were dropped.
    """

    needs: tuple[Need, ...]
    formats: int
    codecs: list[CodecInfo]
    left_out: dict[Need, dict[str, str]]
    uninstalled: dict[str, str]
    without: dict[Need, int]

    @property
    def remaining(self) -> list[str]:
        """The formats that are suited, in the order of their codecs."""
        return list(dict.fromkeys(info.format.name for info in self.codecs))

    @property
    def refused(self) -> list[str]:
        """The formats that some need leaves out, each once."""
        return list(dict.fromkeys(name for formats in self.left_out.values() for name in formats))


@dataclass(frozen=True)
class Advice:
    """`advised` are codecs of different formats, the best first; `lossy` has those that the data would lose by."""

    suited: Suited
    contest: Contest
    weights: Weights
    advised: list[str]
    lossy: list[str]


def suited(
    infos: Sequence[CodecInfo], needs: tuple[Need, ...], kinds: Kinds, missing: Callable[[CodecInfo], str]
) -> Suited:
    """Who meets all needs for data of these kinds; `missing` gives the command that installs a codec, if need be."""
    infos = [info for info in infos if not info.control]
    by_format: dict[str, list[CodecInfo]] = {}
    for info in infos:
        by_format.setdefault(info.format.name, []).append(info)
    left_out: dict[Need, dict[str, str]] = {}
    for name, held in by_format.items():
        if not any(_meets(info, needs, kinds) for info in held):
            for need, reason in _in_common(held, needs, kinds).items():
                left_out.setdefault(need, {})[name] = reason
    meeting = [info for info in infos if _meets(info, needs, kinds)]
    uninstalled = {info.id: command for info in meeting if (command := missing(info))}
    return Suited(
        needs=needs,
        formats=len(by_format),
        codecs=[info for info in meeting if info.id not in uninstalled],
        left_out=left_out,
        uninstalled=uninstalled,
        without={
            need: len({info.format.name for info in infos if _meets(info, [n for n in needs if n != need], kinds)})
            for need in needs
        },
    )


def _meets(info: CodecInfo, needs: Sequence[Need], kinds: Kinds) -> bool:
    return not any(need.unmet(info, kinds) for need in needs)


def _in_common(infos: Sequence[CodecInfo], needs: Sequence[Need], kinds: Kinds) -> dict[Need, str]:
    """The needs that no implementation of a format meets; those of the first one if each fails another."""
    unmet = [{need: reason for need in needs if (reason := need.unmet(info, kinds))} for info in infos]
    common = {need: reason for need, reason in unmet[0].items() if all(need in held for held in unmet)}
    return common or unmet[0]


def advise(run: Run, found: Suited, weights: Weights | None = None, dataset: str = "") -> Advice:
    """Rank what is suited by what the run measured. Raises `NothingToCompare` if it measured none of them."""
    ids = {info.id for info in found.codecs} & run.header.codecs.keys()
    names = [name for name in found.remaining if any(id.startswith(f"{name}/") for id in ids)]
    if not names:
        raise NothingToCompare(f"{run.path.parent} has none of the formats that meet the needs")
    held = contest(run, names, dataset, among=ids)
    lossy = [row.codec for row in held.rows if row.verified.losses]
    if lossy and len(lossy) < len(held.rows):
        held = contest(run, [codec for codec in held.names if codec not in lossy], dataset, among=ids)
    else:
        lossy = []
    weights = weights or EVEN
    return Advice(found, held, weights, list(held.scores(weights))[:MOST], lossy)
