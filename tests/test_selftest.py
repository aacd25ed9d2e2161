"""The self-test's statistics, verdicts and calibration on made-up experiments and clocks; one small one for real."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import count, groupby
from math import log1p, sqrt

import pytest
from serbench import instruments, sampler, uninterrupted
from serbench.cli import main
from serbench.instruments import Instruments, examine, loop_overhead_ns
from serbench.plan import Plan
from serbench.selftest import experiments, peers, session
from serbench.selftest.experiments import Experiment, Injection, SelftestFailed, calibrate, corrected, loops_for
from serbench.selftest.peers import Pyperf, PytestBenchmark
from serbench.selftest.render import markdown, to_json
from serbench.selftest.session import Findings, Size, Task, duration_s, selftest, tasks
from serbench.selftest.summary import (
    SMALL,
    Rate,
    criteria,
    equals,
    power,
    rate_text,
    smallest_found,
    spread,
)
from serbench.selftest.twins import PERIOD, TURNS, delayed, twins
from serbench.selftest.workloads import LARGE, WORKLOADS
from serbench.statistics import Ratio

GOOD = Instruments(clock_resolution_ns=30, clock_cost_ns=44.0, loop_overhead_ns=8.0, canary_ns=18000.0)


def experiment(workload="100 ns", injected=0.0, difference=0.001, alarm=False, **more):
    held = {"method": "serbench", "ns": 100.0, "seconds": 3.5, "claimed": False, "processes": 4, "quiet": 0.5} | more
    return Experiment(workload=workload, injected=injected, difference=difference, alarm=alarm, **held)


def findings(*held, injections=(), instruments=GOOD):
    return Findings(
        started="2026-01-01T00:00:00+00:00",
        machine={"cpu": "a|b"},
        versions={},
        instruments=instruments,
        planned=len(held),
        injections=list(injections),
        experiments=list(held),
    )


def injection(nominal, workload="100 ns"):
    return Injection(workload=workload, nominal=nominal, loops=5, share=nominal, low=nominal / 2, high=2 * nominal)


def outcomes(found):
    return {held.demand: (held.found, held.outcome) for held in criteria(found)}


def outcome(found, start):
    (held,) = [held for demand, held in outcomes(found).items() if start in demand]
    return held


# Statistics.


def test_spread_is_about_zero_and_not_about_the_mean():
    held = spread([0.01, 0.01, -0.02])
    assert held.rms == pytest.approx(sqrt(0.0006 / 3))
    assert held.most == 0.02
    assert 0.01 < held.p95 < 0.02


def test_a_rate_has_the_interval_of_clopper_and_pearson():
    """Clopper and Pearson (1934): 0 of n is at most 1 - 0.025^(1/n)."""
    assert Rate(0, 10).interval == pytest.approx((0, 1 - 0.025 ** (1 / 10)))
    assert Rate(10, 10).interval == pytest.approx((0.025 ** (1 / 10), 1))
    assert rate_text(Rate(10, 200)) == "10 of 200, 5.0% [2.4, 9.0]"
    assert rate_text(Rate(0, 0)) == "none of none"


def test_equal_pairs_are_grouped_by_workload_and_method_ours_first():
    found = findings(
        experiment(method="pyperf", difference=0.1, alarm=True, claimed=None, processes=None, quiet=None),
        experiment(difference=-0.002, alarm=True),
        experiment(),
        experiment("1 us"),
        experiment(injected=0.01),
    )
    rows = equals(found)
    assert [(row.workload, row.method, row.total) for row in rows] == [
        ("100 ns", "serbench", 2),
        ("1 us", "serbench", 1),
        ("100 ns", "pyperf", 1),
    ]
    assert rows[0].alarms == Rate(1, 2)
    assert rows[0].claimed == Rate(0, 2)
    assert rows[2].claimed is None


def test_a_slowdown_is_found_where_the_test_says_so_on_the_right_side():
    found = findings(
        experiment(injected=0.01, difference=0.01, alarm=True),
        experiment(injected=0.01, difference=-0.01, alarm=True),
        experiment(injected=0.01, difference=0.01),
        experiment("1 us", injected=0.01, difference=0.01, alarm=True),
        experiment(difference=0.01, alarm=True),
    )
    assert power(found, ["100 ns"], 0.01) == Rate(1, 3)
    assert power(found, SMALL, 0.01) == Rate(2, 4)


@pytest.mark.parametrize(
    ("found_of_ten", "smallest"),
    [({0.01: 9, 0.02: 10}, 0.01), ({0.01: 8, 0.02: 9}, 0.02), ({0.01: 10, 0.02: 8}, None), ({}, None)],
)
def test_the_smallest_found_needs_all_greater_ones_found_as_well(found_of_ten, smallest):
    held = [
        experiment(injected=share, difference=share, alarm=number < found)
        for share, found in found_of_ten.items()
        for number in range(10)
    ]
    assert smallest_found(findings(*held, injections=map(injection, found_of_ten)), SMALL) == smallest


# What is demanded.


@pytest.mark.parametrize(
    ("alarms", "total", "expected"), [(10, 200, "pass"), (11, 200, "miss"), (0, 199, "too few"), (150, 199, "too few")]
)
def test_false_alarms(alarms, total, expected):
    held = [experiment(SMALL[number % 4], alarm=number < alarms) for number in range(total)]
    assert outcome(findings(*held), "false alarms")[1] == expected


@pytest.mark.parametrize(
    ("share", "seen", "total", "expected"),
    [
        (0.01, 9, 10, "pass"),
        (0.01, 8, 10, "miss"),
        (0.01, 9, 9, "too few"),
        (0.02, 19, 20, "pass"),
        (0.02, 18, 20, "miss"),
        (0.02, 19, 19, "too few"),
    ],
)
def test_power(share, seen, total, expected):
    held = [experiment(injected=share, difference=share, alarm=number < seen) for number in range(total)]
    assert outcome(findings(*held), f"a slowdown of {share:.0%} found in at least")[1] == expected


@pytest.mark.parametrize(("seen", "expected"), [(9, "pass"), (8, "miss")])
def test_large_operations_have_a_demand_of_their_own(seen, expected):
    held = [experiment(LARGE.name, 0.02, 0.02, number < seen, seconds=20.0) for number in range(10)]
    found = findings(*held)
    assert outcome(found, f"operations of {LARGE.name}")[1] == expected
    assert outcome(found, "a slowdown of 2% found in at least")[1] == "too few"
    assert outcome(found, "a pair takes at most")[1] == "too few"


@pytest.mark.parametrize(("peer", "expected"), [(0.0101, "pass"), (0.0099, "miss")])
def test_the_worst_workload_counts_against_another_harness(peer, expected):
    held = [experiment(name) for name in SMALL for _ in range(10)]
    held += [
        experiment(name, difference=peer if name == "20 us" else 0.5, method="pyperf") for name in SMALL for _ in held
    ]
    found, verdict = outcome(findings(*held), "smaller than that of pyperf")
    assert verdict == expected
    assert "100 ns: 500 times" in found


def test_another_harness_on_some_workloads_only_is_no_comparison():
    held = [experiment(name, method=method) for name in SMALL[:3] for method in ("serbench", "pyperf")] * 10
    assert outcome(findings(*held), "smaller than that of pyperf")[1] == "miss"


def test_cost_of_a_call_and_of_a_pair():
    slow = Instruments(clock_resolution_ns=30, clock_cost_ns=44.0, loop_overhead_ns=10.1, canary_ns=18000.0)
    assert outcome(findings(), "a call costs at most 10 ns") == ("8.0 ns", "pass")
    assert outcome(findings(instruments=slow), "a call costs at most 10 ns") == ("10.1 ns", "miss")
    assert outcome(findings(experiment(seconds=4.0)), "a pair takes")[1] == "pass"
    assert outcome(findings(experiment(seconds=4.2)), "a pair takes")[1] == "miss"


# Delays and their calibration.


@pytest.mark.parametrize("loops", [0, 1, 43, PERIOD, 3 * PERIOD + 5])
def test_a_delay_is_spread_evenly_and_all_there(loops, monkeypatch):
    turns = []
    monkeypatch.setattr("serbench.selftest.twins.range", lambda *a: _Counted(turns, *a), raising=False)
    call = delayed(lambda value: value + 1, loops)
    turns.clear()
    assert [call(value) for value in (1, 2)] == [2, 3]
    for _ in range(PERIOD - 2):
        call(0)
    assert sum(turns) == loops * TURNS
    assert max(turns) - min(turns) <= TURNS


class _Counted:
    """A range that notes its length each time it is run through."""

    def __init__(self, turns, *arguments):
        self.turns, self.range = turns, range(*arguments)

    def __iter__(self):
        self.turns.append(len(self.range))
        return iter(self.range)


def test_twins_are_set_for_as_long_as_they_are_needed():
    from serbench.plan import lookup

    with twins("json/orjson", "encode", [0, 7]) as ids:
        assert ids == ("json/orjson-0", "json/orjson-1")
        data = WORKLOADS[0].data
        plain, *both = (
            info.compile(data.schema) for info in (*lookup(["json/orjson"]), *lookup(ids, ["serbench.selftest.twins"]))
        )
        for codec in both:
            assert codec.encode(data.messages[0]) == plain.encode(data.messages[0])
            assert codec.encode.__name__ == "wrapped"
            assert codec.decode.__name__ == "decode"
    with pytest.raises(KeyError):
        lookup(ids, ["serbench.selftest.twins"])


def test_workers_import_no_more_for_twins():
    """What they import takes its time from each experiment."""
    code = "import serbench.worker, sys; had = {*sys.modules}\nimport serbench.selftest.twins\n"
    code += "print(*{*sys.modules} - had)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) == {"serbench.selftest", "serbench.selftest.twins"}


def test_loops_for_a_share():
    assert loops_for(0.01, call_ns=1000, loop_ns=10) == PERIOD


@pytest.mark.parametrize(
    ("ratio", "half", "loops"),
    [(1.01, 0.001, 100), (1.0125, 0.001, 80), (1.008, 0.002, 125), (1.0125, 0.003, 100), (0.999, 0.001, 100)],
)
def test_a_correction_is_proportional_to_what_is_known_well(ratio, half, loops):
    assert corrected(100, 0.01, Ratio(ratio, ratio - half, ratio + half, 5, 0.0)) == loops


def test_the_probe_measures_the_call_and_a_loop(monkeypatch):
    """Under a clock that only the calls move: 500 ns the call, 3 ns a turn."""
    now = 0

    def taking(ns):
        def call(value):
            nonlocal now
            now += ns
            return True

        return call

    def fake(call, loops):
        return taking(500 + loops // PERIOD * TURNS * 3)

    monkeypatch.setattr(experiments, "delayed", fake)
    monkeypatch.setattr(sampler, "canary", lambda: taking(20_000)(None))
    call_ns, loop_ns = experiments._probe(WORKLOADS[0], clock=lambda: now)
    assert call_ns == pytest.approx(500)
    assert loop_ns == pytest.approx(TURNS * 3, rel=0.2)


def test_a_calibration_corrects_itself_and_says_what_is_true(monkeypatch):
    """On a machine where a loop takes a fifth longer than the probe says."""
    monkeypatch.setattr(experiments, "_probe", lambda workload: (1000.0, 10.0))
    seen = []

    def measured(workload, delays, budget_s, seed):
        seen.append(delays)
        ratios = [1 + 12 * loops / PERIOD / 1000 for loops in delays[1:]]
        return None, [Ratio(ratio, ratio - 0.001, ratio + 0.001, 5, 0.0) for ratio in ratios]

    monkeypatch.setattr(experiments, "_measured", measured)
    small, large = calibrate(WORKLOADS[0], [0.01, 0.05], 1.0, 1)
    assert [delays[0] for delays in seen] == [0, 0]
    assert (small.nominal, large.nominal) == (0.01, 0.05)
    assert small.share == pytest.approx(0.01, rel=1e-3)
    assert large.share == pytest.approx(0.05, rel=1e-3)
    assert small.low == pytest.approx(small.share - 0.001)
    assert small.loops == seen[1][1] == round(PERIOD / 1.2)


# Instruments.


def test_instruments_under_a_clock_of_50_ns_a_reading(monkeypatch):
    now = count(0, 50)
    monkeypatch.setattr(instruments, "canary", lambda: [next(now) for _ in range(400)])
    found = examine(lambda: next(now))
    assert found.clock_resolution_ns == 50
    assert found.clock_cost_ns == pytest.approx(50)
    assert found.canary_ns == 50 * 401
    assert found.loop_overhead_ns == pytest.approx(50 / 8000)


def test_loop_overhead_is_by_call():
    now = count(0, 80_000)
    assert loop_overhead_ns(lambda: next(now)) == pytest.approx(10)


# Other harnesses.


def test_results_of_other_harnesses_in_nanoseconds():
    rows = [{"name": f"test_{number}", "stats": {"median": ns * 1e-9}} for number, ns in enumerate((100, 110))]
    assert PytestBenchmark().result({"benchmarks": rows[::-1]}) == (pytest.approx((100, 110)), None)

    def runs(*values):
        return {"runs": [{"warmups": [[1, 9.0]]}, *({"values": [value * 1e-9] * 2} for value in values)]}

    assert Pyperf().result({"benchmarks": [runs(99, 101), runs(109, 111)]}) == (pytest.approx((100, 110)), True)
    assert Pyperf().result({"benchmarks": [runs(50, 150), runs(60, 160)]}) == (pytest.approx((100, 110)), False)


def test_the_time_of_another_harness_follows_what_its_pairs_took(monkeypatch):
    peer, clock = PytestBenchmark(), iter([0.0, 6.0, 6.0, 9.0])
    monkeypatch.setattr(peers.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(peer, "_run", lambda folder, arguments: (folder / "out.json").write_text("{}"))
    monkeypatch.setattr(peer, "result", lambda held: ((100.0, 101.0), None))
    first, second = (peer.measure(WORKLOADS[0]) for _ in range(2))
    assert (first.seconds, second.seconds) == (6.0, 3.0)
    assert first.difference == pytest.approx(log1p(0.01))
    assert peer.effort_s["100 ns"] == pytest.approx(0.125 + 0.5)


def test_what_is_not_installed_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "pyperf" else name)
    assert main(["selftest", "--peers"]) == 2
    assert capsys.readouterr().err == "serbench: --peers needs pyperf: pip install 'serbench[selftest]'\n"


# The whole.

TINY = Size(equal=2, slower={0.02: 1}, peer=1, large_equal=1, large_slower={0.02: 1}, calibration_s=2.0)


@pytest.fixture
def fake(monkeypatch):
    """Experiments without a machine; those done, and what they raise."""
    done, raised = [], {}

    def measure(workload, injected, delays, seed):
        done.append((workload.name, injected, delays))
        if error := raised.get(len(done)):
            raise error
        return experiment(workload.name, injected, injected, bool(injected))

    def calibrated(workload, shares, budget_s, seed):
        return [injection(share, workload.name) for share in shares]

    monkeypatch.setattr(session, "measure", measure)
    monkeypatch.setattr(session, "calibrate", calibrated)
    return done, raised


def test_all_that_is_planned_is_done_in_an_order_that_is_mixed_and_the_same_each_time(fake):
    todo = tasks(TINY)
    assert todo == tasks(TINY)
    found = selftest(todo, TINY.calibration_s)
    assert len(found.experiments) == found.planned == 2 + len(WORKLOADS) * 3
    assert len([name for name, _ in groupby(fake[0], key=lambda held: held[0])]) > 2 * len(WORKLOADS)
    assert {delays for _, injected, delays in fake[0] if injected} == {(0, 5)}
    assert {delays for _, injected, delays in fake[0] if not injected} == {(None, None)}
    assert duration_s(todo, 2.0) == 2 * 20 + 12 * 4 + 5 * 2.0


def test_an_experiment_that_fails_is_told_and_the_others_are_done(fake):
    fake[1][2] = SelftestFailed("no time")
    found = selftest(tasks(TINY), 2.0)
    assert (found.planned - len(found.experiments), found.failed) == (1, ["no time"])
    assert "failed: no time" in markdown(found)


def test_a_delay_that_could_not_be_calibrated_is_not_measured(fake, monkeypatch):
    monkeypatch.setattr(session, "calibrate", lambda *_: (_ for _ in ()).throw(SelftestFailed("broken")))
    found = selftest([Task(WORKLOADS[0], 0.01), Task(WORKLOADS[0])], 2.0)
    assert len(found.experiments) == 1
    assert found.failed == ["broken", f"{WORKLOADS[0].title}: no delay was calibrated"]


def test_an_interruption_keeps_what_there_is(fake):
    fake[1][4] = KeyboardInterrupt()
    found = selftest(tasks(TINY), 2.0)
    assert len(found.experiments) == 3
    assert found.planned == 14
    assert "3 of 14 experiments: too few for some of the demands" in markdown(found)


def test_an_interruption_inside_a_run_is_not_swallowed(monkeypatch, tmp_path):
    """It reaches `runner.run` between two pieces of work, which ends well and returns what it has."""
    data = WORKLOADS[0].data
    plan = Plan(data=(data,), codecs=("json/orjson",), budget_s=1.0, operations=("encode",))

    def interrupted(self, description, done):
        raise KeyboardInterrupt

    monkeypatch.setattr(uninterrupted._Watch, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        uninterrupted.run(plan, tmp_path)
    assert (tmp_path / "results.jsonl").read_text().startswith('{"kind": "header"')


def test_the_reports_have_all_of_it():
    found = findings(
        experiment(difference=0.0012), experiment(injected=0.01, difference=0.01), injections=[injection(0.01)]
    )
    text = markdown(found)
    assert r"| 100 ns | serbench | 1 | 100 ns | 3.5 | 0.120 | 0.120 | 0.120 | 0 | 0 | 4.0 | 50 |" in text
    assert r"| 100 ns | 1 | 1.00 \[0.500, 2.00\] | 0 of 1 | 1.01 | 0 |" in text
    assert r"a\|b" in text
    held = json.loads(to_json(found))
    assert held["experiments"][0]["difference"] == 0.0012
    assert [row["outcome"] for row in held["criteria"]].count("too few") == 4
    assert held["equal"][0]["spread"]["rms"] == pytest.approx(0.0012)


@pytest.mark.parametrize(("loop_ns", "code"), [(8.0, 0), (10.1, 1)])
def test_a_miss_is_exit_code_1(fake, monkeypatch, capsys, tmp_path, loop_ns, code):
    slow = Instruments(clock_resolution_ns=30, clock_cost_ns=44.0, loop_overhead_ns=loop_ns, canary_ns=18000.0)
    monkeypatch.setattr(session, "examine", lambda: slow)
    monkeypatch.setattr(session, "QUICK", TINY)
    assert main(["selftest", "--quick", "--out", str(tmp_path / "report.md")]) == code
    assert "14 of 14 experiments: too few for some of the demands." in capsys.readouterr().out
    assert (tmp_path / "report.md").read_text().startswith("# serbench selftest\n")


def test_a_file_that_cannot_be_written_is_known_at_once(fake, capsys, tmp_path):
    assert main(["selftest", "--out", str(tmp_path / "nowhere" / "report.md")]) == 2
    assert fake[0] == []


def test_a_small_one_for_real(monkeypatch, capsys):
    """Through the command line, workers and all; what it says of the machine is not looked at."""
    monkeypatch.setattr(session, "WORKLOADS", (replace(WORKLOADS[0], budget_s=1.2),))
    tiny = Size(equal=1, slower={0.05: 1}, peer=0, large_equal=0, large_slower={}, calibration_s=2.0)
    monkeypatch.setattr(session, "QUICK", tiny)
    main(["selftest", "--quick", "--json"])
    held = json.loads(capsys.readouterr().out)
    assert held["failed"] == []
    assert sorted(row["injected"] for row in held["experiments"]) == [0, 0.05]
    assert held["injections"][0]["loops"] > 0
    assert held["instruments"]["loop_overhead_ns"] > 0
