"""Cap'n Proto by the classes of capnpc-c++; read and written field by field where it is not timed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.cpp import HERE, INCLUDES
from serbench.peers.versions import version

OBJECTS = "a reader over the octets, which a builder copies to encode"


def library() -> str:
    return version("capnp", name="Cap'n Proto")


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    own = 'using Cxx = import "/capnp/c++.capnp";\n$Cxx.namespace("generated");\n'
    (folder / "schema.capnp").write_text(schema["idl"] + own, encoding="utf-8")
    yield ["capnp", "compile", "-oc++", "schema.capnp"]
    named = f"-DROOT=::generated::{schema['root']}"
    yield ["g++", "-w", *flags, *INCLUDES, named, str(HERE / "capnp.cpp"), "-o", "program", "-lcapnp", "-lkj"]
