"""Shell completion: what bash itself gets with the script that is printed, and what is offered."""

import os
import subprocess
import sys

import pytest
from serbench.cli import main
from serbench.cli.base import OTHERS, SECTIONS, commands


@pytest.fixture
def bash(tmp_path):
    """Completes a line in bash: its words, the last of them unfinished; in a folder of its own."""
    program = tmp_path / "bin" / "serbench"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m serbench "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()

    def complete(*words):
        script = (
            'eval "$(serbench completion bash)"\n'
            'complete -p serbench | grep -q -- "-F _serbench_completion serbench" || exit 9\n'
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
            "_serbench_completion serbench 2>/dev/null\n"
            'printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run(
            ["bash", "-c", script, "bash", "serbench", *words],
            env=environment, cwd=folder, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split()

    complete.folder = folder
    return complete


def test_bash_completes_commands_options_and_names(bash):
    assert bash("sho") == ["show-source"]
    assert "--precision" in bash("run", "--pre")
    assert bash("run", "--codec", "xd") == ["xdr", "xdr/serbench"]
    assert bash("encode", "-s", "employee", "-c", "json/or") == ["json/orjson"]
    assert bash("run", "--schema", "emp") == ["employees", "employee"]


def test_bash_completes_runs(bash):
    run = bash.folder / "reports" / "20260102-030405"
    run.mkdir(parents=True)
    (run / "results.jsonl").touch()
    (bash.folder / "reports" / "empty").mkdir()
    assert bash("report", "rep") == ["reports/20260102-030405"]


def offered(monkeypatch, capsys, line, shell="bash"):
    """What the program answers, in the words of the protocol between it and bash."""
    words = line.split(" ")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setenv("_SERBENCH_COMPLETE", f"{shell}_complete")
    assert main([]) == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("serbench run --codec cbor-", ["plain,cbor-canonical", "plain,cbor-canonical/cbor2"]),
        ("serbench run --codec thrift-", ["plain,thrift-binary", "plain,thrift-compact"]),
        ("serbench run --codec nonsense", []),
        ("serbench run --schema ./per", ["file,./per"]),
        ("serbench run --data p", ["file,p"]),
        ("serbench schema emp", ["plain,employees", "plain,employee"]),
        ("serbench report nowhere", ["dir,nowhere"]),
        ("serbench completion z", ["plain,zsh"]),
    ],
)  # fmt: skip
def test_what_is_offered(line, answer, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert offered(monkeypatch, capsys, line) == answer


@pytest.mark.parametrize(
    ("shell", "mark"),
    [("bash", "complete -o nosort"), ("zsh", "#compdef serbench"), ("fish", "complete --no-files --command serbench")],
)
def test_each_shell_has_its_script(shell, mark, capsys):
    assert main(["completion", shell]) == 0
    assert mark in capsys.readouterr().out


def test_another_shell_is_refused(capsys):
    assert main(["completion", "tcsh"]) == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in capsys.readouterr().err


def test_every_command_has_its_place_in_the_help(capsys):
    """A new one goes into SECTIONS; until then it is among the others, never left out."""
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name}  " in out for name in commands.commands)
    assert f"{OTHERS}:" not in out
    assert all(f"{title}:\n" in out for title in SECTIONS)
