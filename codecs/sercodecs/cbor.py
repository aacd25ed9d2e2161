"""CBOR (RFC 8949) by cbor2 and by cborx, and in the canonical form by cbor2.

A record is a map by `Field.key`, an absent optional field has no pair; a list is an array; a map is a map; a union is
a map {"alternative": value}, an enum its symbol. A timestamp is tag 0, text of RFC 3339, since seconds in a float (tag
1) do not have all microseconds; a decimal is tag 4, a decimal fraction, with the exponent of the schema; a UUID is tag
37. Integers take the fewest octets. A float takes 64 bits unless it is NaN or infinite, for which 16 do.

With `labels`, a record is a map by `Field.number`, a union a map {number: value} and an enum its number, as COSE (RFC
9052, section 1.5) and what follows it do: what two sides have agreed on needs no names.

`cbor-canonical` is what one value is always written as: section 4.2.3, the "canonical CBOR" of RFC 7049, where the keys
of a map are sorted by length first, and a float takes the fewest of 16, 32 and 64 bits that keep it.

Lost: NaN payloads. Nothing is checked when reading, except what the conversions need; tags beside those above and
bignums are refused, so that octets make no object that nobody asked for (cbor2 would make regular expressions,
addresses, sets, messages, and values that contain themselves). Nesting is bounded by 400 when reading (cbor2), and by
200 (cborx). cbor2 (6.3.0) ignores what follows a message.
Several messages are a CBOR sequence (RFC 8742): one after the other, without more. None of indefinite length is read.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Context
from decimal import Decimal as PyDecimal
from functools import partial
from typing import IO, Any, NoReturn
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Decimal, Enum, Schema, Uuid, Value

from sercodecs.cbor_explain import explain, explain_labels
from sercodecs.contract import Carries, Claim, Codec, CodecInfo, Format, assemble, streams
from sercodecs.labels import labelled
from sercodecs.source import Source
from sercodecs.tree import Conversions, Rules, conversions, enum_number, enum_symbol

FORMAT = Format(
    name="cbor",
    title="CBOR",
    specification="RFC 8949",
    history="RFC 7049 (2013), from the IETF's work on constrained devices, after MessagePack; a Standard (STD 94) "
    "since RFC 8949 (2020).",
    textual=False,
    self_describing=True,
    byte_order="big",
    canonical=Claim(False, "RFC 8949, 4: maps in any order, indefinite lengths; 4.2 is a restriction"),
    evolution=Claim(True, "RFC 8949, 3: entries have keys, and values tell their length, so that others are skipped"),
    languages={
        "c": "libcbor",
        "cpp": "jsoncons",
        "csharp": "System.Formats.Cbor",
        "go": "fxamacker/cbor",
        "java": "jackson-dataformat-cbor",
        "js": "cbor-x",
        "php": "spomky-labs/cbor-php",
        "python": "cbor2",
        "ruby": "cbor",
        "rust": "ciborium",
        "swift": "SwiftCBOR",
    },
    carries=Carries(
        bool="true, false",
        int="unsigned and negative integer, the fewest octets",
        float="float",
        string="text string",
        bytes="byte string",
        enum="text string, its symbol",
        timestamp="tag 0, text of RFC 3339",
        uuid="tag 37, byte string of 16",
        decimal="tag 4, decimal fraction",
        list="array",
        map="map",
        union="map of one entry",
        record="map by key",
        optional="no entry if absent",
    ),
)
CANONICAL = replace(
    FORMAT,
    name="cbor-canonical",
    title="CBOR, canonical",
    specification="RFC 8949, section 4.2.3",
    canonical=Claim(True, "RFC 8949, 4.2.1 and 4.2.3: least lengths, and keys in order of length, then of octets"),
    languages={
        "csharp": "System.Formats.Cbor",
        "go": "fxamacker/cbor",
        "js": "cbor",
        "python": "cbor2",
    },
)
LIMITS = Limits(nan="canonical")

_DECIMAL_FRACTION, _UUID = 4, 37
_REFUSED = (5, 25, 28, 29, 30, 35, 36, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""The tags that cbor2 knows and no schema needs."""


LABELS_OUT = Rules(values={Enum: enum_number})
LABELS_IN = Rules(values={Enum: enum_symbol})


def compile_cbor2(schema: Schema, /) -> Codec:
    """CBOR by cbor2, which writes and reads times, decimals and UUIDs by itself."""
    return _cbor2(schema, Conversions(None, None, ""))


def compile_labels(schema: Schema, /) -> Codec:
    """The same with numbers in place of names."""
    return _cbor2(schema, labelled(schema, f"cbor labels {schema.root}", LABELS_OUT, LABELS_IN))


def compile_canonical(schema: Schema, /) -> Codec:
    """The same, and always the same octets."""
    return _cbor2(schema, Conversions(None, None, ""), canonical=True)


def _cbor2(schema: Schema, tree: Conversions, *, canonical: bool = False) -> Codec:
    import cbor2

    encode_native = cbor2.CBOREncoder(io.BytesIO(), canonical=canonical).encode_to_bytes

    def refuse(*_: Any) -> NoReturn:
        raise ValueError("a tag that no schema needs")

    restricted: dict[str, Any] = {"semantic_decoders": dict.fromkeys(_REFUSED, refuse), "tag_hook": refuse}

    def decode_native(data: bytes) -> Any:
        return cbor2.loads(data, **restricted)

    def read(file: IO[bytes]) -> Iterator[Value]:
        buffered = io.BufferedReader(file)  # type: ignore[type-var]
        try:
            decoder = cbor2.CBORDecoder(buffered, read_size=1, allow_indefinite=False, **restricted)
            while buffered.peek(1):
                native = decoder.decode()
                yield tree.from_native(native) if tree.from_native else native
        finally:
            buffered.detach()

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(codec.encode(value))

    codec = assemble(schema, encode_native, decode_native, *tree)
    return replace(codec, **streams(schema, write, read))


def _to_fraction(source: Source, decimal: Decimal) -> str:
    return f"Tag({_DECIMAL_FRACTION}, [{-decimal.scale}, int({{}}.scaleb({decimal.scale}, exact))])"


def compile_cborx(schema: Schema, /) -> Codec:
    """CBOR by cborx, which leaves the tags of decimals and UUIDs to us."""
    import cborx

    def content(tagged: Any, tag: int) -> Any:
        if type(tagged) is not cborx.CBORTag or tagged.tag != tag:
            raise ValueError(f"not of tag {tag}")
        return tagged.value

    def decimal(tagged: Any) -> PyDecimal:
        exponent, mantissa = content(tagged, _DECIMAL_FRACTION)
        return PyDecimal(f"{mantissa:d}E{exponent:d}")

    outwards = Rules(
        values={Decimal: _to_fraction, Uuid: f"Tag({_UUID}, {{}}.bytes)"},
        names={"Tag": cborx.CBORTag, "exact": Context(prec=1000)},
    )
    inwards = Rules(
        values={Decimal: "decimal({})", Uuid: f"UUID(bytes=content({{}}, {_UUID}))"},
        names={"decimal": decimal, "content": content, "UUID": UUID},
    )
    tree = conversions(schema, f"cbor/cborx {schema.root}", outwards, inwards)
    return assemble(schema, cborx.dumps, cborx.loads, *tree)


_of_cbor2 = partial(
    CodecInfo,
    distribution="cbor2",
    language="Rust",
    licence="MIT",
    limits=LIMITS,
    validates=False,
    defects=(
        "6.3.0 makes regular expressions, addresses, sets and cycles of tags: those that no schema needs are refused",
        "6.3.0 ignores what follows a message: left so",
        "6.3.0 makes room in a stream for what a chunk of a string of indefinite length claims: none is read there",
    ),
)

CODECS = (
    _of_cbor2(format=FORMAT, implementation="cbor2", compile=compile_cbor2, explain=explain),
    _of_cbor2(
        format=replace(FORMAT, self_describing=False),
        implementation="cbor2-labels",
        compile=compile_labels,
        note="integer keys",
        explain=explain_labels,
    ),
    CodecInfo(
        format=FORMAT,
        implementation="cborx",
        distribution="cborx",
        language="C",
        licence="0BSD",
        limits=LIMITS,
        validates=False,
        compile=compile_cborx,
        explain=explain,
    ),
    _of_cbor2(format=CANONICAL, implementation="cbor2", compile=compile_canonical, explain=explain),
)
