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
from typing import Any, TypeAlias

Tree: TypeAlias = Any


def integer(value: int) -> Tree:
    return {"i": str(value)}


def real(value: float) -> Tree:
    return {"f": struct.pack(">d", value).hex()}


def octets(value: bytes) -> Tree:
    return {"b": value.hex()}


def kind(name: str, inner: Tree) -> Tree:
    return {"x": [name, inner]}


def plain(value: Any, other: Callable[[Any], Tree] | None = None) -> Tree:
    """The tree of what self-describing readers in Python give; `other` makes those of objects that are not Python's."""
    match value:
        case None | bool():
            return value
        case str() if type(value) is str:
            return value
        case int() if type(value) is int:
            return integer(value)
        case float():
            return real(value)
        case bytes() if type(value) is bytes:
            return octets(value)
        case list() | tuple() if type(value) in (list, tuple):
            return [plain(item, other) for item in value]
        case dict():
            return {"m": [[plain(key, other), plain(item, other)] for key, item in value.items()]}
        case _ if other is not None:
            return other(value)
        case _:
            raise TypeError(f"no tree of {type(value).__name__}")


def mapped(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The tree with each part changed, after the parts in it; kinds and the names of elements are no parts."""
    match tree:
        case list():
            made: Tree = [mapped(item, change) for item in tree]
        case {"m": pairs}:
            made = {"m": [[mapped(key, change), mapped(value, change)] for key, value in pairs]}
        case {"x": [name, inner]}:
            made = {"x": [name, mapped(inner, change)]}
        case {"e": [name, attributes, children]}:
            made = {"e": [name, attributes, [mapped(child, change) for child in children]]}
        case _:
            made = tree
    return change(made)


def normal(tree: Tree) -> Tree:
    """The tree with its maps and attributes in one order: two readers see the same if these are equal."""
    match tree:
        case list():
            return [normal(item) for item in tree]
        case {"m": pairs}:
            return {"m": sorted(([normal(key), normal(value)] for key, value in pairs), key=json.dumps)}
        case {"x": [name, inner]}:
            return {"x": [name, normal(inner)]}
        case {"e": [name, attributes, children]}:
            return {"e": [name, sorted(attributes), [normal(child) for child in children]]}
        case _:
            return tree


def difference(expected: Tree, found: Tree, path: str = "") -> str:
    """Where two trees differ first, in a line; empty if they do not. Both are `normal`."""
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, pair in enumerate(zip(expected, found)):
            if told := difference(*pair, f"{path}/{place}"):
                return told
        return ""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        (tag,) = expected
        if tag == "m":
            return _keyed(expected[tag], found[tag], path)
        return difference(expected[tag], found[tag], f"{path}/{tag}")
    same = type(expected) is type(found) and expected == found
    return "" if same else f"{path or '/'}: {_short(expected)} is seen as {_short(found)}"


def _keyed(expected: list[Any], found: list[Any], path: str) -> str:
    """The first difference of two maps: a key that only one has, or a value."""
    ours, theirs = ({json.dumps(key): value for key, value in pairs} for pairs in (expected, found))
    for key in [*ours, *theirs]:
        if key not in theirs or key not in ours:
            return f"{path or '/'}: {key} is {'not ' if key in ours else ''}seen"
        if told := difference(ours[key], theirs[key], f"{path}/{key}"):
            return told
    return "" if len(expected) == len(found) else f"{path or '/'}: a key is seen twice"


def _short(tree: Tree) -> str:
    text = json.dumps(tree, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
