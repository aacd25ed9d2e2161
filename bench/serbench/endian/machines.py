"""The machines at the other side: emulated ones, which `setup` prepares by a recipe, and hosts over ssh.

An emulated machine is user-mode emulation: one process of the other architecture, on this kernel and these files, with
a root of its own for libraries. It gets

- what the package index has for it, as pinned in its recipe, and what Debian has compiled for it;
- what is Python alone, or works without its compiled part, from this environment, by links: the same version as here.

What a recipe says is lacking, or wrong on that machine, is the only thing that may be: a run fails at anything else.
"""

import io
import re
import shlex
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module, metadata
from pathlib import Path

from serschema.errors import SerError

PYTHON = "3.11"
"""The Python that Debian 12 has for every architecture."""

SSH = "ssh://"
_REMOTE = re.compile(rf"({SSH}[^/\s-][^/\s]*)(/\S+)?")
"""What ssh takes for a destination, and the Python there."""
_PACKAGES = ("serschema", "sercodecs", "serbench")
_PURE = (
    "asn1tools",
    "avro",
    "bitstruct",
    "cborx",
    "fastavro",
    "flatbuffers",
    "pyasn1",
    "pyparsing",
    "ruamel.yaml",
    "six",
)
_DEBIAN = (
    "libblas3",
    "libdouble-conversion3",
    "libgfortran5",
    "liblapack3",
    "python3-msgpack",
    "python3-numpy",
    "python3-rapidjson",
    "python3-ruamel.yaml.clib",
    "python3-thrift",
    "python3-ubjson",
    "python3-ujson",
)
_LACKING = {
    "amazon.ion": "its extension, which makes plain values, has no wheel",
    "cbor2": "version 6 is Rust, and has no wheel",
    "msgspec": "no wheel",
    "pyarrow": "no wheel",
    "pyfory": "no wheel",
    "pysimdjson": "no wheel",
    "thriftpy2": "its Cython has no wheel",
}
_OCTETS = {
    "avro-container/fastavro": "fastavro's Python orders the two entries of the header otherwise than its Cython",
}
_UPB = dict.fromkeys(("protobuf/upb", "protobuf-json/upb", "protobuf-text/upb"), "upb has no wheel")


class MachineError(SerError):
    """A machine that is not prepared, cannot be, or does not answer."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an emulated machine is made of.

    `architecture` is Debian's name, `emulator` what qemu calls it, `wheels` what the package index calls it.
    `pinned` are requirements whose wheels are fetched, `debian` packages besides Python's, `linked` distributions of
    this environment. `lacking` says why a distribution, or one codec of it, is not there, `defects` what a codec does
    wrong there, and `octets` why it rightly writes others than here.
    """

    architecture: str
    emulator: str
    wheels: str
    pinned: tuple[str, ...]
    debian: tuple[str, ...] = _DEBIAN
    linked: tuple[str, ...] = _PURE
    lacking: Mapping[str, str] = field(default_factory=lambda: _LACKING)
    defects: Mapping[str, str] = field(default_factory=dict)
    octets: Mapping[str, str] = field(default_factory=lambda: _OCTETS)


RECIPES = {
    "s390x": Recipe(
        architecture="s390x",
        emulator="s390x",
        wheels="s390x",
        pinned=(
            "lxml==5.4.0",  # the last with a wheel for it
            "orjson==3.11.9",  # the last with a wheel for it
            "protobuf==7.36.2",
            "pycapnp==2.2.4",
            "pymongo==4.20.1",
            "PyYAML==6.0.4",
        ),
        lacking=_LACKING | {"ormsgpack": "no wheel"},
        defects={
            "thrift-compact/apache": "thrift 0.17 cuts a double to an integer and swaps that, where it should swap the "
            "double's octets; not so in its source of today"
        },
    ),
    "armhf": Recipe(
        architecture="armhf",
        emulator="arm",
        wheels="armv7l",
        pinned=("bitstruct==8.24.0", "lxml==6.1.3", "orjson==3.13.0", "ormsgpack==1.13.1"),
        debian=(*_DEBIAN, "libyaml-0-2", "python3-yaml"),
        linked=(*_PURE, "protobuf", "pymongo"),
        lacking=_LACKING | _UPB | {"pycapnp": "no wheel"},
    ),
}


UNKNOWN = Recipe(architecture="", emulator="", wheels="", pinned=(), lacking={}, octets={})
"""Of a machine that was not made here."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine whose worker `argv` starts. What `recipe` says of an emulated one is known; of others nothing is."""

    name: str
    argv: list[str]
    recipe: Recipe = UNKNOWN


@contextmanager
def opened(name: str) -> Iterator[Machine]:
    """The machine of a name in `RECIPES`, or of `ssh://[user@]host[:port][/python]`. Raises `MachineError`."""
    if name.startswith(SSH):
        yield _remote(name)
    else:
        with tempfile.TemporaryDirectory(prefix="serbench-") as links:
            yield _emulated(name, Path(links))


def check_name(name: str) -> None:
    """Raise `MachineError` unless there can be a machine of this name."""
    if name not in RECIPES and not _REMOTE.fullmatch(name):
        raise MachineError(
            f"no machine is called {name!r}; there are {', '.join(RECIPES)} and {SSH}[USER@]HOST[:PORT][/PYTHON]"
        )


def _emulated(name: str, links: Path) -> Machine:
    from serbench.endian import setup

    recipe = RECIPES[name]
    home = setup.home(name)
    emulator = setup.emulator(recipe)
    if not setup.is_ready(name) or emulator is None:
        raise MachineError(f"{name} is not prepared: serbench endian setup {name}")
    for distribution in recipe.linked:
        _link(distribution, links)
    path = ":".join(map(str, (home / "site", *_sources(), links)))
    python = home / "root" / "usr" / "bin" / f"python{PYTHON}"
    start = [str(emulator), "-L", str(home / "root"), str(python), "-s", "-m", "serbench.worker"]
    return Machine(name=name, argv=["env", f"PYTHONPATH={path}", *start], recipe=recipe)


def _sources() -> list[Path]:
    """The folders that hold our packages."""
    return list(dict.fromkeys(Path(str(import_module(name).__file__)).parent.parent for name in _PACKAGES))


def _link(distribution: str, links: Path) -> None:
    """Link what a distribution of this environment has installed; nothing if it is not there."""
    try:
        held = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return
    for top in {file.parts[0] for file in held.files or ()} - {"..", "__pycache__"}:
        if not (links / top).exists():
            (links / top).symlink_to(Path(str(held.locate_file(top))).resolve())


def _remote(name: str) -> Machine:
    if shutil.which("ssh") is None:
        raise MachineError(f"{name}: there is no ssh on this machine")
    parts = _REMOTE.fullmatch(name)
    assert parts
    ssh = ["ssh", "-T", "-o", "BatchMode=yes", parts[1]]
    sources = _zipped()
    place = f".cache/serbench/{sha256(sources).hexdigest()[:16]}.zip"
    old = "find .cache/serbench -name '*.zip' -mtime +1 -exec rm -f {} +"  # a newer one may be in use
    keep = f"mkdir -p .cache/serbench && cat > {place}.$$ && mv {place}.$$ {place} && {old}"
    done = subprocess.run([*ssh, f"sh -c {shlex.quote(keep)}"], input=sources, capture_output=True)
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise MachineError(f"{name}: ssh ended with exit code {done.returncode}: {said[-300:]}")
    start = f"PYTHONPATH={place} exec {shlex.quote(parts[2] or 'python3')} -s -m serbench.worker"
    return Machine(name=name, argv=[*ssh, f"sh -c {shlex.quote(start)}"])


def _zipped() -> bytes:
    """Our packages as an archive that Python imports from; the same sources give the same octets."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in _PACKAGES:
            folder = Path(str(import_module(package).__file__)).parent
            for path in sorted(folder.rglob("*.py")):
                info = zipfile.ZipInfo(str(path.relative_to(folder.parent)))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
    return file.getvalue()
