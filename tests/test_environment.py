"""What the header says of the machine: present, plain, and silent where nothing is known."""

import json
import subprocess
import sys
from pathlib import Path

import fake_codecs
import pytest
from serbench import environment

INFOS = {info.implementation: info for info in fake_codecs.CODECS}


def test_machine_is_plain_json_and_has_what_reports_show():
    found = environment.machine()
    assert json.loads(json.dumps(found)) == found
    assert found["byte_order"] == sys.byteorder
    assert found["python"] == sys.version.split()[0]
    assert found["memory_bytes"] > 1 << 20
    assert found["cores"] >= found["usable_cores"] >= 1
    assert 0 < found["loop_overhead_ns"] < 10_000
    assert None not in found.values()
    assert "" not in found.values()


def test_what_cannot_be_read_is_left_out(monkeypatch):
    monkeypatch.setattr(environment, "_GOVERNOR", Path("/nowhere"))
    monkeypatch.setattr(environment, "commit", lambda: "")
    assert not {"governor", "commit"} & set(environment.machine())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC\n", "AMD EPYC"),
        ("processor\t: 0\nBogoMIPS\t: 48.00\nModel\t\t: Raspberry Pi 5\n", "Raspberry Pi 5"),
    ],
)
def test_cpu(monkeypatch, text, name):
    monkeypatch.setattr(environment, "_read", lambda path: text)
    assert environment.cpu() == name


def test_virtual_machines_and_containers(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "_CONTAINERS", {tmp_path: "docker", tmp_path / "no": "podman"})
    monkeypatch.setattr(environment, "_read", lambda path: "flags\t: fpu hypervisor lahf_lm")
    assert environment.virtual() == "docker, virtual machine"


@pytest.mark.parametrize(
    ("arguments", "build"),
    [
        ("'--prefix=/home/me' '--enable-optimizations' '--with-lto'", "PGO, LTO"),
        ("'--with-pydebug'", "debug"),
        ("'--prefix=/home/me'", "plain"),
        (None, ""),
    ],
)
def test_build_tells_no_paths(monkeypatch, arguments, build):
    monkeypatch.setattr("sysconfig.get_config_var", lambda name: arguments)
    assert environment.build() == build


def test_commit(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert environment.commit() == ""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    (tmp_path / "file").write_text("1")
    for command in (["init", "-q"], ["add", "file"], [*identity, "commit", "-q", "-m", "One"]):
        subprocess.run(["git", *command], check=True)
    clean = environment.commit()
    assert len(clean) >= 7
    (tmp_path / "file").write_text("2")
    assert environment.commit() == f"{clean}-dirty"
    monkeypatch.setenv("PATH", "")
    assert environment.commit() == ""


def test_versions_and_codecs():
    found = environment.versions([INFOS["good"], INFOS["unavailable"]])
    assert found["python"] == sys.version.split()[0]
    assert set(found) == {"serbench", "zstandard", "lz4", "brotli", "python"}
    assert environment.described(INFOS["unavailable"])["version"] == ""
    described = environment.described(INFOS["good"])
    assert (described["format"], described["implementation"], described["licence"]) == ("fake", "good", "MIT")
    assert json.loads(json.dumps(described)) == described
