"""CDR by the code of omniidl and the streams of omniORB, in an encapsulation of either byte order."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.cpp import HERE, INCLUDES

OBJECTS = "structs of omniidl"


def library() -> str:
    return "omniidl and omniORB"


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    (folder / "schema.idl").write_text(schema["idl"], encoding="utf-8")
    yield ["omniidl", "-bcxx", "schema.idl"]
    named = f"-DROOT={schema['root']}"
    yield ["g++", "-w", *flags, *INCLUDES, named, str(HERE / "cdr.cpp"), "-o", "program", "-lomniORB4", "-lomnithread"]
