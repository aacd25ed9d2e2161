"""What any reader of a format sees in its octets, as JSON that is exact in every language.

null, true, false, "text"       themselves
{"i": "-7"}                     an integer
{"f": "3ff0000000000000"}       a float, the bits of its binary64
{"b": "00ff"}                   octets
[tree, ...]                     a list
{"m": [[tree, tree], ...]}      a map, a record: keys and values, in any order
{"x": [kind, tree]}             what has a kind besides: an extension, a tag, an alternative, a typed field
{"e": [name, [[name, text], ...], [text or tree, ...]]}   an XML element, its attributes, what is in it
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serschema.model import Schema


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How a format is read in Python without our conversions. `schema` gives what a reader needs besides the octets."""

    codec: str
    read: Callable[[bytes, Schema], Any]
    schema: Callable[[Schema], Any] = lambda schema: None


def integer(value: int) -> Any:
    return {"i": str(value)}


def real(value: float) -> Any:
    return {"f": struct.pack(">d", value).hex()}


def octets(value: bytes) -> Any:
    return {"b": value.hex()}


def plain(value: Any) -> Any:
    """The tree of what self-describing readers in Python give, extensions apart."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return integer(value)
        case float():
            return real(value)
        case bytes():
            return octets(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {"m": [[plain(key), plain(item)] for key, item in value.items()]}
        case _:
            raise TypeError(f"no tree of {type(value).__name__}")


def normal(tree: Any) -> Any:
    """The tree with its maps and attributes in one order: two readers see the same if these are equal."""
    match tree:
        case list():
            return [normal(item) for item in tree]
        case {"m": pairs}:
            return {"m": sorted(([normal(key), normal(value)] for key, value in pairs), key=json.dumps)}
        case {"x": [kind, inner]}:
            return {"x": [kind, normal(inner)]}
        case {"e": [name, attributes, children]}:
            return {"e": [name, sorted(attributes), [normal(child) for child in children]]}
        case _:
            return tree


def difference(expected: Any, found: Any, path: str = "") -> str:
    """Where two trees differ first, in a line; empty if they do not. Both are `normal`."""
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, pair in enumerate(zip(expected, found)):
            if told := difference(*pair, f"{path}/{place}"):
                return told
        return ""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        (tag,) = expected
        return difference(expected[tag], found[tag], f"{path}/{tag}")
    return "" if expected == found else f"{path or '/'}: {_short(expected)} is seen as {_short(found)}"


def _short(tree: Any) -> str:
    text = json.dumps(tree, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
