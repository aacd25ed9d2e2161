"""Peers that time themselves, in runs: fakes that answer at once, or do their worst, and real ones on one schema."""

import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from serbench import cli, environment, runner
from serbench.peers import languages, timing
from serbench.peers.languages import LANGUAGES, Language
from serbench.plan import Data, Plan
from serbench.report import render
from serbench.report.summary import summarise
from serbench.results import ResultsError, Verified, read
from serbench.statistics import figures
from serschema.errors import SerError
from serschema.model import Field, Float, Int, Record, Schema, String
from synthetic_run import printed
from test_runner import Script, Watcher

FAKE = Path(__file__).with_name("fake_peer.py")
PERSON = Schema("Person", (Record("Person", (Field("name", 1, String()), Field("big", 2, Int(64)))),))
PEOPLE = Data(name="people", source="test", schema=PERSON, messages=[{"name": "Ana", "big": 7}])
OTHERS = replace(PEOPLE, name="others", messages=[{"name": "Eva", "big": 8}, {"name": "Ida", "big": -1}])
PLAN = Plan(data=(PEOPLE,), codecs=(), peers=("json/node",), budget_s=1000, processes=4, memory_share=0)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Languages `node` and `go`, which are fakes; their modes can be set."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(FAKE.parent), prepend=os.pathsep)
    monkeypatch.setattr(environment, "commit", lambda: "")
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    monkeypatch.setattr(languages, "PATIENCE_S", 3.0)

    def modes(**wanted):
        for name, mode in wanted.items():
            (tmp_path / name).mkdir(exist_ok=True)
            fake = Language(
                name=name,
                title={"node": "JavaScript", "go": "Go"}[name],
                tools=(),
                packages="",
                build=(),
                argv=(sys.executable, str(FAKE), mode),
                formats=("json", "xml"),
                jit=name == "node",
            )
            monkeypatch.setitem(LANGUAGES, name, fake)

    modes(node="times", go="times")
    return modes


def run(plan, folder, **more):
    return runner.run(plan, folder / "run", worker=more.pop("worker", Script()), **more)


def reasons(held):
    return {(row.codec, row.operation, row.process): row.reason for row in held.timings if row.reason}


# What is asked, and what is kept.


def test_peers_are_verified_and_timed_in_every_process(tmp_path):
    held = run(PLAN, tmp_path)
    assert [(row.codec, row.status) for row in held.verified] == [("json/node", "ok")]
    assert Counter((row.operation, row.process) for row in held.timings) == Counter(
        (operation, process) for operation in ("encode", "decode") for process in range(4)
    )
    assert {(row.loops, tuple(row.samples_ns), row.warm_up_ns, row.steady) for row in held.timings} == {
        (2, (400, 420, 410), 7_000_000, True)
    }
    assert figures(held)["people", "json/node", "encode"].ns == pytest.approx(205)
    assert figures(held)["people", "json/node", "encode"].quiet is None
    assert [(row.dataset, row.direction, row.process) for row in held.spent] == [
        ("people", "json/node", process) for process in range(4)
    ]


def test_the_header_describes_them(tmp_path):
    header = run(PLAN, tmp_path).header
    about = header.codecs["json/node"]
    assert about["format"] == "json"
    assert about["title"] == "JSON"
    assert (about["implementation"], about["distribution"], about["version"]) == ("node", "Python's json", "")
    assert (about["language"], about["peer"]) == ("JavaScript", "node")
    assert (about["textual"], about["self_describing"], about["control"]) == (True, True, False)
    assert (about["clock"], about["optimisation"], about["objects"]) == ("a sundial", "none <yet>", "dicts")
    both = run(replace(PLAN, peers=("xml/go", "json/go")), tmp_path / "both").header
    assert both.codecs["xml/go"]["objects"] == ""
    assert both.versions["etree (go)"] == "1.2"


def test_each_data_set_has_a_fresh_process_in_each_pass(tmp_path, home):
    home(node="times pid")
    held = run(replace(PLAN, data=(PEOPLE, OTHERS)), tmp_path)
    pids = {(row.dataset, row.process): row.warm_up_ns for row in held.timings}
    assert len(set(pids.values())) == 2 * 4


def test_they_take_their_turns_beside_the_codecs(tmp_path):
    """In the same passes, after the blocks of their data set."""
    script = Script()
    plan = replace(PLAN, data=(PEOPLE, OTHERS), codecs=("json/orjson", "json/stdlib"), peers=("json/node", "json/go"))
    held = run(plan, tmp_path, worker=script)
    order = [key for key, _ in groupby((row.process, row.dataset, row.alone) for row in held.timings)]
    assert order == [
        (process, data, alone) for process in range(4) for data in ("people", "others") for alone in (False, True)
    ]
    assert all("json/node" not in content["codecs"] for request, content in script.requests if request == "open")


def test_the_order_of_languages_and_formats_is_random_and_repeats(tmp_path, home):
    many = replace(PLAN, processes=8, peers=("json/node", "json/go"))
    orders = [[row.codec for row in run(many, tmp_path / name).timings] for name in "ab"]
    assert orders[0] == orders[1]
    assert {tuple(orders[0][at : at + 4]) for at in range(0, 32, 4)} == {
        ("json/node", "json/node", "json/go", "json/go"),
        ("json/go", "json/go", "json/node", "json/node"),
    }


def test_what_is_not_right_is_not_timed(tmp_path, home):
    home(node="writes other", go="reads rounded")
    held = run(replace(PLAN, peers=("json/node", "json/go")), tmp_path)
    assert {row.codec: row.status for row in held.verified} == {"json/node": "failed", "json/go": "ok"}
    assert held.timings == []


def test_where_our_codec_failed_the_peer_is_not_asked(tmp_path):
    script = Script(statuses={"json/orjson": "broken"})
    held = run(replace(PLAN, codecs=("json/orjson",), peers=("json/node", "xml/node")), tmp_path, worker=script)
    assert [(row.codec, row.reason) for row in held.verified][1] == (
        "json/node",
        "not asked: json/orjson failed: crashed: SIGILL",
    )


def test_what_does_not_carry_every_message_has_no_times(tmp_path, monkeypatch):
    """Its times would be those of other messages than the others'."""
    real = timing.verified

    def fewer(met, cells, **more):
        for row in real(met, cells, **more):
            yield replace(row, status="lossy", encoded_bytes=row.encoded_bytes[1:], losses={"not read: no Eva": 1})

    monkeypatch.setattr(timing, "verified", fewer)
    held = run(replace(PLAN, data=(OTHERS,)), tmp_path)
    assert reasons(held) == dict.fromkeys(
        [("json/node", "encode", 0), ("json/node", "decode", 0)],
        "it does not carry every message: not read: no Eva",
    )
    (row,) = summarise(held).tables[0].measured
    assert (row.size, row.efficiency_percent, row.smallest) == (len('{"name": "Ida", "big": -1}'), None, False)


def test_a_format_without_objects_is_not_timed(tmp_path):
    """The fake has none for XML."""
    held = run(replace(PLAN, peers=("json/node", "xml/node")), tmp_path)
    assert {row.codec for row in held.timings} == {"json/node"}
    assert "none of its own: not timed" in render(summarise(held), "md")


def test_only_the_operations_of_the_plan(tmp_path):
    assert {row.operation for row in run(replace(PLAN, operations=("decode", "access")), tmp_path).timings} == {
        "decode"
    }


# What goes wrong.

WRONG = {
    "times crash": "ended with exit code 1; it wrote: out of time",
    "times sleep": "no answer within ",
    "times garbage": "rubbish in place of a frame: b'garb'",
    "times killed": "crashed: SIGKILL",
    "times another operation": "rubbish in place of times: [{'row': {'operation': 'decode'",
    "times no samples": "rubbish in place of times: ",
    "times samples of nothing": "rubbish in place of times: ",
    "times samples of text": "rubbish in place of times: ",
    "times no loops": "rubbish in place of times: ",
    "times no warm-up": "rubbish in place of times: ",
    "times rows of text": "rubbish in place of times: ",
    "times no end": "rubbish in place of times: ",
}


@pytest.mark.parametrize("mode", WRONG)
def test_a_peer_that_fails_costs_its_own_rows(mode, tmp_path, home, monkeypatch):
    monkeypatch.setattr(languages, "PATIENCE_S", 2.0)
    monkeypatch.setattr(timing, "MOST_S", 0.2)
    home(node=mode)
    held = run(replace(PLAN, peers=("json/node", "json/go")), tmp_path)
    found = reasons(held)
    assert set(found) == {("json/node", "encode", 0), ("json/node", "decode", 0)}  # and is not asked again
    assert all(reason.startswith(WRONG[mode]) for reason in found.values())
    assert Counter(row.codec for row in held.timings if row.samples_ns) == {"json/go": 8}


@pytest.mark.parametrize(
    ("mode", "told"), [("times encode refused", "no <objects>"), ("times decode only", "the peer says nothing of it")]
)
def test_one_operation_without_times_leaves_the_other(mode, told, tmp_path, home):
    home(node=mode)
    held = run(replace(PLAN, processes=2), tmp_path)
    assert reasons(held) == {("json/node", "encode", 0): told}
    assert [(row.operation, row.process) for row in held.timings if row.samples_ns] == [("decode", 0), ("decode", 1)]


def test_nobody_is_blamed_for_a_process_that_is_killed_once(tmp_path, home):
    home(node=f"times killed once {tmp_path / 'flag'}")
    held = run(PLAN, tmp_path)
    assert (tmp_path / "flag").exists()
    assert reasons(held) == {}
    assert len(held.timings) == 8


def test_a_language_that_fails_three_times_running_is_not_asked_any_more(tmp_path, home):
    home(node="times crash")
    data = [replace(PEOPLE, name=str(number)) for number in range(5)]
    held = run(replace(PLAN, data=tuple(data), processes=2), tmp_path)
    told = [row.reason.split(";")[0] for row in held.timings if row.operation == "encode"]
    assert told == ["ended with exit code 1"] * 3 + ["not asked: node failed 3 times running"] * 2


def test_a_language_that_is_missing_leaves_the_others(tmp_path, monkeypatch):
    monkeypatch.setitem(LANGUAGES, "node", replace(LANGUAGES["node"], tools=("no-such-tool",), packages="p"))
    held = run(replace(PLAN, peers=("json/node", "json/go")), tmp_path)
    assert [(row.codec, row.status, row.reason) for row in held.verified] == [
        ("json/node", "unavailable", "missing: no-such-tool; apt-get install p"),
        ("json/go", "ok", ""),
    ]
    assert {row.codec for row in held.timings} == {"json/go"}


def test_a_peer_that_there_is_not(tmp_path):
    for name in ("json/cobol", "bson/node", "json"):
        with pytest.raises(SerError, match=f"no peer is called '{name}'"):
            run(replace(PLAN, peers=(name,)), tmp_path)


# Going on.


def test_what_was_measured_is_not_measured_again(tmp_path):
    plan = replace(PLAN, data=(PEOPLE, OTHERS), codecs=("json/orjson",), peers=("json/node", "json/go"))
    whole = run(plan, tmp_path / "whole")

    class Stops(Watcher):
        def step(self, description, done):
            super().step(description, done)
            if description == "others: json/go, process 2":
                raise KeyboardInterrupt

    watcher = Stops()
    part = run(plan, tmp_path, progress=watcher)
    assert 0 < len(part.timings) < len(whole.timings)
    kept = [json.dumps(vars(row)) for row in part.timings]
    watcher = Watcher()
    again = run(plan, tmp_path, progress=watcher, resume=True)
    assert [json.dumps(vars(row)) for row in again.timings][: len(kept)] == kept
    assert Counter(map(str, again.timings)) == Counter(map(str, whole.timings))
    assert len(again.spent) == len(whole.spent)
    assert not any(description.endswith("process 1") and "json/" in description for description, _ in watcher.heard)


def test_a_longer_run_has_more_processes(tmp_path):
    run(replace(PLAN, processes=2), tmp_path)
    held = run(replace(PLAN, processes=3), tmp_path, resume=True)
    assert [row.process for row in held.timings] == [0, 0, 1, 1, 2, 2]


def test_what_broke_is_not_asked_again(tmp_path, home):
    home(node="times encode refused")
    run(replace(PLAN, processes=1), tmp_path)
    home(node="times encode refused")
    held = run(replace(PLAN, processes=2), tmp_path, resume=True)
    assert [(row.operation, row.process) for row in held.timings] == [("encode", 0), ("decode", 0), ("decode", 1)]


def test_another_version_is_another_run(tmp_path, monkeypatch):
    xml = replace(PLAN, peers=("xml/node",))
    run(xml, tmp_path)
    text = FAKE.read_text().replace("etree 1.2", "etree 1.3")
    other = tmp_path / "fake.py"
    other.write_text(text)
    monkeypatch.setitem(LANGUAGES, "node", replace(LANGUAGES["node"], argv=(sys.executable, str(other), "times")))
    with pytest.raises(ResultsError, match="another set of library versions"):
        run(xml, tmp_path, resume=True)


def test_plans_with_other_peers_are_other_plans():
    hashes = {
        replace(PLAN, codecs=("json/orjson",), peers=peers).sha256()
        for peers in ((), ("json/node",), ("json/go",), ("json/go", "json/node"))
    }
    assert len(hashes) == 4


# The budget.


def budgets(held):
    """What each request had, in seconds: the fake says so."""
    return [row.measured_ns / 1e9 for row in held.spent if row.direction == "json/node"]


def test_peers_have_half_of_the_time(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "MOST_S", 1000.0)
    (alone,) = budgets(run(replace(PLAN, processes=1, budget_s=40), tmp_path))
    (beside,) = budgets(run(replace(PLAN, codecs=("json/orjson",), processes=1, budget_s=40), tmp_path / "beside"))
    assert 35 < alone < 40
    assert beside == pytest.approx(alone / 2, rel=0.15)


def test_the_time_is_shared_by_what_is_to_come(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "MOST_S", 1000.0)
    plan = replace(PLAN, data=(PEOPLE, OTHERS), peers=("json/node", "json/go"), processes=2, budget_s=100)
    held = run(plan, tmp_path)
    first = held.spent[0]
    weights = {"json/node": timing.USEFUL_S[True], "json/go": timing.USEFUL_S[False]}
    share = weights[first.direction] / (4 * sum(weights.values()))
    assert first.measured_ns / 1e9 == pytest.approx(100 * share, rel=0.4)


def test_too_little_time_is_told(tmp_path):
    plan = replace(PLAN, codecs=("json/orjson",))
    for budget_s, told in ((1000, ""), (8, "peers have 4 s for their times, and would want 6 s for 3 processes: ")):
        watcher = Watcher()
        run(replace(plan, budget_s=budget_s), tmp_path / str(budget_s), progress=watcher)
        heard = [text for text, _ in watcher.warnings if text.startswith("peers")]
        assert [text[: len(told)] for text in heard] == [told] * bool(told)


@pytest.mark.parametrize(("share", "processes"), [(4.2, 4), (3.2, 3), (2.3, 3), (1.6, 2), (0.2, 1)])
def test_three_processes_have_less_time_each_before_there_are_fewer(share, processes, tmp_path, monkeypatch):
    """Of the time that a process wants; the fake takes none of it."""
    monkeypatch.setattr(timing, "START_S", 0.0)
    plan = replace(PLAN, processes=5)
    made = timing.Peers(plan, lambda text: None)
    made.go_on(None, {("people", "json/node"): Verified(dataset="people", codec="json/node", status="ok")})
    made.allot(share * timing.USEFUL_S[True], beside=False)
    done = 0
    for process in range(5):
        made.begin(process)
        if made._passes:
            made.left_s -= made._budget_s(PEOPLE, "json/node", process)
            made._done.add(("people", "json/node", process))
            done += 1
    assert done == processes


def test_without_time_there_is_one_pass(tmp_path):
    held = run(replace(PLAN, budget_s=0.001), tmp_path)
    assert {row.process for row in held.timings} == {0}
    assert budgets(held) == [timing.LEAST_S[True]]


def test_what_a_peer_takes_beside_measurement_is_learned(home):
    """Java's compiles what it needs for a schema in each process: then there are fewer passes, not shorter times."""
    home(node="times slow")
    made = timing.Peers(PLAN, lambda text: None)
    (row,) = timing.verified(made._met["node"], [("json", PEOPLE)])
    made.go_on(None, {("people", "json/node"): row})
    made.allot(12, beside=False)
    made.begin(0)
    assert made._passes == 4
    assert len(list(made.measure(PEOPLE, 0, lambda text: None))) == 3
    assert made._over_s["people", "json/node"] > 0.9
    made.allot(12, beside=False)
    made.begin(1)
    assert made._passes == 3
    made._over_s["people", "json/node"] = 5.0
    made.begin(1)
    assert made._passes == 1


def test_no_request_has_more_than_is_of_use(tmp_path):
    assert max(budgets(run(replace(PLAN, budget_s=100_000), tmp_path))) == timing.MOST_S


def test_progress(tmp_path):
    watcher = Watcher()
    run(replace(PLAN, codecs=("json/orjson",)), tmp_path, progress=watcher)
    assert watcher.heard[0] == ("started", 1 + 4 * 4 + 1 + 4)
    shares = [done for _, done in watcher.heard[1:]]
    assert shares == sorted(shares)
    assert "people: json/node, process 4" in [description for description, _ in watcher.heard]


# Reports.


@pytest.fixture
def shown(tmp_path, home):
    """The summary of a run of two peers, one of them restless, beside two codecs that take 100 ns."""
    home(go="times unsteady")
    plan = replace(PLAN, codecs=("json/orjson", "json/stdlib"), peers=("json/node", "json/go", "xml/go"))
    return summarise(run(plan, tmp_path))


def test_rows_stand_beside_those_of_codecs(shown):
    (table,) = shown.tables
    assert [row.codec for row in table.measured] == ["json/orjson", "json/stdlib", "json/go", "json/node"]
    assert [row.codec for row in table.absent] == ["xml/go"]  # the fake has no XML
    node = next(row for row in table.measured if row.codec == "json/node")
    time = node.times["decode"]
    assert (time.ratio.ratio, time.rank, time.best) == (pytest.approx(205 / 101, rel=0.01), None, False)
    assert table.measured[0].times["decode"].rank == 1
    assert [group.codecs for group in shown.groups] == [2]  # peers are in no family's means


def test_alone_they_are_ranked_among_themselves(tmp_path):
    (table,) = summarise(run(replace(PLAN, peers=("json/node", "json/go")), tmp_path)).tables
    assert {row.codec: row.times["encode"].rank for row in table.measured} == {"json/node": 1, "json/go": 1}


@pytest.mark.parametrize("format", ["md", "html"])
def test_reports_in_files(shown, format):
    text = render(shown, format)
    assert {"md": "json/node *JavaScript*", "html": 'json/node <span class="tag">JavaScript</span>'}[format] in text
    assert "not steady when the time to warm up was over: json/go decode in 4 of 4 processes" in text
    assert "a sundial" in text
    assert "none &lt;yet&gt;" in text
    assert "none <yet>" not in text
    assert "dicts" in text


def test_the_report_on_a_terminal(shown):
    from serbench.report import terminal

    text = printed(220, lambda out: terminal.render(shown, out))
    assert "json/node (JavaScript)" in text
    assert "json/go     dicts" in text.replace("json/node   dicts", "")
    assert "7.00 ms   4 of 8" in text  # decode is not steady, encode is


def test_the_report_for_programs(shown):
    made = json.loads(render(shown, "json"))
    row = next(row for row in made["datasets"][0]["codecs"] if row["codec"] == "json/go")
    assert (row["language"], row["peer"]) == ("Go", "go")
    assert row["unsteady"] == {"decode": "decode in 4 of 4 processes"}
    assert row["times"]["decode"]["quiet"] is None
    assert made["peers"]["json/go"] == {
        "language": "Go",
        "library": "Python's json",
        "objects": "dicts",
        "clock": "a sundial",
        "optimisation": "none <yet>",
        "warm_up_ns": [7_000_000, 7_000_000],
        "operations": 8,
        "steady": 4,
    }


# The command line.


def main(*arguments):
    return cli.main(["run", "--schema", "employee", "--quick", *map(str, arguments)])


def test_the_command(tmp_path, home, capsys):
    folder = tmp_path / "out"
    options = ["--codec", "json/orjson", "--peer", "node", "--budget", "2s", "--out", folder, "--json"]
    assert main(*options) == cli.OK
    captured = capsys.readouterr()
    codecs = [row["codec"] for row in json.loads(captured.out)["datasets"][0]["codecs"]]
    assert sorted(codecs) == ["json/node", "json/orjson"]
    assert "serbench: node: Python's json\n" in captured.err
    assert {row.codec for row in read(folder).timings} == {"json/node", "json/orjson"}


@pytest.mark.parametrize(
    ("options", "codecs", "peers"),
    [
        (["--codec", "json/node"], [], ["json/node"]),
        (["--codec", "json/node", "--codec", "json/orjson"], ["json/orjson"], ["json/node"]),
        (["--codec", "json/orjson", "--peers"], ["json/orjson"], ["json/go", "json/node"]),
        (["--codec", "json/stdlib", "--peer", "go"], ["json/stdlib"], ["json/go"]),
        (["--codec", "json/stdlib", "--codec", "xml/go", "--peer", "go"], ["json/stdlib"], ["json/go", "xml/go"]),
    ],
)
def test_which_peers_are_chosen(options, codecs, peers, monkeypatch):
    seen = []

    def fake_run(plan, *more, **others):
        seen.append(plan)
        raise SerError("enough")

    for name in set(LANGUAGES) - {"node", "go"}:
        monkeypatch.delitem(LANGUAGES, name)
    monkeypatch.setattr(runner, "run", fake_run)
    assert main(*options) == cli.BAD_INPUT
    assert (list(seen[0].codecs), sorted(seen[0].peers)) == (codecs, peers)


def test_all_languages_have_more_time(monkeypatch):
    seen = []

    def fake_run(plan, *more, **others):
        seen.append(plan.budget_s)
        raise SerError("enough")

    monkeypatch.setattr(runner, "run", fake_run)
    for options in ([], ["--peers"], ["--peer", "node"], ["--peers", "--budget", "90s"], ["--peers", "--quick"]):
        cli.main(["run", "--schema", "employee", *options])
    assert seen == [120, 300, 120, 90, 20]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--peer", "cobol"], "serbench: no peer speaks 'cobol'; there are "),
        (["--codec", "pickle", "--peers"], "serbench: no peer knows pickle; peers know "),
        (["--codec", "json/cobol"], "serbench: no codec or format is called 'json/cobol'"),
        (
            ["--codec", "json/node", "--counter", "instructions"],
            "serbench: --counter instructions counts those of codecs: peers time themselves",
        ),
    ],
)
def test_complaints(options, complaint, capsys):
    assert main(*options) == cli.BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(complaint)


# The real ones.

REAL = {name: LANGUAGES[name] for name in ("node", "go")}


@pytest.mark.parametrize("name", REAL)
def test_real_peers_time_what_comes_back(name, tmp_path, monkeypatch):
    """Each format with objects has samples of both operations, or a reason; all messages are handled by each call."""
    missing = [tool for tool in REAL[name].tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")
    monkeypatch.setattr(languages, "FOLDER", Path(languages.__file__).parent)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(languages, "PATIENCE_S", 60.0)
    monkeypatch.setitem(LANGUAGES, name, REAL[name])
    fields = (Field("name", 1, String()), Field("big", 2, Int(64)), Field("share", 3, Float(64)))
    schema = Schema("Person", (Record("Person", fields),))
    messages = [{"name": "Ana" * n, "big": (-1) ** n << 5 * n, "share": n + 0.5} for n in range(1, 12)]
    data = Data(name="people", source="test", schema=schema, messages=messages)
    peers = tuple(f"{format}/{name}" for format in REAL[name].formats)
    plan = Plan(data=(data,), codecs=(), peers=peers, budget_s=0.1, processes=1, memory_share=0)
    monkeypatch.setattr(timing, "LEAST_S", dict.fromkeys((False, True), 0.3))
    held = run(plan, tmp_path)
    assert reasons(held) == {}
    timed = {row.codec for row in held.timings}
    assert timed == {codec for codec, about in held.header.codecs.items() if about["objects"]}
    assert len(timed) >= 7
    for row in held.timings:
        assert row.loops > 0
        assert row.warm_up_ns > 0
        assert len(row.samples_ns) >= 1
    for about in held.header.codecs.values():
        assert about["clock"]
        assert about["optimisation"]
        assert about["version"]
