"""The reports in files and on a terminal: golden files, and properties that a golden file cannot show."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from serbench.report import USUAL, render, write
from serbench.report.charts import bars, scatter
from serbench.report.markdown import escape
from serbench.report.summary import summarise
from serbench.results import ResultsError, Writer, read
from synthetic_run import CODECS, GOLDEN, HOSTILE, RUN, VERIFIED, on_terminal, reports, timings

VOID = {"meta", "br", "img", "line"}


class Page(HTMLParser):
    """A page as its elements, (tag, attributes), and its text; complains about elements that do not nest."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


HTML = render(summarise(RUN), "html")
PAGE = Page(HTML)


@pytest.mark.parametrize("name", reports())
def test_golden(name):
    assert reports()[name].encode() == (GOLDEN / name).read_bytes()


def test_a_report_is_a_function_of_the_result_file(tmp_path):
    folder = tmp_path / "made-up"
    writer = Writer(folder)
    lines = [
        RUN.header,
        *RUN.datasets,
        *RUN.libraries,
        *RUN.verified,
        *RUN.footprints,
        *RUN.streamed,
        *RUN.timings,
        *RUN.spent,
        *RUN.ended,
        *RUN.crossed,
        *RUN.foreign,
        *RUN.asked,
    ]
    for line in lines:
        writer.write(line)
    writer.close()
    paths = write(summarise(read(folder)), folder)
    assert [path.name for path in paths] == [f"report.{suffix}" for suffix in USUAL]
    assert paths[0].read_text(encoding="utf-8") == (GOLDEN / "report.md").read_text(encoding="utf-8")
    assert paths[1].read_text(encoding="utf-8") == (GOLDEN / "report.html").read_text(encoding="utf-8")


def test_the_page_makes_no_request_and_runs_nothing():
    tags = {tag for tag, _ in PAGE.elements}
    assert tags.isdisjoint({"script", "img", "link", "iframe", "object", "embed", "base", "form"})
    for tag, attributes in PAGE.elements:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")}, tag
    assert all(link["href"].startswith("#") for link in PAGE.all("a"))
    assert not re.search(r"url\(|@import|://", HTML)


def test_hostile_names_are_text():
    shown = "".join(PAGE.text)
    assert HOSTILE in shown
    assert "<img src=x onerror=alert(1)>" in shown
    assert "a\\x0ab\\x1b[31m.json" in shown
    assert "<b>as fast & as large</b>" in shown
    for text in reports().values():
        assert "\x1b" not in text


def test_links_have_targets():
    targets = {attributes["id"] for _, attributes in PAGE.elements if "id" in attributes}
    assert {link["href"][1:] for link in PAGE.all("a")} == targets


def test_every_table_has_a_caption_and_every_heading_a_scope():
    assert len(PAGE.all("table")) == len(PAGE.all("caption")) > 0
    assert {attributes.get("scope") for attributes in PAGE.all("th")} == {"col", "row"}


def test_the_page_adapts_to_reader_paper_and_telephone():
    for query in ("prefers-color-scheme: dark", "@media print", "@media (max-width"):
        assert query in HTML
    assert {"name": "viewport", "content": "width=device-width,initial-scale=1"} in PAGE.all("meta")


def test_the_page_says_what_a_format_is_and_how_to_measure_again():
    shown = "".join(PAGE.text)
    for text in ("text", "binary", "self-describing", "agreed", "Analytical Engine <1>", "fast 1.2"):
        assert text in shown
    assert "serbench run --schema employees --data 'my file.json'\nserbench report made-up" in shown


def test_the_markdown_has_a_full_row_in_every_table():
    for block in (GOLDEN / "report.md").read_text(encoding="utf-8").split("\n\n"):
        if block.startswith("|"):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(counts) == 1, block


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("access_log", "access_log"), ("_a_", "\\_a\\_"), ("a|b", "a\\|b"), ("`*[x]", "\\`\\*\\[x\\]"),
        ("a\\b", "a\\\\b"), ("<b>&", "&lt;b&gt;&amp;"), ("a\nb", "a\\\\x0ab"), ("$.x", "\\$.x"),
    ],
)  # fmt: skip
def test_markdown_escapes(text, escaped):
    assert escape(text) == escaped


def test_the_json_report():
    held = json.loads(render(summarise(RUN), "json"))
    rows = {row["codec"]: row for row in held["datasets"][0]["codecs"]}
    assert list(rows) == ["json/fast", "json/tied", "xdr/own", "xml/slow", "dump/control",
                          "asn1/absent", "bad/broken", "old/poor"]  # fmt: skip
    assert rows["xml/slow"]["bytes_per_message"] == 244
    assert rows["xml/slow"]["times"]["encode"]["ratio"]["ratio"] == pytest.approx(40, rel=1e-3)
    assert rows["xml/slow"]["times"]["to_native"]["ns"] == pytest.approx(4020, rel=1e-2)
    assert rows["json/fast"]["times"]["encode"]["ratio"] is None
    assert rows["json/fast"]["times"]["encode"]["best"] is True
    assert rows["json/fast"]["times"]["encode"]["mean_ns"] == pytest.approx(160 * 1.005 * 3.01 / 3, rel=1e-5)
    verdicts = {codec: times["encode"]["ratio"]["verdict"] for codec in rows
                if (times := rows[codec].get("times")) and times["encode"]["ratio"]}  # fmt: skip
    assert verdicts == {
        "json/tied": "tie", "xdr/own": "different", "xml/slow": "different", "dump/control": "different",
    }  # fmt: skip
    assert [rows[codec]["times"]["decode"]["rank"] for codec in ("json/fast", "json/tied", "xdr/own")] == [1, 1, 2]
    assert (rows["bad/broken"]["status"], rows["bad/broken"]["reason"]) == ("failed", "$.a: 1 became 1.0")
    assert rows["bad/broken"]["bytes_per_message"] is None
    assert held["datasets"][1]["codecs"][1]["untimed"] == {"decode": "crashed: SIGSEGV"}
    assert held["datasets"][1]["codecs"][1]["dictionary"]["zstd-3-dictionary"] == 300
    assert rows["json/fast"]["footprint"]["encode_peak_bytes"] == 4089
    assert rows["json/fast"]["footprint"]["construct_ns"] == [3_000_000, 1_000_000, 2_000_000]
    assert (rows["json/tied"]["footprint"], rows["json/tied"]["dictionary"]) == (None, None)
    assert [row["codec"] for row in held["libraries"]] == ["json/fast", "dump/control", "bad/broken"]
    assert [family["kind"] for family in held["families"]] == ["text, self-describing", "binary, agreed"]


def test_one_codec_on_one_schema_shows_its_first_bytes():
    alone = replace(RUN, datasets=RUN.datasets[:1], verified=[VERIFIED[1]], timings=[])
    assert "first bytes: 3b9aca00 3b9aca01 ff\n" in on_terminal(100, alone)
    assert "first bytes" not in on_terminal(100)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_the_columns_that_a_terminal_shows_are_whole(width):
    text = on_terminal(width)
    header = next(line for line in text.splitlines() if line.startswith("codec") and "bytes" in line)
    assert all(title in header for title in ("bytes", "encode", "decode"))
    assert "…" not in text


def test_charts_place_every_codec_and_escape_its_name():
    name = '<script>"'
    header = replace(RUN.header, codecs={**CODECS, name: CODECS["xdr/own"]})
    run = replace(
        RUN,
        header=header,
        verified=[*VERIFIED[:5], replace(VERIFIED[3], codec=name)],
        timings=[*RUN.timings, *timings("employees", name, encode=300, decode=300)],
    )
    table = summarise(run).tables[0]
    for chart in (scatter(table), bars(table)):
        page = Page(chart)
        shown = "".join(page.text)
        assert all(row.codec in shown for row in table.measured)
        assert "script" not in {tag for tag, _ in page.elements}
        coordinates = [float(found) for found in re.findall(r'(?:c?[xy][12]?|width|height)="([-\d.]+)"', chart)]
        assert all(0 <= place <= 480 for place in coordinates)


def test_there_is_no_chart_of_nothing():
    table = summarise(replace(RUN, timings=[])).tables[0]
    assert (scatter(table), bars(table)) == ("", "")
    lone = summarise(replace(RUN, timings=timings("employees", "xdr/own", encode=3, decode=3))).tables[0]
    assert scatter(lone) == ""
    assert "xdr/own" in bars(lone)


def test_equal_points_still_make_an_axis():
    alike = timings("employees", "json/fast", encode=3, decode=3) + timings(
        "employees", "json/tied", encode=3, decode=3
    )
    assert scatter(summarise(replace(RUN, timings=alike)).tables[0]).count("<circle") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX's limit of a file's size")
def test_a_report_is_whole_or_not_there(tmp_path):
    """The limit of a file's size stands for a full disk."""
    import resource

    summary = summarise(RUN)
    (before,) = write(summary, tmp_path, ("md",))
    held = before.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(ResultsError, match=r"report\.md: File too large; the results are kept: serbench report "):
            write(summary, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert before.read_bytes() == held
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
