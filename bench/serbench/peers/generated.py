"""The worker for C and C++: `python -m serbench.peers.generated LANGUAGE [PROGRAM]`.

Compilers make a program of each schema, as the file of a format in the folder of the language says: `build` gives the
commands, `library` and `OBJECTS` what is asked, and `SEEN` that the program tells what it has seen. How such a program
is asked, and answers, stands in `c/program.h`. PROGRAM is a worker itself, for the formats that need no code of a
schema, and gets the requests for these as they are.
"""

import contextlib
import hashlib
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from subprocess import PIPE
from types import ModuleType
from typing import IO, Any

from serbench.cache import used
from serbench.frames import PROTOCOL, Frame, ended, read_frame, write_frame
from serbench.peers.c import HERE, asn1, ndr, xdr
from serbench.peers.cpp import capnp, cdr, flatbuffers, protobuf, thrift
from serbench.peers.languages import home
from serbench.peers.versions import version

LANGUAGES: dict[str, dict[str, ModuleType]] = {
    "c": {"xdr": xdr, "asn1-der": asn1, "asn1-uper": asn1, "ndr-little": ndr, "ndr-big": ndr, "ndr64": ndr},
    "cpp": {
        "cdr-big": cdr,
        "cdr-little": cdr,
        "protobuf": protobuf,
        "thrift-binary": thrift,
        "thrift-compact": thrift,
        "capnp": capnp,
        "capnp-packed": capnp,
        "flatbuffers": flatbuffers,
    },
}
COMPILERS = {"c": "gcc", "cpp": "g++"}
QUICKLY, TIMED = ("-O0",), ("-O2",)
"""The flags of programs that decode and encode once, and of those that are timed."""
NOTE_S = 5.0
REFUSED = {b"\xff\xff\xff\xff": "not decoded", b"\xff\xff\xff\xfe": "not encoded"}


def program(format: ModuleType, schema: dict[str, str], flags: Sequence[str] = QUICKLY) -> Path:
    """The program for a schema, from the cache if it is there. Raises `ValueError` with the words of a compiler."""
    digest = hashlib.sha256(repr((_sources(format), sorted(schema.items()), flags)).encode()).hexdigest()
    programs = home() / "programs"
    made = programs / digest[:16]
    if not made.exists():
        programs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=programs) as folder:
            for command in format.build(schema, Path(folder), flags):
                ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
                if ran.returncode:
                    raise ValueError(f"{command[0]}: {' '.join(ran.stderr.split())[-300:]}")
            Path(folder, "program").rename(made)
    return used(made, "*")


def _sources(format: ModuleType) -> list[bytes]:
    """What programs are built from besides schemas."""
    own = Path(str(format.__file__))
    return [file.read_bytes() for file in (*sorted(own.parent.glob(f"{own.stem}.*")), *sorted(HERE.glob("*.h")))]


def framed(data: Sequence[str]) -> bytes:
    return b"".join(len(message).to_bytes(4, "big") + message for message in map(bytes.fromhex, data))


def again(path: Path, format: str, data: Sequence[str], seen: bool = False) -> list[Any]:
    """What the program makes of each message: octets in hex, or why not; with what it has seen if it tells that."""
    ran = subprocess.run([path, format], input=framed(data), capture_output=True)
    answers: list[Any] = []
    out = io.BytesIO(ran.stdout)
    while head := out.read(4):
        if reason := REFUSED.get(head):
            answers.append({"failed": reason})
        elif seen:
            octets = _rest(out, head).hex()
            answers.append({"octets": octets, "seen": _rest(out, out.read(4)).decode(errors="replace")})
        else:
            answers.append(_rest(out, head).hex())
    ended = {"failed": f"the program ended with {ran.returncode}"}
    return answers + [ended] * (len(data) - len(answers))


def _rest(out: IO[bytes], head: bytes) -> bytes:
    return out.read(int.from_bytes(head, "big"))


def time(path: Path, request: Frame) -> list[Frame]:
    """The frames in which the program tells how long its calls took. Raises `ValueError` where it fails."""
    command = [path, request["format"], str(request["budget_ns"]), ",".join(request["operations"])]
    ran = subprocess.run(command, input=framed(request["data"]), capture_output=True)
    if ran.returncode:
        raise ValueError(f"the program ended with {ran.returncode}")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def answer(request: Frame, format: ModuleType) -> Iterator[Frame]:
    """The frames of an answer; notes go before them while a program is compiled that is not to be timed."""
    timed = request["request"] == "time"
    flags = TIMED if timed or request.get("timed") else QUICKLY
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(program, format, request["schema"], flags)
        while not timed and not wait([made], NOTE_S).done:
            yield {"note": f"{request['format']} is compiled"}
    try:
        if timed:
            yield from time(made.result(), request)
        else:
            seen = hasattr(format, "SEEN")
            yield {"done": again(made.result(), request["format"], request["data"], seen)}
    except (OSError, ValueError) as error:
        if not timed:
            yield {"done": [{"failed": str(error)} for _ in request["data"]]}
            return
        yield from ({"row": {"operation": name, "reason": str(error)}} for name in request["operations"])
        yield {"done": {"measured_ns": 0}}


def missing(format: ModuleType) -> str:
    """What a format needs besides the tools of its language, and has not; empty if there is nothing."""
    return str(format.missing()) if hasattr(format, "missing") else ""


def hello(language: str) -> Frame:
    """What formats there is generated code for; `missing` tells of others what they want."""
    wanted = {name: words for name, format in LANGUAGES[language].items() if (words := missing(format))}
    formats = {name: format for name, format in LANGUAGES[language].items() if name not in wanted}
    compiler = COMPILERS[language]
    return {
        "hello": "serbench peer",
        "protocol": PROTOCOL,
        "formats": {name: format.library() for name, format in formats.items()},
        "missing": wanted,
        "timing": {
            "clock": "CLOCK_MONOTONIC",
            "optimisation": f"{version(compiler, '-dumpfullversion')} {' '.join(TIMED)}",
            "objects": {name: format.OBJECTS for name, format in formats.items()},
        },
    }


def main(language: str, *command: str) -> None:
    said = hello(language)
    with contextlib.ExitStack() as stack:
        generic = stack.enter_context(subprocess.Popen(command, stdin=PIPE, stdout=PIPE)) if command else None
        if generic:
            more = _next(generic)
            said["formats"] |= more["formats"]
            said["timing"]["objects"] |= more["timing"]["objects"]
        write_frame(sys.stdout.buffer, said)
        while request := read_frame(sys.stdin.buffer):
            if format := LANGUAGES[language].get(request["format"]):
                frames: Iterable[Frame] = answer(request, format)
            else:
                frames = _passed_on(request, generic)
            for frame in frames:
                write_frame(sys.stdout.buffer, frame)


def _passed_on(request: Frame, generic: "subprocess.Popen[bytes] | None") -> Iterator[Frame]:
    if generic is None or generic.stdin is None:
        raise SystemExit(f"no such format: {request['format']}")
    write_frame(generic.stdin, request)
    while "done" not in (frame := _next(generic)):
        yield frame
    yield frame


def _next(generic: "subprocess.Popen[bytes]") -> Frame:
    frame = read_frame(generic.stdout) if generic.stdout else None
    if frame is None:
        raise SystemExit(ended(generic.wait()))
    return frame


if __name__ == "__main__":
    main(*sys.argv[1:])
