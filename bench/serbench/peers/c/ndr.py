"""NDR and NDR64 by the code of Samba's pidl, and its libndr.

pidl has a dialect of MIDL: other names of types, no encapsulated unions, no types of arrays or strings, and no float,
which is read as the integer that its octets are. What it has no type for becomes a structure of the same octets.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from serbench.peers.c import HERE, pidl

OBJECTS = "structs of pidl, in a talloc context"
SAMBA = "/usr/include/samba-4.0"

TEXT = "[string,charset(UTF16)] uint16 *"
ARM = r"case (\d+):\s*(?:\[(.*?)\] )?(.*?;)"

DIALECT = (
    (r"//.*", ""),
    (r"\n  void .*;\n", "\n"),
    (r"uuid\((.*?)\)", r'uuid("\1")'),
    (r"\[string, unique\] wchar_t \*|\[string\] wchar_t \*", TEXT),
    (r"typedef (\[string\S* uint16 \*|\w[\w ]* )(\w+)(\[\d+\])?;", r"typedef struct \2 {\n \1held\3;\n } \2;"),
    (r"\b(?:struct|union) (\w+) \*", r"\1 *"),
    (
        r"typedef union (\w+) switch \(unsigned long number\) value \{(.*?)\n  \} \1;",
        lambda found: _union(found[1], found[2]),
    ),
    (r"typedef struct \w+ ", "typedef [public] struct "),
    (r"typedef \[v1_enum\] enum \w+ ", "typedef [public, v1_enum] enum "),
    (r"\bunsigned small\b|\bboolean\b|\bbyte\b(?! unused)", "uint8"),
    (r"\bbyte unused\b", "uint8 unused"),
    (r"\bunsigned short\b", "uint16"),
    (r"\bunsigned long\b|\bfloat\b", "uint32"),
    (r"\bunsigned hyper\b", "hyper"),
    (r"\bsmall\b", "int8"),
    (r"\bshort\b", "int16"),
    (r"\blong\b", "int32"),
)
"""What a text of `serschema.idl.msidl` becomes, in this order."""


def _union(name: str, arms: str) -> str:
    """A union beside the number that chooses its arm."""
    made = re.sub(ARM, lambda arm: f"[{', '.join(filter(None, (f'case({arm[1]})', arm[2])))}] {arm[3]}", arms)
    return (
        f"typedef [public, switch_type(uint32), nodiscriminant] union {{{made}\n  }} {name}_value;\n"
        f"  typedef struct {name} {{\n    uint32 number;\n    [switch_is(number)] {name}_value value;\n  }} {name};"
    )


def translated(midl: str) -> str:
    for pattern, made in DIALECT:
        midl = re.sub(pattern, made, midl, flags=re.DOTALL if "\\{" in pattern else 0)
    return midl


def library() -> str:
    header = Path(SAMBA, "samba", "version.h")
    found = re.search(r'SAMBA_VERSION_STRING "([\d.]+)', header.read_text()) if header.exists() else None
    return f"pidl and libndr of Samba {found[1]}" if found else "pidl and libndr of Samba"


def missing() -> str:
    """What is not there, with the command that brings it."""
    return "" if pidl.present() else "pidl; python -m serbench.peers.c.pidl"


def build(schema: dict[str, str], folder: Path, flags: Sequence[str]) -> Iterator[list[str]]:
    (folder / "schema.idl").write_text(translated(schema["idl"]), encoding="utf-8")
    yield [*pidl.command(), "--header", "--ndr-parser", "--outputdir=.", "schema.idl"]
    named = f"-DROOT={schema['root']}"
    sources = [str(HERE / "ndr.c"), "ndr_schema.c"]
    libraries = ["-lndr", "-ltalloc", "-lsamba-util"]
    yield ["gcc", "-w", *flags, "-I.", f"-I{SAMBA}", named, *sources, "-o", "program", *libraries]
