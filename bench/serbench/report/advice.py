"""Advice in words, and as JSON: which three to take, for which reasons, and why the others were left out."""

import textwrap
from dataclasses import asdict
from typing import Any

from serbench.advice import Advice, Suited
from serbench.contest import Contest
from serbench.fronts import CRITERIA, TIMES
from serbench.report.contest import as_json_range
from serbench.report.verdicts import FIRST, notes, several
from serbench.report.words import clean, digits, losses_text, margin_text, size_text

WIDTH = 100
MOST_NAMED = 12
"""With more formats than this, how many there are has to do."""


def text(found: Advice) -> str:
    """Paragraphs."""
    held = found.contest
    paragraphs = [f"{_head(found)} {_lead(found)}"]
    paragraphs += [f"{place}. {pick(found, codec)}" for place, codec in enumerate(found.advised, 1)]
    paragraphs += left_out(found.suited)
    if found.lossy:
        losses = {row.codec: row.verified for row in found.contest.summary.tables[0].measured}
        said = [f"{codec} ({losses_text(losses[codec])})" if codec in losses else codec for codec in found.lossy]
        paragraphs.append(f"Left out as the data would lose by it: {', '.join(said)}.")
    paragraphs += [f"Not compared: {codec}: {reason}." for codec, reason in held.absent]
    paragraphs.append(f"How it was measured: {held.summary.conditions}.")
    paragraphs += [f"Warning: {warning}." for warning in held.summary.warnings]
    return _wrapped(paragraphs)


def _head(found: Advice) -> str:
    held, table = found.contest, found.contest.table
    which = f"that meet {_needs(found.suited)}" if found.suited.needs else "there are"
    data = f"{table.dataset.name} ({table.caption})"
    losing = any(row.verified.losses for row in held.rows)
    return (
        f"{len(held.rows)} of the {_formats(len(found.suited.remaining))} {which} carried {data}, "
        f"{'though none without loss' if losing else 'and lost nothing'}."
    )


def _lead(found: Advice) -> str:
    return f"Ranked by {_weights(found)}, take one of these:" if len(found.advised) > 1 else "Take it:"


def nothing(found: Suited) -> str:
    """What to say where no format meets all needs."""
    if found.uninstalled:
        said = ", ".join(f"{codec} ({command})" for codec, command in found.uninstalled.items())
        return _wrapped([f"What meets {_needs(found)} is not installed: {said}.", *left_out(found)])
    fewer = "; ".join(f"without {need}, {_formats(count)} would" for need, count in found.without.items())
    return _wrapped([f"No format of {found.formats} meets {_needs(found)} all at once: {fewer}.", *left_out(found)])


def left_out(found: Suited) -> list[str]:
    """A paragraph on how many each need left out, and which."""
    if not found.left_out:
        return []
    said = [f"{need} leaves out {len(formats)}{_which(formats)}" for need, formats in found.left_out.items()]
    several_times = sum(map(len, found.left_out.values())) > len(found.refused)
    more = ", some for several reasons" if several_times else ""
    paragraphs = [f"Of {_formats(found.formats)} {len(found.refused)} were left out{more}: {'; '.join(said)}."]
    if found.uninstalled and found.codecs:
        commands = ", ".join(f"{codec} ({command})" for codec, command in found.uninstalled.items())
        paragraphs.append(f"Not installed, and so not measured: {commands}.")
    return paragraphs


def pick(found: Advice, codec: str) -> str:
    """A codec, its figures beside the best, and by which rules it meets the needs."""
    held = found.contest
    said = [_figures(held, codec)]
    beaten = held.beaten_by(codec)
    if len(held.rows) > 1:
        said.append(
            f"beaten all round by {several(beaten)}" if beaten else "on the Pareto front: none beats it all round"
        )
    info = next(info for info in found.suited.codecs if info.id == codec)
    said += [f"{need}: {need.met(info)}" for need in found.suited.needs]
    return f"{codec}: {'; '.join(said)}."


def _figures(held: Contest, codec: str) -> str:
    row = held.by_codec[codec]
    assert row.size is not None
    first = held.order("size")[0]
    size = f"{size_text(round(row.size, 1))} bytes"
    ratio = held.ratio("size", codec, first)
    alone = len(held.rows) == 1
    assert ratio is not None
    if alone:
        said = [size]
    elif codec in held.best("size"):
        said = [f"{FIRST['size']} ({size})"]
    else:
        said = [f"{digits(ratio.ratio)}x the smallest ({size})"]
    for operation in TIMES:
        time = margin_text(row.times[operation].figure)
        first = held.order(operation)[0]
        ratio = held.ratio(operation, codec, first)
        if alone or ratio is None:
            said.append(f"{time} to {operation}")
        elif codec in held.best(operation):
            said.append(f"{FIRST[operation]} ({time})")
        else:
            about = "~" if held.standing(operation, codec, first) == "unresolved" else ""
            interval = f"[{digits(ratio.low)}, {digits(ratio.high)}]"
            said.append(f"{about}{digits(ratio.ratio)}x {interval} the fastest to {operation} ({time})")
    return ", ".join(said)


def _needs(found: Suited) -> str:
    return several(map(str, found.needs))


def _weights(found: Advice) -> str:
    if len(set(found.weights.values())) == 1:
        return "size, encode and decode alike"
    return ", ".join(f"{criterion} {found.weights.get(criterion, 0):g}" for criterion in CRITERIA)


def _formats(count: int) -> str:
    return f"{count} format{'' if count == 1 else 's'}"


def _which(formats: dict[str, str]) -> str:
    return f" ({', '.join(formats)})" if len(formats) <= MOST_NAMED else ""


def _wrapped(paragraphs: list[str]) -> str:
    return "\n\n".join(
        textwrap.fill(clean(held), WIDTH, break_long_words=False, break_on_hyphens=False) for held in paragraphs
    )


def as_json(found: Advice) -> dict[str, Any]:
    """Octets and nanoseconds are per message."""
    held = found.contest
    scores = held.scores(found.weights)
    infos = {info.id: info for info in found.suited.codecs}
    return {
        "run": str(held.summary.run.path.parent),
        "dataset": asdict(held.table.dataset),
        **suited_json(found.suited),
        "weights": dict(found.weights),
        "advised": [
            {
                "codec": codec,
                "bytes": held.by_codec[codec].size,
                **{operation: asdict(held.by_codec[codec].times[operation].figure) for operation in TIMES},
                "best": [criterion for criterion in CRITERIA if codec in held.best(criterion)],
                "front": codec in held.front,
                "score": as_json_range(scores[codec]),
                "needs": {str(need): need.met(infos[codec]) for need in found.suited.needs},
                "text": pick(found, codec),
            }
            for codec in found.advised
        ],
        "compared": held.names,
        "lossy": found.lossy,
        "absent": dict(held.absent),
        "notes": notes(held),
        "conditions": held.summary.conditions,
        "warnings": held.summary.warnings,
    }


def suited_json(found: Suited) -> dict[str, Any]:
    """Who meets the needs, and who does not, and why."""
    return {
        "needs": [str(need) for need in found.needs],
        "formats": found.formats,
        "suited": [info.id for info in found.codecs],
        "left_out": {str(need): formats for need, formats in found.left_out.items()},
        "uninstalled": found.uninstalled,
        "without": {str(need): count for need, count in found.without.items()},
    }
