"""YAML by PyYAML (YAML 1.1), in Python and over libyaml, and by ruamel.yaml (YAML 1.2) over its own copy of libyaml.

A record is a block mapping by `Field.key`, an absent optional field has no entry; a list is a sequence, a map a mapping
whose keys have their own type, a union a mapping {alternative: value}. Bytes are `!!binary` and a timestamp is the
timestamp of YAML's type repository; a UUID and a decimal are their text, an enum is its symbol. Text is UTF-8.

What a plain scalar means is the version's: in 1.1 `no` is false, `1:30` ninety and `017` fifteen, in 1.2 they are text
or seventeen, and `1e5` is text in 1.1 and a float in 1.2. Each library puts quotes around what it would read otherwise
itself, so that every text comes back, but not always around what the other reads otherwise. In a field of floats any
number is a float, also the text of one (`1e5`). Lost: NaN payloads. Nothing is checked beyond what conversions need.

Loaders and dumpers are the safe ones. Refused when reading, as what they expand to is not bounded by the input: aliases
(section 7.1 of YAML 1.2.2) and merge keys. Nothing is written as an alias. Further bounds and defects, contained here:

- PyYAML 6.0.4 in Python loses U+0085 in single quotes, so it gets double ones; brackets inside one another take it
  quadratic time, so there are at most 300. Sexagesimal numbers take quadratic time too, so they end at 40 characters.
- ruamel.yaml.clib 0.2.15 overflows the C stack on deep nesting (libyaml as PyYAML has it stops at 1000), so that what
  looks deep is measured first, by its events. An instance of ruamel.yaml is not used again: it is of no use after an
  error, and remembers every document. Its all-Python way is left out, as it reads less than 100 kB a second.

A stream is documents after `---` (section 9.2), read one by one; not by ruamel.yaml, where nothing could be measured.
"""

import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from functools import partial
from typing import IO, Any
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Decimal, Float, Schema, Timestamp, Uuid, Value

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, DecodeError, EncodeError, Format, assemble, streams
from sercodecs.tree import Rules, conversions

FORMAT = Format(
    name="yaml",
    title="YAML",
    specification="YAML 1.1 (PyYAML), YAML 1.2 (ruamel.yaml)",
    history="YAML 1.0 in 2004, 1.1 in 2005; 1.2 (2009) made JSON a subset (yaml.org).",
    textual=True,
    self_describing=True,
    byte_order="none",
    canonical=Claim(False, "YAML 1.2, 3.2.2: styles, comments and the order of keys are the writer's"),
    evolution=Claim(True, "YAML 1.2, 3.2.1: entries have keys, and a reader has those that it does not know as well"),
    languages={
        "c": "libyaml",
        "cpp": "yaml-cpp",
        "csharp": "YamlDotNet",
        "go": "goccy/go-yaml",
        "java": "SnakeYAML",
        "js": "yaml",
        "php": "symfony/yaml",
        "python": "PyYAML",
        "ruby": "psych",
        "rust": "saphyr",
        "swift": "Yams",
    },
    carries=Carries(
        bool="true, false",
        int="integer",
        float="float",
        string="scalar, in quotes where it would be something else",
        bytes="!!binary, base64",
        enum="scalar, its symbol",
        timestamp="timestamp",
        uuid="scalar",
        decimal="scalar, in quotes",
        list="sequence",
        map="mapping",
        union="mapping of one entry",
        record="mapping by key",
        optional="no entry if absent",
    ),
)

WIDTH = 1 << 30
"""No line is folded."""
BRACKETS = 300
LEVELS = 500
SEXAGESIMAL = 40

_DEEP = re.compile(rb"[-?: \t\0]{150}")
"""What more than so many blocks inside one another have in some line: indentation and indicators."""


def _number(found: Any) -> float:
    return math.nan if found != found else float(found)


def _instant(found: datetime) -> datetime:
    """A time without its offset is in UTC, says the type repository."""
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


OUT = Rules(values={Uuid: "str({})", Decimal: "format({}, 'f')"})
IN = Rules(
    values={
        Float: "{} if type({}) is float and {} == {} else number({})",
        Timestamp: "instant({})",
        Uuid: "UUID({})",
        Decimal: "Decimal({})",
    },
    names={"number": _number, "instant": _instant, "UUID": UUID, "Decimal": PyDecimal},
)


class _Once:
    """A constructor that makes an object of each node once: a second time is an alias. It knows no merge keys."""

    constructed_objects: dict[Any, Any]
    recursive_objects: dict[Any, Any]

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if node in self.constructed_objects or node in self.recursive_objects:
            raise DecodeError("an alias")
        return super().construct_object(node, deep)  # type: ignore[misc]

    def flatten_mapping(self, node: Any) -> None:
        """Leave `<<` in the mapping, where it is a tag without a constructor."""


def compile_pyyaml(schema: Schema, /) -> Codec:
    """YAML 1.1, all in Python."""
    import yaml

    class Loader(_Once, yaml.SafeLoader):  # type: ignore[misc]
        def fetch_flow_collection_start(self, token: Any) -> None:
            if self.flow_level >= BRACKETS:
                raise DecodeError(f"more than {BRACKETS} brackets inside one another")
            super().fetch_flow_collection_start(token)

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        pass

    Dumper.add_representer(str, _represent_text)
    return _compile_pyyaml(schema, "yaml/pyyaml", Loader, Dumper)


def compile_libyaml(schema: Schema, /) -> Codec:
    """YAML 1.1, scanned, parsed and emitted by libyaml; PyYAML constructs and represents."""
    import yaml

    class Loader(_Once, yaml.CSafeLoader):  # type: ignore[misc]
        pass

    class Dumper(yaml.CSafeDumper):  # type: ignore[misc]
        pass

    return _compile_pyyaml(schema, "yaml/libyaml", Loader, Dumper)


def _compile_pyyaml(schema: Schema, name: str, loader: Any, dumper: Any) -> Codec:
    import yaml

    dumper.ignore_aliases = _no_alias
    for tag in ("int", "float"):
        constructor = loader.yaml_constructors[f"tag:yaml.org,2002:{tag}"]
        loader.add_constructor(f"tag:yaml.org,2002:{tag}", partial(_short, constructor))
    options = {"Dumper": dumper, "encoding": "utf-8", "allow_unicode": True, "sort_keys": False, "width": WIDTH}

    def encode_native(plain: Any) -> bytes:
        data: bytes = yaml.dump(plain, **options)
        return data

    def write(file: IO[bytes], documents: Iterable[Any]) -> None:
        yaml.dump_all(documents, file, explicit_start=True, **options)

    load, load_all = partial(yaml.load, Loader=loader), partial(yaml.load_all, Loader=loader)
    return _assemble(schema, name, encode_native, load, write, load_all)


def compile_ruamel(schema: Schema, /) -> Codec:
    """YAML 1.2, scanned, parsed and emitted by ruamel.yaml.clib; ruamel.yaml constructs and represents."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.representer import SafeRepresenter

    class Constructor(_Once, SafeConstructor):
        pass

    class Representer(SafeRepresenter):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def new() -> Any:
        yaml: Any = YAML(typ="safe")
        yaml.Constructor, yaml.Representer = Constructor, Representer
        yaml.allow_unicode = True
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False
        yaml.width = WIDTH
        return yaml

    def encode_native(plain: Any) -> bytes:
        file = io.BytesIO()
        new().dump(plain, file)
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        if data.count(b"[") + data.count(b"{") > BRACKETS or _DEEP.search(data):
            _measure(new().parse(data))
        return new().load(data)

    return _assemble(schema, "yaml/ruamel", encode_native, decode_native)


def _assemble(
    schema: Schema,
    name: str,
    encode_native: Callable[[Any], bytes],
    decode_native: Callable[[bytes], Any],
    write: Callable[[IO[bytes], Iterable[Any]], None] | None = None,
    read: Callable[[IO[bytes]], Iterator[Any]] | None = None,
) -> Codec:
    tree = conversions(schema, f"{name} {schema.root}", OUT, IN)
    codec = assemble(schema, encode_native, decode_native, *tree)
    if write is None or read is None:
        return codec

    def document(value: Value) -> Any:
        if type(value) is not dict:
            raise EncodeError("$", "a message is a dict")
        return value if tree.to_native is None else tree.to_native(value)

    def write_stream(file: IO[bytes], values: Iterable[Value]) -> None:
        write(file, map(document, values))

    def read_stream(file: IO[bytes]) -> Iterator[Value]:
        return read(file) if tree.from_native is None else map(tree.from_native, read(file))

    return replace(codec, **streams(schema, write_stream, read_stream))


def _no_alias(_dumper: Any, _data: Any) -> bool:
    return True


def _represent_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\x85" in text else None)


def _short(constructor: Callable[[Any, Any], Any], loader: Any, node: Any) -> Any:
    if len(node.value) > SEXAGESIMAL and ":" in node.value:
        raise DecodeError(f"a sexagesimal number of {len(node.value)} characters")
    return constructor(loader, node)


def _measure(events: Iterable[Any]) -> None:
    """Raise if collections stand too deep inside one another."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name in ("SequenceStartEvent", "MappingStartEvent")
        depth -= name in ("SequenceEndEvent", "MappingEndEvent")
        if depth > LEVELS:
            raise DecodeError(f"more than {LEVELS} collections inside one another")


def _info(
    implementation: str, distribution: str, language: str, compile: Callable[[Schema], Codec], note: str
) -> CodecInfo:
    return CodecInfo(
        format=FORMAT,
        implementation=implementation,
        distribution=distribution,
        language=language,
        licence="MIT",
        limits=Limits(nan="canonical"),
        validates=False,
        compile=compile,
        note=note,
        defects=DEFECTS.get(implementation, ()),
    )


DEFECTS = {
    "pyyaml": (
        "PyYAML 6.0.4 loses U+0085 in single quotes: such text gets double ones",
        "PyYAML 6.0.4 takes quadratic time for nested brackets and sexagesimal numbers: 300 levels, 40 characters",
    ),
    "ruamel": ("ruamel.yaml.clib 0.2.15 overflows the C stack on deep nesting: what looks deep is measured first",),
}

CODECS = (
    _info("pyyaml", "PyYAML", "Python", compile_pyyaml, "YAML 1.1"),
    _info("libyaml", "PyYAML", "C", compile_libyaml, "YAML 1.1"),
    _info("ruamel", "ruamel.yaml", "C", compile_ruamel, "YAML 1.2"),
)
