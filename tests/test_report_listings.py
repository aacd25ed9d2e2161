"""The tables that are the same in every report: what is in their cells, and which of them is the best."""

import sys
from dataclasses import replace
from pathlib import Path

from serbench.report import render
from serbench.report.listings import of_data, of_run
from serbench.report.summary import summarise

sys.path.insert(0, str(Path(__file__).parent))
from synthetic_run import CODECS, RUN, on_terminal

SUMMARY = summarise(RUN)
PURPOSES, SIZES, MEMORY = of_data(SUMMARY.tables[0])
OTHER_SIZES, SPEEDS, DICTIONARY = of_data(SUMMARY.tables[1])
(LIBRARIES,) = of_run(SUMMARY)


def texts(listing):
    return {cells[0][0]: [text for text, _ in cells[1:]] for cells in listing.rows}


def best(listing):
    return {
        (cells[0][0], title) for cells in listing.rows for title, (_, is_best) in zip(listing.titles, cells) if is_best
    }


def test_compressed_sizes_are_per_message_and_the_control_is_not_the_best():
    assert SIZES.titles == ["codec", "none", "zlib-6", "zstd-3"]
    assert texts(SIZES)["xml/slow"] == ["244", "122", "126"]
    assert texts(OTHER_SIZES)["xdr/own"] == ["1,001", "500.5", "501.5"]
    assert best(SIZES) == {("xdr/own", method) for method in SIZES.titles[1:]}
    assert OTHER_SIZES.caption.endswith("on average of 4")


def test_purposes_have_a_column_each_and_the_share_of_content():
    assert PURPOSES.titles == ["codec", "content", "name", "padding", "structure", "content, %"]
    assert list(texts(PURPOSES).items()) == [
        ("json/fast", ["47", "42", "0", "45", "35.1"]),
        ("xml/slow", ["47", "118", "0", "79", "19.3"]),
        ("dump/control", ["28", "0", "2", "0", "93.3"]),
    ]
    assert best(PURPOSES) == set()


def test_purposes_are_per_message_of_those_explained():
    several = [
        replace(row, purposes={"content": 9, "tag": 6}, explained=3) for row in RUN.verified if row.encoded_bytes
    ]
    purposes = next(iter(of_data(summarise(replace(RUN, verified=several)).tables[1])))
    assert texts(purposes)["xdr/own"] == ["3", "2", "60.0"]
    assert purposes.caption.endswith("on average of 3")


def test_whole_ways_are_the_sums_of_both_and_rates_are_of_what_was_written():
    """Of 12,345 octets in four messages, compressed in 10.05 us each: 307 MB/s."""
    rows = {(cells[0][0], cells[1][0]): [text for text, _ in cells[2:]] for cells in SPEEDS.rows}
    assert rows["json/fast", "zstd-3"] == ["10.0 µs ±5 %", "307", "5.02 µs ±5 %", "614", "1.01 ms", "2.01 ms"]
    assert rows["xdr/own", "zlib-6"] == ["-", "-", "1.00 µs ±5 %", "996", "-", "-"]
    assert next(iter(rows)) == ("json/fast", "zstd-3")
    assert len(rows) == 3


def test_a_dictionary_is_compared_on_the_same_messages():
    assert texts(DICTIONARY) == {"xdr/own": ["1,001", "750", "150", "80.0", "4,096"]}
    assert "trained on 2 messages and used on the other 2" in DICTIONARY.caption


def test_memory_has_the_least_peaks_first_and_says_who_measured():
    assert list(texts(MEMORY)) == ["xdr/own", "json/fast", "xml/slow", "dump/control"]
    assert texts(MEMORY)["xml/slow"] == ["9,482", "277", "148", "7,467", "1,368", "157", "2.00 ms"]
    assert "by memray and tracemalloc+rss" in MEMORY.caption
    alone = [row for row in RUN.footprints if row.codec == "xdr/own"][:1]
    alone = [replace(alone[0], encode_allocations=None, construct_ns=[])]
    *_, memory = of_data(summarise(replace(RUN, footprints=alone)).tables[0])
    assert texts(memory) == {"xdr/own": ["445", "97", "-", "538", "368", "11", "-"]}
    assert "by tracemalloc+rss;" in memory.caption


def test_no_time_to_construct_is_called_best():
    assert {title for _, title in best(MEMORY)} == {"encode: peak", "held", "allocations", "decode: peak"}
    assert ("json/fast", "allocations") in best(MEMORY)


def test_libraries_have_the_least_import_and_those_without_come_last():
    assert texts(LIBRARIES) == {
        "dump/control": ["python 3.11", "40.0 µs", "-", "-", "-"],
        "json/fast": ["fast 1.2", "1.30 ms", "188,416", "336,909", "1,336,909"],
        "bad/broken": ["broken 6", "-", "-", "1", "1"],
    }
    assert best(LIBRARIES) == set()


def test_what_was_not_measured_is_not_shown():
    plain = [replace(row, purposes={}) for row in RUN.verified]
    summary = summarise(replace(RUN, libraries=[], footprints=[], verified=plain))
    assert list(of_run(summary)) == []
    assert [listing.caption.split(",")[0] for listing in of_data(summary.tables[0])] == ["Compressed"]


def test_a_narrow_terminal_leaves_the_last_columns_out():
    wide, narrow = (
        next(line for line in on_terminal(width).splitlines() if "encode: peak" in line) for width in (140, 80)
    )
    assert wide.split()[-3:] == ["held", "allocations", "construct"]
    assert narrow.split()[-3:] == ["decode:", "peak", "held"]
    assert "(a wider terminal shows more: allocations, construct)" in on_terminal(80)


def test_long_tables_are_left_to_the_files():
    many = [f"a/{number}" for number in range(21)]
    run = replace(
        RUN,
        header=replace(RUN.header, codecs=dict.fromkeys(many, CODECS["xdr/own"])),
        datasets=RUN.datasets[:1],
        verified=[replace(RUN.verified[3], codec=codec) for codec in many],
        timings=[],
        footprints=[],
        libraries=[],
    )
    assert "compressed, each" not in on_terminal(140, run)
    assert "compressed, each" in on_terminal(140, replace(run, verified=run.verified[:20]))
    assert "Compressed, each" in render(summarise(run), "md")
