"""What a run says in three sentences, of runs whose truth is known."""

from dataclasses import replace

import pytest
from serbench.report.findings import competing, findings
from serbench.report.summary import summarise
from serbench.results import Dataset
from synthetic_run import RUN, about, timings, verified


def made_up(codecs, cells):
    """A run of codecs, by id what they are, and of cells (data set, codec): octets, times to encode and to decode."""
    names = list(dict.fromkeys(dataset for dataset, _ in cells))
    return summarise(
        replace(
            RUN,
            header=replace(RUN.header, codecs=codecs),
            datasets=[
                Dataset(name=name, source="shared", root="R", messages=1, timed=1, information_bytes=50)
                for name in names
            ],
            verified=[verified(dataset, codec, octets) for (dataset, codec), (octets, *_) in cells.items()],
            timings=[
                timing
                for (dataset, codec), (_, *times) in cells.items()
                if times
                for timing in timings(dataset, codec, encode=times[0], decode=times[1], **dict(*times[2:]))
            ],
            streamed=[],
            libraries=[],
            footprints=[],
            foreign=[],
            crossed=[],
            asked=[],
        )
    )


AGREED = about("Agreed", "a", "1")
DESCRIBING = about("Describing", "d", "1", self_describing=True)
TEXT = about("Text", "t", "1", textual=True, self_describing=True)


def of(codecs, cells):
    return {finding.title: finding.text for finding in findings(made_up(codecs, cells))}


def test_the_fastest_and_by_how_much_over_the_next_that_is_told_apart():
    wavering = {"wavering": (1.0, 1.03, 0.98, 1.0)}
    told = of(
        {"quick": AGREED, "close": AGREED, "slow": AGREED, "slower": AGREED},
        {
            ("x", "slower"): (100, 400, 400),
            ("x", "quick"): (100, 100, 100),
            ("x", "close"): (100, 100, 102, wavering),
            ("x", "slow"): (100, 150, 250),
        },
    )
    assert told["Fastest there and back: quick"] == (
        "4 codecs carry the data set. quick goes there and back 4,976,665 times a second; slow, the next that is told "
        "apart, takes 2.00 times as long [2.00, 2.00]. Not told apart from it: close."
    )


def test_a_choice_among_many_needs_more_evidence():
    wavering = {"wavering": (1.05, 1.08, 1.02, 1.06)}
    cells = {("x", "quick"): (100, 100, 100), ("x", "close"): (100, 100, 100, wavering)}
    alone = of({"quick": AGREED, "close": AGREED}, cells)
    assert "close, the next that is told apart, takes 1.05 times as long" in alone["Fastest there and back: quick"]
    cells |= {("x", f"slow{number}"): (100, 500, 500) for number in range(8)}
    among = of({codec: AGREED for _, codec in cells}, cells)
    assert "Not told apart from it: close." in among["Fastest there and back: quick"]


def test_means_over_data_sets_are_geometric():
    told = of(
        {"quick": AGREED, "slow": AGREED},
        {
            ("x", "quick"): (100, 100, 100),
            ("y", "quick"): (100, 1000, 3000),
            ("x", "slow"): (300, 300, 100),
            ("y", "slow"): (1200, 16000, 16000),
        },
    )
    assert "slow, the next that is told apart, takes 4.00 times as long" in told["Fastest there and back: quick"]
    assert "2 codecs carry both data sets." in told["Fastest there and back: quick"]
    assert "the next, slow, takes 6.00 times the bytes" in told["Smallest: quick"]


def test_who_carries_fewer_data_sets_does_not_compete():
    cells = {(name, codec): (100, 200, 200) for name in "xyz" for codec in ("wide", "wider")}
    cells["x", "narrow"] = (10, 1, 1)
    told = of({"wide": AGREED, "narrow": AGREED, "wider": AGREED}, cells)
    assert not any("narrow" in title + text for title, text in told.items())
    assert all(text.startswith("2 codecs carry all 3 data sets.") for text in told.values())


def test_where_none_carries_all_they_are_compared_on_what_all_have():
    cells = {(name, "one"): (100, 200, 200) for name in "xy"} | {(name, "two"): (50, 400, 400) for name in "yz"}
    told = of({"one": AGREED, "two": AGREED}, cells)
    assert told["Smallest: two"].startswith("2 codecs carry 1 of 3 data sets.")
    assert "Fastest there and back: one" in told


def test_controls_and_peers_do_not_take_part():
    codecs = {
        "ours": AGREED,
        "other": AGREED,
        "raw": about("Raw", "r", "1", control=True),
        "json/node": AGREED | {"peer": "node"},
    }
    cells = {("x", codec): (100 if codec in ("ours", "other") else 1, 10, 10) for codec in codecs}
    told = of(codecs, cells)
    assert not any(name in title + text for title, text in told.items() for name in ("raw", "node"))


def test_one_process_tells_nothing_apart():
    summary = made_up(
        {"quick": AGREED, "slow": AGREED}, {("x", "quick"): (100, 100, 100), ("x", "slow"): (100, 300, 300)}
    )
    alone = [row for row in summary.run.timings if row.process == 0]
    first = findings(summarise(replace(summary.run, timings=alone)))[0]
    assert first.title == "Fastest there and back, as it seems: quick"
    assert "slow, takes ~3.00 times as long, which is a best guess: it takes 3 processes" in first.text


def test_pairs_of_rounds_decide_who_is_first():
    """`late` has no sample in the process in which the machine was slowest, so that its figure looks better."""
    summary = made_up(
        {"steady": AGREED, "late": AGREED}, {("x", "steady"): (100, 100, 100), ("x", "late"): (100, 100.9, 100.9)}
    )
    kept = [row for row in summary.run.timings if (row.codec, row.process) != ("late", 1)]
    summary = summarise(replace(summary.run, timings=kept))
    figures = {row.codec: row.round_trip_ns for row in summary.tables[0].ranked}
    assert figures["late"] < figures["steady"]
    assert findings(summary)[0].title.endswith(": steady")


def test_the_smallest_and_who_is_as_small():
    told = of(
        {"small": AGREED, "twin": AGREED, "more": AGREED, "most": AGREED},
        {
            ("x", "most"): (350, 1, 1),
            ("x", "more"): (103, 1, 1),
            ("x", "twin"): (100, 1, 1),
            ("x", "small"): (100, 1, 1),
        },
    )
    assert told["Smallest: small"] == (
        "4 codecs carry the data set. small needs the fewest bytes: 50 % of them are information; the next, more, "
        "takes 3.0 % more bytes, the largest, most, 3.50 times as many. As small: twin."
    )


def test_the_price_of_self_description():
    told = of(
        {"json": TEXT, "cbor": DESCRIBING, "xdr": AGREED, "avro": AGREED},
        {
            ("x", "json"): (300, 80, 80),
            ("x", "cbor"): (150, 100, 100),
            ("x", "xdr"): (200, 50, 50),
            ("x", "avro"): (100, 90, 90),
        },
    )
    assert told["Self-description costs 50 % more bytes"] == (
        "The smallest self-describing codec, cbor, takes 1.50 times the bytes of the smallest agreed, avro; the "
        "fastest self-describing one there and back, json, takes 1.60 times as long as the fastest agreed, xdr. The "
        "smallest text is json, 3.00 times the bytes of avro."
    )


@pytest.mark.parametrize(
    ("codecs", "title"),
    [
        ({"a": TEXT, "b": DESCRIBING}, "Text costs 2.00 times the bytes"),
        ({"b": DESCRIBING, "c": AGREED}, "Self-description costs no bytes"),
        ({"c": AGREED, "d": AGREED}, None),
    ],
)
def test_the_price_is_of_what_is_there(codecs, title):
    sizes = {"a": 200, "b": 100, "c": 100, "d": 400}
    told = of(codecs, {("x", codec): (sizes[codec], 1, 1) for codec in codecs})
    assert [found for found in told if "costs" in found] == ([title] if title else [])


def test_sizes_say_something_where_nothing_was_timed():
    told = of({"small": AGREED, "large": AGREED}, {("x", "small"): (100,), ("x", "large"): (200,)})
    assert list(told) == ["Smallest: small"]


def test_nothing_is_said_of_nothing():
    assert (
        findings(summarise(replace(RUN, datasets=[], verified=[], timings=[], foreign=[], crossed=[], asked=[]))) == []
    )
    lone = of({"only": AGREED}, {("x", "only"): (100, 100, 100)})
    assert lone["Fastest there and back: only"].startswith(
        "1 codec carries the data set. only goes there and back 4,97"
    )
    assert competing(made_up({}, {}), bool).codecs == []
