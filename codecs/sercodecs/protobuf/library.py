"""The two implementations inside the `protobuf` distribution: upb, in C, and the one in Python, side by side.

Which of them `google.protobuf` is, it decides when it is first imported, by a variable of the environment. So the
second is a second copy of the package, imported with the variable set while the first is out of `sys.modules`. Its
modules import others when they are first needed, so that whatever makes classes with them does so inside `library`.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

VARIABLE = "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"


class Library(NamedTuple):
    """The modules of one copy of `google.protobuf`."""

    descriptor_pb2: Any
    descriptor_pool: Any
    message: Any
    message_factory: Any
    timestamp_pb2: Any


_pure: dict[str, Any] = {}
"""The modules of the copy in Python, once it was imported."""


@contextmanager
def library(implementation: str) -> Iterator[tuple[Library, str]]:
    """The modules, and which implementation they really are: `upb` is Python where its C is not installed."""
    if implementation == "upb":
        yield _imported()
        return
    import_module("google.protobuf.descriptor_pb2")
    held = _taken_out()
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = implementation
    sys.modules.update(_pure)
    try:
        yield _imported()
    finally:
        _pure.update(_taken_out())
        sys.modules.update(held)
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def _imported() -> tuple[Library, str]:
    modules = [import_module(f"google.protobuf.{name}") for name in Library._fields]
    return Library(*modules), import_module("google.protobuf.internal.api_implementation").Type()


def _taken_out() -> dict[str, Any]:
    """The modules of the copy in place; the one in C stays, as it can be imported once only."""
    names = [name for name in sys.modules if name == "google" or name.startswith("google.protobuf")]
    return {name: sys.modules.pop(name) for name in names}
