"""BER, CER and DER over pyasn1.

- Bool: BOOLEAN. Int: INTEGER. Float: REAL, binary (X.690, 8.5.7), exact. Enum: ENUMERATED, the number.
- String: UTF8String. Bytes: OCTET STRING. Uuid: OCTET STRING of 16. Decimal: INTEGER, unscaled.
- Timestamp: GeneralizedTime as 11.7 demands: UTC, seconds, a fraction without zeros at its end, Z; no other is read.
- List: SEQUENCE OF. Map: SEQUENCE OF SEQUENCE { key, value }. Union: CHOICE. Record: SEQUENCE, with OPTIONAL.

REAL of pyasn1 has no NaN and no -0.0: NaN is refused both ways, -0.0 becomes 0.0. It reads base 10, which is never
written here, through a float that may be off in the last bit.

Where pyasn1 itself would be wrong: UTF8String and GeneralizedTime are its OctetString with the tags 12 and 24, "as if
declared [UNIVERSAL n] IMPLICIT OCTET STRING" (8.23.3, 8.25), as its own types segment long strings wrongly in CER, and
drop digits of a fraction; `omitEmptyOptionals` keeps it from leaving out an optional list that is empty; the rest is
in `_corrected_encoders` and `_corrected_decoders`. It goes on taking lengths and integers in DER that are not minimal.

Its decoders go as deep as 100 elements, of which a list costs one and a map two: deeper than `DEPTH` is refused.

Types that contain themselves work as each SEQUENCE and CHOICE gets its component list empty, and the list is filled
when all are there. Objects are filled by position, without pyasn1's checks; what is read is checked here.
"""

from functools import partial
from importlib import import_module
from typing import Any, assert_never

from serschema.limits import Limits
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.asn1.formats import FORMATS
from sercodecs.asn1.objects import Reader, Writer, runtime
from sercodecs.asn1.values import (
    DEPTH,
    entry_fields,
)
from sercodecs.asn1_explain import explain
from sercodecs.contract import Codec, CodecInfo, DecodeError, assemble
from sercodecs.source import Source

UTF8_STRING = 12
GENERALIZED_TIME = 24


def compile(rules: str, schema: Schema) -> Codec:
    """Make pyasn1's types and the source that fills and reads their objects; every schema can be carried."""
    encoder, decoder = (import_module(f"pyasn1.codec.{rules}.{part}") for part in ("encoder", "decoder"))
    encode, decode = encoder.Encoder(typeMap=encoder.TYPE_MAP | _corrected_encoders()), decoder.decode
    types = _Types(schema)
    root = types.root()
    source = Source(f"asn1-{rules} {schema.root}")
    source.globals |= runtime()
    Writer(schema, types.components, source).generate(root)
    Reader(schema, source).generate()
    to_native, from_native = source.build("to_native", "from_native")
    payloads = decoder.TYPE_MAP | _corrected_decoders(decoder.TAG_MAP)

    def encode_native(native: Any) -> bytes:
        data: bytes = encode(native, omitEmptyOptionals=False)
        return data

    def decode_native(data: bytes) -> Any:
        native, rest = decode(data, asn1Spec=root, typeMap=payloads)
        if rest:
            raise DecodeError("octets after the end", len(data) - len(rest))
        return native

    return assemble(schema, encode_native, decode_native, to_native, from_native, source.text())


def _corrected_encoders() -> dict[Any, Any]:
    """An encoder of pyasn1, corrected, by the types that it is for."""
    from pyasn1.codec.ber import encoder
    from pyasn1.type.univ import Enumerated, Integer

    class MinimalInteger(encoder.IntegerEncoder):  # type: ignore[misc]
        """It writes -128, -32768... with an octet too many: X.690, 8.3.2."""

        def encodeValue(self, value: Any, *_: Any, **__: Any) -> tuple[bytes, bool, bool]:
            number = int(value)
            size = (number if number >= 0 else ~number).bit_length() // 8 + 1
            return number.to_bytes(size, "big", signed=True), False, True

    return dict.fromkeys((Integer.typeId, Enumerated.typeId), MinimalInteger())


def _corrected_decoders(tag_map: Any) -> dict[Any, Any]:
    """Decoders by the type that they are for: two of pyasn1's corrected, and two that it means but does not take.

    By tag it has stricter decoders of BOOLEAN and OCTET STRING for CER and DER, but by type those of BER come first.
    """
    from pyasn1.codec.ber import decoder
    from pyasn1.type.univ import Boolean, Choice, OctetString, Real

    class GuardedReal(decoder.RealPayloadDecoder):  # type: ignore[misc]
        """It takes all special values for infinities: X.690, 8.5.9."""

        def valueDecoder(self, substrate: Any, asn1Spec: Any, tagSet: Any, length: int, *rest: Any, **more: Any) -> Any:
            first = substrate.read(1) if length else b""
            if first:
                substrate.seek(-1, 1)
                if first[0] & 0xC0 == 0x40 and (first[0] > 0x41 or length != 1):
                    raise DecodeError("a REAL that is NaN, -0.0 or of an unknown kind")
            return super().valueDecoder(substrate, asn1Spec, tagSet, length, *rest, **more)

    class EmptyChoice(decoder.ChoicePayloadDecoder):  # type: ignore[misc]
        """It takes the end of an empty alternative of indefinite length for the end of what is around the CHOICE."""

        def indefLenValueDecoder(self, substrate: Any, asn1Spec: Any, tagSet: Any, *rest: Any, **more: Any) -> Any:
            tagged = asn1Spec.tagSet == tagSet
            decode = super().indefLenValueDecoder if tagged else super().valueDecoder
            return decode(substrate, asn1Spec, tagSet, *rest, **more)

    strict = {type.typeId: tag_map[type.tagSet] for type in (Boolean, OctetString)}
    return strict | {Real.typeId: GuardedReal(), Choice.typeId: EmptyChoice()}


class _Types:
    """The schema as pyasn1's types."""

    def __init__(self, schema: Schema) -> None:
        from pyasn1.type import namedtype, tag, univ

        self.schema = schema
        self.univ = univ
        self.tag = tag
        self.named = namedtype
        # pyasn1 writes out a component list within its own repr, without end where a type contains itself.
        self.shown = type("Components", (namedtype.NamedTypes,), {"__repr__": lambda _: "..."})
        self.components = {named.name: self.shown() for named in schema.types if not isinstance(named, Enum)}
        for named in schema.types:
            match named:
                case Union(alternatives=members) | Record(fields=members):
                    self.components[named.name].__init__(*map(self.component, range(len(members)), members))

    def root(self) -> Any:
        return self.untagged(Ref(self.schema.root))

    def component(self, position: int, member: Field) -> Any:
        made = self.named.OptionalNamedType if member.optional else self.named.NamedType
        return made(member.name, self.tagged(position, member.type))

    def tagged(self, position: int, type_: Type) -> Any:
        """The type under the context-specific tag that its position in a SEQUENCE or CHOICE gives it."""
        plain = self.untagged(type_)
        if isinstance(self.schema.resolve(type_), Union):
            tag = self.tag.Tag(self.tag.tagClassContext, self.tag.tagFormatConstructed, position)
            return plain.subtype(explicitTag=tag)
        return plain.subtype(implicitTag=self.tag.Tag(self.tag.tagClassContext, self.tag.tagFormatSimple, position))

    def octets(self, universal: int) -> Any:
        tag = self.tag.Tag(self.tag.tagClassUniversal, self.tag.tagFormatSimple, universal)
        return self.univ.OctetString().subtype(implicitTag=tag)

    def untagged(self, type_: Type) -> Any:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return self.univ.Boolean()
            case Int() | Decimal():
                return self.univ.Integer()
            case Float():
                return self.univ.Real()
            case String():
                return self.octets(UTF8_STRING)
            case Bytes() | Uuid():
                return self.univ.OctetString()
            case Enum():
                return self.univ.Enumerated()
            case Timestamp():
                return self.octets(GENERALIZED_TIME)
            case List():
                return self.univ.SequenceOf(componentType=self.untagged(kind.item))
            case Map():
                entry = self.shown(*map(self.component, (0, 1), entry_fields(kind)))
                return self.univ.SequenceOf(componentType=self.univ.Sequence(componentType=entry))
            case Union():
                return self.univ.Choice(componentType=self.components[kind.name])
            case Record():
                return self.univ.Sequence(componentType=self.components[kind.name])
            case _:
                assert_never(kind)


def _codec(rules: str) -> CodecInfo:
    return CodecInfo(
        format=FORMATS[rules],
        implementation="pyasn1",
        distribution="pyasn1",
        language="Python",
        licence="BSD-2-Clause",
        limits=Limits(nan="refused", negative_zero=False, depth=DEPTH),
        validates=True,
        compile=partial(compile, rules),
        explain=explain,
        lacks={"evolution": "pyasn1 0.6 refuses components that its type does not have"},
        defects=(
            "pyasn1 0.6 writes -128 and its like with an octet too many, and reads NaN as infinity: corrected here",
            "pyasn1 0.6 takes lengths and integers in DER that are not minimal: left so",
        ),
    )


CODECS = tuple(map(_codec, ("ber", "cer", "der")))
