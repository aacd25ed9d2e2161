"""The sampler under a clock that only its candidates move: no test depends on real time."""

import ast
import gc
import zlib
from dataclasses import replace
from itertools import groupby, pairwise
from typing import get_args

import pytest
from serbench import sampler
from serbench.results import Operation
from serbench.sampler import CLOCK, COPIES, Candidate, Loop, calibrate, candidates, sample
from sercodecs.contract import Codec, assemble
from serschema.model import Record, Schema

US = 1_000
MS = 1_000_000
S = 1_000_000_000


class Machine:
    """A clock, and calls that take time on it; `calls` has the names in the order in which they were called."""

    def __init__(self):
        self.now = 0
        self.calls = []

    def clock(self):
        return self.now

    def taking(self, ns, name=""):
        def call(value):
            self.now += ns
            self.calls.append(name)

        return call

    def candidate(self, name, ns, messages=1):
        return Candidate(name, "to_native", self.taking(ns, name), list(range(messages)))

    def sample(self, block, budget_ns=100 * MS, **more):
        return sample(block, budget_ns, "seed", clock=self.clock, **more)


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(sampler, "canary", lambda: machine.taking(20 * US, "canary")(None))
    return machine


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("messages", [1, 2, 3, 5, 7, 8, 9, 16, 17, 23])
def test_a_loop_calls_each_message_equally_often_in_order(machine, messages, unrolled):
    seen = []
    loop = Loop(seen.append, list(range(messages)), machine.clock, unrolled=unrolled)
    loop.run(3)
    assert seen == list(range(messages)) * (3 * loop.repeat)


def test_a_few_messages_are_unrolled_to_eight_calls(machine):
    repeats = [Loop(print, range(n), machine.clock, unrolled=True).repeat for n in (1, 2, 3, 4, 5, 8, 9)]
    assert repeats == [8, 4, 2, 2, 1, 1, 1]
    assert Loop(print, [1], machine.clock, unrolled=False).repeat == 1


def test_a_loop_has_copies_with_code_of_their_own(machine):
    one, two = (Loop(print, [1], machine.clock, unrolled=True).runs for _ in range(2))
    assert len({id(run.__code__) for run in one + two}) == 2 * COPIES


def test_the_slots_of_a_candidate_go_through_the_copies(machine):
    """A slot has one copy, warmed up by its discarded sub-batch, and the next slot the next."""
    seen = []
    candidate = machine.candidate("a", US)
    calibrate(candidate, machine.clock)
    candidate.loop.runs = [lambda turns, copy=copy: seen.append(copy) or US for copy in range(COPIES)]
    for _ in range(COPIES + 2):
        sampler._keep(candidate, sampler.slot(candidate), 0, 0)
    assert [copy for copy, _ in groupby(seen)] == [*range(COPIES), 0, 1]
    assert len(seen) == (COPIES + 2) * (candidate.discarded + candidate.timed)


@pytest.mark.parametrize("messages", [1, 3, 8, 20])
@pytest.mark.parametrize("ns", [40, 300, 1700])
def test_a_sub_batch_of_a_fast_call_is_a_tenth_of_a_millisecond(machine, ns, messages):
    candidate = machine.candidate("fast", ns, messages)
    calibrate(candidate, machine.clock)
    before = machine.now
    candidate.loop.run(candidate.turns)
    assert machine.now - before == pytest.approx(100 * US, rel=0.2)
    assert candidate.timed in (4, 5)
    assert candidate.discarded == 1
    assert candidate.loops * messages * ns == candidate.timed * (machine.now - before)


@pytest.mark.parametrize(
    ("ns", "timed", "discarded"),
    [(70 * US, 5, 1), (130 * US, 4, 1), (200 * US, 2, 1), (MS, 1, 1), (6 * MS, 1, 0), (80 * MS, 1, 0)],
)
def test_slow_calls_have_fewer_sub_batches(machine, ns, timed, discarded):
    candidate = machine.candidate("slow", ns)
    calibrate(candidate, machine.clock)
    assert (candidate.timed, candidate.discarded) == (timed, discarded)


def test_the_first_call_does_not_calibrate(machine):
    costs = iter([300 * US])

    def call(value):
        machine.now += next(costs, 300)

    candidate = Candidate("cold", "encode", call, [1])
    calibrate(candidate, machine.clock)
    assert candidate.loops * 300 == pytest.approx(500 * US, rel=0.05)


def test_a_call_that_is_seldom_slow_does_not_calibrate(machine):
    """Every fourth run is interrupted for 50 us; the least of five is not."""
    runs = iter(range(1000))

    def call(value):
        machine.now += US + (50 * US if next(runs) % 32 == 31 else 0)

    candidate = Candidate("interrupted", "encode", call, [1])
    calibrate(candidate, machine.clock)
    assert candidate.turns * candidate.loop.repeat >= 25


def test_samples_are_what_the_calls_took(machine):
    block = [machine.candidate("a", 300), machine.candidate("b", 900)]
    machine.sample(block)
    for candidate, ns in zip(block, (300, 900), strict=True):
        assert len(candidate.samples_ns) > 50
        assert {taken / candidate.loops for taken in candidate.samples_ns} == {ns}
        assert set(candidate.canary_ns) == {20 * US}
        assert candidate.rounds == list(range(len(candidate.rounds)))


def test_the_loop_count_is_kept(machine):
    candidate = machine.candidate("a", 300)
    calibrate(candidate, machine.clock)
    loops = candidate.loops
    machine.sample([candidate])
    assert candidate.loops == loops


def test_candidates_take_turns_in_an_order_that_changes(machine):
    block = [machine.candidate(name, 10 * US) for name in "abcdef"]
    machine.sample(block, announce=lambda candidate: candidate or machine.calls.clear())
    turns = [name for previous, name in pairwise(["", *machine.calls]) if name != previous]
    rounds = "".join("|" if name == "canary" else name for name in turns).strip("|").split("|")
    assert all(set(held) == set("abcdef") for held in rounds)
    assert len(set(rounds)) > len(rounds) / 2


def test_the_same_seed_gives_the_same_order():
    def calls():
        machine = Machine()
        machine.sample([machine.candidate(name, 10 * US) for name in "abcdef"])
        return machine.calls

    assert calls() == calls()


def test_the_budget_is_kept(machine):
    machine.sample([machine.candidate(name, 10 * US) for name in "abcdef"], 200 * MS)
    assert 200 * MS <= machine.now < 210 * MS


def test_everything_is_sampled_three_times_without_any_budget_or_once_if_slow(machine):
    block = [machine.candidate("fast", US), machine.candidate("slower", 4 * MS), machine.candidate("slow", 6 * MS)]
    machine.sample(block, -1)
    assert [len(candidate.samples_ns) for candidate in block] == [3, 3, 1]
    assert [candidate.reason for candidate in block] == ["", "", ""]


def test_slow_candidates_miss_rounds_together(machine):
    block = [machine.candidate(str(ns), ns) for ns in (US, 2 * US, 3 * US, 4 * US, 25 * MS, 60 * MS, 70 * MS)]
    machine.sample(block, 3 * S)
    fast, slowish, slow, slower = block[0], *block[4:]
    assert slow.period == slower.period == 32
    assert slow.rounds == list(range(0, len(slow.rounds) * 32, 32)) == slower.rounds
    assert slowish.period == 16
    assert set(slow.rounds) < set(slowish.rounds)
    assert len(fast.samples_ns) > 10 * len(slow.samples_ns)
    assert fast.row()["rounds"] == []
    assert slow.row()["rounds"] == slow.rounds


def test_candidates_that_are_all_slow_miss_none(machine):
    block = [machine.candidate(str(ns), ns) for ns in (60 * MS, 70 * MS, 80 * MS)]
    machine.sample(block, 2 * S)
    assert [candidate.period for candidate in block] == [1, 1, 1]
    assert len(block[0].samples_ns) == pytest.approx(8, abs=2)


def test_what_is_too_slow_is_called_once_and_says_so(machine):
    block = [machine.candidate("fast", US), machine.candidate("glacial", 3 * S)]
    machine.sample(block, S)
    assert machine.calls.count("glacial") == 1
    assert (block[1].samples_ns, block[1].loops, block[1].rounds) == ([3 * S], 1, [0])
    assert block[1].reason == "one call takes 3.0 s: called once, cold"
    assert len(block[0].samples_ns) >= 3


def test_what_raises_is_left_out_and_the_others_go_on(machine):
    calls = iter(range(500))

    def call(value):
        machine.now += US
        if next(calls, None) is None:
            raise ValueError("no more")

    block = [Candidate("broken", "encode", call, [1]), machine.candidate("whole", US)]
    machine.sample(block)
    assert (block[0].samples_ns, block[0].canary_ns, block[0].rounds) == ([], [], [])
    assert block[0].reason == "encode raised ValueError: no more"
    assert len(block[1].samples_ns) > 50


def test_what_raises_at_once(machine):
    block = [Candidate("broken", "decode", lambda value: 1 // 0, [1])]
    machine.sample(block)
    assert block[0].row()["reason"] == "decode raised ZeroDivisionError: integer division or modulo by zero"
    assert block[0].row()["loops"] >= 0


def announced(machine, **more):
    heard = []
    machine.sample(
        [machine.candidate(name, 100 * MS) for name in "ab"],
        5 * S,
        announce=lambda candidate: heard.append(candidate and candidate.codec),
        **more,
    )
    return heard


def test_candidates_are_announced_before_their_first_call_and_then_a_heartbeat(machine):
    heard = announced(machine)
    assert heard[:3] == ["a", "b", None]
    assert heard[3:] == [None]


def test_a_careful_run_announces_every_slot(machine):
    heard = announced(machine, careful=True)
    assert heard[:3] == ["a", "b", None]
    assert set(heard[3:]) == {"a", "b"}
    assert len(heard[3:]) > 12


def test_no_garbage_is_collected_meanwhile(machine):
    states = []
    gc.enable()
    block = [Candidate("a", "to_native", lambda value: states.append(gc.isenabled()) or machine.taking(MS)(0), [1])]
    assert machine.sample(block) == []
    assert set(states) == {False}
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_twins_have_garbage_collection_on_in_every_fourth_round(machine):
    states = []

    def call(value):
        machine.now += MS
        states.append((gc.isenabled(), gc.get_freeze_count() == 0))

    block = [Candidate("a", "decode", call, [1])]
    (twin,) = machine.sample(block)
    assert set(states) == {(False, False), (True, True)}
    assert twin.rounds == list(range(0, len(block[0].rounds), 4))
    assert (twin.loop, twin.loops) == (block[0].loop, block[0].loops)
    assert (twin.row()["collecting"], block[0].row()["collecting"]) == (True, False)


def test_a_twin_that_raises_leaves_garbage_collection_as_it_was(machine):
    def call(value):
        machine.now += MS
        if gc.isenabled():
            raise ValueError("collected")

    block = [Candidate("a", "decode", call, [1])]
    (twin,) = machine.sample(block)
    assert twin.reason == "decode raised ValueError: collected"
    assert (block[0].reason, gc.get_freeze_count()) == ("", 0)
    assert len(block[0].samples_ns) > 3


def test_a_block_ends_when_there_is_enough(machine):
    """A tenth of a second for each, or eight slots of a slow one."""
    block = [machine.candidate("fast", US), machine.candidate("slow", 60 * MS)]
    machine.sample(block, 60 * S)
    assert 580 * MS < machine.now < 900 * MS


def codec(**halves):
    return Codec(encode=lambda value: b"%d" % value, decode=int, **halves)


def test_candidates_are_what_the_codec_has():
    found = candidates("a/b", codec(), [1, 2], ("encode", "to_native", "encode_native"))
    assert [(c.operation, c.inputs) for c in found] == [("encode", [1, 2])]
    found = candidates("a/b", codec(encode_native=repr), [1, 2], ("encode", "to_native", "encode_native"))
    assert [(c.operation, c.inputs) for c in found] == [("encode", [1, 2]), ("encode_native", [1, 2])]


def test_inputs_of_the_halves():
    whole = codec(to_native=str, encode_native=str.encode, decode_native=bytes.decode, from_native=int)
    asked = ("encode", "to_native", "encode_native"), ("decode", "decode_native", "from_native")
    found = {c.operation: c.inputs for operations in asked for c in candidates("a/b", whole, [1, 2], operations)}
    assert found == {
        "encode": [1, 2],
        "to_native": [1, 2],
        "encode_native": ["1", "2"],
        "decode": [b"1", b"2"],
        "decode_native": [b"1", b"2"],
        "from_native": ["1", "2"],
    }


def test_messages_are_the_same_objects_for_every_codec():
    messages = [{"x": 1}]
    one, two = (next(candidates(name, Codec(encode=repr, decode=repr), messages, ("encode",))) for name in "ab")
    assert one.inputs[0] is two.inputs[0] is messages[0]


def test_codecs_that_share_code_are_measured_with_code_of_their_own():
    """The interpreter specialises code for what it calls; `assemble` gives all codecs the same."""
    schema = Schema("R", (Record("R", ()),))
    one, two = (assemble(schema, encode, bytes.decode) for encode in (repr, ascii))
    assert one.encode.__code__ is two.encode.__code__
    first, second = called_by(one), called_by(two)
    assert len({id(call.__code__) for call in first + second}) == 2 * COPIES
    assert (first[0]({"é": 1}), second[-1]({"é": 1})) == (repr({"é": 1}), ascii({"é": 1}))
    assert called_by(Codec(encode=repr, decode=repr)) == [repr] * COPIES


def called_by(codec):
    (candidate,) = candidates("a/b", codec, [{}], ("encode",))
    return [run.__globals__["call"] for run in Loop(candidate.call, candidate.inputs, CLOCK, unrolled=True).runs]


def test_code_of_its_own_keeps_the_defaults():
    def encode(value, first=1, *, second=2):
        return value, first, second

    call = called_by(Codec(encode=encode, decode=repr))[0]
    assert call("v") == ("v", 1, 2)


def test_a_leaf_is_read_by_itself_or_from_the_decoded_message():
    plain = Codec(encode=repr, decode=ast.literal_eval)
    by_itself = replace(plain, access=lambda path: lambda data: ("by itself", path))
    for held, expected in ((plain, 7), (by_itself, ("by itself", ("a", 1)))):
        (found,) = candidates("a/b", held, [{"a": [6, 7]}], ("access",), ("a", 1))
        assert found.call(*found.inputs) == expected


def test_a_stream_is_one_call_for_all_messages():
    seen = []

    def write_stream(file, values):
        file.write(b"".join(b"%d\n" % value for value in values))

    def read_stream(file):
        for line in file:
            seen.append(line)
            yield int(line)

    streaming = codec(write_stream=write_stream, read_stream=read_stream)
    write, read = candidates("a/b", streaming, [1, 2], ("write_stream", "read_stream"))
    assert (write.inputs, read.inputs) == ([[1, 2]], [b"1\n2\n"])
    write.call(write.inputs[0])
    read.call(read.inputs[0])
    assert seen == [b"1\n", b"2\n"]
    assert list(candidates("a/b", codec(), [1, 2], ("write_stream", "read_stream"))) == []


def test_compression_works_on_what_the_codec_writes():
    asked = ("compress:zlib-6", "decompress:zlib-6", "decompress:xz-6")
    writing = Codec(encode=lambda count: b"abc" * count, decode=len)
    found = {c.operation: c for c in candidates("a/b", writing, [100, 200], asked)}
    assert tuple(found) == asked
    assert found["compress:zlib-6"].inputs == [b"abc" * 100, b"abc" * 200]
    assert [*map(found["compress:zlib-6"].call, [b"abc" * 100])] == [zlib.compress(b"abc" * 100, 6)]
    assert found["decompress:zlib-6"].inputs[1] == zlib.compress(b"abc" * 200, 6)
    assert found["decompress:xz-6"].call(found["decompress:xz-6"].inputs[0]) == b"abc" * 100


def test_every_operation_has_a_direction():
    assert sorted(o for operations in sampler.DIRECTIONS.values() for o in operations) == sorted(get_args(Operation))


def test_who_meddled_when_calibrated_is_announced_after_each_slot(machine):
    heard = []

    def announce(candidate):
        if candidate is None and None not in heard:
            block[0].meddles = True
        heard.append(candidate)

    slots = []
    block = [
        Candidate(name, "to_native", lambda value, name=name: slots.append(name) or machine.taking(MS)(0), [1])
        for name in ("meddling", "plain")
    ]
    sample(block, 100 * MS, "seed", clock=machine.clock, announce=announce)
    rounds = len(block[0].samples_ns)
    assert rounds > 3
    assert heard.count(None) == 1 + rounds


def test_want_of_memory_in_the_rounds_is_raised(machine):
    def call(value):
        if block[0].samples_ns:
            raise MemoryError
        return machine.taking(MS)(0)

    block = [Candidate("a", "to_native", call, [1])]
    with pytest.raises(MemoryError):
        sample(block, 100 * MS, "seed", clock=machine.clock)


def test_a_library_that_turns_garbage_collection_on_does_so_for_itself_only(machine):
    states = []

    def looking(value):
        states.append(gc.isenabled())
        return machine.taking(MS)(0)

    def turning_on(value):
        gc.enable()
        return machine.taking(MS)(0)

    block = [Candidate("a", "to_native", turning_on, [1]), Candidate("b", "to_native", looking, [1])]
    sample(block, 100 * MS, "seed", clock=machine.clock)
    assert set(states) == {False}
