"""Time, by short interleaved batches.

A block is one data set and one direction (encode, decode, access, stream, compress, decompress) in one process: every
codec's operations of that direction take turns, in an order shuffled anew each round, so that a change of the machine's
speed hits all of them alike. A turn is a *slot*: one sub-batch of about 0.1 ms that is discarded (the caches are the
neighbour's) and up to five that are timed and summed. Before each round a canary, a fixed piece of pure Python, tells
how fast the machine is at that moment. Loops are calibrated warm, once. Garbage collection is off meanwhile, and all
codecs get the same value objects. Of encode and decode there are *twins*, the same with garbage collection on, in every
fourth round.

An operation that is slow takes part in a round only when it has had less than its share of the time. Each has at least
three samples, or one of more than 5 ms; what is too slow even for that keeps the call of its calibration, and says so.
A block ends when its time is over, or each operation has had what more of which would not say more: that is settled
between processes.

Clock and randomness are parameters: the tests have no real time in them.
"""

import gc
import io
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import count
from statistics import median
from types import FunctionType
from typing import IO, Any, Literal, TypeAlias, TypeVar, cast

from sercodecs.contract import Codec
from serschema.model import Path, Value
from serschema.values import at

from serbench.compression import METHODS
from serbench.results import PACKING, Operation
from serbench.verify import described

Call = TypeVar("Call", bound=Callable[..., Any])
Clock: TypeAlias = Callable[[], int]
CLOCK: Clock = time.perf_counter_ns
Direction: TypeAlias = Literal["encode", "decode", "access", "stream", "compress", "decompress"]

DIRECTIONS: dict[Direction, tuple[Operation, ...]] = {
    "encode": ("encode", "to_native", "encode_native"),
    "decode": ("decode", "decode_native", "from_native"),
    "access": ("access",),
    "stream": ("write_stream", "read_stream"),
    "compress": tuple(operation for operation in PACKING if operation.startswith("compress:")),
    "decompress": tuple(operation for operation in PACKING if operation.startswith("decompress:")),
}

UNROLL = 8
COPIES = 8
CALIBRATION_NS = 25_000
CALIBRATION_RUNS = 5
SUB_BATCH_NS = 100_000
SUB_BATCHES = 5
DISCARD_NS = 5_000_000
"""A sub-batch of this length does not show the neighbour's caches any more: none is discarded."""
SLOW_NS = 50_000_000
"""What takes longer is not warmed up by a call that is not timed."""
TOO_SLOW_NS = 500_000_000
"""What takes longer is called once, unless three calls fit into the budget."""
LEAST_SAMPLES = 3
"""Of an operation that takes longer than `DISCARD_NS` one is enough: what disturbs a call evens out in it."""
HEARTBEAT_NS = 1_000_000_000
"""How long a block may go on without a word to whoever waits for it."""
SPARED = 4
"""How many times the median slot a slot may take without missing rounds."""
ENOUGH_NS = 100_000_000
ENOUGH_SLOTS = 8
"""So much time, and so many slots, are enough for an operation in one process, on average over the block."""
USEFUL_NS = 50_000_000
USEFUL_ROUNDS = 5
COLLECTED: tuple[Operation, ...] = ("encode", "decode")
"""The operations that are timed with garbage collection on, too."""
COLLECTED_PERIOD = 4


@dataclass
class Candidate:
    """One operation of one codec: what is called, with what, and what came of it.

    A sub-batch is `turns` turns of `loop`. The candidate takes part in the rounds whose number `period` divides. One
    with `collecting` is a twin: it has garbage collection on. One that `meddles` changed global state when it was
    calibrated: after each of its slots there is an announcement, so that the state can be put back.
    """

    codec: str
    operation: Operation
    call: Callable[[Any], Any]
    inputs: Sequence[Any]
    loop: "Loop | None" = None
    turns: int = 1
    timed: int = 1
    discarded: int = 1
    slot_ns: int = 0
    period: int = 1
    collecting: bool = False
    meddles: bool = False
    samples_ns: list[int] = field(default_factory=list)
    canary_ns: list[int] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    reason: str = ""

    @property
    def least(self) -> int:
        """How many samples it gets, however little time there is."""
        return LEAST_SAMPLES if self.discarded and not self.collecting else 1

    @property
    def loops(self) -> int:
        """Calls, each of all messages, that one sample times."""
        return self.loop.repeat * self.turns * self.timed if self.loop else 0

    def row(self) -> dict[str, Any]:
        """What a `Timing` says of it."""
        return {
            "codec": self.codec,
            "operation": self.operation,
            "loops": self.loops,
            "samples_ns": self.samples_ns,
            "canary_ns": self.canary_ns,
            "rounds": self.rounds if self.rounds != list(range(len(self.rounds))) else [],
            "collecting": self.collecting,
            "reason": self.reason,
        }

    def twin(self) -> "Candidate":
        """The same with garbage collection on, as it is calibrated; it shares the loop."""
        return replace(
            self,
            collecting=True,
            period=max(self.period, COLLECTED_PERIOD),
            samples_ns=[],
            canary_ns=[],
            rounds=[],
        )


Announce: TypeAlias = Callable[[Candidate | None], None]
"""Told which candidate is about to be called, and None when it may be any of them."""


def candidates(
    codec_id: str, codec: Codec, messages: list[Value], operations: Sequence[Operation], leaf: Path = ()
) -> Iterator[Candidate]:
    """The operations, of those asked for, that the codec has, each with its inputs.

    All codecs have `access` to the leaf: those that do not offer it decode the message and read it there. A stream is
    one call for all messages, to and from memory. What is compressed is what the codec has written.
    """
    inputs: dict[str, Sequence[Any]] = {}
    calls: dict[str, Callable[[Any], Any]] = {}
    if "access" in operations:
        inputs["access"] = [codec.encode(message) for message in messages]
        calls["access"] = codec.access(leaf) if codec.access else _decode_then_read(codec.decode, leaf)
    if set(operations) & set(DIRECTIONS["stream"]) and codec.write_stream and codec.read_stream:
        file = io.BytesIO()
        codec.write_stream(file, messages)
        inputs |= {"write_stream": [messages], "read_stream": [file.getvalue()]}
        calls |= {"write_stream": _writes(codec.write_stream), "read_stream": _reads(codec.read_stream)}
    if set(operations) & set(DIRECTIONS["encode"]):
        inputs["encode"] = inputs["to_native"] = messages
        inputs["encode_native"] = [codec.to_native(message) for message in messages] if codec.to_native else messages
    if set(operations) & set(DIRECTIONS["decode"]):
        inputs["decode"] = inputs["decode_native"] = [codec.encode(message) for message in messages]
        if codec.decode_native:
            inputs["from_native"] = [codec.decode_native(data) for data in inputs["decode"]]
    for method, made in METHODS.items():
        if {f"compress:{method}", f"decompress:{method}"} & set(operations):
            pair = made()
            packed = [codec.encode(message) for message in messages]
            inputs |= {f"compress:{method}": packed, f"decompress:{method}": [*map(pair.compress, packed)]}
            calls |= {f"compress:{method}": pair.compress, f"decompress:{method}": pair.decompress}
    for operation in operations:
        call = calls.get(operation) or getattr(codec, operation)
        if call is not None:
            yield Candidate(codec_id, operation, call, inputs[operation])


def _decode_then_read(decode: Callable[[bytes], Value], leaf: Path) -> Callable[[bytes], Value]:
    def access(data: bytes) -> Value:
        return at(decode(data), leaf)

    return access


def _writes(write_stream: Callable[[IO[bytes], Iterable[Value]], None]) -> Callable[[list[Value]], None]:
    def write(messages: list[Value]) -> None:
        write_stream(io.BytesIO(), messages)

    return write


def _reads(read_stream: Callable[[IO[bytes]], Iterator[Value]]) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        deque(read_stream(io.BytesIO(data)), maxlen=0)

    return read


def _with_own_code(call: Call) -> Call:
    """A copy of a Python function that shares its code, and so what the interpreter has specialised, with no other.

    `contract.assemble` gives every codec the same code, which an application with one codec has to itself: one function
    measured as three candidates differed by 1.2 % on 400 ns, and by less than 0.1 % with code of their own.
    """
    if not isinstance(call, FunctionType):
        return call
    own = FunctionType(call.__code__.replace(), call.__globals__, call.__name__, call.__defaults__, call.__closure__)
    own.__kwdefaults__ = call.__kwdefaults__
    return cast(Call, own)


class Loop:
    """A generated function that times calls over the inputs: `repeat` passes over all of them in each turn.

    Eight calls stand in a row, for an iteration of a plain loop costs as much as the call of a fast codec. The code is
    the candidate's own: the interpreter specialises code for what it calls.

    There are several copies of both, for where code lies in memory matters: of two copies of a call of 100 ns the one
    made first was 2 % slower, in every process. `runs` are all of them, `run` is the first.
    """

    def __init__(self, call: Callable[[Any], Any], inputs: Sequence[Any], clock: Clock, *, unrolled: bool) -> None:
        rest = len(inputs) % UNROLL
        self.repeat = UNROLL // rest if unrolled and len(inputs) < UNROLL else 1
        whole = len(inputs) - rest
        held: dict[str, Any] = {
            "clock": clock,
            "chunks": [tuple(inputs[i : i + UNROLL]) for i in range(0, whole, UNROLL)],
            "rest": tuple(inputs[whole:]),
        }
        code = compile(_source(bool(whole), rest, self.repeat), "<loop>", "exec")
        self.runs: list[Callable[[int], int]] = []
        for _ in range(COPIES):
            own = held | {"call": _with_own_code(call)}
            exec(code, own)
            self.runs.append(_with_own_code(own["run"]))
        self.run = self.runs[0]


def _source(chunked: bool, rest: int, repeat: int) -> str:
    chunk = [f"x{i}" for i in range(UNROLL)]
    names = [f"r{i}" for i in range(rest)]
    lines = ["def run(turns):", "    f = call"]
    if rest:
        lines.append(f"    {', '.join(names)}, = rest")
    lines += ["    started = clock()", "    for _ in range(turns):"]
    if chunked:
        lines.append(f"        for {', '.join(chunk)} in chunks:")
        lines += [f"            f({name})" for name in chunk]
    lines += [f"        f({name})" for name in names * repeat]
    lines.append("    return clock() - started")
    return "\n".join(lines)


def canary() -> None:
    """A fixed piece of pure Python, some 20 us long."""
    total = 0
    for number in range(1000):
        total += number


def calibrate(candidate: Candidate, clock: Clock) -> None:
    """Warm up, and settle how many turns make a sub-batch: double until the least of five runs takes 25 us.

    What takes longer than a sub-batch has one turn. A slow one is called once, cold.
    """
    loop = candidate.loop = Loop(candidate.call, candidate.inputs, clock, unrolled=False)
    took = loop.run(1)
    if took < SLOW_NS:
        took = loop.run(1)
    if took < DISCARD_NS:
        took = min(loop.run(1) for _ in range(CALIBRATION_RUNS))
    if took < SUB_BATCH_NS:
        if took * max(1, UNROLL // len(candidate.inputs)) < SUB_BATCH_NS:
            loop = candidate.loop = Loop(candidate.call, candidate.inputs, clock, unrolled=True)
        turns = 1
        while (took := min(loop.run(turns) for _ in range(CALIBRATION_RUNS))) < CALIBRATION_NS:
            turns *= 2
        candidate.turns = max(1, round(turns * SUB_BATCH_NS / took))
        took = took * candidate.turns // turns
    candidate.timed = min(SUB_BATCHES, max(1, round(SUB_BATCHES * SUB_BATCH_NS / took)))
    candidate.discarded = int(took < DISCARD_NS)
    candidate.slot_ns = took * (candidate.timed + candidate.discarded)


def sample(
    block: Sequence[Candidate],
    budget_ns: int,
    seed: str,
    *,
    clock: Clock = CLOCK,
    announce: Announce = lambda candidate: None,
    careful: bool = False,
) -> list[Candidate]:
    """Fill the candidates' samples, in `budget_ns` or what the least samples of each take if that is more. Returns the
    twins that were measured with them.

    A candidate whose call raises keeps the reason only; want of memory in the rounds is raised, as any of them may have
    taken it. Each is announced before its first call, and None when the rounds begin; `careful` announces before every
    slot, which disturbs, to find who breaks the process.
    """
    deadline = clock() + budget_ns
    chance = random.Random(seed)
    with _without_gc():
        for candidate in block:
            announce(candidate)
            before = timed_canary(clock)
            with _guarded(candidate):
                calibrate(candidate, clock)
            if candidate.slot_ns > max(TOO_SLOW_NS, budget_ns // LEAST_SAMPLES):
                _keep(candidate, candidate.slot_ns, before, 0)
                candidate.reason = f"one call takes {candidate.slot_ns / 1e9:.1f} s: called once, cold"
        announce(None)
        alive = [candidate for candidate in block if not candidate.reason]
        _settle_periods(alive)
        twins = [candidate.twin() for candidate in alive if candidate.operation in COLLECTED]
        alive += twins
        heard = clock()
        deadline = min(deadline, heard + sum(map(_enough_ns, alive)))
        for number in count():
            if clock() >= deadline:
                alive = [candidate for candidate in alive if len(candidate.samples_ns) < candidate.least]
                turn = alive[:]
            else:
                turn = [candidate for candidate in alive if number % candidate.period == 0]
            if not alive:
                return twins
            before = timed_canary(clock)
            chance.shuffle(turn)
            for candidate in turn:
                if careful or clock() - heard > HEARTBEAT_NS:
                    announce(candidate if careful else None)
                    heard = clock()
                with _guarded(candidate, but=MemoryError):
                    _keep(candidate, slot(candidate), before, number)
                if candidate.meddles:
                    announce(None)
                if candidate.reason:
                    alive.remove(candidate)
    raise AssertionError("rounds have no end of their own")


def useful_ns(sampled: Iterable[Candidate]) -> int:
    """The least time that pays for another process of such a block: its calibration, and `USEFUL_ROUNDS` rounds."""
    slots_ns = sum(candidate.slot_ns / candidate.period for candidate in sampled)
    return int(slots_ns + max(USEFUL_NS, USEFUL_ROUNDS * slots_ns))


def _enough_ns(candidate: Candidate) -> int:
    return max(ENOUGH_NS, ENOUGH_SLOTS * candidate.slot_ns) // (COLLECTED_PERIOD if candidate.collecting else 1)


def _settle_periods(alive: Sequence[Candidate]) -> None:
    """Powers of two, so that slow candidates meet in the same rounds, and can be compared round by round."""
    if alive:
        usual = SPARED * median(candidate.slot_ns for candidate in alive)
        for candidate in alive:
            while candidate.slot_ns > usual * candidate.period:
                candidate.period *= 2


def slot(candidate: Candidate) -> int:
    """A sample in nanoseconds: the timed sub-batches after the discarded one."""
    assert candidate.loop
    run, turns = candidate.loop.runs[len(candidate.samples_ns) % COPIES], candidate.turns
    with _collecting() if candidate.collecting else nullcontext():
        for _ in range(candidate.discarded):
            run(turns)
        return sum([run(turns) for _ in range(candidate.timed)])


@contextmanager
def _collecting() -> Iterator[None]:
    """Garbage collection as an application has it: over the libraries' objects too."""
    gc.unfreeze()
    gc.enable()
    try:
        yield
    finally:
        gc.disable()
        gc.freeze()


def _keep(candidate: Candidate, sample_ns: int, canary_ns: int, number: int) -> None:
    candidate.samples_ns.append(sample_ns)
    candidate.canary_ns.append(canary_ns)
    candidate.rounds.append(number)


@contextmanager
def _guarded(candidate: Candidate, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    try:
        yield
    except but:
        raise
    except Exception as error:
        candidate.reason = f"{candidate.operation} raised {described(error)}"
        candidate.slot_ns = 0
        for samples in (candidate.samples_ns, candidate.canary_ns, candidate.rounds):
            samples.clear()
    finally:
        gc.disable()  # a library may have turned it on, for all


def timed_canary(clock: Clock) -> int:
    """Nanoseconds that the canary takes now."""
    canary()  # the caches are the last candidate's
    started = clock()
    canary()
    return clock() - started


@contextmanager
def _without_gc() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()
