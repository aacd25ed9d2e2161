"""What nobody uses any more goes from the cache, and only that."""

import os
import time

import pytest
from serbench.cache import UNUSED_DAYS, cache, used


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """`kept(name, days)` makes a folder, or a file where the name has a dot, that was last used so many days ago."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache().mkdir()

    def kept(name, days):
        path = cache() / name
        if "." in name:
            path.touch()
        else:
            path.mkdir()
            (path / "file").touch()
        then = time.time() - days * 86_400
        os.utime(path, (then, then))
        return path

    return kept


def names():
    return {path.name for path in cache().iterdir()}


def test_what_was_not_used_for_long_goes_with_the_next_of_its_kind(kept):
    mine = kept("go-2", UNUSED_DAYS + 5)
    for name, days in {"go-0": UNUSED_DAYS + 1, "go-1": UNUSED_DAYS - 1, "go.lock": 99, "java-0": 99}.items():
        kept(name, days)
    assert used(mine, "go-*") == mine
    assert names() == {"go-1", "go-2", "go.lock", "java-0"}
    assert time.time() - mine.stat().st_mtime < 60


def test_files_go_too_and_a_link_does_not_lead_away(kept, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    mine = kept("a.1", 0)
    kept("a.2", 99)
    (cache() / "a.3").symlink_to(elsewhere)
    os.utime(cache() / "a.3", (0, 0), follow_symlinks=False)
    used(mine, "a.*")
    assert names() <= {"a.1", "a.3"}
    assert (elsewhere / "precious").exists()


def test_what_cannot_be_marked_is_used_all_the_same(tmp_path):
    assert used(tmp_path / "gone", "*") == tmp_path / "gone"
