"""The run: what is asked of workers, in which order, and what becomes of the ones that break.

Most tests have a worker that answers at once from a script; the last ones have real processes.
"""

import os
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_codecs import SCHEMA, point
from serbench import environment, runner
from serbench.client import Worker
from serbench.frames import WorkerFailed
from serbench.plan import Data, Plan
from serbench.results import FILE_NAME, ResultsError, read
from serbench.runner import Quiet
from serbench.sampler import DIRECTIONS
from serbench.statistics import figures
from serschema.errors import ValueMismatch
from serschema.model import Field, Int, List, Record, Schema

DATA = Data(name="points", source="shared", schema=SCHEMA, messages=[point(), point(8, label="é")])
PLAN = Plan(
    data=(DATA,),
    codecs=("fake/good", "fake/plain"),
    budget_s=1000,
    modules=("fake_codecs",),
    processes=5,
    memory_share=0,
)
TWO = replace(PLAN, data=(DATA, replace(DATA, name="others")))


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    monkeypatch.setattr(environment, "commit", lambda: "")


class Script:
    """Workers that answer at once. `statuses` by codec; `breaking` codecs break a worker at their turn in a block,
    `late` ones in the rounds; `stop_at` is the number of the request that the user interrupts."""

    def __init__(self, statuses=(), breaking=(), late=(), reasons=(), stop_at=None, offers=(), uncompilable=()):
        self.statuses = dict(statuses)
        self.breaking = breaking
        self.late = late
        self.reasons = dict(reasons)
        self.stop_at = stop_at
        self.measured_ns = 0
        self.uncompilable = uncompilable
        self.offers = offers
        self.requests = []
        self.workers = 0
        self.entered = 0
        self.pid = 0
        self.preparation = {}

    def __call__(self):
        self.workers += 1
        return self

    def __enter__(self):
        self.entered += 1
        self.pid += 1
        return self

    def __exit__(self, *error):
        self.entered -= 1

    def start(self):
        pass

    def ask(self, request, **content):
        return list(self.request(request, **content))[-1]["done"]

    def request(self, request, **content):
        self.requests.append((request, content))
        if len([1 for request, _ in self.requests if request not in ("open", "close")]) == self.stop_at:
            raise KeyboardInterrupt
        try:
            yield from getattr(self, {"import": "import_"}.get(request, request))(**content)
        except WorkerFailed:
            self.pid += 1
            raise

    def verify(self, codecs, **content):
        for codec in codecs:
            status = self.statuses.get(codec, "ok")
            if status == "broken":
                raise WorkerFailed("crashed: SIGILL")
            yield {"row": {"dataset": "", "codec": codec, "status": status, "reason": "", "offers": list(self.offers)}}
        yield {"done": True}

    def import_(self, **content):
        yield {"done": {"import_ns": 1, "resident_bytes": None}}

    def footprint(self, **content):
        yield {"done": {"method": "memray"}}

    def stream(self, codec, **content):
        if codec in self.breaking:
            raise WorkerFailed("crashed: SIGSEGV")
        yield {"done": {"records": 9, "stream_bytes": 90}}

    def open(self, codecs, **content):
        for codec in codecs:
            yield {"at": [codec, None]}
            if codec in self.uncompilable:
                raise WorkerFailed("crashed: SIGFPE")
        yield {"done": True}

    def close(self):
        yield {"done": True}

    def block(self, candidates, careful, **content):
        rows = []
        for codec, operation in candidates:
            yield {"at": [codec, operation]}
            if codec in self.breaking:
                raise WorkerFailed("crashed: SIGSEGV")
            reason = self.reasons.get((codec, operation), "")
            samples = [] if reason else [100, 101, 102]
            rows.append(
                {
                    "codec": codec,
                    "operation": operation,
                    "loops": 1,
                    "samples_ns": samples,
                    "canary_ns": samples,
                    "rounds": [],
                    "reason": reason,
                }
            )
        yield {"at": None}
        for codec, operation in candidates:
            if codec in self.late:
                if careful:
                    yield {"at": [codec, operation]}
                raise WorkerFailed("crashed: SIGBUS")
        for row in reversed(rows):
            yield {"row": row}
        yield {"done": {"measured_ns": self.measured_ns, "useful_ns": 400_000_000}}

    def blocks(self):
        return [content for request, content in self.requests if request == "block"]


class Watcher(Quiet):
    def __init__(self):
        self.heard = []
        self.warnings = []
        """Each with how many steps were heard before it."""

    def started(self, total):
        self.heard.append(("started", total))

    def step(self, description, done):
        self.heard.append((description, done))

    def warned(self, text):
        self.warnings.append((text, len(self.heard)))

    def finished(self):
        self.heard.append(("finished", 1))


def run(plan, folder, script, **more):
    return runner.run(plan, folder, worker=script, **more)


def seen(timings):
    return [(t.codec, t.operation, t.process) for t in timings]


def test_everything_is_verified_before_anything_is_timed(tmp_path):
    script = Script()
    held = run(TWO, tmp_path, script)
    asked = [request for request, _ in groupby(script.requests, key=lambda request: request[0])]
    assert asked == ["verify", *["open", "block", "close"] * 10]
    assert [(row.dataset, row.codec, row.status) for row in held.verified] == [
        (data, codec, "ok") for data in ("points", "others") for codec in PLAN.codecs
    ]
    assert script.entered == 0


def test_passes_go_over_all_blocks_each_in_a_fork_of_a_fresh_process(tmp_path):
    script = Script()
    held = run(TWO, tmp_path, script)
    order = [key for key, _ in groupby((t.process, t.dataset, t.operation in ("encode", "to_native", "encode_native"))
                                       for t in held.timings)]  # fmt: skip
    assert order == [
        (process, data, encode) for process in range(5) for data in ("points", "others") for encode in (1, 0)
    ]
    assert script.workers == 1 + 5
    assert all(content["apart"] for content in script.blocks())
    assert len({content["seed"] for content in script.blocks()}) == 20


def test_rows_are_written_in_the_order_of_the_plan(tmp_path):
    held = run(replace(PLAN, processes=1), tmp_path, Script())
    directions = ("encode", "to_native", "encode_native"), ("decode", "decode_native", "from_native")
    assert seen(held.timings) == [
        (codec, operation, 0) for operations in directions for codec in PLAN.codecs for operation in operations
    ]


def test_header_and_data_sets(tmp_path):
    held = run(PLAN, tmp_path, Script(), command=["serbench", "run"])
    assert held.header.plan_sha256 == PLAN.sha256()
    assert held.header.command == ["serbench", "run"]
    assert list(held.header.codecs) == list(PLAN.codecs)
    assert held.header.machine["byte_order"] == sys.byteorder
    # x: 4 bits of 7 and 5 of 8; weight: 64 bits each; label: 2 octets
    assert [(d.name, d.root, d.messages, d.information_bytes) for d in held.datasets] == [
        ("points", "Point", 2, 9 + 11)
    ]


@pytest.mark.parametrize("resume", [False, True])
def test_two_runs_into_one_folder_do_not_mix(tmp_path, resume):
    """The second is refused, and sees what the first has written when it looks again."""
    script = Script()

    class Meanwhile(Script):
        def verify(self, **content):
            with pytest.raises(ResultsError, match="another run writes to it"):
                run(PLAN, tmp_path, script, resume=resume)
            yield from super().verify(**content)

    held = run(PLAN, tmp_path, Meanwhile())
    assert script.requests == []
    assert run(PLAN, tmp_path, script, resume=True).timings == held.timings


@pytest.mark.parametrize("status", ["failed", "unsupported", "unavailable"])
def test_only_what_came_back_equal_is_timed(tmp_path, status):
    script = Script(statuses={"fake/good": status})
    held = run(PLAN, tmp_path, script)
    assert {t.codec for t in held.timings} == {"fake/plain"}
    assert all(codec == "fake/plain" for content in script.blocks() for codec, _ in content["candidates"])


def test_lossy_is_timed(tmp_path):
    assert {t.codec for t in run(PLAN, tmp_path, Script(statuses={"fake/good": "lossy"})).timings} == set(PLAN.codecs)


def test_nothing_to_time(tmp_path):
    held = run(PLAN, tmp_path, Script(statuses=dict.fromkeys(PLAN.codecs, "failed")))
    assert held.timings == []


def test_a_codec_that_breaks_verification_costs_itself_only(tmp_path):
    held = run(PLAN, tmp_path, Script(statuses={"fake/good": "broken"}))
    assert [(row.codec, row.status, row.reason) for row in held.verified] == [
        ("fake/good", "failed", "crashed: SIGILL"),
        ("fake/plain", "ok", ""),
    ]


class Killed(Script):
    """Workers that are killed from outside, once for each request of a kind and each codec that is verified."""

    def __init__(self, kind, **more):
        super().__init__(**more)
        self.kind = kind
        self.places = set()

    def request(self, request, **content):
        for frame in super().request(request, **content):
            place = (content.get("codec"), content.get("seed"), frame.get("row", {}).get("codec"))
            first = not any(held[1] and held[1] == place[1] for held in self.places)
            if request == self.kind and "done" not in frame and place not in self.places and first:
                self.places.add(place)
                raise WorkerFailed("crashed: SIGKILL", killed=True)
            yield frame


@pytest.mark.parametrize("kind", ["verify", "open", "block"])
def test_nobody_is_blamed_for_a_worker_that_is_killed_once(kind, tmp_path):
    script = Killed(kind)
    held = run(replace(PLAN, processes=2), tmp_path / "a", script)
    calm = run(replace(PLAN, processes=2), tmp_path / "b", Script())
    assert len(script.places) == 4 if kind == "block" else 2
    assert (held.verified, held.timings) == (calm.verified, calm.timings)
    assert not any(content["careful"] for content in script.blocks())


@pytest.mark.parametrize("kind", ["breaking", "late"])
def test_a_codec_that_breaks_a_block_costs_itself_only(tmp_path, kind):
    script = Script(**{kind: ["fake/good"]})
    held = run(replace(PLAN, operations=("encode", "encode_native", "decode")), tmp_path, script)
    assert [request for request, _ in script.requests].count("open") == (5 + (4 if kind == "late" else 2))
    broken = [t for t in held.timings if t.reason]
    assert seen(broken) == [("fake/good", "encode", 0), ("fake/good", "decode", 0)]
    assert all(t.reason.startswith("crashed: SIG") and not t.samples_ns for t in broken)
    whole = [t for t in held.timings if not t.reason]
    assert {t.codec for t in whole} == {"fake/plain"}
    assert {t.process for t in whole} == set(range(5))
    assert [content["careful"] for content in script.blocks()].count(True) == (4 if kind == "late" else 0)


def test_a_codec_that_breaks_while_it_is_compiled_costs_itself_only(tmp_path):
    """In all blocks of the data set at once, and it is not tried again."""
    script = Script(uncompilable=["fake/good"])
    held = run(replace(PLAN, operations=("encode", "encode_native", "decode")), tmp_path, script)
    broken = [t for t in held.timings if t.reason]
    assert seen(broken) == [("fake/good", operation, 0) for operation in ("encode", "encode_native", "decode")]
    assert {t.reason for t in broken} == {"crashed: SIGFPE"}
    assert {(t.codec, t.process) for t in held.timings if not t.reason} == {("fake/plain", n) for n in range(5)}
    opened = [content["codecs"] for request, content in script.requests if request == "open"]
    assert opened == [list(PLAN.codecs), *[["fake/plain"]] * 5]


class Noisy(Script):
    """One codec's times differ from process to process."""

    def block(self, **content):
        for frame in super().block(**content):
            if "row" in frame and frame["row"]["codec"] == "fake/good":
                frame["row"]["samples_ns"] = [1000 + 100 * (self.workers % 2)]
                frame["row"]["canary_ns"] = [1]
            yield frame


def test_what_is_not_precise_after_the_planned_processes_gets_more(tmp_path):
    """And with it the fastest, which it is compared with."""
    three = replace(PLAN, codecs=(*PLAN.codecs, "fake/offering"), operations=("encode", "decode"))
    held = run(three, tmp_path, Noisy())
    processes = {codec: {t.process for t in held.timings if t.codec == codec} for codec in three.codecs}
    assert processes == {
        "fake/good": set(range(10)),
        "fake/plain": set(range(10)),
        "fake/offering": set(range(5)),
    }
    more = run(replace(three, precision=0.5), tmp_path / "coarse", Noisy())
    assert {t.process for t in more.timings} == set(range(5))


def test_a_resumed_run_does_not_repeat_what_was_precise(tmp_path):
    run(PLAN, tmp_path, Noisy())
    script = Noisy()
    run(PLAN, tmp_path, script, resume=True)
    assert script.blocks() == []


def test_what_was_spent_is_kept(tmp_path, monkeypatch):
    held = run(replace(PLAN, budget_s=100), tmp_path, Paced(monkeypatch))
    assert [(row.dataset, row.direction, row.process) for row in held.spent] == [
        ("points", direction, process) for process in range(5) for direction in ("encode", "decode")
    ]
    assert all(row.wall_ns - row.measured_ns == pytest.approx(0.2e9, abs=1e4) for row in held.spent)


def test_a_block_that_nobody_owns_up_to_is_given_up(tmp_path):
    class Dead(Script):
        def block(self, **content):
            raise WorkerFailed("crashed: SIGKILL")
            yield

    held = run(PLAN, tmp_path, Dead())
    assert {t.reason for t in held.timings} == {"crashed: SIGKILL"}
    assert len(held.timings) == 2 * 6


def test_what_has_a_reason_is_not_done_again(tmp_path):
    script = Script(reasons={("fake/good", "encode"): "one call takes 7.0 s: called once, cold"})
    held = run(PLAN, tmp_path, script)
    assert seen(t for t in held.timings if t.reason) == [("fake/good", "encode", 0)]
    later = script.blocks()[2]["candidates"]
    assert ("fake/good", "encode") not in later
    assert ("fake/good", "to_native") in later


class Paced(Script):
    """Workers that take `start_s` to start, and then the time they are given, or `least_s`."""

    def __init__(self, monkeypatch, start_s=0.3, least_s=0.1, verify_s=1.0, **more):
        super().__init__(**more)
        self.now = 0.0
        self.start_s = start_s
        self.least_s = least_s
        self.verify_s = verify_s
        monkeypatch.setattr(runner, "time", SimpleNamespace(monotonic=lambda: self.now))

    def start(self):
        self.now += self.start_s

    def verify(self, **content):
        self.now += self.verify_s
        return super().verify(**content)

    def block(self, **content):
        given_s = content["budget_ns"] / 1e9
        self.measured_ns = int((given_s - 0.2) * 1e9)
        self.now += max(given_s, self.least_s)
        return super().block(**content)


@pytest.mark.parametrize(
    ("budget_s", "passes"), [(100, 5), (20, 5), (10, 2), (5, 1), (0.1, 1)], ids=lambda value: f"{value}"
)
def test_the_budget_decides_how_many_passes_there_are(tmp_path, monkeypatch, budget_s, passes):
    script = Paced(monkeypatch)
    held = run(replace(TWO, budget_s=budget_s), tmp_path, script)
    assert len({t.process for t in held.timings}) == passes
    assert len(held.timings) == passes * 4 * 6
    if budget_s >= 10:
        assert script.now == pytest.approx(budget_s)


def test_the_time_left_is_shared_equally(tmp_path, monkeypatch):
    script = Paced(monkeypatch)
    run(replace(TWO, budget_s=100), tmp_path, script)
    assert [content["budget_ns"] / 1e9 for content in script.blocks()] == pytest.approx([(98 - 5 * 0.3) / 20] * 20)


def test_blocks_that_overrun_leave_fewer_passes(tmp_path, monkeypatch):
    script = Paced(monkeypatch, least_s=3)
    held = run(replace(TWO, budget_s=30), tmp_path, script)
    assert len({t.process for t in held.timings}) == 2
    assert 26 < script.now <= 30


def test_timing_has_half_of_the_budget_even_after_a_long_verification(tmp_path, monkeypatch):
    script = Paced(monkeypatch, verify_s=50)
    watcher = Watcher()
    run(replace(TWO, budget_s=100), tmp_path, script, progress=watcher)
    assert script.now == pytest.approx(150)
    (warning,) = [
        text for text, _ in watcher.warnings if text.startswith("round trips took 100 s of a budget of 100 s")
    ]
    assert "timing has 50 s all the same" in warning


def test_memory_comes_last_and_has_its_share_or_what_is_left(tmp_path, monkeypatch):
    script = Paced(monkeypatch)
    held = run(replace(TWO, budget_s=100, memory_share=0.2), tmp_path, script)
    order = [request for request, _ in groupby(script.requests, key=lambda request: request[0])]
    assert [name for name in order if name in ("verify", "block", "import", "footprint")][-2:] == [
        "import",
        "footprint",
    ]
    assert script.now == pytest.approx(80, abs=1)
    assert len(held.footprints) == 4


def test_an_interrupt_keeps_what_was_measured(tmp_path):
    watcher = Watcher()
    held = run(PLAN, tmp_path, Script(stop_at=4), progress=watcher)
    assert {(t.process, t.operation) for t in held.timings if t.codec == "fake/plain"} == {
        (0, operation) for direction in ("encode", "decode") for operation in DIRECTIONS[direction]
    }
    assert watcher.heard[-1] == ("finished", 1)


def test_an_interrupt_while_verifying(tmp_path):
    held = run(PLAN, tmp_path, Script(stop_at=1))
    assert (held.verified, held.timings) == ([], [])


def test_what_makes_the_machine_unfit_is_told_first(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "machine", lambda: {"usable_cores": 2, "on_battery": True})
    watcher = Watcher()
    held = run(PLAN, tmp_path, Script(), progress=watcher)
    assert watcher.warnings[0] == ("the machine runs on battery, which slows it down: plug it in", 0)
    assert watcher.heard[0][0] == "started"
    assert held.header.machine["on_battery"] is True


def test_how_the_machine_was_meanwhile_is_written_at_each_end(tmp_path):
    assert [ended.interrupted for ended in run(PLAN, tmp_path, Script(stop_at=3)).ended] == [True]
    held = run(PLAN, tmp_path, Script(), resume=True)
    assert [ended.interrupted for ended in held.ended] == [True, False]
    assert all(ended.wall_s > 0 for ended in held.ended)


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4, 7])
def test_a_run_is_resumed_where_it_stopped(tmp_path, stop_at):
    first = run(PLAN, tmp_path, Script(stop_at=stop_at))
    script = Script()
    second = run(PLAN, tmp_path, script, resume=True)
    assert second.timings[: len(first.timings)] == first.timings
    assert len(second.timings) == len(set(seen(second.timings))) == 5 * 2 * 6
    assert len(second.verified) == 2
    assert len(second.datasets) == 1
    assert (tmp_path / FILE_NAME).read_text().count('"kind": "header"') == 1


def test_a_block_that_was_cut_off_is_done_again_as_a_whole(tmp_path):
    """Its codecs are compared round by round, so that all of them have to be of the same process."""
    whole = run(PLAN, tmp_path, Script())
    lines = (tmp_path / FILE_NAME).read_text().splitlines(keepends=True)
    cut = max(number for number, line in enumerate(lines) if '"timing"' in line)
    (tmp_path / FILE_NAME).write_text("".join(lines[:cut]))
    script = Script()
    held = run(PLAN, tmp_path, script, resume=True)
    assert len(script.blocks()) == 1
    assert len(held.timings) == len(set(seen(held.timings))) == len(whole.timings)
    assert len((tmp_path / FILE_NAME).read_text().splitlines()) > len(lines)


def test_a_run_that_is_complete_is_not_done_again(tmp_path):
    run(PLAN, tmp_path, Script())
    script = Script()
    run(PLAN, tmp_path, script, resume=True)
    assert script.requests == []


def test_a_resumed_run_leaves_out_what_broke(tmp_path):
    first = run(replace(PLAN, budget_s=0.01), tmp_path, Script(breaking=["fake/good"]))
    second = run(PLAN, tmp_path, Script(), resume=True)
    again = {t.operation for t in second.timings[len(first.timings) :] if t.codec == "fake/good"}
    assert not again & {"encode", "decode"}


def test_a_block_that_was_stopped_after_a_codec_broke_is_done_again(tmp_path):
    first = run(PLAN, tmp_path, Script(breaking=["fake/good"], stop_at=3))
    assert seen(first.timings) == [("fake/good", "encode", 0)]
    second = run(PLAN, tmp_path, Script(breaking=["fake/good"]), resume=True)
    assert ("fake/plain", "encode", 0) in seen(second.timings)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path):
    run(PLAN, tmp_path, Script())
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ResultsError, match="holds a run; resume it, or choose another folder"):
        run(PLAN, tmp_path, Script())
    with pytest.raises(ResultsError, match="is a run of another plan; start a new one"):
        run(replace(PLAN, seed=2), tmp_path, Script(), resume=True)
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize(("held", "what"), [("Z80", "processor"), ("3.99", "Python")])
def test_a_run_of_another_machine_is_not_gone_on_with(tmp_path, monkeypatch, held, what):
    run(PLAN, tmp_path, Script())
    name = {"processor": "cpu", "Python": "python"}[what]
    monkeypatch.setattr(environment, "machine", lambda: read(tmp_path).header.machine | {name: held})
    with pytest.raises(ResultsError, match=f"another {what}"):
        run(PLAN, tmp_path, Script(), resume=True)


def test_a_message_that_is_not_of_the_schema(tmp_path):
    plan = replace(PLAN, data=(replace(DATA, messages=[{"x": "7"}]),))
    with pytest.raises(ValueMismatch):
        run(plan, tmp_path, Script())
    assert not (tmp_path / FILE_NAME).exists()
    with pytest.raises(ValueMismatch):
        runner.verify_all(plan, worker=Script())


def test_progress(tmp_path):
    watcher = Watcher()
    run(PLAN, tmp_path, Script(), progress=watcher)
    assert watcher.heard[0] == ("started", 2 + 4 * 5)
    assert watcher.heard[1:6] == [
        ("verify points: fake/good", 0.0),
        ("verify points: fake/plain", 0.25),
        ("start process 1", pytest.approx(0.5, abs=0.01)),
        ("encode points, process 1", pytest.approx(0.5, abs=0.01)),
        ("decode points, process 1", pytest.approx(0.5, abs=0.01)),
    ]
    shares = [done for _, done in watcher.heard[1:]]
    assert shares == sorted(shares)
    assert watcher.heard[-1] == ("finished", 1)


def test_verify_all(tmp_path):
    watcher = Watcher()
    rows = runner.verify_all(TWO, watcher, worker=Script(statuses={"fake/plain": "failed"}))
    assert [(row.dataset, row.codec, row.status) for row in rows] == [
        ("points", "fake/good", "ok"),
        ("points", "fake/plain", "failed"),
        ("others", "fake/good", "ok"),
        ("others", "fake/plain", "failed"),
    ]
    assert watcher.heard[-2] == ("verify others: fake/plain", 0.75)


def test_a_real_run(tmp_path):
    codecs = ("good", "plain", "flipping", "aborting", "late", "raising-late", "unavailable")
    plan = replace(PLAN, codecs=tuple(f"fake/{codec}" for codec in codecs), budget_s=8, processes=2)
    held = runner.run(plan, tmp_path, worker=lambda: Worker(patience_s=20))
    assert {row.codec.removeprefix("fake/"): row.status for row in held.verified} == {
        "good": "ok",
        "plain": "ok",
        "flipping": "failed",
        "aborting": "failed",
        "late": "ok",
        "raising-late": "ok",
        "unavailable": "unavailable",
    }
    reasons = {t.codec: t.reason for t in held.timings if t.reason}
    assert reasons == {"fake/late": "crashed: SIGABRT", "fake/raising-late": "encode raised RuntimeError: no more"}
    found = figures(held)
    assert {operation for _, codec, operation in found if codec == "fake/good"} == {
        *DIRECTIONS["encode"],
        *DIRECTIONS["decode"],
    }
    assert {operation for _, codec, operation in found if codec == "fake/plain"} == {"encode", "decode"}
    halves = found["points", "fake/good", "to_native"].ns + found["points", "fake/good", "encode_native"].ns
    assert 0.2 < halves / found["points", "fake/good", "encode"].ns < 5


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not bounded")
def test_who_leaks_pays_for_it(tmp_path):
    codecs = ("greedy", "growing", "plain")
    plan = replace(PLAN, codecs=tuple(f"fake/{codec}" for codec in codecs), budget_s=3, processes=1)
    held = runner.run(plan, tmp_path, worker=lambda: Worker(patience_s=20, memory_bytes=300 << 20))
    assert {row.status for row in held.verified} == {"ok"}
    assert {t.codec for t in held.timings if t.reason} == {"fake/growing"}
    assert all("MiB were kept" in t.reason for t in held.timings if t.reason)
    assert {t.codec for t in held.timings if t.samples_ns and t.operation == "encode"} == {"fake/greedy", "fake/plain"}


def test_verification_goes_on_after_memory_was_short(tmp_path):
    class Short(Script):
        def verify(self, codecs, **content):
            yield next(super().verify(codecs, **content))
            yield {"done": False}

    script = Short()
    assert [row.codec for row in run(PLAN, tmp_path, script).verified] == list(PLAN.codecs)
    assert [request for request, _ in script.requests].count("verify") == 2


def test_streams_take_a_process_each_and_are_not_done_again(tmp_path):
    plan = replace(PLAN, memory_share=0.1)
    script = Script(offers=["stream"], breaking=["fake/good"])
    held = run(plan, tmp_path, script)
    assert [(row.codec, row.records, row.reason) for row in held.streamed] == [
        ("fake/good", 0, "crashed: SIGSEGV"),
        ("fake/plain", 9, ""),
    ]
    assert {"write_stream", "read_stream"} <= {timing.operation for timing in held.timings}
    again = Script(offers=["stream"])
    assert run(plan, tmp_path, again, resume=True).streamed == held.streamed
    assert "stream" not in [request for request, _ in again.requests]


def test_a_single_message_is_no_stream(tmp_path):
    one = replace(PLAN, data=(replace(DATA, messages=[point()]),))
    held = run(one, tmp_path, Script(offers=["stream"]))
    assert held.streamed == []
    assert "read_stream" not in {timing.operation for timing in held.timings}


def test_a_leaf_is_read_by_all_codecs_if_one_offers_it_and_messages_are_large(tmp_path):
    schema = Schema("L", (Record("L", (Field("xs", 1, List(Int(32))),)),))
    large = Data(name="large", source="shared", schema=schema, messages=[{"xs": [*range(20)]}, {"xs": [*range(17)]}])
    small = replace(large, name="small", messages=[{"xs": [*range(20)]}, {"xs": [1]}])
    assert (large.leaf, small.leaf) == (("xs", 16), ())
    for offers, data, timed in (["access"], large, True), ([], large, False), (["access"], small, True):
        script = Script(offers=offers)
        held = run(replace(PLAN, data=(data,)), tmp_path / data.name / str(timed), script)
        assert ("access" in {timing.operation for timing in held.timings}) is timed
        assert held.datasets[0].leaf == ("$.xs[16]" if data is large else "")
