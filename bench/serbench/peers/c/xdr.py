"""XDR by rpcgen's code and libtirpc."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.c import HERE
from serbench.peers.versions import version

OBJECTS = "structs of rpcgen"


def library() -> str:
    return f"{version('rpcgen')} and libtirpc"


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    (folder / "schema.x").write_text(schema["idl"], encoding="utf-8")
    for flag, output in (("-h", "schema.h"), ("-c", "schema.c")):
        yield ["rpcgen", "-i", "0", flag, "-o", output, "schema.x"]
    named = f"-DROOT={schema['root']}"
    sources = [str(HERE / "xdr.c"), "schema.c"]
    yield ["gcc", "-w", *flags, "-I.", "-I/usr/include/tirpc", named, *sources, "-o", "program", "-ltirpc"]
