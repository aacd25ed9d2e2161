"""The GitHub action and the hooks of pre-commit: their schema, and their steps run in a shell, with serbench itself."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from serbench.cli import main
from synthetic_run import RUN, write

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


@pytest.fixture
def shell(tmp_path):
    """Runs a step of the action in an empty folder; `serbench run` writes a made-up run, the rest is real."""
    write(tmp_path / "made-up")
    tools = tmp_path / "tools"
    tools.mkdir()
    script = f'''#!/bin/sh
printf '%s\\n' "$@" >> "{tmp_path}/called"; echo >> "{tmp_path}/called"
if [ "$1" = run ]; then for out; do :; done; cp -r "{tmp_path}/made-up" "$out"; exit 0; fi
exec {sys.executable} -m serbench "$@"
'''
    (tools / "serbench").write_text(script)
    (tools / "serbench").chmod(0o755)
    (tmp_path / "work").mkdir()

    def run(name, **inputs):
        step = STEPS[name]
        defaults = {key: held["default"] for key, held in ACTION["inputs"].items()}
        given = defaults | {key.replace("_", "-"): value for key, value in inputs.items()}
        env = {key: INPUT.sub(lambda match: given[match[1]], value) for key, value in step.get("env", {}).items()}
        files = {key: str(tmp_path / key.lower()) for key in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for path in files.values():
            Path(path).touch()
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # as GitHub calls `shell: bash`
            cwd=tmp_path / "work",
            env=os.environ | env | files | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
        )

    run.folder = tmp_path
    return run


def test_the_action_is_one():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]
    done = subprocess.run([*command, str(ROOT / "action.yml")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_input_is_text_of_a_script():
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")
        used = INPUT.findall(json.dumps(step))
        assert set(used) <= ACTION["inputs"].keys()


def test_measuring_hands_over_each_line_as_a_word(shell):
    done = shell(
        "Measure", schema="my schema.proto\norders.avsc\n", codec="json\n\nxdr", arguments="--sample\n10",
        data="$(touch hacked) `id`.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    called = (shell.folder / "called").read_text().split("\n\n")[0].split("\n")
    assert called == [
        "run", "--schema", "my schema.proto", "--schema", "orders.avsc", "--data", "$(touch hacked) `id`.jsonl",
        "--codec", "json", "--codec", "xdr", "--sample", "10", "--budget", "2m", "--out", "serbench-run",
    ]  # fmt: skip
    assert not (shell.folder / "work" / "hacked").exists()
    assert "| codec | bytes | encode | decode |" in (shell.folder / "github_step_summary").read_text(encoding="utf-8")
    assert (shell.folder / "github_output").read_text() == "run=serbench-run\n"


def test_measuring_needs_no_input(shell):
    assert shell("Measure").returncode == 0
    assert (shell.folder / "called").read_text().split("\n\n")[0].split() == [
        "run", "--budget", "2m", "--out", "serbench-run",
    ]  # fmt: skip


def test_without_a_baseline_nothing_is_compared(shell):
    shell("Measure")
    done = shell("Compare")
    assert done.returncode == 0
    assert done.stdout.startswith("::notice title=serbench::there is no baseline at serbench-baseline yet")
    assert "regression" not in (shell.folder / "github_output").read_text()


@pytest.mark.parametrize("worse", [False, True])
def test_a_comparison_is_written_everywhere(shell, worse):
    sizes = [replace(row, encoded_bytes=[size - worse for size in row.encoded_bytes]) for row in RUN.verified]
    write(shell.folder / "work" / "serbench-baseline", replace(RUN, verified=sizes))
    shell("Measure")
    done = shell("Compare", threshold="0.1%")
    assert done.returncode == 0, done.stderr
    verdict = "regressions" if worse else "no regression"
    assert verdict in (shell.folder / "github_step_summary").read_text(encoding="utf-8")
    assert verdict in (shell.folder / "work" / "serbench-run" / "diff.md").read_text(encoding="utf-8")
    assert (shell.folder / "work" / "serbench-run" / "diff.xml").read_text().startswith("<testsuites")
    assert f"regression={str(worse).lower()}\n" in (shell.folder / "github_output").read_text()


def test_a_comparison_that_fails_fails_the_step(shell):
    write(shell.folder / "work" / "serbench-baseline")
    shell("Measure")
    done = shell("Compare", threshold="a lot")
    assert done.returncode == 2
    assert "'a lot' is not a percentage" in done.stderr


def test_the_judgement_fails_the_job(shell):
    done = shell("Judge")
    assert (done.returncode, done.stdout.splitlines()[0][:7]) == (1, "::error")


# pre-commit.


def test_the_hooks_have_what_pre_commit_needs():
    assert [hook["id"] for hook in HOOKS] == ["serbench-verify", "serbench-size"]
    for hook in HOOKS:
        assert {"id", "name", "entry", "language"} <= hook.keys()
        assert hook["language"] == "python"
        assert re.compile(hook["files"]).search("schemas/person.proto")


@pytest.mark.parametrize(
    ("hook", "args", "code"),
    [
        (0, ["--schema", "employees", "--codec", "xdr"], 0),
        (1, ["200", "--schema", "employees", "--codec", "xdr"], 0),
        (1, ["20", "--schema", "employees", "--codec", "xdr"], 1),
    ],
)
def test_the_hooks_do_what_they_say(hook, args, code, capsys):
    assert main([*HOOKS[hook]["entry"].split()[1:], *args]) == code
    said = "serbench: xdr/serbench takes 64 bytes for a message of employees, more than 20\n"
    assert capsys.readouterr().err.endswith(said if code else "")


def test_max_bytes_is_of_our_codecs(capsys):
    assert main(["verify", "--peers", "--max-bytes", "10"]) == 2
    assert capsys.readouterr().err == "serbench: --max-bytes is of our codecs: leave --peers out\n"
