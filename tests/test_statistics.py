"""From samples to figures: against published worked examples, and against runs made up to have a known answer."""

import math
import random
from pathlib import Path

import pytest
from serbench.results import Dataset, Header, Run, Timing
from serbench.statistics import Ratio, figures, interval, quiet_bound, ratios, trimmed_interval

HEADER = Header(plan_sha256="", started="", command=[], budget_s=1, seed=1, machine={}, versions={}, codecs={})


def run(*timings, messages=1):
    dataset = Dataset(name="d", source="shared", root="R", messages=messages, timed=messages, information_bytes=1)
    return Run(Path(), HEADER, [dataset], [], list(timings))


def timing(process, *samples_ns, codec="a/a", loops=1, canary_ns=None, **more):
    canary_ns = canary_ns or [20] * len(samples_ns)
    return Timing(
        dataset="d",
        codec=codec,
        operation="encode",
        process=process,
        loops=loops,
        samples_ns=list(samples_ns),
        canary_ns=canary_ns,
        **more,
    )


def test_student_s_own_example():
    """Sleep data of "The probable error of a mean" (Biometrika 6, 1908); the figures are those of R's paired t.test."""
    mean, low, high = interval([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert (mean, low, high) == pytest.approx((1.58, 0.7001142, 2.4598858), abs=1e-7)


def test_a_trimmed_mean():
    """The self-awareness data in Wilcox, Introduction to Robust Estimation and Hypothesis Testing; R's trimci."""
    times = [77, 87, 88, 114, 151, 210, 219, 246, 253, 262, 296, 299, 306, 376, 428, 515, 666, 1310, 2611]
    mean, low, high = trimmed_interval(times)
    assert mean == pytest.approx(282.7, abs=0.05)
    assert (low, high) == pytest.approx((160.4, 404.99), abs=0.05)


def test_a_figure_is_per_message_and_per_call():
    figure = figures(run(*(timing(process, 12_000, loops=30) for process in range(3)), messages=4))[
        "d", "a/a", "encode"
    ]
    assert (figure.ns, figure.low, figure.high) == pytest.approx((100, 100, 100))
    assert (figure.processes, figure.quiet) == (3, 1.0)


def test_the_estimate_is_the_geometric_mean_of_the_processes_medians():
    figure = figures(run(timing(0, 1, 100, 5000), timing(1, 200, 200, 9), timing(2, 400)))["d", "a/a", "encode"]
    assert figure.ns == pytest.approx(200)
    mean, low, high = interval([math.log(100), math.log(200), math.log(400)])
    assert (figure.low, figure.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert mean == pytest.approx(math.log(200))


@pytest.mark.parametrize(
    ("timings", "expected"),
    [
        ([timing(0, 100)], (100, 100, 100, 1)),
        ([timing(0, 100, 110, 120, 130, 140)], (120, 110, 130, 1)),
        (
            [timing(0, 100, 110, 120, 130, 140), timing(1, 120, 130)],
            (math.sqrt(120 * math.sqrt(120 * 130)), 110, 130, 2),
        ),
    ],
    ids=["one sample", "one process", "two processes"],
)
def test_with_few_processes_the_bounds_are_quartiles_of_rounds(timings, expected):
    figure = figures(run(*timings))["d", "a/a", "encode"]
    assert (figure.ns, figure.low, figure.high, figure.processes) == pytest.approx(expected, rel=0.003)


def test_what_has_no_samples_has_no_figure():
    assert figures(run(timing(0, reason="crashed"))) == {}
    assert figures(run(timing(0, 7), timing(1, reason="crashed")))["d", "a/a", "encode"].processes == 1


def test_quiet_is_a_share_of_rounds():
    fast = timing(0, *[1] * 8, canary_ns=[100, 100, 100, 100, 109, 110, 111, 200])
    slow = timing(0, 1, 1, codec="b/b", canary_ns=[150, 100])
    assert quiet_bound(run(fast, slow)) == pytest.approx(110)
    found = figures(run(fast, slow))
    assert found["d", "a/a", "encode"].quiet == 6 / 8
    assert found["d", "b/b", "encode"].quiet == 1 / 2


def test_one_fast_canary_does_not_make_the_rest_contended():
    assert quiet_bound(run(timing(0, *[1] * 20, canary_ns=[1] + [100] * 19))) == pytest.approx(110)


def test_ratios_are_paired_by_round():
    """The machine slows down tenfold in the midst of a process: the ratio does not notice."""
    speeds = [1, 1, 10, 10, 10]
    base = [timing(process, *[100 * speed for speed in speeds]) for process in range(3)]
    other = [timing(process, *[250 * speed for speed in speeds], codec="b/b", loops=2) for process in range(3)]
    found = ratios(run(*base, *other), "d", "encode", "a/a")
    assert list(found) == ["b/b"]
    ratio = found["b/b"]
    assert (ratio.ratio, ratio.low, ratio.high, ratio.processes) == pytest.approx((1.25, 1.25, 1.25, 3))


def test_ratios_of_a_codec_that_missed_rounds():
    base = [timing(process, 100, 1000, 1000, 1000, 100) for process in range(3)]
    other = [timing(process, 300, 300, codec="b/b", rounds=[0, 4]) for process in range(3)]
    assert ratios(run(*base, *other), "d", "encode", "a/a")["b/b"].ratio == pytest.approx(3)
    assert ratios(run(*base, *other), "d", "encode", "b/b")["a/a"].ratio == pytest.approx(1 / 3)


def test_ratios_take_only_processes_that_both_have():
    timings = [timing(0, 100), timing(1, 100), timing(1, 300, codec="b/b"), timing(2, 9, codec="b/b")]
    found = ratios(run(*timings), "d", "encode", "a/a")["b/b"]
    assert (found.ratio, found.processes) == (pytest.approx(3), 1)
    assert ratios(run(timing(0, 100), timing(2, 9, codec="b/b")), "d", "encode", "a/a") == {}


def test_ratios_of_something_that_was_not_measured():
    held = run(timing(0, 100), timing(0, 100, codec="b/b"))
    assert ratios(held, "d", "encode", "nobody/at-all") == {}
    assert ratios(held, "d", "decode", "a/a") == {}
    assert ratios(held, "other", "encode", "a/a") == {}


def test_one_odd_process_of_twelve_moves_the_ratio_little():
    odd = [timing(process, 500 if process == 5 else 100 + process % 3, codec="b/b") for process in range(12)]
    ratio = ratios(run(*(timing(process, 100) for process in range(12)), *odd), "d", "encode", "a/a")["b/b"]
    assert ratio.low < 1.01 < ratio.high < 1.03


def test_a_difference_of_two_percent_is_found_and_none_is_not():
    chance = random.Random(5)

    def noisy(codec, factor):
        return [
            timing(process, *(round(1e6 * factor * chance.gauss(1, 0.003)) for _ in range(30)), codec=codec)
            for process in range(12)
        ]

    found = ratios(run(*noisy("a/a", 1), *noisy("a/twin", 1), *noisy("b/b", 1.02)), "d", "encode", "a/a")
    assert found["a/twin"].low < 1 < found["a/twin"].high
    assert found["a/twin"].tie
    assert 1.015 < found["b/b"].low < 1.02 < found["b/b"].high < 1.025
    assert not found["b/b"].tie


@pytest.mark.parametrize(
    ("low", "high", "tie"), [(0.995, 1.005, True), (0.98, 1.005, False), (0.995, 1.02, False), (1.02, 1.03, False)]
)
def test_a_tie_is_an_interval_within_one_percent(low, high, tie):
    assert Ratio(1.0, low, high, 12, 1.0).tie is tie
