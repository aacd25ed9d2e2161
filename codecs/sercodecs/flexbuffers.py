"""FlexBuffers over Google's `flatbuffers.flexbuffers`: values with their types and keys, to be read where they lie.

The root stands at the end, and everything points back to what it holds; the elements of a vector have one width, the
least that all of them fit, and their types behind them, unless it is typed ("FlexBuffers"). A record is a map by
`Field.key`, a union a map {"alternative": value}, an enum its symbol, a timestamp an integer in microseconds, a UUID a
blob of 16 octets, a decimal its text, and a map a vector of vectors [key, value], as a key of FlexBuffers is ASCII
without NUL in this library. A list of numbers or booleans is a typed vector; one that is not is read as well. Nothing
is lost. A record with a key that is not ASCII is refused.

Writing calls `Builder`, reading `Ref`, both by code made of the schema; `Loads` and `Dumps` would not do (25.12.19):
`Builder.Add` raises for floats beyond 32 bits and for integers beyond 63, and `Ref.Value` follows offsets that go round
in a circle or share what they hold for as long as the stack lasts. Here levels are bounded by the schema, and all that
is read together by `SHARED` times the data. To read a key the library copies the rest of the data: its time is
quadratic.
"""

from collections.abc import Callable
from dataclasses import replace
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
    Value,
)

from sercodecs.contract import (
    Carries,
    Codec,
    CodecInfo,
    DecodeError,
    EncodeError,
    Format,
    Path,
    UnsupportedSchema,
    assemble,
    decode_error,
)
from sercodecs.scalars import RUNTIME, checked, long_enough
from sercodecs.source import Source

FORMAT = Format(
    name="flexbuffers",
    title="FlexBuffers",
    specification="FlexBuffers (flatbuffers.dev)",
    textual=False,
    self_describing=True,
    byte_order="little",
    carries=Carries(
        bool="bool",
        int="int, uint, of the least width",
        float="float of the least width that keeps it",
        string="string",
        bytes="blob",
        enum="string, its symbol",
        timestamp="int, microseconds since 1970",
        uuid="blob of 16",
        decimal="string",
        list="vector, typed if of numbers",
        map="vector of vectors of key and value",
        union="map of one key",
        record="map by key, sorted",
        optional="no key if absent",
    ),
)
CODEC = "flexbuffers/google"
SHARED = 16
"""How many times over the octets of a message may be read."""


class _Budget:
    """How many octets may still be read."""

    def __init__(self, data: bytes) -> None:
        self.left = SHARED * len(data)

    def spend(self, octets: int) -> None:
        self.left -= octets
        if self.left < 0:
            raise DecodeError("what is shared makes the value many times the size of the data")


def _unwritable(what: str) -> None:
    raise EncodeError("$", what)


def _integer(ref: Any, lower: int, upper: int) -> int:
    number: int = ref.AsInt
    if not ref.IsInt or not lower <= number <= upper:
        raise DecodeError(f"not an integer in {lower}..{upper}")
    return number


def _float(ref: Any) -> float:
    if not ref.IsFloat:
        raise DecodeError("not a float")
    number: float = ref.AsFloat
    return number


def _bool(ref: Any) -> bool:
    if not ref.IsBool:
        raise DecodeError("not a boolean")
    truth: bool = ref.AsBool
    return truth


def _text(ref: Any, budget: _Budget) -> str:
    octets = ref.AsStringBytes
    budget.spend(8 + len(octets))
    return bytes(octets).decode()


def _octets(ref: Any, budget: _Budget) -> bytes:
    octets = ref.AsBlob
    budget.spend(8 + len(octets))
    return bytes(octets)


def _symbol(text: str, symbols: frozenset[str]) -> str:
    if text not in symbols:
        raise DecodeError(f"{text[:80]!r} is not a symbol")
    return text


def _members(ref: Any, budget: _Budget) -> dict[str, Any]:
    """What a map holds, by key."""
    held = ref.AsMap
    budget.spend(8 + 8 * len(held))
    keys, values = held.Keys, held.Values
    return {keys[place].AsKey: values[place] for place in range(len(held))}


def _items(ref: Any, budget: _Budget) -> list[Any]:
    """What a vector holds."""
    held = ref.AsVector
    budget.spend(8 + 8 * len(held))
    return [held[place] for place in range(len(held))]


def _vector(ref: Any) -> Any:
    if ref.IsTypedVector:
        return ref.AsTypedVector
    return ref.AsFixedTypedVector if ref.IsFixedTypedVector else ref.AsVector


def _scalar(ref: Any) -> Any:
    return ref.AsBool if ref.IsBool else ref.AsInt if ref.IsInt else ref.AsFloat if ref.IsFloat else None


def _numbers(ref: Any, budget: _Budget, kind: type) -> list[Any]:
    """What a vector of numbers holds, typed or not."""
    held = _vector(ref)
    budget.spend(8 + 8 * len(held))
    items: list[Any] = held.Value if not ref.IsVector else [_scalar(held[place]) for place in range(len(held))]
    if any(type(item) is not kind for item in items):
        raise DecodeError(f"not a vector of {kind.__name__}")
    return items


def _ranged(items: list[int], lower: int, upper: int) -> list[int]:
    if items and not (lower <= min(items) and max(items) <= upper):
        raise DecodeError(f"integers out of {lower}..{upper}")
    return items


_NAMES = RUNTIME | {
    "unwritable": _unwritable,
    "integer": _integer,
    "real": _float,
    "truth": _bool,
    "text": _text,
    "octets": _octets,
    "symbol": _symbol,
    "members": _members,
    "items": _items,
    "numbers": _numbers,
    "ranged": _ranged,
    "int_": int,
    "float_": float,
    "bool_": bool,
}


def compile(schema: Schema) -> Codec:
    """Generate the source. Raises `UnsupportedSchema` for keys that the library does not write."""
    from flatbuffers import flexbuffers

    for type in schema.types:
        if not isinstance(type, Enum):
            for member in type.fields if isinstance(type, Record) else type.alternatives:
                if not member.key.isascii() or "\0" in member.key:
                    reason = "a key is ASCII without NUL"
                    raise UnsupportedSchema(CODEC, f"the key {member.key!r}", f"{type.name}.{member.name}", reason)
    source = Source(f"flexbuffers {schema.root}")
    source.globals |= _NAMES
    _Writer(schema, source).generate()
    reader = _Reader(schema, source)
    reader.generate()
    write, read = source.build(f"write_{schema.root}", f"read_{schema.root}")
    builder, root = flexbuffers.Builder, flexbuffers.GetRoot

    def encode(value: Value) -> bytes:
        made = builder()
        write(made, value)
        return bytes(made.Finish())

    def decode(data: bytes) -> Value:
        return read(root(data), _Budget(data), 0)

    def access(path: Path) -> Callable[[bytes], Value]:
        leaf = reader.leaf(path)

        def get(data: bytes) -> Value:
            try:
                return leaf(root(data), _Budget(data))
            except Exception as error:
                raise decode_error(error) from error

        return get

    made = assemble(schema, encode, decode, source=source.text())
    return replace(made, encode_native=None, decode_native=None, access=access)


class _Writer:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"write_{type.name}(b, v)"):
                match type:
                    case Union():
                        line("(key, x), = v.items()")
                        with self.source.block("with b.Map()"):
                            line("b.Key(key)")
                            word = "if"
                            for member in type.alternatives:
                                with self.source.block(f"{word} key == {member.key!r}"):
                                    self.write(member.type, "x")
                                word = "elif"
                            with self.source.block("else"):
                                line(f"unwritable('not an alternative of {type.name}')")
                    case Record():
                        line("v.keys()  # it is a record at least")
                        with self.source.block("with b.Map()"):
                            for field in type.fields:
                                if field.optional:
                                    with self.source.block(f"if {field.key!r} in v"):
                                        self.member(field)
                                else:
                                    self.member(field)

    def member(self, field: Field) -> None:
        self.source.line(f"b.Key({field.key!r})")
        self.write(field.type, f"v[{field.key!r}]")

    def write(self, type_: Type, operand: str) -> None:
        line = self.source.line
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                line(f"b.Bool({operand})")
            case Int():
                line(f"b.{'Int' if kind.signed else 'UInt'}({operand})")
            case Float():
                line(f"b.Float({operand}, {kind.bits // 8})")
            case String() | Enum():
                line(f"b.String({operand})")
            case Bytes():
                line(f"b.Blob({operand})")
            case Timestamp():
                line(f"b.Int(({operand} - EPOCH) // MICROSECOND)")
            case Uuid():
                line(f"b.Blob({operand}.bytes)")
            case Decimal():
                line(f"b.String(format({operand}, 'f'))")
            case List():
                typed = "Typed" if isinstance(self.schema.resolve(kind.item), Bool | Int | Float) else ""
                item = self.source.fresh("x")
                with self.source.block(f"with b.{typed}Vector()"), self.source.block(f"for {item} in {operand}"):
                    self.write(kind.item, item)
            case Map():
                key, value = self.source.fresh("k"), self.source.fresh("x")
                with (
                    self.source.block("with b.Vector()"),
                    self.source.block(f"for {key}, {value} in {operand}.items()"),
                    self.source.block("with b.Vector()"),
                ):
                    self.write(kind.key, key)
                    self.write(kind.value, value)
            case Union() | Record():
                line(f"write_{kind.name}(b, {operand})")
            case _:
                assert_never(kind)


class _Reader:
    """A function gets a `Ref`, the budget, and the level that it is at."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = bool(schema.recursive()) or len(schema.types) >= MAX_DEPTH

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"read_{type.name}(ref, d, depth)"):
                if self.deep:
                    line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")
                line("m = members(ref, d)")
                match type:
                    case Union():
                        line("(key, ref), = m.items()")
                        for member in type.alternatives:
                            with self.source.block(f"if key == {member.key!r}"):
                                line(f"return {{{member.key!r}: {self.read(member.type, 'ref')}}}")
                        line(f"bad('not an alternative of {type.name}')")
                    case Record():
                        parts = [f"{field.key!r}: {self.taken(field)}" for field in type.fields if not field.optional]
                        line(f"r = {{{', '.join(parts)}}}")
                        for field in type.fields:
                            if field.optional:
                                with self.source.block(f"if {field.key!r} in m"):
                                    line(f"r[{field.key!r}] = {self.taken(field)}")
                        line("return r")

    def taken(self, field: Field) -> str:
        return self.read(field.type, f"m[{field.key!r}]")

    def read(self, type_: Type, operand: str) -> str:
        """The value of a `Ref`."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return f"truth({operand})"
            case Int():
                return f"integer({operand}, {kind.lower}, {kind.upper})"
            case Float():
                return f"binary32(real({operand}))" if kind.bits == 32 else f"real({operand})"
            case String():
                return self.measured(f"text({operand}, d)", 0, kind.max_length)
            case Bytes():
                return self.measured(f"octets({operand}, d)", kind.min_length, kind.max_length)
            case Enum():
                symbols = self.source.bind("symbols", frozenset(symbol for symbol, _ in kind.symbols))
                return f"symbol(text({operand}, d), {symbols})"
            case Timestamp():
                return f"time(integer({operand}, {-(1 << 63)}, {(1 << 63) - 1}))"
            case Uuid():
                return f"uuid_of(octets({operand}, d))"
            case Decimal():
                return f"decimal(text({operand}, d), {kind.precision}, {kind.scale})"
            case List():
                return self.measured(self.items(kind.item, operand), kind.min_length, kind.max_length)
            case Map():
                pair, key, value = self.source.fresh("p"), self.source.fresh("k"), self.source.fresh("x")
                pairs = f"for {pair} in items({operand}, d) for {key}, {value} in [items({pair}, d)]"
                return f"{{{self.read(kind.key, key)}: {self.read(kind.value, value)} {pairs}}}"
            case Union() | Record():
                return f"read_{kind.name}({operand}, d, depth + 1)"
            case _:
                assert_never(kind)

    def items(self, item: Type, operand: str) -> str:
        kind = self.schema.resolve(item)
        name = self.source.fresh("x")
        match kind:
            case Bool():
                return f"numbers({operand}, d, bool_)"
            case Int():
                return f"ranged(numbers({operand}, d, int_), {kind.lower}, {kind.upper})"
            case Float():
                numbers = f"numbers({operand}, d, float_)"
                return numbers if kind.bits == 64 else f"[binary32({name}) for {name} in {numbers}]"
            case _:
                return f"[{self.read(item, name)} for {name} in items({operand}, d)]"

    def measured(self, made: str, least: int, most: int | None) -> str:
        name = self.source.fresh("x")
        condition = long_enough(f"len({name} := {made})", least, most)
        return checked(name, condition) if condition else made

    def leaf(self, path: Path) -> Callable[[Any, _Budget], Value]:
        """A function that goes along the path: the library finds a key by halving."""
        steps: list[Callable[[Any, _Budget], Any]] = []
        type_: Type = Ref(self.schema.root)
        for step in path:
            kind = self.schema.resolve(type_)
            match kind:
                case Union(alternatives=members) | Record(fields=members) if step in [member.key for member in members]:
                    steps.append(lambda ref, d, step=step: ref.AsMap[step])  # type: ignore[misc]
                    type_ = next(member.type for member in members if member.key == step)
                case List():
                    steps.append(lambda ref, d, step=step: _vector(ref)[step])  # type: ignore[misc]
                    type_ = kind.item
                case Map():
                    steps.append(self.found(kind, step))
                    type_ = kind.value
                case _:
                    return _missing(step)
        source = Source(f"flexbuffers {self.schema.root} {path}")
        source.globals |= _NAMES
        with source.function("take(ref, d)"):
            source.line(f"return {_Reader(self.schema, source).read(type_, 'ref')}")
        [take] = source.build("take")

        def get(ref: Any, budget: _Budget) -> Value:
            for step in steps:
                ref = step(ref, budget)
            return take(ref, budget)

        return get

    def found(self, kind: Map, wanted: Any) -> Callable[[Any, _Budget], Any]:
        """Look through the pairs of a map."""
        source = Source(f"flexbuffers {self.schema.root} key")
        source.globals |= _NAMES
        with source.function("find(ref, d)"):
            with source.block("for pair in items(ref, d)"):
                source.line("k, x = items(pair, d)")
                source.line(f"if {_Reader(self.schema, source).read(kind.key, 'k')} == {wanted!r}: return x")
            source.line("bad('there is no such key')")
        [find] = source.build("find")
        return find


def _missing(step: Any) -> Callable[[Any, _Budget], Value]:
    def fail(ref: Any, budget: _Budget) -> Value:
        raise DecodeError(f"there is no {step!r}")

    return fail


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="google",
        distribution="flatbuffers",
        language="Python",
        licence="Apache-2.0",
        limits=Limits(),
        validates=True,
        compile=compile,
        defects=(
            "flatbuffers 25.12.19 follows offsets that go round in a circle: levels and what is read are bounded",
            "flatbuffers 25.12.19 copies the rest of the data for each key, quadratic time: left so",
        ),
    ),
)
