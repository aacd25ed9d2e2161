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

from decimal import Decimal as PyDecimal
from functools import partial
from importlib import import_module
from math import inf
from typing import Any, assert_never

from serschema.limits import Limits
from serschema.model import (
    MAX_DEPTH,
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
from serschema.values import is_binary32

from sercodecs.asn1.formats import FORMATS
from sercodecs.asn1.values import (
    DEPTH,
    EXACT,
    bad,
    deep,
    entry_fields,
    symbols_by_number,
    time,
    time_text,
    unscaled,
    unwritable,
)
from sercodecs.asn1_explain import explain
from sercodecs.contract import Codec, CodecInfo, DecodeError, assemble
from sercodecs.quick import uuid_of
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
    source.globals |= _runtime()
    _Writer(types, source).generate(root)
    _Reader(schema, source).generate()
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


# What the generated source calls.


def _real(value: float) -> Any:
    """Mantissa, base 2 and exponent, exactly, the mantissa odd; pyasn1 would make it base 10. A zero stays one."""
    if value == 0.0 or value in (inf, -inf):
        return value
    above, below = value.as_integer_ratio()
    zeros = (above & -above).bit_length() - 1
    return above >> zeros, 2, zeros + 1 - below.bit_length()


def _runtime() -> dict[str, Any]:
    from pyasn1.type.base import noValue
    from pyasn1.type.univ import Null

    return {
        "real": _real,
        "time_text": time_text,
        "time": time,
        "unscaled": unscaled,
        "scaleb": EXACT.scaleb,
        "is_binary32": is_binary32,
        "bad": bad,
        "unwritable": unwritable,
        "uuid_of": uuid_of,
        "Decimal": PyDecimal,
        "ABSENT": Null(),
        "noValue": noValue,
    }


class _Writer:
    """Generates `to_native`. A function gets a value and what makes its object, which has the tag of its place."""

    def __init__(self, types: _Types, source: Source) -> None:
        self.types = types
        self.schema = types.schema
        self.source = source
        self.deep = deep(types.schema)

    def generate(self, root: Any) -> None:
        level = ", level" if self.deep else ""
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"put_{type.name}(v, new{level})"):
                if self.deep:
                    self.source.line(f"if level >= {DEPTH}: unwritable('nested deeper than {DEPTH} levels')")
                self.source.line("o = new()")
                self.source.line("put = o.setComponentByPosition")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
                self.source.line("return o")
        with self.source.function("to_native(value)"):
            self.source.line(f"return {self.value('value', Ref(self.schema.root), root, '0')}")

    def union(self, union: Union) -> None:
        components = self.types.components[union.name]
        self.source.line("(key, x), = v.items()")
        word = "if"
        for i, alternative in enumerate(union.alternatives):
            with self.source.block(f"{word} key == {alternative.key!r}"):
                self.put(i, self.value("x", alternative.type, components[i].asn1Object))
            word = "elif"
        with self.source.block("else"):
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def record(self, record: Record) -> None:
        """An absent field is said to be: pyasn1 takes a record for present if it has only optional fields itself."""
        components = self.types.components[record.name]
        if not record.fields:
            self.source.line("o.clear()")
        for i, field in enumerate(record.fields):
            spec = components[i].asn1Object
            if field.optional:
                with self.source.block(f"if {field.key!r} in v"):
                    self.put(i, self.value(f"v[{field.key!r}]", field.type, spec))
                with self.source.block("else"):
                    self.put(i, "ABSENT")
            else:
                self.put(i, self.value(f"v[{field.key!r}]", field.type, spec))

    def put(self, position: int, value: str, put: str = "put") -> None:
        self.source.line(f"{put}({position}, {value}, False, False, False)")

    def constant(self, hint: str, value: Any) -> str:
        """A global name of its own: objects that are equal may have different tags."""
        name = self.source.fresh(hint)
        self.source.globals[name] = value
        return name

    def value(self, target: str, type_: Type, spec: Any, level: str = "level + 1") -> str:
        """Make the object of a value, with statements before where need be; returns an expression."""
        line = self.source.line
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return f"{self.constant('bool', (spec.clone(False), spec.clone(True)))}[{target}]"
            case Enum():
                return f"{self.constant(kind.name, {s: spec.clone(n) for s, n in kind.symbols})}[{target}]"
            case Int() | Bytes():
                argument = target
            case Float():
                argument = f"real({target})"
            case String():
                argument = f"{target}.encode()"
            case Timestamp():
                argument = f"time_text({target}).encode()"
            case Uuid():
                argument = f"{target}.bytes"
            case Decimal():
                argument = f"unscaled({target}, {kind.scale})"
            case List():
                result, put, i, x = map(self.source.fresh, ("list", "put", "i", "x"))
                self.many(result, put, spec)
                with self.source.block(f"for {i}, {x} in enumerate({target})"):
                    item = self.value(x, kind.item, spec.componentType)
                    line(f"{put}({i}, {item}, False, False, False)")
                return result
            case Map():
                result, put, i, key, x = map(self.source.fresh, ("map", "put", "i", "key", "x"))
                self.many(result, put, spec)
                entry, into = self.source.fresh("entry"), self.source.fresh("put")
                with self.source.block(f"for {i}, ({key}, {x}) in enumerate({target}.items())"):
                    line(f"{entry} = {self.constant('new', spec.componentType.clone)}()")
                    line(f"{into} = {entry}.setComponentByPosition")
                    parts = spec.componentType.componentType
                    self.put(0, self.value(key, kind.key, parts[0].asn1Object), into)
                    self.put(1, self.value(x, kind.value, parts[1].asn1Object), into)
                    line(f"{put}({i}, {entry}, False, False, False)")
                return result
            case Union() | Record():
                argument = f"{target}, {self.constant('new', spec.clone)}{f', {level}' if self.deep else ''}"
                return f"put_{kind.name}({argument})"
            case _:
                assert_never(kind)
        return f"{self.constant('new', spec.clone)}({argument})"

    def many(self, result: str, put: str, spec: Any) -> None:
        """An empty SEQUENCE OF, and its method."""
        self.source.line(f"{result} = {self.constant('new', spec.clone)}().clear()")
        self.source.line(f"{put} = {result}.setComponentByPosition")


class _Reader:
    """Generates `from_native`: what pyasn1 read becomes a value, or an error if it is none."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = deep(schema)

    def generate(self) -> None:
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"take_{type.name}(o{', depth' if self.deep else ''})"):
                if self.deep:
                    self.source.line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
        with self.source.function("from_native(native)"):
            self.source.line(f"return take_{self.schema.root}(native{', 0' if self.deep else ''})")

    def union(self, union: Union) -> None:
        self.source.line("name = o.getName()")
        self.source.line("x = o.getComponent()")
        for alternative in union.alternatives:
            with self.source.block(f"if name == {alternative.name!r}"):
                self.source.line(f"return {{{alternative.key!r}: {self.value('x', alternative.type)}}}")

    def record(self, record: Record) -> None:
        line = self.source.line
        if not record.fields:
            line(f"if len(o): bad('something in the empty record {record.name}')")
            line("return {}")
            return
        names = [f"c{i}" for i in range(len(record.fields))]
        line(f"{', '.join(names)}, = o.components or (noValue,) * {len(names)}")
        parts = []
        for name, field in zip(names, record.fields, strict=True):
            if not field.optional:
                value = self.value(name, field.type)
                parts.append(f"{field.key!r}: {value}")
        line(f"r = {{{', '.join(parts)}}}")
        for name, field in zip(names, record.fields, strict=True):
            if field.optional:
                with self.source.block(f"if {name} is not noValue"):
                    line(f"r[{field.key!r}] = {self.value(name, field.type)}")
        line("return r")

    def value(self, target: str, type_: Type) -> str:
        """Convert and check an object, with statements before where need be; returns an expression."""
        line = self.source.line
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return f"bool({target})"
            case Int():
                found = self.local(f"int({target})")
                self.require(f"{kind.lower} <= {found} <= {kind.upper}", "an integer out of its range")
                return found
            case Float():
                found = self.local(f"float({target})")
                if kind.bits == 32:
                    self.require(f"is_binary32({found})", "a real that 32 bits do not hold")
                return found
            case String():
                found = self.local(f"{target}.asOctets().decode()")
                self.length(found, 0, kind.max_length)
                return found
            case Bytes():
                found = self.local(f"{target}.asOctets()")
                self.length(found, kind.min_length, kind.max_length)
                return found
            case Enum():
                return f"{self.source.bind(kind.name, symbols_by_number(kind))}[int({target})]"
            case Timestamp():
                return f"time({target}.asOctets().decode())"
            case Uuid():
                return f"uuid_of({target}.asOctets())"
            case Decimal():
                found, bound = self.local(f"int({target})"), 10**kind.precision
                self.require(f"-{bound} < {found} < {bound}", "a decimal of too many digits")
                return f"scaleb(Decimal({found}), {-kind.scale})"
            case List():
                result, x = self.source.fresh("list"), self.source.fresh("x")
                line(f"{result} = []")
                with self.source.block(f"for {x} in {target}.components"):
                    line(f"{result}.append({self.value(x, kind.item)})")
                self.length(result, kind.min_length, kind.max_length)
                return result
            case Map():
                result, entry, key, x = map(self.source.fresh, ("map", "entry", "key", "x"))
                line(f"{result} = {{}}")
                with self.source.block(f"for {entry} in {target}.components"):
                    line(f"{key}, {x} = {entry}.components")
                    line(f"{result}[{self.value(key, kind.key)}] = {self.value(x, kind.value)}")
                return result
            case Union() | Record():
                return f"take_{kind.name}({target}{', depth + 1' if self.deep else ''})"
            case _:
                assert_never(kind)

    def local(self, expression: str) -> str:
        name = self.source.fresh("x")
        self.source.line(f"{name} = {expression}")
        return name

    def require(self, condition: str, otherwise: str) -> None:
        self.source.line(f"if not {condition}: bad({otherwise!r})")

    def length(self, target: str, least: int, most: int | None) -> None:
        if least or most is not None:
            upper = "" if most is None else f" <= {most}"
            self.require(f"{least} <= len({target}){upper}", "a length out of its range")


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
        defects=(
            "pyasn1 0.6 writes -128 and its like with an octet too many, and reads NaN as infinity: corrected here",
            "pyasn1 0.6 takes lengths and integers in DER that are not minimal: left so",
        ),
    )


CODECS = tuple(map(_codec, ("ber", "cer", "der")))
