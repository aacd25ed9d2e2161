"""What formats are said to be, `canonical` and fit for `evolution`, tried out on their codecs."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serbench.cli import main
from serbench.peers.formats import READERS
from sercodecs.contract import LANGUAGES, EncodeError, UnsupportedSchema
from sercodecs.registry import codecs, missing
from serschema import shared
from serschema.limits import Refused, project
from serschema.model import Field, Int, List, Map, Record, Ref, Schema, String, Union
from serschema.strategies import schemas, values

FORMATS = {info.format.name: info.format for info in codecs()}
HERE = [info for info in codecs() if not missing(info)]
CANONICAL = [info for info in HERE if info.format.canonical.holds and "canonical" not in info.lacks]

BOTH_SCHEMAS = {"avro", "avro-container"}
"""Their readers need the writer's schema beside their own: a codec of ours is compiled for one."""


def told_backwards(value, schema, type_, *, maps):
    """An equal value whose records, and maps too, were filled in the other order."""
    kind = schema.resolve(type_)

    def again(held, of):
        return told_backwards(held, schema, of, maps=maps)

    match kind:
        case Record(fields=fields):
            return {field.key: again(value[field.key], field.type) for field in reversed(fields) if field.key in value}
        case Union(alternatives=alternatives):
            types = {field.key: field.type for field in alternatives}
            return {key: again(held, types[key]) for key, held in value.items()}
        case Map(value=of):
            entries = [(key, again(held, of)) for key, held in value.items()]
            return dict(reversed(entries) if maps else entries)
        case List(item=of):
            return [again(item, of) for item in value]
        case _:
            return value


def assert_one_encoding(info, codec, schema, value):
    backwards = told_backwards(value, schema, Ref(schema.root), maps="map" not in info.format.canonical.except_for)
    octets = codec.encode(value)
    assert codec.encode(backwards) == octets
    assert codec.encode(codec.decode(octets)) == octets


@pytest.mark.parametrize("name", shared.NAMES)
@pytest.mark.parametrize("info", CANONICAL, ids=lambda info: info.id)
def test_canonical_formats_have_one_encoding_of_a_shared_value(info, name):
    held = shared.load(name)
    try:
        codec = info.compile(held.schema)
    except UnsupportedSchema:
        pytest.skip(f"{info.id} does not carry {name}")
    for value in held.values[:20]:
        try:
            projected, _ = project(value, held.schema, info.limits)
        except Refused:
            continue
        assert_one_encoding(info, codec, held.schema, projected)


@pytest.mark.parametrize("info", CANONICAL, ids=lambda info: info.id)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_canonical_formats_have_one_encoding_of_any_value(info, data):
    schema = data.draw(schemas())
    value = data.draw(values(schema))
    try:
        projected, _ = project(value, schema, info.limits)
        codec = info.compile(schema)
        codec.encode(projected)
    except (UnsupportedSchema, Refused, EncodeError):
        return
    assert_one_encoding(info, codec, schema, projected)


def test_implementations_of_a_canonical_format_write_the_same():
    der = {info.implementation: info for info in CANONICAL if info.format.name == "asn1-der"}
    assert der.keys() == {"pyasn1", "asn1tools"}
    for name in ("employees", "order", "telemetry"):
        held = shared.load(name)
        one, other = (info.compile(held.schema) for info in der.values())
        assert [one.encode(value) for value in held.values[:5]] == [other.encode(value) for value in held.values[:5]]


def test_the_octets_of_what_is_not_canonical_do_depend_on_how_a_value_was_built():
    """The experiment can fail: JSON's members come as they were put in."""
    info = next(info for info in HERE if info.id == "json/stdlib")
    held = shared.load("order")
    with pytest.raises(AssertionError):
        assert_one_encoding(info, info.compile(held.schema), held.schema, held.values[0])


# Evolution.


def people(*, mail, city):
    """A schema, without or with an optional field more in its root, and in what that holds."""
    home = [Field("street", 1, String()), Field("number", 2, Int(32))]
    person = [Field("name", 1, String()), Field("age", 2, Int(32)), Field("home", 3, Ref("Home"))]
    if city:
        home.append(Field("city", 3, String(), optional=True))
    if mail:
        person.append(Field("mail", 4, String(), optional=True))
    return Schema("Person", (Record("Person", tuple(person)), Record("Home", tuple(home))))


def ana(*, mail, city):
    value = {"name": "Ana", "age": 42, "home": {"street": "Avda. Vergara", "number": 110}}
    if city:
        value["home"]["city"] = "Concón"
    if mail:
        value["mail"] = "ana@example.com"
    return value


OLD = {"mail": False, "city": False}
NEWER = ({"mail": True, "city": False}, {"mail": False, "city": True}, {"mail": True, "city": True})
EVOLVING = [info for info in HERE if info.format.evolution.holds and info.format.name not in BOTH_SCHEMAS]


def assert_evolves(info):
    old = info.compile(people(**OLD))
    for more in NEWER:
        new = info.compile(people(**more))
        # Added: what readers of the older schema know of it is there; who hands over all that came does no harm.
        assert known(old.decode(new.encode(ana(**more)))) == ana(**OLD)
        assert old.decode(new.encode(ana(**OLD))) == ana(**OLD)
        # Removed, or not yet there: absent.
        assert new.decode(old.encode(ana(**OLD))) == ana(**OLD)


def known(value):
    home = {key: value["home"][key] for key in ("street", "number")}
    return {"name": value["name"], "age": value["age"], "home": home}


@pytest.mark.parametrize("info", [info for info in EVOLVING if "evolution" not in info.lacks], ids=lambda info: info.id)
def test_fields_can_be_added_and_left_out(info):
    assert_evolves(info)


@pytest.mark.parametrize("info", [info for info in EVOLVING if "evolution" in info.lacks], ids=lambda info: info.id)
def test_who_lacks_evolution_does_lack_it(info):
    with pytest.raises(Exception):  # noqa: B017  whatever is wrong with it
        assert_evolves(info)


@pytest.mark.parametrize("name", ["xdr", "cdr-big", "xcdr2", "ndr-little", "asn1-uper", "asn1-oer", "protobuf-text"])
def test_formats_without_evolution_break_their_readers(name):
    info = next(info for info in HERE if info.format.name == name)
    assert not info.format.evolution.holds
    with pytest.raises(Exception):  # noqa: B017  a decoder's error, or another value
        assert_evolves(info)


def test_avro_resolves_both_schemas():
    """What our codecs, compiled for one schema, cannot show: the library is given the writer's and the reader's."""
    import fastavro
    from serschema.idl import avro

    info = next(info for info in HERE if info.id == "avro/fastavro")
    old, new = people(**OLD), people(**NEWER[-1])
    parsed = [fastavro.parse_schema(json.loads(avro.write(schema))) for schema in (old, new)]
    written = [info.compile(schema).encode(value) for schema, value in ((old, ana(**OLD)), (new, ana(**NEWER[-1])))]
    assert fastavro.schemaless_reader(io.BytesIO(written[1]), parsed[1], parsed[0]) == ana(**OLD)
    found = fastavro.schemaless_reader(io.BytesIO(written[0]), parsed[0], parsed[1])
    assert found.pop("mail") is None
    assert found["home"].pop("city") is None
    assert found == ana(**OLD)


# What is said.


def test_peers_have_to_write_the_same_octets_of_what_is_canonical():
    said = {name: reader.canonical for name, reader in READERS.items() if name in FORMATS}
    canonical = {name for name in said if FORMATS[name].canonical.holds}
    assert {"xdr", "cbor-canonical", "asn1-der"} <= canonical
    assert all(said[name] for name in canonical)


def test_the_command_line_has_what_a_codec_has_of_its_format(capsys):
    assert main(["codecs", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["xdr/serbench"]["canonical"] == {
        "holds": True,
        "rule": "RFC 4506, 3 and 4: nothing is left to the writer, padding is zero",
        "except_for": ["map"],
    }
    assert rows["msgpack/msgpack"]["evolution"]["holds"] is True
    assert rows["msgpack/msgpack-positional"]["evolution"]["holds"] is False
    assert rows["json/orjson"]["languages"]["java"] == "Jackson"


@pytest.mark.parametrize("name", FORMATS)
def test_every_claim_has_its_rule_and_every_language_is_one(name):
    held = FORMATS[name]
    for claim in (held.canonical, held.evolution):
        assert len(claim.rule) > 10
        assert claim.holds or not claim.except_for
    assert set(held.languages) <= set(LANGUAGES)
    assert all(held.languages.values())
    assert held.languages


@pytest.mark.parametrize("info", codecs(), ids=lambda info: info.id)
def test_a_codec_lacks_only_what_its_format_has(info):
    assert all(getattr(info.format, name).holds for name in info.lacks)
