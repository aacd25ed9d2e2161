"""The commands of the documentation, with what they print: found in its pages, run, and written down again.

A block of code that is fenced with ```console has commands after `$ ` (and `> ` where one goes on), each with its
output, standard error but for progress included. They run one after the other in one folder, which begins as a copy of
docs/examples; a line `...` stands for any lines. A comment `<!-- not run: why -->` before the fence keeps a block from
being run.

    python tests/console_blocks.py docs/cookbook.md ...      writes what the commands print now into these pages
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]*?) -->\n+)?^```console\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
PROGRESS = re.compile(r" *\d+ %, ")
ANYTHING = "..."
SECONDS = 300


@dataclass(frozen=True)
class Step:
    """A command, and its output as the page has it."""

    command: str
    output: str


def steps(body: str) -> list[Step]:
    found: list[Step] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], ""))
        elif line.startswith("> ") and found and not found[-1].output:
            found[-1] = Step(f"{found[-1].command}\n{line[2:]}", "")
        else:
            found[-1] = Step(found[-1].command, found[-1].output + line + "\n")
    return found


def blocks(text: str) -> Iterator[re.Match[str]]:
    """Those that are run."""
    return (block for block in BLOCK.finditer(text) if block["reason"] is None)


class Shell:
    """Runs commands, `serbench` among them, in a folder of its own with the files of docs/examples."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        shutil.copytree(EXAMPLES, self.folder)
        program = folder / "bin" / "serbench"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m serbench "$@"\n')
        program.chmod(0o755)
        sources = os.pathsep.join(str(ROOT / name) for name in ("schemas", "codecs", "bench"))
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")},
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": sources,
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
        }

    def run(self, command: str) -> str:
        """Standard output and error, without lines of progress and spaces at their ends."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
        )  # fmt: skip
        lines = (line.rstrip() + "\n" for line in done.stdout.decode().splitlines() if not PROGRESS.match(line))
        shown = "".join(lines).rstrip("\n")
        return f"{shown}\n" if shown else ""


def agree(expected: str, found: str) -> bool:
    """Whether the output is that of the page, where `...` stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == ANYTHING else re.escape(line) + r"\n" for line in expected.rstrip("\n").split("\n")
    )
    return not (expected or found) or re.fullmatch(pattern, found) is not None


def updated(text: str, shell: Shell) -> str:
    """A page with what its commands print; outputs with `...` that still agree are left."""

    def fresh(block: re.Match[str]) -> str:
        if block["reason"] is not None:
            return block[0]
        lines = ["```console\n"]
        for step in steps(block["body"]):
            found = shell.run(step.command)
            lines.append("$ " + step.command.replace("\n", "\n> ") + "\n")
            lines.append(step.output if agree(step.output, found) else found)
        return "".join([*lines, "```"])

    return BLOCK.sub(fresh, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(name)
            page.write_text(updated(page.read_text(encoding="utf-8"), Shell(Path(folder))), encoding="utf-8")
