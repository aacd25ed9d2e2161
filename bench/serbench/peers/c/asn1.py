"""ASN.1 by the code of asn1c: DER (which it reads as BER) and unaligned PER."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.c import HERE
from serbench.peers.versions import version

SEEN = True
OBJECTS = "structs of asn1c"


def library() -> str:
    return version("asn1c", "-h")


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    root = schema["root"]
    (folder / "module.asn").write_text(schema["idl"], encoding="utf-8")
    yield ["asn1c", "-gen-PER", "-fcompound-names", "-fwide-types", f"-pdu={root}", "module.asn"]
    (folder / "converter-sample.c").unlink()
    named = [f"-DROOT={root.replace('-', '_')}", f'-DHEADER="{root}.h"']
    sources = [str(HERE / "asn1.c"), *sorted(file.name for file in folder.glob("*.c"))]
    yield ["gcc", "-w", *flags, "-I.", *named, *sources, "-lm", "-o", "program"]
