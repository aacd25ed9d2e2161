"""The text of a schema's file."""

from pathlib import Path

from serschema.errors import SchemaError


def read(path: Path) -> str:
    """The text of a file in UTF-8. Raises `SchemaError`, also for one that is empty."""
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise SchemaError(f"cannot be read: {error.strerror}", source=str(path)) from None
    if not octets.strip():
        raise SchemaError("is empty", source=str(path))
    if b"\0" in octets[:4096]:
        advice = "a schema is text in UTF-8 (iconv -f UTF-16 -t UTF-8 converts)"
        raise SchemaError(f"is binary or not in UTF-8: {advice}", source=str(path), line=1)
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise SchemaError(
            "is not UTF-8: convert it with iconv -f LATIN1 -t UTF-8", source=str(path), line=line
        ) from None
