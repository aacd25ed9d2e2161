"""Where what was fetched is kept: versions of libraries, machines of other architectures; and what was built.

The folder may be removed at any time. What is made of sources or requirements is called by a hash of them, so that what
nobody asks for any more stays behind: it goes when something of its kind is used, and it was not for `UNUSED_DAYS`.
"""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

UNUSED_DAYS = 14


def cache() -> Path:
    """The folder in the user's cache, by the XDG Base Directory Specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "serbench"


def used(path: Path, kind: str) -> Path:
    """Mark a file or folder of the cache as used now, and remove those beside it, of this pattern, that are not."""
    with suppress(OSError):
        os.utime(path)
        oldest = time.time() - UNUSED_DAYS * 86_400
        for other in path.parent.glob(kind):
            if other.lstat().st_mtime < oldest:
                shutil.rmtree(other, ignore_errors=True) if other.is_dir() else other.unlink()
    return path
