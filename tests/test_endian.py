"""Crossings between this machine and one that it only pretends to be; `.ci/run` crosses with a real big-endian one."""

import json
import os
import struct
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from serbench.cli import main
from serbench.endian import crossing, machines
from serbench.endian.accidents import PROOF, data_sets
from serbench.endian.case import Answer, answer
from serbench.endian.machines import Machine, MachineError, Recipe
from serbench.plan import Data
from serbench.verify import verify
from sercodecs.registry import codecs, find
from serschema.model import Enum, Int

sys.path.insert(0, str(Path(__file__).parent))
import fake_codecs
from fake_codecs import SCHEMA, point

HERE = Path(__file__).parent
POINTS = Data(name="points", source="test", schema=SCHEMA, messages=[point(), point(8, label="x")])
RECIPE = Recipe(architecture="", emulator="", wheels="", pinned=(), lacking={}, octets={})


class Quiet:
    def started(self, total):
        pass

    def step(self, description, done):
        pass

    def finished(self):
        pass


@pytest.fixture
def pretend(monkeypatch):
    """`pretend(kind)` makes every machine one of `foreign_worker`'s kinds."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    monkeypatch.setattr(crossing, "MODULES", (*crossing.MODULES, "fake_codecs"))

    def pretend(kind, **recipe):
        @contextmanager
        def opened(name):
            argv = [sys.executable, str(HERE / "foreign_worker.py"), kind]
            yield Machine(name=name, argv=argv, recipe=Recipe(**vars_of(RECIPE) | recipe))

        monkeypatch.setattr(crossing, "opened", opened)

    return pretend


def vars_of(recipe):
    return {name: getattr(recipe, name) for name in Recipe.__dataclass_fields__}


def crossed(*codecs, data=(), patience_s=60.0):
    infos = [*crossing.lookup(codecs, ["fake_codecs"]), *crossing.chosen(["xdr"], False)]
    return crossing.run("s390x", [data_sets()[0], *data], infos, Quiet(), patience_s=patience_s)


def outcomes(done, dataset=PROOF):
    return {row.codec: (row.status, row.octets) for row in done.rows if row.dataset == dataset}


def test_between_byte_orders_the_controls_fail_and_a_format_passes(pretend):
    pretend("swapped")
    done = crossed()
    assert done.problems == []
    assert outcomes(done) == {
        "xdr/serbench": ("ok", "same"),
        "struct-native/control": ("failed", "differ"),
        "struct-native/long": ("failed", "differ"),
    }
    control = next(row for row in done.rows if row.codec == "struct-native/control")
    assert control.forth == control.back == "message 0: $.rounds[0].signed16: -32768 became 128"
    assert done.verdict.endswith("Controls that have to fail: struct-native/control, struct-native/long.")


def test_between_word_sizes_the_control_of_words_fails_and_that_of_order_passes(pretend):
    pretend("short")
    done = crossed()
    assert done.problems == []
    assert done.controls == ["struct-native/long"]
    assert outcomes(done)["struct-native/control"] == ("ok", "same")
    assert outcomes(done)["struct-native/long"] == ("failed", "differ")


def test_a_control_that_passes_makes_the_run_fail(pretend):
    pretend("boasting")
    assert crossed().problems == [
        f"struct-native/{control} is a control, and s390x read it correctly: the run shows nothing"
        for control in ("control", "long")
    ]


def test_a_twin_of_this_machine_shows_nothing_and_says_so(pretend):
    pretend("twin")
    done = crossed()
    assert done.problems == []
    assert "same byte order and word size as this one: no control can fail" in done.verdict


def test_a_codec_that_breaks_or_hangs_a_worker_costs_its_own_row(pretend):
    pretend("twin")
    done = crossed("fake/aborting", "fake/killed", "fake/good", "fake/hanging", data=[POINTS], patience_s=8)
    rows = {row.codec: row for row in done.rows if row.dataset == "points"}
    assert rows["fake/aborting"].reason.startswith("here: crashed: SIGABRT")
    assert rows["fake/killed"].reason.startswith("here: crashed: SIGKILL")
    assert rows["fake/hanging"].reason.startswith("here: no answer within 8 s")
    assert (rows["fake/good"].status, rows["fake/good"].octets) == ("ok", "same")
    assert "fake/aborting failed on points between here and s390x" in done.problems


def test_a_codec_that_hangs_there_costs_its_own_row(pretend):
    pretend("stuck")
    done = crossed("fake/good", "fake/plain", data=[POINTS], patience_s=8)
    rows = {row.codec: row for row in done.rows if row.dataset == "points"}
    assert rows["fake/good"].reason.startswith("there: no answer within 8 s")
    assert rows["fake/plain"].status == "ok"


def test_what_is_written_wrong_there_is_found_here(pretend):
    pretend("lying")
    done = crossed("fake/good", data=[POINTS])
    (row,) = (row for row in done.rows if (row.codec, row.dataset) == ("fake/good", "points"))
    assert (row.status, row.octets) == ("failed", "differ")
    assert (row.forth, row.back) == ("", "message 0: $.x: 7 became 6")


OK = Answer(codec="c/d", version="1", encoded=["00", "01"], read=["", ""])


def changed(**more):
    return Answer(**vars(OK) | more)


LACKING = {"d": "no wheel"}
WRONG = {"read": ["", "message 1: $: 1 became 256"]}


@pytest.mark.parametrize(
    ("written", "foreign", "read", "recipe", "expected"),
    [
        (OK, OK, OK, {}, ("ok", "same", "")),
        (OK, changed(encoded=["00", "10"]), OK, {}, ("failed", "differ", "the octets differ")),
        (OK, changed(encoded=["00", "10"]), OK, {"octets": {"c/d": "why"}}, ("ok", "differ", "why")),
        (OK, changed(encoded=["00", "10"]), changed(encoded=["00", "11"]), {}, ("ok", "vary", "")),
        (OK, changed(**WRONG), OK, {}, ("failed", "same", "")),
        (OK, OK, changed(**WRONG), {}, ("failed", "same", "")),
        (OK, OK, changed(**WRONG), {"defects": {"c/d": "known"}}, ("defect", "same", "known")),
        (OK, changed(encoded=["00", None], wrote="broken"), OK, {}, ("failed", "differ", "")),
        (changed(encoded=["00", None]), changed(encoded=["00", None]), OK, {}, ("ok", "same", "")),
        (OK, changed(encoded=["00", None]), OK, {}, ("failed", "differ", "the octets differ")),
        (
            changed(encoded=[None, None], refusal="NaN"),
            changed(encoded=[None, None], refusal="NaN"),
            changed(encoded=[None, None], refusal="NaN"),
            {},
            ("unsupported", "", "NaN"),
        ),
        (changed(status="unavailable", reason="pip"), OK, OK, {}, ("unavailable", "", "not here: pip")),
        (OK, changed(status="unavailable", reason="pip"), OK, {}, ("failed", "", "not there: pip")),
        (
            OK,
            changed(status="unavailable", reason="pip"),
            OK,
            {"lacking": LACKING},
            ("unavailable", "", "not there: no wheel"),
        ),
        (
            OK,
            changed(status="failed", reason="no C"),
            OK,
            {"lacking": {"c/d": "no C"}},
            ("unavailable", "", "not there: no C"),
        ),
        (OK, changed(status="failed", reason="crashed"), OK, {}, ("failed", "", "there: crashed")),
        (OK, OK, changed(status="failed", reason="crashed"), {}, ("failed", "", "here, reading: crashed")),
        (
            changed(status="unsupported", reason="no map"),
            changed(status="unsupported", reason="no map"),
            OK,
            {},
            ("unsupported", "", "no map"),
        ),
        (OK, changed(status="unsupported", reason="no map"), OK, {}, ("failed", "", "no map")),
    ],
)
def test_what_two_sides_say_becomes_one_row(written, foreign, read, recipe, expected):
    machine = Machine(name="m", argv=[], recipe=Recipe(**vars_of(RECIPE) | recipe))
    row = crossing._judged(machine, POINTS, "d", written, foreign, read)
    assert (row.status, row.octets, row.reason) == expected


def test_on_a_machine_of_the_user_a_library_may_be_missing():
    gone = changed(status="unavailable", reason="pip install d")
    row = crossing._judged(Machine(name="ssh://x", argv=[]), POINTS, "d", OK, gone, OK)
    assert (row.status, row.reason) == ("unavailable", "not there: pip install d")


def test_a_defect_that_does_not_show_is_none(pretend):
    pretend("swapped", defects={"xdr/serbench": "something"})
    assert crossed().problems == ["xdr/serbench has a defect on s390x that did not show: take it out of the recipe"]


@pytest.mark.parametrize("name", ["fake/good", "python"])
def test_what_is_said_to_be_lacking_has_to_lack(pretend, name):
    pretend("swapped", lacking={name: "no wheel", "other": "no wheel"})
    done = crossed("fake/good", data=[POINTS])
    assert done.problems == [
        f"{name} is said to be lacking on s390x (no wheel), and fake/good works there: take it out of the recipe"
    ]


def fake(name):
    return next(info for info in fake_codecs.CODECS if info.implementation == name)


def test_one_side_reads_what_the_other_wrote():
    given = [fake("good").compile(SCHEMA).encode(message).hex() for message in POINTS.messages]
    found = answer(fake("good"), SCHEMA, POINTS.messages, given)
    assert (found.encoded, found.read) == (given, ["", ""])
    given[1] = given[1].replace(b"8".hex(), b"9".hex(), 1)
    assert answer(fake("good"), SCHEMA, POINTS.messages, given).read == ["", "message 1: $.x: 8 became 9"]
    given[1] = "7b"
    assert answer(fake("good"), SCHEMA, POINTS.messages, given).read[1].startswith("message 1: decode raised JSONDec")


def test_a_value_is_compared_with_the_projection_and_what_is_refused_is_left_out():
    found = answer(fake("refusing"), SCHEMA, [point(7), point(101)], [])
    assert found.encoded[0]
    assert found.encoded[1] is None
    assert found.refusal == "message 1: $.x: integer 101 is out of (0, 100)"
    assert found.wrote == ""
    assert answer(fake("unavailable"), SCHEMA, [point()], []).status == "unavailable"
    assert answer(fake("unsupported"), SCHEMA, [point()], []).status == "unsupported"


def twin(value, bits):
    return int.from_bytes(value.to_bytes(bits // 8, "big"), "little")


def test_fields_stand_at_every_alignment_and_differ_from_their_swapped_twins():
    """Each at all offsets modulo 8 where nothing is padded; all but palindromes (0, -1) read otherwise when swapped."""
    held = data_sets()[0]
    record = next(kind for kind in held.schema.types if kind.name == "Round")
    sizes = [field.type.bits // 8 for field in record.fields]
    places = {
        field.key: {(turn * sum(sizes) + sum(sizes[:number])) % 8 for turn in range(8)}
        for number, field in enumerate(record.fields)
    }
    assert set(map(len, places.values())) == {8}
    for field in record.fields:
        if isinstance(field.type, Int) and field.type.bits > 8:
            mask = (1 << field.type.bits) - 1
            values = {message["rounds"][0][field.key] & mask for message in held.messages}
            assert {1, 0xFF, 1 << (field.type.bits - 8)} <= values
            assert sum(twin(value, field.type.bits) != value for value in values) >= 6


def test_lengths_are_lengths_in_both_orders_and_text_tells_or_does_not_tell():
    lengths = {len(message["octets"]) for message in data_sets()[2].messages}
    assert {1, 256, 65_536} <= lengths
    assert (twin(256, 16), twin(65_536, 32)) == (1, 256)
    texts = "".join(message["text"] for message in data_sets()[2].messages)
    assert {"\u0100", "\ufeff", "\U0001f600"} <= set(texts)


def swapped(text):
    return text.encode("utf-16-be").decode("utf-16-le", "surrogatepass")


def test_text_in_utf_16_that_reads_swapped_is_other_text_or_a_mark_or_half_a_pair():
    texts = [message["text"] for message in data_sets()[2].messages]
    assert any(text.startswith("\ufeff") for text in texts)
    assert any(text.startswith("\ufffe") and swapped(text).startswith("\ufeff") for text in texts)
    assert any(swapped(text) == "\U00010000" for text in texts)
    assert any(ord(char) > 0xFFFF for text in texts for char in text)
    assert any("\ud800" <= char <= "\udfff" for text in texts for char in swapped(text))


def test_floats_have_quiet_and_signalling_payloads():
    bits = [struct.pack(">d", message["float64"]).hex() for message in data_sets()[1].messages]
    nans = [int(pattern, 16) for pattern in bits if pattern[1:3] == "ff" and int(pattern[3:], 16)]
    assert {nan >> 51 & 1 for nan in nans} == {0, 1}
    assert len({nan & (1 << 51) - 1 for nan in nans}) > 3
    assert all(twin(nan, 64) != nan for nan in nans if nan != (1 << 63) - 1)


def test_every_kind_stands_at_every_alignment_and_reads_otherwise_when_swapped():
    held = data_sets()[3]
    assert [len(message["gap"]) for message in held.messages] == list(range(8))
    kinds = {type(held.schema.resolve(field.type)).__name__ for field in held.schema.types[-1].fields}
    assert kinds == {"String", "Uuid", "Timestamp", "Decimal", "Enum", "Union", "Map", "List", "Int"}
    (states,) = (kind for kind in held.schema.types if isinstance(kind, Enum))
    numbers = {number for _, number in states.symbols}
    assert {twin(number, 32) for number in numbers} == numbers
    for message in held.messages:
        assert {1 << 31, (1 << 31) - 1, 1 << 32, (1 << 32) - 1, -(1 << 31), -(1 << 31) - 1} <= set(message["int64"])
        assert {-(1 << 15), (1 << 15) - 1, 1 << 15} <= set(message["int32"])
        octets = message["id"].bytes
        assert octets[3::-1] + octets[5:3:-1] + octets[7:5:-1] + octets[8:] != octets
        assert {twin(key, 32) for key in message["counts"]} == message["counts"].keys()
    seconds = {message["at"].timestamp() // 1 for message in held.messages}
    assert {1 << 31, (1 << 31) - 1, 1 << 32, -(1 << 31) - 1} <= seconds
    assert {len(message["flags"]) % 8 for message in held.messages} == set(range(8))


def test_what_accidents_lose_is_what_codecs_say():
    for data in data_sets():
        rows = [verify(info, data.schema, data.messages) for info in find(["xdr", "cdr-little", "ndr-big", "msgpack"])]
        assert {row.status for row in rows} == {"ok"}, data.name


def test_the_pins_are_those_of_here_or_the_last_with_a_wheel():
    lines = (HERE.parent / "requirements" / "run.txt").read_text().split()
    ours = dict(line.lower().split("==") for line in lines)
    older = {
        (name, pin)
        for name, recipe in machines.RECIPES.items()
        for pin in recipe.pinned
        if ours[pin.lower().split("==")[0]] != pin.split("==")[1]
    }
    assert older == {("s390x", "lxml==5.4.0"), ("s390x", "orjson==3.11.9")}


@pytest.mark.parametrize("name", machines.RECIPES)
def test_what_is_lacking_is_something_that_there_is(name):
    recipe = machines.RECIPES[name]
    known = {name for info in codecs() for name in (info.id, info.distribution)}
    assert {*recipe.lacking, *recipe.defects, *recipe.octets} <= known
    founding = [info for info in find(crossing.FOUNDING) if not {info.id, info.distribution} & {*recipe.lacking}]
    assert {info.format.name for info in founding} == set(crossing.FOUNDING)
    assert not {info.id for info in founding} & {*recipe.defects}


def test_the_founding_formats_are_codecs():
    assert {info.format.name for info in find(crossing.FOUNDING)} == set(crossing.FOUNDING)
    assert [info.id for info in crossing.chosen(["xdr"], False)][1:] == ["struct-native/control", "struct-native/long"]


# The command line.


def test_the_matrix(pretend, capsys, tmp_path):
    pretend("swapped")
    assert main(["endian", "-c", "xdr", "-s", "integers", "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    marks = {line.split()[0]: line.split()[1:] for line in lines if "/" in line.split(" ")[0] and ":" not in line}
    assert marks["xdr/serbench"] == ["==", "==", "==", "==", "=="]
    assert marks["struct-native/control"] == ["(control)", "xx", "xx", "-", "-", "xx"]
    assert lines[0].split() == ["codec", "endian-fields", "endian-floats", "endian-lengths", "endian-kinds", "integers"]
    (written,) = json.loads((tmp_path / "out" / "endian.json").read_text())
    assert written["machine"] == "s390x"
    assert {row["dataset"] for row in written["rows"]} == {
        "endian-fields",
        "endian-floats",
        "endian-lengths",
        "endian-kinds",
        "integers",
    }


def test_json_and_the_exit_code_of_a_control_that_passes(pretend, capsys):
    pretend("boasting")
    assert main(["endian", "-c", "xdr", "-s", "integers", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)[0]["problems"]
    assert "serbench: struct-native/control is a control, and s390x read it correctly" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--machine", "vax"],
            "no machine is called 'vax'; there are s390x, armhf and ssh://[USER@]HOST[:PORT][/PYTHON]",
        ),
        (["--machine", "ssh://"], "no machine is called 'ssh://'"),
        (["--machine", "armhf"], "armhf is not prepared: serbench endian setup armhf"),
        (["--all", "--codec", "xdr"], "--all are all codecs: leave --codec out"),
        (["setup", "vax"], "no machine is called 'vax'; s390x and armhf can be prepared"),
        (["--codec", "xdrr"], "no codec or format is called 'xdrr'"),
    ],
)
def test_complaints(monkeypatch, capsys, tmp_path, arguments, said):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["endian", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"serbench: {said}")


# Over ssh: the remote shell is one on this machine, in another home, with a Python that finds nothing of ours.

SSH = """#!/bin/sh
echo "$@" >> "$HOME/calls"
while [ "${1#ssh://}" = "$1" ]; do shift; done
[ "$1" = ssh://me@far ] || { echo "ssh: Could not resolve hostname" >&2; exit 255; }
exec sh -c "$2"
"""


@pytest.fixture
def far(monkeypatch, tmp_path):
    """The home at the far end."""
    for name, text in {"ssh": SSH, "python3": f'#!/bin/sh\nexec {sys.executable} -S "$@"\n'}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_machine_over_ssh_is_sent_our_packages(far, capsys):
    assert main(["endian", "--machine", "ssh://me@far", "-c", "xdr", "-c", "msgpack", "-s", "integers", "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)
    found = {row["codec"]: (row["status"], row["octets"]) for row in done["rows"] if row["dataset"] == "integers"}
    assert found["xdr/serbench"] == ("ok", "same")
    assert found["msgpack/msgpack"] == ("unavailable", "")
    (archive,) = (far / ".cache" / "serbench").iterdir()
    assert archive.suffix == ".zip"
    assert machines._zipped() == archive.read_bytes()
    assert "BatchMode=yes" in (far / "calls").read_text()


def test_a_host_that_is_not_there(far, capsys):
    assert main(["endian", "--machine", "ssh://nowhere", "-c", "xdr"]) == 2
    assert "ssh://nowhere: ssh ended with exit code 255: ssh: Could not resolve hostname" in capsys.readouterr().err


def test_a_host_whose_python_is_of_no_use(far, capsys):
    (far / "python3").write_text("#!/bin/sh\necho 'no such thing' >&2; exit 127\n")
    assert main(["endian", "--machine", "ssh://me@far", "-c", "xdr"]) == 2
    assert "does not start a worker: ended with exit code 127; it wrote: no such thing" in capsys.readouterr().err


def test_the_archive_says_nothing_of_when_it_was_made():
    assert machines._zipped() == machines._zipped()


def test_unknown_names_raise():
    with pytest.raises(MachineError, match="no machine is called"):
        machines.check_name("")


def test_a_schema_of_the_user(pretend, capsys, tmp_path):
    pretend("swapped")
    (tmp_path / "a.proto").write_text('syntax = "proto3";\nmessage A { int64 b = 1; }\n')
    assert main(["endian", "-c", "xdr", "-s", str(tmp_path / "a.proto")]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split()[-1] == "a"
    assert "10 messages were generated" in err
