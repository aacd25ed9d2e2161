"""Brings pidl, Samba's compiler of IDL, which Debian has in its sources only: `python -m serbench.peers.c.pidl`.

apt fetches them from the same places as packages, by lists of its own in the user's cache, and checks their signature.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from serbench.peers.languages import home

LISTS = Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d")


def folder() -> Path:
    return home() / "pidl"


def command() -> list[str]:
    return ["perl", f"-I{folder() / 'lib'}", str(folder() / "pidl")]


def present() -> bool:
    return (folder() / "pidl").exists()


def source_lists(place: Path) -> None:
    """apt's lists of packages as lists of sources."""
    one, several = LISTS
    for path in (one, *sorted(several.glob("*.list")), *sorted(several.glob("*.sources"))):
        if path.exists():
            text = re.sub(r"^deb(?= )", "deb-src", path.read_text(), flags=re.MULTILINE)
            text = re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE)
            (place / path.name).write_text(text)


def fetch() -> None:
    """Raises `subprocess.CalledProcessError` where apt does not find it."""
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home()) as name:
        place = Path(name)
        for part in ("lists", "sources"):
            (place / part).mkdir()
        source_lists(place / "sources")
        options = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": str(place / "sources"),
            "Dir::State::lists": str(place / "lists"),
            "APT::Sandbox::User": "",
        }
        apt = ["apt-get", "--quiet", "--quiet", *(f"-o{option}={value}" for option, value in options.items())]
        subprocess.run([*apt, "update"], cwd=place, check=False)
        subprocess.run([*apt, "source", "--download-only", "samba"], cwd=place, check=True)
        (archive,) = place.glob("samba_*.orig.tar.*")
        with tarfile.open(archive) as packed:
            wanted = [member for member in packed if re.match(r"[^/]+/pidl/(lib/|pidl$)", member.name)]
            packed.extractall(place, wanted, filter="data")
        (script,) = place.glob("*/pidl/pidl")
        script.parent.rename(folder())


def main() -> None:
    if present():
        return
    try:
        fetch()
    except (OSError, ValueError, subprocess.CalledProcessError, tarfile.TarError) as error:
        sys.exit(f"pidl is not brought: {error}; apt has to know the sources of Debian")


if __name__ == "__main__":
    main()
