"""Thrift by the structs of its compiler and libthrift, of one version (Debian's)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.cpp import HERE, INCLUDES
from serbench.peers.versions import version

OBJECTS = "generated classes"


def library() -> str:
    return version("thrift")


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    (folder / "schema.thrift").write_text("namespace cpp generated\n" + schema["idl"], encoding="utf-8")
    yield ["thrift", "-r", "--out", ".", "--gen", "cpp:no_skeleton", "schema.thrift"]
    named = f"-DROOT=::generated::{schema['root']}"
    yield ["g++", "-w", *flags, *INCLUDES, named, str(HERE / "thrift.cpp"), "-o", "program", "-lthrift"]
