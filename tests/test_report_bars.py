"""Bars of a terminal: as long as the times are, and no wider than the terminal; in colour only where that is wanted."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from serbench.report.bars import _Scale, bars
from serbench.report.summary import summarise
from serbench.statistics import Figure
from synthetic_run import DATASETS, RUN, timings, verified


def figure(ns, high=None):
    return Figure(ns, ns, high or ns, 5, 1.0, ns)


def table(times, **more):
    run = replace(
        RUN, datasets=DATASETS[:1], libraries=[], footprints=[], streamed=[],
        verified=[verified("employees", codec, 10) for codec in times],
        timings=[row for codec, held in times.items() for row in timings("employees", codec, **held)],
    )  # fmt: skip
    return summarise(run).tables[0]


TABLE = table({"json/fast": {"encode": 100, "decode": 400}, "xdr/own": {"encode": 200, "decode": 200},
               "xml/slow": {"encode": 400, "decode": 800}})  # fmt: skip


def drawn(width, held=TABLE, **console):
    return [line.plain for line in bars(held, Console(file=io.StringIO(), width=width, **console))]


@pytest.mark.parametrize(
    ("ns", "high", "bar"),
    [
        (100, None, "██████████"),
        (50, None, "█████     "),
        (55, None, "█████▌    "),
        (51.25, None, "█████▏    "),
        (50, 80, "█████───  "),
        (50, 900, "█████─────"),
        (0.01, None, "▏         "),
        (101, None, "█████████▶"),
    ],
)
def test_a_bar_is_as_long_as_the_time(ns, high, bar):
    assert _Scale(100, 10, ascii=False).bar(figure(ns, high)) == bar


@pytest.mark.parametrize(
    ("ns", "high", "bar"), [(50, 80, "#####---  "), (0.01, None, "#         "), (101, None, "#########>")]
)
def test_without_unicode_there_are_number_signs(ns, high, bar):
    assert _Scale(100, 10, ascii=True).bar(figure(ns, high)) == bar


def test_lengths_are_in_proportion_and_sorted_as_the_table():
    lines = {line.split()[0]: line[11:51] for line in drawn(140)[1:]}
    assert list(lines) == [row.codec for row in TABLE.measured]
    lengths = [lines[codec].count("█") for codec in ("json/fast", "xdr/own", "xml/slow")]
    assert lengths[2] == pytest.approx(2 * lengths[1], abs=2) == pytest.approx(4 * lengths[0], abs=4)
    assert lengths[2] > 30


def test_directions_are_beside_each_other_where_there_is_room_and_below_otherwise():
    assert drawn(80)[0].split() == ["encode", "decode"]
    assert len(drawn(80)) == 4
    narrow = drawn(36)
    assert [line.split() for line in (narrow[0], narrow[4])] == [["encode"], ["decode"]]
    assert len(narrow) == 8


@pytest.mark.parametrize("width", [30, 36, 50, 80, 140, 400])
def test_no_line_is_wider_than_the_terminal(width):
    assert all(len(line) <= width for line in drawn(width))


def test_where_there_is_no_room_or_nothing_to_compare_there_is_no_chart():
    assert drawn(20) == []
    assert drawn(140, table({"json/fast": {"encode": 100}})) == []
    assert drawn(140, table({"json/fast": {}, "xdr/own": {}})) == []


def test_what_is_very_slow_is_cut_and_that_is_said():
    held = table({"json/fast": {"encode": 100}, "xdr/own": {"encode": 110}, "xml/slow": {"encode": 90_000}})
    lines = drawn(100, held)
    assert "▶" in lines[3]
    assert lines[-1] == "(cut: longer than 10 times the median)"
    assert "▶" not in "".join(drawn(100))


def test_what_was_not_timed_has_a_gap():
    held = table({"json/fast": {"encode": 100, "decode": 100}, "xdr/own": {"decode": 100}})
    (line,) = [line for line in drawn(100, held) if line.startswith("xdr/own")]
    assert line.count("100 ns") + line.count("101 ns") == 1


def test_no_color_is_respected(monkeypatch):
    shown = {}
    for wanted in ("", "1"):
        monkeypatch.setenv("NO_COLOR", wanted)
        out = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="truecolor")
        for line in bars(TABLE, out):
            out.print(line)
        shown[wanted] = out.file.getvalue()
    assert "\x1b[34m" in shown[""]
    assert "\x1b[34m" not in shown["1"]
    assert "█" in shown["1"]
