"""How far a run is: a bar on a terminal, a line now and then in a log."""

import sys

import pytest
from serbench.report import progress
from serbench.report.progress import Bar, Lines, left_text, watcher


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"), [(65, "1:05 left"), (5, "0:05 left"), (0.2, "nearly done"), (-9, "nearly done")]
)
def test_time_left(seconds, text):
    assert left_text(seconds) == text


def test_a_log_gets_a_line_every_ten_seconds(clock, capsys):
    lines = Lines(120)
    lines.started(3)
    for second, done in ((0, 0.0), (4, 0.1), (11, 0.256), (20, 0.3), (22, 1.0)):
        clock[0] = 1000.0 + second
        lines.step(f"verify a\n{second}", done)
    lines.finished()
    assert capsys.readouterr() == (
        "",
        "  0 %, 2:00 left, verify a\\x0a0\n 26 %, 1:49 left, verify a\\x0a11\n100 %, 1:38 left, verify a\\x0a22\n",
    )


@pytest.mark.parametrize("kind", [Bar, Lines])
def test_warnings_are_lines_of_their_own(kind, capsys):
    kind().warned("the load was\n3.1")
    assert capsys.readouterr() == ("", "serbench: warning: the load was\\x0a3.1\n")


def test_without_a_budget_the_pace_says_how_long_it_takes(clock, capsys):
    lines = Lines()
    lines.started(1)
    for second, done in ((0, 0.0), (12, 0.1), (40, 0.5), (60, 1.0)):
        clock[0] = 1000.0 + second
        lines.step("verify", done)
    assert capsys.readouterr().err == (
        "  0 %, verify\n 10 %, about 1:48 left, verify\n 50 %, about 0:40 left, verify\n100 %, verify\n"
    )


def test_a_bar_has_no_colours_where_none_are_wanted(monkeypatch, clock, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    for wanted in (True, False):
        monkeypatch.setenv("NO_COLOR", "" if wanted else "1")
        bar = Bar(120)
        bar.started(3)
        bar.step("decode", 0.5)
        bar.finished()
        assert ("\x1b[9" in capsys.readouterr().err) is wanted


def test_a_bar_without_a_budget_knows_it_too(monkeypatch, clock, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = Bar()
    bar.started(3)
    clock[0] += 30
    bar.step("verify", 0.25)
    bar.finished()
    assert "about 1:30 left" in capsys.readouterr().err


def test_a_terminal_gets_a_bar(monkeypatch, clock, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = Bar(120)
    bar.started(3)
    clock[0] += 55
    bar.step("decode [red]tree", 0.5)
    bar.finished()
    out, err = capsys.readouterr()
    assert out == ""
    for text in (" 50 %", "1:05 left", "decode [red]tree"):
        assert text in err


@pytest.mark.parametrize(("terminal", "kind"), [(True, Bar), (False, Lines)])
def test_the_watcher_fits_standard_error(terminal, kind, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert type(watcher(1)) is kind
