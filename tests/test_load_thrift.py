"""The importer of Thrift IDL: each construct, what is left out, and errors with their place."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from serschema.errors import SchemaError
from serschema.idl.thrift import write
from serschema.load.thrift import load
from serschema.load.thrift_text import parse
from serschema.model import (
    Bool,
    Bytes,
    Enum,
    Field,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    String,
    Union,
    Uuid,
)
from serschema.strategies import schemas


@pytest.fixture
def thrift(tmp_path):
    """Load a schema from its text, in `main.thrift`."""

    def load_text(text, message="", **options):
        (tmp_path / "main.thrift").write_text(text, encoding="utf-8")
        return load(tmp_path / "main.thrift", message=message, **options)

    return load_text


@pytest.mark.parametrize(
    ("declared", "type_"),
    [
        ("bool", Bool()),
        ("byte", Int(8)),
        ("i8", Int(8)),
        ("i16", Int(16)),
        ("i32", Int(32)),
        ("i64", Int(64)),
        ("double", Float(64)),
        ("string", String()),
        ("binary", Bytes()),
        ("uuid", Uuid()),
        ("list<i32>", List(Int(32))),
        ('list cpp_type "std::deque" <i32 (x)> ( y = "z" )', List(Int(32))),
        ("list<list<map<i64, binary>>>", List(List(Map(Int(64), Bytes())))),
        ("map<string, Later>", Map(String(), Ref("Later"))),
        ("E", Ref("E")),
        ("Alias", List(Ref("Later"))),
        ("Alias2", List(List(Ref("Later")))),
        ("Later &", Ref("Later")),
    ],
)
def test_types(thrift, declared, type_):
    text = f"""
        typedef list<Later> Alias
        struct M {{ 1: required {declared} f }}
        typedef list<Alias> Alias2;
        enum E {{ A = 1 }}
        union Later {{ 1: i32 x; 2: string y }}
        struct Other {{ 1: M m, 2: Alias2 a, 3: E e }}
    """
    schema = thrift(text, "M")
    assert schema.record == Record("M", (Field("f", 1, type_),))


def test_a_file_with_every_construct(thrift):
    schema = thrift(
        """
        // Made by hand.
        namespace * demo
        namespace java com.example.demo   # in Unix style
        cpp_include "x.h"
        const i32 LIMIT = 0x10
        const map<string, list<i32>> TABLE = {"a": [1, 2], 'b': []};
        /** What it is. */
        enum Kind { NEW, /* not a doc */ USED = 5, OLD; GONE = 0x10, } (final)
        /**
         * An order,
         *   with its parts.
         */
        struct Order {
          /** Given by us. */
          1: required i64 id = 7,
          3: optional Kind kind = Kind.NEW;
          2: string note (max = "3")
          4: required set<string> tags
          5: required map<Kind, double> prices
          -6: Order part
        }
        exception Broken { 1: string why }
        service Orders extends base.Service {
          oneway void ping(1: i32 x), Order get(1: i64 id) throws (1: Broken b) (deprecated)
        }
        """
    )
    assert schema.record == Record(
        "Order",
        (
            Field("id", 1, Int(64), doc="Given by us."),
            Field("kind", 2, Ref("Kind"), True),
            Field("note", 3, String(), True),
            Field("tags", 4, List(String())),
            Field("prices", 5, Map(String(), Float())),
            Field("part", 6, Ref("Order"), True),
        ),
        "An order,\n  with its parts.",
    )
    assert schema.resolve(Ref("Kind")) == Enum(
        "Kind", (("NEW", 0), ("USED", 5), ("OLD", 6), ("GONE", 16)), "What it is."
    )
    assert set(schema.notes) == {
        "fields are numbered in their order, as not all of them have a positive number: Order",
        "a default is left out: Order.id, Order.kind",
        "a field that is neither required nor optional may be absent: Order.note, Order.part",
        "a set is a list: Order.tags",
        "keys that are no strings are their text: Order.prices",
        "constants are left out: LIMIT, TABLE",
        "annotations are left out: final, max",
        "exceptions are left out: Broken",
        "services are left out: Orders",
    }


def test_numbers_are_kept_where_they_are_positive(thrift):
    schema = thrift("struct M { 3: required i32 a, 1: required i32 b }")
    assert [(field.name, field.number) for field in schema.record.fields] == [("a", 3), ("b", 1)]


def test_includes(thrift, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "near.thrift").write_text('include "far.thrift"\nstruct Order { 1: required far.Money m }\n')
    (tmp_path / "lib" / "far.thrift").write_text(
        'include "../main.thrift"\nstruct Money { 1: required i64 cents, 2: optional main.Order back }\n'
    )
    text = 'include "near.thrift"\nstruct Order { 1: required near.Order inner, 2: required list<near.Order> more }\n'
    schema = thrift(text, include=[tmp_path / "lib"])
    assert [type_.name for type_ in schema.types] == ["Order", "NearOrder", "Money"]
    assert schema.record.fields[1].type == List(Ref("NearOrder"))
    with pytest.raises(SchemaError, match=r"near.thrift:1: there is no file 'far.thrift' to include: --include FOLDER"):
        thrift(text)


def test_a_file_that_changed_is_read_again_also_after_one_that_failed(thrift, tmp_path):
    (tmp_path / "other.thrift").write_text("struct A { 1: required i32 x }")
    text = 'include "other.thrift"\nstruct M { 1: required other.A a }'
    assert thrift(text).resolve(Ref("A")).fields[0].type == Int(32)
    (tmp_path / "other.thrift").write_text("struct A { 1: required i64 x ")
    with pytest.raises(SchemaError, match=r"other\.thrift:1: "):
        thrift(text)
    (tmp_path / "other.thrift").write_text("struct A { 1: required i64 x }")
    assert thrift(text).resolve(Ref("A")).fields[0].type == Int(64)


def test_the_root(thrift):
    text = "struct A { 1: B b }\nstruct B { 1: optional B b }\nunion C { 1: i32 x }\n"
    assert thrift(text).root == "A"
    assert thrift(text, "B").root == "B"
    assert thrift(text + "struct D {} (serbench = '{\"root\": true}')").root == "D"
    with pytest.raises(SchemaError, match=r"which struct is the message\? there are A, D; say .*main.thrift:A"):
        thrift(text + "struct D {}")
    with pytest.raises(SchemaError, match="no struct 'Aa'; did you mean A"):
        thrift(text, "Aa")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("struct M {\n 1: required i32 a\n 1: required i32 b }", 3, "M: b has the name or the number of a"),
        ("struct M {\n 1: required i32 a\n 2: required i32 a }", 3, "M: a has the name or the number of a"),
        ("struct M {\n 1: required\n Othr a }\nenum Other { A }", 3, "M: there is no type 'Othr'; did you mean Other?"),
        ("struct M {\n 1: required map<double, i32> a }", 2, "M: a map's key is a bool, an integer or a string"),
        ("enum E {\n A, B = 0 }\nstruct M { 1: required E e }", 2, "E: the number 0 stands there twice"),
        ("enum E {\n A = 1.5 }", 2, "a number is an integer, not 1.5"),
        ("enum E {\n _A }\nstruct M { 1: required E e }", 2, "E: '_A' cannot be a symbol in every language"),
        ("\ntypedef A B\ntypedef B A\nstruct M { 1: A a }", 3, "A: a typedef of itself"),
        ("struct M {}\nstruct M {}", 2, "M is defined a second time, after line 1"),
        ("\nstrukt M {}", 2, "'strukt' begins no definition in Thrift; did you mean struct?"),
        ("senum M { 'a' }", 1, "'senum' begins no definition in Thrift"),
        ("struct M {\n 1: i32 a = }", 2, "expected"),
        ("struct M {\n 1: i32 a\n", 3, "expected a type, found the end of the file"),
        ("const i32 A = [\n1, 2", 1, "the file ends in the middle of a definition"),
        ("service S {\nvoid f(", 1, "the file ends in the middle of a definition"),
        ("struct M {\n /* \n", 2, "a comment that does not end"),
        ("struct M {\n 1: i32 a ~ }", 2, "'~ }' is nothing in Thrift"),
        ('include "nowhere.thrift"', 1, "there is no file 'nowhere.thrift' to include"),
        ('include "http://localhost/x.thrift"', 1, "there is no file 'http://localhost/x.thrift' to include"),
        ("struct M { 1: required M m }", 0, "M contains itself without end"),
        ("union U { 1: i32 a }", 0, "the file defines no struct, which a message has to be"),
        ("struct M {\n1: i32 a (serbench = 'no')}", 2, "the annotation serbench: it is not JSON"),
        ("struct M {\n1: i32 a (serbench = '[]')}", 2, "the annotation serbench: it is no object"),
        ("struct M {\n1: i32 a (serbench = '{\"x\": 1}')}", 2, "the annotation serbench: it says 'x'"),
        ("struct M {\n1: i32 a (serbench = '{\"number\": true}')}", 2, "its number cannot be True"),
        ("struct M {\n1: i32 a (serbench = '{\"type\": {}}')}", 2, "M: a: the annotation serbench: it has no type {}"),
        ('struct M {\n1: i32 a (serbench = \'{"type": {"kind": "Int", "bits": "8"}}\')}', 2, "cannot be '8'"),
        ('struct M {\n1: i32 a (serbench = \'{"type": {"kind": "Uuid"}}\')}', 2, "another type than is declared"),
        ('struct M {\n1: i32 a (serbench = \'{"type": {"kind": "Uuid", "x": 1}}\')}', 2, "its Uuid says 'x'"),
        ("enum E { A }\n(serbench = '{\"numbers\": [1, 2]}')\nstruct M { 1: E e }", 1, "another number of symbols"),
        ("struct M { 1: " + "list<" * 5000 + "i32" + ">" * 5000 + " a }", 0, "nested too deeply"),
        ("", 0, "is empty"),
    ],
)
def test_refused_with_its_line(thrift, tmp_path, text, line, words):
    with pytest.raises(SchemaError) as caught:
        thrift(text)
    place = f"{tmp_path / 'main.thrift'}:{line}: " if line else f"{tmp_path / 'main.thrift'}: "
    assert str(caught.value).startswith(place)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_thriftpy2_reads_the_same(tmp_path, schema):
    """Another parser of the same grammar: names, numbers, types and what is required.

    What follows a field called None, thriftpy2 0.7.1 drops without a word.
    """
    parser = pytest.importorskip("thriftpy2.parser.parser", reason="thriftpy2 is missing: pip install thriftpy2")
    try:
        text = write(schema)
    except SchemaError:
        return
    assume(" None" not in text)
    path = tmp_path / "main.thrift"
    path.write_text(text, encoding="utf-8")
    theirs = parser.parse(str(path), enable_cache=False)
    for name, made in parse(path, (), {}).definitions.items():
        if made.kind == "enum":
            assert {member.name: member.number for member in made.members} == getattr(theirs, name)._NAMES_TO_VALUES
            continue
        ours = {m.number: (m.name, spelled(m.use), m.requiredness == "required") for m in made.members}
        assert ours == {
            number: (spec[1], spec_spelled(*spec[:1], *spec[2:-1]), spec[-1])
            for number, spec in getattr(theirs, name).thrift_spec.items()
        }


NAMES = {2: "bool", 3: "i8", 4: "double", 6: "i16", 8: "i32", 10: "i64", 11: "string", 18: "binary"}


def spelled(use):
    return use.name + (f"<{', '.join(map(spelled, use.held))}>" if use.held else "")


def spec_spelled(code, *held):
    """A type as thriftpy2 has it: a number, and for some of them what it holds, or the class."""
    if code not in (13, 15):
        return held[0].__name__ if held else NAMES[code]
    parts = held[0] if code == 13 else held
    inner = ", ".join(spec_spelled(*part) if isinstance(part, tuple) else NAMES[part] for part in parts)
    return f"{'map' if code == 13 else 'list'}<{inner}>"


def test_unions(thrift):
    schema = thrift("union U { 1: i32 a = 5; 9: required string b }\nstruct M { 1: required U u }")
    assert schema.resolve(Ref("U")) == Union("U", (Field("a", 1, Int(32)), Field("b", 9, String())))
