"""What diff writes for pull requests and continuous integration: golden Markdown, and JUnit XML by its structure."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from serbench.changes import Change, Changes, changes
from serbench.cli import main
from serbench.report import changes_markdown, junit
from serbench.statistics import Ratio
from synthetic_run import GOLDEN, HOSTILE, RUN, write

OLD = replace(RUN, path=RUN.path.parent.parent / "main" / "results.jsonl")
NEW = replace(
    RUN, header=replace(RUN.header, started="2026-01-03T03:04:05+00:00", versions=RUN.header.versions | {"fast": "1.3"})
)


def row(what, before, after, verdict="different", codec="json/fast", kind="time", ratio=None, worse=False, **more):
    return Change(
        dataset=more.get("dataset", "employees"), codec=codec, kind=kind, what=what, before=before, after=after,
        verdict=verdict, ratio=ratio and Ratio(*ratio, 12, 0.001), worse=worse,
    )  # fmt: skip


FOUND = Changes(
    [
        row("bytes", 134, 134, "tie", kind="bytes"),
        row("encode", 160.0, 150.0, ratio=(1.052, 1.046, 1.059), worse=True),
        row("decode", 400.0, 402.0, "unresolved", ratio=(1.004, 0.96, 1.05)),
        row("bytes", 64, 60, codec="xdr/own", kind="bytes"),
        row("encode", 720.0, 500.0, codec="xdr/own", ratio=(0.7, 0.69, 0.71)),
        row("status", "ok", "failed: $.a|b: 1 became 2\n\x1b[2J", codec="xml/slow", kind="status", worse=True),
        row("loses", "nothing", "-0.0", kind="losses", worse=True, dataset=HOSTILE),
        row("encode", 100.0, 101.0, "tie", ratio=(1.001, 0.995, 1.005), dataset=HOSTILE),
    ],
    ["only in the old run: <b>bad</b>"],
)

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out", "system-err"},
}
"""What may be in what, by junit-10.xsd of Jenkins' xUnit plugin; the rest has text alone."""
REQUIRED = {"testsuite": {"name", "tests", "failures", "errors"}, "property": {"name", "value"}, "testcase": {"name"}}
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id",
                  "package", "file", "log", "url"},
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"},
}  # fmt: skip


def test_the_markdown_of_a_pull_request():
    assert changes_markdown.render(FOUND, OLD, NEW) == (GOLDEN / "diff.md").read_text(encoding="utf-8")


def test_its_rows_are_whole_and_the_worst_come_first():
    lines = changes_markdown.render(FOUND, OLD, NEW).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert ["worse" in line for line in table[2:]] == [True, True, True, False, False]
    assert not any("\x1b" in line or "<script" in line or "<b>" in line for line in lines)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (FOUND.rows, "3 regressions"),
        (FOUND.rows[1:2], "1 regression"),
        (FOUND.rows[3:5], "no regression, and something got better"),
        (FOUND.rows[2:3], "no regression"),
        (FOUND.rows[:1], "no regression, but no times were compared"),
        ([], "no regression, but no times were compared"),
    ],
)
def test_the_verdict_comes_first(rows, said):
    assert changes_markdown.render(Changes(rows, []), OLD, NEW).splitlines()[0] == f"### serbench: {said}"


def test_a_long_table_is_cut():
    many = Changes([row("bytes", 10, 11 + n, codec=f"c/{n}", kind="bytes", worse=True) for n in range(200)], [])
    text = changes_markdown.render(many, OLD, NEW)
    assert text.count("**worse**") == changes_markdown.MOST_SHOWN
    assert "and 150 more." in text
    assert "c/199" in text


def test_junit_is_what_its_readers_allow():
    root = ET.fromstring(junit.render(FOUND, OLD, NEW))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert REQUIRED.get(element.tag, set()) <= element.attrib.keys() <= ALLOWED.get(element.tag, set())


def test_junit_has_a_case_for_each_comparison_and_a_failure_for_each_regression():
    root = ET.fromstring(junit.render(FOUND, OLD, NEW))
    cases = list(root.iter("testcase"))
    assert len(cases) == len({(case.get("classname"), case.get("name")) for case in cases}) == len(FOUND.rows)
    assert [case.get("name") for case in cases if case.find("failure") is not None] == [
        "json/fast encode", "xml/slow status", "json/fast loses",
    ]  # fmt: skip
    (failure,) = [case.find("failure") for case in cases if case.get("name") == "xml/slow status"]
    assert failure.get("message") == "worse: ok -> failed: $.a|b: 1 became 2\\x0a\\x1b[2J"
    for suite in root:
        held = list(suite.iter("testcase"))
        assert suite.get("tests") == str(len(held))
        assert suite.get("failures") == str(sum(case.find("failure") is not None for case in held))
    assert (root.get("tests"), root.get("failures")) == ("8", "3")
    assert root[0].find("system-out").text == "only in the old run: <b>bad</b>"


@pytest.fixture
def folders(tmp_path):
    larger = [replace(held, encoded_bytes=[size + 1 for size in held.encoded_bytes]) for held in RUN.verified]
    return [str(write(tmp_path / "old")), str(write(tmp_path / "new", replace(RUN, verified=larger)))]


def test_the_command_writes_them_and_ends_with_one(folders, capsys):
    assert main(["diff", *folders, "--format", "markdown"]) == 1
    assert capsys.readouterr().out.startswith("### serbench: 7 regressions\n")
    assert main(["diff", *folders, "--format", "junit"]) == 1
    assert ET.fromstring(capsys.readouterr().out).get("failures") == "7"
    assert main(["diff", folders[0], folders[0], "--format", "junit"]) == 0
    assert ET.fromstring(capsys.readouterr().out).get("failures") == "0"
    assert main(["diff", *folders, "--format", "json"]) == 1
    as_format = capsys.readouterr().out
    assert main(["diff", *folders, "--json"]) == 1
    assert capsys.readouterr().out == as_format
    assert main(["diff", *folders, "--json", "--format", "junit"]) == 2
    assert "choose one" in capsys.readouterr().err


def test_absolute_times_are_explained_where_runs_are_not_in_turns():
    assert "Times are as measured" in changes_markdown.render(FOUND, OLD, NEW)
    both = [replace(run, header=replace(run.header, turns="t")) for run in (OLD, NEW)]
    assert "Times are as measured" not in changes_markdown.render(FOUND, *both)
    assert not changes(*both).worse
