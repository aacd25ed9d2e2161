"""Avro 1.12 over fastavro: a bare datum (`avro`), and an object container file with its schema (`avro-container`).

Integers are zigzag varints, strings have their length before them, arrays and maps come in blocks with a count; fields
have no tags, so that a datum says nothing without its schema ("Binary Encoding"). How each kind is declared stands in
`serschema.idl.avro`. A container has one datum, the codec `null`, and a fixed sync marker, so that its octets are
always the same. Nothing is lost.

fastavro takes plain values, and they go to it as they are where its form of them is the same: fields called by their
name, no optional field but scalars, no unions, maps with strings for keys, no integer beyond a long. What is read is
taken as it is where nothing has to be checked. Otherwise a conversion is generated. An optional record, list or map is
given as `(name, value)`, as fastavro would else validate it as a whole to find out which it is.

fastavro recurses in C and crashes on nesting that is deep enough, and its decimals take quadratic time. So data is read
by a schema of its own: every level of records has names of its own, and beyond `MAX_DEPTH` there is an empty union,
which has no value; decimals are bytes. It stands for the same octets. For the same reason a container is read in three
steps (header, block, datum) instead of by `fastavro.reader`, which compiles whatever schema the file brings; here the
file's schema has to be equal to the codec's.

An index of a union or an enum that is negative is counted from the end by fastavro, and not an error.
"""

import json
from abc import ABC, abstractmethod
from decimal import Context
from decimal import Decimal as PyDecimal
from io import BytesIO
from typing import Any, NoReturn, assert_never

from serschema.idl.avro import LONG, Translator, entry_fields, within
from serschema.limits import Limits
from serschema.model import (
    MAX_DEPTH,
    Bytes,
    Decimal,
    Enum,
    Field,
    Int,
    List,
    Map,
    Named,
    Record,
    Ref,
    Schema,
    String,
    Type,
    Union,
    fixed_length,
)

from sercodecs.avro_explain import explain_container, explain_datum
from sercodecs.contract import Codec, CodecInfo, DecodeError, EncodeError, Format, assemble
from sercodecs.source import Source

DATUM = Format(
    name="avro",
    title="Avro",
    specification="Apache Avro 1.12.0, Binary Encoding",
    textual=False,
    self_describing=False,
    byte_order="little",
)
CONTAINER = Format(
    name="avro-container",
    title="Avro object container file",
    specification="Apache Avro 1.12.0, Object Container Files",
    textual=False,
    self_describing=True,
    byte_order="little",
)

MAGIC = b"Obj\x01"
SYNC = b"serbench's sync."
HEADER = {
    "type": "record",
    "name": "Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": 16}},
    ],
}
BLOCK = {
    "type": "record",
    "name": "Block",
    "fields": [
        {"name": "count", "type": "long"},
        {"name": "data", "type": "bytes"},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": 16}},
    ],
}
EXACT = Context(prec=1001)


def compile_datum(schema: Schema) -> Codec:
    """Make both schemas and the conversions; every schema can be carried."""
    import fastavro

    schemaless_reader: Any = fastavro.schemaless_reader
    schemaless_writer = fastavro.schemaless_writer
    written: Any = fastavro.parse_schema(Translator(schema).root())
    read = _Bounded(schema).parsed()

    def encode_native(native: Any) -> bytes:
        file = BytesIO()
        schemaless_writer(file, written, native)
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        file = BytesIO(data)
        native = schemaless_reader(file, read, None)
        if file.tell() != len(data):
            raise DecodeError("octets after the end", file.tell())
        return native

    return _assembled(schema, encode_native, decode_native)


def compile_container(schema: Schema) -> Codec:
    """The same for a file of one datum."""
    import fastavro

    parse_schema: Any = fastavro.parse_schema
    schemaless_reader: Any = fastavro.schemaless_reader
    writer = fastavro.writer
    plain = Translator(schema).root()
    written = parse_schema(plain)
    read = _Bounded(schema).parsed()
    header, block = parse_schema(HEADER), parse_schema(BLOCK)

    def encode_native(native: Any) -> bytes:
        file = BytesIO()
        writer(file, written, [native], sync_marker=SYNC)
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        file = BytesIO(data)
        head = schemaless_reader(file, header, None)
        meta = head["meta"]
        if head["magic"] != MAGIC or meta.get("avro.codec", b"null") != b"null":
            raise DecodeError("not an object container file without compression", 0)
        if json.loads(meta.get("avro.schema", b"null")) != plain:
            raise DecodeError("the file has another schema", len(MAGIC))
        body = schemaless_reader(file, block, None)
        if body["count"] != 1 or body["sync"] != head["sync"] or file.tell() != len(data):
            raise DecodeError("not one block of one datum", file.tell())
        datum = BytesIO(body["data"])
        native = schemaless_reader(datum, read, None)
        if datum.tell() != len(body["data"]):
            raise DecodeError("octets after the end of the datum")
        return native

    return _assembled(schema, encode_native, decode_native)


def _assembled(schema: Schema, encode_native: Any, decode_native: Any) -> Codec:
    source = Source(f"avro {schema.root}")
    source.globals |= _RUNTIME
    writes = _Writer(schema, source).generate()
    reads = _Reader(schema, source).generate()
    if writes or reads:
        source.build()
    return assemble(
        schema,
        encode_native,
        decode_native,
        source.globals["to_native"] if writes else None,
        source.globals["from_native"] if reads else None,
        source.text() if writes or reads else "",
    )


class _Bounded(Translator):
    """The schema for reading: each record has a name for each level that it can stand at, and beyond the last none."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        self.level = 0
        self.flat: dict[str, Any] = {}
        self.pending: list[tuple[str, tuple[Field, ...], int]] = []

    def parsed(self) -> Any:
        """What fastavro makes of it. A level refers to the next one, so the last comes first, and last the root."""
        from fastavro import parse_schema

        self.root()
        definitions = []
        for name, fields, level in self.pending:  # grows with what the fields refer to
            self.level = level
            definitions.append({"type": "record", "name": name, "fields": [self.field(field) for field in fields]})
        named: dict[str, Any] = {}
        return [parse_schema(definition, named) for definition in (*self.flat.values(), *reversed(definitions))][-1]

    def definition(self, kind: str, name: str, doc: str = "", **attributes: Any) -> Any:
        self.flat[name] = {"type": kind, "name": name, **attributes}
        return name

    def named(self, kind: Named) -> Any:
        return super().named(kind) if isinstance(kind, Enum) or self.level < MAX_DEPTH else []

    def record(self, name: str, doc: str, fields: tuple[Field, ...]) -> Any:
        name = f"{name}-{self.level}"
        if name not in self.defined:
            self.defined.add(name)
            self.pending.append((name, fields, self.level + 1))
        return name

    def entry(self, kind: Map) -> Any:
        name = f"Entry-{len(self.defined)}"
        self.defined.add(name)
        return {"type": "record", "name": name, "fields": [self.field(field) for field in entry_fields(kind)]}

    def decimal(self, precision: int, scale: int) -> Any:
        return "bytes"


# What the generated source calls.


def _bad(what: str) -> NoReturn:
    raise DecodeError(what)


def _unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


def _unscaled(data: bytes, bound: int, size: int) -> int:
    if len(data) > size:
        raise DecodeError(f"a decimal of {len(data)} octets")
    value = int.from_bytes(data, "big", signed=True)
    if not -bound < value < bound:
        raise DecodeError("a decimal of too many digits")
    return value


_RUNTIME = {
    "bad": _bad,
    "unwritable": _unwritable,
    "unscaled": _unscaled,
    "scaleb": EXACT.scaleb,
    "Decimal": PyDecimal,
}


class _Generator(ABC):
    """What both directions share: which types need a conversion, and a function for each named type that does."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.names = Translator(schema)
        self.converted: set[str] = set()

    def settle(self) -> None:
        """Find the named types that need a conversion, until no more are found."""
        before = -1
        while before < len(self.converted):
            before = len(self.converted)
            self.converted |= {type.name for type in self.schema.types if self.needed(type)}

    @abstractmethod
    def needed(self, named: Named) -> bool:
        """Whether a value of the type is not what fastavro takes or gives."""

    def each(self, items: str, item: Type) -> str:
        """Convert the items of an array into a local variable; returns its name."""
        result, x = self.source.fresh("items"), self.source.fresh("x")
        self.source.line(f"{result} = []")
        with self.source.block(f"for {x} in {items}"):
            self.source.line(f"{result}.append({self.value(x, item)})")
        return result

    def mapping(self, pairs: str, kind: Map) -> str:
        """Convert pairs of key and value into a dict; returns its name."""
        result, key, value = self.source.fresh("map"), self.source.fresh("key"), self.source.fresh("x")
        self.source.line(f"{result} = {{}}")
        with self.source.block(f"for {key}, {value} in {pairs}"):
            self.source.line(f"{result}[{self.value(key, kind.key)}] = {self.value(value, kind.value)}")
        return result

    @abstractmethod
    def value(self, target: str, type_: Type) -> str:
        """The expression that converts `target`; what needs statements is emitted before."""


class _Writer(_Generator):
    """Generates `to_native`."""

    def generate(self) -> bool:
        """Whether there is anything to convert."""
        self.deep = bool(self.schema.recursive()) or len(self.schema.types) >= MAX_DEPTH
        self.settle()
        if self.schema.root not in self.converted:
            return False
        level = ", level" if self.deep else ""
        for type in self.schema.types:
            if type.name not in self.converted:
                continue
            with self.source.function(f"put_{type.name}(v{level})"):
                if self.deep:
                    self.source.line(f"if level >= {MAX_DEPTH}: unwritable('nested deeper than {MAX_DEPTH} levels')")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
        with self.source.function("to_native(value)"):
            self.source.line(f"return put_{self.schema.root}(value{', 0' if self.deep else ''})")
        return True

    def needed(self, named: Named) -> bool:
        """A type that holds itself is converted so that its levels are counted before fastavro recurses."""
        match named:
            case Enum():
                return False
            case Union():
                return True
            case Record(fields=fields):
                return self.deep or any(f.name != f.key or self.converts(f.type) or self.tagged(f) for f in fields)
            case _:
                assert_never(named)

    def tagged(self, field: Field) -> bool:
        """Whether an optional field is given with the name of its type."""
        return field.optional and isinstance(self.schema.resolve(field.type), Record | List | Map)

    def converts(self, type_: Type) -> bool:
        match type_:
            case Ref(name):
                return name in self.converted
            case Int():
                return not within(type_, LONG)
            case List(item=item):
                return self.converts(item)
            case Map(key=key, value=value):
                return not isinstance(key, String) or self.converts(value)
            case _:
                return False

    def union(self, union: Union) -> None:
        self.source.line("(key, x), = v.items()")
        for alternative in union.alternatives:
            with self.source.block(f"if key == {alternative.key!r}"):
                value = self.value("x", alternative.type)
                name = self.names.alternative(union, alternative)
                self.source.line(f"return {name!r}, {{{alternative.name!r}: {value}}}")
        self.source.line(f"unwritable('not an alternative of {union.name}')")

    def record(self, record: Record) -> None:
        parts = []
        for field in record.fields:
            if not field.optional:
                value = self.value(f"v[{field.key!r}]", field.type)
                parts.append(f"{field.name!r}: {value}")
        self.source.line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if field.optional:
                with self.source.block(f"if {field.key!r} in v"):
                    value = self.value(f"v[{field.key!r}]", field.type)
                    name = self.branch(field)
                    self.source.line(f"r[{field.name!r}] = {f'({name!r}, {value})' if name else value}")
        self.source.line("return r")

    def branch(self, field: Field) -> str:
        """The name of an optional field's type in the union with null, where it is said."""
        kind = self.schema.resolve(field.type)
        match kind:
            case Record():
                return self.names.name(kind.name, kind.name)
            case Map(key=String()):
                return "map"
            case List() | Map():
                return "array"
            case _:
                return ""

    def value(self, target: str, type_: Type) -> str:
        """Convert a value, with statements before where need be; returns an expression."""
        if not self.converts(type_):
            return target
        match type_:
            case Ref(name):
                return f"put_{name}({target}{', level + 1' if self.deep else ''})"
            case List(item=item):
                return self.each(target, item)
            case Map(key=String()):
                return self.mapping(f"{target}.items()", type_)
            case Map(key=key, value=value):
                result, name, x = self.source.fresh("items"), self.source.fresh("key"), self.source.fresh("x")
                self.source.line(f"{result} = []")
                with self.source.block(f"for {name}, {x} in {target}.items()"):
                    pair = f"{{'key': {self.value(name, key)}, 'value': {self.value(x, value)}}}"
                    self.source.line(f"{result}.append({pair})")
                return result
            case _:
                return f"Decimal({target})"


class _Reader(_Generator):
    """Generates `from_native`. The schema for reading bounds the nesting."""

    def generate(self) -> bool:
        """Whether there is anything to convert or to check."""
        self.settle()
        if self.schema.root not in self.converted:
            return False
        for type in self.schema.types:
            if type.name in self.converted:
                with self.source.function(f"take_{type.name}(v)"):
                    match type:
                        case Union():
                            self.union(type)
                        case Record():
                            self.record(type)
        with self.source.function("from_native(native)"):
            self.source.line(f"return take_{self.schema.root}(native)")
        return True

    def needed(self, named: Named) -> bool:
        match named:
            case Enum():
                return False
            case Union(alternatives=members) | Record(fields=members):
                return any(m.name != m.key or m.optional or self.converts(m.type) for m in members)
            case _:
                assert_never(named)

    def converts(self, type_: Type) -> bool:
        match type_:
            case Ref(name):
                return name in self.converted
            case Int():
                return (type_.lower, type_.upper) != (LONG.lower, LONG.upper)
            case String() | Bytes():
                return bool(self.misfit("x", type_))
            case Decimal():
                return True
            case List(item=item):
                return bool(self.misfit("x", type_)) or self.converts(item)
            case Map(key=key, value=value):
                return not isinstance(key, String) or self.converts(key) or self.converts(value)
            case _:
                return False

    def union(self, union: Union) -> None:
        self.source.line("(name, x), = v.items()")
        for alternative in union.alternatives:
            with self.source.block(f"if name == {alternative.name!r}"):
                self.source.line(f"return {{{alternative.key!r}: {self.value('x', alternative.type)}}}")

    def record(self, record: Record) -> None:
        parts = []
        for field in record.fields:
            if not field.optional:
                value = self.value(f"v[{field.name!r}]", field.type)
                parts.append(f"{field.key!r}: {value}")
        self.source.line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if field.optional:
                x = self.source.fresh("x")
                self.source.line(f"{x} = v[{field.name!r}]")
                with self.source.block(f"if {x} is not None"):
                    self.source.line(f"r[{field.key!r}] = {self.value(x, field.type)}")
        self.source.line("return r")

    def value(self, target: str, type_: Type) -> str:
        """Convert and check a value, with statements before where need be; returns an expression."""
        if not self.converts(type_):
            return target
        match type_:
            case Ref(name):
                return f"take_{name}({target})"
            case Int():
                target = self.local(target if within(type_, LONG) else f"unscaled({target}, {10**20}, 9)")
            case Decimal(precision=precision, scale=scale):
                bound = 10**precision
                unscaled = f"Decimal(unscaled({target}, {bound}, {bound.bit_length() // 8 + 1}))"
                return f"scaleb({unscaled}, {-scale})" if scale else unscaled
            case List(item=item):
                target = self.local(target)
                if self.converts(item):
                    target = self.each(target, item)
            case Map(key=String()):
                return self.mapping(f"{target}.items()", type_)
            case Map():
                return self.mapping(f"((e['key'], e['value']) for e in {target})", type_)
            case _:
                target = self.local(target)
        if bad := self.misfit(target, type_):
            self.source.line(f"if {bad}: bad('a value or a length out of its range')")
        return target

    def local(self, expression: str) -> str:
        name = self.source.fresh("x")
        self.source.line(f"{name} = {expression}")
        return name

    def misfit(self, target: str, type_: Type) -> str:
        """The condition under which a value read is not of the type; empty if it always is."""
        match type_:
            case Int():
                return f"not {type_.lower} <= {target} <= {type_.upper}"
            case String(max_length=int()):
                return f"len({target}) > {type_.max_length}"
            case Bytes() | List() if type_.min_length or type_.max_length is not None:
                if isinstance(type_, Bytes) and fixed_length(type_):
                    return ""
                most = "" if type_.max_length is None else f" <= {type_.max_length}"
                return f"not {type_.min_length} <= len({target}){most}"
            case _:
                return ""


def _codec(format: Format, compile: Any, explain: Any) -> CodecInfo:
    return CodecInfo(
        format=format,
        implementation="fastavro",
        distribution="fastavro",
        language="Cython",
        licence="MIT",
        limits=Limits(),
        validates=True,
        compile=compile,
        explain=explain,
    )


CODECS = (_codec(DATUM, compile_datum, explain_datum), _codec(CONTAINER, compile_container, explain_container))
