"""Values with their intervals, and what becomes of the intervals where values are added.

The interval of a sum or difference is made of those of its parts by the method of variance estimates recovery (MOVER;
Zou and Donner, "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine
27(10), 2008): each end is as far from the sum as the root of the squared distances of the parts' ends. It keeps
intervals that are not symmetric, needs no samples, and is the same in a page's script. It takes the parts as
independent; times of one run have the machine's mood in common, so that for their differences it is wide rather than
narrow.
"""

import math
from typing import NamedTuple


class Range(NamedTuple):
    """An estimate and the ends of its 95 % interval; `high` may be infinite."""

    value: float
    low: float
    high: float


def exact(value: float) -> Range:
    """What has no uncertainty, as a size."""
    return Range(value, value, value)


def plus(one: Range, other: Range) -> Range:
    """The sum of two independent estimates."""
    value = one.value + other.value
    return Range(
        value,
        value - math.hypot(one.value - one.low, other.value - other.low),
        value + math.hypot(one.high - one.value, other.high - other.value),
    )


def minus(one: Range, other: Range) -> Range:
    """The difference of two independent estimates."""
    return plus(one, Range(-other.value, -other.high, -other.low))
