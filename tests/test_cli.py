"""The command line: what it prints, what it writes, its exit codes, and how it complains."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import webbrowser
from dataclasses import replace
from pathlib import Path

import click
import pytest
import synthetic_run
from serbench import cli, report, runner
from serbench.cli import main
from serbench.cli.looking import WRITERS
from serbench.inputs import BadInput, duration
from serbench.report import terminal
from serbench.results import OPERATIONS, PACKING, Run, read
from sercodecs import registry
from serschema import shared
from serschema.load import load_schema
from serschema.model import Field, Int, Record, Schema, String
from synthetic_run import RUN

PERSON = Schema("Person", (Record("Person", (Field("name", 1, String()), Field("age", 2, Int(32), optional=True))),))
PROTO = (
    'syntax = "proto3";\n// A person.\nmessage Person { string name = 1; optional int32 age = 2; }\nmessage Dog {}\n'
)


@pytest.fixture
def proto(tmp_path):
    path = tmp_path / "person.proto"
    path.write_text(PROTO)
    return path


@pytest.fixture
def made_up(monkeypatch, tmp_path):
    """`runner.run` gives the synthetic run; the plans and arguments it was given are collected."""
    given = []

    def run(plan, folder, progress, **options):
        folder.mkdir(parents=True, exist_ok=True)
        given.append((plan, folder, options))
        return replace(RUN, path=folder / "results.jsonl")

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.chdir(tmp_path)
    return given


def complaint(capsys, *arguments):
    """The one line on standard error of a command that is refused."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("serbench: ")
    assert err.count("\n") == 1
    return err.removeprefix("serbench: ").rstrip("\n")


# Help.


@pytest.mark.parametrize("name", ["", *cli.commands.commands])
def test_help_has_an_example_and_the_exit_codes(name, capsys):
    assert main([*([name] if name else []), "--help"]) == 0
    out = capsys.readouterr().out
    assert "Examples:\n" in out
    assert f"  serbench {name}" in out
    assert "Exit codes: 0 done; 1 a check failed; 2 bad input" in " ".join(out.split())


HEAVY = ("rich", "numpy", "scipy", "grpc", "grpc_tools", "google", "lxml", "orjson", "fastavro", "msgpack", "pyasn1",
         "psutil", "zstandard", "sercodecs")  # fmt: skip


def test_help_imports_nothing_heavy_and_is_quick():
    code = (
        "import sys\nfrom serbench.cli import main\nassert main(['--help']) == 0\n"
        f"print([name for name in sys.modules if name.partition('.')[0] in {HEAVY}])"
    )
    seconds = []
    for _ in range(3):
        began = processor_seconds_of_children()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds.append(processor_seconds_of_children() - began)
    assert done.stdout.splitlines()[-1] == "[]"
    assert min(seconds) < 0.2


def processor_seconds_of_children():
    """Not by the clock on the wall, which other work on the machine makes longer."""
    used = os.times()
    return used.children_user + used.children_system


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("serbench 0.")


def test_the_module_runs():
    done = subprocess.run([sys.executable, "-m", "serbench", "nonsense"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("serbench: No such command 'nonsense'")


# Durations and data files.


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600), ("0.5m", 30), (" 7 s ", 7)]
)
def test_durations(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "1d", "m", "1m30s", "1e3", "nan", "\u0661m"])
def test_what_is_no_duration(text):
    with pytest.raises(BadInput, match="write 90, 90s, 2m or 1h"):
        duration(text)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "is empty: there is no message in it"),
        (b"\xff{}", ":1: is not UTF-8"),
        (b'{"name": "Ann"', ":1: ends in the middle of a value"),
        (b'{"name": "Ann"}\n{"name": Ann}', ":2: is not JSON: expecting value at column 10"),
        (b'{"name": "Ann"}\n{"name": "Bob", "age": 7.5}', ":2: $.age: expected an integer, found 7.5"),
        (b'{"name": "Ann", "age": 2147483648}', ":1: $.age: expected an integer in -2147483648..2147483647"),
        (b'{"name": "Ann", "shoe": 2}', "'shoe'"),
        (b"[" * 100_000, ":1: "),
    ],
)  # fmt: skip
def test_errors_of_data_files_name_the_place(data, error, tmp_path, proto, capsys):
    path = tmp_path / "data.json"
    path.write_bytes(data)
    message = complaint(capsys, "run", "--schema", f"{proto}:Person", "--data", str(path), "--codec", "xdr")
    assert message.startswith(str(path))
    assert error in message


LINES = """\
{"@id": 1, "score": 1.5, "tags": ["a"], "note": null}
{"@id": 2, "score": 2, "tags": [], "note": "x"}
"""


def test_data_alone_is_enough(tmp_path, capsys):
    path = tmp_path / "readings.jsonl"
    path.write_text(LINES)
    assert main(["verify", "--data", str(path), "--codec", "xdr", "--codec", "protobuf/upb", "--json"]) == 0
    out, notes = capsys.readouterr()
    assert [(row["dataset"], row["status"], len(row["encoded_bytes"])) for row in json.loads(out)] == [
        ("Readings", "ok", 2),
        ("Readings", "ok", 2),
    ]
    assert "integers and floats are all floats" in notes


def test_an_inferred_schema_is_saved_and_used(tmp_path, capsys):
    path, proto = tmp_path / "readings.jsonl", tmp_path / "readings.proto"
    path.write_text(LINES)
    assert main(["infer", str(path)]) == 0
    out, notes = capsys.readouterr()
    assert 'int32 id = 1 [json_name = "@id"];' in out
    assert "null is absence: $.note" in notes
    proto.write_text(out)
    assert main(["verify", "--schema", str(proto), "--data", str(path), "--codec", "json/orjson"]) == 0


def test_a_sample_of_many_messages_is_said(tmp_path, capsys):
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f'{{"n": {number}}}\n' for number in range(500)))
    assert main(["verify", "--data", str(path), "--codec", "xdr", "--sample", "20", "--json"]) == 0
    out, notes = capsys.readouterr()
    assert "20 of 500 messages are measured, chosen at random with seed 1" in notes
    assert len(json.loads(out)[0]["encoded_bytes"]) == 20


# Bad input.


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["run", "--budget", "soon"], "'soon' is not a duration"),
        (["run", "--precision", "0.01"], "'0.01' is not a percentage: write 1% or 0.3%"),
        (["run", "--precision", "0%"], "'0%' is not a percentage"),
        (["run", "--scale", "--schema", "employee"], "--scale needs messages of different size"),
        (["run", "--scale", "--records", "3"], "leave --records out"),
        (["run", "--codec", "jsn"], "no codec or format is called 'jsn'; did you mean json"),
        (["run", "--schema", "employes"], "no shared schema is called 'employes'; did you mean employee"),
        (["run", "--schema", "nowhere.proto"], "nowhere.proto: "),
        (["run", "--schema", "a.txt"], "'a.txt' is not a schema that serbench reads"),
        (["run", "--data", "nowhere.json"], "nowhere.json: there is no such file"),
        (["infer", "nowhere.json"], "nowhere.json: there is no such file"),
        (["infer"], "Missing argument 'FILE...'"),
        (["run", "--data", "a.json", "--schema", "employee", "--schema", "tree"], "--data goes with one --schema"),
        (["run", "--data", "nowhere.json", "--schema", "employee"], "nowhere.json: there is no such file"),
        (["run", "--data", "a.json", "--schema", "employee", "--records", "3"], "--records is for generated data"),
        (["run", "--records", "0"], "Invalid value for '--records'"),
        (["run", "--resume"], "--resume needs the folder of the run: --out DIR"),
        (["run", "--fast"], "No such option"),
        (["report", "nowhere"], "nowhere/results.jsonl: No such file or directory; a run's folder holds"),
        (["report", "nowhere", "--format", "pdf"], "'pdf' is not one of 'md', 'html', 'json'"),
        (["schema", "employee", "--to", "cobol"], "no writer for 'cobol'; there are asn1, avro, "),
        (["schema", "employee"], "Missing option '--to'"),
        (["show-source", "--codec", "json", "--schema", "employee"], "json is several codecs: choose one of json/"),
        (["show-source", "--codec", "json/orjson", "--schema", "employee"], "json/orjson generates no source"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, error, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert error in complaint(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_schema_names_its_line(tmp_path, capsys):
    path = tmp_path / "bad.proto"
    path.write_text('syntax = "proto3";\nmessage A {\n  strin name = 1;\n}\n')
    assert f"{path}:3" in complaint(capsys, "run", "--schema", str(path))


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    message = complaint(capsys, "run", "-c", "xdr", "-s", "employee", "--out", str(tmp_path / "file" / "run"))
    assert str(tmp_path / "file") in message


def test_a_result_file_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "results.jsonl").mkdir()
    message = complaint(capsys, "run", "-c", "xdr", "-s", "employee", "--out", str(tmp_path))
    assert str(tmp_path / "results.jsonl") in message


def test_what_does_not_print_is_not_printed(capsys):
    assert "\\x1b[2J" in complaint(capsys, "run", "--codec", "\x1b[2J")


# run.


def test_run_shows_tables_and_writes_reports(made_up, capsys, tmp_path):
    assert (
        main(["run", "--codec", "xdr", "--schema", "employees", "--out", "here", "--seed", "5", "--budget", "1m"]) == 0
    )
    out = capsys.readouterr().out
    ((plan, folder, options),) = made_up
    assert [data.name for data in plan.data] == ["employees"]
    assert (plan.codecs, plan.budget_s, plan.seed, folder) == (("xdr/serbench",), 60, 5, Path("here"))
    assert options["resume"] is False
    assert options["command"][:4] == ["serbench", "run", "--codec", "xdr"]
    assert "134     19.4" in out
    assert out.splitlines()[-1] == "report: here/report.html"
    assert {path.name for path in Path("here").iterdir()} == {"report.md", "report.html", "report.json"}


def test_run_opens_the_page_if_asked(made_up, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert main(["run", "--codec", "xdr", "--schema", "employees", "--out", "here", "--open"]) == 0
    assert opened == [Path("here/report.html").resolve().as_uri()]


def test_run_without_options_measures_everything_into_a_new_folder(made_up, capsys):
    assert main(["run"]) == 0
    ((plan, folder, _),) = made_up
    assert tuple(data.name for data in plan.data) == shared.NAMES
    assert plan.codecs == tuple(info.id for info in registry.codecs())
    assert (plan.budget_s, plan.processes, plan.precision) == (120, 12, 0.01)
    assert folder.parent == Path("reports")
    assert time.strptime(folder.name, "%Y%m%d-%H%M%S")


@pytest.mark.parametrize(
    ("options", "effort"),
    [
        (["--quick"], (20, 5, 0.05)),
        (["--thorough"], (1800, 24, 0.003)),
        (["--thorough", "--budget", "1h", "--precision", "0.1 %"], (3600, 24, 0.001)),
    ],
)
def test_how_long_and_how_exactly(made_up, options, effort):
    assert main(["run", "--codec", "xdr", "--schema", "employees", *options]) == 0
    ((plan, _, _),) = made_up
    assert (plan.budget_s, plan.processes, plan.precision) == effort


def test_one_hot_message_is_timed_if_asked(made_up):
    arguments = ["run", "--codec", "xdr", "--schema", "numbers"]
    assert main([*arguments, "--hot"]) == main(arguments) == 0
    (hot, _, _), (usual, _, _) = made_up
    assert (len(hot.data[0].timed), len(hot.data[0].messages)) == (1, 24)
    assert len(usual.data[0].timed) == 24
    assert hot.sha256() != usual.sha256()


def test_run_times_the_compression_that_is_asked_for(made_up, capsys):
    assert main(["run"]) == main(["run", "--compress", "zstd-3", "--compress", "xz-6"]) == 0
    assert main(["run", "--compress", "all"]) == 0
    plain, some, everything = (set(plan.operations) for plan, _, _ in made_up)
    assert plain == set(OPERATIONS)
    assert some - plain == {"compress:zstd-3", "decompress:zstd-3", "compress:xz-6", "decompress:xz-6"}
    assert everything == {*OPERATIONS, *PACKING}
    assert capsys.readouterr().err.count("serbench:") == 0
    message = complaint(capsys, "run", "--compress", "zip")
    assert message == "no compression is called 'zip'; there are zlib-6, zstd-3, lz4-0, brotli-5, xz-6 and all"


def test_run_says_which_compressor_is_missing(made_up, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "lz4", None)
    assert complaint(capsys, "run", "--compress", "lz4-0") == "lz4-0 is not installed: pip install lz4"
    assert main(["run", "--compress", "all"]) == 0
    assert "serbench: without lz4-0, which is not installed: pip install lz4\n" in capsys.readouterr().err
    assert not {"compress:lz4-0", "decompress:lz4-0"} & set(made_up[0][0].operations)


def test_run_prints_json(made_up, capsys):
    assert main(["run", "--codec", "xdr", "--schema", "employees", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["datasets"][0]["name"] == "employees"
    assert err.startswith("report: ")


def test_records_are_for_data_that_grows(made_up, capsys):
    assert main(["run", "--schema", "tree", "--schema", "employee", "--records", "3", "--codec", "xdr"]) == 0
    ((plan, _, _),) = made_up
    assert plan.data[0].messages == shared.load("tree", 3).values
    assert capsys.readouterr().err == "serbench: employee has fixed data: --records does not change it\n"


def test_a_schema_without_data_gets_generated_values_and_says_so(made_up, capsys, proto):
    assert main(["run", "--schema", f"{proto}:Person", "--records", "3", "--seed", "9", "--codec", "xdr"]) == 0
    ((plan, _, _),) = made_up
    (data,) = plan.data
    assert (data.name, data.source, len(data.messages)) == ("person:Person", "generated, seed 9", 3)
    assert data.schema == load_schema(f"{proto}:Person")
    assert "no --data, so 3 messages were generated with seed 9" in capsys.readouterr().err


def test_data_of_the_user(made_up, capsys, proto, tmp_path):
    (tmp_path / "people.jsonl").write_text('{"name": "Ann"}\n{"name": "Bob", "age": 7}\n')
    assert main(["run", "-s", f"{proto}:Person", "-d", "people.jsonl", "-c", "xdr"]) == 0
    (data,) = made_up[0][0].data
    assert (data.name, data.source, data.messages) == (
        "person:Person",
        "people.jsonl",
        [{"name": "Ann"}, {"name": "Bob", "age": 7}],
    )


@pytest.mark.parametrize("out", [[], ["--out", "kept"]])
def test_ctrl_c_during_a_run_says_what_was_kept_and_how_to_go_on(out, made_up, monkeypatch, capsys):
    def interrupted(plan, folder, progress, command, **options):
        folder.mkdir(parents=True)
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            header = replace(RUN.header, command=command)
            return replace(RUN, path=folder / "results.jsonl", header=header)

    monkeypatch.setattr(runner, "run", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert main(["run", "--codec", "xdr", *out]) == 130
    assert signal.getsignal(signal.SIGINT) is before
    folder = Path("kept") if out else next(Path("reports").iterdir())
    err = capsys.readouterr().err
    assert f"interrupted; {folder} keeps 11 round trips and {len(RUN.timings)} timings; go on with: " in err
    assert err.endswith(f"serbench run --codec xdr --out {folder} --resume\n")
    assert (folder / "report.html").exists()


def test_ctrl_c_while_reports_are_written(made_up, monkeypatch, capsys):
    def interrupted(summary, folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "write", interrupted)
    assert main(["run", "--codec", "xdr", "--out", "a b"]) == 130
    err = capsys.readouterr().err
    assert err.endswith("serbench: interrupted; a b keeps the results: serbench report 'a b' shows them\n")


def test_ctrl_c_before_anything_was_measured(monkeypatch, capsys):
    def interrupted(names):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "find", interrupted)
    assert main(["run", "--codec", "xdr"]) == 130
    assert capsys.readouterr().err.strip() == "serbench: interrupted; nothing was kept"


def test_a_whole_run(tmp_path, capsys):
    """Nothing made up: the figures of the lecture's two examples, from worker processes."""
    out = tmp_path / "run"
    arguments = ["run", "--schema", "integers", "--codec", "xdr", "--budget", "2s", "--out", str(out)]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "first bytes: 3b9aca00 3b9aca01 3b9aca02" in shown
    assert [row.encoded_bytes for row in read(out).verified] == [[32]]
    assert main(arguments) == 2
    assert "holds a run; resume it, or choose another folder" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0


# verify.


def verified(monkeypatch, *rows):
    monkeypatch.setattr(runner, "verify_all", lambda plan, progress: list(rows))


def test_verify_employees_for_real(capsys):
    assert main(["verify", "--schema", "employees", "--codec", "json/stdlib", "--codec", "xml/stdlib", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["codec"], row["status"], row["encoded_bytes"]) for row in rows] == [
        ("json/stdlib", "ok", [134]),
        ("xml/stdlib", "ok", [244]),
    ]


def test_verify_fails_if_a_codec_does(monkeypatch, capsys):
    verified(monkeypatch, *synthetic_run.VERIFIED)
    assert main(["verify", "--schema", "employees"]) == 1
    out, err = capsys.readouterr()
    assert "FAILED" in out
    assert "serbench: bad/broken failed on employees\n" in err


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [(["equal"], 1), (["equal", "value differs"], 0), (["error: DecodeError"], 0), ([], 0)],
)
def test_verify_fails_if_the_control_survives_swapped_bytes(outcomes, code, monkeypatch, capsys):
    row = synthetic_run.verified(
        "integers", "struct-native/control", 32, orders={f"big>{n}": outcome for n, outcome in enumerate(outcomes)}
    )
    verified(monkeypatch, row)
    assert main(["verify", "--schema", "integers", "--codec", "struct-native"]) == code
    assert ("the test shows nothing" in capsys.readouterr().err) == bool(code)


def test_the_control_fails_on_integers_for_real(capsys):
    assert main(["verify", "--schema", "integers", "--codec", "struct-native"]) == 0
    assert "struct-native/control, byte order big read as little: value differs (integers)" in capsys.readouterr().out


# The other commands.


def test_codecs(capsys, monkeypatch):
    monkeypatch.setattr(registry, "missing", lambda info: "pip install lxml" if info.distribution == "lxml" else "")
    assert main(["codecs"]) == 0
    table = capsys.readouterr().out
    assert main(["codecs", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {info.id for info in registry.codecs()}
    assert all(name in table for name in rows)
    assert (rows["xml/lxml"]["status"], rows["xml/lxml"]["version"]) == ("pip install lxml", "")
    assert (rows["xdr/serbench"]["textual"], rows["xdr/serbench"]["status"]) == (False, "ok")
    assert rows["msgpack/msgpack"]["limits"] == "integers -2^63 to 2^64-1"
    assert rows["struct-native/control"]["control"] is True
    assert "struct-native/control (control)" in table


def test_schemas(capsys):
    assert main(["schemas", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert tuple(rows) == shared.NAMES
    assert (rows["employees"]["root"], rows["employees"]["information_bytes"]) == ("Employees", 26)
    assert main(["schemas"]) == 0
    assert "employees " in capsys.readouterr().out


def test_report_writes_the_formats_asked_for(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("serbench.results.read", lambda folder: Run(folder / "results.jsonl", *synthetic_parts()))
    assert main(["report", str(tmp_path), "--format", "md"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/report.md\n"
    assert main(["report", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", "report.html", "report.json"}


def synthetic_parts():
    return RUN.header, RUN.datasets, RUN.verified, RUN.timings


def test_show_source(capsys):
    assert main(["show-source", "--codec", "xdr", "--schema", "integers"]) == 0
    assert "def encode" in capsys.readouterr().out


@pytest.mark.parametrize("language", WRITERS)
def test_schema_in_every_language(language, capsys):
    assert main(["schema", "employee", "--to", language]) == 0
    assert "Employee" in capsys.readouterr().out


def test_a_reader_that_has_enough_is_told_nothing():
    code = "import sys; from serbench.cli import main; sys.exit(main(['schemas', '--json']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


# One value at a time.


@pytest.fixture
def standard_input(monkeypatch):
    def give(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def test_one_value_there_and_back(standard_input, capsysbinary):
    standard_input(b'{"integers": [1000000000, 1, 2, 3, 4, 5, 6, -1]}')
    assert main(["encode", "-s", "integers", "-c", "xdr"]) == 0
    octets = capsysbinary.readouterr().out
    assert octets[:4].hex() == "3b9aca00"
    standard_input(octets)
    assert main(["convert", "-s", "integers", "--from", "xdr", "--to", "json/orjson"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["integers"][-1] == -1
    standard_input(octets.hex().encode())
    assert main(["explain", "-s", "integers", "-c", "xdr", "--hex"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"0000  3b 9a ca 00")
    standard_input(octets)
    assert main(["explain", "-s", "integers", "-c", "xdr", "--summary"]) == 0
    assert b"content        32  100.0 %" in capsysbinary.readouterr().out
    standard_input(octets[:-1])
    assert main(["decode", "-s", "integers", "-c", "xdr"]) == 2
    assert b"serbench: " in capsysbinary.readouterr().err


def test_what_an_importer_ignores_is_told(tmp_path, capsys):
    path, data = tmp_path / "a.thrift", tmp_path / "a.json"
    path.write_text("struct A { 1: required set<i32> xs }\nservice S { void f() }\n")
    data.write_text('{"xs": [1]}')
    told = f"serbench: {path}: a set is a list: A.xs\nserbench: {path}: services are left out: S\n"
    assert main(["schema", str(path), "--to", "proto"]) == 0
    assert capsys.readouterr().err == told
    for more in ([], ["--data", str(data)]):
        assert main(["verify", "--schema", str(path), "--codec", "xdr", "--json", *more]) == 0
        assert told in capsys.readouterr().err


def test_every_command_that_prints_a_table_has_json():
    """What has none prints octets, values, source or a schema, or prepares a machine."""

    def leaves(group, before=""):
        for name, command in group.commands.items():
            yield f"{before}{name}", command
            if isinstance(command, click.Group):
                yield from leaves(command, f"{before}{name} ")

    without = {
        name for name, command in leaves(cli.commands) if not any("--json" in held.opts for held in command.params)
    }
    assert without == {
        "encode", "decode", "convert", "show-source", "schema", "infer", "completion", "endian setup",
    }  # fmt: skip


# Terminals.


@pytest.mark.parametrize(("width", "titles", "left_out"), [
    (30, ["id", "status"], "(a wider terminal shows more: licence, what it is)"),
    (45, ["id", "what it is", "status"], "(a wider terminal shows more: licence)"),
    (90, ["id", "licence", "what it is", "status"], ""),
])  # fmt: skip
def test_a_narrow_terminal_has_whole_ids_and_names_what_is_left_out(width, titles, left_out):
    out = io.StringIO()
    rows = [["cdr-little/serbench", "MPL-2.0 OR MIT", "a representation of data", "ok"]]
    terminal.listing(
        ["id", "licence", "what it is", "status"],
        rows,
        terminal.console(out, width=width),
        spare=("licence", "what it is"),
    )
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert re.split(r" {2,}", lines[0]) == titles
    assert any(line.startswith("cdr-little/serbench") for line in lines)
    assert " ".join(lines).rpartition("(")[1:] == ("(", left_out[1:]) if left_out else "(" not in out.getvalue()
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_no_color(setting, coloured):
    """On a terminal, for which FORCE_COLOR stands, a lossy codec is yellow."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run(
        [sys.executable, "-m", "serbench", "verify", "-s", "numbers", "-c", "json/orjson"],
        env={**environment, "FORCE_COLOR": "1", "TERM": "xterm-256color", **setting},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (re.search(r"\x1b\[[0-9;]*[39][0-7]m", done.stdout) is not None) is coloured
