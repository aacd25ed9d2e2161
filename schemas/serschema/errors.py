"""Errors that every layer shares. All derive from SerError, whose text is one line fit for a terminal."""

MOST_SHOWN = 600
"""How many characters of a message are shown: names and pieces of a file may be of any length."""


class SerError(Exception):
    """Root of every error that serbench raises on purpose."""


class SchemaError(SerError):
    """A schema that cannot be read or does not fit the model; says where (file, line from 1) when it is known."""

    def __init__(self, message: str, *, source: str = "", line: int = 0) -> None:
        message = message if len(message) <= MOST_SHOWN else message[: MOST_SHOWN - 3] + "..."
        place = f"{source}:{line}: " if source and line else f"{source}: " if source else ""
        super().__init__(place + message)
        self.source = source
        self.line = line


class Words(str):
    """What was found, described: not the value itself, which would be shown in quotes."""

    __slots__ = ()


class ValueMismatch(SerError):
    """A value that is not of its schema: where in the value, what was expected, what was found (a value or `Words`)."""

    def __init__(self, path: str, expected: str, found: object) -> None:
        shown = str(found) if isinstance(found, Words) else repr(found)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        super().__init__(f"{path}: expected {expected}, found {shown}")
        self.path = path
        self.expected = expected
