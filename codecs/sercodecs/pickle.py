"""Python's pickle, protocols 0 to 5 (PEP 307, 3154, 574), each a codec: the value itself is pickled, as it is.

A pickle is a program for a small stack machine, and reading one runs it. So before anything is loaded one regular
expression, made from the table of opcodes in `pickletools`, has to match the whole message:

- only opcodes that `pickle.dumps` writes for the values of serbench, ended by one STOP at the end of the data;
- lengths within the data, and indices of the memo too: the unpickler allocates the memo up to the index it is given;
- a tuple only as the arguments of a call, so that none can hold another and hashing one takes no time.

Then the standard unpickler runs, and finds by name only what is in `ALLOWED`. What is called twice with the same
argument out of the memo could multiply it: `Decimal` and `encode` may together be given no more than the data holds.
Nothing that a pickle gets hold of can be altered by it (opcode BUILD).

What comes back is not checked against the schema. Lost: NaN payloads in protocol 0, whose floats are text.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Schema, Value

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, DecodeError, Format, assemble

FORMAT = Format(
    name="pickle",
    title="Python pickle",
    specification="PEP 307, PEP 3154, PEP 574; pickletools",
    history="Protocol 2 with Python 2.3 (PEP 307, 2003), 3 with 3.0, 4 with 3.4 (PEP 3154), 5 with 3.8 (PEP 574, "
    "2019); 0 and 1 are older.",
    textual=False,
    self_describing=True,
    byte_order="little",
    canonical=Claim(False, "pickletools: strings and objects that are one are memoized"),
    evolution=Claim(True, "a dict by key: the reader has the keys that it does not know as well"),
    languages={
        "csharp": "Razorvine.Pickle",
        "go": "kisielk/og-rek",
        "java": "net.razorvine:pickle",
        "python": "pickle",
        "rust": "serde-pickle",
    },
    carries=Carries(
        bool="bool",
        int="int",
        float="float",
        string="str",
        bytes="bytes",
        enum="str, its symbol",
        timestamp="datetime.datetime",
        uuid="uuid.UUID",
        decimal="decimal.Decimal",
        list="list",
        map="dict",
        union="dict of one key",
        record="dict by key",
        optional="no key if absent",
    ),
)

_OPCODES = {opcode.name: re.escape(opcode.code.encode("latin-1")) for opcode in pickletools.opcodes}


def _any_of(*names: str) -> bytes:
    return b"[" + b"".join(_OPCODES[name] for name in names) + b"]"


def _counted(*names: str, zeros: bytes = b"") -> bytes:
    """Opcodes whose argument is preceded by its length of one byte, or of more where the others are zero."""
    lengths = (re.escape(bytes([n])) + zeros + b".{%d}" % n for n in range(256))
    return _any_of(*names) + b"(?:" + b"|".join(lengths) + b")"


_PUT = b"(?:%b.|%b|%b[0-9]{1,4}\n|%b.[\\0-\x7f]\\0\\0)" % tuple(
    _OPCODES[name] for name in ("BINPUT", "MEMOIZE", "PUT", "LONG_BINPUT")
)
_RUN = re.compile(
    b"(?:"
    + b"|".join((
        _any_of(
            *("NONE", "NEWTRUE", "NEWFALSE", "MARK", "EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_DICT", "LIST", "DICT"),
            *("APPEND", "APPENDS", "SETITEM", "SETITEMS", "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD"),
        ),
        _any_of("BINFLOAT", "FRAME") + b".{8}",
        _any_of("BININT1", "BINGET", "BINPUT", "PROTO") + b".",
        _OPCODES["MEMOIZE"],
        _any_of("BININT2") + b"..",
        _counted("SHORT_BINUNICODE", "SHORT_BINBYTES", "LONG1"),
        _counted("BINUNICODE", "BINBYTES", zeros=b"\\0\\0\\0"),
        _any_of("BININT", "LONG_BINGET") + b".{4}",
        _PUT,
        _any_of("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3") + _PUT + b"?" + _OPCODES["REDUCE"],
        _any_of("INT", "LONG", "FLOAT", "UNICODE", "GET") + b"[^\n]*\n",
        _OPCODES["GLOBAL"] + b"[^\n]*\n[^\n]*\n",
    ))
    + b")*+",
    re.DOTALL,
)  # fmt: skip
"""As many opcodes as there are, up to a long string or a large index of the memo, whose number `_scan` looks at."""

_LONG_STRING = re.compile(_any_of("BINUNICODE", "BINBYTES") + b"(.{4})", re.DOTALL)
_LARGE_PUT = re.compile(
    b"(%b)?(?:%b(.{4})|%b([0-9]{5,12})\n)(?(1)%b)"
    % (_any_of("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"), _OPCODES["LONG_BINPUT"], _OPCODES["PUT"], _OPCODES["REDUCE"]),
    re.DOTALL,
)


def _scan(data: bytes) -> None:
    """Raise DecodeError unless the data is a program that is safe to run."""
    stop = len(data) - 1
    position = _after_run(data, 0)
    while position < stop:
        if long := _LONG_STRING.match(data, position):
            end = long.end() + int.from_bytes(long[1], "little")
        elif (put := _LARGE_PUT.match(data, position)) and _index(put) < len(data):
            end = put.end()
        else:
            break
        position = _after_run(data, end)
    if position != stop or data[stop] != pickle.STOP[0]:
        raise DecodeError("not an opcode that a value needs, or beyond the data", position)


def _after_run(data: bytes, position: int) -> int:
    run = _RUN.match(data, position)
    assert run is not None  # it matches the empty string too
    return run.end() if position <= len(data) else position


def _index(put: re.Match[bytes]) -> int:
    return int(put[3]) if put[2] is None else int.from_bytes(put[2], "little")


class _Call:
    """What a pickle may call but not alter: BUILD would set attributes, and asks for `__setstate__` first."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a pickle may not alter what it calls")


class _Empty(_Call):
    """`bytes()`, which protocols 0 to 2 write for no bytes; `bytes(n)` would allocate."""

    __slots__ = ()

    def __call__(self) -> bytes:
        return b""


class _Reconstructor(_Call):
    """`copyreg._reconstructor`, as protocols 0 and 1 make a UUID."""

    __slots__ = ()

    def __call__(self, cls: Any, base: Any, state: Any) -> UUID:
        if cls is not UUID or base is not object or state is not None:
            raise pickle.UnpicklingError("only a UUID is reconstructed")
        return UUID.__new__(UUID)


class _Text(_Call):
    """Makes something out of text; `left` is what all calls of one loading may still be given, in characters."""

    __slots__ = ("_left",)

    def __init__(self, left: list[int]) -> None:
        self._left = left

    def _spend(self, text: Any) -> None:
        if type(text) is not str or len(text) > self._left[0]:
            raise pickle.UnpicklingError("not a text, or the same one again and again")
        self._left[0] -= len(text)


class _Decimal(_Text):
    """`Decimal(text)`; other arguments are not what pickling a decimal writes."""

    __slots__ = ()

    def __call__(self, text: str) -> Decimal:
        self._spend(text)
        return Decimal(text)


class _Encode(_Text):
    """`_codecs.encode(text, "latin1")`, as protocols 0 to 2 make bytes; other encodings can take long."""

    __slots__ = ()

    def __call__(self, text: str, encoding: str) -> bytes:
        self._spend(text)
        if encoding != "latin1":
            raise pickle.UnpicklingError("bytes are written as latin1")
        return text.encode("latin-1")


ALLOWED: dict[tuple[str, str], Callable[[list[int]], Any]] = {
    ("datetime", "datetime"): lambda left: datetime,
    ("datetime", "timedelta"): lambda left: timedelta,
    ("datetime", "timezone"): lambda left: timezone,
    ("uuid", "UUID"): lambda left: UUID,
    ("decimal", "Decimal"): _Decimal,
    ("_codecs", "encode"): _Encode,
    ("__builtin__", "bytes"): lambda left: _Empty(),
    ("__builtin__", "object"): lambda left: object,
    ("copy_reg", "_reconstructor"): lambda left: _Reconstructor(),
}
"""All that a pickle can name, as it names it, and what it gets. Classes of C are immutable, UUID has `__setstate__`."""


class _Stream(io.BytesIO):
    """The data, and a look ahead at all of it: without, the unpickler asks for each opcode alone."""

    def peek(self, size: int) -> bytes:
        return self.getvalue()[self.tell() :]


class _Unpickler(pickle.Unpickler):
    """The standard unpickler with its names restricted to `ALLOWED`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(_Stream(data))
        self.left = [len(data)]

    def find_class(self, module: str, name: str) -> Any:
        make = ALLOWED.get((module, name))
        if make is None:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return make(self.left)


def _load(data: bytes) -> Value:
    return _Unpickler(data).load()


def _scan_and_load(data: bytes) -> Value:
    _scan(data)
    return _Unpickler(data).load()


def _codec(protocol: int) -> CodecInfo:
    def compile(schema: Schema, /) -> Codec:
        """`decode_native` is the unpickler with its allow-list; `decode` scans first, which may double its time."""

        def encode_native(value: Value) -> bytes:
            return pickle.dumps(value, protocol)

        return replace(assemble(schema, encode_native, _scan_and_load), decode_native=_load)

    return CodecInfo(
        format=FORMAT,
        implementation=str(protocol),
        distribution="python",
        language="C",
        licence="PSF-2.0",
        limits=Limits() if protocol else Limits(nan="canonical"),
        validates=False,
        compile=compile,
        note="decode: a scan of the opcodes, then an allow-listing unpickler; decode_native: the latter alone",
        defects=(
            "pickle allocates its memo up to the index that it is told, and multiplies what it remembers: decode scans "
            "a message first; decode_native does not, and is not for data from others",
        ),
    )


CODECS = tuple(_codec(protocol) for protocol in range(6))
