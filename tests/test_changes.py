"""What is said of two runs: made-up samples whose truth is known, and no word on what the samples do not carry."""

import json
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from serbench.changes import against_others, changes
from serbench.cli import main
from serbench.report import changes as report
from serbench.report import terminal
from serbench.results import Counted, Dataset, Header, Run, Timing, Verified, Writer

CODECS = ("a/1", "b/1", "c/1", "d/1", "e/1")
SPEED_NS = {"a/1": 300.0, "b/1": 420.0, "c/1": 1000.0, "d/1": 2500.0, "e/1": 90.0}
LOOPS = 10
DATASET = Dataset(name="d", source="shared", root="R", messages=2, timed=2, information_bytes=9)
ABOUT = {"distribution": "x", "version": "1", "control": False}


def header(turns="", **machine):
    held = {"cpu": "Z80", "python": "3.11"} | machine
    return Header(plan_sha256="", started="2026-01-02T03:04:05+00:00", command=[], budget_s=1, seed=1, machine=held,
                  versions={"x": "1"}, turns=turns, codecs=dict.fromkeys(CODECS, ABOUT))  # fmt: skip


def verified(codec, size=10, status="ok", **more):
    return Verified(dataset="d", codec=codec, status=status, encoded_bytes=[size, size], **more)


def run(
    seed,
    *,
    factors=None,
    codecs=CODECS,
    processes=12,
    rounds=40,
    mood=None,
    turns="",
    busy=0.0,
    spread=0.003,
    name="run",
):
    """A run on a machine with moods: `mood(process, round)` is how much slower it is; a share of `busy` rounds is
    contended, which the canary sees, and hits the codecs unequally. Processes differ by `spread`, rounds by 1 %."""
    chance = np.random.default_rng(seed)
    timings = []
    for process in range(processes):
        slower = np.array([mood(process, number) if mood else 1.0 for number in range(rounds)])
        contended = chance.random(rounds) < busy
        canary = np.where(contended, 40_000, 20_000) * slower
        for place, codec in enumerate(codecs):
            ns = SPEED_NS[codec] * (factors or {}).get(codec, 1.0) * slower * np.exp(chance.normal(0, spread))
            ns = ns * np.exp(chance.normal(0, 0.01, rounds)) * np.where(contended, 1.5 + 0.3 * place, 1.0)
            timings.append(
                Timing(dataset="d", codec=codec, operation="encode", process=process, loops=LOOPS,
                       samples_ns=[int(value) for value in ns * LOOPS * DATASET.timed * 100],
                       canary_ns=[int(value) for value in canary])
            )  # fmt: skip
    rows = [verified(codec) for codec in codecs]
    return Run(Path(name) / "results.jsonl", header(turns), [DATASET], rows, timings)


def times(found):
    return {row.codec: row for row in found.rows if row.kind == "time"}


def claimed(found):
    return {row.codec for row in found.rows if row.verdict == "different"}


def drifting(seed):
    """A machine that drifts by 5 % within a run, by 2 % between runs, and has two speeds, each kept for some rounds."""
    chance = np.random.default_rng(seed)
    slow = np.repeat(chance.random(600) < 0.5, 7)
    base = np.exp(chance.normal(0, 0.02))

    def mood(process, number):
        at = process * 40 + number
        return base * np.exp(0.05 * at / 480) * (1.9 if slow[at] else 1.0)

    return mood


# In turns.


def test_in_turns_the_mood_of_the_machine_drops_out():
    mood = drifting(1)
    old, new = run(1, mood=mood, turns="t"), run(2, mood=mood, turns="t", factors={"c/1": 1.02})
    found = times(changes(old, new))
    assert found["c/1"].verdict == "different"
    assert found["c/1"].worse
    assert found["c/1"].ratio.low < 1.02 < found["c/1"].ratio.high
    assert found["c/1"].ratio.high / found["c/1"].ratio.low < 1.015
    assert {row.verdict for codec, row in found.items() if codec != "c/1"} == {"tie"}


def test_in_turns_one_codec_is_enough():
    old, new = run(1, codecs=("a/1",), turns="t"), run(2, codecs=("a/1",), turns="t", factors={"a/1": 0.95})
    (row,) = times(changes(old, new)).values()
    assert (row.verdict, row.worse) == ("different", False)


def test_in_turns_rounds_that_only_one_side_has_do_not_count():
    old, new = (run(seed, codecs=("a/1",), turns="t") for seed in (1, 2))
    kept = [number for number in range(40) if number % 2]
    new = replace(
        new,
        timings=[replace(row, samples_ns=[row.samples_ns[number] for number in kept],
                         canary_ns=[row.canary_ns[number] for number in kept], rounds=kept) for row in new.timings],
    )  # fmt: skip
    mood = [np.exp(number / 10) for number in range(40)]
    for side in (old, new):
        for row in side.timings:
            row.samples_ns[:] = [int(ns * mood[n]) for ns, n in zip(row.samples_ns, row.rounds or range(40))]
    assert times(changes(old, new))["a/1"].verdict == "tie"


@pytest.mark.parametrize("processes", [1, 2])
def test_few_processes_claim_nothing_and_say_so(processes):
    sides = (run(1, processes=processes, turns="t"), run(2, processes=processes, turns="t", factors={"a/1": 2.0}))
    found = changes(*sides)
    assert not times(found)
    assert found.notes == ["5 times are of fewer than 3 processes in a run: a larger --budget has more"]


def test_false_alarms_in_turns_are_one_report_in_twenty():
    sides = (
        [run(seed, turns="t", spread=0.03, rounds=5), run(seed + 1000, turns="t", spread=0.03, rounds=5)]
        for seed in range(100)
    )
    assert sum(bool(claimed(changes(*both))) for both in sides) <= 10


# Apart.


def test_apart_two_moods_are_no_difference():
    """Ten runs of the same on a machine that drifts and has two speeds: 45 comparisons."""
    runs = [run(seed, mood=drifting(seed), busy=0.2) for seed in range(10)]
    found = [changes(old, new) for old, new in combinations(runs, 2)]
    assert not any(claimed(each) for each in found)
    assert all(len(times(each)) == len(CODECS) for each in found)


@pytest.mark.parametrize("factor", [1.05, 1 / 1.05])
@pytest.mark.parametrize("count", [3, 5])
def test_apart_five_percent_of_one_codec_are_found_and_nobody_else_is_accused(count, factor):
    codecs = CODECS[:count]
    old = run(1, mood=drifting(3), busy=0.2, codecs=codecs)
    new = run(2, mood=drifting(4), busy=0.2, codecs=codecs, factors={"c/1": factor})
    found = changes(old, new)
    assert claimed(found) == {"c/1"}
    row = times(found)["c/1"]
    assert row.ratio.low < factor < row.ratio.high
    assert row.worse == (factor > 1)
    assert [each.codec for each in found.worse] == (["c/1"] if factor > 1 else [])


def test_the_median_of_the_others_is_that_of_numpy():
    chance = np.random.default_rng(1)
    logs = chance.normal(size=(6, 3, 40))
    logs[chance.random(logs.shape) < 0.4] = np.nan
    logs[:, 2, 1:] = np.nan
    among = [0, 2, 3, 5]
    found = against_others(logs, among)
    for codec in range(6):
        others = [place for place in among if place != codec]
        for process in range(3):
            above = [
                logs[codec, process, number] - np.median(held)
                for number in range(40)
                if len(held := [x for x in logs[others, process, number] if not np.isnan(x)])
                and not np.isnan(logs[codec, process, number])
            ]
            expected = np.median(above) if above else np.nan
            assert found[codec, process] == pytest.approx(expected, nan_ok=True)


def test_apart_two_codecs_are_compared_with_each_other_only():
    old, new = run(1, codecs=CODECS[:2]), run(2, codecs=CODECS[:2], factors={"a/1": 1.05})
    assert claimed(changes(old, new)) == {"a/1", "b/1"}


def test_apart_a_difference_of_less_than_one_percent_is_not_claimed():
    old, new = run(1, rounds=400), run(2, rounds=400, factors={"c/1": 1.009})
    assert not claimed(changes(old, new))


def test_apart_what_all_share_cannot_be_seen():
    old, new = run(1), run(2, factors=dict.fromkeys(CODECS, 1.5))
    assert not claimed(changes(old, new))


def test_apart_contended_rounds_do_not_count():
    old, new = run(1), run(2, busy=0.8)
    assert not claimed(changes(old, new))
    contended = replace(new, timings=[replace(row, canary_ns=[90_000] * len(row.canary_ns)) for row in new.timings])
    found = changes(old, contended)
    assert not times(found)
    assert found.notes == ["5 times have no process with 5 rounds that are quiet by the canary of both runs"]


def test_apart_processes_with_few_quiet_rounds_do_not_count():
    """Half of the processes were disturbed in all rounds but two, and these two are far off."""

    def disturbed(held):
        def spoilt(row):
            quiet = [number < 2 for number in range(40)]
            far_off = 1.5 if row.codec == "c/1" and row.process % 4 == 0 else 0.7 if row.codec == "c/1" else 1.0
            return replace(row, samples_ns=[int(ns * far_off) for ns in row.samples_ns],
                           canary_ns=[20_000 if calm else 40_000 for calm in quiet])  # fmt: skip

        return replace(held, timings=[spoilt(row) if row.process % 2 else row for row in held.timings])

    found = changes(disturbed(run(1)), disturbed(run(2, factors={"c/1": 1.05})))
    assert claimed(found) == {"c/1"}
    assert {row.ratio.processes for row in times(found).values()} == {6}


def test_apart_what_was_called_a_few_times_counts_if_all_were_quiet():
    old, new = run(1, rounds=2), run(2, rounds=2, factors={"c/1": 1.1})
    assert claimed(changes(old, new)) == {"c/1"}


def test_apart_a_host_that_is_a_tenth_slower_is_compared():
    old, new = run(1), run(2, mood=lambda process, number: 1.12, factors={"c/1": 1.05})
    assert claimed(changes(old, new)) == {"c/1"}
    assert not times(changes(old, run(2, mood=lambda process, number: 1.3)))


def test_apart_a_codec_alone_is_not_compared():
    found = changes(run(1, codecs=("a/1",)), run(2, codecs=("a/1",), factors={"a/1": 2.0}))
    assert not times(found)
    assert found.notes == ["times are not compared without a second codec to compare with: d, encode; or --install"]


def test_apart_peers_are_not_compared():
    """Nothing was measured beside them, so that nobody knows how fast the machine was."""
    runs = [run(seed, factors={CODECS[0]: factor}) for seed, factor in ((1, 1), (2, 3))]
    plain = [replace(held, timings=[row for row in held.timings if row.codec != CODECS[0]]) for held in runs]
    for held in runs:
        held.timings[:] = [
            replace(row, canary_ns=[], warm_up_ns=9, steady=True) if row.codec == CODECS[0] else row
            for row in held.timings
        ]
    found = changes(*runs)
    note = f"times of peers are not compared, as nothing was measured beside them: {CODECS[0]}"
    assert [text for text in found.notes if "not compared" in text] == [note]
    assert times(found) == times(changes(*plain))


@pytest.mark.parametrize("what", ["cpu", "python"])
def test_apart_another_machine_or_python_is_not_compared(what):
    old, new = run(1), run(2)
    found = changes(old, replace(new, header=header(**{what: "other"})))
    assert not times(found)
    assert found.notes[0].startswith("times are not compared: ")
    assert found.notes[0].endswith(" is not other")


# What is no time.


def test_status_losses_and_size():
    before = [
        verified("a/1"), verified("b/1"), verified("c/1", status="lossy", losses={"NaN payload": 1}),
        verified("d/1", status="failed", reason="$: 1 became 2"), verified("e/1"),
    ]  # fmt: skip
    after = [
        verified("a/1", size=11),
        verified("b/1", status="failed", reason="$: 1 became 2"),
        verified("c/1", status="lossy", losses={"NaN payload": 1, "-0.0": 2}),
        verified("d/1"),
        verified("e/1", size=9),
    ]
    old, new = (replace(run(1), timings=[], verified=rows) for rows in (before, after))
    found = changes(old, new)
    assert [(row.codec, row.what, row.before, row.after, row.worse) for row in found.rows] == [
        ("a/1", "bytes", 10, 11, True),
        ("b/1", "status", "ok", "failed: $: 1 became 2", True),
        ("c/1", "loses", "NaN payload", "NaN payload, -0.0", True),
        ("c/1", "bytes", 10, 10, False),
        ("d/1", "status", "failed: $: 1 became 2", "ok", False),
        ("e/1", "bytes", 10, 9, False),
    ]
    assert [row.codec for row in changes(old, new, 0.2).worse] == ["b/1", "c/1"]


def test_what_breaks_while_it_is_timed_is_worse():
    old, new = run(1, turns="t"), run(2, turns="t")
    crash = replace(new.timings[-1], samples_ns=[], canary_ns=[], reason="crashed: SIGSEGV")
    slow = replace(new.timings[0], reason="one call takes 3.0 s: called once, cold")
    new = replace(new, timings=[slow, *new.timings[1:-1], crash])
    (row,) = changes(old, new).worse
    assert (row.codec, row.what, row.before, row.after) == ("e/1", "encode", "timed", "crashed: SIGSEGV")
    assert not changes(new, old).worse


def test_what_only_one_run_has_is_told():
    old, new = run(1, codecs=("a/1", "b/1")), run(2, codecs=("b/1", "c/1"))
    new = replace(new, datasets=[replace(DATASET, messages=3), replace(DATASET, name="e")])
    assert changes(old, new).notes == [
        "only in the new run: data set e",
        "data set d is not the same in both runs, and was left out",
        "only in the old run: a/1",
        "only in the new run: c/1",
    ]


@pytest.mark.parametrize(
    ("after", "verdict", "worse"),
    [(1000, "tie", False), (1040, "unresolved", False), (1060, "different", True), (900, "different", False)],
)
def test_instructions(after, verdict, worse):
    old, new = (
        replace(run(1), timings=[], verified=[], counted=[
            Counted(dataset="d", codec="a/1", operation="encode", seed=1, loops=loops, instructions=2 * loops * count)
        ])
        for loops, count in ((32, 1000), (8, after))
    )  # fmt: skip
    (row,) = changes(old, new).rows
    assert (row.what, row.before, row.after, row.verdict, row.worse) == (
        "encode, instructions", 1000, after, verdict, worse,
    )  # fmt: skip


# What is shown.


def written(folder, held):
    writer = Writer(folder)
    for line in (held.header, *held.datasets, *held.verified, *held.timings):
        writer.write(line)
    writer.close()
    return str(folder)


@pytest.fixture
def folders(tmp_path):
    old, new = run(1, mood=drifting(3)), run(2, mood=drifting(4), factors={"c/1": 1.06})
    return written(tmp_path / "old", old), written(tmp_path / "new", new)


def test_the_command_shows_what_differs_and_ends_with_one(folders, capsys):
    assert main(["diff", *folders]) == 1
    out = capsys.readouterr().out
    (row,) = [line for line in out.splitlines() if " encode " in line]
    assert row.split()[:3] == ["d", "c/1", "encode"]
    assert row.rstrip().endswith("worse")
    assert "1 differ, 1 of them for the worse; " in out
    assert main(["diff", *reversed(folders)]) == 0
    assert "better" in capsys.readouterr().out
    assert main(["diff", *folders, "--threshold", "10%"]) == 0
    assert "within the threshold" in capsys.readouterr().out


def test_the_command_prints_json(folders, capsys):
    assert main(["diff", *folders, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert Counter(row["verdict"] for row in found["changes"])["different"] == 1
    (row,) = [row for row in found["changes"] if row["worse"]]
    assert 1.04 < row["ratio"]["low"] < row["ratio"]["high"] < 1.08
    assert found["new"]["run"] == folders[1]


def test_everything_is_shown_if_asked(capsys):
    old, new = run(1, turns="t", name="one"), run(2, turns="t", name="<b>\n\x1b[31mtwo", factors={"e/1": 1.5})
    found = changes(old, new)
    report.render(found, old, new, terminal.console(width=200), everything=True)
    out = capsys.readouterr().out
    assert out.count("tie [") == 4
    assert out.count(" bytes ") == 5
    assert "\x1b[31mtwo" not in out
    assert "1 differ, 1 of them for the worse; 9 are the same; 0 are unresolved" in out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["no/run", "no/other"], "no/run/results.jsonl: No such file or directory; a run's folder holds results.jsonl"),
        (
            ["a", "b", "--codec", "xdr"],
            "--schema, --data, --codec, --budget and --out go with --install: a run has been",
        ),
        (["a", "b", "--threshold", "0.1"], "'0.1' is not a percentage: write 1% or 0.3%"),
        (["a"], "Missing argument 'NEW'"),
    ],
)
def test_what_is_refused(arguments, error, capsys):
    assert main(["diff", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"serbench: {error}")
    assert err.count("\n") == 1
