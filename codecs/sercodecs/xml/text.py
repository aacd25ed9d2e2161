"""What the generated source calls: kinds as the text of XSD's types, and errors."""

import binascii
import math
import re
import struct
from datetime import UTC, datetime
from decimal import Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from typing import Any
from uuid import UUID

from sercodecs.contract import DecodeError, EncodeError

_NOT_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BINARY32 = struct.Struct("<f")
_EXACT = Context(prec=1001, traps=[InvalidOperation, Inexact])
_BOOL_TEXT = {True: "true", False: "false"}
_TEXT_BOOL = {"true": True, "false": False, "1": True, "0": False}


def _chars(text: str) -> str:
    """The text, unless XML cannot carry it; ElementTree would write it all the same."""
    if found := _NOT_CHAR.search(text):
        raise EncodeError("$", f"the character U+{ord(found[0]):04X}, which XML 1.0 does not allow")
    return text


def _special(value: float) -> str:
    return "NaN" if value != value else "INF" if value > 0 else "-INF"


def _single(text: str) -> float:
    value: float = _BINARY32.unpack(_BINARY32.pack(float(text)))[0]
    return value


def _timestamp(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise DecodeError("a date and time without its offset from UTC")
    return value.astimezone(UTC)


def _decimal(text: str, precision: int, scale: int) -> PyDecimal:
    value = PyDecimal(text).quantize(PyDecimal((0, (1,), -scale)), context=_EXACT)
    if not value.is_finite() or len(value.as_tuple().digits) > precision:
        raise DecodeError(f"a decimal of more than {precision} digits")
    return value if value else value.copy_abs()


def _bounded(least: int, most: int | None, found: Any) -> Any:
    if len(found) < least or (most is not None and len(found) > most):
        raise DecodeError(f"a length of {len(found)}, not {least}..{'' if most is None else most}")
    return found


def _out_of_range(found: int) -> int:
    raise DecodeError(f"the integer {found} is out of its range")


def _unexpected_in(node: Any) -> str:
    raise DecodeError(f"text expected in {node.tag}, not {node[0].tag}")


def _attribute(node: Any, name: str) -> str:
    text: str | None = node.get(name)
    if text is None:
        raise DecodeError(f"{node.tag} has no attribute {name}")
    return text


class _End:
    """Stands behind the last child of an element."""

    tag = "the end"


def _unexpected(wanted: str, found: Any) -> DecodeError:
    return DecodeError(f"{wanted} expected, {found.tag} found")


NAMES: dict[str, Any] = {
    "attribute": _attribute,
    "DecodeError": DecodeError,
    "UUID": UUID,
    "a2b_base64": binascii.a2b_base64,
    "b2a_base64": binascii.b2a_base64,
    "bool_text": _BOOL_TEXT,
    "bounded": _bounded,
    "chars": _chars,
    "decimal": _decimal,
    "END": _End(),
    "isfinite": math.isfinite,
    "out_of_range": _out_of_range,
    "single": _single,
    "special": _special,
    "text_bool": _TEXT_BOOL,
    "timestamp": _timestamp,
    "unexpected": _unexpected,
    "unexpected_in": _unexpected_in,
}
