"""Python types to the model: `package.module:Type` or `path/to/file.py:Type`. The module is imported, so its code runs.

    bool, float, str       Bool, Float(64), String
    int                    Int(64), or the narrowest for both its bounds
    bytes, bytearray       Bytes
    datetime, UUID         Timestamp, Uuid
    date, time, timedelta  String
    Decimal                Decimal of 28 digits, 9 of them decimals, or as Digits(12, 2) says
    list, set, Sequence... List; a tuple of one type is one of fixed length
    dict, Mapping          Map
    Enum, Literal          Enum; its symbols are the values where these are identifiers, else the names. A Literal of
                           integers is a range of Int
    X | None               an optional field; elsewhere a union with the alternative `null`
    X | Y                  Union; records by the names of their classes, others called after their kinds of JSON
    records                dataclass, TypedDict, NamedTuple, attrs, msgspec.Struct, by the names that msgspec encodes

What Pydantic made (models, its dataclasses) goes through its own JSON Schema, in the form in which it is written.
`Annotated` may bound an integer (ge, gt, le, lt) and a length (min_length, max_length), in the words of msgspec.Meta,
annotated_types and Pydantic alike; a description there is the field's. A field with a default is there all the same,
unless it is left out of what is written: NotRequired, UNSET, omit_defaults. Docstrings are kept.

This reads annotations itself instead of through `msgspec.inspect`, which sorts the fields of a TypedDict and the values
of a Literal, and refuses a union of two dataclasses. `to_value` turns instances into values.
"""

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import importlib
import importlib.util
import inspect
import json
import math
import re
import sys
import traceback
import types
import typing
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

from serschema.errors import SchemaError, ValueMismatch
from serschema.jsonform import duration_text
from serschema.load import json_text, jsonschema
from serschema.load.naming import Notes, TypeNames, listed, member_names, type_name
from serschema.mapping import NULL_TYPE
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
    Named,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    Value,
    is_identifier,
)
from serschema.values import check


@dataclass(frozen=True)
class Digits:
    """Says in `Annotated[Decimal, Digits(12, 2)]` how many digits there are, and how many of them are decimals."""

    precision: int
    scale: int


DIGITS = Digits(28, 9)
SCALARS: dict[Any, Type] = {
    bool: Bool(),
    float: Float(64),
    datetime.datetime: Timestamp(),
    uuid.UUID: Uuid(),
}
ISO: dict[Any, str] = {datetime.date: "a date", datetime.time: "a time", datetime.timedelta: "a duration"}
ARRAYS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Collection)
SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
MAPS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
OCTETS = (bytes, bytearray, memoryview)
KINDS: dict[type, str] = {
    Bool: "boolean",
    Int: "integer",
    Float: "number",
    **dict.fromkeys((String, Bytes, Timestamp, Uuid, Decimal, Enum), "string"),
    List: "array",
    Map: "object",
}
"""What the alternative of a union is called that is no record."""
WRAPPERS = (typing.Final, typing.ClassVar, typing.Required, typing.NotRequired)
NONE = type(None)


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema of a type in a file of Python. `include` and the file's folder are searched for what it imports."""
    path = Path(path)
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "there is no such file"
        raise SchemaError(f"cannot be read: {what}; a schema is a file", source=str(path))
    name = f"serbench_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folders = [str(folder) for folder in (path.resolve().parent, *include)]
    loader = spec.loader

    def run() -> types.ModuleType:
        sys.modules[name] = module  # where dataclasses look up what annotations mean
        try:
            loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return schema_of(_named(_imported(run, folders, str(path)), message, str(path)))


def load_module(spec: str) -> Schema:
    """The schema of `package.module:Type`; modules are looked for in the current folder as well."""
    name, _, message = spec.partition(":")
    return schema_of(_named(_imported(lambda: importlib.import_module(name), [str(Path.cwd())], name), message, name))


def _imported(run: Callable[[], types.ModuleType], folders: list[str], source: str) -> types.ModuleType:
    """A module, with folders to search before all others. Whatever its code raises becomes a `SchemaError`."""
    before = list(sys.path)
    sys.path[:0] = folders
    try:
        return run()
    except (Exception, SystemExit) as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == Path(source)]
        line = error.lineno or 0 if isinstance(error, SyntaxError) else frames[-1].lineno or 0 if frames else 0
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise SchemaError(f"importing it failed: {type(error).__name__}: {said}", source=source, line=line) from None
    finally:
        sys.path[:] = before


def _named(module: types.ModuleType, name: str, source: str) -> Any:
    found: Any = module
    for part in name.split(".") if name else ():
        found = getattr(found, part, None)
    if name and found is not None:
        return found
    own = [key for key, held in vars(module).items() if _is_record(held) and held.__module__ == module.__name__]
    message = f"there is no {name!r}" if name else "it does not say which type"
    hint = f"say {source}:{own[-1]}, for instance" if own and not name else f"there are {listed(own) or 'no records'}"
    raise SchemaError(f"{message}; {hint}", source=source)


def schema_of(type_: Any) -> Schema:
    """The schema of a record type. Raises `SchemaError` with the place in its source, if that is known."""
    if _is_pydantic(type_):
        return _pydantic(type_)
    try:
        return _Importer().schema(type_)
    except RecursionError:
        raise SchemaError("types are nested too deeply", source=_place(type_, "")[0]) from None


# Pydantic


def _is_pydantic(type_: Any) -> bool:
    return hasattr(type_, "__pydantic_core_schema__")


def _pydantic(type_: Any) -> Schema:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        """What JSON Schema has no own words for, octets and decimals; and fields with defaults are always there."""

        def bytes_schema(self, schema: Any) -> dict[str, Any]:
            bounds = {f"{end}Length": -(-schema[f"{end}_length"] // 3) * 4 for end in ("min", "max")
                      if schema.get(f"{end}_length") is not None}  # fmt: skip
            return {"type": "string", "contentEncoding": "base64", **bounds}

        def decimal_schema(self, schema: Any) -> dict[str, Any]:
            precision, scale = schema.get("max_digits", DIGITS.precision), schema.get("decimal_places", DIGITS.scale)
            scale = min(scale, precision - 1)
            whole = f"^-?[0-9]{{1,{precision - scale}}}"
            return {"type": "string", "pattern": f"{whole}\\.[0-9]{{{scale}}}$" if scale else f"{whole}$"}

        def field_is_required(self, field: Any, total: bool) -> bool:
            return field["type"] != "typed-dict-field" or super().field_is_required(field, total)

    source, line = _place(type_, "")
    try:
        made = TypeAdapter(type_).json_schema(mode="serialization", schema_generator=Generator)
    except PydanticUserError as error:
        message = str(error).partition("\n")[0]
        raise SchemaError(f"Pydantic has no JSON Schema for it: {message}", source=source, line=line) from None
    document = json_text.parse(json.dumps(made), source)
    try:
        return jsonschema.convert(document, source, by_name=True)
    except SchemaError as error:
        message = str(error).removeprefix(f"{source}:{error.line}: ").removeprefix(f"{source}: ")
        raise SchemaError(f"{type_.__name__}: {message}", source=source, line=line) from None


# Types


def _is_record(type_: Any) -> bool:
    return isinstance(type_, type) and (
        dataclasses.is_dataclass(type_)
        or hasattr(type_, "__struct_fields__")
        or hasattr(type_, "__attrs_attrs__")
        or typing.is_typeddict(type_)
        or (issubclass(type_, tuple) and hasattr(type_, "_fields"))
        or _is_pydantic(type_)
    )


def _place(type_: Any, field: str) -> tuple[str, int]:
    """The file of a class, and the line of it or of a field in it."""
    try:
        lines, first = inspect.getsourcelines(type_)
        source = inspect.getsourcefile(type_) or ""
    except (OSError, TypeError):
        return getattr(type_, "__qualname__", str(type_)), 0
    pattern = re.compile(rf"\s+{re.escape(field)}\s*:")
    offset = next((i for i, line in enumerate(lines) if field and pattern.match(line)), 0)
    return source, first + offset


@dataclass(frozen=True)
class _Member:
    """A field of a Python record: the attribute, the key that it is written under, and whether it may be left out."""

    attribute: str
    key: str
    omitted: bool = False


@dataclass(frozen=True)
class _Context:
    """Where an annotation stands: in which class, as which field; and what the class's type variables stand for."""

    record: Any
    owner: str
    field: str
    variables: dict[Any, Any]

    def failure(self, message: str) -> SchemaError:
        source, line = _place(self.record, self.field)
        return SchemaError(f"{self}: {message}", source=source, line=line)

    def __str__(self) -> str:
        return f"{self.owner}.{self.field}" if self.field else self.owner


@dataclass(frozen=True)
class _Annotation:
    """An annotation without its wrappers, and what `Annotated` said."""

    type: Any
    metadata: tuple[Any, ...]
    omitted: bool

    def said(self, name: str) -> Any:
        """What the metadata says, by the one name that all libraries have for it."""
        return next((said for held in self.metadata if (said := getattr(held, name, None)) is not None), None)


class _Importer:
    """One root. Named types are converted in their turn: nothing recurses from class to class."""

    def __init__(self) -> None:
        self.names = TypeNames()
        self.notes = Notes()
        self.given: dict[Any, Ref] = {}
        self.pending: list[Callable[[], Named]] = []

    def schema(self, type_: Any) -> Schema:
        origin = typing.get_origin(type_) or type_
        if not _is_record(origin):
            kinds = "a dataclass, TypedDict, NamedTuple, attrs class, msgspec.Struct or Pydantic model"
            raise SchemaError(f"{_shown(type_)} is no record: serbench needs {kinds}")
        root = self.record(origin, typing.get_args(type_), _Context(origin, origin.__name__, "", {}))
        made: list[Named] = []
        for make in self.pending:  # grows with what the types refer to
            made.append(make())
        source, line = _place(origin, "")
        try:
            return Schema(root.name, tuple(made), "", self.notes.lines())
        except SchemaError as error:
            raise SchemaError(str(error), source=source, line=line) from None

    def define(self, key: Any, name: str, make: Callable[[str], Named], owner: str = "") -> Ref:
        """A use of a named type, which is made in its turn; one with an owner has no name of its own."""
        if key not in self.given:
            self.given[key] = Ref(self.names.make(name, owner) if owner else self.names.declare(name))
            self.pending.append(lambda: make(self.given[key].name))
        return self.given[key]

    def null(self) -> Ref:
        return self.define(None, NULL_TYPE, lambda name: Record(name, ()))

    def strip(self, type_: Any, context: _Context) -> _Annotation:
        """Take off what is around a type: Annotated, NewType, NotRequired, an alias, a type variable."""
        metadata: list[Any] = []
        omitted = False
        while True:
            origin = typing.get_origin(type_)
            if origin is typing.Annotated:
                metadata += [part for held in type_.__metadata__ for part in (held, *getattr(held, "metadata", ()))]
                type_ = type_.__origin__
            elif origin in WRAPPERS:
                omitted = omitted or origin is typing.NotRequired
                type_ = typing.get_args(type_)[0]
            elif isinstance(type_, typing.NewType):
                type_ = type_.__supertype__
            elif hasattr(type_, "__value__"):  # type X = ...
                type_ = type_.__value__
            elif isinstance(type_, typing.TypeVar):
                if type_ not in context.variables:
                    raise context.failure(f"{type_} stands for any type: name one, as in Type[int]")
                type_ = context.variables[type_]
            else:
                return _Annotation(type_, tuple(metadata), omitted)

    def type(self, annotation: Any, context: _Context) -> Type:
        """The type of an annotation, where None is a value."""
        return self.stripped(self.strip(annotation, context), context)

    def stripped(self, found: _Annotation, context: _Context) -> Type:
        type_ = found.type
        origin, args = typing.get_origin(type_) or type_, typing.get_args(type_)
        if origin in (typing.Union, types.UnionType):
            return self.union([part for part in args if not _is_unset(part)], found.metadata, context)
        if type_ in (None, NONE):
            return self.null()
        if origin is typing.Literal:
            return self.literal(args, context)
        if origin is int:
            return self.integer(found, context)
        if origin is str:
            return String(found.said("max_length"))
        if origin in OCTETS:
            return Bytes(found.said("min_length") or 0, found.said("max_length"))
        if origin is decimal.Decimal:
            return self.decimal(found, context)
        if type_ in SCALARS:
            return SCALARS[type_]
        if type_ in ISO:
            self.notes.add(f"{ISO[type_]} is its text (ISO 8601)", str(context))
            return String()
        if origin in ARRAYS or origin in SETS or origin is tuple:
            return self.list(origin, args, found, context)
        if origin in MAPS:
            return self.map(args, context)
        if isinstance(origin, type) and issubclass(origin, enum.Enum):
            return self.define(origin, origin.__name__, lambda name: self.enum(origin, name))
        if isinstance(origin, type) and _is_pydantic(origin):
            raise context.failure(f"{origin.__name__} is Pydantic's in a record that is not: make that one of its kind")
        if _is_record(origin):
            return self.record(origin, args, context)
        if type_ in (typing.Any, object):
            raise context.failure(f"{_shown(type_)} may be anything: serbench needs a type")
        raise context.failure(f"{_shown(type_)} has no place in serbench's model")

    def integer(self, found: _Annotation, context: _Context) -> Int:
        ge, gt, le, lt = map(found.said, ("ge", "gt", "le", "lt"))
        low = math.floor(gt) + 1 if gt is not None else None if ge is None else math.ceil(ge)
        high = math.ceil(lt) - 1 if lt is not None else None if le is None else math.floor(le)
        if found.said("multiple_of") is not None:
            self.notes.add("multiple_of is left out", str(context))
        return self.ranged(low, high, context)

    def ranged(self, low: int | None, high: int | None, context: _Context) -> Int:
        made = jsonschema.narrowest(low, high)
        if made is None:
            raise context.failure(f"an integer of {low}..{high} does not fit 64 bits")
        return made

    def decimal(self, found: _Annotation, context: _Context) -> Decimal:
        said = next((held for held in found.metadata if isinstance(held, Digits)), None)
        if said is None:
            said = DIGITS
            topic = f"a Decimal has {said.precision} digits, {said.scale} of them decimals, as nothing else is said"
            self.notes.add(topic, str(context))
        return Decimal(said.precision, said.scale)

    def list(self, origin: Any, args: tuple[Any, ...], found: _Annotation, context: _Context) -> List:
        if not args:
            raise context.failure(f"{origin.__name__} may hold anything: say {origin.__name__}[str], for instance")
        if origin in SETS:
            self.notes.add("a set is a list", str(context))
        least, most = found.said("min_length") or 0, found.said("max_length")
        if origin is tuple and not (len(args) == 2 and args[1] is ...):
            items = [self.type(arg, context) for arg in args]
            if any(item != items[0] for item in items):
                raise context.failure("a tuple of several types: make it a NamedTuple, whose members have names")
            least = most = len(items)
        return List(self.type(args[0], context), least, most)

    def map(self, args: tuple[Any, ...], context: _Context) -> Map:
        if not args:
            raise context.failure("a dict may hold anything: say dict[str, int], for instance")
        key = self.type(args[0], context)
        if isinstance(key, Ref | Uuid):
            self.notes.add("keys that are no strings are their text", str(context))
            key = String()
        if not isinstance(key, Bool | Int | String):
            raise context.failure("a map's key is a bool, an integer or a string")
        return Map(key, self.type(args[1], context))

    # Enums

    def literal(self, args: tuple[Any, ...], context: _Context) -> Type:
        some = tuple(arg for arg in args if arg is not None)
        if len(some) < len(args):
            return self.union([typing.Literal[some], None], (), context)
        if all(type(arg) is int for arg in args):
            self.notes.add("a Literal of integers is a range", str(context))
            return self.ranged(min(args), max(args), context)
        if all(isinstance(arg, bool) for arg in args):
            return Bool()
        if not all(type(arg) is str for arg in args):
            raise context.failure("a Literal of strings or of integers is what serbench can carry")
        if not all(map(is_identifier, args)):
            strange = next(arg for arg in args if not is_identifier(arg))
            self.notes.add(f"a Literal with values that are no identifiers, as {strange!r}, is a string", str(context))
            return String(max(map(len, args)))
        symbols = tuple((symbol, number) for number, symbol in enumerate(args))
        return self.define(("literal", args, str(context)), type_name(context.field), lambda name: Enum(name, symbols),
                           context.owner)  # fmt: skip

    def enum(self, type_: Any, name: str) -> Enum:
        members = list(type_)
        context = _Context(type_, name, "", {})
        if issubclass(type_, enum.Flag):
            raise context.failure("a Flag is any combination of its members: make it an integer")
        symbols = [_symbol(member) for member in members]
        if bad := next((symbol for symbol in symbols if not is_identifier(symbol)), None):
            raise context.failure(f"{bad!r} cannot be a symbol in every language (a letter, then letters, digits, _)")
        numbers = [member.value for member in members]
        if not all(isinstance(number, int) for number in numbers):
            numbers = list(range(len(members)))
            if symbols != [member.value for member in members]:
                self.notes.add("an enum's symbols are its names, as its values are no identifiers", name)
        return Enum(name, tuple((s, int(n)) for s, n in zip(symbols, numbers, strict=True)), _docstring(type_))

    # Unions

    def union(self, args: Sequence[Any], metadata: tuple[Any, ...], context: _Context) -> Type:
        """The union of some types; None stands for null. What bounds them bounds each."""
        found: list[_Annotation] = []
        stack = list(reversed(args))
        while stack:
            part = self.strip(stack.pop(), context)
            if typing.get_origin(part.type) in (typing.Union, types.UnionType):
                stack += reversed(typing.get_args(part.type))
            else:
                found.append(_Annotation(part.type, part.metadata + metadata, part.omitted))
        if len(found) == 1:
            return self.stripped(found[0], context)
        key = ("union", str(context), repr(found))
        return self.define(key, type_name(context.field), lambda name: self.alternatives(name, found, context),
                           context.owner)  # fmt: skip

    def alternatives(self, name: str, found: Sequence[_Annotation], context: _Context) -> Union:
        types_ = [self.stripped(part, context) for part in found]
        classes = {ref.name: key[1] for key, ref in self.given.items() if isinstance(key, tuple) and key[0] == "record"}
        lone = sum(isinstance(type_, Ref) and type_.name in classes for type_ in types_) == 1
        members: dict[str, Type] = {}
        for type_ in types_:
            if isinstance(type_, Ref) and type_.name in classes:
                key = "object" if lone else classes[type_.name].__name__
            elif isinstance(type_, Ref):
                key = "null" if type_ == self.given.get(None) else "string"
            else:
                key = KINDS[type(type_)]
            if members.setdefault(key, type_) is not type_:
                raise context.failure(f"two alternatives of the union are {key}: give each a record of its own")
        names = member_names(members)
        return Union(name, tuple(Field(names[k], n, t, key=k) for n, (k, t) in enumerate(members.items(), 1)))

    # Records

    def record(self, type_: Any, args: tuple[Any, ...], context: _Context) -> Ref:
        held = tuple(self.strip(arg, context).type for arg in args)
        parameters = getattr(type_, "__parameters__", ())
        variables = dict(zip(parameters, held, strict=False))
        name = type_.__name__ + "".join(type_name(getattr(arg, "__name__", "")) for arg in held)
        name = name if is_identifier(name) else type_name(name) or "Record"
        return self.define(("record", type_, held), name, lambda name: self.fields(type_, name, variables))

    def fields(self, type_: Any, name: str, variables: dict[Any, Any]) -> Record:
        context = _Context(type_, name, "", variables)
        try:
            hints = typing.get_type_hints(type_, include_extras=True)
        except Exception as error:  # whatever an annotation in quotes raises
            raise context.failure(f"its annotations cannot be read: {error}") from None
        members = _members(type_, hints)
        names = member_names(member.attribute for member in members)
        made: list[Field] = []
        for number, member in enumerate(members, 1):
            inner = _Context(type_, name, member.attribute, variables)
            if member.attribute not in hints:
                raise inner.failure("has no annotation")
            made.append(self.field(member, hints[member.attribute], names[member.attribute], number, inner))
        return Record(name, tuple(made), _docstring(type_))

    def field(self, member: _Member, hint: Any, name: str, number: int, context: _Context) -> Field:
        found = self.strip(hint, context)
        optional = member.omitted or found.omitted
        origin, args = typing.get_origin(found.type), typing.get_args(found.type)
        doc = found.said("description") or found.said("documentation") or ""
        if origin in (typing.Union, types.UnionType):
            some = [arg for arg in args if arg not in (None, NONE) and not _is_unset(arg)]
            optional = optional or len(some) < len(args)
            type_ = self.union(some, found.metadata, context) if some else self.null()
        elif origin is typing.Literal and None in args and len(args) > 1:
            optional = True
            type_ = self.literal(tuple(arg for arg in args if arg is not None), context)
        else:
            type_ = self.stripped(found, context)
        return Field(name, number, type_, optional, member.key, doc if isinstance(doc, str) else "")


def _members(type_: Any, hints: dict[str, Any]) -> list[_Member]:
    """The fields of a record, in the order in which they were written."""
    if hasattr(type_, "__struct_fields__"):
        omits = type_.__struct_config__.omit_defaults
        plain = len(type_.__struct_fields__) - len(type_.__struct_defaults__)
        pairs = zip(type_.__struct_fields__, type_.__struct_encode_fields__, strict=True)
        return [_Member(name, key, omits and i >= plain) for i, (name, key) in enumerate(pairs)]
    if dataclasses.is_dataclass(type_):
        return [_Member(field.name, field.name) for field in dataclasses.fields(type_)]
    if hasattr(type_, "__attrs_attrs__"):
        return [_Member(attribute.name, attribute.name) for attribute in type_.__attrs_attrs__]
    if typing.is_typeddict(type_):
        required: frozenset[str] = type_.__required_keys__
        return [_Member(name, name, name not in required) for name in hints]
    return [_Member(name, name) for name in type_._fields]


def _symbol(member: enum.Enum) -> str:
    """What an enum's member is called in a schema: its value, if all values are identifiers, else its name."""
    values = [held.value for held in type(member)]
    if all(isinstance(value, str) and is_identifier(value) for value in values):
        return str(member.value)
    return member.name


def _is_unset(type_: Any) -> bool:
    return getattr(type_, "__name__", "") == "UnsetType"


def _docstring(type_: Any) -> str:
    """What the author wrote; not the signature that dataclasses and named tuples get by themselves."""
    doc = vars(type_).get("__doc__")
    if not isinstance(doc, str) or doc.startswith(f"{type_.__name__}(") or doc == "An enumeration.":
        return ""
    return inspect.cleandoc(doc).strip()


def _shown(type_: Any) -> str:
    return getattr(type_, "__qualname__", None) or str(type_)


# Instances


def to_value(instance: Any, schema: Schema) -> Value:
    """The value of the schema that an instance of its Python type stands for. Raises `ValueMismatch`.

    A set comes in no order, a date, a time or a duration as its text in ISO 8601.
    """
    value = _value(instance, Ref(schema.root), schema, "$")
    check(value, schema)
    return value


def _value(instance: Any, type_: Type, schema: Schema, path: str) -> Value:
    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | Uuid():
            return instance
        case Float():
            return float(instance) if type(instance) is int else instance
        case String():
            return _text(instance)
        case Bytes():
            return bytes(instance)
        case Timestamp():
            if not isinstance(instance, datetime.datetime) or instance.tzinfo is None:
                raise ValueMismatch(path, "a datetime with its time zone", instance)
            return instance.astimezone(datetime.UTC)
        case Decimal(_, scale):
            try:
                return decimal.Decimal(instance).quantize(decimal.Decimal(1).scaleb(-scale), context=_EXACT)
            except (ArithmeticError, TypeError, ValueError):
                raise ValueMismatch(path, f"a decimal with at most {scale} decimals", instance) from None
        case Enum():
            return _symbol(instance) if isinstance(instance, enum.Enum) else instance
        case List():
            return [_value(item, kind.item, schema, f"{path}[{i}]") for i, item in enumerate(instance)]
        case Map():
            return {
                _text(key) if isinstance(kind.key, String) else key: _value(
                    item, kind.value, schema, f"{path}[{key!r}]"
                )
                for key, item in instance.items()
            }
        case Union():
            chosen = _chosen(instance, kind, path)
            return {chosen.key: _value(instance, chosen.type, schema, f"{path}.{chosen.key}")}
        case Record():
            held = {} if instance is None else _attributes(instance, path)
            return {
                member.key: _value(held[member.key], member.type, schema, f"{path}.{member.key}")
                for member in kind.fields
                if member.key in held and not (member.optional and held[member.key] is None)
            }
        case _:
            assert_never(kind)


_EXACT = decimal.Context(prec=1001, traps=[decimal.InvalidOperation, decimal.Inexact])
_PYTHON: dict[Any, str] = {
    NONE: "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    **dict.fromkeys(OCTETS, "string"),
}


def _chosen(instance: Any, union: Union, path: str) -> Field:
    """The alternative for an instance: called after its class, or its kind of JSON."""
    type_ = type(instance)
    if _is_record(type_):
        kinds = [type_.__name__, "object"]
    elif isinstance(instance, dict):
        kinds = ["object"]
    elif isinstance(instance, list | tuple | set | frozenset):
        kinds = ["array"]
    else:
        kinds = [_PYTHON.get(type_, "string")]
    for alternative in union.alternatives:
        if alternative.key in kinds:
            return alternative
    raise ValueMismatch(path, f"one of {', '.join(a.key for a in union.alternatives)}", instance)


def _attributes(instance: Any, path: str) -> dict[str, Any]:
    """What a record holds, by the keys that its fields are written under; without what is UNSET."""
    type_ = type(instance)
    if isinstance(instance, dict):
        held = dict(instance)
    elif hasattr(type_, "model_fields"):
        held = {info.serialization_alias or name: getattr(instance, name) for name, info in type_.model_fields.items()}
    elif _is_record(type_):
        held = {member.key: getattr(instance, member.attribute) for member in _members(type_, {})}
    else:
        raise ValueMismatch(path, "a record", instance)
    return {key: value for key, value in held.items() if not _is_unset(type(value))}


def _text(instance: Any) -> Any:
    """What is a string in the model, but need not be one in Python."""
    match instance:
        case enum.Enum():
            return _symbol(instance)
        case datetime.timedelta():
            return duration_text(instance)
        case datetime.date() | datetime.time():
            return instance.isoformat()
        case uuid.UUID():
            return str(instance)
        case _:
            return instance
