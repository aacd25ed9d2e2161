"""A run as a step of something larger: Ctrl-C ends that as well, where `runner.run` alone would return what it has."""

import sys
from pathlib import Path

from serbench import runner
from serbench.plan import Plan
from serbench.results import Run


class _Watch(runner.Quiet):
    interrupted = False

    def finished(self) -> None:
        self.interrupted = isinstance(sys.exception(), KeyboardInterrupt)


def run(plan: Plan, folder: Path, *, resume: bool = False) -> Run:
    """As `runner.run`, but a `KeyboardInterrupt` is raised, after what was measured has been written."""
    watch = _Watch()
    found = runner.run(plan, folder, watch, resume=resume)
    if watch.interrupted:
        raise KeyboardInterrupt
    return found
