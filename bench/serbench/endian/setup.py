"""Prepares an emulated machine in the user's cache: no root, no container, only apt, dpkg-deb and pip.

In the cache's folder `serbench/endian` are the emulators, and for each machine `root`, unpacked from Debian packages of
its architecture, `site`, unpacked from wheels, and, when all is there, `ready`, the hash of the recipe. apt keeps lists
and state of its own beside them, so that neither the architectures nor the packages of this machine matter. What was
downloaded before an interruption is used again.
"""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from serbench.cache import cache
from serbench.endian.machines import PYTHON, RECIPES, MachineError, Recipe

PIP = [sys.executable, "-m", "pip"]
LAYOUT = 1
"""Counts up when a machine that was prepared before is of no use any more."""

_BASE = (
    f"python{PYTHON}-minimal",
    f"libpython{PYTHON}-minimal",
    f"libpython{PYTHON}-stdlib",
    "libbz2-1.0",
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "liblzma5",
    "libstdc++6",
    "libuuid1",
    "zlib1g",
)
_EMULATORS = "qemu-user-static"
_GLIBC = range(17, 37)
"""The minor versions of glibc 2, up to Debian 12's, whose wheels run there."""


def folder() -> Path:
    """Where emulators and machines are kept."""
    return cache() / "endian"


def home(name: str) -> Path:
    return folder() / name


def emulator(recipe: Recipe) -> Path | None:
    """This machine's own emulator, or that of the cache."""
    static = f"qemu-{recipe.emulator}-static"
    for command in (static, static.removesuffix("-static")):
        if found := shutil.which(command):
            return Path(found)
    held = folder() / static
    return held if held.exists() else None


def is_ready(name: str) -> bool:
    """Whether the machine was prepared by this recipe, to the end."""
    mark = home(name) / "ready"
    return mark.exists() and mark.read_text() == _recipe_sha256(RECIPES[name])


def prepare(name: str, tell: Callable[[str], None]) -> None:
    """Make the machine ready, unless it is. Raises `MachineError`."""
    recipe = RECIPES[name]
    if emulator(recipe) and is_ready(name):
        return
    for command in ("apt-get", "dpkg-deb"):
        if shutil.which(command) is None:
            raise MachineError(
                f"{name} is unpacked from Debian packages, and there is no {command}: it needs Debian 12; "
                "elsewhere, use a machine of yours: --machine ssh://HOST"
            )
    import fcntl  # where Debian is, this is too

    place = home(name)
    place.mkdir(parents=True, exist_ok=True)
    with (folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if emulator(recipe) is None:
            tell(f"{name}: fetching the emulator")
            _fetch_emulators(place)
        if not is_ready(name):
            tell(f"{name}: fetching Python {PYTHON} and libraries from Debian")
            _make_root(recipe, place)
            tell(f"{name}: fetching {len(recipe.pinned)} wheels")
            _make_site(recipe, place)
            (place / "ready").write_text(_recipe_sha256(recipe))
        for rest in ("apt", "debs", "wheels"):
            shutil.rmtree(place / rest, ignore_errors=True)
        for other in folder().iterdir():  # of recipes that there were before
            if other.is_dir() and other.name not in RECIPES:
                shutil.rmtree(other, ignore_errors=True)


def _recipe_sha256(recipe: Recipe) -> str:
    made_of = (LAYOUT, _BASE, recipe.architecture, recipe.wheels, recipe.pinned, recipe.debian)
    return sha256(repr(made_of).encode()).hexdigest()


def _fetch_emulators(place: Path) -> None:
    """Unpack the emulators of all recipes, which come in one package of 60 MB, and of it only these."""
    architecture = _run(["dpkg", "--print-architecture"]).strip()
    (package,) = _download(place, architecture, [_EMULATORS])
    wanted = {f"qemu-{recipe.emulator}-static" for recipe in RECIPES.values()}
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive,
    ):
        for member in archive:
            path = folder() / Path(member.name).name
            if path.name in wanted and (held := archive.extractfile(member)):
                part = path.with_suffix(".part")
                part.write_bytes(held.read())
                part.chmod(0o755)
                part.rename(path)
    if missing := [name for name in sorted(wanted) if not (folder() / name).exists()]:
        raise MachineError(f"{package.name} does not hold {', '.join(missing)}")


def _make_root(recipe: Recipe, place: Path) -> None:
    root = place / "root"
    shutil.rmtree(root, ignore_errors=True)
    for package in _download(place, recipe.architecture, [*_BASE, *recipe.debian]):
        _run(["dpkg-deb", "--extract", str(package), str(root)])
    for library in root.glob("usr/lib/*/*/lib*.so.3"):  # BLAS and LAPACK, which Debian's alternatives would link
        (library.parent.parent / library.name).symlink_to(f"{library.parent.name}/{library.name}")


def _make_site(recipe: Recipe, place: Path) -> None:
    wheels, site = place / "wheels", place / "site"
    shutil.rmtree(site, ignore_errors=True)
    tags = ["manylinux2014", *(f"manylinux_2_{minor}" for minor in _GLIBC)]
    platforms = [part for tag in tags for part in ("--platform", f"{tag}_{recipe.wheels}")]
    binary = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON, *platforms]
    _run([*PIP, "download", "--quiet", "--disable-pip-version-check", *binary, "--dest", str(wheels), *recipe.pinned])
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


def _download(place: Path, architecture: str, packages: Sequence[str]) -> list[Path]:
    """The files of Debian packages, of the newest versions that this machine's sources have for the architecture."""
    state, debs = place / "apt", place / "debs" / architecture
    for made in (state / "lists" / "partial", state / "archives" / "partial", debs):
        made.mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
    }
    apt = ["apt-get", "--quiet", "--quiet", *(f"-o{option}={value}" for option, value in options.items())]
    try:
        _run([*apt, "update"])
    except MachineError as error:  # one source of several may have nothing for the architecture
        failed = f"; before, {error}"
    else:
        failed = ""
    try:
        _run([*apt, "download", *packages], cwd=debs)
    except MachineError as error:
        raise MachineError(f"{error}{failed}; the sources of apt have to be those of Debian 12") from None
    return sorted(debs.glob("*.deb"))


def _run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    if done.returncode:
        said = " ".join(done.stderr.split())
        shown = " ".join(part for part in command[:4] if not part.startswith("-"))
        raise MachineError(f"{Path(shown).name} ended with exit code {done.returncode}: {said[-300:]}")
    return done.stdout
