"""The libraries of JSON, each as a function that compiles a schema."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serschema.model import Kind, Schema, Value

from sercodecs.contract import Codec, Path, assemble
from sercodecs.json import conversions as rules
from sercodecs.json.lines import with_lines
from sercodecs.structs import Structs
from sercodecs.tree import Rules, accessor, conversions, has_other_keys


def compile_orjson(schema: Schema, /) -> Codec:
    """JSON by orjson. The option for keys that are no strings slows all objects: only a schema with some gets it."""
    import orjson

    option = orjson.OPT_UTC_Z
    if has_other_keys(schema):
        option |= orjson.OPT_NON_STR_KEYS
    dumps = orjson.dumps

    def encode_native(plain: Any) -> bytes:
        return dumps(plain, None, option)

    return _plain(schema, "orjson", rules.ORJSON_OUT, encode_native, orjson.loads)


def compile_stdlib(schema: Schema, /) -> Codec:
    """JSON by the standard library. Its NaN and Infinity are the usual extension, which few other readers take."""
    import json

    loads = json.JSONDecoder().decode

    def decode_native(data: bytes) -> Any:
        return loads(data.decode())

    return _plain(schema, "stdlib", rules.STDLIB_OUT, _stdlib_encode(nan=True), decode_native)


def _stdlib_encode(*, nan: bool) -> Callable[[Any], bytes]:
    import json

    dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=nan).encode

    def encode_native(plain: Any) -> bytes:
        return dumps(plain).encode()

    return encode_native


def compile_msgspec(schema: Schema, /) -> Codec:
    """JSON by msgspec, without types."""
    import msgspec

    return _plain(schema, "msgspec", rules.MSGSPEC_OUT, msgspec.json.Encoder().encode, msgspec.json.Decoder().decode)


def compile_msgspec_struct(schema: Schema, /) -> Codec:
    """JSON by msgspec, with a class for every record and union."""
    import msgspec

    structs = Structs("json/msgspec-struct", schema, rules.STRUCT_OUT, rules.STRUCT_IN, text=True)
    decoder = msgspec.json.Decoder(structs.message)
    codec = assemble(
        schema, msgspec.json.Encoder().encode, decoder.decode, structs.to_native, structs.from_native, structs.source
    )
    return with_lines(replace(codec, access=structs.access(msgspec.json.Decoder)), schema)


def compile_ujson(schema: Schema, /) -> Codec:
    """JSON by ujson."""
    import ujson

    dumps = ujson.dumps

    def encode_native(plain: Any) -> bytes:
        return dumps(plain, ensure_ascii=False, escape_forward_slashes=False).encode()

    return _plain(schema, "ujson", rules.UJSON_OUT, encode_native, ujson.loads)


def compile_rapidjson(schema: Schema, /) -> Codec:
    """JSON by RapidJSON."""
    import rapidjson

    dumps: Callable[[Any], Any] = rapidjson.Encoder(ensure_ascii=False, uuid_mode=rapidjson.UM_CANONICAL)

    def encode_native(plain: Any) -> bytes:
        return dumps(plain).encode()  # type: ignore[no-any-return]

    return _plain(schema, "rapidjson", rules.RAPIDJSON_OUT, encode_native, rapidjson.Decoder())


def compile_simdjson(schema: Schema, /) -> Codec:
    """JSON read by simdjson. One parser is used again and again: no proxy of a document may outlive the call."""
    import simdjson

    parse: Callable[..., Any] = simdjson.Parser().parse
    proxies = simdjson.Object, simdjson.Array

    def decode_native(data: bytes) -> Any:
        return parse(data, True)

    def access(path: Path) -> Callable[[bytes], Value]:
        texts = [str(step).lower() if isinstance(step, bool) else str(step) for step in path]
        # JSON Pointer, RFC 6901, section 3.
        pointer = "".join("/" + text.replace("~", "~0").replace("/", "~1") for text in texts)

        def at_pointer(data: bytes) -> Any:
            found = parse(data).at_pointer(pointer)
            if isinstance(found, proxies):
                found = None
                raise TypeError("no scalar")
            return found

        def down(data: bytes) -> Any:
            """A pointer is cut at U+0000 by the library (7.0.2)."""
            found = parse(data, True)
            for step, text in zip(path, texts):
                found = found[text] if isinstance(found, dict) else found[step]
            return found

        def build(kinds: list[Kind]) -> Callable[[bytes], Any]:
            return down if "\0" in pointer else at_pointer

        return accessor(schema, path, rules.IN, build)

    codec = _plain(schema, "simdjson", rules.STDLIB_OUT, _stdlib_encode(nan=False), decode_native)
    return replace(codec, access=access)


def _plain(
    schema: Schema,
    name: str,
    outwards: Rules,
    encode_native: Callable[[Any], bytes],
    decode_native: Callable[[bytes], Any],
) -> Codec:
    """A codec over a library that takes and gives dicts and lists."""
    tree = conversions(schema, f"json/{name} {schema.root}", outwards, rules.IN)
    return with_lines(assemble(schema, encode_native, decode_native, *tree), schema)
