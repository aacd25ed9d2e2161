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
    languages: tuple[str, ...] | None = None,
) -> "Plan":
    """The plan of the options. Peers are those that are named among the codecs, or of these `languages`, () for all."""
    from sercodecs import registry

    from serbench.peers.verify import chosen, peers_named
    from serbench.plan import Effort, Plan

    named = peers_named(codecs)
    infos = registry.find(name for name in codecs if name not in named) if codecs else registry.codecs()
    wanted = chosen(named if languages is None else codecs, languages or ()) if named or languages is not None else {}
    sets = data_sets(schemas, data, records, seed, sample, scale=scale)
    if hot:
        sets = tuple(replace(held, most_timed=1) for held in sets)
    effort = effort or Effort()
    return Plan(
        data=sets,
        codecs=tuple(info.id for info in infos),
        peers=tuple(f"{format}/{language}" for language, formats in wanted.items() for format in formats),
        seed=seed,
        **asdict(effort),
    )
