"""Peers: the real ones on all shared schemas, and fakes that do their worst."""

import decimal
import functools
import json
import shutil
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest
from serbench import cli, inputs
from serbench.peers import languages, trees, verify, xdr
from serbench.peers.defects import DEFECTS, defect, mistold, variant
from serbench.peers.formats import READERS
from serbench.peers.languages import LANGUAGES, Language, PeerFailed, PeerMissing, worker
from serbench.peers.losses import LOSSES, Loss, Refusal, losses
from serbench.peers.trees import integer, kind, octets, real
from serbench.peers.verify import chosen, verify_peers
from serbench.plan import Data
from sercodecs import registry
from serschema.generate import generate
from serschema.model import Bytes, Decimal, Enum, Field, Float, Int, List, Map, Record, Ref, Schema, String, Union
from serschema.strategies import EXAMPLES

FAKE = Path(__file__).with_name("fake_peer.py")
PERSON = Schema("Person", (Record("Person", (Field("name", 1, String()), Field("big", 2, Int(64)))),))
ANA = {"name": "Ana", "big": 7}


def data_of(*messages, schema=PERSON, name="people"):
    return Data(name=name, source="test", schema=schema, messages=list(messages))


def fake(mode, **more):
    argv = (sys.executable, str(FAKE), mode)
    return Language(**{"name": "node", "tools": (), "packages": "", "build": (), "argv": argv, "formats": ()} | more)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for the sources of languages, and another to build them in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    monkeypatch.setattr(languages, "PATIENCE_S", 3.0)
    return tmp_path


@pytest.fixture
def asked(home, monkeypatch):
    """A function that gives the rows of a fake which answers for Node's JSON."""

    def rows(mode, *data, formats=("json",), name="node", **more):
        (home / name).mkdir(exist_ok=True)
        monkeypatch.setitem(LANGUAGES, name, fake(mode, name=name, **more))
        return verify_peers(data or [data_of(ANA)], {name: formats}, lambda text: None)

    return rows


# The real ones.


def missing(language):
    return [tool for tool in LANGUAGES[language].tools if shutil.which(tool) is None]


def skipped(language):
    return pytest.mark.skipif(bool(missing(language)), reason=f"missing: {', '.join(missing(language))}")


REAL = [pytest.param(name, marks=skipped(name)) for name in LANGUAGES]


def verified(language, data, formats=()):
    rows = verify_peers(data, chosen(formats, (language,)), lambda text: None)
    assert [f"{row.codec} on {row.dataset}: {row.reason}" for row in rows if row.status == "failed"] == []
    return rows


def row_of(rows, codec, dataset):
    (row,) = (row for row in rows if (row.codec, row.dataset) == (codec, dataset))
    return row


@pytest.mark.parametrize("language", REAL)
def test_all_shared_schemas(language):
    """Whatever our codec carries, the peer reads and writes, and loses only what is declared."""
    sets, _ = inputs.data_sets((), (), None, 1, 1000)
    rows = verified(language, sets)
    assert len(rows) == len(sets) * len(LANGUAGES[language].formats)
    for row in rows:
        reader = READERS[row.codec.split("/")[0]]
        if row.status == "unavailable":
            assert row.reason.startswith("missing: pidl; ")
            continue
        if row.status == "unsupported":
            assert row.reason.startswith((f"{reader.codec}: ", "not carried: "))
            continue
        assert row.encoded_bytes
        if reader.canonical and row.status == "ok":
            assert row.offers == ["octets"], row


# Fields whose names differ in case only.
NOT_IN = {"cpp": ("names",), "rust": ("names",)}
# Unions that hold themselves by value; asn1c fails at several.
NOT_IN_FORMAT = {"xdr/c": {"tree_of_unions"}, "asn1-der/c": set(EXAMPLES), "asn1-uper/c": set(EXAMPLES)}


def of_all(examples):
    """A schema of one message for all examples, with all their types, as it takes a while to compile C++ of one."""

    def renamed(part, prefix):
        match part:
            case Ref(name):
                return Ref(prefix + name)
            case List():
                return replace(part, item=renamed(part.item, prefix))
            case Map():
                return replace(part, value=renamed(part.value, prefix))
            case Record(fields=fields):
                members = tuple(replace(field, type=renamed(field.type, prefix)) for field in fields)
                return replace(part, name=prefix + part.name, fields=members)
            case Union(alternatives=fields):
                members = tuple(replace(field, type=renamed(field.type, prefix)) for field in fields)
                return replace(part, name=prefix + part.name, alternatives=members)
            case Enum():
                return replace(part, name=prefix + part.name)
        return part

    prefixes = {name: name.title().replace("_", "") for name in examples}
    fields = [
        Field(name, number, Ref(prefixes[name] + examples[name].root), True) for number, name in enumerate(examples, 1)
    ]
    types = [renamed(type, prefixes[name]) for name, schema in examples.items() for type in schema.types]
    return Schema("OfAll", (Record("OfAll", tuple(fields)), *types))


@pytest.mark.parametrize("language", REAL)
def test_every_kind(language):
    """Schemas of every kind, with values at their limits."""
    examples = {name: schema for name, schema in EXAMPLES.items() if name not in NOT_IN.get(language, ())}
    made = {name: [generate(schema, seed, 40) for seed in range(6)] for name, schema in examples.items()}
    if language == "cpp":
        made = {name: [{name: message} for message in messages] for name, messages in made.items()}
        examples = dict.fromkeys(examples, of_all(examples))
    sets = {name: data_of(*made[name], schema=schema, name=name) for name, schema in examples.items()}
    for format in LANGUAGES[language].formats:
        left = NOT_IN_FORMAT.get(f"{format}/{language}", ())
        if kept := [data for name, data in sets.items() if name not in left]:
            verified(language, kept, (format,))


@pytest.mark.parametrize("language", REAL)
def test_text_that_formats_could_take_for_something_else(language):
    texts = [
        "",
        " ",
        " a ",
        "a\r\nb\rc\td",
        "<a>&amp;</a>",
        "]]>",
        "&#13;",
        "\"'\\",
        "007",
        "true",
        "null",
        "1e5",
        "é\u2028🏷️",
    ]
    schema = Schema("Texts", (Record("Texts", (Field("texts", 1, List(String())), Field("one", 2, String()))),))
    keys = Schema("Keys", (Record("Keys", (Field("held", 1, Map(String(), String())),)),))
    verified(
        language,
        [
            data_of(*({"texts": texts, "one": text} for text in texts), schema=schema, name="texts"),
            data_of({"held": {text: text for text in texts}}, schema=keys, name="keys"),
        ],
    )


@skipped("node")
def test_what_node_loses_is_told(capsys):
    assert cli.main(["verify", "--peer", "node", "-c", "json", "-s", "numbers", "--json"]) == cli.OK
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["codec"], row["status"]) == ("json/node", "lossy")
    assert "reading: integers beyond 2^53 are rounded (ECMA-262, 6.1.6.1; RFC 8259, 6)" in row["losses"]


# Losses.

LOSES = [
    ("json/node", "read", real(102.0), integer(102)),
    ("json/node", "read", real(0.0), integer(0)),
    ("json/node", "read", real(-0.0), real(-0.0)),
    ("json/node", "read", real(1e300), integer(int(1e300))),
    ("json/node", "read", real(0.5), real(0.5)),
    ("json/node", "read", real(inf), real(inf)),
    ("json/node", "read", integer(2**53), integer(2**53)),
    ("json/node", "read", integer(2**53 + 1), integer(2**53)),
    ("json/node", "read", integer(-(2**63) + 1), integer(-(2**63))),
    ("json/node", "read", "9007199254740993", "9007199254740993"),
    ("json/node", "write", real(-0.0), integer(0)),
    ("json/node", "write", real(1e20), integer(10**20)),
    ("json/node", "write", real(1e21), real(1e21)),
    ("json/node", "write", integer(2**64 - 1), integer(18446744073709552000)),
    ("json/go", "read", real(102.0), real(102.0)),
    ("json/go", "write", integer(2**64 - 1), integer(2**64 - 1)),
    ("json/go", "write", real(2.0**64), integer(18446744073709552000)),
    ("json/go", "write", real(-0.0), integer(0)),
    ("json/go", "write", real(1e21), real(1e21)),
    ("msgpack/node", "read", integer(2**63 - 1), integer(2**63 - 1)),
    ("msgpack/node", "write", real(4294967295.0), integer(4294967295)),
    ("msgpack/node", "write", real(4294967296.0), real(4294967296.0)),
    ("msgpack/node", "write", real(-2147483649.0), real(-2147483649.0)),
    ("cbor/node", "write", {"m": [[integer(1), real(2.0)]]}, {"m": [[integer(1), integer(2)]]}),
    ("thrift-compact/node", "read", kind("bool", [True, False]), kind("bool", [False, False])),
    ("thrift-compact/node", "read", kind("bool", True), kind("bool", True)),
    (
        "thrift-compact/node",
        "read",
        kind("bool bool", {"m": [[True, True]]}),
        kind("bool bool", {"m": [[False, False]]}),
    ),
    (
        "thrift-compact/node",
        "read",
        kind("string bool", {"m": [[octets(b"a"), True]]}),
        kind("string bool", {"m": [[octets(b"a"), False]]}),
    ),
    ("thrift-binary/node", "read", kind("bool", [True]), kind("bool", [True])),
    ("thrift-binary/node", "read", {"f": "fff8000000000001"}, real(nan)),
    ("thrift-binary/node", "read", real(-0.0), real(-0.0)),
    ("thrift-binary/node", "write", real(-0.0), real(0.0)),
    ("thrift-binary/node", "write", real(102.0), real(102.0)),
    ("xml/rust", "write", {"e": ["a", [], ["x\r\n\ry\t"]]}, {"e": ["a", [], ["x\n\ny\t"]]}),
    ("xml/rust", "write", {"e": ["a", [["k", "x\r\n\ry\t "]], []]}, {"e": ["a", [["k", "x  y  "]], []]}),
    ("xml/rust", "read", {"e": ["a", [], ["x\r"]]}, {"e": ["a", [], ["x\r"]]}),
    ("xml/java", "write", {"e": ["a", [], ["x\r"]]}, {"e": ["a", [], ["x\r"]]}),
    ("thrift-binary/node", "write", {"f": "fff8000000000001"}, real(nan)),
    ("thrift-compact/java", "write", {"f": "fff8000000000001"}, real(nan)),
    ("thrift-binary/java", "write", real(-0.0), real(-0.0)),
    ("thrift-binary/java", "read", {"f": "fff8000000000001"}, {"f": "fff8000000000001"}),
    ("cbor/java", "read", kind("3", octets(b"\xaf")), integer(-176)),
    ("cbor/java", "read", kind("2", octets(b"\xaf")), integer(175)),
    ("cbor/java", "read", kind("4", octets(b"\xaf")), kind("4", octets(b"\xaf"))),
    ("cbor/java", "read", {"m": [[integer(-1), integer(2)]]}, {"m": [["-1", integer(2)]]}),
    ("cbor/java", "write", {"m": [[integer(-1), integer(2)]]}, {"m": [[integer(-1), integer(2)]]}),
    ("cbor/java", "write", kind("3", octets(b"\x80")), kind("3", octets(b"\0\x80"))),
    ("cbor/java", "write", kind("2", octets(b"\x7f")), kind("2", octets(b"\x7f"))),
    ("cbor/java", "write", kind("37", octets(b"\x80")), kind("37", octets(b"\x80"))),
    ("cbor/java", "write", integer(2**63 - 1), integer(2**63 - 1)),
    ("avro/node", "read", {"f": "fff8000000000001"}, {"f": "fff8000000000001"}),
    ("protobuf/node", "write", real(-0.0), real(-0.0)),
]


@pytest.mark.parametrize(("peer", "when", "tree", "kept"), LOSES)
def test_a_loss_changes_no_more_than_it_says(peer, when, tree, kept):
    for loss in losses(peer, when):
        tree = trees.mapped(tree, loss.change)
    assert tree == kept


REFUSES = [
    ("msgpack/node", "write", {"m": [[integer(1), None]]}),
    ("cbor/java", "read", {"m": [[True, None]]}),
    ("cbor/java", "write", {"m": [[True, None]]}),
    ("cbor/java", "write", integer(2**63)),
    ("cbor/java", "write", integer(-(2**63) - 1)),
]


@pytest.mark.parametrize(("peer", "when", "tree"), REFUSES)
def test_what_a_peer_refuses_is_the_whole_message(peer, when, tree):
    whole = [{"m": [["a", tree]]}]
    changes = [loss.change for loss in losses(peer, when)]
    with pytest.raises(Refusal):
        functools.reduce(trees.mapped, changes, whole)


def test_every_loss_has_a_case():
    known = {(peer, loss.when, loss.what) for loss in LOSSES for peer in loss.peers}
    shown = {
        (peer, when, loss.what)
        for peer, when, tree, _ in LOSES
        for loss in losses(peer, when)
        if not refuses(loss, tree) and trees.mapped(tree, loss.change) != tree
    }
    shown |= {
        (peer, when, loss.what) for peer, when, tree in REFUSES for loss in losses(peer, when) if refuses(loss, tree)
    }
    assert {(when, what) for _, when, what in known} == {(when, what) for _, when, what in shown}


def refuses(loss, tree):
    try:
        trees.mapped(tree, loss.change)
    except Refusal:
        return True
    return False


def test_a_loss_has_to_happen(asked):
    """What is said to be rounded and comes back exact is as wrong as the other way round."""
    big = data_of(ANA | {"big": 2**53 + 1})
    (exact,) = asked("honest", big)
    assert exact.status == "failed"
    assert exact.reason.endswith('"9007199254740992" is seen as "9007199254740993"')
    (rounded,) = asked("reads rounded", data_of(ANA, ANA | {"big": 2**53 + 1}))
    assert (rounded.status, rounded.reason) == ("lossy", "")
    assert rounded.losses == {
        "reading: integers beyond 2^53 are rounded (ECMA-262, 6.1.6.1; RFC 8259, 6)": 1,
        "writing: integers beyond 2^53 are rounded (ECMA-262, 6.1.6.1; RFC 8259, 6)": 1,
    }


def test_our_codec_reads_what_was_written_with_losses(asked, monkeypatch):
    """Beside the value that was lost, everything has to come back."""
    (info,) = registry.find(["json/orjson"])

    def compile(schema):
        return replace(info.compile(schema), decode=lambda data: {"name": "Ane", "big": 2**53})

    monkeypatch.setattr(verify.registry, "find", lambda names: (replace(info, compile=compile),))
    (row,) = asked("reads rounded", data_of(ANA | {"big": 2**53 + 1}))
    assert row.reason == 'message 0: our codec reads what the peer wrote otherwise: /"name": "Ana" is seen as "Ane"'


def no_ana(tree):
    if tree == "Ana":
        raise Refusal
    return tree


@pytest.mark.parametrize(
    ("when", "mode", "status", "told"),
    [
        ("read", "honest", "failed", "message 0: the peer reads what it is said to refuse: no Ana"),
        ("write", "honest", "failed", "message 0: the peer writes what it is said to refuse: no Ana"),
        ("read", "refuses", "lossy", "not read: no Ana"),
        ("write", "refuses to write", "unsupported", "not written: no Ana"),
    ],
)
def test_a_refusal_has_to_happen(when, mode, status, told, asked, monkeypatch):
    loss = Loss(what="no Ana", peers=("json/node",), when=when, change=no_ana)
    monkeypatch.setattr("serbench.peers.losses.LOSSES", (loss,))
    (row,) = asked(mode)
    assert row.status == status
    assert told in (row.reason, *row.losses)


SIGNED, UNSIGNED = Int(64), Int(64, False)
SAME_IN_CAPITALS, DIFFERENT_IN_CAPITALS = (
    Record("Two", (Field("a", 1, Int(8), True), Field(other, 2, Int(8), True))) for other in ("A", "B")
)

CARRIES = [
    ("xdr/c", String(), "a\0b", "a string ends at U+0000 in C"),
    ("xdr/c", String(), "ab", ""),
    ("xdr/c", Bytes(), b"\0", ""),
    ("xdr/go", String(), "\0", ""),
    ("protobuf/rust", Map(String(), Float()), {"a": -0.0}, "-0.0 is the default"),
    ("protobuf/rust", Float(), 0.0, ""),
    ("protobuf/go", Map(String(), Float()), {"a": -0.0}, ""),
    ("protobuf/java", SAME_IN_CAPITALS, {"a": 1}, "protoc names numbers of fields in capitals in Java"),
    ("protobuf/java", DIFFERENT_IN_CAPITALS, {"a": 1}, ""),
    ("protobuf/go", SAME_IN_CAPITALS, {"a": 1}, ""),
    ("avro/c", Map(String(), Int(8)), {"a\0b": 1}, "the key of a map ends at U+0000 for Avro C"),
    ("avro/c", Map(String(), String()), {"ab": "a\0b"}, ""),
    ("avro/c", Map(Int(8), Int(8)), {0: 0}, ""),
    ("flatbuffers/cpp", Map(String(), Float()), {"a": -0.0}, "-0.0 is the default, which is not there, for flatc's"),
    ("flatbuffers/cpp", Map(String(), Float()), {"a": 0.0}, ""),
    ("thrift-binary/cpp", Map(Int(64, False), Int(8)), {1 << 63: 0, 1: 0}, ""),
    ("thrift-binary/cpp", Map(Int(64, False), Int(8)), {1: 0, 1 << 63: 0}, "std::map has its keys in order"),
    ("thrift-compact/cpp", Map(String(), Int(8)), {"é": 0, "z": 0}, "std::map has its keys in order"),
    ("thrift-compact/cpp", Map(String(), Int(8)), {"\uffff": 0, "\U00010000": 0}, ""),
    ("thrift-compact/cpp", Map(Int(8), Int(8)), {-1: 0, 1: 0}, ""),
    ("flatbuffers/cpp", List(Float()), [-0.0], ""),
    ("java/java", List(String()), ["", ""], "the JVM reads all empty strings as one object"),
    ("java/java", List(String()), ["", "a"], ""),
    ("java/java", Bytes(), b"", ""),
    ("java/java", Map(Int(32), Int(32)), dict.fromkeys(range(24), 0), "the JVM makes a HashMap larger"),
    ("java/java", Map(Int(32), Int(32)), dict.fromkeys(range(23), 0), ""),
    ("java/java", Map(Int(32), Int(32)), dict.fromkeys(range(36), 0), ""),
    ("asn1-uper/rust", Float(32), 0.5, "rasn 0.30.0 has REAL in OER only"),
    ("asn1-ber/rust", List(Float()), [], ""),
    ("asn1-der/rust", String(), "0.5", ""),
    ("asn1-oer/rust", Float(), 0.5, ""),
    ("asn1-der/c", String(), "\0", ""),
    ("asn1-uper/c", SIGNED, 0, "asn1c 0.9.28 does not decode ranges of 63 bits and more in PER"),
    ("asn1-uper/c", Int(64, True, 0, 1 << 62), 0, ""),
    ("asn1-uper/c", Int(32), 0, ""),
    ("asn1-der/c", SIGNED, 0, ""),
    ("asn1-uper/c", UNSIGNED, 0, "asn1c 0.9.28 writes integers without upper bound with an octet too many in PER"),
    ("asn1-uper/c", Int(32, False), 0, ""),
    ("asn1-der/c", UNSIGNED, 0, ""),
    ("asn1-der/c", UNSIGNED, 1 << 63, "asn1c 0.9.28 has integers beyond 63 bits as octets in XER"),
    ("asn1-der/c", UNSIGNED, (1 << 63) - 1, ""),
    (
        "asn1-uper/c",
        Decimal(19, 2),
        decimal.Decimal("1.00"),
        "asn1c 0.9.28 has integers beyond 63 bits as octets in XER",
    ),
    ("asn1-der/c", Decimal(18, 2), decimal.Decimal("1.00"), ""),
    ("asn1-der/c", String(), "a\r", "asn1c 0.9.28 writes line ends bare in XER"),
    ("asn1-der/c", String(), "a\n", ""),
    ("asn1-der/c", Float(), 1.5, "asn1c 0.9.28 drops digits of reals in XER"),
    ("protobuf/cpp", Float(32), -(2 - 2**-23) * 2.0**127, "protoc's JSON has the greatest float with more digits"),
    ("protobuf/cpp", Float(64), (2 - 2**-23) * 2.0**127, ""),
    ("protobuf/cpp", Float(32), 1.5, ""),
    ("protobuf/cpp", Float(), -0.0, "protoc's JSON has -0, the integer 0 to others, for -0.0"),
    ("protobuf/cpp", Float(), 0.0, ""),
    ("asn1-der/c", List(Int(32, False)), [], "asn1c 0.9.28 makes C that does not compile of lists of unsigned int"),
    ("asn1-der/c", List(Int(32)), [1], ""),
    ("asn1-der/c", List(UNSIGNED), [1], ""),
]


@pytest.mark.parametrize(("peer", "type_", "value", "told"), CARRIES)
def test_a_defect_says_no_more_than_it_has_to(peer, type_, value, told):
    """In a list, a map, a union and an optional field alike."""
    more = (type_,) if isinstance(type_, Record) else ()
    type_ = Ref(type_.name) if more else type_
    choice = Union("Choice", (Field("it", 1, type_), Field("other", 2, Int(8))))
    fields = (Field("list", 1, List(Ref("Choice"))), Field("map", 2, Map(String(), type_)), Field("it", 3, type_, True))
    schema = Schema("Held", (Record("Held", fields), choice, *more))
    nothing = {"list": [{"other": 1}], "map": {}}
    assert defect(peer, nothing, schema) is None
    for held in ({"list": [{"it": value}]}, {"map": {"key": value}}, {"it": value}):
        found = defect(peer, nothing | held, schema)
        words = found.what if found else variant(peer, nothing | held, schema) or mistold(peer, nothing | held, schema)
        assert words.startswith(told)
        assert bool(words) == bool(told)


@pytest.mark.parametrize("empty", ["", b"", [], {}])
def test_what_is_empty_is_absent_where_it_may_be(empty):
    """In the object API of FlatBuffers."""
    types = {str: String(), bytes: Bytes(), list: List(Int(8)), dict: Map(String(), Int(8))}
    type_ = types[type(empty)]
    fields = (Field("may", 1, type_, True), Field("must", 2, type_))
    schema = Schema("Held", (Record("Held", fields),))
    assert defect("flatbuffers/cpp", {"must": empty}, schema) is None
    assert defect("flatbuffers/cpp", {"must": empty, "may": empty}, schema).what.startswith(EMPTY)


def test_minus_zero_is_lost_in_a_table():
    choice = Union("Choice", (Field("it", 1, Float()), Field("other", 2, Int(8))))
    fields = (Field("may", 1, Float(), True), Field("must", 2, Float()), Field("either", 3, Ref("Choice")))
    schema = Schema("Held", (Record("Held", fields), choice))
    for value, lost in (
        ({"may": -0.0, "must": 0.0, "either": {"other": 0}}, False),
        ({"must": -0.0, "either": {"other": 0}}, True),
        ({"must": 0.0, "either": {"it": -0.0}}, True),
        ({"must": 0.0, "either": {"it": 0.0}}, False),
    ):
        assert (defect("flatbuffers/cpp", value, schema) is not None) == lost


EMPTY = "empty strings and vectors that may be absent are"


def test_every_defect_has_a_case():
    told = [(peer, words) for peer, _, _, words in CARRIES if words] + [("flatbuffers/cpp", EMPTY)]
    for known in DEFECTS:
        assert any(peer in known.peers and known.what.startswith(words) for peer, words in told), known.what


def test_a_defect_has_to_happen(asked):
    """Generated code that carries what it is said not to, and the other way round."""
    schema = Schema("Texts", (Record("Texts", (Field("text", 1, String()),)),))
    good, bad = {"text": "ab"}, {"text": "a\0b"}
    (row,) = asked("again", data_of(good, bad, schema=schema), formats=("xdr",), generated=("xdr",), name="c")
    assert row.reason == ("message 1: comes back, though the peer is said not to: a string ends at U+0000 in C")
    (row,) = asked("again shorter", data_of(good, bad, schema=schema), formats=("xdr",), generated=("xdr",), name="c")
    assert row.reason.startswith("message 0: our codec does not read what the peer wrote: DecodeError")
    (row,) = asked("again refused", data_of(bad, schema=schema), formats=("xdr",), generated=("xdr",), name="c")
    assert (row.status, row.reason) == ("unsupported", "not carried: a string ends at U+0000 in C")
    twice = {"text": "", "more": ""}
    texts = Record("Texts", (Field("text", 1, String()), Field("more", 2, String())))
    data = data_of(twice, schema=Schema("Texts", (texts,)))
    (row,) = asked("again", data, formats=("java",), generated=("java",), name="java")
    assert row.reason.startswith("message 0: the same octets, though the peer is said to write others: the JVM")
    (row,) = asked("again", data_of(good, schema=schema), formats=("xdr",), generated=("xdr",), name="c")
    assert (row.status, row.offers, row.losses) == ("ok", ["octets"], {})


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("again seen", ""),
        ("again said", ""),
        ("again said other", "message 0: the peer sees it otherwise: $.text: 'ab' became 'Ab'"),
        ("again said rubbish", "message 0: what the peer says that it sees is not read: DecodeError: "),
        ("again seen other", "message 0: the peer sees it otherwise: $.text: 'ab' became 'Ab'"),
        ("again seen rubbish", "message 0: the peer sees no value of the schema: $: expected only members of Texts"),
    ],
)
def test_generated_code_that_tells_what_it_saw(mode, reason, asked, monkeypatch):
    monkeypatch.setitem(READERS, "xdr", replace(READERS["xdr"], seen="json/orjson"))
    schema = Schema("Texts", (Record("Texts", (Field("text", 1, String()),)),))
    (row,) = asked(mode, data_of({"text": "ab"}, schema=schema), formats=("xdr",), generated=("xdr",), name="c")
    assert row.status == ("failed" if reason else "ok")
    assert row.reason.startswith(reason)


# Fakes.


def test_a_peer_that_agrees(asked):
    (row,) = asked("honest", data_of(ANA, ANA | {"big": -7}))
    assert (row.status, row.reason, row.losses, row.codec, row.dataset) == ("ok", "", {}, "json/node", "people")
    assert row.encoded_bytes == [len('{"name": "Ana", "big": 7}'), len('{"name": "Ana", "big": -7}')]
    assert row.offers == []  # other spaces than ours


WRONG = {
    "reads other": 'message 0: /"name": "Ana" is seen as "Ane"',
    "writes other": 'message 0: written: /"name": "Ana" is seen as "Ane"',
    "writes another type": 'message 0: written: /"name": "Ana" is seen as {"i": "1"}',
    "writes no JSON": "message 0: Python's library does not read what the peer wrote: JSONDecodeError",
    "writes nothing": "message 0: rubbish in place of octets: None",
    "refuses": "message 0: the peer does not read it: cannot",
    "no trees": 'message 0: /: {"m": [["big", {"i": "7"}], ["name", "Ana"]]} is seen as 7',
    "crash": "ended with exit code 1; it wrote: out of luck",
    "sleep": "no answer within 3 s",
    "garbage": "rubbish in place of a frame: b'garb'",
    "short": "rubbish in place of 1 answers: []",
    "failed": "no such format",
    "other protocol": "a worker of protocol 2, not 1",
}


@pytest.mark.parametrize("mode", WRONG)
def test_a_peer_that_fails(mode, asked):
    (row,) = asked(mode)
    assert row.status == "failed"
    assert row.reason.startswith(WRONG[mode])


def test_a_peer_is_started_again_and_given_up_at_last(asked):
    made = asked("crash", *(data_of(ANA, name=str(number)) for number in range(5)))
    assert [row.status for row in made] == ["failed"] * 5
    assert [row.reason.split(";")[0] for row in made[2:]] == [
        "ended with exit code 1",
        "not asked: node failed 3 times running",
        "not asked: node failed 3 times running",
    ]


def test_failures_that_do_not_follow_each_other_are_no_reason_to_give_up(asked):
    eva = ANA | {"name": "Eva"}
    rows = asked("crashes at Eva", *(data_of(one, name=str(i)) for i, one in enumerate((eva, eva, ANA, eva, eva, ANA))))
    assert [row.status for row in rows] == ["failed", "failed", "ok", "failed", "failed", "ok"]


def test_one_language_that_dies_leaves_the_others(home, monkeypatch):
    for name, mode in (("one", "crash"), ("other", "honest")):
        (home / name).mkdir()
        monkeypatch.setitem(LANGUAGES, name, fake(mode, name=name))
    rows = verify_peers([data_of(ANA)], {"one": ("json",), "other": ("json",)}, lambda text: None)
    assert [(row.codec, row.status) for row in rows] == [("json/one", "failed"), ("json/other", "ok")]


def test_what_our_codec_does_not_carry_is_not_asked(asked):
    nul = Schema("Keys", (Record("Keys", (Field("held", 1, Map(String(), String())),)),))
    (row,) = asked("crash", data_of({"held": {"\0": "x"}}, schema=nul), formats=("bson",))
    assert (row.status, row.reason) == ("unsupported", "bson/pymongo: $.held: U+0000 in a key, which ends it")


def test_what_an_idl_cannot_say_is_not_asked(asked):
    """CORBA has no two types that contain each other."""
    one, other = (
        Record(name, (Field("held", 1, List(Ref(held))),)) for name, held in (("One", "Other"), ("Other", "One"))
    )
    data = data_of({"held": []}, schema=Schema("One", (one, other)))
    (row,) = asked("crash", data, formats=("cdr-big",))
    assert row.status == "unsupported"
    assert row.reason.startswith("cdr-big/serbench: One contains itself in another type")


def test_octets_that_differ_where_a_value_has_one_encoding(asked, monkeypatch):
    monkeypatch.setitem(READERS, "json", replace(READERS["json"], canonical=True))
    (row,) = asked("honest")
    assert row.status == "failed"
    assert row.reason == (
        "message 0: other octets, where a value has one encoding: at 8, 22416e61222c2262 is 2022416e61222c20"
    )


# Languages.


@pytest.fixture
def built(home):
    """A function that builds a language by a command; with its source, and what was said."""
    (home / "node").mkdir()
    source = home / "node" / "main.py"
    source.write_text("print(1)")
    said = []

    def build(*command, **more):
        language = fake("", packages="fakelang", build=(command,) if command else (), argv=("sh", "main.py"), **more)
        return Path(worker(language, said.append).argv[1])

    build.source, build.said = source, said
    return build


def test_a_language_is_built_once_and_again_when_its_sources_change(built):
    command = ("sh", "-c", "touch made")
    first = built(*command)
    assert (first.name, first.parents[1]) == ("main.py", languages.home())
    assert first.with_name("made").exists()
    assert built(*command) == first
    assert len(built.said) == 1
    built.source.write_text("print(2)")
    assert built(*command) != first
    assert len(built.said) == 2


def test_two_processes_build_a_language_once(built, home):
    """The second waits for the first."""
    command = ("sh", "-c", f"echo built >> {home / 'log'}; sleep 0.3")
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda _: built(*command), range(3)))
    assert len(set(paths)) == 1
    assert (home / "log").read_text() == "built\n"


def test_a_tool_that_is_missing(built):
    with pytest.raises(PeerMissing, match=r"^missing: no-such-tool; apt-get install fakelang$"):
        built(tools=("sh", "no-such-tool"))


def test_a_build_that_fails_is_told_and_not_kept(built):
    for _ in range(2):
        with pytest.raises(PeerFailed, match=r"^node was not built: sh -c .*: no luck$"):
            built("sh", "-c", "echo no luck >&2; exit 1")
    assert [path.name for path in languages.home().iterdir()] == ["node.lock"]


def test_a_build_that_hangs(built, monkeypatch):
    monkeypatch.setattr(languages, "BUILD_S", 0.2)
    with pytest.raises(PeerFailed, match=r"^node was not built within 0\.2 s: sleep 60$"):
        built("sleep", "60")


@pytest.mark.parametrize(
    ("more", "status", "reason"),
    [
        ({"tools": ("no-such-tool",), "packages": "p"}, "unavailable", "missing: no-such-tool; apt-get install p"),
        ({"build": (("false",),)}, "failed", "node was not built: false: "),
    ],
)
def test_rows_of_a_language_that_is_not_there(more, status, reason, home, monkeypatch):
    (home / "node").mkdir()
    monkeypatch.setitem(LANGUAGES, "node", fake("honest", **more))
    rows = verify_peers([data_of(ANA)], {"node": ("json", "cbor")}, lambda text: None)
    assert [(row.codec, row.status, row.reason) for row in rows] == [
        ("json/node", status, reason),
        ("cbor/node", status, reason),
    ]


def test_a_format_that_lacks_something_leaves_the_others(asked):
    rows = asked("lacks a tool", formats=("json", "cbor"))
    assert (rows[0].status, rows[0].reason) == ("unavailable", "missing: a tool; get it")
    assert rows[1].status == "failed"  # as it was asked


# The command line.


def test_which_peers_are_asked():
    assert chosen((), ()) == {name: language.formats for name, language in LANGUAGES.items()}
    assert chosen(("msgpack",), ("node",)) == {"node": ("msgpack",)}
    assert chosen(("msgpack/node",), ()) == {"node": ("msgpack",)}
    assert chosen(("thrift-compact/apache", "avro"), ("node",)) == {"node": ("avro", "thrift-compact")}
    assert "node" in chosen(("xml-attributes",), ())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--peer", "cobol"], "serbench: no peer speaks 'cobol'; there are node"),
        (["--peers", "-c", "msgpak"], "serbench: no codec or format is called 'msgpak'"),
        (["--peers", "-c", "pickle"], "serbench: no peer knows pickle; peers know xdr, "),
    ],
)
def test_complaints(arguments, complaint, capsys):
    assert cli.main(["verify", *arguments]) == cli.BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(complaint)


def test_the_command_tells_what_failed(home, monkeypatch, capsys):
    (home / "node").mkdir()
    arguments = ["verify", "--peer", "node", "-s", "employee"]
    monkeypatch.setitem(LANGUAGES, "node", fake("honest", formats=("json",)))
    assert cli.main(arguments) == cli.OK
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"serbench: node: built once, in {languages.home()}")
    assert said[1:] == ["serbench: node: Python's json"]
    monkeypatch.setitem(LANGUAGES, "node", fake("crash", formats=("json",)))
    assert cli.main(arguments) == cli.FAILED
    captured = capsys.readouterr()
    assert "json/node   FAILED" in captured.out
    assert "json/node: failed: ended with exit code 1; it wrote: out of luck (employee)" in captured.out
    assert captured.err.endswith("serbench: json/node failed on employee\n")


# Trees.


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ({"m": [["a", 1], ["b", 2]]}, {"m": [["b", 2], ["a", 1]]}, ""),
        (integer(1), integer(1), ""),
        (integer(1), real(1.0), '/: {"i": "1"} is seen as {"f": "3ff0000000000000"}'),
        (real(0.0), real(-0.0), '/f: "0000000000000000" is seen as "8000000000000000"'),
        (True, 1, "/: true is seen as 1"),
        (["a"], ["a", "b"], '/: ["a"] is seen as ["a", "b"]'),
        ({"m": [["a", None]]}, {"m": []}, '/: "a" is not seen'),
        ({"m": []}, {"m": [["a", None]]}, '/: "a" is seen'),
        ({"m": [["a", None]]}, {"m": [["a", None], ["a", None]]}, "/: a key is seen twice"),
        (kind("1", octets(b"a")), kind("2", octets(b"a")), '/x/0: "1" is seen as "2"'),
        ({"e": ["a", [["x", "1"], ["y", "2"]], ["t"]]}, {"e": ["a", [["y", "2"], ["x", "1"]], ["t"]]}, ""),
        ({"e": ["a", [], ["t", {"e": ["b", [], []]}]]}, {"e": ["a", [], [{"e": ["b", [], []]}, "t"]]}, "/e/2/0: "),
    ],
)
def test_difference(ours, theirs, told):
    found = trees.difference(trees.normal(ours), trees.normal(theirs))
    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_trees_of_python_values():
    assert trees.plain([None, True, 1, 1.0, "a", b"\0", {"k": (2,)}]) == [
        None,
        True,
        {"i": "1"},
        {"f": struct.pack(">d", 1.0).hex()},
        "a",
        {"b": "00"},
        {"m": [["k", [{"i": "2"}]]]},
    ]
    with pytest.raises(TypeError, match="no tree of object"):
        trees.plain(object())


def test_trees_of_ion():
    """Each type in the text that the specification has for it."""
    text = (
        "{a: -7, b: 1e0, c: 1.50, d: -0., e: sym, f: {{AAEC}}, g: [null, true], h: 2020-01-01T00:00:00.120Z, i: 'é',"
        'j: "é", k: nan, l: 2020-01-01T00:00:00Z, m: 12d3}'
    )
    read = READERS["ion-text"].read
    assert read(text.encode(), None) == {
        "m": [
            ["a", integer(-7)],
            ["b", real(1.0)],
            ["c", kind("decimal", "150e-2")],
            ["d", kind("decimal", "-0e0")],
            ["e", kind("symbol", "sym")],
            ["f", octets(b"\0\1\2")],
            ["g", [None, True]],
            ["h", kind("timestamp", "2020-01-01T00:00:00.120Z")],
            ["i", kind("symbol", "é")],
            ["j", "é"],
            ["k", real(nan)],
            ["l", kind("timestamp", "2020-01-01T00:00:00Z")],
            ["m", kind("decimal", "12e3")],
        ]
    }
    for other in ("x::1", "2020-01-01T00:00:00+01:00", "(1)", "{{'''clob'''}}"):
        with pytest.raises(ValueError, match=r"^(an annotation|a timestamp that is not UTC|a value of type)"):
            read(other.encode(), None)


# XDR, read by its types.

RFC_4506_TYPES = {
    "types": {
        "root": "file",
        "types": {
            "file": [
                "struct",
                [
                    ["filename", "string"],
                    ["type", ["ref", "filetype"]],
                    ["owner", "string"],
                    ["data", ["opaque", None]],
                ],
            ],
            "filetype": ["union", [[0, ["struct", []]], [1, "string"], [2, "string"]]],
        },
    }
}
RFC_4506_FILE = bytes.fromhex(
    "00000009 73696c6c 7970726f 67000000 00000002 00000004 6c697370 00000004 6a6f686e 00000006 28717569 74290000"
)
"""The example of RFC 4506, section 7."""


def test_xdr_of_the_rfc():
    assert xdr.read(RFC_4506_FILE, RFC_4506_TYPES) == {
        "m": [
            ["filename", "sillyprog"],
            ["type", kind("2", "lisp")],
            ["owner", "john"],
            ["data", octets(b"(quit)")],
        ]
    }


@pytest.mark.parametrize("data", [RFC_4506_FILE[:-1], RFC_4506_FILE + bytes(4), RFC_4506_FILE[:22], b""])
def test_xdr_that_is_too_short_or_too_long(data):
    with pytest.raises((ValueError, struct.error)):
        xdr.read(data, RFC_4506_TYPES)


def test_xdr_has_the_types_of_a_schema():
    choice = Union("Choice", (Field("b", 7, Bytes(4, 4)), Field("c", 9, Ref("Empty"))))
    fields = (
        Field("i", 1, Int(8)),
        Field("u", 2, Int(64, False), optional=True),
        Field("l", 3, List(Float(32), 2, 2)),
        Field("m", 4, Map(String(), Ref("Choice"))),
        Field("d", 5, Bytes()),
    )
    made = xdr.types(Schema("R", (Record("R", fields), choice, Record("Empty", ()))))
    assert made == {
        "root": "R",
        "types": {
            "R": [
                "struct",
                [
                    ["i", "int"],
                    ["u", ["optional", "uhyper"]],
                    ["l", ["array", "float", 2]],
                    ["m", ["array", ["struct", [["key", "string"], ["value", ["ref", "Choice"]]]], None]],
                    ["d", ["opaque", None]],
                ],
            ],
            "Choice": ["union", [[7, ["opaque", 4]], [9, ["ref", "Empty"]]]],
            "Empty": ["struct", [["unused", "int"]]],
        },
    }
