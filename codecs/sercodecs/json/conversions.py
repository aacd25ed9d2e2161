"""What stands between values and the libraries of JSON: a table per library outwards, one for all inwards."""

import binascii
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal as PyDecimal
from uuid import UUID

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Float,
    Int,
    Timestamp,
    Uuid,
)

from sercodecs.tree import Expression, Rules

_TEXT: Mapping[type, Expression] = {
    Bytes: 'b2a_base64({}, newline=False).decode("ascii")',
    Timestamp: '{}.isoformat().replace("+00:00", "Z")',
    Uuid: "str({})",
    Decimal: "format({}, 'f')",
}
_KEY_TEXT: Mapping[type, Expression] = {Bool: '"true" if {} else "false"', Int: "str({})"}


def _out(*native: type, keys: tuple[type, ...] = ()) -> Rules:
    """All as text, except the kinds and the keys that the library writes so by itself."""
    return Rules(
        values={kind: rule for kind, rule in _TEXT.items() if kind not in native},
        keys={kind: rule for kind, rule in _KEY_TEXT.items() if kind not in keys},
        names={"b2a_base64": binascii.b2a_base64},
    )


ORJSON_OUT = _out(Timestamp, Uuid, keys=(Bool, Int))
STDLIB_OUT = _out(keys=(Bool, Int))
MSGSPEC_OUT = _out(Bytes, Timestamp, Uuid, keys=(Int,))
UJSON_OUT = _out(keys=(Bool, Int))
RAPIDJSON_OUT = _out(Uuid)

IN = Rules(
    values={
        Float: "{} if type({}) is float else number({})",
        Bytes: "a2b_base64({}, strict_mode=True)",
        Timestamp: "timestamp({})",
        Uuid: "UUID({})",
        Decimal: "Decimal({})",
    },
    keys={Bool: "boolean[{}]", Int: "int({})"},
    names={
        "number": lambda found: math.nan if found is None else float(found),
        "a2b_base64": binascii.a2b_base64,
        "timestamp": datetime.fromisoformat,
        "UUID": UUID,
        "Decimal": PyDecimal,
        "boolean": {"true": True, "false": False},
    },
)

STRUCT_OUT = Rules(values={Decimal: _TEXT[Decimal]}, keys={Bool: _KEY_TEXT[Bool]})
STRUCT_IN = Rules(
    values={Float: "nan if {} is None else {}", Decimal: IN.values[Decimal]},
    keys={Bool: IN.keys[Bool]},
    names={"nan": math.nan, **IN.names},
)
"""msgspec writes NaN and infinities as null, and knows no keys that are true or false."""
