"""The languages: what each needs, how it is built, how its program is started."""

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from serschema.errors import SerError

from serbench.cache import cache, used
from serbench.client import Worker

FOLDER = Path(__file__).parent
BUILD_S = 1800
PATIENCE_S = 60.0
"""A busy machine takes that long for compilers of generated code, which run while a question is answered."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """How the program of a language is built in a copy of its folder, and started there; `title` is what it is called.

    `tools` have to be on PATH, and `packages` are Debian's that bring them. `formats` are those it is asked about,
    and of `generated` ones it has code for each schema, which decodes and encodes again instead of giving trees.
    With a `jit` it is compiled while it runs, and takes longer to get up to speed.
    """

    name: str
    title: str = ""
    tools: tuple[str, ...]
    packages: str
    build: tuple[tuple[str, ...], ...]
    argv: tuple[str, ...]
    formats: tuple[str, ...]
    generated: tuple[str, ...] = ()
    jit: bool = False


CARGO = "cargo build --release --quiet --jobs 1"
ASN1 = ("asn1-ber", "asn1-der", "asn1-per", "asn1-uper", "asn1-oer")
WIDELY = (
    "json",
    "xml",
    "xml-attributes",
    "msgpack",
    "cbor",
    "bson",
    "protobuf",
    "avro",
    "thrift-binary",
    "thrift-compact",
)
"""What languages have libraries for, as a rule."""
C_GENERATED = ("xdr", "asn1-der", "asn1-uper", "ndr-little", "ndr-big", "ndr64")
C_GENERIC = ("main.c", "trees.c", "msgpack.c", "cbor.c", "avro.c")
NDR_PACKAGES = "libparse-yapp-perl perl samba-dev"
C_GENERIC_PACKAGES = "libavro-dev libcbor-dev libjansson-dev libmsgpack-dev"
C_LIBRARIES = ("-ljansson", "-lmsgpackc", "-lcbor", "-lavro")
CPP = (
    "libomniorb4-dev omniidl",
    "libprotobuf-dev protobuf-compiler",
    "libthrift-dev thrift-compiler",
    "capnproto libcapnp-dev",
    "flatbuffers-compiler libflatbuffers-dev",
)
CPP_FORMATS = (
    "cdr-big",
    "cdr-little",
    "protobuf",
    "thrift-binary",
    "thrift-compact",
    "capnp",
    "capnp-packed",
    "flatbuffers",
)
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"

LANGUAGES = {
    language.name: language
    for language in (
        Language(
            name="node",
            title="JavaScript",
            jit=True,
            tools=("node", "npm"),
            packages="nodejs npm",
            build=(("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"),),
            argv=("node", "main.js"),
            formats=WIDELY,
        ),
        Language(
            name="go",
            title="Go",
            tools=("go",),
            packages="golang",
            build=(("go", "build", "-mod=mod", "-buildvcs=false", "-p", "1", "-o", "peer", "."),),
            argv=("peer",),
            formats=(
                "json",
                "xml",
                "xml-attributes",
                "msgpack",
                "cbor",
                "cbor-canonical",
                "bson",
                "protobuf",
                "avro",
                "thrift-binary",
                "thrift-compact",
                "asn1-der",
                "xdr",
            ),
        ),
        Language(
            name="rust",
            title="Rust",
            tools=("cargo",),
            packages="cargo",
            build=(
                tuple(CARGO.split()),
                ("sh", "-c", "mv target/release/serbench-peer peer && rm -r target"),
                ("sh", "-c", f"cd asn1 && SCHEMA=$PWD/first.asn ROOT=First RULES=all {CARGO}"),
            ),
            argv=("peer",),
            formats=(
                *WIDELY,
                *ASN1,
            ),
            generated=ASN1,
        ),
        Language(
            name="c",
            title="C",
            tools=("gcc", "rpcgen", "asn1c"),
            packages=f"asn1c gcc libc6-dev libtirpc-dev rpcsvc-proto {NDR_PACKAGES} {C_GENERIC_PACKAGES}",
            build=(("gcc", "-w", "-O2", *C_GENERIC, "-o", "generic", *C_LIBRARIES),),
            argv=(sys.executable, "-m", "serbench.peers.generated", "c", "generic"),
            formats=(*C_GENERATED, "msgpack", "cbor", "avro"),
            generated=C_GENERATED,
        ),
        Language(
            name="cpp",
            title="C++",
            tools=("g++", "omniidl", "protoc", "thrift", "capnp", "flatc"),
            packages=f"g++ {' '.join(CPP)}",
            build=(),
            argv=(sys.executable, "-m", "serbench.peers.generated", "cpp"),
            formats=CPP_FORMATS,
            generated=CPP_FORMATS,
        ),
        Language(
            name="java",
            title="Java",
            jit=True,
            tools=("java", "javac", "mvn"),
            packages="default-jdk-headless maven",
            build=(
                ("mvn", "-q", "-B", f"{COPY}:copy-dependencies", "-DoutputDirectory=lib"),
                ("sh", "-c", "javac -encoding UTF-8 -Xlint:-options -cp 'lib/*' -d classes *.java"),
            ),
            argv=("sh", "main.sh"),
            formats=(
                "java",
                "json",
                "xml",
                "xml-attributes",
                "msgpack",
                "cbor",
                "bson",
                "ion",
                "ion-text",
                "protobuf",
                "avro",
                "thrift-binary",
                "thrift-compact",
            ),
            generated=("java",),
        ),
    )
}


class PeerMissing(SerError):
    """A tool that a language needs is not there: which, and the command that brings it."""


class PeerFailed(SerError):
    """A language that does not build: the command, and its words."""


def home() -> Path:
    """Where languages are built."""
    return cache() / "peers"


def worker(language: Language, note: Callable[[str], None]) -> Worker:
    """A worker of the language, not started, but built, which takes a while the first time.

    Raises `PeerMissing` and `PeerFailed`.
    """
    folder = built(language, note)
    argv = [str(folder / part) if (folder / part).is_file() else part for part in language.argv]
    return Worker(argv, patience_s=PATIENCE_S)


def built(language: Language, note: Callable[[str], None]) -> Path:
    """The folder in which the language is built, by what its sources are."""
    source = FOLDER / language.name
    if missing := [tool for tool in language.tools if shutil.which(tool) is None]:
        raise PeerMissing(f"missing: {', '.join(missing)}; apt-get install {language.packages}")
    files = sorted(path for path in source.rglob("*") if path.is_file())
    digest = hashlib.sha256(repr((language.build, language.argv)).encode())
    for path in files:
        digest.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes() + b"\0")
    folder = home() / f"{language.name}-{digest.hexdigest()[:16]}"
    with _alone(language.name):
        if not folder.exists():
            note(f"{language.name}: built once, in {folder}")
            with tempfile.TemporaryDirectory(prefix=f"{language.name}-", dir=home()) as unfinished:
                made = Path(unfinished, "made")
                shutil.copytree(source, made)
                for command in language.build:
                    _build(language, command, made)
                made.rename(folder)
        return used(folder, f"{language.name}-*")


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """No other process builds the language meanwhile, where the system has such locks."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / f"{name}.lock").open("w") as lock:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(language: Language, command: Sequence[str], folder: Path) -> None:
    try:
        made = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BUILD_S,
        )
    except subprocess.TimeoutExpired:
        raise PeerFailed(f"{language.name} was not built within {BUILD_S} s: {' '.join(command)}") from None
    if made.returncode:
        words = " ".join((made.stderr or made.stdout).split())[-300:]
        raise PeerFailed(f"{language.name} was not built: {' '.join(command)}: {words}")
