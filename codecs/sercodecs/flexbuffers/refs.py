"""What the generated source calls on a `Ref` of the library, within a budget of octets that may be read."""

from collections.abc import Callable
from typing import Any

from sercodecs.contract import DecodeError, EncodeError
from sercodecs.scalars import RUNTIME

SHARED = 16
"""How many times over the octets of a message may be read."""


class Budget:
    """How many octets may still be read."""

    def __init__(self, data: bytes) -> None:
        self.left = SHARED * len(data)

    def spend(self, octets: int) -> None:
        self.left -= octets
        if self.left < 0:
            raise DecodeError("what is shared makes the value many times the size of the data")


def _unwritable(what: str) -> None:
    raise EncodeError("$", what)


def _integer(ref: Any, lower: int, upper: int) -> int:
    number: int = ref.AsInt
    if not ref.IsInt or not lower <= number <= upper:
        raise DecodeError(f"not an integer in {lower}..{upper}")
    return number


def _float(ref: Any) -> float:
    if not ref.IsFloat:
        raise DecodeError("not a float")
    number: float = ref.AsFloat
    return number


def _bool(ref: Any) -> bool:
    if not ref.IsBool:
        raise DecodeError("not a boolean")
    truth: bool = ref.AsBool
    return truth


def _text(ref: Any, budget: Budget) -> str:
    octets = ref.AsStringBytes
    budget.spend(8 + len(octets))
    return bytes(octets).decode()


def _octets(ref: Any, budget: Budget) -> bytes:
    octets = ref.AsBlob
    budget.spend(8 + len(octets))
    return bytes(octets)


def _symbol(text: str, symbols: frozenset[str]) -> str:
    if text not in symbols:
        raise DecodeError(f"{text[:80]!r} is not a symbol")
    return text


def members(longest: int) -> Callable[[Any, Budget], dict[str, Any]]:
    """A function for what a map holds, by key. A key of more octets than `longest` is cut: nobody knows it."""

    def key(ref: Any) -> str:
        if not ref.IsKey:
            raise DecodeError("not a key")
        held = ref._Indirect()
        data, start = held._buf, held._offset
        end = data.find(0, start, start + longest + 1)
        return str(data[start : end if end >= 0 else start + longest + 1], "ascii")

    def read(ref: Any, budget: Budget) -> dict[str, Any]:
        held = ref.AsMap
        budget.spend(8 + 8 * len(held))
        keys, values = held.Keys, held.Values
        return {key(keys[place]): values[place] for place in range(len(held))}

    return read


def _items(ref: Any, budget: Budget) -> list[Any]:
    """What a vector holds."""
    held = ref.AsVector
    budget.spend(8 + 8 * len(held))
    return [held[place] for place in range(len(held))]


def vector(ref: Any) -> Any:
    if ref.IsTypedVector:
        return ref.AsTypedVector
    return ref.AsFixedTypedVector if ref.IsFixedTypedVector else ref.AsVector


def _scalar(ref: Any) -> Any:
    return ref.AsBool if ref.IsBool else ref.AsInt if ref.IsInt else ref.AsFloat if ref.IsFloat else None


def _numbers(ref: Any, budget: Budget, kind: type) -> list[Any]:
    """What a vector of numbers holds, typed or not."""
    held = vector(ref)
    budget.spend(8 + 8 * len(held))
    items: list[Any] = held.Value if not ref.IsVector else [_scalar(held[place]) for place in range(len(held))]
    if any(type(item) is not kind for item in items):
        raise DecodeError(f"not a vector of {kind.__name__}")
    return items


def _ranged(items: list[int], lower: int, upper: int) -> list[int]:
    if items and not (lower <= min(items) and max(items) <= upper):
        raise DecodeError(f"integers out of {lower}..{upper}")
    return items


NAMES = RUNTIME | {
    "unwritable": _unwritable,
    "integer": _integer,
    "real": _float,
    "truth": _bool,
    "text": _text,
    "octets": _octets,
    "symbol": _symbol,
    "items": _items,
    "numbers": _numbers,
    "ranged": _ranged,
    "int_": int,
    "float_": float,
    "bool_": bool,
}
