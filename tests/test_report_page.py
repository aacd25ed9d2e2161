"""The page without a browser: what it holds, that names are text everywhere in it, and that it asks for nothing.

`test_report_browser.py` opens it.
"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from serbench.report import engine, html
from serbench.report.summary import summarise
from serbench.report.words import clean
from synthetic_run import CODECS, HOSTILE, RUN

VOID = {"meta", "br", "img", "line", "input"}
SCRIPT = "c2NyaXB0"


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


HTML = html.page(summarise(RUN), SCRIPT)
PAGE = Page(HTML)
TABLES_ONLY = html.page(summarise(RUN), "")


def data_of(page):
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(found)


def renamed(name):
    """The run with a data set, a codec and a column of a matrix of that name."""
    codecs = {name if codec == "xdr/own" else codec: about for codec, about in CODECS.items()}

    def named(rows):
        rows = [replace(row, codec=name) if getattr(row, "codec", "") == "xdr/own" else row for row in rows]
        return [replace(row, dataset=name) if getattr(row, "dataset", "") == "employees" else row for row in rows]

    return replace(
        RUN,
        header=replace(RUN.header, codecs=codecs),
        datasets=[replace(RUN.datasets[0], name=name), *RUN.datasets[1:]],
        **{part: named(getattr(RUN, part)) for part in ("verified", "timings", "streamed", "crossed", "asked")},
    )


def test_the_page_is_all_that_is_needed():
    tags = {tag for tag, _ in PAGE.elements}
    assert tags.isdisjoint({"img", "link", "iframe", "object", "embed", "base"})
    for tag, attributes in PAGE.elements:
        assert not {
            name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style", "action")
        }, tag
    assert {link["href"] for link in PAGE.all("a") if not link["href"].startswith("#")} == {"results.jsonl"}
    assert not re.search(r"url\(|@import|://", HTML)
    (policy,) = [meta["content"] for meta in PAGE.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src" not in policy


@pytest.mark.parametrize(
    "name", [HOSTILE, "</script><b>", "<!-- <script>", "]]>&lt;", "\\u003c", "__proto__", "a\n\x1b[2J\u2028"]
)
def test_names_are_text_in_markup_and_in_data(name):
    shown = clean(name)
    page = Page(made := html.page(summarise(renamed(name)), SCRIPT))
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in PAGE.elements}
    assert shown in "".join(page.text)
    data = re.search(r'id="data">(.*?)</script>', made)[1]
    assert "<" not in data
    assert "\x1b" not in made
    held = json.loads(data)
    assert held["datasets"][0] == shown
    assert shown in held["codecs"]["codec"]
    assert shown in held["charts"]["matrix-1"]["rows"]["column"]


def test_hostile_names_of_the_run_are_text():
    shown = "".join(PAGE.text)
    for name in (
        HOSTILE,
        "<img src=x onerror=alert(1)>",
        "a\\x0ab\\x1b[31m.json",
        "<b>as fast & as large</b>",
        "far<b>",
    ):
        assert name in shown


def test_links_have_targets_and_controls_have_names():
    targets = [attributes["id"] for _, attributes in PAGE.elements if "id" in attributes]
    assert len(targets) == len({*targets})
    assert {link["href"][1:] for link in PAGE.all("a") if link["href"].startswith("#")} <= {*targets}
    controls = {attributes["name"] for tag in ("select", "input") for attributes in PAGE.all(tag)}
    assert controls == {
        "data",
        "find",
        "form",
        "describing",
        "status",
        "language",
        "show",
        "preset",
        "bandwidth",
        "latency",
    }


def test_every_table_has_a_caption_and_every_heading_a_scope():
    assert len(PAGE.all("table")) == len(PAGE.all("caption")) > 0
    assert {attributes.get("scope") for attributes in PAGE.all("th")} == {"col", "row"}


def test_the_page_adapts_to_reader_paper_and_telephone():
    for query in ("prefers-color-scheme: dark", "@media print", "@media (max-width"):
        assert query in HTML
    assert {"name": "viewport", "content": "width=device-width,initial-scale=1"} in PAGE.all("meta")


def test_the_page_says_what_was_measured_on_what_and_how_to_do_it_again():
    shown = "".join(PAGE.text)
    assert "5 codecs of 4 formats, written in C, on 2 data sets with 5 messages" in shown
    assert "Analytical Engine <1>, 2 cores, Python 3.11.2; 2026-01-02 03:04 UTC" in shown
    for text in ("text", "binary", "self-describing", "agreed", "fast 1.2"):
        assert text in shown
    assert "serbench run --schema employees --data 'my file.json'\nserbench report made-up" in shown


def test_the_samples_are_linked_as_they_are_kept():
    kept = replace(RUN, path=RUN.path.with_name("results.jsonl.zst"))
    assert '<a href="results.jsonl.zst">results.jsonl.zst</a>' in html.page(summarise(kept), SCRIPT)


def test_the_findings_come_before_all_figures():
    assert HTML.index("Self-description costs") < HTML.index("<table") < HTML.index('id="codecs"')


def test_every_matrix_is_a_table_with_what_its_cells_say():
    for matrix in summarise(RUN).matrices:
        assert html.text(matrix.title) in TABLES_ONLY
    assert '<td class=failed title="json/go' not in HTML  # a tip says what its row does not
    assert "<td class=failed" in HTML
    assert "<td class=control" in HTML


def test_without_what_draws_it_has_tables_and_says_how_to_get_charts():
    page = Page(TABLES_ONLY)
    assert "figure" not in {tag for tag, _ in page.elements}
    assert page.all("script") == [{}, {}]
    assert "pip install 'serbench[charts]', and serbench report again" in "".join(page.text)
    assert TABLES_ONLY.count("<table") == HTML.count("<table") - 1  # that of the link is filled by the script
    assert "Vega" not in "".join(page.text)


def test_a_run_that_measured_nothing_has_a_page():
    nothing = Page(
        html.page(
            summarise(replace(RUN, datasets=[], verified=[], timings=[], crossed=[], foreign=[], asked=[])), SCRIPT
        )
    )
    assert "nothing was measured" in "".join(nothing.text)
    assert not nothing.all("figure")


def test_the_script_is_small_and_the_licences_are_in_the_page():
    script = (html.HERE / "page.js").read_text(encoding="utf-8")
    assert len(script) < 20_000
    assert "</script" not in script
    assert "<!--" not in script
    shown = "".join(PAGE.text)
    assert "Redistributions in binary form must reproduce the above copyright" in shown
    assert "University of Washington Interactive Data Lab" in shown
    assert "Mike Bostock" in shown


def test_what_draws_is_bundled_once_and_kept(monkeypatch, tmp_path):
    pytest.importorskip("vl_convert")
    import vl_convert

    asked = []

    def javascript_bundle(snippet, vl_version):
        asked.append(vl_version)
        return f"{snippet} // é"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(vl_convert, "javascript_bundle", javascript_bundle)
    made = engine.bundle.__wrapped__()
    assert engine.bundle.__wrapped__() == made
    assert asked == [engine.VEGA_LITE]
    (kept,) = (tmp_path / "serbench" / "charts").iterdir()
    kept.write_bytes(b"damaged")
    assert engine.bundle.__wrapped__() == made
    assert len(asked) == 2


def test_without_the_libraries_there_are_no_charts_and_it_is_said(monkeypatch):
    from serbench.report import png, svg
    from serbench.results import ResultsError

    monkeypatch.setattr(engine, "installed", lambda: False)
    assert engine.bundle.__wrapped__() == ""
    for output in (svg, png):
        with pytest.raises(ResultsError, match=r"charts need Altair and vl-convert: pip install 'serbench\[charts\]'"):
            output.render(summarise(RUN))
