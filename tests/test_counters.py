"""Instructions counted by valgrind: right, the same again on a busy machine, of one codec, and where they are shown."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from serbench import counters, counting, runner
from serbench.cli import main
from serbench.client import Worker
from serbench.frames import WorkerFailed
from serbench.plan import Data, Plan
from serbench.report import render, terminal
from serbench.report.summary import summarise
from serbench.results import Counted, read
from serschema.errors import SerError

sys.path.insert(0, str(Path(__file__).parent))
from fake_codecs import SCHEMA, point
from synthetic_run import RUN

needs_valgrind = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed: make peers")
DATA = Data(name="points", source="shared", schema=SCHEMA, messages=[point(), point(8)])
PLAN = Plan(data=(DATA,), codecs=("fake/good",), budget_s=1000, modules=("fake_codecs",), counter="instructions")


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)


NOTHING_DONE_OFTEN = """
import ctypes, mmap, sys
from serbench.counters import Counter

def times(count):
    page = mmap.mmap(-1, 1 << 16, prot=7)
    page.write(bytes.fromhex(sys.argv[1]) * count + bytes.fromhex(sys.argv[2]))
    function = ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    function.page = page
    return function

def least(function):
    found = []
    for _ in range(20):
        before = counter.read()
        function()
        found.append(counter.read() - before)
    return min(found)

counter = Counter()
with counter:
    print(least(times(10_000)) - least(times(0)))
"""
NOP_AND_RETURN = {"x86_64": ("90", "c3"), "aarch64": ("1f2003d5", "c0035fd6")}


@needs_valgrind
def test_ten_thousand_instructions_are_ten_thousand(tmp_path):
    codes = NOP_AND_RETURN[os.uname().machine]
    command = [*counters.VALGRIND, sys.executable, "-c", NOTHING_DONE_OFTEN, *codes]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert abs(int(done.stdout) - 10_000) < 100  # the function of ctypes that is called allocates now and then


def test_outside_of_valgrind_nothing_is_counted():
    with pytest.raises(SerError, match="under valgrind only"):
        counters.Counter()


@contextmanager
def busy():
    """Both of two cores, and the caches."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: bytes(1 << 20).count(1)"]) for _ in range(os.cpu_count())
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def rows(folder):
    return {row.operation: row for row in read(folder).counted}


@needs_valgrind
def test_two_runs_are_identical_on_a_busy_machine_elsewhere_and_in_another_environment(tmp_path, monkeypatch, capsys):
    command = ["run", "--schema", "employee", "--codec", "json/stdlib", "--counter", "instructions", "--seed", "5"]
    assert main([*command, "--out", str(tmp_path / "one"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["datasets"][0]["codecs"][0]["instructions_per_message"]
    (tmp_path / "a_folder_with_a_longer_name").mkdir()
    monkeypatch.chdir(tmp_path / "a_folder_with_a_longer_name")
    monkeypatch.setenv("SERBENCH_TEST", "x" * 1000)
    with busy():
        assert main([*command, "--out", str(tmp_path / "two")]) == 0
    one, two = rows(tmp_path / "one"), rows(tmp_path / "two")
    assert one == two
    assert {"encode", "decode"} <= set(one)
    for operation, row in one.items():
        assert (row.dataset, row.codec, row.seed, row.reason) == ("employee", "json/stdlib", 5, "")
        assert told[operation] == round(row.instructions / row.loops, 1)
        assert 50 < row.empty_instructions / row.loops < 1000 < row.instructions / row.loops
    assert read(tmp_path / "one").header.versions["valgrind"] == counters.version()


@needs_valgrind
def test_what_raises_keeps_the_reason_and_the_rest_is_counted(tmp_path):
    data = replace(DATA, messages=[point(number) for number in range(40)])
    runner.run(replace(PLAN, data=(data,), codecs=("fake/raising-late",)), tmp_path)
    found = rows(tmp_path)
    assert found["encode"].reason == "encode raised RuntimeError: no more"
    assert found["encode"].instructions == 0
    assert found["decode"].instructions > found["decode"].empty_instructions > 0


# What is asked of the counting worker: it is made up here.


@pytest.fixture
def breaking(monkeypatch):
    """Counting workers that break at the first `encode_native`; the operations that each was asked for."""
    asked = []

    class Breaking(Worker):
        def request(self, request, **content):
            if request != "count":
                yield from super().request(request, **content)
                return
            asked.append(content["operations"])
            for operation in content["operations"]:
                yield {"at": operation}
                if operation == "encode_native":
                    raise WorkerFailed("crashed: SIGILL")
                yield {"row": {"operation": operation, "loops": 1, "instructions": 9, "empty_instructions": 1}}
            yield {"done": True}

    monkeypatch.setattr(counting, "Worker", Breaking)
    monkeypatch.setattr(counters, "version", lambda: "3")
    return asked


def test_an_operation_that_breaks_the_worker_costs_only_itself(breaking, tmp_path):
    runner.run(PLAN, tmp_path, worker=Worker)
    assert breaking[1:] == [["decode_native", "from_native"]]
    assert {name: row.reason or row.instructions for name, row in rows(tmp_path).items()} == {
        "encode": 9, "to_native": 9, "encode_native": "crashed: SIGILL",
        "decode": 9, "decode_native": 9, "from_native": 9,
    }  # fmt: skip


def test_a_run_is_gone_on_with_after_the_data_sets_that_it_has(breaking, tmp_path):
    plan = replace(PLAN, data=(DATA, replace(DATA, name="others")), budget_s=1e-9)
    assert {row.dataset for row in runner.run(plan, tmp_path, worker=Worker).counted} == {"points"}
    done = runner.run(replace(plan, budget_s=1000), tmp_path, resume=True, worker=Worker)
    assert [row.dataset for row in done.counted] == ["points"] * 6 + ["others"] * 6
    assert not done.timings
    assert len(breaking) == 4


# What the command refuses.


@pytest.mark.parametrize("chosen", [(), ("--codec", "json"), ("--codec", "xdr", "--codec", "json/orjson")])
def test_it_ranks_no_codecs(chosen, capsys):
    assert main(["run", "--schema", "employee", "--counter", "instructions", *chosen]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("serbench: --counter instructions follows one codec over time: name it with --codec")
    assert "10 to 15 instructions" in err
    assert "AVX-512" in err
    assert err.count("\n") == 1


def test_without_valgrind_the_command_that_brings_it_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    command = ["run", "--schema", "employee", "--codec", "xdr", "--counter", "instructions"]
    assert main([*command, "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err == "serbench: missing: valgrind; on Debian, apt-get install valgrind\n"
    assert not (tmp_path / "run").exists()


# Reports.

COUNTED = replace(
    RUN,
    timings=[],
    counted=[
        Counted(dataset="employees", codec="json/fast", operation="encode", seed=1, loops=32, instructions=32 * 12345,
                empty_instructions=32 * 67),
        Counted(dataset="employees", codec="json/fast", operation="decode", seed=1, reason="crashed: SIGILL"),
    ],
)  # fmt: skip


@pytest.mark.parametrize("suffix", ["md", "html", "json", "terminal"])
def test_every_report_shows_them(suffix, capsys):
    summary = summarise(COUNTED)
    if suffix == "terminal":
        terminal.render(summary, terminal.console())
        text = capsys.readouterr().out
    else:
        text = render(summary, suffix)
    if suffix == "json":
        (row,) = [row for row in json.loads(text)["datasets"][0]["codecs"] if row["codec"] == "json/fast"]
        assert row["instructions_per_message"] == {"encode": 12345}
        assert row["untimed"] == {"decode": "crashed: SIGILL"}
    else:
        assert "12,345" in text
        assert "67" in text
        assert "nothing was timed: instructions were counted" in text
        assert "json/fast, decode: crashed: SIGILL" in text
