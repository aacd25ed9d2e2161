"""Which codecs there are. A codec module imports its library inside `compile`, so that listing codecs costs nothing."""

import difflib
from collections.abc import Iterable
from functools import cache
from importlib import import_module, metadata

from serschema.errors import SerError

from sercodecs.contract import CodecInfo

MODULES = (
    "xdr",
    "cdr",
    "ndr",
    "asn1",
    "protobuf",
    "thrift",
    "avro",
    "flatbuffers",
    "flexbuffers",
    "capnp",
    "fory",
    "json",
    "xml",
    "yaml",
    "text",
    "csv",
    "msgpack",
    "cbor",
    "bson",
    "ubjson",
    "ion",
    "arrow",
    "java",
    "pickle",
    "struct_native",
)


class UnknownCodec(SerError):
    """No codec has this id, and no format this name."""


@cache
def codecs() -> tuple[CodecInfo, ...]:
    """All codecs in the order of `MODULES`, whether or not their library is installed."""
    return tuple(info for module in MODULES for info in of(module))


def of(module: str) -> tuple[CodecInfo, ...]:
    """The codecs of one of `MODULES`."""
    found: tuple[CodecInfo, ...] = import_module(f"sercodecs.{module}").CODECS
    return found


@cache
def _by_id(id: str) -> list[CodecInfo]:
    """The codec of this id, if there is one. Modules that are named like its format come first: mostly no other has to
    be imported, and all of them take a sixth of a second, which each worker process would pay."""
    for module in sorted(MODULES, key=lambda module: not id.startswith(module)):
        if found := [info for info in of(module) if info.id == id]:
            return found
    return []


def find(names: Iterable[str]) -> tuple[CodecInfo, ...]:
    """The codecs of these ids (`json/orjson`) or formats (`json`), each once, in the order asked for."""
    found: dict[str, CodecInfo] = {}
    for name in names:
        matches = _by_id(name) if "/" in name else [info for info in codecs() if info.format.name == name]
        if not matches:
            known = sorted({info.id for info in codecs()} | {info.format.name for info in codecs()})
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "serbench codecs lists them"
            raise UnknownCodec(f"no codec or format is called {name!r}; {hint}")
        found |= {info.id: info for info in matches}
    return tuple(found.values())


def missing(info: CodecInfo) -> str:
    """Empty if the codec can be used; otherwise the command that brings its library."""
    if info.distribution in ("python", "serbench"):
        return ""
    try:
        metadata.version(info.distribution)
    except metadata.PackageNotFoundError:
        return f"pip install {info.distribution}"
    return ""
