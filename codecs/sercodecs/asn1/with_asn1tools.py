"""BER, DER, PER, UPER, OER, XER and JER over asn1tools, which is pure Python.

What is encoded is what the module says that `serschema.idl.asn1` writes: asn1tools compiles its text. The kinds are
carried as with pyasn1; Float is binary32 or binary64 in OER (X.696, 12), as both types say their components.

asn1tools 0.169 is corrected where it would be wrong: see `corrected`. All that is read is checked, and octets after the
end are an error, which asn1tools ignores but in XER and JER. It goes on taking in BER and DER members in any order and
lengths and integers that are not minimal, and it passes over members in XER and JER that the module does not have.

Lost: payloads of NaN, but in OER. XER refuses text outside XML's Char (production 2), for which X.693 has elements
that asn1tools does not know, and a document type declaration; a carriage return is written as `&#13;`. Nothing bounds
the number of items that take no bits at all (PER) or no octets (OER): lists of such are not supported there.

The writer of OER shifts one integer that is the whole message: its time grows with the square of the length, to
seconds for 100 KB; so would the reader's. That of PER holds a message as text of a character for each bit.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache, partial
from typing import Any

from serschema.idl.asn1 import write
from serschema.limits import Limits
from serschema.model import Bytes, Enum, Int, List, Map, Record, Schema, Type, Union, fixed_length

from sercodecs.asn1.corrected import coders, compilers, octet_reader
from sercodecs.asn1.formats import FORMATS
from sercodecs.asn1.natives import Names, generate
from sercodecs.asn1.values import DEPTH
from sercodecs.asn1_explain import explain
from sercodecs.contract import Codec, CodecInfo, DecodeError, UnsupportedSchema, assemble
from sercodecs.source import Source

PACKED = ("per", "uper")


def compile(rules: str, schema: Schema, /) -> Codec:
    """Have asn1tools compile the module, and generate the conversions."""
    if rules in (*PACKED, "oer"):
        _refuse_nothings(rules, schema)
    modules, names, root_name = _module(schema)
    [compiled] = compilers()[rules](modules).process().values()
    root = compiled[root_name]
    source = Source(f"asn1-{rules} {schema.root}")
    generate(schema, names, source, xml=rules == "xer", loose=rules == "jer")
    to_native, from_native = source.build("to_native", "from_native")
    return assemble(schema, *_coder(rules, root), to_native, from_native, source.text())


def _module(schema: Schema) -> tuple[Any, Names, str]:
    """The module as asn1tools parses it, its names, and that of the root. The types of the schema come first in it."""
    modules = deepcopy(_parsed(write(schema)))  # as the compiler changes it
    [module] = modules.values()
    names: Names = {}
    root = ""
    for type, (name, written) in zip(schema.types, module["types"].items(), strict=False):
        match type:
            case Enum():
                names[type.name] = [symbol for symbol, _ in written["values"]]
            case Union() | Record():
                names[type.name] = [member["name"] for member in written["members"]]
        if type.name == schema.root:
            root = name
    return modules, names, root


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    from asn1tools import parse_string

    return parse_string(text)


def _coder(rules: str, root: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    """The functions of asn1tools, with a look at what is left after the end."""
    if rules in ("ber", "der"):
        return _tagged(root)
    if rules in PACKED:
        return _packed(rules, root.type)
    return {"oer": _octets, "xer": _xml, "jer": _json}[rules](root)


def _tagged(root: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    def encode_native(native: Any) -> bytes:
        return bytes(root.encode(native))

    def decode_native(data: bytes) -> Any:
        native, length = root.decode_with_length(data)
        if length != len(data):
            raise DecodeError("octets after the end", length)
        return native

    return encode_native, decode_native


def _packed(rules: str, root: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    Encoder, Decoder = coders(rules)

    def encode_native(native: Any) -> bytes:
        encoder = Encoder()
        root.encode(native, encoder)
        return bytes(encoder.as_bytearray()) or b"\0"

    def decode_native(data: bytes) -> Any:
        if not data:
            raise DecodeError("no octet at all", 0)
        decoder = Decoder(data)
        native = root.decode(decoder)
        left = decoder.number_of_bits
        padding = 8 if left == decoder.total_number_of_bits else 7
        if left > padding or decoder.read_non_negative_binary_integer(left):
            raise DecodeError("bits after the end", len(data) - left // 8)
        return native

    return encode_native, decode_native


def _octets(root: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    Decoder = octet_reader()
    decode = root.type.decode

    def encode_native(native: Any) -> bytes:
        return bytes(root.encode(native))

    def decode_native(data: bytes) -> Any:
        decoder = Decoder(data)
        native = decode(decoder)
        if decoder.number_of_bits:
            raise DecodeError("octets after the end", len(data) - decoder.number_of_bits // 8)
        return native

    return encode_native, decode_native


def _xml(root: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    def encode_native(native: Any) -> bytes:
        data: bytes = root.encode(native)
        return data.replace(b"\r", b"&#13;")

    def decode_native(data: bytes) -> Any:
        if b"<!DOCTYPE" in data:
            raise DecodeError("a document type declaration", data.index(b"<!DOCTYPE"))
        return root.decode(data)

    return encode_native, decode_native


def _json(root: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    return root.encode, root.decode


def _refuse_nothings(rules: str, schema: Schema) -> None:
    """Raise `UnsupportedSchema` for a list of items of which any number takes no more room than one."""
    for type in schema.types:
        if isinstance(type, Union | Record):
            for path, kind in _kinds(schema, type):
                fixed = isinstance(kind, List) and fixed_length(kind) is not None
                items = (kind.item,) if isinstance(kind, List) else (kind.key, kind.value)
                if not fixed and all(_is_nothing(rules, schema, item) for item in items):
                    reason = "the number of items that take no room is not bounded by the data"
                    raise UnsupportedSchema(f"asn1-{rules}/asn1tools", "a list of nothing", path, reason)


def _kinds(schema: Schema, owner: Union | Record) -> Iterator[tuple[str, List | Map]]:
    """The lists and maps of a type, with where they stand."""
    members = owner.fields if isinstance(owner, Record) else owner.alternatives
    left = [(f"{owner.name}.{member.name}", member.type) for member in members]
    while left:
        path, type_ = left.pop()
        kind = schema.resolve(type_)
        if isinstance(kind, List):
            yield path, kind
            left.append((path, kind.item))
        elif isinstance(kind, Map):
            yield path, kind
            left += [(path, kind.key), (path, kind.value)]


def _is_nothing(rules: str, schema: Schema, type_: Type) -> bool:
    """Whether every value of the type is written in no bits; one that contains itself never is."""
    kind = schema.resolve(type_)
    packed = rules in PACKED
    match kind:
        case Int():
            return packed and kind.lower == kind.upper
        case Bytes():
            return fixed_length(kind) == 0
        case Enum():
            return packed and len(kind.symbols) == 1
        case List():
            length = fixed_length(kind) if packed else None
            return length == 0 or (length is not None and _is_nothing(rules, schema, kind.item))
        case Union(alternatives=[only]):
            return packed and _is_nothing(rules, schema, only.type)
        case Record(fields=fields):
            return not any(field.optional for field in fields) and all(
                _is_nothing(rules, schema, field.type) for field in fields
            )
        case _:
            return False


def _codec(rules: str) -> CodecInfo:
    return CodecInfo(
        format=FORMATS[rules],
        implementation="asn1tools",
        distribution="asn1tools",
        language="Python",
        licence="MIT",
        limits=Limits(
            nan="exact" if rules == "oer" else "canonical", text="xml" if rules == "xer" else "any", depth=DEPTH
        ),
        validates=True,
        compile=partial(compile, rules),
        note="writes Canonical OER" if rules == "oer" else "",
        explain=explain if rules in ("ber", "der") else None,
        defects=(*_EVERYWHERE, *_DEFECTS.get(rules, ())),
    )


_EVERYWHERE = (
    "asn1tools 0.169 writes -0.0 as 0.0, and some REAL and GeneralizedTime wrongly: corrected here",
    "asn1tools 0.169 ignores what follows a message: noticed here",
)
_PACKED = (
    "asn1tools 0.169 aligns lengths between fragments and empty OCTET STRINGs wrongly, and writes INTEGER (n..MAX) "
    "without its bound: corrected here",
)
_DEFECTS = {
    "der": ("asn1tools 0.169 makes items without end of a SEQUENCE OF with another tag: refused here",),
    "per": _PACKED,
    "uper": _PACKED,
    "oer": (
        "asn1tools 0.169 reads OER in quadratic time: its bit reader is replaced here",
        "asn1tools 0.169 writes OER in quadratic time: left so",
        "asn1tools 0.169 writes UTF8String (SIZE (n)) without a length: corrected here",
    ),
    "xer": ("asn1tools 0.169 does not end writing infinity, and takes anything for false: corrected here",),
    "jer": ("asn1tools 0.169 takes text for a SEQUENCE OF, and anything for a SEQUENCE: refused here",),
}

CODECS = tuple(map(_codec, ("ber", "der", "per", "uper", "oer", "xer", "jer")))
