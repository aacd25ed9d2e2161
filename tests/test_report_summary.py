"""What reports say of a run, from samples whose figures are known beforehand."""

import math
from dataclasses import replace

import pytest
from serbench.report import render
from serbench.report.summary import Time, summarise
from serbench.report.words import (
    clean,
    digits,
    interval_text,
    margin_text,
    ratio_interval_text,
    ratio_text,
    size_text,
    time_text,
)
from serbench.statistics import Figure, Ratio
from synthetic_run import HOSTILE, PROCESSES, RUN, TIMINGS, timings

EMPLOYEES, OTHER = summarise(RUN).tables
ROWS = {row.codec: row for row in EMPLOYEES.measured + EMPLOYEES.absent}


def test_rows_are_ranked_by_round_trip_then_controls_then_what_was_not_measured():
    assert [row.codec for row in EMPLOYEES.ranked] == ["json/fast", "json/tied", "xdr/own", "xml/slow"]
    assert [row.codec for row in EMPLOYEES.controls] == ["dump/control"]
    assert [row.codec for row in EMPLOYEES.absent] == ["asn1/absent", "bad/broken", "old/poor"]


def test_rows_without_a_time_come_after_those_with_one_smallest_first():
    table = summarise(replace(RUN, timings=timings("employees", "xml/slow", encode=1, decode=1))).tables[0]
    assert [row.codec for row in table.ranked] == ["xml/slow", "xdr/own", "json/fast", "json/tied"]


def test_the_efficiencies_of_the_lecture_s_example():
    """26 characters in 244 of XML and in 134 of JSON: 10.7 % and 19.4 %."""
    assert ROWS["xml/slow"].efficiency_percent == pytest.approx(100 * 26 / 244)
    assert ROWS["json/fast"].efficiency_percent == pytest.approx(100 * 26 / 134)


def test_sizes_are_per_message():
    (row,) = (row for row in OTHER.ranked if row.codec == "xdr/own")
    assert row.size == 1001
    assert row.compressed == {"none": 1001, "zlib-6": 500.5, "zstd-3": 501.5}
    assert row.efficiency_percent == pytest.approx(100 * 4002 / 4004)


def test_times_are_per_message_the_geometric_mean_of_the_processes():
    share = math.prod(PROCESSES) ** (1 / len(PROCESSES))
    assert ROWS["xdr/own"].times["encode"].figure.ns == pytest.approx(720 * share, rel=1e-3)
    assert OTHER.ranked[0].times["encode"].figure.ns == pytest.approx(1e6 * share, rel=1e-3)


def test_ratios_are_to_the_fastest_that_is_no_control():
    times = {codec: row.times["decode"] for codec, row in ROWS.items() if row.times}
    assert times["json/fast"].ratio is None
    assert times["xml/slow"].ratio.ratio == pytest.approx(30, rel=1e-3)
    assert times["dump/control"].ratio.ratio == pytest.approx(90 / 400, rel=1e-2)
    assert [codec for codec, time in times.items() if time.best] == ["json/fast"]


def test_a_tie_is_as_good_as_the_best():
    time = ROWS["json/tied"].times["encode"]
    assert (time.best, time.ratio.verdict, ratio_text(time)) == (True, "tie", "tie")
    assert ratio_text(ROWS["json/fast"].times["encode"]) == "fastest"


def test_no_ratio_is_stated_that_the_samples_do_not_carry():
    time = ROWS["json/tied"].times["decode"]
    assert (time.best, time.rank, ratio_text(time)) == (False, 1, "~1.07x")
    assert ratio_interval_text(time) == "~1.07x [0.97, 1.19]"
    two = [timing for timing in TIMINGS if timing.process < 2]
    times = [row.times["encode"] for row in summarise(replace(RUN, timings=two)).tables[0].measured]
    assert [ratio_text(time)[0] for time in times] == ["f", "t", *"~~~"]
    assert {time.rank for time in times} == {None}


def test_ranks_are_groups_without_controls():
    assert {codec: row.times["encode"].rank for codec, row in ROWS.items() if row.times} == {
        "json/fast": 1, "json/tied": 1, "xdr/own": 2, "xml/slow": 3, "dump/control": None,
    }  # fmt: skip
    assert ROWS["xml/slow"].times["to_native"].rank is None


def test_a_codec_of_few_processes_is_not_what_others_are_compared_with():
    """It would leave all of them without a test."""
    lucky = timings("employees", "xml/slow", encode=10)[:2]
    held = [timing for timing in TIMINGS if timing.codec != "xml/slow"]
    rows = {row.codec: row for row in summarise(replace(RUN, timings=held + lucky)).tables[0].ranked}
    assert rows["json/fast"].times["encode"].ratio is None
    assert rows["xdr/own"].times["encode"].rank == 2
    assert rows["xml/slow"].times["encode"].rank is None
    assert ratio_text(rows["xml/slow"].times["encode"]).startswith("~")


def test_the_pairs_say_who_is_the_fastest_where_the_figures_cannot():
    """b beats a in the process that both have; a alone has another process, on a faster layout."""
    together = [
        replace(timing, process=0)
        for timing in timings("employees", "json/fast", encode=100) + timings("employees", "xml/slow", encode=90)
        if timing.process == 0
    ]
    alone = [replace(timings("employees", "json/fast", encode=50)[0], process=1)]
    rows = {row.codec: row for row in summarise(replace(RUN, timings=together + alone)).tables[0].ranked}
    assert rows["json/fast"].times["encode"].figure.ns < rows["xml/slow"].times["encode"].figure.ns
    assert rows["xml/slow"].times["encode"].ratio is None
    assert rows["json/fast"].times["encode"].ratio.ratio == pytest.approx(100 / 90, rel=1e-3)


def test_the_smallest_is_not_the_control():
    assert [row.codec for row in EMPLOYEES.measured if row.smallest] == ["xdr/own"]


def test_the_library_s_own_objects_are_shown_where_they_were_timed():
    assert [row.codec for row in EMPLOYEES.halves] == ["xml/slow"]


def test_notes():
    assert EMPLOYEES.notes == [
        "xdr/own is lossy: NaN payload (3 times), -0.0 becomes 0.0 (once), first at $.a[0].b",
        "json/tied is not deterministic: equal values gave different bytes",
    ]
    assert OTHER.notes == [
        "xdr/own, stream: crashed: <SIGILL>",
        "xdr/own, memory: crashed: <SIGBUS>",
        "xdr/own, decode: crashed: SIGSEGV",
    ]


def test_families_leave_controls_out():
    groups = {group.kind: group for group in summarise(RUN).groups}
    assert list(groups) == ["text, self-describing", "binary, agreed"]
    agreed = groups["binary, agreed"]
    assert (agreed.codecs, agreed.cells) == (1, 2)
    assert agreed.efficiency_percent == pytest.approx(100 * math.sqrt(26 / 64 * 4002 / 4004))
    assert agreed.encode_ratio == pytest.approx(math.sqrt(4.5 * 9_994_800 / 4e6), rel=1e-2)


def test_conditions():
    times = (
        "times: 4 processes, 95 % interval; machine quiet in 92 % of rounds, 0.0 % faster at the end; "
        "ratios: 8 resolved, 1 tied, 1 unresolved; 4 % of the run inside measurement"
    )
    allowed = "what their share of the budget allowed"
    assert summarise(RUN).conditions == f"{times}; imports: 3 of 7, {allowed}; memory: 5 of 7, {allowed}"
    assert summarise(replace(RUN, footprints=[], libraries=[])).conditions == times
    assert "; 90 % of the time of blocks inside measurement" in summarise(replace(RUN, ended=[])).conditions
    measured = replace(RUN, header=replace(RUN.header, machine={"loop_overhead_ns": 7.64}))
    assert "; 7.6 ns for a timed call of an empty C function; imports" in summarise(measured).conditions
    single = summarise(replace(RUN, timings=[timing for timing in TIMINGS if timing.process == 1]))
    assert "1 process, range of quartiles" in single.conditions
    assert summarise(replace(RUN, timings=[], footprints=[])).conditions == "nothing was timed"


def test_a_run_that_was_stopped_at_once_has_empty_tables():
    summary = summarise(replace(RUN, verified=[], timings=[]))
    assert [table.measured for table in summary.tables] == [[], []]
    assert summary.groups == []


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0.5, "0.50 ns"), (9.994, "9.99 ns"), (9.996, "10.0 ns"), (99.96, "100 ns"), (999.4, "999 ns"),
        (999.6, "1.00 µs"), (1234, "1.23 µs"), (999_600, "1.00 ms"), (2.5e9, "2.50 s"), (12_345e9, "12,345 s"),
    ],
)  # fmt: skip
def test_times_have_three_digits_and_the_unit_that_fits(ns, text):
    assert time_text(ns) == text


@pytest.mark.parametrize(("value", "text"), [(0.234, "0.23"), (9.995, "10.0"), (99.95, "100"), (1234.5, "1,234")])
def test_digits(value, text):
    assert digits(value) == text


@pytest.mark.parametrize(("size", "text"), [(244, "244"), (12345.0, "12,345"), (0.25, "0.2"), (1000.5, "1,000.5")])
def test_sizes(size, text):
    assert size_text(size) == text


def test_intervals():
    narrow = Figure(1230, 1200, 1270, 5, 1.0, 1240)
    assert interval_text(narrow) == "1.23 µs [1.20, 1.27]"
    assert margin_text(narrow) == "1.23 µs ±3 %"
    assert margin_text(Figure(100, 97, 160, 2, 1.0, 120)) == "100 ns -3 +60 %"
    assert ratio_interval_text(Time(figure=narrow, ratio=Ratio(1.76, 1.74, 1.78, 5, 0.0))) == "1.76x [1.74, 1.78]"


@pytest.mark.parametrize(
    ("text", "shown"), [("a b é", "a b é"), ("a\nb", "a\\x0ab"), ("\x1b[31m", "\\x1b[31m"), (HOSTILE, HOSTILE)]
)
def test_clean_keeps_what_prints(text, shown):
    assert clean(text) == shown


def test_sizes_of_many_messages_have_a_distribution():
    dataset = replace(RUN.datasets[0], messages=101, timed=1)
    sizes = [*range(1, 101), 1000]
    verified = [replace(row, encoded_bytes=sizes) for row in RUN.verified if row.codec == "json/fast"]
    run = replace(
        RUN, datasets=[dataset], verified=[row for row in verified if row.dataset == dataset.name], timings=[]
    )
    (table,) = summarise(run).tables
    assert [row.spread for row in table.spread] == [(6050, 1, 51, 91, 100, 1000)]
    assert summarise(replace(run, datasets=[replace(dataset, messages=29)])).tables[0].spread == []
    for text in (render(summarise(run), "md"), render(summarise(run), "html")):
        assert "Sizes of the messages, in bytes" in text
        assert "6,050" in text
