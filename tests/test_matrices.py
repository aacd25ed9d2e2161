"""Matrices: what stands in a cell, what is said below, and how they are drawn."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from serbench.report import matrices, render, terminal
from serbench.report.listings import of_matrix
from serbench.report.matrices import Cell, Matrix
from serbench.report.summary import summarise
from serbench.results import Asked, Crossing, Foreign, Verified

sys.path.insert(0, str(Path(__file__).parent))
from synthetic_run import CODECS, HOSTILE, RUN, printed

TRIPS, CROSSED, PEERS = summarise(RUN).matrices
FOREIGN = Foreign(machine="m", byte_order="big", word_bits=64, python="3.11.2", controls=["dump/control"])


def cell(matrix, row, column):
    return matrix.cells[matrix.rows.index(row)][matrix.columns.index(column)]


def crossing(**more):
    return Crossing(**{"machine": "m", "dataset": "d", "codec": "json/fast", "status": "ok"} | more)


@pytest.mark.parametrize(
    ("row", "status", "word"),
    [
        ({"octets": "same"}, "ok", "=="),
        ({"octets": "differ", "reason": "why"}, "ok", "~~"),
        ({"octets": "vary"}, "ok", "~~"),
        ({"octets": "same", "status": "failed", "forth": "wrong"}, "failed", "x="),
        ({"octets": "differ", "status": "defect", "back": "wrong", "reason": "known"}, "defect", "~x"),
        ({"octets": "differ", "status": "failed", "reason": "the octets differ"}, "failed", "~~"),
        ({"status": "failed", "reason": "crashed"}, "failed", "!!"),
        ({"status": "unsupported", "reason": "no maps"}, "unsupported", "-"),
        ({"codec": "dump/control", "octets": "differ", "status": "failed", "forth": "w", "back": "w"}, "control", "xx"),
        ({"codec": "dump/control", "octets": "same"}, "ok", "=="),
        ({"codec": "dump/control", "octets": "differ", "status": "failed", "forth": "w"}, "failed", "x~"),
    ],
)
def test_a_crossing_is_two_marks(row, status, word):
    held = matrices.crossings(FOREIGN, [crossing(**row)])
    ((shown,),) = held.cells
    assert (shown.status, shown.word) == (status, word)
    for told in ("forth", "back", "reason"):
        assert row.get(told, "") in shown.tip or row.get("reason")


def test_a_crossing_names_versions_problems_and_what_is_not_there_at_all():
    assert CROSSED.rows == ["json/fast", "dump/control", "old/poor", "bad/broken"]
    assert CROSSED.columns == ["endian-fields", "employees"]
    assert (CROSSED.aside, CROSSED.asides) == ("there", {"json/fast": "1.3"})
    assert cell(CROSSED, "dump/control", "endian-fields").status == "control"
    assert CROSSED.notes == [
        "xml/slow: unavailable: not there: no wheel",
        "dump/control: fails, as it has to: forth, 1 became 256; back, 256 became 1 (endian-fields)",
        "old/poor: failed: there: crashed: <SIGBUS> (endian-fields)",
        "bad/broken: defect: known (endian-fields)",
        "old/poor: other octets: another order (employees)",
        "old/poor failed on employees between here and far<b>",
        "far<b> (big-endian, long of 64 bits, Python 3.11.2): 1 of 5 codecs pass both ways, 1 lack their library, "
        "1 have a known defect there. Controls that have to fail: dump/control.",
        "json/fast: crossed with 1.1 here, the run is of 1.2",
    ]


def test_peers_say_what_they_lose():
    assert [[held and held.word for held in row] for row in PEERS.cells] == [
        ["same", "lossy"],
        ["ok", "FAILED"],
        ["unavailable", None],
    ]
    assert cell(PEERS, "json/node", HOSTILE).tip == "reading: whole floats are integers"
    assert PEERS.asides == {"json/node": "fast-json 3"}
    assert f"json/node, reading: whole floats are integers ({HOSTILE})" in PEERS.notes
    assert "json/java: unavailable: missing: mvn; apt-get install maven (employees)" in PEERS.notes


def test_peers_of_the_run_itself_are_shown_with_those_that_were_asked_later():
    header = replace(RUN.header, codecs=CODECS | {"xdr/c": CODECS["xdr/own"] | {"peer": "c"}})
    own = Verified(dataset="employees", codec="xdr/c", status="ok", encoded_bytes=[64], offers=["octets"])
    run = replace(RUN, header=header, verified=[*RUN.verified, own])
    trips, _, peers = matrices.of_run(run)
    assert cell(peers, "xdr/c", "employees") == Cell("ok", "same")
    assert peers.asides["xdr/c"] == "own 0.1"
    assert len(peers.rows) == 4
    assert "xdr/c" not in trips.rows
    alone = matrices.of_run(replace(run, asked=[]))[-1]
    assert (alone.kind, alone.rows) == ("peers", ["xdr/c"])


def test_round_trips_are_shown_of_several_data_sets_without_what_their_tables_say():
    assert cell(TRIPS, "xdr/own", "employees").tip.startswith("lossy: NaN payload (3 times)")
    assert cell(TRIPS, "old/poor", "employees").tip == "unsupported: old/poor does not carry a map ($.m_[a|b])"
    assert all("byte order" in note for note in TRIPS.notes)
    assert TRIPS.controls == ["dump/control"]
    alone = replace(RUN, datasets=RUN.datasets[:1], crossed=[], foreign=[], asked=[])
    assert matrices.of_run(alone) == []


def test_a_listing_of_a_matrix():
    held = of_matrix(CROSSED)
    assert held.titles == ["codec", "endian-fields", "employees", "there"]
    assert [text for text, _ in held.rows[0]] == ["json/fast", "==", "==", "1.3"]
    assert held.rows[1][0][0] == "dump/control (control)"
    assert held.notes == tuple(CROSSED.notes)


def test_reports_have_them():
    run = replace(RUN, header=replace(RUN.header, codecs=CODECS))
    markdown, page = render(summarise(run), "md"), render(summarise(run), "html")
    assert "| json/fast | == | == | 1.3 |" in markdown
    assert "- json/fast: crossed with 1.1 here, the run is of 1.2" in markdown
    assert "crossed with 1.1 here" in page
    assert "far<b>" not in page


WIDE = Matrix(
    kind="peers",
    title="t",
    corner="codec",
    rows=["a/b", "c/d"],
    columns=["a long name", "another long name", "and another"],
    cells=[[Cell("ok", "ok"), None, Cell("failed", "FAILED")], [Cell("ok", "ok")] * 3],
    legend="ok: fine",
    notes=["a note"],
    controls=["c/d"],
    aside="by",
    asides={"c/d": "one"},
)


def lines(width, held=WIDE):
    return printed(width, lambda out: terminal.matrix(held, out)).splitlines()


def test_columns_that_fit_have_their_names():
    shown = lines(80)
    assert shown[0].split("  ")[0] == "codec"
    assert "another long name" in shown[0]
    assert shown[2].split() == ["a/b", "ok", "-", "FAILED"]
    assert shown[3].split() == ["c/d", "(control)", "ok", "ok", "ok", "one"]
    assert shown[-2:] == ["ok: fine", "a note"]


def test_columns_whose_names_do_not_fit_have_numbers():
    shown = lines(50)
    assert shown[0].split() == ["codec", "1", "2", "3", "by"]
    assert "1 a long name, 2 another long name, 3 and another" in shown


def test_columns_that_do_not_fit_at_all_come_one_below_the_other():
    wordy = replace(WIDE, cells=[[Cell("unavailable", "unavailable")] * 3] * 2)
    shown = lines(40, wordy)
    assert [line.split("  ")[0] for line in shown].count("codec") > 1
    assert any("another long name" in line for line in shown)


def test_nothing_is_cut_where_nothing_fits():
    shown = lines(12, replace(WIDE, columns=["a name wider than that", "b", "c"]))
    assert shown[0].split() == ["codec", "1", "by"]
    assert not any("…" in line for line in shown)
    assert "1 a name wider than that, 2 b, 3 c" in shown


def test_hostile_names_do_nothing():
    hostile = replace(WIDE, rows=["\x1b[2J", "c/d"], notes=["\x1b[2J"], columns=["\x1b[2J", "b", "c"])
    assert "\x1b" not in "".join(lines(200, hostile))


def test_a_run_shows_what_was_asked_later():
    asked = [Asked(dataset="employees", codec="json/go", writer="json/fast", language="go", status="ok")]
    shown = printed(140, lambda out: terminal.render(summarise(replace(RUN, asked=asked)), out))
    assert "Implementations in other languages" in shown
