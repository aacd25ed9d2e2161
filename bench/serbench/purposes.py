"""What the octets of encodings are for: content, names, tags, lengths, padding...

Explaining takes about a microsecond an octet, so of many or large messages an even choice is explained: the same of
every codec, chosen by how much information there is in them, and by no clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from sercodecs.contract import ExplainError, Purpose, Span
from serschema.model import Schema, Value
from serschema.values import information

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
EXPLAINED_BYTES = 1 << 16
"""About so many octets of information are explained."""


def counts(spans: Iterable[Span]) -> dict[str, int]:
    """How many octets there are for each purpose that occurs, in the order of `PURPOSES`."""
    found: Counter[str] = Counter(dict.fromkeys(PURPOSES, 0))
    for span in spans:
        found[span.purpose] += span.length
    return dict(+found)


def of_messages(
    explain: Callable[[Schema, bytes], list[Span]],
    schema: Schema,
    messages: Mapping[int, Value],
    encoded: Sequence[bytes],
) -> tuple[dict[str, int], int]:
    """The octets by purpose of an even choice of the messages, given by their numbers, and how many these are.

    `encoded` has the octets by the same numbers. Nothing, of no message, if one message is too large or a walker does
    not know its way.
    """
    numbers = list(messages)
    usual = max(1, sum(information(message, schema) for message in messages.values()) // max(1, len(numbers)))
    count = min(len(numbers), EXPLAINED_BYTES // usual)
    chosen = [numbers[place * len(numbers) // count] for place in range(count)]
    try:
        return counts(span for number in chosen for span in explain(schema, encoded[number])), count
    except ExplainError:
        return {}, 0
