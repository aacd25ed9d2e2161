"""Implementations that we did not write, in their own languages: do they read our bytes, and do we read theirs?

A folder here is a language: its manifest with exact versions, how it is built (`LANGUAGES`), a main program, and a file
for each format. The program is a worker of the framed protocol of `serbench.worker`, started once for all formats:

    hello                                      formats: {name: "library version"}
    read     format, schema, data [hex, ...]   {"done": [tree, ...]}, what the library sees in each
    write    format, schema, trees             {"done": [hex, ...]}, what the library makes of each

`schema` is what the format's readers need (`trees.Reader.schema`), and a *tree* what any reader of the format sees, in
JSON (`trees`). So a peer knows nothing of our schemas, and a value has to come back equal through both libraries.

A language is built once into the user's cache, by the content of its folder. Whatever is missing, does not build, dies,
hangs or prints rubbish costs the rows of that language only.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sercodecs import registry
from sercodecs.contract import Codec, CodecInfo, DecodeError, UnsupportedSchema
from serschema.errors import SerError
from serschema.limits import Refused, project
from serschema.model import Schema, Value
from serschema.values import first_difference

from serbench.peers import trees
from serbench.plan import Data
from serbench.results import Verified
from serbench.worker import Worker, WorkerFailed

FOLDER = Path(__file__).parent
BUILD_S = 900


@dataclass(frozen=True, kw_only=True)
class Language:
    """How the programs of a language are built in a copy of its folder, and started there; `tools` have to be on PATH."""

    name: str
    tools: tuple[str, ...]
    build: tuple[tuple[str, ...], ...]
    argv: tuple[str, ...]
    packages: str


LANGUAGES = {
    language.name: language
    for language in (
        Language(
            name="node",
            tools=("node", "npm"),
            build=(("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"),),
            argv=("node", "main.js"),
            packages="nodejs npm",
        ),
    )
}


class PeerFailed(SerError):
    """A language that is missing, or does not build: which, and why."""


def cache() -> Path:
    """Where languages are built."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "serbench" / "peers"


def built(language: Language) -> Path:
    """The folder in which the language is built, which takes a while the first time; raises `PeerFailed`."""
    missing = [tool for tool in language.tools if shutil.which(tool) is None]
    if missing:
        raise PeerFailed(f"missing: {', '.join(missing)}; apt-get install {language.packages}")
    source = FOLDER / language.name
    files = sorted(path for path in source.rglob("*") if path.is_file())
    digest = hashlib.sha256(repr((language.build, language.argv)).encode())
    for path in files:
        digest.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes() + b"\0")
    folder = cache() / f"{language.name}-{digest.hexdigest()[:16]}"
    done = folder / "built"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        for command in language.build:
            _build(language, command, folder)
        done.touch()
    return folder


def _build(language: Language, command: Sequence[str], folder: Path) -> None:
    try:
        made = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_S
        )
    except subprocess.TimeoutExpired:
        raise PeerFailed(f"{language.name}: {command[0]} was not done within {BUILD_S} s") from None
    if made.returncode:
        words = " ".join((made.stderr or made.stdout).split())[-300:]
        raise PeerFailed(f"{language.name} was not built: {' '.join(command)}: {words}")


def started(language: Language, patience_s: float = 60.0) -> Worker:
    """A worker of the language, built if need be; raises `PeerFailed` and `WorkerFailed`."""
    folder = built(language)
    worker = Worker(
        [str(folder / part) if (folder / part).is_file() else part for part in language.argv], patience_s=patience_s
    )
    worker.start()
    return worker
