"""Histories: made-up series whose changes are known, how often one is claimed that is none, and what is shown."""

import json
import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from serbench.cli import main
from serbench.history import LEAST_RUNS, HistoryError, change_points, history
from serbench.report.history import page, sparkline
from serbench.results import Counted, Writer
from test_changes import DATASET, drifting, run


def series(seed, levels, spread=0.01, tails=None):
    chance = np.random.default_rng(seed)
    noise = chance.normal(size=len(levels)) if tails is None else chance.standard_t(tails, size=len(levels))
    return np.log(levels) + spread * noise


# Change points.


@pytest.mark.parametrize("count", [6, 10, 30])
@pytest.mark.parametrize(("tails", "bound"), [(None, 0.05), (3, 0.06)])
def test_false_alarms_are_at_most_one_series_in_twenty(count, tails, bound):
    """Of series without a change, normal or with tails of Student's t with three degrees of freedom."""
    claimed = sum(bool(change_points(series(seed, np.ones(count), 0.02, tails))) for seed in range(1000))
    assert claimed <= 1000 * (bound + 2 * math.sqrt(bound / 1000))


def test_false_alarms_among_many_series_are_one_report_in_twenty():
    reports = [
        any(change_points(series(20 * seed + place, np.ones(12), 0.02), tests=20) for place in range(20))
        for seed in range(200)
    ]
    assert sum(reports) <= 20


@pytest.mark.parametrize("at", [3, 6, 9])
@pytest.mark.parametrize("factor", [1.05, 0.95])
def test_a_change_is_found_where_it_is(at, factor):
    found = [change_points(series(seed, [1.0] * at + [factor] * (12 - at), 0.01), tests=4) for seed in range(50)]
    assert sum(len(places) == 1 and abs(places[0][0] - at) <= 1 for places in found) >= 40
    ratios = [places[0][1] for places in found if places]
    assert sum(ratio.low < factor < ratio.high for ratio in ratios) >= 0.85 * len(ratios)


def test_several_changes_are_found():
    levels = [1.0] * 8 + [1.1] * 8 + [0.9] * 8
    places = [place for place, _ in change_points(series(1, levels))]
    assert places == [8, 16]


@pytest.mark.parametrize("place", [0, 5, 10])
def test_one_odd_run_is_no_change(place):
    levels = np.ones(11)
    levels[place] = 1.5
    assert change_points(series(1, levels, 0.005)) == []


def test_less_than_one_per_cent_is_not_claimed():
    assert change_points(series(1, [1.0] * 20 + [1.009] * 20, 0.0005)) == []
    assert change_points(series(1, [1.0] * 20 + [1.02] * 20, 0.0005)) != []


def test_few_runs_have_no_changes_and_equal_ones_neither():
    assert LEAST_RUNS == 6
    assert change_points(np.array([0.0, 0.0, 0.0, 1.0, 1.0])) == []
    assert change_points(np.zeros(20)) == []
    ((place, ratio),) = change_points(np.array([0.0] * 10 + [0.5] * 10))
    assert (place, ratio.ratio) == (10, pytest.approx(math.exp(0.5)))


# Runs.


def runs(count, changed=(), factor=1.06):
    """Runs on a machine with moods, each with its own; of codec c/1 some are slower."""
    found = []
    for number in range(count):
        held = run(number, mood=drifting(number), rounds=20, name=f"reports/{number}",
                   factors={"c/1": factor} if number in changed else {})  # fmt: skip
        versions = {"x": "2" if number in changed else "1"}
        machine = held.header.machine | {"commit": f"c0ffee{number}"}
        started = f"2026-01-{number + 1:02}T03:04:05+00:00"
        header = replace(held.header, started=started, versions=versions, machine=machine)
        found.append(replace(held, header=header))
    return found


def times(found):
    return {held.codec: held for held in found.series if held.kind == "time"}


def test_moods_of_the_machine_are_no_change():
    found = history(runs(10))
    assert not any(held.shifts for held in found.series)
    assert found.notes == []
    assert len(times(found)) == 5
    assert all(0.98 < value < 1.02 for held in times(found).values() for value in held.values)


def test_a_slower_codec_is_found_and_nobody_else_is_accused():
    found = history(reversed(runs(12, changed=range(7, 12))))
    changed = {codec: held.shifts for codec, held in times(found).items() if held.shifts}
    ((codec, (shift,)),) = changed.items()
    assert (codec, shift.at, shift.worse) == ("c/1", 7, True)
    assert shift.ratio.low < 1.06 < shift.ratio.high


def test_only_what_is_asked_for_is_followed_and_counts_as_a_test():
    held = runs(6)
    assert {row.codec for row in history(held, ["a/1"]).series} == {"a/1"}
    with pytest.raises(HistoryError, match="no run has a codec 'nope'; there are a/1"):
        history(held, ["nope"])
    with pytest.raises(HistoryError, match="no run has a data set 'nope'; there are d"):
        history(held, datasets=["nope"])


def test_runs_without_a_codec_have_gaps_and_few_runs_are_told():
    held = runs(5)
    held[1] = replace(held[1], timings=[row for row in held[1].timings if row.codec != "c/1"])
    found = history(held)
    assert times(found)["c/1"].values[1] is None
    assert not times(found)["c/1"].tested
    assert found.notes == ["5 times are in fewer than 6 runs, and are not tested for changes"]


def test_other_machines_and_other_data_are_left_out():
    held = runs(7)
    held[0] = replace(held[0], header=replace(held[0].header, machine={"cpu": "Z8000", "python": "3.11"}))
    held[1] = replace(held[1], datasets=[replace(DATASET, messages=3)])
    found = history(held)
    assert times(found)["a/1"].values[:2] == [None, None]
    assert found.notes[:2] == [
        "data set d was another in 1 of the runs, which are left out of it",
        "times of 1 runs on another processor or Python than the last are left out",
    ]


def test_a_codec_alone_has_no_times():
    held = [replace(each, timings=[row for row in each.timings if row.codec == "a/1"]) for each in runs(6)]
    found = history(held)
    assert not times(found)
    assert found.notes == ["times without a second codec in all the runs to compare with: a/1"]


def test_sizes_status_and_instructions_need_no_test():
    held = runs(3)
    larger = [replace(row, encoded_bytes=[12, 12]) if row.codec == "a/1" else row for row in held[1].verified]
    broken = [
        replace(row, status="failed", encoded_bytes=[]) if row.codec == "b/1"
        else replace(row, encoded_bytes=[12, 12]) if row.codec == "a/1" else row
        for row in held[2].verified
    ]  # fmt: skip
    held[1], held[2] = replace(held[1], verified=larger), replace(held[2], verified=broken)
    counts = (1000, 1040, 1200)
    held = [
        replace(each, counted=[Counted(dataset="d", codec="a/1", operation="encode", seed=1, loops=8,
                                       instructions=16 * count)])
        for each, count in zip(held, counts)
    ]  # fmt: skip
    found = {(row.codec, row.kind): [(shift.at, shift.worse) for shift in row.shifts] for row in history(held).series}
    assert found["a/1", "bytes"] == [(1, True)]
    assert found["b/1", "status"] == [(2, None)]
    assert found["a/1", "instructions"] == [(2, True)]
    assert found["c/1", "bytes"] == []


# What is shown.


@pytest.fixture
def folder(tmp_path):
    for number, held in enumerate(runs(9, changed=range(5, 9))):
        writer = Writer(tmp_path / "reports" / f"run-{number}")
        for line in (held.header, *held.datasets, *held.verified, *held.timings):
            writer.write(line)
        writer.close()
    return tmp_path / "reports"


def test_the_command_shows_the_changes(folder, capsys, tmp_path):
    assert main(["history", str(folder), "--codec", "c/1", "--html", str(tmp_path / "h.html")]) == 0
    out, err = capsys.readouterr()
    (said,) = [line for line in out.splitlines() if line.startswith("c/1, d, encode: ")]
    assert "from run 6 (run-5, 2026-01-06T03:04:05+00:00, c0ffee5) on; x 1 became 2" in said
    assert "▁" in out
    assert "█" in out
    assert err == f"serbench: the page is {tmp_path / 'h.html'}\n"
    assert main(["history", str(folder), "--codec", "a/1"]) == 0
    assert "no change found" in capsys.readouterr().out


def test_the_command_prints_json(folder, capsys):
    assert main(["history", str(folder), "--dataset", "d", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert [run["commit"] for run in held["runs"]] == [f"c0ffee{number}" for number in range(9)]
    (shift,) = [shift for row in held["series"] for shift in row["shifts"]]
    assert (shift["at"], shift["worse"]) == (5, True)


def test_the_page_stands_alone(folder):
    held = runs(9, changed=range(5, 9))
    hostile = '<script>alert("1")</script>'
    header = replace(held[8].header, versions={"x": hostile})
    text = page(history([*held[:8], replace(held[8], header=header, path=Path(hostile) / "results.jsonl")]))
    tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.append(tag)
            assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)

    Tags().feed(text)
    assert "script" not in tags
    assert "://" not in text
    assert tags.count("svg") == 10
    assert text.count('class="shift"') == 1


@pytest.mark.parametrize(
    ("values", "line"),
    [([1.0, None, 2.0], "▁·█"), ([1.0, 1.001], "▄▄"), ([], ""), ([None], ""), ([5.0, 1.0, 3.0], "█▁▅")],
)
def test_sparklines(values, line):
    assert sparkline(values) == line


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["no/such"], "no/such: holds no folder of a run, which has results.jsonl"),
        ([], "Missing argument 'FOLDER'"),
    ],
)
def test_what_is_refused(arguments, error, capsys):
    assert main(["history", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"serbench: {error}")


def test_an_unknown_codec_is_refused(folder, capsys):
    assert main(["history", str(folder), "--codec", "nope"]) == 2
    assert capsys.readouterr().err.startswith("serbench: no run has a codec 'nope'; there are a/1")
