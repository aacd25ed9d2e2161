"""The worker for languages whose code is generated: `python -m serbench.peers.generated LANGUAGE`.

Compilers make a program of each schema, as the file of a format in the folder of the language says: `build` gives the
commands, `library` what is asked. A program, told the format's name, reads and writes messages with their length before
each, in 4 octets; a length of ffffffff stands for one that it does not decode.
"""

import hashlib
import inspect
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from serbench.frames import read_frame, write_frame
from serbench.peers.c import asn1, xdr
from serbench.peers.cpp import cdr
from serbench.peers.languages import home

LANGUAGES: dict[str, dict[str, ModuleType]] = {
    "c": {"xdr": xdr, "asn1-der": asn1, "asn1-uper": asn1},
    "cpp": {"cdr-big": cdr, "cdr-little": cdr},
}
REFUSED = b"\xff\xff\xff\xff"


def program(format: ModuleType, schema: dict[str, str]) -> Path:
    """The program for a schema, from the cache if it is there. Raises `ValueError` with the words of a compiler."""
    digest = hashlib.sha256(repr((inspect.getsource(format), sorted(schema.items()))).encode()).hexdigest()
    programs = home() / "programs"
    made = programs / digest[:16]
    if not made.exists():
        programs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=programs) as folder:
            for command in format.build(schema, Path(folder)):
                ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
                if ran.returncode:
                    raise ValueError(f"{command[0]}: {' '.join(ran.stderr.split())[-300:]}")
            Path(folder, "program").rename(made)
    return made


def again(path: Path, format: str, data: Sequence[str]) -> list[Any]:
    """What the program makes of each message: octets in hex, or why not."""
    framed = b"".join(len(message).to_bytes(4, "big") + message for message in map(bytes.fromhex, data))
    ran = subprocess.run([path, format], input=framed, capture_output=True)
    answers: list[Any] = []
    out = ran.stdout
    while out:
        if out.startswith(REFUSED):
            answers.append({"failed": "not decoded"})
            out = out[4:]
        else:
            end = 4 + int.from_bytes(out[:4], "big")
            answers.append(out[4:end].hex())
            out = out[end:]
    ended = {"failed": f"the program ended with {ran.returncode}"}
    return answers + [ended] * (len(data) - len(answers))


def answer(request: dict[str, Any], formats: dict[str, ModuleType]) -> list[Any]:
    format = request["format"]
    try:
        path = program(formats[format], request["schema"])
    except (OSError, ValueError) as error:
        return [{"failed": str(error)} for _ in request["data"]]
    return again(path, format, request["data"])


def main(language: str) -> None:
    formats = LANGUAGES[language]
    out = sys.stdout.buffer
    libraries = {name: format.library() for name, format in formats.items()}
    write_frame(out, {"hello": "serbench peer", "protocol": 1, "formats": libraries})
    while request := read_frame(sys.stdin.buffer):
        write_frame(out, {"done": answer(request, formats)})


if __name__ == "__main__":
    main(sys.argv[1])
