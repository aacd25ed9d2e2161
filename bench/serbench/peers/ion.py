"""How Python sees Ion: by the reader that amazon.ion has in Python itself, where the codec's is in C.

Trees beside the plain ones: {"x": ["symbol", text]}, {"x": ["timestamp", "2020-01-01T00:00:00.1230Z"]} with the
decimals that it has, and {"x": ["decimal", "-150e-2"]} with its exponent.
"""

import io
from datetime import timedelta
from typing import Any

from serbench.peers.trees import Tree, integer, kind, octets, real

VERSION_MARKER = b"\xe0\x01\x00\xea"
"""What the binary notation begins with."""


def tree(data: bytes, _: Any) -> Tree:
    """What stands in one value, in either notation; raises `ValueError` for what our codecs do not write."""
    from amazon.ion.simpleion import load_python

    binary = data.startswith(VERSION_MARKER)
    return _tree(load_python(io.BytesIO(data) if binary else io.StringIO(data.decode())))


def _tree(value: Any) -> Tree:
    from amazon.ion.core import IonType

    if value.ion_annotations:
        raise ValueError("an annotation")
    match value.ion_type:
        case IonType.NULL:
            return None
        case IonType.BOOL:
            return bool(value)
        case IonType.INT:
            return integer(int(value))
        case IonType.FLOAT:
            return real(float(value))
        case IonType.DECIMAL:
            sign, digits, exponent = value.as_tuple()
            return kind("decimal", f"{'-' * sign}{int(''.join(map(str, digits)) or '0')}e{exponent}")
        case IonType.TIMESTAMP:
            return kind("timestamp", _timestamp(value))
        case IonType.SYMBOL:
            return kind("symbol", value.text)
        case IonType.STRING:
            return str(value)
        case IonType.BLOB:
            return octets(bytes(value))
        case IonType.LIST:
            return [_tree(item) for item in value]
        case IonType.STRUCT:
            return {"m": [[key, _tree(item)] for key, item in value.items()]}
        case other:
            raise ValueError(f"a value of type {other}")


def _timestamp(value: Any) -> str:
    if value.utcoffset() != timedelta():
        raise ValueError("a timestamp that is not UTC")
    digits = value.fractional_precision
    decimals = f".{int(value.fractional_seconds.scaleb(digits)):0{digits}}" if digits else ""
    return f"{value.replace(tzinfo=None).isoformat(timespec='seconds')}{decimals}Z"
