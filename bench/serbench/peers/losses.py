"""What a language or a library of it cannot keep, as data: which parts of a tree it changes, and why.

A loss changes what is expected of the peer, and what it does is then compared exactly. So a peer that loses more fails,
and so does one that keeps what it is said to lose.
"""

import math
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from serbench.peers import trees
from serbench.peers.trees import Tree, integer, real

When: TypeAlias = Literal["read", "write"]


class Refusal(Exception):
    """A tree that the peer does not read, or write."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What is lost, with the reason, when one of the peers (`msgpack/node`) reads or writes.

    `change` gives what a part of a tree becomes; it raises `Refusal` where the peer refuses the whole.
    """

    what: str
    peers: tuple[str, ...]
    when: When
    change: Callable[[Tree], Tree]


def _value(tree: Tree) -> float | None:
    match tree:
        case {"f": bits}:
            (value,) = struct.unpack(">d", bytes.fromhex(bits))
            return float(value)
        case _:
            return None


def digits(value: float) -> int:
    """The fewest digits, and zeros, that are read as the same binary64 (ECMA-262, 6.1.6.1.20)."""
    return int(Decimal(repr(value)))


def whole(low: float, high: float, exact: Callable[[float], int] = int) -> Callable[[Tree], Tree]:
    """Floats that are whole numbers from `low` to `high`, -0.0 apart, become integers."""

    def change(tree: Tree) -> Tree:
        value = _value(tree)
        if value is None or not low <= value <= high or value != math.floor(value) or tree == real(-0.0):
            return tree
        return integer(exact(value))

    return change


def unsigned_zero(tree: Tree) -> Tree:
    return integer(0) if tree == real(-0.0) else tree


def positive_zero(tree: Tree) -> Tree:
    return real(0.0) if tree == real(-0.0) else tree


def nearest(tree: Tree) -> Tree:
    """Integers become the nearest that a binary64 holds."""
    match tree:
        case {"i": text}:
            return integer(int(float(int(text))))
        case _:
            return tree


def shortest(tree: Tree) -> Tree:
    """Integers become what a binary64 of them is written as."""
    match tree:
        case {"i": text}:
            return integer(digits(float(int(text))))
        case _:
            return tree


def one_nan(tree: Tree) -> Tree:
    value = _value(tree)
    return real(math.nan) if value is not None and math.isnan(value) else tree


def only_signed(tree: Tree) -> Tree:
    match tree:
        case {"i": text} if not -(1 << 63) <= int(text) < 1 << 63:
            raise Refusal
        case _:
            return tree


def bignums(tree: Tree) -> Tree:
    match tree:
        case {"x": ["2", {"b": text}]}:
            return integer(int(text, 16))
        case {"x": ["3", {"b": text}]}:
            return integer(-1 - int(text, 16))
        case _:
            return tree


def signed_bignums(tree: Tree) -> Tree:
    """A bignum that begins with the highest bit has an octet of zeros before it."""
    match tree:
        case {"x": ["2" | "3" as tag, {"b": text}]} if text >= "8":
            return trees.kind(tag, {"b": "00" + text})
        case _:
            return tree


def bare_white_space(tree: Tree) -> Tree:
    """What a parser makes of line ends and tabs that are no character references."""

    def ended(text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n")

    match tree:
        case {"e": [name, attributes, children]}:
            spaced = [[key, ended(text).replace("\n", " ").replace("\t", " ")] for key, text in attributes]
            return {"e": [name, spaced, [ended(child) if isinstance(child, str) else child for child in children]]}
        case _:
            return tree


def no_bool_keys(tree: Tree) -> Tree:
    match tree:
        case {"m": pairs} if any(isinstance(key, bool) for key, _ in pairs):
            raise Refusal
        case _:
            return tree


def text_keys(tree: Tree) -> Tree:
    match tree:
        case {"m": pairs}:
            return {"m": [[key["i"] if isinstance(key, dict) else key, value] for key, value in pairs]}
        case _:
            return tree


def false_in_collections(tree: Tree) -> Tree:
    """Booleans that are items of lists, keys or values of maps become false (trees of Thrift)."""
    match tree:
        case {"x": ["bool", [*items]]}:
            return trees.kind("bool", [False for _ in items])
        case {"x": [str(kinds), {"m": pairs}]} if "bool" in kinds.split():
            of_key, of_value = (name == "bool" for name in kinds.split())
            made = [[False if of_key else key, False if of_value else value] for key, value in pairs]
            return trees.kind(kinds, {"m": made})
        case _:
            return tree


def only_text_keys(tree: Tree) -> Tree:
    match tree:
        case {"m": pairs} if not all(isinstance(key, str) for key, _ in pairs):
            raise Refusal
        case _:
            return tree


LARGEST = sys.float_info.max
ONE_NUMBER = "whole floats are integers, as JavaScript has one type of number (ECMA-262, 6.1.6.1)"
ROUNDED = "integers beyond 2^53 are rounded (ECMA-262, 6.1.6.1; RFC 8259, 6)"
NO_PAYLOAD = "NaN has no payload, as the library does arithmetic to make octets of doubles"
THRIFT = ("thrift-binary/node", "thrift-compact/node")

LOSSES = (
    # Node.
    Loss(
        what=ONE_NUMBER,
        peers=("json/node", "msgpack/node", "cbor/node"),
        when="read",
        change=whole(-LARGEST, LARGEST),
    ),
    Loss(what=ROUNDED, peers=("json/node",), when="read", change=nearest),
    Loss(what=NO_PAYLOAD, peers=THRIFT, when="read", change=one_nan),
    Loss(
        what="booleans in lists and maps are false, as readBool takes the value of a number (thrift 0.24.0)",
        peers=("thrift-compact/node",),
        when="read",
        change=false_in_collections,
    ),
    Loss(
        what=ONE_NUMBER,
        peers=("json/node",),
        when="write",
        change=whole(math.nextafter(-1e21, 0), math.nextafter(1e21, 0), digits),
    ),
    Loss(what=ONE_NUMBER, peers=("msgpack/node", "cbor/node"), when="write", change=whole(-(1 << 31), (1 << 32) - 1)),
    Loss(what="-0.0 is 0", peers=("json/node", "msgpack/node", "cbor/node"), when="write", change=unsigned_zero),
    Loss(what=ROUNDED, peers=("json/node",), when="write", change=shortest),
    Loss(what=NO_PAYLOAD, peers=THRIFT, when="write", change=one_nan),
    Loss(
        what="-0.0 is 0.0, as the library takes the sign from value < 0",
        peers=THRIFT,
        when="write",
        change=positive_zero,
    ),
    Loss(
        what="keys are strings, as the library makes maps of objects",
        peers=("msgpack/node",),
        when="write",
        change=only_text_keys,
    ),
    # Go.
    Loss(
        what="whole floats below 1e21 have no decimals, which says integer to others (RFC 8259, 6)",
        peers=("json/go",),
        when="write",
        change=whole(math.nextafter(-1e21, 0), math.nextafter(1e21, 0), digits),
    ),
    Loss(what="-0.0 is -0, the integer 0 to others", peers=("json/go",), when="write", change=unsigned_zero),
    # Rust.
    Loss(
        what="line ends, and tabs in attributes, are written bare and read as others (XML 1.0, 2.11 and 3.3.3)",
        peers=("xml/rust", "xml-attributes/rust"),
        when="write",
        change=bare_white_space,
    ),
    # Java.
    Loss(
        what="NaN has no payload, as the library takes Double.doubleToLongBits",
        peers=("thrift-binary/java", "thrift-compact/java"),
        when="write",
        change=one_nan,
    ),
    Loss(
        what="integers of 64 bits are signed, as Jackson makes larger ones bignums (RFC 8949, 3.4.3)",
        peers=("cbor/java",),
        when="write",
        change=only_signed,
    ),
    Loss(what="bignums are integers (RFC 8949, 3.4.3)", peers=("cbor/java",), when="read", change=bignums),
    Loss(
        what="bignums may begin with an octet of zeros (RFC 8949, 3.4.3: not preferred)",
        peers=("cbor/java",),
        when="write",
        change=signed_bignums,
    ),
    Loss(what="true and false are no keys for Jackson", peers=("cbor/java",), when="read", change=no_bool_keys),
    Loss(what="true and false are no keys for Jackson", peers=("cbor/java",), when="write", change=no_bool_keys),
    Loss(what="keys are text, as Jackson has names only", peers=("cbor/java",), when="read", change=text_keys),
)


def losses(peer: str, when: When) -> list[Loss]:
    """What the peer loses, in the order in which it is."""
    return [loss for loss in LOSSES if peer in loss.peers and when == loss.when]
