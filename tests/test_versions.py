"""Two versions of a library: what is installed where, who takes turns with whom, and what the command says in the end.

The libraries are wheels made here, called as one that a codec is made of, over the standard library's json.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from serbench import versions
from serbench.cli import main
from serbench.client import Worker
from serbench.frames import WorkerFailed
from serbench.plan import Data, Plan
from serbench.results import ResultsError, read
from serbench.versions import InstallError, install

sys.path.insert(0, str(Path(__file__).parent))
from fake_codecs import SCHEMA, point

SOURCE = """
import json

def dumps(value, ensure_ascii, escape_forward_slashes):
    {before}
    return json.dumps(value, ensure_ascii=False, separators={separators})

def loads(data):
    {reading}
    return json.loads(data)
"""


def wheel(folder, version, *, name="ujson", before="", reading="", separators=(",", ":"), requires=""):
    source = SOURCE.format(before=before or "pass", reading=reading or "pass", separators=separators)
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", source)
        file.writestr(
            f"{name}-{version}.dist-info/METADATA", about + (f"Requires-Dist: {requires}\n" if requires else "")
        )
        file.writestr(f"{name}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{name}-{version}.dist-info/RECORD", "")
    return str(path)


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """No network, no configuration, a cache of its own."""
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    monkeypatch.syspath_prepend(Path(__file__).parent)


def folders(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache" / "serbench").iterdir())


# Installing.


def test_a_wheel_is_installed_once(tmp_path, monkeypatch):
    path = wheel(tmp_path, "1.0")
    one = install(path)
    assert (one.distribution, one.version) == ("ujson", "1.0")
    assert (one.folder / "ujson.py").exists()
    monkeypatch.setattr(versions, "_install", None)
    assert install(path) == one


def test_a_wheel_of_other_content_is_another(tmp_path):
    one = install(wheel(tmp_path, "1.0"))
    assert install(wheel(tmp_path, "1.0", before="value = value")).folder != one.folder


def test_what_is_pinned_is_installed_once_and_what_is_not_again(tmp_path, monkeypatch):
    wheel(tmp_path, "1.0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    pinned, newest = install("ujson==1.0"), install("ujson")
    assert (pinned.version, newest.version) == ("1.0", "1.0")
    wheel(tmp_path, "2.0")
    assert install("ujson==1.0") == pinned
    assert install("ujson").version == "2.0"
    assert len(folders(tmp_path)) == 2


def test_what_it_requires_is_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel(tmp_path, "7", name="helper")
    made = install(wheel(tmp_path, "3.0", requires="helper==7"))
    assert (made.distribution, made.version) == ("ujson", "3.0")
    assert (made.folder / "helper.py").exists()


def test_an_installation_that_is_cut_off_leaves_nothing(tmp_path, monkeypatch):
    def cut_off(command, **options):
        Path(command[command.index("--target") + 1], "half.py").touch()
        raise KeyboardInterrupt

    path = wheel(tmp_path, "1.0")
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", cut_off)
        with pytest.raises(KeyboardInterrupt):
            install(path)
    assert folders(tmp_path) == []
    assert install(path).version == "1.0"


@pytest.mark.parametrize("requirement", ["ujson==99", "no/such/folder", "ujson-1.0.whl", "--upgrade", ""])
def test_what_pip_does_not_install_is_one_line(requirement, tmp_path, capsys):
    assert main(["diff", "--install", wheel(tmp_path, "1.0"), "--", requirement]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"serbench: pip does not install {requirement}")
    assert err.count("\n") == 1


def test_without_pip_the_command_that_brings_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(f"#!/bin/sh\necho '{tmp_path}/python: No module named pip' >&2; exit 1\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(InstallError, match="No module named pip; python -m ensurepip brings it"):
        install("ujson==1.0")


def test_versions_are_of_one_library_that_a_codec_is_made_of(tmp_path):
    ujson, other = install(wheel(tmp_path, "1.0")), install(wheel(tmp_path, "1.0", name="Serbench_None"))
    assert versions.codecs_of((ujson, ujson)) == ("json/ujson",)
    assert versions.codecs_of((ujson, ujson), ["json"]) == ("json/ujson",)
    with pytest.raises(InstallError, match="ujson and serbench-none are different libraries"):
        versions.codecs_of((ujson, other))
    with pytest.raises(InstallError, match="serbench-none does the work of no such codec"):
        versions.codecs_of((other, other))
    with pytest.raises(InstallError, match="ujson does the work of no such codec"):
        versions.codecs_of((ujson, ujson), ["xdr"])


# The whole command. What is slower is so by far: no other difference is looked for in real times.

SLOW = "for _ in range(2000): pass"


def diff(tmp_path, capsys, one, two, *options, code):
    command = ["diff", "--install", one, two, "--schema", "employee", "--budget", "5s", "--out", str(tmp_path / "runs")]
    assert main([*command, "--json", *options]) == code
    return json.loads(capsys.readouterr().out)


def test_a_slower_version_is_found_and_the_runs_kept(tmp_path, capsys):
    found = diff(tmp_path, capsys, wheel(tmp_path, "1.0"), wheel(tmp_path, "2.0", before=SLOW), code=1)
    rows = {row["what"]: row for row in found["changes"]}
    assert rows["encode"]["verdict"] == "different"
    assert rows["encode"]["ratio"]["ratio"] > 2
    assert rows["encode"]["worse"]
    assert rows["decode"]["ratio"]["ratio"] < 1.5
    assert rows["bytes"]["verdict"] == "tie"
    assert (found["old"]["versions"]["ujson"], found["new"]["versions"]["ujson"]) == ("1.0", "2.0")
    old, new = read(tmp_path / "runs" / "old"), read(tmp_path / "runs" / "new")
    assert old.header.turns == new.header.turns != ""
    assert new.header.codecs["json/ujson"]["version"] == "2.0"
    for one, two in zip(old.timings, new.timings):
        assert (one.operation, one.process, one.rounds) == (two.operation, two.process, two.rounds)
    assert main(["diff", str(tmp_path / "runs" / "old"), str(tmp_path / "runs" / "new")]) == 1
    assert "worse" in capsys.readouterr().out
    assert main(["diff", str(tmp_path / "runs" / "new"), str(tmp_path / "runs" / "old"), "--threshold", "50%"]) == 0


def test_a_version_against_itself_is_no_regression(tmp_path, capsys):
    same = wheel(tmp_path, "1.0")
    found = diff(tmp_path, capsys, same, same, "--threshold", "50%", code=0)
    assert {row["what"] for row in found["changes"]} >= {"bytes", "encode", "decode"}


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"separators": (", ", ": ")}, "bytes"), ({"reading": "raise ValueError('no')"}, "status")],
)
def test_what_is_larger_or_broken_is_worse(change, kind, tmp_path, capsys):
    one, two = wheel(tmp_path, "1.0"), wheel(tmp_path, "2.0", **change)
    found = diff(tmp_path, capsys, one, two, "--threshold", "5%", code=1)
    assert kind in [row["kind"] for row in found["changes"] if row["worse"]]


def test_a_folder_with_a_run_is_not_written_over(tmp_path):
    data = Data(name="points", source="shared", schema=SCHEMA, messages=[point()])
    plan = Plan(data=(data,), codecs=("fake/good",), modules=("fake_codecs",), budget_s=0.1)
    same = install(wheel(tmp_path, "1.0"))
    versions.measure(plan, (same, same), tmp_path / "runs")
    with pytest.raises(ResultsError, match="holds a run; choose another folder"):
        versions.measure(plan, (same, same), tmp_path / "runs")


# Taking turns.


class Script(Worker):
    """A worker that answers at once: how long each cell takes is made up, and so is what breaks."""

    def __init__(self, log, side, breaking=()):
        super().__init__()
        self.log = log
        self.side = side
        self.breaking = breaking
        self.cells = []

    def request(self, request, **content):
        if request == "hold":
            self.log.append((self.side, "hold"))
            self.cells = list(content["candidates"])
            yield {"done": [3 + self.side] * len(self.cells)}
            return
        cell = self.cells[content["place"]]
        if cell in self.breaking:
            raise WorkerFailed("crashed: SIGILL")
        self.log.append((self.side, cell))
        yield {"done": [100, 20]}


class Clock:
    """A second for each turn, ten for those of `slow`."""

    def __init__(self, log, slow):
        self.log = log
        self.slow = slow

    def monotonic(self):
        return sum(10 if cell == self.slow else 1 for _, cell in self.log)


FAST, SLOWER = ("a/fast", "encode"), ("a/slow", "encode")


def test_each_turn_of_one_side_is_followed_by_one_of_the_other(monkeypatch):
    log = []
    monkeypatch.setattr(versions, "time", Clock(log, SLOWER))
    workers = [Script(log, 0), Script(log, 1)]
    for worker in workers:
        versions._hold(worker.side, worker, [FAST, SLOWER], {})
    log.clear()
    found = versions._rounds(workers, [FAST, SLOWER], 400, Random(1))
    pairs = list(zip(log[::2], log[1::2]))
    assert all(one[1] == two[1] and {one[0], two[0]} == {0, 1} for one, two in pairs)
    assert len({one[0] for one, _ in pairs}) == 2
    assert [number for number, _, _ in found[0][0]] == [number for number, _, _ in found[1][0]]
    turns = Counter(cell for _, cell in log)
    assert turns[FAST] > 5 * turns[SLOWER] > 10


def test_what_breaks_a_side_is_taken_out_with_its_reason(monkeypatch):
    log = []
    plan = Plan(data=(Data(name="points", source="", schema=SCHEMA, messages=[point()]),), codecs=("a/fast", "a/slow"))
    monkeypatch.setattr(versions, "time", Clock(log, None))
    pairs = versions._Pairs(plan, (None, None), [[], []], versions.QUIET)
    pairs.cells = {"points": [FAST, SLOWER]}
    workers = [Script(log, 0), Script(log, 1, breaking=[SLOWER])]
    rows = list(pairs._block(workers, plan.data[0], 7, 10))
    assert [(side, row.codec, row.reason, row.process) for side, row in rows] == [
        (1, "a/slow", "crashed: SIGILL", 7), (0, "a/fast", "", 7), (1, "a/fast", "", 7),
    ]  # fmt: skip
    assert [row.loops for _, row in rows] == [0, 3, 4]
    assert pairs.cells["points"] == [FAST]


def test_each_side_starts_first_in_every_second_pair(monkeypatch):
    log = []
    plan = Plan(data=(Data(name="points", source="", schema=SCHEMA, messages=[point()]),), codecs=("a/fast",))
    monkeypatch.setattr(versions, "time", Clock(log, None))
    pairs = versions._Pairs(plan, (None, None), [[], []], versions.QUIET)
    pairs.cells = {"points": [FAST]}
    for pair in range(4):
        list(pairs._block([Script(log, 0), Script(log, 1)], plan.data[0], pair, 0))
    assert [side for side, what in log if what == "hold"] == [0, 1, 1, 0, 0, 1, 1, 0]
