"""Runs that are killed or interrupted at moments drawn at random: what was finished is kept, and the rest can be done.

All processes are real here. A run is small, and a moment anywhere in it.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fake_codecs import SCHEMA, point
from serbench import environment, runner
from serbench.client import Worker
from serbench.plan import Data, Plan
from serbench.results import FILE_NAME, read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what becomes of processes is read from proc(5)")

KILLS = 10
DATA = Data(name="points", source="shared", schema=SCHEMA, messages=[point(), point(8, label="é")])
PLAN = Plan(
    data=(DATA,),
    codecs=("fake/good", "fake/offering"),
    budget_s=0.5,
    memory_share=0,
    modules=("fake_codecs",),
    processes=1,
)
RUN = """
import sys
from pathlib import Path
from serbench import environment, runner
from test_killed import PLAN
environment.commit = lambda: ""
runner.run(PLAN, Path(sys.argv[1]), resume=True)
"""
MARK = "SERBENCH_TEST"


@pytest.fixture(autouse=True)
def _path(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    monkeypatch.setenv(MARK, str(tmp_path))
    monkeypatch.setattr(environment, "commit", lambda: "")


def marked(value):
    """The processes with this value of the mark in their environment, but this one and those that have ended."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            ended = path.joinpath("stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            if not ended and f"{MARK}={value}".encode() in path.joinpath("environ").read_bytes().split(b"\0"):
                found.add(int(path.name))
    return found - {os.getpid()}


def all_gone(value):
    for _ in range(60):
        if not marked(value):
            return True
        time.sleep(0.05)
    return False


def whole_lines(folder):
    path = folder / FILE_NAME
    text = path.read_bytes() if path.exists() else b""
    return text[: text.rfind(b"\n") + 1].splitlines()


def cells(held):
    """What is finished, each once."""
    found = [(row.dataset, row.codec) for row in held.verified]
    found += [(row.dataset, row.codec, "stream") for row in held.streamed]
    found += [(t.dataset, t.codec, t.operation, t.process, t.collecting) for t in held.timings]
    assert len(found) == len(set(found))
    return set(found)


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    folder = tmp_path_factory.mktemp("complete")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        patch.syspath_prepend(Path(__file__).parent)
        return cells(runner.run(PLAN, folder))


def test_a_run_that_is_killed_again_and_again_is_completed(tmp_path, complete):
    chance = random.Random("parent")
    folder, kept, killed = tmp_path / "run", [], 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", RUN, folder], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while process.poll() is None and len(whole_lines(folder)) <= len(kept) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.4))
        killed += process.poll() is None
        process.kill()
        assert process.communicate()[1] == b""
        assert all_gone(tmp_path)
        lines = whole_lines(folder)
        assert lines[: len(kept)] == kept
        assert all(isinstance(json.loads(line), dict) for line in lines)
        assert cells(read(folder)) <= complete
        kept = lines
        if cells(read(folder)) == complete:
            kept, folder = [], folder.with_name(f"{folder.name}+")
    assert killed >= 3
    assert cells(runner.run(PLAN, folder, resume=True)) == complete


def test_a_run_whose_workers_are_killed_goes_on(tmp_path, complete):
    """The worker itself or one of its forks, once in a run: nobody is blamed."""
    chance = random.Random("worker")
    killed = 0

    def kill():
        nonlocal killed
        with contextlib.suppress(ProcessLookupError):
            for pid in sorted(marked(tmp_path))[:1] if chance.random() < 0.5 else sorted(marked(tmp_path))[-1:]:
                os.kill(pid, signal.SIGKILL)
                killed += 1

    for number in range(KILLS):
        killer = threading.Timer(chance.uniform(0, 1), kill)
        killer.start()
        held = runner.run(PLAN, tmp_path / str(number), worker=lambda: Worker(patience_s=20))
        killer.cancel()
        killer.join()
        assert cells(held) == complete
        assert {row.status for row in held.verified} == {"ok"}
        assert {row.reason for row in (*held.timings, *held.streamed)} == {""}
        assert all_gone(tmp_path)
    assert killed >= 3


@pytest.mark.parametrize("moment", range(5))
def test_ctrl_c_at_any_moment_ends_cleanly(moment, tmp_path):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "serbench", "run", "-s", "employee", "-c", "json/orjson", "--budget", "6"]
    process = subprocess.Popen([*command, "--out", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not whole_lines(folder):
        time.sleep(0.01)
    time.sleep(random.Random(moment).uniform(0, 1.5))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert process.returncode == 130
    assert f"serbench: interrupted; {folder} keeps " in err
    assert all_gone(tmp_path)
    assert read(folder).header.budget_s == 6
