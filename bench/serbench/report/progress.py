"""How far a run is, on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from serbench.report.words import clean

STEP_S = 10.0
"""Where there is no terminal, a line at most this often."""


def left_text(seconds: float) -> str:
    """`1:05 left`."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02} left" if whole else "nearly done"


KNOWN_S = 5.0
"""So long nothing is said of the time left where it has to be estimated."""


def _left(budget_s: float | None, passed_s: float, done: float) -> str:
    """The time left: of a budget, which is what ends a run, or else at the pace so far."""
    if budget_s is not None:
        return left_text(budget_s - passed_s)
    if passed_s < KNOWN_S or not 0 < done < 1:
        return ""
    return f"about {left_text(passed_s * (1 - done) / done)}"


class _Left(ProgressColumn):
    def __init__(self, budget_s: float | None) -> None:
        super().__init__()
        self._budget_s = budget_s

    def render(self, task: Task) -> Text:
        return Text(_left(self._budget_s, task.elapsed or 0.0, task.completed))


class _Warner:
    """Tells what is wrong with the machine."""

    def warned(self, text: str) -> None:
        print(f"serbench: warning: {clean(text)}", file=sys.stderr, flush=True)


class Bar(_Warner):
    """A bar with the time left. It is drawn once a second: more would disturb what is being measured."""

    def __init__(self, budget_s: float | None = None) -> None:
        self._progress = Progress(
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            _Left(budget_s),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=1,
            get_time=lambda: time.monotonic(),
        )

    def started(self, total: int) -> None:
        self._task = self._progress.add_task("", total=1.0)
        self._progress.start()

    def step(self, description: str, done: float) -> None:
        self._progress.update(self._task, description=clean(description), completed=done)

    def finished(self) -> None:
        self._progress.stop()


class Lines(_Warner):
    """Plain lines, for a log."""

    def __init__(self, budget_s: float | None = None) -> None:
        self._budget_s = budget_s

    def started(self, total: int) -> None:
        self._began = time.monotonic()
        self._next = 0.0

    def step(self, description: str, done: float) -> None:
        passed = time.monotonic() - self._began
        if passed < self._next:
            return
        self._next = passed + STEP_S
        left = _left(self._budget_s, passed, done)
        told = [f"{100 * done:3.0f} %", *([left] if left else []), clean(description)]
        print(", ".join(told), file=sys.stderr, flush=True)

    def finished(self) -> None:
        pass


def watcher(budget_s: float | None = None) -> Bar | Lines:
    return Bar(budget_s) if sys.stderr.isatty() else Lines(budget_s)
