"""The process in which a case is done: `python -m serbench.worker`.

It needs nothing but Python, serschema, sercodecs and the light parts of serbench, so that the same one works
behind any pair of pipes: here, under an emulator, at the far end of ssh.

Requests and answers are the frames of `serbench.frames`. The worker opens with a hello; then each request is answered
by frames of which the last has `done` or `failed`:

    prepare  codecs, modules, imports                           {"done": true}, when their libraries are imported, and
                                                                Python's modules of these names where there are such
    import   codec, modules                                     {"done": {...}}, of the library's import
    footprint schema, messages, codec, modules                  {"done": {...}}, a row without data set and codec
    verify   schema, messages, codecs, leaf, timed, modules     {"row": ...} for each codec in turn, {"done": true}, or
                                                                false if memory is short before the last
    stream   schema, messages, codec, options, modules          {"done": {...}}, a row without data set and codec
    open     schema, messages, codecs, leaf, seed, modules      {"at": [codec, null]} before each, {"done": true}, when
                                                                they are compiled; `block` is about them
    block    candidates, budget_ns, seed, careful               {"at": [codec, operation] | null} before first calls,
                                                                {"row": ...} for each candidate, {"done": {...}}
    close                                                       {"done": true}: what was opened is forgotten
    count    schema, messages, codec, operations, leaf,         {"at": operation} and {"row": ...} for each,
             options, modules                                   {"done": true}; under valgrind
    hold     schema, messages, candidates, leaf, modules        {"at": [codec, operation]} before first calls,
                                                                {"done": [loops, ...]}
    turn     place                                              {"done": [sample_ns, canary_ns]} of a candidate held
    encode   schema, messages, codec, options, modules          {"done": [hex, ...]}
    decode   schema, data [hex, ...], codec, options, modules   {"done": [message, ...]}
    cross    schema, messages, codecs, given {codec: [hex |     {"row": ...} for each codec in turn, {"done": true}
             null, ...]}, modules
    hear     schema, messages, pairs [[codec, codec], ...],     {"row": ...} of what the second of each makes of what
             modules                                            the first wrote, in turn, {"done": true}

Messages are in the JSON form of `serschema.jsonform`. Each request holds `memory_bytes`, a bound of the address space,
or null. One with `apart` is answered by a fork of the process, where there are forks: what it does to itself ends with
it, and the imports of `prepare` are not done again. The fork of an `open` answers what follows, up to `close`: its
blocks are forks again, which find the codecs compiled. `modules` are importable modules with `CODECS` besides those of
the registry. Whatever a library prints goes to standard error.
"""

import contextlib
import gc
import os
import random
import struct
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import import_module
from typing import IO, Any, TypeAlias

from sercodecs.contract import Codec
from serschema.jsonform import from_json, schema_from_json, to_json
from serschema.model import Path, Schema, Value

from serbench import sampler, turns
from serbench.confinement import confine, end_with_parent, limit, pin
from serbench.endian.case import answer
from serbench.frames import PROTOCOL, Frame, ended, read_frame, write_frame
from serbench.library import LEAST, constructed, imported
from serbench.memory import OWN_POOLS, footprint, streamed
from serbench.plan import lookup
from serbench.shared_state import SharedState, Turns, address_space
from serbench.verify import described, verify

Send: TypeAlias = Callable[[Frame], None]


def main() -> None:
    requests, answers = _own_streams()
    confine()

    def send(frame: Frame) -> None:
        write_frame(answers, frame)

    send(hello())
    _serve(requests, send)
    os._exit(0)  # libraries have nothing to clean up that could not be killed


def hello() -> Frame:
    """What a worker says first: of which protocol it is, and on what kind of machine it runs."""
    return {
        "hello": "serbench",
        "protocol": PROTOCOL,
        "python": sys.version.split()[0],
        "byte_order": sys.byteorder,
        "word_bits": 8 * struct.calcsize("l"),
    }


def _serve(requests: IO[bytes], send: Send, last: str = "") -> None:
    """Answer requests, to the end of the stream or the `last` one."""
    while (request := read_frame(requests)) is not None:
        if request.get("apart") and hasattr(os, "fork"):
            _answer_apart(request, requests, send)
        else:
            _answer(request, send)
        if request["request"] == last:
            return


def _answer(request: Frame, send: Send) -> None:
    try:
        if request["memory_bytes"] is not None:  # valgrind has an address space of its own
            limit("AS", request["memory_bytes"])
        send({"done": _REQUESTS[request["request"]](request, send)})
    except Exception as error:
        send({"failed": described(error)})


def _answer_apart(request: Frame, requests: IO[bytes], send: Send) -> None:
    gc.collect()
    gc.freeze()  # else the first collection of the fork would copy every page that holds an object
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            end_with_parent(parent)
            _answer(request, send)
            if request["request"] == "open":
                _serve(requests, send, last="close")
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        send({"failed": ended(code), "ended": code})


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The two pipes, taken away from whatever a library prints to or reads from."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _case(request: Frame) -> tuple[Schema, list[Value]]:
    schema = schema_from_json(request["schema"])
    return schema, [from_json(message, schema) for message in request["messages"]]


def _compiled(request: Frame, schema: Schema) -> Codec:
    (info,) = lookup([request["codec"]], request["modules"])
    return info.compile(schema, **request["options"])


def _prepare(request: Frame, send: Send) -> bool:
    """Import the libraries. A codec that fails here fails again where it is reported."""
    for info in lookup(request["codecs"], request["modules"]):
        with _by_itself(info.id), contextlib.suppress(Exception):
            info.compile(LEAST)
    for name in request.get("imports", ()):
        with contextlib.suppress(ImportError):
            import_module(name)
    return True


def _import(request: Frame, send: Send) -> Frame:
    return imported(*lookup([request["codec"]], request["modules"]))


def _footprint(request: Frame, send: Send) -> Frame:
    os.environ.update(OWN_POOLS)
    schema, (message,) = _case(request)
    (info,) = lookup([request["codec"]], request["modules"])
    codec, times = constructed(info, schema)
    return {"construct_ns": times, **footprint(codec, message)}


def _verify(request: Frame, send: Send) -> bool:
    schema, messages = _case(request)
    leaf, timed = tuple(request["leaf"]), set(request["timed"])
    before = address_space()
    for info in lookup(request["codecs"], request["modules"]):
        with _by_itself(info.id):
            row = asdict(verify(info, schema, messages, leaf=leaf, timed=timed))
        send({"row": row | {"changes": sorted(_changes[info.id])}})
        if address_space() - before > request["memory_bytes"] // 4:
            return False
    return True


_changes: dict[str, set[str]] = defaultdict(set)
"""By codec, the global state that it was seen to change. Forks know what their parent saw."""


@contextlib.contextmanager
def _by_itself(codec: str) -> Iterator[None]:
    state = SharedState()
    try:
        yield
    finally:
        _changes[codec].update(state.restore())


def _stream(request: Frame, send: Send) -> Frame:
    schema, messages = _case(request)
    return streamed(_compiled(request, schema), messages)


class _Opened:
    """A data set whose codecs are compiled, or the reason why one is not."""

    messages: list[Value]
    leaf: Path
    codecs: dict[str, Codec | str]


_opened = _Opened()


def _open(request: Frame, send: Send) -> bool:
    schema, _opened.messages = _case(request)
    _opened.leaf, _opened.codecs = tuple(request["leaf"]), {}
    codecs = list(request["codecs"])
    random.Random(request["seed"]).shuffle(codecs)  # who comes first lies differently in memory: 0.2 % of 400 ns
    turns = Turns(lambda turn: send({"at": turn}), request["memory_bytes"])
    for codec_id in codecs:
        turns.next((codec_id, None))
        try:
            (info,) = lookup([codec_id], request["modules"])
            _opened.codecs[codec_id] = info.compile(schema)
        except Exception as error:
            _opened.codecs[codec_id] = f"raised {described(error)}"
    turns.over()
    return True


def _close(request: Frame, send: Send) -> bool:
    _opened.codecs = {}
    return True


def _block(request: Frame, send: Send) -> Frame:
    pin()
    started = sampler.CLOCK()
    wanted: dict[str, list[Any]] = {}
    for codec_id, operation in request["candidates"]:
        wanted.setdefault(codec_id, []).append(operation)
    codecs = list(wanted.items())
    random.Random(request["seed"]).shuffle(codecs)
    block: list[sampler.Candidate] = []
    turns = Turns(lambda turn: send({"at": turn}), request["memory_bytes"])
    for codec_id, operations in codecs:
        turns.next((codec_id, operations[0]))
        reason = codec = _opened.codecs[codec_id]
        if not isinstance(codec, str):
            try:
                block += sampler.candidates(codec_id, codec, _opened.messages, operations, _opened.leaf)
                continue
            except Exception as error:
                reason = f"raised {described(error)}"
        send({"row": {"codec": codec_id, "operation": operations[0], "reason": reason}})
    called: sampler.Candidate | None = None

    def announce(candidate: sampler.Candidate | None) -> None:
        nonlocal called
        changed = turns.next((candidate.codec, candidate.operation) if candidate else None)
        if changed and called:
            called.meddles = True
        called = candidate

    prepared = sampler.CLOCK()
    try:
        twins = sampler.sample(
            block,
            request["budget_ns"] - (prepared - started),
            request["seed"],
            announce=announce,
            careful=request["careful"],
        )
    except MemoryError:
        turns.accuse(request["memory_bytes"] // 8)
        raise
    measured = sampler.CLOCK()
    for candidate in block + twins:
        send({"row": candidate.row()})
    return {"measured_ns": measured - prepared, "useful_ns": sampler.useful_ns(block + twins)}


def _count(request: Frame, send: Send) -> bool:
    from serbench import counters  # needs ctypes, which an emulated Python may not have

    schema, messages = _case(request)
    codec, leaf = _compiled(request, schema), tuple(request["leaf"])
    block = sampler.candidates(request["codec"], codec, messages, request["operations"], leaf)
    for frame in counters.count(block):
        send(frame)
    return True


def _hold(request: Frame, send: Send) -> list[int]:
    schema, messages = _case(request)
    block: list[sampler.Candidate] = []
    for codec_id, operation in request["candidates"]:
        send({"at": [codec_id, operation]})
        (info,) = lookup([codec_id], request["modules"])
        block += sampler.candidates(codec_id, info.compile(schema), messages, [operation], tuple(request["leaf"]))
    return turns.hold(block, lambda candidate: send({"at": [candidate.codec, candidate.operation]}))


def _turn(request: Frame, send: Send) -> tuple[int, int]:
    return turns.turn(request["place"])


def _encode(request: Frame, send: Send) -> list[str]:
    schema, messages = _case(request)
    codec = _compiled(request, schema)
    return [codec.encode(message).hex() for message in messages]


def _decode(request: Frame, send: Send) -> list[Any]:
    schema = schema_from_json(request["schema"])
    codec = _compiled(request, schema)
    return [to_json(codec.decode(bytes.fromhex(data)), schema) for data in request["data"]]


def _cross(request: Frame, send: Send) -> bool:
    schema, messages = _case(request)
    for info in lookup(request["codecs"], request["modules"]):
        send({"row": asdict(answer(info, schema, messages, request["given"].get(info.id, ())))})
    return True


def _hear(request: Frame, send: Send) -> bool:
    from serbench.peers.pairs import Pairs

    pairs = Pairs(*_case(request))
    for names in request["pairs"]:
        send({"row": pairs.outcome(*lookup(names, request["modules"]))})
    return True


_REQUESTS: dict[str, Callable[[Frame, Send], Any]] = {
    "prepare": _prepare,
    "import": _import,
    "footprint": _footprint,
    "verify": _verify,
    "stream": _stream,
    "open": _open,
    "block": _block,
    "close": _close,
    "count": _count,
    "hold": _hold,
    "turn": _turn,
    "encode": _encode,
    "decode": _decode,
    "cross": _cross,
    "hear": _hear,
}


if __name__ == "__main__":
    main()
