"""From options to a plan."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from serbench.cli.base import tell

if TYPE_CHECKING:
    from serbench.plan import Data, Effort, Plan


SAMPLE = 1000
"""How many messages of data files are measured unless --sample says otherwise."""


def data_sets(
    schemas: tuple[str, ...],
    data: tuple[str, ...] = (),
    records: int | None = None,
    seed: int = 1,
    sample: int = SAMPLE,
    *,
    scale: bool = False,
) -> "tuple[Data, ...]":
    """The data sets of the options; tells what was done that was not asked for."""
    from serbench import inputs

    sets, notes = inputs.data_sets(schemas, data, records, seed, sample)
    if scale:
        sets, more = inputs.families(sets)
        notes += more
    for note in notes:
        tell(note)
    return sets


def plan_of(
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    codecs: tuple[str, ...],
    records: int | None = None,
    seed: int = 1,
    effort: "Effort | None" = None,
    sample: int = SAMPLE,
    *,
    scale: bool = False,
    hot: bool = False,
) -> "Plan":
    from sercodecs import registry

    from serbench.plan import Effort, Plan

    infos = registry.find(codecs) if codecs else registry.codecs()
    sets = data_sets(schemas, data, records, seed, sample, scale=scale)
    if hot:
        sets = tuple(replace(held, most_timed=1) for held in sets)
    effort = effort or Effort()
    return Plan(data=sets, codecs=tuple(info.id for info in infos), seed=seed, **asdict(effort))
