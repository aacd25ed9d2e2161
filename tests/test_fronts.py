"""The Pareto front and the weighted ranking."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serbench.fronts import CRITERIA, beaten_by, beats, front, in_size, in_time, score
from serbench.ranges import Range, exact
from serbench.statistics import Ratio

STANDINGS = ("better", "tie", "worse", "unresolved")
OPPOSITE = {"better": "worse", "worse": "better", "tie": "tie", "unresolved": "unresolved"}


def by_intervals(figures):
    """Standings of codecs by an interval in each criterion: better where they do not meet."""

    def standing(one, other):
        if one == other:
            return "tie"
        return "better" if one[1] < other[0] else "worse" if other[1] < one[0] else "unresolved"

    return lambda one, other: [standing(*pair) for pair in zip(figures[one], figures[other])]


interval = st.tuples(st.integers(1, 12), st.integers(0, 4)).map(lambda held: (held[0], sum(held)))
field = st.dictionaries(st.sampled_from("abcdefghij"), st.tuples(interval, interval, interval), min_size=1)


@given(field)
def test_nothing_on_the_front_is_beaten_and_everything_off_it_is(figures):
    standings = by_intervals(figures)
    found = front(list(figures), standings)
    assert found
    for name in figures:
        worse_everywhere = [
            other for other in figures if all(a[1] < b[0] for a, b in zip(figures[other], figures[name]))
        ]
        if name in found:
            assert not beaten_by(name, figures, standings)
            assert not worse_everywhere
        else:
            assert beaten_by(name, figures, standings)
            # What is off it is beaten by something that is on it, so that the front alone is enough to look at.
            assert set(beaten_by(name, figures, standings)) & set(found)


@given(field, st.randoms())
def test_the_front_does_not_depend_on_the_order(figures, chance):
    standings = by_intervals(figures)
    names = list(figures)
    chance.shuffle(names)
    assert set(front(names, standings)) == set(front(list(figures), standings))


@given(st.lists(st.sampled_from(STANDINGS), min_size=3, max_size=3))
def test_of_two_at_most_one_beats_the_other(standings):
    assert not (beats(standings) and beats([OPPOSITE[held] for held in standings]))


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        (["better", "better", "better"], True),
        (["tie", "tie", "better"], True),
        (["tie", "tie", "tie"], False),
        (["better", "better", "unresolved"], False),
        (["better", "better", "worse"], False),
    ],
)
def test_a_tie_does_not_beat_and_neither_does_what_is_unresolved(standings, expected):
    assert beats(standings) is expected


def test_equal_codecs_are_both_on_the_front():
    assert front(["a", "b"], lambda one, other: ["tie"] * 3) == ["a", "b"]


def test_a_time_is_better_only_where_the_difference_is_real():
    assert in_time(Ratio(0.5, 0.49, 0.51, 8, 0.001)) == "better"
    assert in_time(Ratio(2.0, 1.9, 2.1, 8, 0.001)) == "worse"
    assert in_time(Ratio(0.5, 0.2, 1.3, 8, 0.2)) == "unresolved"
    assert in_time(Ratio(1.0, 0.995, 1.005, 8, 0.001)) == "tie"
    assert in_time(None) == "unresolved"
    assert (in_size(1, 1), in_size(1, 2), in_size(2, 1)) == ("tie", "better", "worse")


def test_the_score_is_a_weighted_geometric_mean():
    ratios = {"size": exact(4.0), "encode": exact(1.0), "decode": exact(2.0)}
    assert score(ratios, dict.fromkeys(CRITERIA, 1.0)).value == pytest.approx(2.0)
    assert score(ratios, {"size": 1.0, "encode": 1.0, "decode": 0.0}).value == pytest.approx(2.0)
    assert score(ratios, {"size": 3.0}).value == pytest.approx(4.0)


ratio = st.tuples(st.floats(1, 100), st.floats(1, 1.5), st.floats(1, 1.5)).map(
    lambda held: Range(held[0], held[0] / held[1], held[0] * held[2])
)


@given(st.fixed_dictionaries(dict.fromkeys(CRITERIA, ratio)), st.floats(0.1, 10), st.floats(0, 10))
def test_a_score_lies_between_its_ratios_and_scales_with_none_of_the_weights(ratios, one, other):
    weights = {"size": one, "encode": other, "decode": 1.0}
    found = score(ratios, weights)
    values = [held.value for held in ratios.values()]
    assert min(values) * (1 - 1e-9) <= found.value <= max(values) * (1 + 1e-9)
    assert found.low <= found.value * (1 + 1e-12)
    assert found.value <= found.high * (1 + 1e-12)
    assert score(ratios, {name: 7 * held for name, held in weights.items()}).value == pytest.approx(found.value)
    assert math.isfinite(found.high)
