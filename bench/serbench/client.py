"""The client of workers: starts them, asks, and ends them whatever they do."""

import contextlib
import math
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from serbench.frames import KILLED, PROTOCOL, Frame, WorkerFailed, ended, read_frame, write_frame

_T = TypeVar("_T")

MEMORY_BYTES = 4 << 30
PATIENCE_S = 60.0
PRINTED_BYTES = 16 << 20
"""More than this a library may not print while one request is answered."""
LOOK_S = 0.5
"""How often a silent worker is looked at."""


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


def one_by_one(
    worker: Worker, request: str, name: str, items: Sequence[_T], **content: Any
) -> Iterator[tuple[_T, Frame | WorkerFailed]]:
    """Each item with the row that a request about all of them, under this name, answers it with.

    An item that ends the worker, or leaves it silent, has that failure for a row, and the next one has a new worker.
    Raises `WorkerFailed` and `OSError` if none starts.
    """
    waiting = list(items)
    killed: _T | None = None
    while waiting:
        worker.start()
        asked: dict[str, Any] = {**content, name: waiting[:]}
        try:
            for frame in worker.request(request, **asked):
                if "row" in frame:
                    yield waiting.pop(0), frame["row"]
        except WorkerFailed as error:
            if not waiting:
                return
            if error.killed and killed != waiting[0]:
                killed = waiting[0]  # from outside, perhaps: once more
                continue
            yield waiting.pop(0), error


def _read(stream: IO[bytes], frames: "queue.SimpleQueue[Frame | WorkerFailed | None]") -> None:
    with stream:
        try:
            while (frame := read_frame(stream)) is not None:
                frames.put(frame)
            frames.put(None)
        except WorkerFailed as error:
            frames.put(error)
