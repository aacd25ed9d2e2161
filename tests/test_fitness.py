"""What is said of machines that are not fit: nothing of one that is, and one line of each thing that is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest
from serbench import fitness
from serbench.results import Ended, Header, Run, Timing
from serbench.statistics import drift

FIT = {
    "usable_cores": 2,
    "load_1min": 0.3,
    "governor": "performance",
    "build": "PGO, LTO",
    "cpu_quota": 2.0,
    "memory_limit_bytes": 4 << 30,
    "on_battery": False,
}
CALM = Ended(
    wall_s=100, interrupted=False, others_percent=3.0, steal_percent=0.5, throttled=0, overheated=0, swapped_bytes=4096
)


@pytest.mark.parametrize("machine", [FIT, {}, {"usable_cores": 64, "load_1min": 12.0}])
def test_nothing_is_said_of_a_machine_that_is_fit(machine):
    assert fitness.warnings({"usable_cores": 2} | machine) == []


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        ({"load_1min": 3.1}, "the load was 3.1 on 2 cores before the run: end what runs, or trust ratios only"),
        ({"usable_cores": 1}, "there is one CPU to use"),
        ({"cpu_quota": 0.5}, "the container may use 0.5 CPUs, and is stopped when it has: allow it 2"),
        (
            {"memory_limit_bytes": 512 << 20},
            "the container may use 512 MiB of memory: codecs that need more are killed",
        ),
        ({"governor": "powersave"}, "the frequency governor is powersave: cpupower frequency-set -g performance"),
        ({"on_battery": True}, "the machine runs on battery"),
        ({"build": "debug"}, "this Python is built with debug"),
        ({"build": "PGO, assertions"}, "this Python is built with PGO, assertions"),
        ({"hooks": "PYTHONDEVMODE, a profiler"}, "PYTHONDEVMODE, a profiler: times are not those of plain Python"),
    ],
)
def test_what_is_wrong_is_one_line(found, warning):
    (said,) = fitness.warnings(FIT | found)
    assert said.startswith(warning)
    assert "\n" not in said


@pytest.mark.parametrize("ended", [CALM, Ended(wall_s=1, interrupted=True)])
def test_nothing_is_said_of_a_calm_run(ended):
    assert fitness.disturbances(ended) == []


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        ({"steal_percent": 1.5}, "other virtual machines took 1.5 % of CPU time during the run: trust ratios only"),
        ({"others_percent": 40.4}, "other processes used 40 % of the CPUs during the run: end them"),
        ({"throttled": 1200}, "the container was stopped 1,200 times for using its share of CPUs up: allow it 2 CPUs"),
        ({"overheated": 3}, "the processor was too hot 3 times and slowed down"),
        ({"swapped_bytes": 32 << 20}, "32 MiB were swapped during the run"),
    ],
)
def test_what_was_done_to_it_is_one_line(found, warning):
    (said,) = fitness.disturbances(replace(CALM, **found))
    assert said.startswith(warning)


def run(speeds, machine=(), ended=()):
    """A run whose canary took so many times 20 us in its blocks, in turn."""
    header = Header(
        plan_sha256="", started="", command=[], budget_s=1, seed=1, machine=dict(machine), versions={}, codecs={}
    )
    timings = [
        Timing(
            dataset="d", codec=codec, operation="encode", process=process, canary_ns=[round(20_000 * speed), 10**9, 1]
        )
        for process, speed in enumerate(speeds)
        for codec in ("a/a", "a/b")
    ]
    return Run(Path("x"), header, [], [], timings, ended=list(ended))


@pytest.mark.parametrize(
    ("speeds", "share"),
    [
        ([1, 1, 1, 1], 0),
        ([1, 1.05, 1.10, 1.15, 1.20], 0.2),
        ([1.2, 1.15, 1.10, 1.05, 1], -1 / 6),
        ([1, 1, 5, 1, 1, 1, 1], 0),
        ([1, 2], None),
        ([], None),
    ],
)
def test_drift(speeds, share):
    """Of a trend; one block that is far off is none."""
    assert drift(run(speeds)) == (share if share is None else pytest.approx(share, abs=0.01))


def test_drift_in_words():
    assert fitness.drift_text(run([1, 1.1, 1.21])) == "21.0 % slower"
    assert fitness.drift_text(run([1.21, 1.1, 1])) == "17.4 % faster"
    assert fitness.drift_text(run([])) == ""


def test_all_of_a_run_each_once():
    stolen = replace(CALM, steal_percent=2.0)
    found = fitness.of_run(run([1, 1.1, 1.2], FIT | {"on_battery": True}, [stolen, stolen, CALM]))
    assert [line.split(":")[0] for line in found] == [
        "the machine runs on battery, which slows it down",
        "other virtual machines took 2.0 % of CPU time during the run",
        "the machine was 20.0 % slower at the end of the run than at its start",
    ]


def test_what_is_shown_of_the_machine():
    lines = fitness.machine_lines(
        run([], {"cpu": "Z80", "memory_bytes": 3 << 29, "swap_used_bytes": 5 << 20}, [CALM, replace(CALM, throttled=2)])
    )
    assert lines[:3] == [("cpu", "Z80"), ("memory", "1.5 GiB"), ("swap used", "5 MiB")]
    assert ("stopped for the quota, times", "0, 2") in lines
    assert "workers interrupted by others, times" not in dict(lines)
