"""Protocol Buffers by the classes of protoc and libprotobuf, of one version (Debian's)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.cpp import HERE, INCLUDES
from serbench.peers.versions import version

SEEN = True
OBJECTS = "generated classes"


def library() -> str:
    return version("protoc")


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    (folder / "descriptors").write_bytes(bytes.fromhex(schema["descriptors"]))
    yield ["protoc", "--descriptor_set_in=descriptors", "--cpp_out=.", "schema.proto"]
    named = f"-DROOT=::{schema['message'].replace('.', '::')}"
    yield ["g++", "-w", *flags, *INCLUDES, named, str(HERE / "protobuf.cpp"), "-o", "program", "-lprotobuf"]
