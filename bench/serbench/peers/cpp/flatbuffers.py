"""FlatBuffers by the object API of flatc (`--gen-object-api`)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.cpp import HERE, INCLUDES
from serbench.peers.versions import version

OBJECTS = "structs of the object API, after the verifier"


def library() -> str:
    return version("flatc", name="FlatBuffers")


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    (folder / "schema.fbs").write_text("namespace generated;\n" + schema["idl"], encoding="utf-8")
    yield ["flatc", "--cpp", "--gen-object-api", "--scoped-enums", "schema.fbs"]
    named = f"-DROOT=::generated::{schema['root']}"
    yield ["g++", "-w", *flags, *INCLUDES, named, str(HERE / "flatbuffers.cpp"), "-o", "program"]
