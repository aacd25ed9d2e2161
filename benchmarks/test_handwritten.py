"""Our handwritten codecs against other people's Python, on the shared schemas, in one run: `make benchmark`.

Each group of the table is one schema and direction, and its ratios stand in parentheses. Before anything is timed, both
sides agree on the value, and for XDR and CDR on the octets. pycdr2 is given its own objects and gives them back: that
it does not turn them into values is in its favour.
"""

from collections.abc import Callable
from typing import Any

import javaobj.v2 as javaobj
import pytest
import idl_classes
import xdrlib_by_hand
from pycdr2 import Endianness
from sercodecs import java, xdr
from sercodecs.registry import find
from serschema import shared
from serschema.values import equal

SCHEMAS = [name for name in shared.NAMES if name != "numbers"]  # numbers_finite is the same with values all can carry


def _both(codec: Any, name: str) -> tuple[Any, list[bytes], list[Any]]:
    values = shared.load(name).values
    return codec, [codec.encode(value) for value in values], values


def _all(function: Callable[[Any], Any], inputs: list[Any]) -> list[Any]:
    return [function(item) for item in inputs]


@pytest.mark.parametrize("implementation", ["serbench", "xdrlib3"])
@pytest.mark.parametrize("name", SCHEMAS)
class TestXdr:
    def test_encode(self, name: str, implementation: str, benchmark: Any) -> None:
        schema = shared.load(name).schema
        codec, encoded, values = _both(xdr.compile(schema), name)
        encode, _ = xdrlib_by_hand.compile(schema)
        assert _all(encode, values) == encoded
        benchmark.group = f"xdr {name} encode"
        benchmark(_all, codec.encode if implementation == "serbench" else encode, values)

    def test_decode(self, name: str, implementation: str, benchmark: Any) -> None:
        schema = shared.load(name).schema
        codec, encoded, values = _both(xdr.compile(schema), name)
        _, decode = xdrlib_by_hand.compile(schema)
        assert equal(_all(decode, encoded), values)
        benchmark.group = f"xdr {name} decode"
        benchmark(_all, codec.decode if implementation == "serbench" else decode, encoded)


@pytest.mark.parametrize("implementation", ["serbench", "pycdr2"])
@pytest.mark.parametrize(("format_", "version"), [("cdr-little", 0), ("xcdr2", 2)])
@pytest.mark.parametrize("name", SCHEMAS)
class TestCdr:
    def test_encode(self, name: str, format_: str, version: int, implementation: str, benchmark: Any) -> None:
        schema = shared.load(name).schema
        codec, encoded, values = _both(find([format_])[0].compile(schema), name)
        objects = [idl_classes.compile(schema, "pycdr2", version).to_object(value) for value in values]

        def serialize(made: Any) -> bytes:
            return made.serialize(endianness=Endianness.Little, use_version_2=version == 2)

        for made, octets in zip(objects, encoded):
            padding = octets[3] & 3 if version else 0
            assert serialize(made)[4:] == octets[4 if version else 0 : len(octets) - padding]
        benchmark.group = f"{format_} {name} encode"
        ours = implementation == "serbench"
        benchmark(_all, codec.encode if ours else serialize, values if ours else objects)

    def test_decode(self, name: str, format_: str, version: int, implementation: str, benchmark: Any) -> None:
        schema = shared.load(name).schema
        codec, encoded, values = _both(find([format_])[0].compile(schema), name)
        classes = idl_classes.compile(schema, "pycdr2", version)
        theirs = encoded if version else [b"\0\1\0\0" + octets for octets in encoded]
        assert equal([classes.to_value(classes.root.deserialize(octets)) for octets in theirs], values)
        benchmark.group = f"{format_} {name} decode"
        ours = implementation == "serbench"
        benchmark(_all, codec.decode if ours else classes.root.deserialize, encoded if ours else theirs)


@pytest.mark.parametrize("implementation", ["serbench", "javaobj-py3"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_java_decode(name: str, implementation: str, benchmark: Any) -> None:
    """javaobj-py3 gives a tree of its own objects, not values: that it does less is in its favour."""
    codec, encoded, values = _both(java.compile(shared.load(name).schema), name)
    assert equal(_all(codec.decode, encoded), values)
    assert all(map(javaobj.loads, encoded))
    benchmark.group = f"java {name} decode"
    benchmark(_all, codec.decode if implementation == "serbench" else javaobj.loads, encoded)
