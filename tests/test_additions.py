"""What is added to a run later is of the run's own data, and shows in its reports."""

import json
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from serbench import additions, inputs
from serbench.cli import main
from serbench.endian import crossing
from serbench.endian.machines import Machine
from serbench.inputs import BadInput
from serbench.results import FILE_NAME, Asked, Verified, Writer, read

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The folder of a run of two shared schemas and a file, verified and not timed."""
    monkeypatch.chdir(tmp_path)
    from serbench.plan import Plan
    from serbench.runner import dataset_of, header_of

    (tmp_path / "mine.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    sets = [
        *inputs.data_sets(("integers", "employee"), (), None, 1, 1000)[0],
        *inputs.data_sets((), ("mine.jsonl",), None, 1, 1000)[0],
    ]
    header = header_of(Plan(data=tuple(sets), codecs=("xdr/serbench", "struct-native/control")), ["serbench", "run"])
    writer = Writer(tmp_path / "run")
    for line in (header, *map(dataset_of, sets)):
        writer.write(line)
    for data in sets:
        writer.write(
            Verified(dataset=data.name, codec="xdr/serbench", status="ok", encoded_bytes=[4] * len(data.messages))
        )
    writer.close()
    return tmp_path / "run"


@pytest.fixture
def foreign(monkeypatch):
    """Every machine is one of the other byte order."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=":")

    @contextmanager
    def opened(name):
        yield Machine(name=name, argv=[sys.executable, str(HERE / "foreign_worker.py"), "swapped"])

    monkeypatch.setattr(crossing, "opened", opened)


def test_crossings_are_added_to_a_run_and_its_reports(run, foreign, capsys):
    assert main(["endian", "-c", "xdr", "--into", str(run)]) == 0
    held = read(run)
    assert [machine.machine for machine in held.foreign] == ["s390x"]
    assert {row.dataset for row in held.crossed} == {
        "endian-fields", "endian-floats", "endian-lengths", "endian-kinds", "integers", "employee",
    }  # fmt: skip
    assert {row.status for row in held.crossed if row.codec == "xdr/serbench"} == {"ok"}
    err = capsys.readouterr().err
    assert "Mine is left out, as its data is not in the run: give its --schema and --data" in err
    assert f"added to {run}, and its reports written again" in err
    assert "| xdr/serbench | == | == | == | == | == | == |" in (run / "report.md").read_text()
    assert json.loads((run / "report.json").read_text())["foreign"][0]["byte_order"] == "big"
    before = len(held.crossed)
    assert main(["endian", "-c", "xdr", "--into", str(run)]) == 0
    assert len(read(run).crossed) == before


def test_the_data_of_a_file_is_added_if_it_is_the_run_s(run, foreign, capsys):
    assert main(["endian", "-c", "xdr", "-d", "mine.jsonl", "--into", str(run)]) == 0
    assert {row.dataset for row in read(run).crossed} >= {"Mine"}
    before = (run / FILE_NAME).read_bytes()
    Path("mine.jsonl").write_text('{"a": 1}\n{"a": 3}\n')
    capsys.readouterr()
    assert main(["endian", "-c", "xdr", "-d", "mine.jsonl", "--into", str(run)]) == 2
    err = capsys.readouterr().err
    assert f"serbench: {run} was made with other data of the name Mine: take the schema, data, --sample" in err
    assert (run / FILE_NAME).read_bytes() == before


def test_data_that_the_run_does_not_have_is_a_column_of_its_own(run, foreign):
    assert main(["endian", "-c", "xdr", "-s", "numbers", "--into", str(run)]) == 0
    assert "numbers" in (run / "report.md").read_text()
    assert {row.dataset for row in read(run).crossed} >= {"numbers"}


def test_of_a_run_without_hashes_names_roots_and_counts_tell(run, foreign):
    path = run / FILE_NAME
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line.pop("sha256", None)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found, _ = additions.data_of(read(run))
    assert [data.name for data in found] == ["integers", "employee"]
    Path("mine.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(BadInput, match="other data of the name Mine"):
        additions.check_same(read(run), inputs.data_sets((), ("mine.jsonl",), None, 1, 1000)[0])


def test_a_run_without_data_that_can_be_made_again(run):
    path = run / FILE_NAME
    path.write_text(path.read_text().replace('"source": "shared"', '"source": "lost.json"'))
    with pytest.raises(BadInput, match="has no data that can be made again: give the --schema and --data of the run"):
        additions.data_of(read(run))


def test_what_peers_say_is_added(run, monkeypatch, capsys):
    from serbench.peers import verify

    def rows(sets, peers, note):
        assert [data.name for data in sets] == ["integers", "employee"]
        row = Verified(dataset="", codec="json/node", status="ok", offers=["octets"])
        return [verify.asked(replace(row, dataset=data.name), "V8 1") for data in sets]

    monkeypatch.setattr(verify, "ask_peers", rows)
    assert main(["verify", "--peer", "node", "-c", "json", "--into", str(run), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [Asked(**row) for row in shown] == read(run).asked
    assert read(run).asked[0].octets
    assert read(run).asked[0].writer == "json/orjson"
    assert "| json/node | same | same | V8 1 |" in (run / "report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--into", "run"], "--into adds what --peers say: a run has round trips of its own"),
        (["verify", "--peers", "--into", "nowhere"], "nowhere/results.jsonl: No such file or directory"),
        (["endian", "--into", "nowhere"], "nowhere/results.jsonl: No such file or directory"),
    ],
)
def test_complaints(run, arguments, said, capsys):
    capsys.readouterr()
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"serbench: {said}")


def test_nobody_else_writes_meanwhile(run, foreign, capsys):
    writer = Writer(run)
    assert main(["endian", "-c", "xdr", "--into", str(run)]) == 2
    writer.close()
    assert "another run writes to it" in capsys.readouterr().err
