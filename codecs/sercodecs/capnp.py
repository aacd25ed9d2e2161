"""Cap'n Proto, and its packed form, over pycapnp: the C++ library, with the schema read at run time.

A message is segments of words of 8 octets behind a table of their sizes; a struct is a section of numbers and one of
pointers, a list a pointer with its length, the least significant octet first ("Encoding Spec"). `capnp-packed` leaves
out octets of zero, with a tag for each word (Packing). How each kind is declared stands in `serschema.idl.capnp`, whose
text is what pycapnp parses; numbers count from 0 in the order of the members. A null pointer reads as the default that
the format gives it: empty, or a struct of zeros. Nothing is lost.

Populating fills a builder, reading goes from pointer to pointer, and a single leaf can be read by itself. Members are
reached by `_get` and `_set`, as a name such as `init` is a method. Levels are bounded by the schema, and words read by
`SHARED` times those of the message, as structs may share what they point to. An empty struct takes no word: a list of
more than `MOST_EMPTY` records without fields is refused, and where a schema has such lists the bound is higher.
Octets that nothing points to go unnoticed. A packed message of several segments is walked through, as pycapnp ends the
process where it is cut short (2.2.4: the destructor of its reader throws). Whatever reads keeps the parser of the
schema alive, without which pycapnp reads memory that is freed.

Several messages of the plain form follow each other as they are.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import IO, Any, NoReturn, assert_never

from serschema.idl.capnp import member_names, nullable, symbol_names, type_names, write
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
    assemble,
    decode_error,
    streams,
)
from sercodecs.scalars import RUNTIME, checked, long_enough, within
from sercodecs.source import Source

FORMAT = Format(
    name="capnp",
    title="Cap'n Proto",
    specification="Cap'n Proto Encoding Spec (capnproto.org)",
    textual=False,
    self_describing=False,
    byte_order="little",
    carries=Carries(
        bool="Bool, a bit",
        int="Int8 to UInt64, of its width",
        float="Float32, Float64",
        string="Text, with a NUL",
        bytes="Data",
        enum="enum, its place in the declaration",
        timestamp="Int64, microseconds since 1970",
        uuid="Data of 16",
        decimal="Int64, the unscaled integer; Data beyond 18 digits",
        list="List",
        map="List of structs of key and value",
        union="struct with a union, its tag in 16 bits",
        record="struct, a section of numbers and one of pointers",
        optional="union of Void and the value; null pointer where the type is one",
    ),
)
PACKED = replace(FORMAT, name="capnp-packed", title="Cap'n Proto, packed")

MOST_DIGITS = 18
SHARED = 16
MOST_EMPTY = 4096
MOST_PACKED = 128
"""Words for each octet: a tag of zeros and a count stand for up to 256."""
MOST_SEGMENTS = 512
UNBOUNDED = 1 << 62
"""Words that one message may be read for in `decode_native`: the harness reads it over and over."""
CHUNK = 1 << 16


def _unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


_NAMES = RUNTIME | {"unwritable": _unwritable}


def compile(schema: Schema) -> Codec:
    """The plain form."""
    layout = _Layout(schema)
    from_bytes = layout.root.from_bytes
    least, shared, nesting = layout.limits()

    def encode_native(native: Any) -> bytes:
        native.clear_write_flag()
        octets: bytes = native.to_bytes()
        return octets

    def decode_bounded(data: bytes, *, parser: Any = layout.parser) -> Any:
        with from_bytes(data, shared * len(data) // 8 + least, nesting) as native:
            return native

    def decode_native(data: bytes, *, parser: Any = layout.parser) -> Any:
        with from_bytes(data, UNBOUNDED, nesting) as native:
            return native

    codec = replace(layout.codec(encode_native, decode_bounded), decode_native=decode_native)
    encode, decode = codec.encode, codec.decode

    def write_stream(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(encode(value))

    def read_stream(file: IO[bytes]) -> Iterator[Value]:
        while message := _message(file):
            yield decode(message)

    return replace(codec, **streams(schema, write_stream, read_stream))


def compile_packed(schema: Schema) -> Codec:
    """The packed form."""
    layout = _Layout(schema)
    from_bytes_packed = layout.root.from_bytes_packed
    least, shared, nesting = layout.limits()

    def encode_native(native: Any) -> bytes:
        native.clear_write_flag()
        octets: bytes = native.to_bytes_packed()
        return octets

    def unpacked(data: bytes, words: int) -> Any:
        if data and data[0] & 0x0F:  # the number of segments less 1 is not 0
            _walk(data)
        return from_bytes_packed(data, words, nesting)

    def decode_bounded(data: bytes, *, parser: Any = layout.parser) -> Any:
        return unpacked(data, max(MOST_PACKED, shared) * len(data) + least)

    def decode_native(data: bytes, *, parser: Any = layout.parser) -> Any:
        return unpacked(data, UNBOUNDED)

    return replace(layout.codec(encode_native, decode_bounded), decode_native=decode_native)


WIDTHS = bytes(1 + tag.bit_count() if 0 < tag < 255 else 0 for tag in range(256))
"""The octets of a packed word by its tag; none where a run follows."""


def _walk(data: bytes) -> None:
    """Raise `DecodeError` unless as many words as its segments have are packed in the data, and runs end with them."""
    words, wanted, place, widths = 0, _table(data), 0, WIDTHS
    try:
        while words < wanted:
            words += 1
            if width := widths[data[place]]:
                place += width
            elif data[place]:
                run = data[place + 9]
                words += run
                place += 10 + 8 * run
            else:
                words += data[place + 1]
                place += 2
    except IndexError:
        raise DecodeError("the data ends within a segment", len(data)) from None
    if words > wanted or place > len(data):
        raise DecodeError("a run that goes beyond the segments", place)


def _table(data: bytes) -> int:
    """How many words there are, by the table of segments at the beginning of packed data."""
    head, place, wanted = bytearray(), 0, 1
    while len(head) < 8 * wanted:
        if place + 1 >= len(data):
            raise DecodeError("the data ends within its table", place)
        tag, octets = data[place], iter(data[place + 1 : place + 9])
        head += bytes(next(octets, 0) if tag >> bit & 1 else 0 for bit in range(8))
        place += 1 + tag.bit_count()
        if tag in (0, 0xFF):
            run = data[place] if place < len(data) else 0
            head += data[place + 1 : place + 1 + 8 * run] if tag else bytes(8 * run)
            place += 1 + (8 * run if tag else 0)
        count = int.from_bytes(head[:4], "little") + 1
        if count > MOST_SEGMENTS:
            raise DecodeError(f"{count} segments", 0)
        wanted = count // 2 + 1
    return wanted + sum(int.from_bytes(head[4 * i : 4 * i + 4], "little") for i in range(1, count + 1))


def _message(file: IO[bytes]) -> bytes:
    """The octets of the next message, by its table of segments ("Serialization Over a Stream"); none at the end."""
    head = _read(file, 4, ends=True)
    if not head:
        return b""
    count = int.from_bytes(head, "little") + 1
    if count > MOST_SEGMENTS:
        raise DecodeError(f"{count} segments")
    table = _read(file, 4 * count + (4 if count % 2 == 0 else 0))
    words = sum(int.from_bytes(table[4 * place : 4 * place + 4], "little") for place in range(count))
    return head + table + _read(file, 8 * words)


def _read(file: IO[bytes], size: int, ends: bool = False) -> bytes:
    """So many octets, asked for in parts, as the size may be a lie; none where the stream may end here."""
    parts: list[bytes] = []
    left = size
    while left and (part := file.read(min(left, CHUNK))):
        parts.append(part)
        left -= len(part)
    if left and not (ends and left == size):
        raise DecodeError("the stream ends within a message")
    return b"".join(parts)


class _Layout:
    """The schema as pycapnp has it, and the generated source around it."""

    def __init__(self, schema: Schema) -> None:
        import capnp

        self.schema = schema
        with TemporaryDirectory() as folder:
            file = FilePath(folder, "schema.capnp")
            file.write_text(write(schema), encoding="utf-8")
            self.parser = capnp.SchemaParser()  # what is read and written refers to it, but does not keep it
            module = self.parser.load(str(file))
        self.root = getattr(module, type_names(schema)[schema.root])

    def limits(self) -> tuple[int, int, int]:
        """Words that may be read, at least and for each word of the data; and pointers inside one another."""
        types = [member.type for type in self.schema.types for member in _members(type)]
        depth = MAX_DEPTH * (2 + max((_containers(type, self.schema) for type in types), default=0))
        if any(_holds_nothing(type, self.schema) for type in types):
            return MOST_EMPTY, MOST_EMPTY // 2, depth  # such a list takes two words
        return 64, SHARED, depth

    def codec(self, encode_native: Callable[[Any], bytes], decode_native: Callable[[bytes], Any]) -> Codec:
        source = Source(f"capnp {self.schema.root}")
        source.globals |= _NAMES | {"new_message": self.root.new_message, "_parser": self.parser}
        _Writer(self.schema, source).generate()
        _Reader(self.schema, source).generate()
        to_native, from_native = source.build("to_native", "from_native")

        def access(path: Path) -> Callable[[bytes], Value]:
            return _access(self.schema, path, decode_native)

        codec = assemble(self.schema, encode_native, decode_native, to_native, from_native, source.text())
        return replace(codec, access=access)


def _members(type: Enum | Union | Record) -> tuple[Field, ...]:
    match type:
        case Enum():
            return ()
        case Union():
            return type.alternatives
        case Record():
            return type.fields


def _containers(type_: Type, schema: Schema) -> int:
    """How many lists and entries stand inside one another in a type."""
    match type_:
        case List(item=item):
            return 1 + _containers(item, schema)
        case Map(value=value):
            return 2 + _containers(value, schema)
        case _:
            return 0


def _is_nothing(type_: Type, schema: Schema) -> bool:
    kind = schema.resolve(type_)
    return isinstance(kind, Record) and not kind.fields


def _holds_nothing(type_: Type, schema: Schema) -> bool:
    """Whether there is a list of empty structs in a type."""
    match type_:
        case List(item=item):
            return _is_nothing(item, schema) or _holds_nothing(item, schema)
        case Map(value=value):
            return _holds_nothing(value, schema)
        case _:
            return False


class _Writer:
    """Generates `to_native`. A function gets the builder of a struct and fills it."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            match type:
                case Enum():
                    pass
                case Union():
                    with self.source.function(f"fill_{type.name}(m, v)"):
                        self.union(type)
                case Record():
                    with self.source.function(f"fill_{type.name}(m, v)"):
                        if not type.fields:
                            line("v.keys()  # it is a record at least")
                        self.record(type)
        with self.source.function("to_native(value)"):
            line("m = new_message()")
            line(f"fill_{self.schema.root}(m, value)")
            line("return m")

    def record(self, record: Record) -> None:
        names = member_names(record.fields)
        for field in record.fields:
            name, value = names[field.name], f"v[{field.key!r}]"
            if not field.optional:
                self.put("m", name, field.type, value)
                continue
            with self.source.block(f"if {field.key!r} in v"):
                if nullable(field.type, self.schema):
                    self.put("m", name, field.type, value)
                else:
                    self.put(f"m._get({name!r})", "some", field.type, value)

    def union(self, union: Union) -> None:
        names = member_names(union.alternatives)
        self.source.line("(key, x), = v.items()")
        word = "if"
        for member in union.alternatives:
            with self.source.block(f"{word} key == {member.key!r}"):
                self.put("m", names[member.name], member.type, "x")
            word = "elif"
        with self.source.block("else"):
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def put(self, builder: str, place: str | int, type_: Type, value: str) -> None:
        """Set a member of a struct, by its name, or an item of a list, by the name of a variable."""
        line = self.source.line
        kind = self.schema.resolve(type_)
        at = repr(place)
        match kind:
            case List(item=item):
                self.list(builder, at, item, value)
            case Map():
                self.map(builder, at, kind, value)
            case Union() | Record():
                line(f"fill_{kind.name}({builder}.init({at}), {value})")
            case _:
                line(f"{builder}._set({at}, {self.scalar(kind, value)})")

    def list(self, builder: str, at: str, item: Type, value: str) -> None:
        line = self.source.line
        kind = self.schema.resolve(item)
        name, place, held = self.source.fresh("x"), self.source.fresh("i"), self.source.fresh("l")
        if not isinstance(kind, List | Map | Union | Record):
            converted = self.scalar(kind, name)
            items = value if converted == name else f"[{converted} for {name} in {value}]"
            line(f"{builder}._set({at}, {items})")
            return
        if _is_nothing(item, self.schema):
            line(f"if len({value}) > {MOST_EMPTY}: unwritable('too many records without fields')")
        line(f"{held} = {builder}.init({at}, len({value}))")
        with self.source.block(f"for {place}, {name} in enumerate({value})"):
            match kind:
                case List():
                    self.list(held, place, kind.item, name)
                case Map():
                    self.map(held, place, kind, name)
                case _:
                    line(f"fill_{kind.name}({held}[{place}], {name})")

    def map(self, builder: str, at: str, kind: Map, value: str) -> None:
        held, place, entry = self.source.fresh("l"), self.source.fresh("i"), self.source.fresh("e")
        key, name = self.source.fresh("k"), self.source.fresh("x")
        self.source.line(f"{held} = {builder}.init({at}, len({value}))")
        with self.source.block(f"for {place}, ({key}, {name}) in enumerate({value}.items())"):
            self.source.line(f"{entry} = {held}[{place}]")
            self.put(entry, "key", kind.key, key)
            self.put(entry, "value", kind.value, name)

    def scalar(self, kind: Any, value: str) -> str:
        match kind:
            case Enum():
                return f"{self.source.bind('name_of', symbol_names(kind))}[{value}]"
            case Timestamp():
                return f"({value} - EPOCH) // MICROSECOND"
            case Uuid():
                return f"{value}.bytes"
            case Decimal(precision, scale):
                return f"{'unscaled' if precision <= MOST_DIGITS else 'complement'}({value}, {scale})"
            case _:
                return value


class _Reader:
    """Generates `from_native`. A function gets the reader of a struct; `depth` counts as the model does."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = bool(schema.recursive()) or len(schema.types) >= MAX_DEPTH

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"take_{type.name}(m, depth)"):
                if self.deep:
                    line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
        with self.source.function("from_native(message)"):
            line(f"return take_{self.schema.root}(message, 0)")

    def record(self, record: Record) -> None:
        line = self.source.line
        names = member_names(record.fields)
        parts = [
            f"{field.key!r}: {self.value(field.type, f'm._get({names[field.name]!r})')}"
            for field in record.fields
            if not field.optional
        ]
        line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if not field.optional:
                continue
            name = names[field.name]
            if nullable(field.type, self.schema):
                with self.source.block(f"if m._has({name!r})"):
                    line(f"r[{field.key!r}] = {self.value(field.type, f'm._get({name!r})')}")
            else:
                line(f"g = m._get({name!r})")
                with self.source.block("if g._which_str() == 'some'"):
                    some = self.value(field.type, "g._get('some')")
                    line(f"r[{field.key!r}] = {some}")
        line("return r")

    def union(self, union: Union) -> None:
        names = member_names(union.alternatives)
        if len(union.alternatives) > 1:
            self.source.line("which = m._which_str()")
        for member in union.alternatives:
            name = names[member.name]
            made = f"{{{member.key!r}: {self.value(member.type, f'm._get({name!r})')}}}"
            if len(union.alternatives) == 1:
                self.source.line(f"return {made}")
                return
            with self.source.block(f"if which == {name!r}"):
                self.source.line(f"return {made}")
        self.source.line(f"bad('not an alternative of {union.name}')")

    def value(self, type_: Type, operand: str) -> str:
        """The value of what pycapnp gives; the operand is evaluated once."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Float():
                return operand
            case Int():
                return self.checked(operand, lambda name: within(kind, Int(kind.bits, kind.signed), name))
            case String(most):
                return self.checked(operand, lambda name: long_enough(f"len({name})", 0, most))
            case Bytes(least, most):
                return self.checked(operand, lambda name: long_enough(f"len({name})", least, most))
            case Enum():
                symbols = self.source.bind("symbols", tuple(symbol for symbol, _ in kind.symbols))
                return f"{symbols}[{operand}.raw]"
            case Timestamp():
                return f"time({operand})"
            case Uuid():
                return f"uuid_of({operand})"
            case Decimal(precision, scale):
                read = "scaled" if precision <= MOST_DIGITS else "from_complement"
                return f"{read}({operand}, {precision}, {scale})"
            case List(item, least, most):
                name = self.source.fresh("x")
                converted = self.value(item, name)
                items = f"list({operand})" if converted == name else f"[{converted} for {name} in {operand}]"
                return self.checked(items, lambda name: long_enough(f"len({name})", least, most))
            case Map():
                name = self.source.fresh("e")
                key, value = (
                    self.value(t, f"{name}._get({n!r})") for t, n in ((kind.key, "key"), (kind.value, "value"))
                )
                return f"{{{key}: {value} for {name} in {operand}}}"
            case Union() | Record():
                return f"take_{kind.name}({operand}, depth + 1)"
            case _:
                assert_never(kind)

    def checked(self, operand: str, condition: Callable[[str], str]) -> str:
        name = self.source.fresh("x")
        asked = condition(name)
        return checked(name, asked.replace(name, f"({name} := {operand})", 1)) if asked else operand

    def leaf(self, path: Path) -> None:
        """Write a function `access(m)` that goes along the path."""
        line = self.source.line
        type_: Type = Ref(self.schema.root)
        with self.source.function("access(m)"):
            line("depth = 0")
            for step in path:
                kind = self.schema.resolve(type_)
                match kind:
                    case Record(fields=members) | Union(alternatives=members):
                        member = next((member for member in members if member.key == step), None)
                        if member is None:
                            raise DecodeError(f"there is no {step!r}")
                        name = member_names(members)[member.name]
                        if isinstance(kind, Union):
                            if len(members) > 1:
                                line(f"if m._which_str() != {name!r}: bad('another alternative')")
                            line(f"m = m._get({name!r})")
                        elif member.optional and not nullable(member.type, self.schema):
                            line(f"m = m._get({name!r})")
                            line("if m._which_str() != 'some': bad('it is not there')")
                            line("m = m._get('some')")
                        else:
                            if member.optional:
                                line(f"if not m._has({name!r}): bad('it is not there')")
                            line(f"m = m._get({name!r})")
                        type_ = member.type
                    case List(item=item):
                        line(f"m = m[{step!r}]")
                        type_ = item
                    case Map():
                        key = self.value(kind.key, "e._get('key')")
                        line(f"m = next((e for e in m if {key} == {step!r}), None)")
                        line("if m is None: bad('there is no such key')")
                        line("m = m._get('value')")
                        type_ = kind.value
                    case _:
                        raise DecodeError(f"there is no {step!r}")
            if isinstance(self.schema.resolve(type_), Union | Record):
                raise DecodeError("the path does not end at a leaf")
            line(f"return {self.value(type_, 'm')}")


def _access(schema: Schema, path: Path, read: Callable[[bytes], Any]) -> Callable[[bytes], Value]:
    source = Source(f"capnp {schema.root} {path}")
    source.globals |= _NAMES
    reader = _Reader(schema, source)
    reader.generate()
    try:
        reader.leaf(path)
    except DecodeError as error:
        reason = error

        def fail(data: bytes) -> Value:
            raise reason

        return fail
    [leaf] = source.build("access")

    def access(data: bytes) -> Value:
        try:
            return leaf(read(data))
        except Exception as error:
            raise decode_error(error) from error

    return access


def _info(format: Format, compile: Callable[..., Codec], defects: tuple[str, ...]) -> CodecInfo:
    return CodecInfo(
        format=format,
        implementation="pycapnp",
        distribution="pycapnp",
        language="C++",
        licence="BSD-2-Clause",
        limits=Limits(),
        validates=True,
        compile=compile,
        defects=defects,
    )


_BOUND = (
    "pycapnp 2.2.4 counts the words of a message that are read, however often: decode is bounded by 16 times the data, "
    "decode_native, whose message is for reading over and over, is not"
)
_ABORTS = (
    "pycapnp 2.2.4 ends the process where a packed message of several segments is cut short: it is walked through first"
)

CODECS = (_info(FORMAT, compile, (_BOUND,)), _info(PACKED, compile_packed, (_BOUND, _ABORTS)))
