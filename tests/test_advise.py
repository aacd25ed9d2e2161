"""`serbench advise`: needs, who meets them, and the advice that comes of it."""

import json
from dataclasses import replace

import pytest
from serbench import advice, runner
from serbench.cli import choosing, main
from serbench.contest import NothingToCompare
from serbench.needs import NEEDS, Need, UnknownNeed, kinds_of, needs
from serbench.report import advice as report
from serbench.results import Writer, read
from sercodecs.contract import LANGUAGES
from sercodecs.registry import codecs
from serschema import shared
from serschema.model import Field, Int, List, Map, Record, Ref, Schema, String
from synthetic_run import RUN, about, timings, verified

INFOS = {info.id: info for info in codecs()}


def ids(text, kinds=frozenset()):
    found = advice.suited(codecs(), needs([text] if text else []), kinds, lambda info: "")
    return {info.id for info in found.codecs}


# Needs.


def test_needs_are_read():
    assert needs(["self-describing, canonical", "languages=java+js"]) == (
        Need("self-describing"),
        Need("canonical"),
        Need("languages", ("java", "js")),
    )
    assert needs(["canonical", "Canonical"]) == (Need("canonical"),)
    assert needs(["languages=TypeScript+c+++C#+golang"]) == (Need("languages", ("js", "cpp", "csharp", "go")),)
    assert str(needs(["languages=java+js"])[0]) == "languages=java+js"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("canonicl", "no need is called 'canonicl'; did you mean canonical\\? There are self-describing, "),
        ("", "no need is called ''"),
        ("canonical,", "no need is called ''"),
        ("languages", "write languages=java\\+js"),
        ("languages=", "write languages=java\\+js"),
        ("canonical=yes", "canonical takes no value"),
        ("languages=cobol", "no libraries are known for the language 'cobol': write one of c, cpp"),
        ("languages=java++js", "no libraries are known for the language ''"),
    ],
)
def test_what_is_no_need_is_told_which_there_are(text, error):
    with pytest.raises(UnknownNeed, match=error):
        needs([text])


def test_the_help_has_all_needs():
    assert all(name in choosing.NEEDS_HELP for name in NEEDS)


def test_who_meets_what():
    assert {"json/orjson", "asn1-xer/asn1tools", "yaml/pyyaml"} <= ids("human-readable")
    assert not {"protobuf/upb", "cbor/cbor2"} & ids("human-readable")
    assert {"cbor/cbor2", "avro-container/fastavro"} <= ids("self-describing")
    assert not {"xdr/serbench", "avro/fastavro", "msgpack/msgspec-array"} & ids("self-describing")
    assert ids("canonical,human-readable") == set()
    assert "java/serbench" not in ids("languages=go")
    assert "struct-native/control" not in ids("")


def test_what_a_codec_lacks_of_its_format_counts():
    found = ids("evolution")
    assert "msgpack/msgpack" in found
    assert "msgpack/msgpack-positional" not in found
    assert "fory-xlang/pyfory-consistent" not in found
    assert "asn1-der/asn1tools" in found
    assert "asn1-der/pyasn1" not in found


def test_canonical_formats_are_not_where_the_data_has_what_they_except():
    assert "xdr/serbench" in ids("canonical", {"string"})
    assert "xdr/serbench" not in ids("canonical", {"string", "map"})
    assert "xdr/serbench" not in ids("canonical", None)
    assert "cbor-canonical/cbor2" in ids("canonical", {"map"})
    reason = Need("canonical").unmet(INFOS["xdr/serbench"], {"map"})
    assert reason.startswith("not of maps, which the data has: RFC 4506")
    assert "may have" in Need("canonical").unmet(INFOS["xdr/serbench"], None)


def test_the_kinds_of_a_schema_are_those_of_all_it_holds():
    schema = Schema("A", (
        Record("A", (Field("b", 1, List(Map(String(), Ref("B")))),)),
        Record("B", (Field("c", 1, Int(32)),)),
    ))  # fmt: skip
    assert kinds_of(schema) == {"record", "list", "map", "string", "int"}
    assert "map" in kinds_of(shared.load("order").schema)
    assert "map" not in kinds_of(shared.load("employees").schema)


def test_each_format_that_is_left_out_has_the_need_and_the_reason():
    found = advice.suited(codecs(), needs(["canonical", "languages=swift"]), set(), lambda info: "")
    assert found.left_out[Need("canonical")]["json"].startswith("RFC 8259")
    assert found.left_out[Need("languages", ("swift",))]["xdr"] == "no library is known for swift"
    assert len(found.refused) + len(found.remaining) == found.formats
    assert found.without[Need("canonical")] == len(
        {info.format.name for info in codecs() if "swift" in info.format.languages}
    )


def test_what_is_not_installed_is_named_and_not_measured():
    def missing(info):
        return "pip install cbor2" if info.id == "cbor-canonical/cbor2" else ""

    found = advice.suited(codecs(), needs(["canonical"]), {"map"}, missing)
    assert found.codecs == []
    assert found.uninstalled == {"cbor-canonical/cbor2": "pip install cbor2"}
    assert "is not installed: cbor-canonical/cbor2 (pip install cbor2)." in flat(report.nothing(found))


# Advice.

NAMES = (
    "json/orjson",
    "json/stdlib",
    "protobuf/upb",
    "cbor/cbor2",
    "cbor-canonical/cbor2",
    "xdr/serbench",
    "yaml/pyyaml",
)


@pytest.fixture
def folder(tmp_path):
    """A run of real codecs with figures that are made up: bytes, encode, decode."""
    figures = {
        "json/orjson": (100, 100, 200),
        "json/stdlib": (100, 900, 900),
        "protobuf/upb": (30, 400, 400),
        "cbor/cbor2": (60, 800, 800),
        "cbor-canonical/cbor2": (60, 900, 800),
        "xdr/serbench": (40, 200, 300),
        "yaml/pyyaml": (90, 90_000, 90_000),
    }
    path = tmp_path / "run"
    writer = Writer(path)
    held = {
        name: about(
            name, name, "1", textual=INFOS[name].format.textual, self_describing=INFOS[name].format.self_describing
        )
        for name in NAMES
    }
    writer.write(replace(RUN.header, codecs=held))
    writer.write(RUN.datasets[0])
    for name, (size, encode, decode) in figures.items():
        writer.write(verified("employees", name, size))
        for row in timings("employees", name, encode=encode, decode=decode):
            writer.write(row)
    writer.close()
    return path


def advised(folder, text, weights=None):
    found = advice.suited(codecs(), needs([text] if text else []), set(), lambda info: "")
    return advice.advise(read(folder), found, weights)


def flat(text):
    return " ".join(text.split())


def test_three_are_advised_the_best_first_and_each_of_another_format(folder):
    assert advised(folder, "").advised == ["json/orjson", "xdr/serbench", "protobuf/upb"]
    assert advised(folder, "", {"size": 1.0, "encode": 0.0, "decode": 0.0}).advised[0] == "protobuf/upb"
    assert advised(folder, "human-readable").advised == ["json/orjson", "yaml/pyyaml"]
    assert advised(folder, "self-describing,canonical").advised == ["cbor-canonical/cbor2"]


def test_the_text_says_what_for_which_reasons_and_why_not_the_others(folder):
    text = flat(report.text(advised(folder, "self-describing,evolution,languages=java+js")))
    for part in (
        "that meet self-describing, evolution and languages=java+js carried employees (1 message with 26 bytes",
        "and lost nothing. Ranked by size, encode and decode alike, take one of these:",
        "1. json/orjson: 1.67x the smallest (100 bytes), fastest to encode (",
        "2. cbor/cbor2: smallest (60 bytes), 8.00x [",
        "evolution: RFC 7493, 4.2: members that are not known are ignored; languages=java+js: java: Jackson, js: JSON.",
        "on the Pareto front: none beats it all round",
        "were left out, some for several reasons: self-describing leaves out ",
        "How it was measured: times: 4 processes",
    ):
        assert part in text


def test_who_is_beaten_is_said_to_be(folder):
    text = flat(report.text(advised(folder, "", {"size": 0.0, "encode": 1.0, "decode": 1.0})))
    assert "protobuf/upb: smallest (30 bytes)" in text
    found = advised(folder, "self-describing")
    assert "cbor-canonical/cbor2" in found.advised
    assert "; beaten all round by cbor/cbor2;" in report.pick(found, "cbor-canonical/cbor2")


def test_what_loses_is_left_out_unless_all_do(folder):
    run = read(folder)

    def losing(*names):
        rows = [
            replace(row, status="lossy", losses={"NaN payload": 1}, example="$.a") if row.codec in names else row
            for row in run.verified
        ]
        found = advice.suited(codecs(), needs(["human-readable"]), set(), lambda info: "")
        return advice.advise(replace(run, verified=rows), found)

    one = losing("json/orjson", "json/stdlib")
    assert one.advised == ["yaml/pyyaml"]
    assert "Left out as the data would lose by it: json/orjson" in flat(report.text(one))
    both = losing("json/orjson", "json/stdlib", "yaml/pyyaml")
    assert both.advised == ["json/orjson", "yaml/pyyaml"]
    assert "though none without loss" in flat(report.text(both))


def test_json_has_it_all(folder):
    held = json.loads(json.dumps(report.as_json(advised(folder, "self-describing,canonical")), allow_nan=False))
    assert held["needs"] == ["self-describing", "canonical"]
    (one,) = held["advised"]
    assert one["codec"] == "cbor-canonical/cbor2"
    assert one["needs"]["canonical"].startswith("RFC 8949")
    assert one["best"] == ["size", "encode", "decode"]
    assert held["left_out"]["canonical"]["json"].startswith("RFC 8259")


# The command.


def test_the_command_advises_from_a_run(folder, capsys, monkeypatch):
    monkeypatch.setattr(runner, "run", None)
    assert main(["advise", "--run", str(folder), "--need", "evolution", "--weights", "size=1"]) == 0
    out, err = capsys.readouterr()
    assert "1. protobuf/upb: " in out
    assert err == ""
    assert main(["advise", "--run", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["advised"][1]["codec"] == "xdr/serbench"


def test_needs_that_nothing_meets_end_with_one_and_say_what_to_give_up(capsys, monkeypatch):
    monkeypatch.setattr(runner, "run", None)
    arguments = ["advise", "--schema", "order", "--need", "canonical,human-readable"]
    assert main(arguments) == 1
    out = flat(capsys.readouterr().out)
    assert "meets canonical and human-readable all at once: without canonical, " in out
    assert "without human-readable, 1 format would" in out
    assert main([*arguments, "--json"]) == 1
    held = json.loads(capsys.readouterr().out)
    assert held["advised"] == []
    assert held["without"]["human-readable"] == 1


def test_only_what_meets_the_needs_is_measured(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["advise", "--schema", "order", "--need", "canonical", "--budget", "2s", "--out", "kept"]) == 0
    assert "1. cbor-canonical/cbor2: " in capsys.readouterr().out
    assert list(read(tmp_path / "kept").header.codecs) == ["cbor-canonical/cbor2"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "on which data?"),
        (["--schema", "employee", "--need", "fast"], "no need is called 'fast'"),
        (["--schema", "employee", "--need", "languages=latin"], "'latin': write one of " + ", ".join(LANGUAGES)),
        (["--schema", "employee", "--weights", "x"], "is not one of size, encode, decode"),
        (["--run", "nowhere"], "a run's folder holds results.jsonl"),
    ],
)
def test_what_is_refused(arguments, error, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["advise", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert error in err


def test_a_run_without_what_is_needed_says_so(folder):
    run = read(folder)
    run = replace(run, header=replace(run.header, codecs={"json/orjson": run.header.codecs["json/orjson"]}))
    found = advice.suited(codecs(), needs(["canonical"]), {"map"}, lambda info: "")
    with pytest.raises(NothingToCompare, match="has none of the formats that meet the needs"):
        advice.advise(run, found)


def test_of_a_shared_data_set_of_a_run_it_is_known_whether_it_has_maps(folder, capsys):
    assert main(["advise", "--run", str(folder), "--need", "canonical"]) == 0
    assert "1. xdr/serbench: " in capsys.readouterr().out
