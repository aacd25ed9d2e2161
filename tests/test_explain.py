"""Explanations of every codec that has them: no octet is left out, and no octets at all make a walker misbehave.

What is explained is what the codec writes for the shared schemas, and what other implementations wrote.
"""

import json
import time
import tracemalloc
from functools import cache
from pathlib import Path
from random import Random

import pytest
from sercodecs.contract import EncodeError, ExplainError, UnsupportedSchema
from sercodecs.registry import codecs, find, missing
from serschema import shared
from serschema.generate import generate
from serschema.jsonform import from_json, schema_from_json
from serschema.model import (
    Bool,
    Bytes,
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
    Union,
    Uuid,
)
from serschema.strategies import EXAMPLES

VECTORS = Path(__file__).parent / "vectors"
INFOS = {info.id: info for info in codecs() if info.explain and not missing(info)}
SILENT = ("protobuf",)
"""Formats that write nothing for a required value that is zero."""
MUTATIONS = 300
SECONDS = 2.0


def tiles(spans, end):
    """Assert that spans cover all octets up to the end once and in order."""
    position = 0
    for span in spans:
        assert (span.offset, span.length > 0) == (position, True)
        position += span.length
    assert position == end


def leaves(value, kind, schema, path="$"):
    """The paths of the scalars in a value, with what they are; those of a map's keys end in {key}."""
    kind = schema.resolve(kind)
    match kind:
        case List():
            for i, item in enumerate(value):
                yield from leaves(item, kind.item, schema, f"{path}[{i}]")
        case Map():
            for key, item in value.items():
                yield f"{path}{{key}}", key
                step = json.dumps(key, ensure_ascii=False) if isinstance(key, str) else str(key).lower()
                yield from leaves(item, kind.value, schema, f"{path}[{step}]")
        case Union() | Record():
            members = kind.fields if isinstance(kind, Record) else kind.alternatives
            for member in members:
                if member.key in value:
                    yield from leaves(value[member.key], member.type, schema, f"{path}.{member.key}")
        case _:
            yield path, value


@cache
def cell(name):
    loaded = shared.load(name, records=20)
    return loaded.schema, loaded.values[:5]


def encodings(info, schema, values):
    """The values that the codec carries, each with its encoding."""
    built = info.compile(schema)
    for value in values:
        try:
            yield value, built.encode(value)
        except EncodeError:
            continue


@pytest.mark.parametrize("name", shared.NAMES)
@pytest.mark.parametrize("codec", INFOS)
def test_every_octet_of_the_shared_schemas(codec, name):
    """Each octet once, and content exactly where the value has a scalar."""
    info, (schema, values) = INFOS[codec], cell(name)
    for value, octets in encodings(info, schema, values):
        spans = info.explain(schema, octets)
        tiles(spans, len(octets))
        found = {span.path for span in spans if span.purpose == "content"}
        scalars = dict(leaves(value, Ref(schema.root), schema))
        assert found <= scalars.keys()
        unseen = {path: scalars[path] for path in scalars.keys() - found}
        if info.format.name not in SILENT:
            assert set(unseen.values()) <= {"", b"", 0.0}


@pytest.mark.parametrize("codec", INFOS)
def test_every_octet_of_the_examples(codec):
    info = INFOS[codec]
    for schema in EXAMPLES.values():
        try:
            for _, octets in encodings(info, schema, [generate(schema, seed) for seed in range(10)]):
                tiles(info.explain(schema, octets), len(octets))
        except UnsupportedSchema:
            continue


def test_what_a_jvm_wrote():
    """Objects that are shared included."""
    (info,) = find(["java/serbench"])
    for case in json.loads((VECTORS / "java.json").read_text(encoding="utf-8"))["cases"]:
        schema = schema_from_json(case["schema"])
        for vector in case["values"]:
            octets = bytes.fromhex(vector["hex"])
            spans = info.explain(schema, octets)
            tiles(spans, len(octets))
            scalars = dict(leaves(from_json(vector["value"], schema), Ref(schema.root), schema))
            shared_objects = {span.path for span in spans if "TC_REFERENCE" in span.what}
            assert {span.path for span in spans if span.purpose == "content"} <= scalars.keys() | shared_objects


def stops_or_ends(info, schema, octets):
    """Explain any octets: in time, all of them or those before the error."""
    start = time.process_time()
    try:
        spans, end = info.explain(schema, octets), len(octets)
    except ExplainError as error:
        spans, end = error.spans, error.offset
    assert time.process_time() - start < SECONDS, f"slow: {octets[:200].hex()}"
    tiles(spans, end)
    return end


@pytest.mark.parametrize("codec", INFOS)
def test_cut_off_anywhere(codec):
    info, (schema, values) = INFOS[codec], cell("employee")
    octets = info.compile(schema).encode(values[0])
    for length in range(len(octets)):
        assert stops_or_ends(info, schema, octets[:length]) <= length
    with pytest.raises(ExplainError):
        info.explain(schema, octets[:-1])
    assert stops_or_ends(info, schema, octets + b"\x01\x02") == len(octets)


@pytest.mark.parametrize("name", ["order", "tree", "numbers", "access_log_text"])
@pytest.mark.parametrize("codec", INFOS)
def test_damaged_anywhere(codec, name):
    info, (schema, values) = INFOS[codec], cell(name)
    random = Random(7)
    written = [octets for _, octets in encodings(info, schema, values)]
    for _ in range(MUTATIONS):
        octets = bytearray(random.choice(written)[:2000])
        for _ in range(random.randint(1, 4)):
            at = random.randint(0, len(octets))
            octets[at : at + random.randint(0, 3)] = random.randbytes(random.randint(0, 3))
        stops_or_ends(info, schema, bytes(octets))


SELF = Schema(
    "Node", (Record("Node", (Field("next", 1, Ref("Node"), optional=True), Field("items", 2, List(Int(32))))),)
)
KEYED = Schema("Keyed", (Record("Keyed", (Field("map", 1, Map(String(), List(Int(32)))),)),))
HOLLOW = Schema("Empty", (Record("Empty", ()),))
MANY = 200_000

HOSTILE = {
    "xdr count": ("xdr/serbench", SELF, b"\0\0\0\0\xff\xff\xff\xff"),
    "xdr depth": ("xdr/serbench", SELF, b"\0\0\0\1" * MANY),
    "protobuf depth": ("protobuf/upb", SELF, b"\x0a\x7f" * MANY),
    "protobuf length": ("protobuf/upb", SELF, b"\x0a\xff\xff\xff\xff\x0f"),
    "protobuf varint": ("protobuf/upb", SELF, b"\x10" + b"\xff" * MANY),
    "avro count": ("avro/fastavro", SELF, b"\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    "avro depth": ("avro/fastavro", SELF, b"\x02" * MANY),
    "avro varint": ("avro/fastavro", SELF, b"\xff" * MANY),
    "avro long key": ("avro/fastavro", KEYED, b"\x02\x80\xea\x30" + b"k" * 400_000 + b"\x80\xea\x30" + b"\0" * MANY),
    "container of nothing": (
        "avro-container/fastavro",
        HOLLOW,
        find(["avro-container"])[0].compile(HOLLOW).encode({})[:-18] + b"\xfe\xff\xff\xff\x0f\x02\x00" + b"s" * 16,
    ),
    "msgpack count": ("msgpack/msgpack", SELF, b"\xdd\xff\xff\xff\xff"),
    "msgpack depth": ("msgpack/msgpack", SELF, b"\x91" * MANY),
    "positional depth": ("msgpack/msgpack-positional", SELF, b"\x92" * MANY),
    "cbor count": ("cbor/cbor2", SELF, b"\x9b" + b"\xff" * 8),
    "cbor pairs": ("cbor/cbor2", SELF, b"\xbb" + b"\xff" * 8),
    "cbor depth": ("cbor/cbor2", SELF, b"\x81" * MANY),
    "cbor tags": ("cbor/cbor2", SELF, b"\xc0" * MANY),
    "cbor without end": ("cbor/cbor2", SELF, b"\x9f" * MANY),
    "cbor chunks": ("cbor/cbor2", SELF, b"\x5f" + b"\x40" * 20_000),
    "bson length": ("bson/pymongo", SELF, b"\xff\xff\xff\x7f"),
    "bson depth": (
        "bson/pymongo",
        SELF,
        b"".join((8 * (20_000 - i)).to_bytes(4, "little") + b"\x03a\0" for i in range(20_000)),
    ),
    "bson key": ("bson/pymongo", SELF, (MANY + 4).to_bytes(4, "little") + b"\x02" * MANY),
    "ber depth": ("asn1-ber/pyasn1", SELF, b"\x30\x80" * MANY),
    "ber tag": ("asn1-ber/pyasn1", SELF, b"\x3f" + b"\xff" * MANY),
    "ber length": ("asn1-ber/pyasn1", SELF, b"\x30\xfe" + b"\xff" * MANY),
    "json depth": ("json/orjson", SELF, b"[" * MANY),
    "json string": ("json/orjson", SELF, b'"' + b"\\n" * MANY),
    "xml depth": ("xml/lxml", SELF, b"<node>" + b"<next>" * MANY),
    "xml attributes": ("xml/lxml", SELF, b"<node " + b"a='b' " * MANY),
    "xml comment": ("xml/lxml", SELF, b"<node>" + b"<!--" * MANY),
    "xml document type": ("xml/lxml", SELF, b'<!DOCTYPE x [<!ENTITY a "b">]><node/>'),
    "java superclasses": ("java/serbench", SELF, b"\xac\xed\0\5s" + (b"r\0\0" + b"\0" * 8 + b"\2\0\0x") * 10_000),
}  # fmt: skip


@pytest.mark.parametrize(("codec", "schema", "octets"), HOSTILE.values(), ids=HOSTILE)
def test_hostile(codec, schema, octets):
    """An error, in time and memory that the size of the data bounds."""
    tracemalloc.start()
    with pytest.raises(ExplainError):
        INFOS[codec].explain(schema, octets)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000 + 1000 * len(octets)
    stops_or_ends(INFOS[codec], schema, octets)


# Single spans that the goldens do not have: codec, type of the one field `v`, octets, and what the last span says.

CHOICE = Union("Choice", (Field("n", 1, Int(32)), Field("t", 2, String())))
SPANS = [
    ("protobuf/upb", Int(32), "08ffffffffffffffffff01", ("content", "$.v", "-1")),
    ("protobuf/upb", Int(32, coding="zigzag"), "0803", ("content", "$.v", "-2")),
    ("protobuf/upb", Int(32, coding="fixed"), "0dfeffffff", ("content", "$.v", "-2")),
    ("protobuf/upb", List(Int(32)), "0a020102", ("content", "$.v[1]", "2")),
    ("protobuf/upb", List(Int(32)), "0801 0802", ("content", "$.v[1]", "2")),
    ("protobuf/upb", Map(String(), Int(32)), "0a050a016b1007", ("content", '$.v["k"]', "7")),
    ("protobuf/upb", Map(Int(32, coding="zigzag"), Int(32)), "0a0408031007", ("content", "$.v[-2]", "7")),
    ("protobuf/upb", Ref("Choice"), "120161", ("content", "$.v.t", '"a"')),
    ("protobuf/upb", Int(32), "0d01000000", ("content", "$.v", "4 octets")),
    ("protobuf/upb", Int(32), "1a0161", ("content", "$", "1 octet")),
    ("avro/fastavro", List(Int(32)), "0304020400", ("length", "$.v", "end of blocks")),
    ("avro/fastavro", Ref("Choice"), "020261", ("content", "$.v.t", '"a"')),
    ("avro/fastavro", Timestamp(), "00", ("content", "$.v", "1970-01-01T00:00:00Z")),
    ("msgpack/msgpack", Timestamp(), "81a176d6ff00000001", ("content", "$.v", "1970-01-01T00:00:01Z")),
    ("msgpack/msgpack", Timestamp(), "81a176c70cff00000400ffffffffffffffff",
     ("content", "$.v", "1969-12-31T23:59:59.000001024Z")),
    ("msgpack/msgpack", Int(32), "81a17601", ("content", "$.v", "1")),
    ("msgpack/msgpack", Int(32), "81a178d0ff", ("content", "$", "-1")),
    ("cbor/cbor2", Int(32), "a1617620", ("content", "$.v", "-1")),
    ("cbor/cbor2", Int(32), "a161781901f4", ("content", "$", "500")),
    ("cbor/cbor2", Float(), "a16176f93e00", ("content", "$.v", "1.5")),
    ("cbor/cbor2", Float(), "a16176faff800000", ("content", "$.v", "-inf")),
    ("cbor/cbor2", Int(32), "a16176f7", ("presence", "$.v", "undefined")),
    ("cbor/cbor2", Bool(), "a16176f8ff", ("content", "$.v", "simple value 255")),
    ("cbor/cbor2", Map(Int(), Bool()), "a16176a120f5", ("content", "$.v[-1]", "true")),
    ("cbor/cbor2", Uuid(), "a16176d8255000112233445566778899aabbccddeeff",
     ("content", "$.v", "00112233-4455-6677-8899-aabbccddeeff")),
    ("cbor/cbor2", Ref("Choice"), "bf6176bf61747f6161ffffff", ("structure", "$", "break")),
    ("cbor/cbor2", Timestamp(), "a16176c074323031332d30332d32315432303a30343a30305a",
     ("content", "$.v", '"2013-03-21T20:04:00Z"')),
    ("bson/pymongo", Uuid(), "1d000000 05 7600 10000000 04 73ffd26444b34c6990e8e7d1dfc035d4 00",
     ("structure", "$", "end of document")),
    ("asn1-ber/pyasn1", Float(), "3005 8003 80ff03", ("content", "$.v", "1.5 (3 * 2^-1)")),
    ("asn1-ber/pyasn1", Float(), "3003 800142", ("content", "$.v", "nan")),
    ("asn1-ber/pyasn1", Bytes(), "3080 a080 040161 040162 0000 0000", ("structure", "$", "end of contents")),
    ("asn1-ber/pyasn1", Ref("Choice"), "3005 a003 810161", ("content", "$.v.t", '"a"')),
    ("asn1-ber/pyasn1", Map(String(), Bool()), "300a a008 3006 80016b 8101ff", ("content", '$.v["k"]', "TRUE")),
    ("xdr/serbench", Ref("Choice"), "00000002 00000001 61000000", ("padding", "$.v.t", "padding to 4")),
    ("xdr/serbench", Uuid(), "00112233445566778899aabbccddeeff",
     ("content", "$.v", "00112233-4455-6677-8899-aabbccddeeff")),
    ("json/orjson", String(), b'{ "v":"\\u001b[1m\xc3\xa9" }'.hex(), ("structure", "$", "}")),
    ("json/orjson", Float(), b'{"v":null'.hex() + "7d", ("structure", "$", "}")),
    ("xml/lxml", String(), b"<message><v>a&lt;<![CDATA[b]]></v></message>".hex(), ("structure", "$", ">")),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "kind", "octets", "last"), SPANS)
def test_what_is_said(codec, kind, octets, last):
    schema = Schema("Message", (Record("Message", (Field("v", 1, kind),)), CHOICE))
    span = INFOS[codec].explain(schema, bytes.fromhex(octets))[-1]
    assert (span.purpose, span.path, span.what) == last


def test_presence():
    schema = Schema("Message", (Record("Message", (Field("v", 1, Int(32), optional=True),)),))
    said = {
        "xdr/serbench": ("00000000", "absent"),
        "avro/fastavro": ("00", "union branch 0 (null)"),
        "msgpack/msgpack-positional": ("91c0", "nil"),
    }
    for codec, (octets, what) in said.items():
        span = INFOS[codec].explain(schema, bytes.fromhex(octets))[-1]
        assert (span.purpose, span.path, span.what) == ("presence", "$.v", what)


def test_a_terminal_is_not_commanded():
    """What a message holds cannot move the cursor of whoever looks at it."""
    schema = Schema("Message", (Record("Message", (Field("v", 1, String()),)),))
    for codec in INFOS:
        if INFOS[codec].format.name != "xml":
            octets = INFOS[codec].compile(schema).encode({"v": "\x1b[2J\u202e"})
            shown = "".join(span.what + span.path for span in INFOS[codec].explain(schema, octets))
            assert shown.isprintable()
    shown = INFOS["xml/lxml"].explain(schema, b"<message>\x1b[2J<a>\x9b</a></message>")
    assert "".join(span.what + span.path for span in shown).isprintable()


def test_the_error_says_where():
    schema, values = cell("employee")
    octets = find(["xdr"])[0].compile(schema).encode(values[0])
    with pytest.raises(ExplainError, match=r"at byte 24: 26 octets are due, 6 are left") as caught:
        INFOS["xdr/serbench"].explain(schema, octets[:30])
    assert caught.value.spans[-1].what == "length 26"
