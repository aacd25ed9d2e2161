"""The reports in files and on a terminal: golden files, and properties that a golden file cannot show."""

import json
import re
import sys
from dataclasses import replace

import pytest
from serbench.report import USUAL, render, write
from serbench.report.markdown import escape
from serbench.report.summary import summarise
from serbench.results import ResultsError, Writer, read
from synthetic_run import GOLDEN, RUN, VERIFIED, on_terminal, reports


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
    assert paths[1].read_text(encoding="utf-8") == render(summarise(RUN), "html")


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
