"""Peers in C and C++: how they are timed, and the worker that compiles a program of each schema."""

import contextlib
import json
import shutil
import subprocess
import sys
import time

import pytest
from serbench import inputs
from serbench.peers import generated, languages
from serbench.peers.c import ndr, pidl, xdr
from serbench.peers.formats import READERS
from serbench.peers.languages import LANGUAGES, worker
from serbench.peers.versions import version
from sercodecs import registry
from serschema.errors import SchemaError
from serschema.model import Field, Int, Record, Ref, Schema, String, Union

BOTH = ["encode", "decode"]


def needs(*languages):
    missing = [tool for language in languages for tool in LANGUAGES[language].tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"missing: {', '.join(missing)}")


NATIVE = [pytest.param(language, marks=needs(language)) for language in ("c", "cpp")]


@pytest.fixture
def asked():
    """A function that has a peer time messages of a data set: the rows by operation, and what `done` says."""
    workers = {}

    def ask(language, format, name="employee", budget_ns=40_000_000, operations=BOTH, data=None):
        if language not in workers:
            workers[language] = worker(LANGUAGES[language], lambda text: None).__enter__()
        reader = READERS[format]
        (chosen, *_), _ = inputs.data_sets((name,), (), None, 1, 10)
        if data is None:
            (info,) = registry.find([reader.codec])
            codec = info.compile(chosen.schema)
            data = [codec.encode(message).hex() for message in chosen.messages]
        given = {"format": format, "schema": reader.schema(chosen.schema), "data": data, "budget_ns": budget_ns}
        *rows, last = workers[language].request("time", operations=operations, **given)
        return {row["row"]["operation"]: row["row"] for row in rows}, last["done"]

    yield ask
    for made in workers.values():
        made.__exit__(None, None, None)


@pytest.mark.parametrize("language", NATIVE)
def test_all_formats_are_timed(language, asked):
    for format in LANGUAGES[language].formats:
        begin = time.perf_counter_ns()
        rows, done = asked(language, format)
        took = time.perf_counter_ns() - begin
        assert list(rows) == BOTH
        assert done["measured_ns"] == sum(sum(row["samples_ns"]) for row in rows.values()) < took
        for row in rows.values():
            assert row["steady"] is True
            assert row["loops"] & (row["loops"] - 1) == 0
            assert 1 <= len(row["samples_ns"]) <= 200
            assert all(sample > 0 for sample in row["samples_ns"])
            assert 0 < row["warm_up_ns"] < took


@pytest.mark.parametrize("language", NATIVE)
def test_what_is_told_of_the_clock(language):
    with worker(LANGUAGES[language], lambda text: None) as asked:
        asked.start()
        timing = asked.hello["timing"]
    assert timing["clock"] == "CLOCK_MONOTONIC"
    assert timing["optimisation"].endswith(" -O2")
    assert set(timing["objects"]) == set(LANGUAGES[language].formats) == set(asked.hello["formats"])


@needs("c")
@pytest.mark.parametrize("format", ["xdr", "msgpack"])
def test_one_operation_and_what_cannot_be_timed(format, asked):
    rows, _ = asked("c", format, operations=["decode"])
    assert list(rows) == ["decode"]
    rows, done = asked("c", format, data=["c1"])
    assert rows == {name: {"operation": name, "reason": "not decoded"} for name in BOTH}
    assert done == {"measured_ns": 0}


@needs("c")
def test_an_operation_that_takes_longer_than_its_budget_is_called_once(asked):
    rows, _ = asked("c", "msgpack", "mesh", budget_ns=1000)
    assert [(row["loops"], len(row["samples_ns"])) for row in rows.values()] == [(1, 1), (1, 1)]
    assert all(row["samples_ns"][0] > 500 for row in rows.values())


@needs("c")
def test_slower_messages_take_longer(asked):
    """What the rows say grows with what there is to do."""

    def fastest(name):
        rows, _ = asked("c", "cbor", name)
        return {operation: min(row["samples_ns"]) / row["loops"] for operation, row in rows.items()}

    small, large = fastest("employee"), fastest("mesh")
    assert all(large[operation] > 5 * small[operation] for operation in BOTH)


@needs("c")
def test_a_schema_that_does_not_compile(asked, monkeypatch):
    wrong = {"format": "xdr", "schema": {"idl": "struct", "root": "x"}}
    frames = list(generated.answer({"request": "time", "operations": BOTH, **wrong}, xdr))
    assert [frame["row"]["reason"][:8] for frame in frames[:-1]] == ["rpcgen: "] * 2
    assert frames[-1] == {"done": {"measured_ns": 0}}
    (frame,) = generated.answer({"request": "again", "data": ["00"], **wrong}, xdr)
    assert frame["done"][0]["failed"].startswith("rpcgen: ")


@needs("c")
def test_what_is_timed_is_what_was_verified(tmp_path, monkeypatch):
    """A program is compiled once, as it is timed, and each of the others once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (data, *_), _ = inputs.data_sets(("employee",), (), None, 1, 10)
    request = {"format": "xdr", "schema": READERS["xdr"].schema(data.schema), "data": []}
    programs = []
    for more in (
        {"request": "again"},
        {"request": "again", "timed": True},
        {"request": "time", "budget_ns": 1, "operations": ["encode"]},
    ):
        list(generated.answer(request | more, xdr))
        programs.append(len(list((tmp_path / "serbench" / "peers" / "programs").iterdir())))
    assert programs == [1, 2, 2]


def test_versions(tmp_path, monkeypatch):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho tool of 2022, version 1.20.3")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert version("tool", name="a tool") == "a tool 1.20.3"
    assert version("no-such-tool") == "no-such-tool"


@needs("cpp")
def test_json_lines_of_a_program_are_frames(tmp_path):
    """The program by itself, as `c/program.h` says."""
    (data, *_), _ = inputs.data_sets(("employee",), (), None, 1, 10)
    schema = READERS["flatbuffers"].schema(data.schema)
    path = generated.program(generated.LANGUAGES["cpp"]["flatbuffers"], schema, generated.TIMED)
    ran = subprocess.run([path, "flatbuffers", "1000000", "encode"], input=b"", capture_output=True, check=True)
    assert [json.loads(line) for line in ran.stdout.splitlines()] == [
        {"row": {"operation": "encode", "reason": "no messages"}},
        {"done": {"measured_ns": 0}},
    ]


# NDR: what pidl needs.

MIDL = """
  typedef [v1_enum] enum Brand {
    VISA = 0
  } Brand;

  typedef [string] wchar_t *String;

  typedef byte Bytes3[3];

  typedef struct Held {
    unsigned long count;
    [size_is(count)] struct Order *items;  // a comment
    [string, unique] wchar_t *note;
    [unique] unsigned hyper *big;
    [range(1, 9)] unsigned small few;
    float ratio;
    byte unused;
    [unique] union Choice *choice;
  } Held;

  typedef union Choice switch (unsigned long number) value {
    case 5:
      long number;
    // A remark.
    case 7:
      [string] wchar_t *voucher;
  } Choice;

  void sendHeld([in] handle_t binding, [in, ref] const Held *message);
"""
PIDL = """
  typedef [public, v1_enum] enum {
    VISA = 0
  } Brand;

  typedef [public] struct {
    [string,charset(UTF16)] uint16 *held;
  } String;

  typedef [public] struct {
    uint8 held[3];
  } Bytes3;

  typedef [public] struct {
    uint32 count;
    [size_is(count)] Order *items;
    [string,charset(UTF16)] uint16 *note;
    [unique] hyper *big;
    [range(1, 9)] uint8 few;
    uint32 ratio;
    uint8 unused;
    [unique] Choice *choice;
  } Held;

  typedef [public, switch_type(uint32), nodiscriminant] union {
    [case(5)] int32 number;
    [case(7), string,charset(UTF16)] uint16 *voucher;
  } Choice_value;
  typedef [public] struct {
    uint32 number;
    [switch_is(number)] Choice_value value;
  } Choice;
"""


def test_the_dialect_of_pidl():
    assert ndr.translated(MIDL).split() == PIDL.split()
    assert ndr.translated("[\n  uuid(00-01),\n  version(1.0)\n]") == '[\n  uuid("00-01"),\n  version(1.0)\n]'


def test_lists_of_packages_become_lists_of_sources(tmp_path, monkeypatch):
    (tmp_path / "sources.list").write_text("# of old\ndeb one:/ stable main\ndeb-src one:/ stable main\n")
    several = tmp_path / "d"
    several.mkdir()
    (several / "debian.sources").write_text("Types: deb\nURIs: two:/\n")
    (several / "off.list.disabled").write_text("deb three:/\n")
    monkeypatch.setattr(pidl, "LISTS", (tmp_path / "sources.list", several))
    made = tmp_path / "made"
    made.mkdir()
    pidl.source_lists(made)
    assert {path.name: path.read_text() for path in made.iterdir()} == {
        "sources.list": "# of old\ndeb-src one:/ stable main\ndeb-src one:/ stable main\n",
        "debian.sources": "Types: deb-src\nURIs: two:/\n",
    }


def test_pidl_that_cannot_be_brought(tmp_path, monkeypatch):
    """And what is there is not brought again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"^pidl is not brought: .*apt-get.*; apt has to know the sources of Debian$"):
        pidl.main()
    assert list(languages.home().iterdir()) == []
    pidl.folder().mkdir(parents=True)
    (pidl.folder() / "pidl").write_text("")
    pidl.main()


def test_without_pidl_its_formats_are_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = generated.hello("c")
    assert said["missing"]["ndr64"] == "pidl; python -m serbench.peers.c.pidl"
    assert "ndr64" not in said["formats"]
    assert "xdr" in said["formats"]


@pytest.mark.parametrize(
    ("format", "arms", "padded"),
    [
        ("ndr-little", (Int(32), Int(8)), False),
        ("ndr-little", (Int(32), String()), False),
        ("ndr-little", (Int(32), Int(64)), True),
        ("ndr64", (Int(32), Int(32)), False),
        ("ndr64", (Int(64), String()), False),
        ("ndr64", (Int(32), Int(64)), True),
        ("ndr64", (Int(8), Int(8)), True),
    ],
)
def test_unions_of_which_pidl_would_make_others_are_refused(format, arms, padded):
    choice = Union("Choice", tuple(Field(f"a{i}", i, arm) for i, arm in enumerate(arms, 1)))
    schema = Schema("Held", (Record("Held", (Field("choice", 1, Ref("Choice")),)), choice))
    with pytest.raises(SchemaError, match=r"^Choice: pidl has no") if padded else contextlib.nullcontext():
        READERS[format].schema(schema)


def test_notes_go_before_an_answer_that_is_compiled_for_long(monkeypatch):
    monkeypatch.setattr(generated, "NOTE_S", 0.05)
    monkeypatch.setattr(generated, "program", lambda *_: time.sleep(0.2))
    monkeypatch.setattr(generated, "again", lambda *_: ["00"])
    *notes, last = generated.answer({"request": "again", "format": "xdr", "schema": {}, "data": ["00"]}, xdr)
    assert 1 <= len(notes) <= 4
    assert notes[0] == {"note": "xdr is compiled"}
    assert last == {"done": ["00"]}


# What generated code says that it has seen.


@pytest.mark.parametrize(("language", "format"), [("cpp", "protobuf"), ("c", "asn1-der")])
def test_what_is_seen_is_told(language, format):
    """In JSON as protoc's code has it, and in XER as asn1c's has it."""
    if missing := [tool for tool in LANGUAGES[language].tools if shutil.which(tool) is None]:
        pytest.skip(f"missing: {', '.join(missing)}")
    (data, *_), _ = inputs.data_sets(("employee",), (), None, 1, 10)
    reader = READERS[format]
    (info,) = registry.find([reader.codec])
    octets = info.compile(data.schema).encode(data.messages[0]).hex()
    request = {"request": "again", "format": format, "schema": reader.schema(data.schema), "data": [octets]}
    *_, last = generated.answer(request, generated.LANGUAGES[language][format])
    (answer,) = last["done"]
    assert answer["octets"] == octets
    assert (
        answer["seen"]
        == {
            "protobuf": '{"name":"Ana Henríquez","address":"Avda. Vergara 110, Concón","number":101}',
            "asn1-der": "<Employee><name>Ana Henríquez</name><address>Avda. Vergara 110, Concón</address>"
            "<number>101</number></Employee>",
        }[format]
    )


def test_a_worker_inside_that_dies_ends_the_worker():
    """Which its client then tells."""
    ran = subprocess.run(
        [sys.executable, "-m", "serbench.peers.generated", "c", "false"], capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert ran.stderr.strip() == "ended with exit code 1"
    assert ran.stdout == ""
