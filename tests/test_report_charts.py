"""The charts as specifications and as files: what they show, and that names are values only."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from serbench.report import charts, engine, png, rows, svg, write
from serbench.report.summary import summarise
from synthetic_run import CODECS, HOSTILE, RUN, about, timings, verified

pytestmark = pytest.mark.skipif(not engine.installed(), reason=engine.ADVICE)


def drawn(summary):
    """By name, the texts of each chart as it is drawn."""
    import vl_convert

    found = {}
    for name, spec in charts.charts(summary).items():
        text = vl_convert.vegalite_to_svg(spec, vl_version=engine.VEGA_LITE)
        marks = ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")
        found[name] = [held.text or "" for held in marks]
    return found


SUMMARY = summarise(RUN)
DRAWN = drawn(SUMMARY)


def test_a_bar_far_beyond_the_median_is_cut_and_says_its_time():
    assert any(text.endswith(" »") for text in DRAWN["times-1-employees"])
    quick = [row for row in RUN.timings if row.codec != "xml/slow"]
    assert not any(text.endswith(" »") for text in drawn(summarise(replace(RUN, timings=quick)))["times-1-employees"])


def test_charts_name_what_they_show_and_no_controls():
    for name in ("times", "sizes", "compressed", "link"):
        shown = DRAWN[f"{name}-1-employees"]
        assert {"json/fast", "xdr/own", "xml/slow"} <= {*shown}
        assert "dump/control" not in shown
        assert any("employees" in text for text in shown)
    assert "dump/control" in DRAWN["matrix-2"]
    assert "xx" in DRAWN["matrix-2"]


def test_names_are_values_only():
    name = "datum.x\"'</text><script>alert(1)</script>"
    codecs = {name if codec == "xdr/own" else codec: held for codec, held in CODECS.items()}
    named = [replace(row, codec=name) if row.codec == "xdr/own" else row for row in RUN.verified]
    timed = [replace(row, codec=name) if row.codec == "xdr/own" else row for row in RUN.timings]
    run = replace(
        RUN, header=replace(RUN.header, codecs=codecs), verified=named, timings=timed, streamed=[], crossed=[]
    )
    shown = drawn(summarise(run))
    assert name in shown["times-1-employees"]
    assert any(HOSTILE in text for text in shown["times-2-script-alert-a-b-script"])
    for chart, spec in charts.charts(summarise(run)).items():
        before = charts.charts(SUMMARY).get(chart)
        if before and "matrix" not in chart:  # but for rows and titles nothing is made of names
            assert {**spec, "data": 0, "title": 0} == {**before, "data": 0, "title": 0}


def frontier(points):
    """The names that a scatter of points (octets, times) has."""
    codecs = {name: about("Format", "library", "1") for name in points}
    run = replace(
        RUN,
        header=replace(RUN.header, codecs=codecs),
        datasets=RUN.datasets[:1],
        verified=[verified("employees", name, octets) for name, (octets, _) in points.items()],
        timings=[row for name, (_, ns) in points.items() for row in timings("employees", name, encode=ns, decode=ns)],
        **{part: [] for part in ("streamed", "libraries", "footprints", "foreign", "crossed", "asked")},
    )
    return {text for text in drawn(summarise(run))["scatter-1-employees"] if text in points}


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ({"a": (10, 900), "b": (20, 500), "c": (30, 100), "d": (25, 600)}, {"a", "b", "c"}),
        ({"a": (10, 100), "b": (20, 200)}, {"a"}),
        ({"a": (10, 100), "b": (10, 200), "c": (20, 100)}, {"a"}),
        ({"only": (10, 100)}, {"only"}),
    ],
)
def test_the_front_is_what_no_other_beats(points, front):
    assert frontier(points) == front


def test_a_chart_of_bars_has_the_first_of_many():
    points = {f"codec-{number:02}": (1000 - 4 * number, 1000 - number) for number in range(40)}
    codecs = {name: about("Format", "library", "1") for name in points}
    run = replace(
        RUN,
        header=replace(RUN.header, codecs=codecs),
        datasets=RUN.datasets[:1],
        verified=[verified("employees", name, octets) for name, (octets, _) in points.items()],
        timings=[row for name, (_, ns) in points.items() for row in timings("employees", name, encode=ns, decode=ns)],
        **{part: [] for part in ("streamed", "libraries", "footprints", "foreign", "crossed", "asked")},
    )
    shown = drawn(summarise(run))
    for name in ("times", "sizes", "compressed", "link"):
        names = [text for text in shown[f"{name}-1-employees"] if text in points]
        assert names == sorted(points, reverse=True)[:24], name
    assert len([text for text in shown["throughput-encode"] if text in points]) == 8


def test_the_rows_of_a_chart_are_the_figures_of_the_tables():
    held = {(row["dataset"], row["codec"]): row for row in rows.cells(SUMMARY)}
    row = held["employees", "xml/slow"]
    assert (row["bytes"], row["zlib-6"], row["form"], row["status"]) == (244, 122, "text", "ok")
    assert row["encode_low"] < row["encode"] < row["encode_high"]
    assert row["round_trip"] == row["encode"] + row["decode"]
    assert row["to_native"] == pytest.approx(4018.8, rel=1e-3)
    assert row["purpose_unexplained"] == 244 or row["purpose_content"]
    assert held["employees", "bad/broken"]["bytes"] is None
    means = {row["codec"]: row for row in rows.codecs(SUMMARY)}
    assert means["json/fast"]["bytes_ratio"] == pytest.approx((134 / 64 * 12345 / 4004) ** 0.5)
    assert means["json/fast"]["time_ratio"] == 1
    assert means["xdr/own"]["standing"] == 3
    assert [means[codec]["often"] for codec in ("xdr/own", "bad/broken")] == [True, False]


def test_rows_become_short_columns():
    found = rows.columns([{"a": 1234.5678, "b": None}, {"a": 2.0, "b": "<"}])
    assert json.dumps(found) == '{"a": [1235, 2], "b": [null, "<"]}'
    assert rows.columns([]) == {}


def test_files(tmp_path):
    drawings = svg.render(SUMMARY)
    assert set(drawings) == {f"{name}.svg" for name in DRAWN}
    assert all(text.startswith("<svg") and "<script" not in text for text in drawings.values())
    one = summarise(replace(RUN, datasets=RUN.datasets[:1], timings=[], foreign=[], crossed=[], asked=[]))
    pictures = png.render(one)
    assert set(pictures) == {f"{name}-1-employees.png" for name in ("sizes", "compressed", "axes")}
    paths = write(one, tmp_path, ("svg", "png"))
    assert [path.name for path in paths] == ["charts"] * 2
    assert {path.name for path in paths[0].iterdir()} == {
        *pictures,
        *(name.replace(".png", ".svg") for name in pictures),
    }
    assert all(octets.startswith(b"\x89PNG\r\n\x1a\n") for octets in pictures.values())
