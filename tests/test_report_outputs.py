"""The outputs that other programs read: CSV, Parquet, LaTeX, pytest-benchmark's JSON; read by them where we can."""

import csv
import gzip
import io
import json
import random
import re
import shutil
import subprocess
import sys
import webbrowser
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import synthetic_run
from pytest_benchmark.stats import Stats
from serbench import report
from serbench.cli import main
from serbench.report import FORMATS, Output, figures, latex, parquet, pytest_benchmark, readme, render, write
from serbench.report.summary import summarise
from serbench.results import FILE_NAME, ResultsError
from synthetic_run import CODECS, DATASETS, HOSTILE, RUN, TIMINGS, about, timings, verified

SUMMARY = summarise(RUN)
ROWS = list(figures.rows(SUMMARY))
CSV = list(csv.DictReader(io.StringIO(render(SUMMARY, "csv"))))


@pytest.fixture
def folder(tmp_path):
    return synthetic_run.write(tmp_path / "made-up")


# The long form.


def test_each_figure_is_one_row_that_can_be_pivoted():
    keys = [(row.dataset, row.codec, row.measure) for row in ROWS]
    assert len(set(keys)) == len(keys)
    held = {(row.codec, row.measure): row for row in ROWS if row.dataset == "employees"}
    assert held["json/fast", "size_bytes"].value == 134
    assert held["json/fast", "efficiency_percent"].value == pytest.approx(100 * 26 / 134)
    assert held["json/fast", "size_zlib-6_bytes"].value == 67
    assert held["json/fast", "encode_peak_bytes"].value == 4_089
    assert held["json/fast", "construct_ns"].value == 2_000_000
    fast, slow = held["json/fast", "encode_ns"], held["xml/slow", "encode_ns"]
    assert (fast.ratio, fast.rank, fast.processes) == (1.0, 1, 4)
    assert slow.ratio == pytest.approx(40, rel=0.01)
    assert (slow.verdict, slow.low < slow.value < slow.high) == ("different", True)
    assert {row.measure for row in ROWS if row.dataset is None} == {
        "import_ns", "library_resident_bytes", "library_installed_bytes", "library_required_bytes",
    }  # fmt: skip


def test_a_codec_that_is_not_measured_has_its_reason():
    (row,) = [row for row in ROWS if row.codec == "asn1/absent"]
    assert (row.status, row.reason, row.measure, row.value) == ("unavailable", "pip install absent", None, None)


def test_units_are_in_the_names_of_measures():
    units = re.compile(r"_(bytes|ns|percent|ratio|allocations|records|instructions)$")
    assert all(units.search(row.measure) for row in ROWS if row.measure)


def test_csv_has_all_rows_and_one_line_each():
    assert [row["codec"] for row in CSV] == [row.codec for row in ROWS]
    assert [float(row["value"]) if row["value"] else None for row in CSV] == [row.value for row in ROWS]
    text = render(SUMMARY, "csv")
    assert text.count("\r\n") == text.count("\n") == len(ROWS) + 1


def test_csv_is_no_formula():
    """What begins with = in a cell is run by spreadsheets."""
    names = {name: f"{name}1" for name in "=+-@"}
    run = replace(
        RUN,
        header=replace(RUN.header, codecs=CODECS | {name: about("X", "x", "1") for name in names.values()}),
        verified=[verified("employees", name, 9) for name in names.values()],
        timings=[],
    )
    text = render(summarise(run), "csv")
    assert {row["codec"] for row in csv.DictReader(io.StringIO(text))} >= {f"'{name}" for name in names.values()}


def test_parquet_is_the_same_with_types():
    table = pq.read_table(io.BytesIO(render(SUMMARY, "parquet")))
    assert table.to_pylist() == [vars(row) for row in ROWS]
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["dataset"], kinds["value"], kinds["rank"], kinds["textual"]) == ("string", "double", "int64", "bool")
    assert json.loads(table.schema.metadata[b"serbench"])["command"] == RUN.header.command


def test_parquet_without_pyarrow_is_one_line(monkeypatch, folder, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ResultsError, match=r"pip install 'serbench\[arrow\]'"):
        parquet.render(SUMMARY)
    assert main(["report", str(folder), "--format", "parquet"]) == 2
    assert capsys.readouterr().err == "serbench: Parquet needs pyarrow: pip install 'serbench[arrow]'\n"


# LaTeX.


def test_latex_has_full_rows_and_balanced_groups():
    text = render(SUMMARY, "latex")
    tables = re.findall(r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(tables) == 3
    for columns, body in tables:
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(columns)}
    assert len(re.findall(r"(?<!\\)\{", text)) == len(re.findall(r"(?<!\\)\}", text))
    assert not re.search(r"(?<!\\)[#_]", re.sub(r"^%.*$|\\label\{.*?\}", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("a_b%c&d#e$f", r"a\_b\%c\&d\#e\$f"),
        ("~^<>|", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\textbar{}"),
        ("a--b", "a-{}-{}b"),
        ("a\nb", r"a\textbackslash{}x0ab"),
    ],
)
def test_latex_escapes(text, escaped):
    assert latex.escape(text) == escaped


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex here: apt-get install texlive-latex-recommended")
def test_latex_compiles(tmp_path):
    (tmp_path / "report.tex").write_text(render(SUMMARY, "latex"), encoding="utf-8")
    lines = [r"\documentclass{article}", r"\usepackage{booktabs}", r"\begin{document}", r"\input{report}"]
    (tmp_path / "paper.tex").write_text("\n".join([*lines, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


# pytest-benchmark.


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103])
def test_statistics_are_those_of_pytest_benchmark(count):
    chance = random.Random(count)
    theirs = Stats()
    for _ in range(count):
        theirs.update(chance.lognormvariate(0, 1))
    expected = theirs.as_dict()
    found = pytest_benchmark.stats(theirs.data)
    assert found.keys() == expected.keys()
    assert {name: value for name, value in found.items() if name != "outliers"} == pytest.approx(
        {name: value for name, value in expected.items() if name != "outliers"}
    )
    assert found["outliers"] == expected["outliers"]


def test_its_command_compares_two_runs(tmp_path):
    slower = [replace(row, samples_ns=[2 * ns for ns in row.samples_ns]) for row in TIMINGS]
    for number, run in enumerate((RUN, replace(RUN, timings=slower)), 1):
        (tmp_path / f"000{number}_run.json").write_text(render(summarise(run), "pytest-benchmark"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "0001_run.json", "0002_run.json"]
    done = subprocess.run(
        [*command, "--csv=out.csv", "--columns=median,ops", "--group-by=fullname"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "employees[json/fast-encode]" in done.stdout
    held = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    medians = [float(row["median"]) for row in held if row["name"].endswith("employees[json/fast-encode]")]
    assert medians == pytest.approx([160e-9, 320e-9], rel=0.03)


def test_what_dashboards_read_is_there():
    """github-action-benchmark's extractPytestResult takes fullname, stats.ops, stddev, mean and rounds."""
    machine = RUN.header.machine | {"commit": "c0ffee-dirty"}
    held = json.loads(render(summarise(replace(RUN, header=replace(RUN.header, machine=machine))), "pytest-benchmark"))
    assert (held["commit_info"]["id"], held["commit_info"]["dirty"]) == ("c0ffee", True)
    names = [benchmark["fullname"] for benchmark in held["benchmarks"]]
    assert len(set(names)) == len(names) > 10
    for benchmark in held["benchmarks"]:
        stats = benchmark["stats"]
        assert stats["ops"] == pytest.approx(1 / stats["mean"])
        assert stats["rounds"] >= 1
        assert stats["stddev"] >= 0
    assert not any("bad/broken" in name for name in names)


# A README.


def test_a_readme_has_a_few_rows():
    many = {f"json/{number:02}": about("JSON", f"lib{number}", "1", textual=True) for number in range(20)}
    many["xdr/own"] = CODECS["xdr/own"]
    run = replace(
        RUN,
        header=replace(RUN.header, codecs=many),
        datasets=DATASETS[:1],
        verified=[verified("employees", codec, 100) for codec in many],
        timings=[row for place, codec in enumerate(many) for row in timings("employees", codec, encode=100 + place,
                 decode=100)],
        libraries=[], footprints=[], streamed=[],
    )  # fmt: skip
    (table,) = summarise(run).tables
    assert [row.codec for row in readme.shortened(table)] == ["json/00", "xdr/own"]
    text = render(summarise(run), "readme")
    assert "2 of 21 codecs, the fastest of each format." in text
    assert len(text.splitlines()) < 15


# The command.


def test_the_command_writes_and_prints(folder, capsys):
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out.split() == [str(folder / f"report.{suffix}") for suffix in ("md", "html", "json")]
    assert main(["report", str(folder), "-f", "csv", "-f", "latex"]) == 0
    assert capsys.readouterr().out.split() == [str(folder / "report.csv"), str(folder / "report.tex")]
    assert main(["report", str(folder), "-f", "csv", "--stdout"]) == 0
    assert capsys.readouterr().out.startswith("dataset,codec,format,")
    assert main(["report", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["datasets"]
    (folder / "report.csv").unlink()
    assert main(["report", str(folder), "--show"]) == 0
    assert "json/fast" in capsys.readouterr().out
    assert not (folder / "report.csv").exists()


def test_a_compressed_run_is_reported(folder, capsys):
    plain = folder / FILE_NAME
    plain.with_name(f"{FILE_NAME}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    for command in (
        ["report", str(folder), "-f", "md"],
        ["query", str(folder), "FROM runs"],
        ["diff", *[str(folder)] * 2],
    ):
        assert main(command) == 0
    assert "json/fast" in (folder / "report.md").read_text(encoding="utf-8")
    capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--stdout"], "--stdout prints one report, and only it: give one --format"),
        (["--stdout", "-f", "md", "-f", "csv"], "--stdout prints one report, and only it: give one --format"),
        (["--stdout", "-f", "html", "--open"], "--stdout prints one report, and only it: give one --format"),
        (["--show", "-f", "md"], "--show writes nothing: leave --format and --open out"),
        (["-f", "pdf"], "Invalid value for '--format' / '-f': 'pdf' is not one of 'md', 'html'"),
    ],
)
def test_what_is_refused(options, error, folder, capsys):
    assert main(["report", str(folder), *options]) == 2
    assert capsys.readouterr().err.startswith(f"serbench: {error}")


def test_open_shows_the_page(folder, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert main(["report", str(folder), "-f", "csv", "--open"]) == 0
    assert opened == [(folder / "report.html").resolve().as_uri()]
    assert (folder / "report.html").exists()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert main(["report", str(folder), "--open"]) == 0
    assert capsys.readouterr().err == f"serbench: no browser was found; the page is {folder / 'report.html'}\n"


def test_an_output_may_be_several_files(folder, monkeypatch, capsys):
    class Module:
        @staticmethod
        def render(summary):
            return {"a.svg": "<svg/>", "b.png": b"\x89PNG"}

    monkeypatch.setitem(FORMATS, "charts", Output("charts", "figures", "made up"))
    monkeypatch.setattr(report, "import_module", lambda name: Module)
    assert write(SUMMARY, folder, ("charts",)) == [folder / "charts"]
    assert (folder / "charts" / "b.png").read_bytes() == b"\x89PNG"
    assert {path.name for path in (folder / "charts").iterdir()} == {"a.svg", "b.png"}
    assert (folder / FILE_NAME).exists()
    assert HOSTILE not in capsys.readouterr().out


def test_the_charts_are_files(folder, capsys):
    assert main(["report", str(folder), "-f", "svg", "-f", "png"]) == 0
    assert capsys.readouterr().out.split() == [str(folder / "charts")] * 2
    files = {path.name: path.read_bytes() for path in (folder / "charts").iterdir()}
    assert {name.rpartition(".")[2] for name in files} == {"svg", "png"}
    assert all(held.startswith(b"<svg" if name.endswith("svg") else b"\x89PNG") for name, held in files.items())
    assert main(["report", str(folder), "-f", "svg", "--stdout"]) == 2
    assert capsys.readouterr().err == "serbench: svg is a folder of files: leave --stdout out\n"
