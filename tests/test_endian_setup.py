"""How a machine is prepared, with stand-ins for apt-get, dpkg, dpkg-deb and pip: a package is a tar archive here."""

import json
import os
import sys
from dataclasses import replace

import pytest
from serbench.endian import machines, setup
from serbench.endian.machines import RECIPES, MachineError

TOOLS = r"""#!%s -S
import io, json, os, sys, tarfile, zipfile
from pathlib import Path
tool, arguments = Path(sys.argv[0]).name, sys.argv[1:]
home = Path(os.environ["FAKES"])
with (home / "calls").open("a") as calls:
    print(json.dumps([tool, *arguments]), file=calls)

def breaks(word):
    if (home / "broken").exists() and (home / "broken").read_text() == word:
        sys.exit(f"E: {word} is out of order")

def package(name, members):
    with tarfile.open(name, "w") as archive:
        for member in members:
            info = tarfile.TarInfo(f"./{member}")
            info.size = len(member)
            archive.addfile(info, io.BytesIO(member.encode()))

if tool == "dpkg":
    print("amd64")
elif tool == "apt-get":
    breaks(arguments[-1] if "update" in arguments else "download")
    options = dict(part[2:].split("=", 1) for part in arguments if part.startswith("-o"))
    names = arguments[arguments.index("download") + 1 :] if "download" in arguments else []
    for name in names:
        arch = options["APT::Architecture"]
        usual = [f"usr/share/{name}", "usr/lib/x-linux/blas/libblas.so.3"]
        emulators = ["usr/bin/qemu-s390x-static", "usr/bin/qemu-arm-static", "usr/bin/qemu-mips-static"]
        package(f"{name}_1_{arch}.deb", emulators if name == "qemu-user-static" else usual)
elif arguments[0] == "--fsys-tarfile":
    sys.stdout.buffer.write(Path(arguments[1]).read_bytes())
elif arguments[0] == "--extract":
    breaks("extract")
    with tarfile.open(arguments[1]) as archive:
        archive.extractall(arguments[2], filter="data")
else:
    breaks("pip")
    place = Path(arguments[arguments.index("--dest") + 1])
    place.mkdir(parents=True, exist_ok=True)
    for pin in arguments[arguments.index("--dest") + 2 :]:
        with zipfile.ZipFile(place / f"{pin.replace('==', '-')}-any.whl", "w") as wheel:
            wheel.writestr(f"{pin.split('==')[0]}.py", pin)
"""


@pytest.fixture
def fakes(monkeypatch, tmp_path):
    """A folder with the stand-ins; `calls` in it is what they were called with, `broken` names the one that fails."""
    folder = tmp_path / "fakes"
    folder.mkdir()
    for tool in ("apt-get", "dpkg", "dpkg-deb", "pip"):
        (folder / tool).write_text(TOOLS % sys.executable)
        (folder / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("FAKES", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(setup, "PIP", [str(folder / "pip")])
    return folder


def calls(folder):
    """The tools called, with what they were asked for."""
    lines = map(json.loads, (folder / "calls").read_text().splitlines())
    return [(tool, next((a for a in arguments if a in ("update", "download")), "")) for tool, *arguments in lines]


def prepare(name="s390x"):
    told = []
    setup.prepare(name, told.append)
    return told


def test_a_machine_is_made_once(fakes):
    assert prepare() == [
        "s390x: fetching the emulator",
        "s390x: fetching Python 3.11 and libraries from Debian",
        "s390x: fetching 6 wheels",
    ]
    place = setup.home("s390x")
    assert sorted(path.name for path in place.iterdir()) == ["ready", "root", "site"]
    assert sorted(path.name for path in setup.folder().iterdir()) == [
        "lock",
        "qemu-arm-static",
        "qemu-s390x-static",
        "s390x",
    ]
    assert os.access(setup.emulator(RECIPES["s390x"]), os.X_OK)
    assert (place / "root" / "usr" / "share" / "python3.11-minimal").exists()
    assert (place / "root/usr/lib/x-linux/libblas.so.3").read_text() == "usr/lib/x-linux/blas/libblas.so.3"
    assert (place / "site" / "lxml.py").read_text() == "lxml==5.4.0"
    before = calls(fakes)
    assert prepare() == []
    assert calls(fakes) == before
    assert prepare("armhf") == [
        "armhf: fetching Python 3.11 and libraries from Debian",
        "armhf: fetching 4 wheels",
    ]


def test_the_worker_is_started_in_it(fakes):
    prepare()
    with machines.opened("s390x") as machine:
        env, path, emulator, *start = machine.argv
        site, *sources, links = path.removeprefix("PYTHONPATH=").split(":")
        assert env == "env"
        assert emulator == str(setup.folder() / "qemu-s390x-static")
        root = setup.home("s390x") / "root"
        assert start == ["-L", str(root), f"{root}/usr/bin/python3.11", "-s", "-m", "serbench.worker"]
        assert site == str(setup.home("s390x") / "site")
        assert all(os.path.isdir(source) for source in sources)
        assert "pyasn1" in os.listdir(links)
        assert "numpy" not in os.listdir(links)
    assert not os.path.exists(links)


@pytest.mark.parametrize("broken", ["download", "extract", "pip"])
def test_what_fails_is_said_and_gone_on_with(fakes, broken):
    (fakes / "broken").write_text(broken)
    with pytest.raises(MachineError, match=f"ended with exit code 1: E: {broken} is out of order"):
        prepare()
    assert not setup.is_ready("s390x")
    (fakes / "broken").unlink()
    prepare()
    assert setup.is_ready("s390x")


def test_a_source_that_has_nothing_for_the_architecture_does_not_matter(fakes):
    (fakes / "broken").write_text("update")
    prepare()
    assert setup.is_ready("s390x")


def test_a_recipe_that_changed_is_followed_anew(fakes, monkeypatch):
    prepare()
    newer = replace(RECIPES["s390x"], pinned=("lxml==9",))
    monkeypatch.setitem(RECIPES, "s390x", newer)
    assert not setup.is_ready("s390x")
    assert prepare()[-1] == "s390x: fetching 1 wheels"
    assert (setup.home("s390x") / "site" / "lxml.py").read_text() == "lxml==9"
    assert not (setup.home("s390x") / "site" / "orjson.py").exists()


def test_a_machine_of_no_recipe_is_removed(fakes):
    old = setup.folder() / "mips"
    (old / "root").mkdir(parents=True)
    prepare()
    assert not old.exists()
    assert setup.is_ready("s390x")


def test_what_is_known_about_a_machine_does_not_make_another(fakes, monkeypatch):
    prepare()
    monkeypatch.setitem(RECIPES, "s390x", replace(RECIPES["s390x"], defects={}, lacking={}))
    assert setup.is_ready("s390x")


def test_without_debian(fakes):
    (fakes / "apt-get").unlink()
    with pytest.raises(
        MachineError, match=r"there is no apt-get: it needs Debian 12; elsewhere, .*--machine ssh://HOST"
    ):
        prepare()


def test_the_emulator_of_this_machine_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert setup.emulator(RECIPES["armhf"]) is None
    (tmp_path / "qemu-arm").write_text("")
    (tmp_path / "qemu-arm").chmod(0o755)
    assert setup.emulator(RECIPES["armhf"]) == tmp_path / "qemu-arm"


def test_pip_is_asked_for_wheels_of_the_architecture_only(fakes):
    prepare("armhf")
    lines = map(json.loads, (fakes / "calls").read_text().splitlines())
    pip = next(line for line in lines if line[0] == "pip")
    assert {"--only-binary=:all:", "--no-deps", "manylinux2014_armv7l", "manylinux_2_36_armv7l"} <= set(pip)
    assert pip[pip.index("--python-version") + 1] == "3.11"
