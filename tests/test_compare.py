"""`serbench compare`: which implementation stands for a format, who wins, what is said of it, and what is refused."""

import json
import math
import signal
import time
from dataclasses import replace

import pytest
import synthetic_run
from serbench import runner
from serbench.cli import main
from serbench.contest import EVEN, NothingToCompare, contest, costs_of
from serbench.links import link
from serbench.report import contest as report
from serbench.report import verdicts
from serbench.results import Writer, read
from synthetic_run import HOSTILE, RUN, about, timings, verified

EMPLOYEES = replace(RUN, datasets=RUN.datasets[:1])


def made(codecs, sizes, *rows, losses=()):
    """A run of one data set of these codecs, by their sizes, with the rows of `synthetic_run.timings`."""
    header = replace(RUN.header, codecs={codec: about(codec, codec, "1") for codec in codecs})
    checked = [
        verified("employees", codec, size, status="lossy", losses={"NaN payload": 1}, example="$.a")
        if codec in losses
        else verified("employees", codec, size)
        for codec, size in zip(codecs, sizes)
    ]
    held = [row for some in rows for row in some]
    return replace(
        RUN,
        header=header,
        datasets=RUN.datasets[:1],
        verified=checked,
        timings=held,
        footprints=[],
        libraries=[],
        streamed=[],
    )


def timed(codec, encode, decode, **more):
    return timings("employees", codec, encode=encode, decode=decode, **more)


@pytest.fixture
def three():
    """Small and slow, larger and quick, and one that is worse than the second in everything."""
    return made(
        ["small/a", "quick/b", "worse/c"],
        [50, 100, 110],
        timed("small/a", 4000, 3000),
        timed("quick/b", 1000, 1000),
        timed("worse/c", 2000, 1500),
    )


@pytest.fixture
def folder(three, tmp_path):
    path = tmp_path / "run"
    writer = Writer(path)
    for line in (three.header, *three.datasets, *three.verified, *three.timings):
        writer.write(line)
    writer.close()
    return path


def printed(found, links=(), weights=None):
    return synthetic_run.printed(200, lambda out: report.render(found, links, weights, out))


# The contest.


def test_the_front_is_what_nobody_beats_and_the_rest_says_by_whom(three):
    found = contest(three)
    assert found.front == ["quick/b", "small/a"]
    assert found.beaten_by("worse/c") == ["quick/b"]
    assert (found.best("size"), found.best("encode"), found.best("decode")) == (["small/a"], ["quick/b"], ["quick/b"])
    assert found.standings("quick/b", "small/a") == ["worse", "better", "better"]


def test_codecs_are_compared_in_the_order_of_their_round_trips(three):
    assert contest(three, ["worse/c", "small/a", "quick/b"]).names == ["quick/b", "worse/c", "small/a"]


def test_a_format_stands_for_its_fastest_implementation():
    found = contest(EMPLOYEES, ["json", "xdr"])
    assert found.names == ["json/fast", "xdr/own"]
    assert found.passed_over == {"json": ["json/tied"]}
    assert "json: its best implementation here is json/fast, before json/tied" in verdicts.notes(found)


def test_an_implementation_that_loses_something_stands_for_a_format_only_if_all_do():
    rows = timed("f/quick", 100, 100), timed("f/true", 900, 900)
    assert contest(made(["f/quick", "f/true"], [9, 9], *rows, losses=["f/quick"]), ["f"]).names == ["f/true"]
    assert contest(made(["f/quick", "f/true"], [9, 9], *rows, losses=["f/quick", "f/true"]), ["f"]).names == ["f/quick"]
    assert contest(made(["f/quick", "f/true"], [9, 9], *rows, losses=["f/quick"]), ["f/quick"]).names == ["f/quick"]


def test_p_values_are_corrected_for_the_implementations_that_were_passed_over():
    names = [f"f/{letter}" for letter in "abcdefgh"]
    wavering = (1, 1.012, 1.006, 1.02)
    rows = [timed(name, 200 + 50 * place, 200) for place, name in enumerate(names)]
    rival = timed("rival/x", 196, 196, wavering=wavering)
    alone = contest(made(["f/a", "rival/x"], [9, 9], rows[0], rival))
    among = contest(made([*names, "rival/x"], [9] * 9, *rows, rival), ["f", "rival"])
    assert among.names == alone.names
    assert among.ratio("encode", "f/a", "rival/x").p > alone.ratio("encode", "f/a", "rival/x").p


def test_no_names_are_all_formats_without_the_controls():
    assert contest(EMPLOYEES).names == ["json/fast", "xdr/own", "xml/slow"]
    assert "dump/control" in contest(EMPLOYEES, ["dump/control", "json"]).names


def test_what_could_not_be_compared_has_its_reason():
    assert contest(EMPLOYEES, ["json", "asn1", "old", "bad"]).absent == [
        ("asn1/absent", "unavailable: pip install absent"),
        ("old/poor", "unsupported: old/poor does not carry a map ($.m_[a|b])"),
        ("bad/broken", "failed: $.a: 1 became 1.0"),
    ]


@pytest.mark.parametrize(
    ("names", "dataset", "error"),
    [
        (["json"], "", "has several data sets: choose one with --schema: employees, "),
        (["json"], "nope", "has no data set 'nope': choose one"),
        (["jsn"], "employees", "has no codec or format 'jsn': it has .*json"),
        (["old"], "employees", "nothing could be compared on employees: old/poor: unsupported"),
        (["xdr"], HOSTILE, "xdr/own: not timed: crashed: SIGSEGV"),
    ],
)
def test_a_run_that_has_not_what_is_asked_says_what_it_has(names, dataset, error):
    with pytest.raises(NothingToCompare, match=error):
        contest(RUN, names, dataset)


def test_scores_are_means_of_the_ratios_to_the_best(three):
    found = contest(three)
    scores = found.scores(EVEN)
    assert scores["quick/b"].value == pytest.approx(2 ** (1 / 3))
    assert scores["small/a"].value == pytest.approx((4 * 3) ** (1 / 3), rel=0.01)
    assert list(found.scores({"size": 1.0, "encode": 0.0, "decode": 0.0})) == ["small/a", "quick/b", "worse/c"]
    assert next(iter(found.scores({"size": 0.0, "encode": 0.0, "decode": 1.0}))) == "quick/b"


def test_the_break_even_has_an_interval_of_pairs(three):
    """Processes differ by 7 %, all codecs alike: the difference of times does too, and not more."""
    found = contest(three)
    small, quick = (next(cost for cost in found.costs if cost.name == name) for name in ("small/a", "quick/b"))
    even = found.break_even(small, quick)
    assert even.value == pytest.approx(8 * 50e9 / 5000, rel=0.02)
    assert even.value * 0.93 < even.low < even.value < even.high < even.value * 1.08
    assert found.break_even(quick, small) == even


def test_compression_that_was_timed_is_a_codec_of_its_own_over_links():
    packing = timings("employees", "big/a", **{"compress:zlib-6": 500, "decompress:zlib-6": 100})
    found = contest(made(["big/a"], [1000], timed("big/a", 300, 200), packing))
    plain, packed = costs_of(found.rows[0], found.table.dataset)
    assert (plain.name, plain.size_bytes, packed.name, packed.size_bytes) == ("big/a", 1000, "big/a + zlib-6", 500)
    assert packed.cpu_ns.value == pytest.approx(plain.cpu_ns.value + 600, rel=0.03)


def test_over_links_the_size_is_that_of_the_messages_that_were_timed():
    rows = timed("a/a", 10, 10)
    run = made(["a/a"], [9], rows)
    data = replace(run.datasets[0], messages=4, timed=2)
    run = replace(run, datasets=[data], verified=[replace(run.verified[0], encoded_bytes=[10, 1000, 30, 1000])])
    found = contest(run)
    assert [cost.size_bytes for cost in found.costs] == [20]
    assert found.rows[0].size == 510


def test_peers_are_compared_where_they_are_named():
    rows = timed("json/a", 10, 10), timed("json/node", 5, 5)
    run = made(["json/a", "json/node"], [9, 9], *rows)
    run.header.codecs["json/node"]["peer"] = "node"
    assert contest(run).names == ["json/a"]
    assert contest(run, ["json"]).names == ["json/a"]
    assert contest(run, ["json/a", "json/node"]).names == ["json/node", "json/a"]


# What is said.


def test_the_verdict_in_words(three):
    said = "\n".join(verdicts.verdict(contest(three), {"size": 2.0, "encode": 1.0, "decode": 1.0}))
    for line in (
        "smallest: small/a; quick/b takes 2.00x the bytes, worse/c takes 2.20x the bytes",
        "fastest to encode: quick/b; worse/c takes 2.00x [",
        "losses: none; every value came back equal",
        "Pareto front of size, encode and decode: quick/b and small/a; worse/c is beaten by quick/b",
        "first to arrive: small/a up to 79.6 Mbit/s [",
        ", quick/b above",
        "verdict: no one wins all three: small/a is smallest; quick/b is fastest to encode and fastest to decode",
        "ranked by size 2, encode 1, decode 1, 1 being the best at all of it: quick/b 1.41 [",
    ):
        assert line in said


def test_who_wins_everything_is_said_to_win(three):
    found = contest(three, ["quick/b", "worse/c"])
    assert verdicts.verdict(found, None)[-1] == ("verdict: quick/b wins: nothing here is smaller, or faster either way")
    assert "first to arrive: quick/b over a link of any bandwidth" in verdicts.verdict(found, None)


def test_what_is_not_resolved_is_not_claimed():
    rows = timed("a/a", 1000, 1000), timed("b/b", 1050, 1000, wavering=(1.0, 1.2, 0.8, 1.1))
    found = contest(made(["a/a", "b/b"], [10, 10], *rows))
    assert found.standing("encode", "b/b", "a/a") == "unresolved"
    assert found.front == ["a/a", "b/b"]
    said = "\n".join(verdicts.verdict(found, None))
    assert "which is not resolved" in said
    assert "verdict: a/a is ahead: nothing here is known to be smaller, or faster either way (whether b/b is " in said


def test_losses_are_named():
    found = contest(made(["a/a", "b/b"], [9, 9], timed("a/a", 1, 1), timed("b/b", 2, 2), losses=["b/b"]))
    assert "losses: b/b loses NaN payload (once), first at $.a" in verdicts.verdict(found, None)


def test_one_codec_alone_is_said_to_be_alone(three):
    found = contest(three, ["quick/b"])
    assert verdicts.verdict(found, None)[-1] == "quick/b is alone: there is nothing to compare it with"
    assert "even at" not in printed(found, [link("LAN")], EVEN)


def test_what_is_printed(three):
    out = printed(contest(three), [link("10Mbit/20ms"), link("loopback")], EVEN)
    assert "employees" in out
    assert "1 message with 26 bytes of information" in out
    assert "small/a : quick/b" not in out
    assert "quick/b : small/a" in out
    assert "below, small/a arrives first" in out
    assert "10Mbit/20ms" in out
    assert "25,000 link" in out
    assert " core" in out
    assert "Holm" in out


def test_a_narrow_terminal_is_told_what_a_wider_one_shows(three):
    out = synthetic_run.printed(80, lambda out: report.render(contest(three), [link("LAN"), link("WAN")], EVEN, out))
    assert "(a wider terminal shows more: ratio, round trip" in out
    assert "(a wider terminal shows more: encode, decode" in out
    assert "…" not in out
    tables = [line for line in out.splitlines() if line.startswith(("quick/b ", "small/a "))]
    assert tables
    assert all(len(line) <= 80 for line in tables)


def test_names_from_users_are_printed_safely():
    out = printed(contest(RUN, ["json"], HOSTILE))
    assert "<img src=x" in out
    assert "\x1b" not in out


def test_json_has_it_all(three):
    found = contest(three)
    held = json.loads(json.dumps(report.as_json(found, [link("10Mbit/20ms"), link("loopback")], EVEN), allow_nan=False))
    assert [row["codec"] for row in held["codecs"]] == ["quick/b", "worse/c", "small/a"]
    assert held["codecs"][1]["beaten_by"] == ["quick/b"]
    assert held["best"] == {"size": ["small/a"], "encode": ["quick/b"], "decode": ["quick/b"]}
    assert len(held["pairs"]) == 3
    pair = next(pair for pair in held["pairs"] if {pair["codec"], pair["reference"]} == {"quick/b", "small/a"})
    assert pair["size"] == {"ratio": 2.0, "standing": "worse"}
    assert pair["encode"]["standing"] == "better"
    assert pair["encode"]["tested"] is True
    assert pair["break_even_bits_per_s"]["value"] == pytest.approx(8e7, rel=0.02)
    assert held["arrival"][-1]["up_to_bits_per_s"] is None
    assert [over["name"] for over in held["links"]] == ["10Mbit/20ms", "loopback"]
    assert held["links"][1]["bits_per_s"] is None
    assert held["codecs"][0]["score"]["value"] == pytest.approx(2 ** (1 / 3))


def test_bandwidths_have_their_unit():
    found = [verdicts.bandwidth_text(bits) for bits in (12, 5470, 12.34e6, 2.5e9, math.inf)]
    assert found == ["12.0 bit/s", "5.47 kbit/s", "12.3 Mbit/s", "2.50 Gbit/s", "any bandwidth"]


# The command.


def complaint(capsys, *arguments):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_run_that_exists_is_compared_without_measuring(folder, monkeypatch, capsys):
    monkeypatch.setattr(runner, "run", None)
    assert main(["compare", "--run", str(folder), "--link", "LoRa"]) == 0
    out, err = capsys.readouterr()
    assert "verdict: " in out
    assert "LoRa" in out
    assert err == ""


def test_json_of_the_command(folder, capsys):
    assert main(["compare", "quick", "small/a", "--run", str(folder), "--json", "--weights", "size=1"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert [row["codec"] for row in held["codecs"]] == ["quick/b", "small/a"]
    assert held["weights"] == {"size": 1.0, "encode": 0.0, "decode": 0.0}
    assert held["run"] == str(folder)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "on which data? --data FILE, --schema S, or --run RUN"),
        (["jsn", "--schema", "employee"], "no codec or format is called 'jsn'; did you mean json"),
        (["json", "--schema", "employee", "--schema", "order"], "on one data set"),
        (["json", "--schema", "employee", "--link", "5G"], "'5G' is not a link: write 10Mbit/20ms"),
        (["json", "--schema", "employee", "--weights", "speed=1"], "'speed=1' is not one of size, encode, decode"),
        (["json", "--schema", "employee", "--weights", "size=-1"], "'size=-1' is not one of"),
        (["json", "--schema", "employee", "--weights", "size=nan"], "'size=nan' is not one of"),
        (["json", "--schema", "employee", "--weights", "size"], "'size' is not one of"),
        (["json", "--schema", "employee", "--weights", "size=0"], "nothing counts"),
        (["json", "--schema", "employee", "--weights", ""], "is not one of"),
        (["json", "--schema", "employee", "--budget", "soon"], "is not a duration"),
        (["json", "--run", "nowhere"], "a run's folder holds results.jsonl"),
        (["json", "--run", "nowhere", "--data", "x.json"], "--run measures nothing"),
        (["json", "--data", "nowhere.json"], "nowhere.json"),
    ],
)
def test_what_is_refused(arguments, error, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert error in complaint(capsys, "compare", *arguments)
    assert not list(tmp_path.iterdir())


def test_a_comparison_is_a_short_run_that_is_kept(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["compare", "json/orjson", "csv", "xdr", "--schema", "employee", "--budget", "2s", "--out", "kept"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "verdict: " in out
    assert "xdr/serbench" in out
    assert "the run is in kept: " in err
    held = read(tmp_path / "kept")
    assert {row.operation for row in held.timings} == {"encode", "decode"}
    assert (tmp_path / "kept" / "report.html").exists()
    assert main(["report", "kept"]) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    assert "holds a run" in capsys.readouterr().err


def interrupting(run):
    """A `runner.run` that is interrupted, and returns this."""

    def interrupted(plan, folder, progress, **options):
        folder.mkdir()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return replace(run, path=folder / "results.jsonl")

    return interrupted


def test_interrupted_it_compares_what_there_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(runner, "run", interrupting(made(["json/orjson"], [9], timed("json/orjson", 10, 10))))
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "json/orjson", "--schema", "employee", "--out", "x"]) == 130
    assert "json/orjson is alone" in capsys.readouterr().out


def test_interrupted_before_anything_was_timed_it_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(runner, "run", interrupting(made(["json/orjson"], [9])))
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "json/orjson", "--schema", "employee", "--out", "x"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing could be compared on employees: json/orjson: not timed: the run has no times of it" in err


def test_the_example_of_the_readme_has_its_verdict_within_thirty_seconds(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    people = [{"name": f"Person {n}", "age": n % 90, "tags": ["a", "b"][: n % 3]} for n in range(200)]
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, people)))
    took = []
    for place in ("one", "two"):  # a machine that was busy is asked again
        began = time.monotonic()
        arguments = ["compare", "json/orjson", "protobuf/upb", "xdr", "--data", "people.jsonl", "--out", place]
        assert main(arguments) == 0
        took.append(time.monotonic() - began)
        assert "verdict: " in capsys.readouterr().out
        if took[-1] < 30:
            return
    pytest.fail(f"took {took} seconds")
