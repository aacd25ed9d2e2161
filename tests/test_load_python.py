"""The importer of Python types: each construct, what is noted, each way to be refused, and instances as values."""

import datetime
import enum
import sys
import typing
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal as PyDecimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, TypeVar

import annotated_types
import attrs
import msgspec
import pydantic
import pytest
from serschema.errors import SchemaError, ValueMismatch
from serschema.load import load_schema
from serschema.load.python import Digits, load, schema_of, to_value
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
    String,
    Timestamp,
    Union,
    Uuid,
)

UTC = datetime.UTC


class Colour(enum.Enum):
    """Of ink."""

    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 7


class Media(enum.Enum):
    TEXT = "text/plain"
    JSON = "application/json"


class Bits(enum.Flag):
    A = 1
    B = 2


class Underscored(enum.Enum):
    _x = 1


@dataclass
class Point:
    """A place."""

    x: int
    y: int = 0


class Circle(msgspec.Struct, tag="circle"):
    radius: float


class Renamed(msgspec.Struct, rename="camel", omit_defaults=True):
    side_length: float
    first_note: str = ""
    unset: int | msgspec.UnsetType = msgspec.UNSET


@attrs.define
class Tag:
    name: str
    _weight: int = 0


class Pair(NamedTuple):
    """Two of them."""

    left: int
    right: str = ""


class Options(TypedDict):
    zeta: str
    alpha: NotRequired[int]


class Loose(Options, total=False):
    more: bool


T = TypeVar("T")


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


Name = NewType("Name", str)


def holder(annotation):
    """A dataclass of one field `f`."""
    return dataclass(type("Holder", (), {"__annotations__": {"f": annotation}, "__module__": __name__}))


TYPES = [
    (bool, Bool()),
    (int, Int(64)),
    (float, Float(64)),
    (str, String()),
    (bytes, Bytes()),
    (bytearray, Bytes()),
    (datetime.datetime, Timestamp()),
    (uuid.UUID, Uuid()),
    (Name, String()),
    (typing.Final[int], Int(64)),
    (Annotated[int, msgspec.Meta(ge=0, lt=256)], Int(8, False)),
    (Annotated[int, msgspec.Meta(gt=0)], Int(64, True, 1)),
    (Annotated[int, annotated_types.Interval(ge=-5, le=5)], Int(8, True, -5, 5)),
    (Annotated[int, annotated_types.Ge(0), annotated_types.Le(65535)], Int(16, False)),
    (Annotated[str, msgspec.Meta(max_length=3)], String(3)),
    (Annotated[str, annotated_types.MaxLen(3)], String(3)),
    (Annotated[bytes, annotated_types.Len(2, 2)], Bytes(2, 2)),
    (Annotated[PyDecimal, Digits(12, 2)], Decimal(12, 2)),
    (list[int], List(Int(64))),
    (Annotated[list[Annotated[str, msgspec.Meta(max_length=1)]], msgspec.Meta(min_length=1)], List(String(1), 1)),
    (typing.List[int], List(Int(64))),  # noqa: UP006
    (Sequence[bool], List(Bool())),
    (tuple[float, ...], List(Float())),
    (tuple[int, int], List(Int(64), 2, 2)),
    (dict[str, int], Map(String(), Int(64))),
    (Mapping[int, list[str]], Map(Int(64), List(String()))),
    (Point, Ref("Point")),
    (Circle, Ref("Circle")),
    (Tag, Ref("Tag")),
    (Pair, Ref("Pair")),
    (Options, Ref("Options")),
    (Page[int], Ref("PageInt")),
    (Colour, Ref("Colour")),
    (Literal["b", "a"], Ref("F")),
    (Literal[True, False], Bool()),
    (None, Ref("Null")),
]


@pytest.mark.parametrize(("annotation", "type"), TYPES, ids=lambda part: str(part)[:60])
def test_types(annotation, type):
    schema = schema_of(holder(annotation))
    assert schema.root == "Holder"
    assert schema.record.fields == (Field("f", 1, type),)
    assert schema.notes == ()


NOTED = [
    (PyDecimal, Decimal(28, 9), "a Decimal has 28 digits, 9 of them decimals"),
    (set[str], List(String()), "a set is a list"),
    (datetime.date, String(), "a date is its text"),
    (datetime.timedelta, String(), "a duration is its text"),
    (Literal[1, 300], Int(16, False, 1, 300), "a Literal of integers is a range"),
    (Literal["a-b", "c"], String(3), "no identifiers, as 'a-b', is a string"),
    (dict[uuid.UUID, int], Map(String(), Int(64)), "keys that are no strings are their text"),
    (Annotated[int, msgspec.Meta(multiple_of=2)], Int(64), "multiple_of is left out"),
]


@pytest.mark.parametrize(("annotation", "type", "note"), NOTED, ids=lambda part: str(part)[:60])
def test_what_is_not_the_same_is_noted(annotation, type, note):
    schema = schema_of(holder(annotation))
    assert schema.record.fields[0].type == type
    (told,) = schema.notes
    assert note in told
    assert told.endswith(": Holder.f")


@pytest.mark.parametrize(
    "annotation",
    [int | None, Optional[int], Annotated[int | None, msgspec.Meta(title="x")], NotRequired[int]],  # noqa: UP045
    ids=str,
)
def test_optional(annotation):
    assert schema_of(holder(annotation)).record.fields == (Field("f", 1, Int(64), True),)


RECORDS = [
    (Point, (Field("x", 1, Int(64)), Field("y", 2, Int(64))), "A place."),
    (Circle, (Field("radius", 1, Float()),), ""),
    (
        Renamed,
        (
            Field("side_length", 1, Float(), key="sideLength"),
            Field("first_note", 2, String(), True, "firstNote"),
            Field("unset", 3, Int(64), True),
        ),
        "",
    ),
    (Tag, (Field("name", 1, String()), Field("weight", 2, Int(64), key="_weight")), ""),
    (Pair, (Field("left", 1, Int(64)), Field("right", 2, String())), "Two of them."),
    (Options, (Field("zeta", 1, String()), Field("alpha", 2, Int(64), True)), ""),
    (Loose, (Field("zeta", 1, String()), Field("alpha", 2, Int(64), True), Field("more", 3, Bool(), True)), ""),
]


@pytest.mark.parametrize(("type", "fields", "doc"), RECORDS, ids=lambda part: getattr(part, "__name__", ""))
def test_records(type, fields, doc):
    assert schema_of(type).types == (Record(type.__name__, fields, doc),)


def test_enums():
    held = schema_of(holder(tuple[Colour, Colour]))
    assert held.resolve(Ref("Colour")) == Enum("Colour", (("red", 0), ("green", 1)), "Of ink.")
    assert schema_of(holder(Level)).resolve(Ref("Level")) == Enum("Level", (("LOW", 1), ("HIGH", 7)))
    media = schema_of(holder(Media))
    assert media.resolve(Ref("Media")) == Enum("Media", (("TEXT", 0), ("JSON", 1)))
    assert media.notes == ("an enum's symbols are its names, as its values are no identifiers: Media",)
    literal = schema_of(holder(Literal["b", "a", None]))
    assert literal.record.fields == (Field("f", 1, Ref("F"), True),)
    assert literal.resolve(Ref("F")) == Enum("F", (("b", 0), ("a", 1)))


def test_unions():
    records = schema_of(holder(Circle | Point | None))
    assert records.record.fields == (Field("f", 1, Ref("F"), True),)
    assert records.resolve(Ref("F")) == Union("F", (Field("Circle", 1, Ref("Circle")), Field("Point", 2, Ref("Point"))))
    kinds = schema_of(holder(list[int | str | Point | None]))
    assert kinds.resolve(Ref("F")).alternatives == (
        Field("integer", 1, Int(64)),
        Field("string", 2, String()),
        Field("object", 3, Ref("Point")),
        Field("null", 4, Ref("Null")),
    )


def test_generics_and_recursion():
    schema = schema_of(Page[Point])
    assert schema.root == "PagePoint"
    assert schema.record.fields == (Field("items", 1, List(Ref("Point"))), Field("next", 2, Ref("PagePoint"), True))


def test_docs_of_fields():
    @dataclass
    class Documented:
        a: Annotated[int, msgspec.Meta(description="first")]
        b: Annotated[str | None, msgspec.Meta(description="second", max_length=3)]

    assert schema_of(Documented).record.fields == (
        Field("a", 1, Int(64), doc="first"),
        Field("b", 2, String(3), True, doc="second"),
    )


REFUSED = [
    (Any, "Any may be anything"),
    (object, "object may be anything"),
    (list, "list may hold anything: say list"),
    (dict, "a dict may hold anything"),
    (tuple[int, str], "a tuple of several types: make it a NamedTuple"),
    (dict[float, int], "a map's key is a bool, an integer or a string"),
    (complex, "complex has no place in serbench's model"),
    (msgspec.Raw, "Raw has no place"),
    (Page, "stands for any type"),
    (int | bytes | str, "two alternatives of the union are string"),
    (Literal["a", 1], "a Literal of strings or of integers"),
    (Annotated[int, msgspec.Meta(ge=0, le=1 << 70)], "does not fit 64 bits"),
    ("Missing", "its annotations cannot be read: name 'Missing'"),
]


@pytest.mark.parametrize(("annotation", "message"), REFUSED, ids=lambda part: str(part)[:60])
def test_refused(annotation, message):
    with pytest.raises(SchemaError, match=message):
        schema_of(holder(annotation))


def test_refused_enums_and_roots():
    with pytest.raises(SchemaError, match="any combination"):
        schema_of(holder(Bits))
    with pytest.raises(SchemaError, match="'_x' cannot be a symbol"):
        schema_of(holder(Underscored))
    with pytest.raises(SchemaError, match="int is no record: serbench needs a dataclass"):
        schema_of(int)


FILE = '''"""Models."""
from __future__ import annotations

import dataclasses
from helper import Inner

@dataclasses.dataclass
class Good:
    """Good one."""
    inner: Inner

@dataclasses.dataclass
class Bad:
    a: int
    b: complex

class Outer:
    @dataclasses.dataclass
    class Nested:
        x: int
'''


def test_a_file(tmp_path):
    path = tmp_path / "models.py"
    path.write_text(FILE)
    (tmp_path / "helper.py").write_text("import typing\nclass Inner(typing.NamedTuple):\n    x: int\n")
    before = list(sys.path)
    try:
        schema = load_schema(f"{path}:Good")
        assert schema.types == (
            Record("Good", (Field("inner", 1, Ref("Inner")),), "Good one."),
            Record("Inner", (Field("x", 1, Int(64)),)),
        )
        assert load(path, message="Outer.Nested").root == "Nested"
        with pytest.raises(SchemaError, match=r"models\.py:15: Bad\.b: complex has no place"):
            load(path, message="Bad")
        with pytest.raises(SchemaError, match=r"models\.py: it does not say which type; say .*models\.py:Bad"):
            load(path)
        with pytest.raises(SchemaError, match="there is no 'Goood'; there are Good, Bad"):
            load(path, message="Goood")
    finally:
        sys.modules.pop("helper", None)
    assert sys.path == before


def test_what_importing_raises(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import sys\n\nsys.exit('no')\n")
    with pytest.raises(SchemaError, match=r"broken\.py:3: importing it failed: SystemExit: no"):
        load(path, message="X")
    path.write_text("x = 1\ny = = 2\n")
    with pytest.raises(SchemaError, match=r"broken\.py:2: importing it failed: SyntaxError: invalid syntax"):
        load(path, message="X")
    with pytest.raises(SchemaError, match=r"none\.py: cannot be read"):
        load(tmp_path / "none.py", message="X")
    with pytest.raises(SchemaError, match="no_such_module: importing it failed: ModuleNotFoundError"):
        load_schema("no_such_module:X")


def test_a_module(tmp_path, monkeypatch):
    (tmp_path / "serbench_test_module.py").write_text("import typing\nclass P(typing.TypedDict):\n    x: int\n")
    monkeypatch.chdir(tmp_path)
    try:
        assert load_schema("serbench_test_module:P").types == (Record("P", (Field("x", 1, Int(64)),)),)
    finally:
        sys.modules.pop("serbench_test_module", None)


# Pydantic


class Cat(pydantic.BaseModel):
    """Meows."""

    lives: Annotated[int, pydantic.Field(ge=0, le=9)] = 9


class Dog(pydantic.BaseModel):
    name: str


class Owner(pydantic.BaseModel):
    id: uuid.UUID
    since: datetime.datetime
    pet: Cat | Dog
    colour: Colour
    photo: Annotated[bytes, pydantic.Field(max_length=9)]
    paid: Annotated[PyDecimal, pydantic.Field(max_digits=12, decimal_places=2)]
    shown: str = pydantic.Field(alias="shownAs", max_length=5, description="on the door")
    parent: Optional["Owner"] = None
    mixed: int | str
    by_name: dict[str, Cat] = {}


class Anything(pydantic.BaseModel):
    x: int
    y: Any


def test_pydantic():
    schema = schema_of(Owner)
    assert schema.record.fields == (
        Field("id", 1, Uuid()),
        Field("since", 2, Timestamp()),
        Field("pet", 3, Ref("Pet")),
        Field("colour", 4, Ref("Colour")),
        Field("photo", 5, Bytes(0, 9)),
        Field("paid", 6, Decimal(12, 2)),
        Field("shownAs", 7, String(5), doc="on the door"),
        Field("parent", 8, Ref("Owner"), True),
        Field("mixed", 9, Ref("Mixed")),
        Field("by_name", 10, Map(String(), Ref("Cat"))),
    )
    assert schema.resolve(Ref("Pet")) == Union("Pet", (Field("Cat", 1, Ref("Cat")), Field("Dog", 2, Ref("Dog"))))
    assert schema.resolve(Ref("Cat")) == Record("Cat", (Field("lives", 1, Int(8, False, None, 9)),), "Meows.")
    owner = Owner(
        id=uuid.UUID(int=1),
        since=datetime.datetime(2024, 1, 31, 12, tzinfo=UTC),
        pet=Dog(name="Rex"),
        colour=Colour.RED,
        photo=b"x",
        paid=PyDecimal("1.5"),
        shownAs="me",
        mixed=3,
    )
    assert to_value(owner, schema) == {
        "id": uuid.UUID(int=1),
        "since": datetime.datetime(2024, 1, 31, 12, tzinfo=UTC),
        "pet": {"Dog": {"name": "Rex"}},
        "colour": "red",
        "photo": b"x",
        "paid": PyDecimal("1.50"),
        "shownAs": "me",
        "mixed": {"integer": 3},
        "by_name": {},
    }


def test_what_pydantic_cannot_say():
    with pytest.raises(SchemaError, match=r"test_load_python\.py:[1-9][0-9]+: Anything: 'y' may be anything"):
        schema_of(Anything)
    with pytest.raises(SchemaError, match=r"Holder\.f: Cat is Pydantic's"):
        schema_of(holder(Cat))


# Instances


@dataclass
class Everything:
    colour: Colour
    level: Level
    price: Annotated[PyDecimal, Digits(12, 2)]
    at: datetime.datetime
    day: datetime.date
    span: datetime.timedelta
    shape: Circle | Point
    mixed: int | str | None
    tag: Tag
    pair: Pair
    options: Options
    points: dict[int, Point]
    octets: bytearray
    ratio: float
    renamed: Renamed
    names: set[str]
    items: list[int | None] = field(default_factory=list)


def test_to_value():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    everything = Everything(
        Colour.GREEN,
        Level.HIGH,
        PyDecimal("9.9"),
        datetime.datetime(2024, 1, 31, 14, tzinfo=zone),
        datetime.date(2024, 1, 31),
        datetime.timedelta(days=-1, seconds=-1.5),
        Point(1),
        None,
        Tag("t"),
        Pair(1, "r"),
        {"zeta": "z"},
        {3: Point(1, 2)},
        bytearray(b"ab"),
        3,
        Renamed(2.0),
        {"x"},
        [1, None],
    )
    assert to_value(everything, schema_of(Everything)) == {
        "colour": "green",
        "level": "HIGH",
        "price": PyDecimal("9.90"),
        "at": datetime.datetime(2024, 1, 31, 12, tzinfo=UTC),
        "day": "2024-01-31",
        "span": "-P1DT1.500000S",
        "shape": {"Point": {"x": 1, "y": 0}},
        "tag": {"name": "t", "_weight": 0},
        "pair": {"left": 1, "right": "r"},
        "options": {"zeta": "z"},
        "points": {3: {"x": 1, "y": 2}},
        "octets": b"ab",
        "ratio": 3.0,
        "renamed": {"sideLength": 2.0, "firstNote": ""},
        "names": ["x"],
        "items": [{"integer": 1}, {"null": {}}],
    }


WRONG = [
    (datetime.datetime, datetime.datetime(2024, 1, 1), r"\$\.f: expected a datetime with its time zone"),
    (Annotated[PyDecimal, Digits(5, 2)], PyDecimal("1.234"), r"\$\.f: expected a decimal with at most 2 decimals"),
    (int | str, 1.5, r"\$\.f: expected one of integer, string"),
    (int, "x", r"\$\.f: expected an integer"),
    (Point, 3, r"\$\.f: expected a record"),
    (Annotated[int, msgspec.Meta(le=3)], 4, r"\$\.f: expected an integer in"),
]


@pytest.mark.parametrize(("annotation", "held", "message"), WRONG, ids=lambda part: str(part)[:40])
def test_instances_that_are_not_of_their_type(annotation, held, message):
    type = holder(annotation)
    with pytest.raises(ValueMismatch, match=message):
        to_value(type(held), schema_of(type))
