"""Queries: the tables have what the result file and reports have, and no query can reach or change anything else."""

import csv
import io
import json
import shutil
import sys

import pyarrow
import pytest
from serbench.cli import main
from serbench.query import QueryError, ask
from serbench.report.answers import described
from serbench.report.summary import summarise
from serbench.tables import TABLES
from synthetic_run import HOSTILE, LIBRARIES, RUN, write


def rows(sql, runs=(RUN,)):
    return ask(runs, sql).rows


@pytest.fixture
def folder(tmp_path):
    return str(write(tmp_path / "run"))


def test_each_line_of_the_result_file_is_a_row():
    counts = {name: rows(f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}
    assert counts | {
        "runs": 1, "versions": 2, "codecs": 8, "datasets": 2, "cells": len(RUN.verified), "timings": len(RUN.timings),
        "samples": sum(len(row.samples_ns) for row in RUN.timings), "sizes": sum(len(row.encoded_bytes) for row in
        RUN.verified), "memory": len(RUN.footprints), "streams": 2, "libraries": len(LIBRARIES), "blocks": 8, "ends": 2,
        "losses": 2, "instructions": 0, "crossings": len(RUN.crossed), "asked": len(RUN.asked),
    } == counts  # fmt: skip


def test_times_are_those_of_the_report():
    found = rows("SELECT codec, ns, low_ns, high_ns, ratio, verdict, rank FROM times WHERE dataset = 'employees' "
                 "AND operation = 'encode' ORDER BY codec")  # fmt: skip
    table = summarise(RUN).tables[0]
    for codec, ns, low, high, ratio, verdict, rank in found:
        (time,) = [row.times["encode"] for row in table.measured if row.codec == codec]
        assert (ns, low, high, rank) == (time.figure.ns, time.figure.low, time.figure.high, time.rank)
        assert ratio == (time.ratio.ratio if time.ratio else 1.0)
        assert verdict == (time.ratio.verdict if time.ratio else None)


def test_samples_are_per_message_and_have_their_round():
    sql = "SELECT ns, round, canary_ns FROM samples WHERE dataset = $$" + HOSTILE + "$$ AND codec = 'json/fast' AND "
    found = rows(sql + "operation = 'encode' AND process = 0 ORDER BY round")
    assert found == [(990_000.0, 0, 20_000), (1_000_000.0, 1, 20_100), (1_020_000.0, 2, 90_000)]


def test_every_column_has_its_type_and_each_table_the_run():
    for name, table in TABLES.items():
        answer = ask([RUN], f"DESCRIBE {name}")
        held = {row[0]: row[1] for row in answer.rows}
        assert held == {"run": "VARCHAR"} | {column.name: column.type for column in table.columns}, name


def test_several_runs_are_told_apart(folder, capsys):
    other = shutil.copytree(folder, f"{folder}-2")
    sql = "SELECT run, count(*) AS n FROM cells GROUP BY run ORDER BY run"
    assert main(["query", folder, other, sql, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"run": folder, "n": 11}, {"run": other, "n": 11}]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELEC 1", "Parser Error: syntax error"),
        ("FROM nope", "Catalog Error: Table with name nope does not exist!"),
        ("SELECT nope FROM times", "Binder Error: Referenced column"),
        ("", "a query is one statement"),
        ("FROM times; FROM cells", "a query is one statement"),
        ("COMMIT; DROP TABLE times", "a query is one statement"),
        ("COMMIT", "a query is one statement, which has rows"),
        ("DROP TABLE times", "TransactionContext Error: Cannot write"),
        ("DELETE FROM times", "TransactionContext Error: Cannot write"),
        ("CREATE TABLE mine AS FROM times", "TransactionContext Error: Cannot write"),
        ("FROM read_csv('/etc/passwd')", "Permission Error"),
        ("FROM '/etc/passwd'", "Catalog Error"),
        ("FROM glob('/*')", "Permission Error"),
        ("COPY times TO '/tmp/serbench-times.csv'", "Permission Error"),
        ("ATTACH '/tmp/serbench.db'", "Permission Error"),
        ("INSTALL httpfs", "Permission Error"),
        ("LOAD httpfs", "Permission Error"),
        ("FROM 'https://example.com/a.parquet'", "Permission Error"),
        ("SET enable_external_access = true", "Invalid Input Error"),
        ("FROM table_of_python", "Catalog Error"),
    ],
)
def test_what_is_refused_is_one_line(sql, error, folder, capsys):
    table_of_python = pyarrow.table({"a": [1]})  # duckdb takes such a variable for a table
    with pytest.raises(QueryError):
        ask([RUN], sql)
    assert len(table_of_python) == 1
    assert main(["query", folder, sql]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"serbench: {error}")
    assert err.count("\n") == 1


def test_a_table_json_and_csv(folder, capsys):
    sql = "SELECT codec, size_bytes, deterministic, NULL AS nothing FROM cells WHERE dataset = 'employees' LIMIT 2"
    assert main(["query", folder, sql]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["codec", "size_bytes", "deterministic", "nothing"]
    assert shown[2].split() == ["json/fast", "134", "true"]
    assert main(["query", folder, sql, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {
        "codec": "json/fast", "size_bytes": 134, "deterministic": True, "nothing": None,
    }  # fmt: skip
    assert main(["query", folder, sql, "--csv"]) == 0
    held = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert held[0] == {"codec": "json/fast", "size_bytes": "134.0", "deterministic": "true", "nothing": ""}


def test_json_has_no_nan(folder, capsys):
    assert main(["query", folder, "SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, 1.5 AS c, [DATE '2026-01-02'] AS d",
                 "--json"]) == 0  # fmt: skip
    held = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert held == [{"a": None, "b": None, "c": 1.5, "d": ["2026-01-02"]}]


def test_hostile_names_do_not_reach_the_terminal(folder, capsys):
    assert main(["query", folder, "SELECT source, reason FROM datasets, cells"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_question_may_come_from_standard_input(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SELECT 41 + 1 AS answer")))
    assert main(["query", folder, "-", "--csv"]) == 0
    assert capsys.readouterr().out.split() == ["answer", "42"]


def test_the_tables_are_described(capsys):
    assert main(["query", "--tables"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in TABLES)
    assert "per message" in shown
    assert main(["query", "--tables", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert len(held) == len(described().rows) == 1 + sum(len(table.columns) for table in TABLES.values())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "a query needs the folder of a run and a question"),
        (["FROM times"], "a query needs the folder of a run and a question"),
        (["no/run", "FROM times"], "no/run/results.jsonl: No such file or directory"),
        (["a", "FROM times", "--csv", "--json"], "--csv and --json are two formats"),
    ],
)
def test_arguments_that_are_refused(arguments, error, capsys):
    assert main(["query", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"serbench: {error}")


def test_without_duckdb_it_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert main(["query", folder, "FROM times"]) == 2
    assert capsys.readouterr().err == "serbench: queries need duckdb: pip install 'serbench[query]'\n"
