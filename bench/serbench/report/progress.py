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


class _Left(ProgressColumn):
    """The time left of a budget, which is what ends a run."""

    def __init__(self, budget_s: float | None) -> None:
        super().__init__()
        self._budget_s = budget_s

    def render(self, task: Task) -> Text:
        return Text("" if self._budget_s is None else left_text(self._budget_s - (task.elapsed or 0.0)))


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
        left = "" if self._budget_s is None else f"{left_text(self._budget_s - passed)}, "
        print(f"{100 * done:3.0f} %, {left}{clean(description)}", file=sys.stderr, flush=True)

    def finished(self) -> None:
        pass


def watcher(budget_s: float | None = None) -> Bar | Lines:
    return Bar(budget_s) if sys.stderr.isatty() else Lines(budget_s)
