"""The process in which a case is done, and the client that starts it: `python -m serbench.worker`.

The worker needs nothing but Python, serschema, sercodecs and the light parts of serbench, so that the same one works
behind any pair of pipes: here, under an emulator, at the far end of ssh.

A frame is a 4-octet big-endian length and that many octets of JSON (UTF-8), one object. The worker opens with a hello;
then each request is answered by frames of which the last has `done` or `failed`:

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

Messages are in the JSON form of `serschema.jsonform`. Each request holds `memory_bytes`, a bound of the address space,
or null. One with `apart` is answered by a fork of the process, where there are forks: what it does to itself ends with
it, and the imports of `prepare` are not done again. The fork of an `open` answers what follows, up to `close`: its
blocks are forks again, which find the codecs compiled. `modules` are importable modules with `CODECS` besides those of
the registry. Whatever a library prints goes to standard error.
"""

import contextlib
import gc
import json
import math
import os
import queue
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from types import TracebackType
from typing import IO, Any, Self, TypeAlias

from sercodecs.contract import Codec
from serschema.errors import SerError
from serschema.jsonform import from_json, schema_from_json, to_json
from serschema.model import Path, Schema, Value

from serbench import sampler, turns
from serbench.confinement import confine, end_with_parent, limit, pin
from serbench.endian.case import answer
from serbench.library import LEAST, constructed, imported
from serbench.memory import OWN_POOLS, footprint, streamed
from serbench.plan import lookup
from serbench.shared_state import SharedState, Turns, address_space
from serbench.verify import described, verify

PROTOCOL = 1
MEMORY_BYTES = 4 << 30
PATIENCE_S = 60.0
PRINTED_BYTES = 16 << 20
"""More than this a library may not print while one request is answered."""
LOOK_S = 0.5
"""How often a silent worker is looked at."""
FRAME_BYTES = 1 << 30
KILLED = -9
"""The exit code of a process ended by SIGKILL."""

Frame: TypeAlias = dict[str, Any]
Send: TypeAlias = Callable[[Frame], None]


class WorkerFailed(SerError):
    """The worker did not answer: it crashed, hung, ran out of memory, or wrote rubbish, or too much.

    `killed` tells that it was ended by SIGKILL, which a library hardly does: a person did, or the system for want of
    memory.
    """

    def __init__(self, message: str, *, killed: bool = False) -> None:
        super().__init__(message)
        self.killed = killed


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    data = json.dumps(frame).encode()
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, or None where the stream ends. Raises `WorkerFailed` for what is not a frame."""
    head = stream.read(4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if len(head) < 4 or length > FRAME_BYTES:
        raise WorkerFailed(f"rubbish in place of a frame: {head!r}")
    data = stream.read(length)
    if len(data) < length:
        raise WorkerFailed(f"a frame of {length} bytes ended after {len(data)}")
    try:
        frame = json.loads(data)
    except ValueError:
        frame = None
    if not isinstance(frame, dict):
        raise WorkerFailed(f"rubbish in place of a frame: {data[:40]!r}")
    return frame


# The worker's side.


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


def ended(code: int) -> str:
    """How a process ended, from its exit code, negative for a signal, as in `subprocess`."""
    return f"crashed: {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


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
}


# The client's side.


class Worker:
    """A worker process, started by the first request and again after a failure. A context manager: leaving kills it.

    `argv` is how to start it, wherever it is to run. `preparation` is the content of a `prepare` that each new process
    is asked first; one that fails at it is started again without.
    """

    def __init__(
        self, argv: Sequence[str] = (), *, patience_s: float = PATIENCE_S, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.argv = list(argv) or [sys.executable, "-m", "serbench.worker"]
        self.patience_s = patience_s
        self.memory_bytes = memory_bytes
        self.hello: Frame = {}
        self.preparation: Frame = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._mark = 0

    @property
    def pid(self) -> int | None:
        """The process's number, if there is one."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._process and self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK_S)  # only of processes that end by themselves the CPU time is known
        self.stop()

    def request(self, request: str, *, limit_s: float = math.inf, **content: Any) -> Iterator[Frame]:
        """Send a request and give each frame of its answer, up to the one with `done`.

        Raises `WorkerFailed` when the worker is silent for longer than `patience_s`, has not ended after `limit_s`,
        prints too much, ends, answers `failed`, or writes rubbish; the process is gone then.
        """
        try:
            self.start()
            self._mark = self._printed()
            self._send({"request": request, "memory_bytes": self.memory_bytes, **content})
            deadline = time.monotonic() + limit_s
            while "done" not in (frame := self._whole(self._next(self.patience_s))):
                yield frame
                if time.monotonic() > deadline:
                    raise WorkerFailed(f"not done within {limit_s:.0f} s{self._last_words()}")
            if self._printed() > PRINTED_BYTES and request != "open":
                self.stop()  # its file of errors is large enough
        except BaseException:
            self.stop()
            raise
        yield frame

    def _whole(self, frame: Frame) -> Frame:
        if "failed" in frame:
            code = frame.get("ended")
            words = "" if code is None else self._last_words()
            raise WorkerFailed(frame["failed"] + words, killed=code == KILLED)
        return frame

    def ask(self, request: str, **content: Any) -> Any:
        """Send a request and give what its last frame has as `done`. If the process is killed it is sent again."""
        try:
            *_, last = self.request(request, **content)
        except WorkerFailed as error:
            if not error.killed:
                raise
            *_, last = self.request(request, **content)
        return last["done"]

    def start(self) -> None:
        """Start the process, unless there is one, and wait until it says hello."""
        if self._process is None:
            try:
                self._start()
                if self.preparation:
                    self._prepare()
            except BaseException:
                self.stop()
                raise

    def _prepare(self) -> None:
        preparation, self.preparation = self.preparation, {}
        try:
            self.ask("prepare", **preparation)
        except WorkerFailed:
            self._start()
        else:
            self.preparation = preparation

    def stop(self) -> None:
        """Kill the process, if there is one."""
        if self._process is None:
            return
        self._kill()
        process, self._process = self._process, None
        assert process.stdin
        with contextlib.suppress(BrokenPipeError):  # what a dead process did not read
            process.stdin.close()
        self._reader.join(LOOK_S)
        self._errors.close()

    def _kill(self) -> None:
        assert self._process
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its forks too
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        self._mark = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop
        self._process = subprocess.Popen(
            self.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | {"PYTHONHASHSEED": "random"},
            start_new_session=True,
        )
        assert self._process.stdout
        self._frames: queue.SimpleQueue[Frame | WorkerFailed | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=_read, args=(self._process.stdout, self._frames), daemon=True)
        self._reader.start()
        self.hello = self._next(self.patience_s)
        if self.hello.get("protocol") != PROTOCOL:
            raise WorkerFailed(f"a worker of protocol {self.hello.get('protocol')}, not {PROTOCOL}")

    def _send(self, frame: Frame) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the reader learns why
            write_frame(self._process.stdin, frame)

    def _next(self, limit_s: float) -> Frame:
        deadline = time.monotonic() + limit_s
        while True:
            left_s = deadline - time.monotonic()
            try:
                frame = self._frames.get(timeout=max(0.0, min(left_s, LOOK_S)))
                break
            except queue.Empty:
                self._bound_printing()
                if self._process and self._process.poll() is not None:
                    frame = None  # though a process that a library started holds its output open
                    break
                if left_s <= 0:
                    raise WorkerFailed(f"no answer within {limit_s:.0f} s{self._last_words()}") from None
        self._bound_printing()
        if frame is None:
            code = self._end()
            text = "closed its output" if code is None else ended(code)
            raise WorkerFailed(text + self._last_words(), killed=code == KILLED)
        if isinstance(frame, WorkerFailed):
            raise WorkerFailed(f"{frame}{self._last_words()}")
        return frame

    def _end(self) -> int | None:
        """The exit code of a process whose output has ended; None if it goes on."""
        assert self._process
        try:
            return self._process.wait(timeout=self.patience_s)
        except subprocess.TimeoutExpired:
            return None

    def _printed(self) -> int:
        return os.fstat(self._errors.fileno()).st_size

    def _bound_printing(self) -> None:
        if self._printed() - self._mark > PRINTED_BYTES:
            raise WorkerFailed(f"printed more than {PRINTED_BYTES >> 20} MiB{self._last_words()}")

    def _last_words(self) -> str:
        """The end of what the process wrote to standard error since the request, in one line: its last ones, as it
        shares the position in the file.
        """
        self._kill()
        self._errors.seek(max(self._mark, self._printed() - 2000))
        lines = self._errors.read().decode(errors="replace").split("\n")
        text = " | ".join(" ".join(line.split()) for line in lines if line.strip())
        return f"; it wrote: {text[-300:]}" if text else ""


def _read(stream: IO[bytes], frames: "queue.SimpleQueue[Frame | WorkerFailed | None]") -> None:
    with stream:
        try:
            while (frame := read_frame(stream)) is not None:
                frames.put(frame)
            frames.put(None)
        except WorkerFailed as error:
            frames.put(error)


if __name__ == "__main__":
    main()
