"""Where what was fetched is kept: versions of libraries, machines of other architectures; and what was built."""

import os
from pathlib import Path


def cache() -> Path:
    """The folder in the user's cache, by the XDG Base Directory Specification. It may be removed at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "serbench"
