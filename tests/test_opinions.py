"""Libraries of Python read each other: the real ones on all that there is, and codecs that do their worst."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import fake_codecs
import pytest
from fake_codecs import SCHEMA, point
from serbench import cli, inputs
from serbench.client import Worker
from serbench.peers import opinions, pairs
from serbench.peers.opinions import Group, ask, chosen, wire
from serbench.peers.pairs import DIFFERENCES, Pairs
from serbench.plan import Data
from serbench.report import matrices
from serbench.results import Asked
from sercodecs.registry import codecs, missing
from serschema.generate import generate
from serschema.limits import Limits
from serschema.model import Field, Float, List, Map, Record, Schema, String
from serschema.strategies import EXAMPLES

HERE = Path(__file__).parent

TEXTS = [
    "",
    " ",
    " a ",
    "a\r\nb\rc\td",
    "<a>&amp;</a>",
    "]]>",
    "\"'\\",
    "007",
    "true",
    "null",
    "~",
    "1e5",
    "yes",
    "é\u2028🏷️",
]
HERE_ALL = [info.id for group in chosen() for info in group.writers if missing(info)]


def quiet(text):
    pass


# The real ones.


def test_every_format_of_several_libraries_is_a_group():
    groups = {wire(group.readers[0].id): group for group in chosen()}
    by_format = {}
    for info in codecs():
        by_format.setdefault(info.format.name, set()).add(info.distribution)
    several = {name for name, found in by_format.items() if len(found) > 1}
    assert several <= groups.keys()
    assert {"protobuf", "ubjson", "msgpack, positional", "xml, attributes"} <= groups.keys()
    assert not any(name.startswith(("pickle", "fory")) for name in groups)
    assert {info.id for info in groups["asn1-ber"].writers} >= {"asn1-der/asn1tools", "asn1-cer/pyasn1"}
    assert "cbor-canonical/cbor2" in {info.id for info in groups["cbor"].writers}
    assert "cbor-canonical/cbor2" not in {info.id for info in groups["cbor"].readers}


def test_what_is_said_of_octets_is_said_of_codecs_that_there_are():
    known = {info.id for info in codecs()}
    assert opinions.WIRES.keys() <= known
    assert {*opinions.PARTS, *opinions.PARTS.values()} <= {info.format.name for info in codecs()}
    assert {name for held in DIFFERENCES for name in (*held.writers, *held.readers)} <= known


@pytest.mark.skipif(bool(HERE_ALL), reason=f"not installed: {', '.join(HERE_ALL)}")
def test_all_read_each_other_but_where_it_is_known():
    texts = Schema("Texts", (Record("Texts", (Field("one", 1, String()), Field("all", 2, List(String())))),))
    keys = Schema("Keys", (Record("Keys", (Field("held", 1, Map(String(), String())),)),))
    sets = [
        *inputs.data_sets((), (), None, 1, 1000)[0],
        *(
            Data(name=name, source="test", schema=schema, messages=[generate(schema, seed, 40) for seed in range(3)])
            for name, schema in EXAMPLES.items()
        ),
        Data(name="texts", source="test", schema=texts, messages=[{"one": text, "all": []} for text in TEXTS]),
        Data(name="text", source="test", schema=texts, messages=[{"one": "", "all": TEXTS}]),
        Data(name="keys", source="test", schema=keys, messages=[{"held": {text: text for text in TEXTS}}]),
    ]
    rows = ask(sets, chosen(), quiet)
    assert [
        f"{row.codec} of {row.writer} on {row.dataset}: {row.reason}" for row in rows if row.status == "failed"
    ] == []
    assert len(rows) == len(sets) * sum(len(group.pairs) for group in chosen())
    seen = {what.partition(": ")[2] for row in rows for what in row.losses}
    assert {held.what for held in DIFFERENCES} <= seen
    assert any(row.octets and row.status == "ok" for row in rows)


YAML = (
    "yes no on off y n Yes YES True 0777 0o17 1_000 1:30 1:30:15 1:30.5 .5 1. +1 -1 0x1F 0b11 = << 1e5 1E5 -1e5 +1e-5 "
    "1.5e5 1.5e+5 .inf -.inf null ~ Null 0x 08 09 007 0_7 12e03 1e e5 190:20:30 1_0.5 _1 .e5 0o8 +.inf +.5 -.5 +0x1 "
    "-0o7 -1:30 0:30 0:30.5 1:60 Off oN 0.0 00 -09 1e+5 1e5.0 1.e5 +.5e+1 .5e+1 .5e1 2001-01-01 Infinity NaN"
)


@pytest.mark.parametrize(("writer", "reader"), [("ruamel", "pyyaml"), ("libyaml", "ruamel"), ("pyyaml", "libyaml")])
def test_of_two_versions_of_yaml_it_is_known_which_words_differ(writer, reader):
    """Each as a text, as a key, and as the name of a field: a difference that is known has to show, and no other."""
    infos = [info for name in (writer, reader) for info in codecs() if info.id == f"yaml/{name}"]
    if any(map(missing, infos)):
        pytest.skip("not installed")
    text = Schema("T", (Record("T", (Field("text", 1, String()),)),))
    keys = Schema("K", (Record("K", (Field("held", 1, Map(String(), String())),)),))
    found = []
    for word in YAML.split():
        field = Schema("F", (Record("F", (Field("f", 1, String(), key=word),)),))
        for schema, value in ((text, {"text": word}), (keys, {"held": {word: "x"}}), (field, {word: "x"})):
            row = Pairs(schema, [value]).outcome(*infos)
            assert row["status"] in ("ok", "unsupported"), (word, row)
            found.append(row["status"])
    assert (found.count("unsupported") > 20) is ("ruamel" in (writer, reader))


# What a pair is said to do. The writer's number is given to the reader in JSON.


def info(name):
    return next(info for info in fake_codecs.CODECS if info.implementation == name)


def outcome(writer, reader, *messages):
    writer, reader = (info(held) if isinstance(held, str) else held for held in (writer, reader))
    return Pairs(SCHEMA, messages).outcome(writer, reader)


def made(name, encode=None, decode=None, **more):
    return fake_codecs.info(name, fake_codecs.plain(encode, decode), **more)


FINE = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def test_a_reader_that_sees_the_value_is_ok_and_octets_are_compared():
    spaced = made("spaced", lambda codec, value: b" " + codec.encode(value))
    row = outcome("good", "plain", point(), point(8, label="é"))
    assert row == {"codec": "fake/plain", "writer": "fake/good", "status": "ok", "losses": {}, "octets": True}
    assert outcome("good", spaced, point())["octets"] is False
    assert outcome(spaced, "good", point())["status"] == "ok"


@pytest.mark.parametrize(
    ("writer", "reader", "reason"),
    [
        ("flipping", "good", "message 1: $.x: 7 became 6"),
        ("good", made("blind", None, lambda codec, data: {"x": 7}), "message 0: $: 'weight' is missing"),
        ("good", made("whole", None, lambda codec, data: codec.decode(data) | {"weight": 1}), "message 0: $.weight: "),
        ("good", made("deaf", None, lambda codec, data: 1 // 0), "message 0: it is not read: ZeroDivisionError: "),
        (made("mute", lambda codec, value: 1 // 0), "good", "message 0: fake/mute does not write it: ZeroDivis"),
        ("good", made("broken", None, lambda codec, data: {"x": []}), "message 0: $: 'weight' is missing"),
    ],
)
def test_what_comes_back_otherwise_has_failed(writer, reader, reason):
    row = outcome(writer, reader, point(8), point(7))
    assert row["status"] == "failed"
    assert row["reason"].startswith(reason)


def test_limits_of_either_side_lose_and_are_told():
    """Time to the millisecond, as the writer or the reader has it."""
    row = outcome("cutting", "good", point(at=FINE), point())
    assert (row["status"], row["losses"]) == ("lossy", {"writing: time below 1000 us": 1})
    coarse = made("coarse", None, lambda codec, data: codec.decode(data) | {"at": FINE.replace(microsecond=678000)})
    coarse = fake_codecs.replace(coarse, limits=Limits(time_unit=1000))
    row = outcome("good", coarse, point(at=FINE))
    assert (row["status"], row["losses"]) == ("lossy", {"reading: time below 1000 us": 1})
    careful = made("careful", limits=Limits(time_unit=1000))
    assert outcome("good", careful, point(at=FINE))["status"] == "ok"  # the limit is of its other half
    wrong = made("wrong", None, lambda codec, data: codec.decode(data) | {"at": FINE.replace(microsecond=677000)})
    wrong = fake_codecs.replace(wrong, limits=Limits(time_unit=1000))
    assert outcome("good", wrong, point(at=FINE))["reason"].startswith("message 0: $.at: ")


def test_a_leaf_may_be_lost_by_one_side_and_another_by_the_other():
    schema = Schema("Two", (Record("Two", (Field("a", 1, Float()), Field("b", 2, List(Float())))),))
    lossy = Limits(nan="canonical", negative_zero=False)

    def codec(name, back):
        return fake_codecs.info(
            name,
            lambda schema: fake_codecs.Codec(encode=lambda value: b"", decode=lambda data: back),
            limits=lossy,
        )

    value = {"a": -0.0, "b": [-0.0, 1.0]}
    for back, status in (
        (value, "ok"),
        ({"a": 0.0, "b": [-0.0, 1.0]}, "lossy"),
        ({"a": 0.0, "b": [0.0, 1.0]}, "lossy"),
        ({"a": 0.0, "b": [0.0, -1.0]}, "failed"),
        ({"a": 0.0, "b": [0.0]}, "failed"),
        ({"a": 0.0, "b": [0.0, 1.0], "c": 1}, "failed"),
    ):
        assert Pairs(schema, [value]).outcome(codec("w", None), codec("r", back))["status"] == status


def test_what_the_writer_refuses_is_not_sent():
    row = outcome("refusing", "good", point(101), point(7))
    assert row["status"] == "ok"
    row = outcome("refusing", "good", point(101))
    assert row["status"] == "unsupported"
    assert row["reason"].startswith("fake/refusing does not write it: $.x: integer 101")


def test_what_the_reader_refuses_is_refused_or_comes_back_whole():
    """`refusing` has its limit in its encoder only; `strict` in both halves."""

    def strictly(codec, data):
        value = codec.decode(data)
        if value["x"] > 100:
            raise ValueError("too large")
        return value

    limits = info("refusing").limits
    assert outcome("good", "refusing", point(101))["status"] == "ok"
    strict = made("strict", None, strictly, limits=limits)
    row = outcome("good", strict, point(101), point(7))
    assert (row["status"], row["losses"]) == ("lossy", {"not read: integer 101 is out of (0, 100)": 1})
    assert outcome("good", strict, point(101))["status"] == "unsupported"
    clamping = made("clamping", None, lambda codec, data: codec.decode(data) | {"x": 100}, limits=limits)
    assert outcome("good", clamping, point(101))["reason"] == "message 0: $.x: 101 became 100"


def test_a_known_difference_has_to_show(monkeypatch):
    held = pairs.Difference(
        what="no seven",
        writers=("fake/good",),
        readers=("fake/plain", "fake/deaf"),
        has=lambda kind, value: value == 7,
    )
    monkeypatch.setattr(pairs, "DIFFERENCES", (held,))
    deaf = made("deaf", None, lambda codec, data: codec.decode(data) if b"7" not in data else 1 // 0)
    row = outcome("good", deaf, point(7), point(8))
    assert (row["status"], row["losses"]) == ("lossy", {"not read: no seven": 1})
    assert (
        outcome("good", "plain", point(7))["reason"] == "message 0: it is read, though it is said not to be: no seven"
    )


def test_what_cannot_be_asked():
    assert outcome("unavailable", "good", point()) == {
        "codec": "fake/good",
        "writer": "fake/unavailable",
        "status": "unavailable",
        "reason": "fake/unavailable: pip install serbench-has-no-such-library",
    }
    row = outcome("good", "unsupported", point())
    assert (row["status"], row["reason"]) == (
        "unsupported",
        "fake/unsupported: fake/unsupported does not carry a timestamp (Point.at)",
    )
    broken = fake_codecs.info("broken", lambda schema: 1 // 0)
    assert outcome("good", broken, point())["reason"].startswith("fake/broken: compile raised ZeroDivisionError")


WITH_FAKES = """
import sys
sys.path.insert(0, sys.argv[1])
from serbench import plan, worker
worker.lookup = lambda ids, modules: plan.lookup(ids, ["fake_codecs"])
worker.main()
"""


def test_one_that_breaks_the_worker_costs_its_own_pairs():
    names = ("good", "aborting", "hanging", "plain")
    group = Group((info("good"), info("plain")), tuple(map(info, names)))
    points = Data(name="points", source="test", schema=SCHEMA, messages=[point()])
    rows = ask(
        [points], [group], quiet, worker=lambda: Worker([sys.executable, "-c", WITH_FAKES, str(HERE)], patience_s=5)
    )
    found = {(row.writer.removeprefix("fake/"), row.codec.removeprefix("fake/")): row for row in rows}
    assert {pair: row.status for pair, row in found.items()} == {
        ("good", "plain"): "ok",
        ("plain", "good"): "ok",
        **dict.fromkeys([("aborting", "good"), ("aborting", "plain")], "failed"),
        **dict.fromkeys([("hanging", "good"), ("hanging", "plain")], "failed"),
    }
    assert found["aborting", "good"].reason.startswith("crashed: SIGABRT")
    assert found["hanging", "plain"].reason.startswith("no answer within 5 s")


# Matrices and the command line.


def asked(writer, codec, status="ok", dataset="d", **more):
    return Asked(
        dataset=dataset, codec=f"json/{codec}", writer=f"json/{writer}", language="python", status=status, **more
    )


def test_a_matrix_of_writers_and_readers_over_all_data_sets():
    rows = [
        asked("a", "b", octets=True),
        asked("a", "b", dataset="e", octets=True),
        asked("b", "a", octets=True),
        asked("b", "a", dataset="e"),
        asked("c", "a", "lossy", losses={"not read: NaN": 2, "reading: time below 1000 us": 1}),
        asked("c", "a", "unsupported", dataset="e", reason="no maps"),
        asked("c", "b", "failed", reason="crashed"),
        asked("c", "b", dataset="e"),
        asked("a", "c", "unsupported"),
        asked("b", "c", "unavailable", reason="json/c: pip install c"),
    ]
    (held,) = matrices.of_asked(rows)
    assert (held.kind, held.title) == ("opinions", "json: libraries of Python among themselves")
    assert held.rows == held.columns == ["json/a", "json/b", "json/c"]
    assert [[cell and cell.word for cell in row] for row in held.cells] == [
        [None, "same", "unsupported"],
        ["ok", None, "unavailable"],
        ["lossy", "FAILED", None],
    ]
    assert held.cells[2][0].tip == "not read: NaN (d); reading: time below 1000 us (d); no maps (e)"
    assert held.notes == [
        "json/a, of json/c: not read: NaN",
        "json/b, of json/c: failed: crashed",
        "json/c, of json/b: unavailable: json/c: pip install c",
    ]


def test_each_wire_has_its_matrix():
    rows = ask(inputs.data_sets(("integers",), (), None, 1, 1)[0], chosen(["msgpack"]), quiet)
    titles = [held.title.partition(":")[0] for held in matrices.of_asked(rows)]
    assert titles == ["msgpack", "msgpack, positional"]


def test_the_command(capsys):
    assert cli.main(["verify", "--peer", "python", "-c", "json/ujson", "-s", "numbers"]) == cli.OK
    out, err = capsys.readouterr()
    assert out.startswith("json: libraries of Python among themselves")
    assert "json/orjson, of json/stdlib, json/ujson, json/rapidjson: not read: NaN and infinities are no numbers" in out
    assert "python: 42 pairs of 1 formats" in err


def test_the_command_for_programs(capsys):
    assert cli.main(["verify", "--peers", "-c", "yaml", "-s", "integers", "--json"]) == cli.OK
    rows = json.loads(capsys.readouterr().out)
    assert {(row["writer"], row["codec"]) for row in rows} >= {("yaml/ruamel", "yaml/pyyaml")}
    assert {row["language"] for row in rows} == {"python"}
    assert all(row["library"].split()[1] for row in rows)


def test_what_fails_is_named(monkeypatch, capsys):
    def failing(*_):
        return [asked("a", "b", "failed", reason="$.x: 1 became 2")]

    monkeypatch.setattr(opinions, "ask", failing)
    assert cli.main(["verify", "--peer", "python", "-c", "json", "-s", "integers"]) == cli.FAILED
    assert "serbench: json/b failed on d of json/a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--peer", "python", "-c", "xdr"], "no two libraries of Python implement xdr"),
        (["--peer", "python", "-c", "jsno"], "no codec or format is called 'jsno'"),
        (["--peer", "cobol"], "no peer speaks 'cobol'; there are"),
        (["--peers", "-c", "pickle"], "no peer knows pickle"),
        (["--peer", "node", "-c", "yaml"], "no peer knows yaml"),
    ],
)
def test_complaints(arguments, said, capsys):
    assert cli.main(["verify", *arguments]) == cli.BAD_INPUT
    assert capsys.readouterr().err.startswith(f"serbench: {said}")
