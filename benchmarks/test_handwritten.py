"""Our handwritten codecs against other people's Python, on the shared schemas, in one run: `make benchmark`.

Each group of the table is one schema and direction, and its ratios stand in parentheses. Before anything is timed, both
sides agree on the value, for XDR on the octets, and for NDR on all but the octets of gaps.
"""

from collections.abc import Callable
from typing import Any

import impacket_by_hand
import javaobj.v2 as javaobj
import pytest
import xdrlib_by_hand
from sercodecs import java, ndr, xdr
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


@pytest.mark.parametrize("implementation", ["serbench", "impacket"])
@pytest.mark.parametrize("name", SCHEMAS)
class TestNdr:
    def test_encode(self, name: str, implementation: str, benchmark: Any) -> None:
        schema = shared.load(name).schema
        codec, encoded, values = _both(ndr.compile(schema, order="little"), name)
        encode, _ = impacket_by_hand.compile(schema)
        assert equal([codec.decode(encoded[0][:4] + octets) for octets in _all(encode, values)], values)
        benchmark.group = f"ndr {name} encode"
        benchmark(_all, codec.encode if implementation == "serbench" else encode, values)

    def test_decode(self, name: str, implementation: str, benchmark: Any) -> None:
        schema = shared.load(name).schema
        codec, encoded, values = _both(ndr.compile(schema, order="little"), name)
        _, decode = impacket_by_hand.compile(schema)
        stubs = [octets[4:] for octets in encoded]
        assert equal(_all(decode, stubs), values)
        ours, theirs = (codec.decode, encoded), (decode, stubs)
        benchmark.group = f"ndr {name} decode"
        benchmark(_all, *(ours if implementation == "serbench" else theirs))


@pytest.mark.parametrize("implementation", ["serbench", "javaobj-py3"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_java_decode(name: str, implementation: str, benchmark: Any) -> None:
    """javaobj-py3 gives a tree of its own objects, not values: that it does less is in its favour."""
    codec, encoded, values = _both(java.compile(shared.load(name).schema), name)
    assert equal(_all(codec.decode, encoded), values)
    assert all(map(javaobj.loads, encoded))
    benchmark.group = f"java {name} decode"
    benchmark(_all, codec.decode if implementation == "serbench" else javaobj.loads, encoded)
