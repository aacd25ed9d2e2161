"""What the generated source calls, and what its two generators share."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from typing import Any, NoReturn

from serschema.model import MAX_DEPTH, List, Map, Record, Schema, Timestamp, Type, Union

from sercodecs.contract import DecodeError, EncodeError
from sercodecs.quick import uuid_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXACT = Context(prec=1001, traps=[InvalidOperation, Inexact])


def _put_time(message: Any, value: datetime) -> None:
    since = value - EPOCH
    message.seconds = since.days * 86400 + since.seconds
    message.nanos = since.microseconds * 1000


def _time(message: Any) -> datetime:
    nanos = message.nanos
    if not 0 <= nanos < 1_000_000_000:
        raise DecodeError(f"{nanos} nanoseconds")
    return EPOCH + timedelta(0, message.seconds, nanos // 1000)


def _decimal(text: str, precision: int, scale: int) -> PyDecimal:
    if len(text) > precision + 3 or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise DecodeError(f"{text[:80]!r} is not a decimal of {precision} digits")
    value = EXACT.quantize(PyDecimal(text), PyDecimal((0, (1,), -scale)))
    if len(value.as_tuple().digits) > precision or (value.is_zero() and value.is_signed()):
        raise DecodeError(f"{text!r} is not a decimal of {precision} digits")
    return value


class Symbols(dict[int, str]):
    """Number to symbol."""

    def __missing__(self, number: int) -> NoReturn:
        raise DecodeError(f"{number} is not the number of a symbol")


def _bad(what: str) -> NoReturn:
    raise DecodeError(what)


def _unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


RUNTIME = {
    "put_time": _put_time,
    "time": _time,
    "decimal": _decimal,
    "bad": _bad,
    "unwritable": _unwritable,
    "uuid_of": uuid_of,
}


def is_message(type_: Type, schema: Schema) -> bool:
    """Whether a field that holds the type, and is not repeated itself, holds a message."""
    return isinstance(schema.resolve(type_), Timestamp | List | Map | Union | Record)


def deep(schema: Schema) -> bool:
    """Whether some value could be nested too deep, so that levels have to be counted."""
    return bool(schema.recursive()) or len(schema.types) >= MAX_DEPTH
