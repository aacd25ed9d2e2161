"""What version of a tool there is."""

import re
import subprocess


def version(tool: str, option: str = "--version", name: str = "") -> str:
    """The name of a tool, or `name`, and the version that it prints; the name alone if there is no such tool."""
    try:
        ran = subprocess.run([tool, option], capture_output=True, text=True, errors="replace")
    except OSError:
        return name or tool
    found = re.search(r"\d+(\.\d+)+", ran.stdout + ran.stderr)
    return f"{name or tool} {found[0]}" if found else name or tool
