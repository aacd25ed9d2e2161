"""A builder of Python source: what the codecs that are specialised for a schema share.

Lines are added to functions, objects are bound to global names, and `build` compiles the module. Its lines are fed to
`linecache`, so that a traceback and a debugger show them. Text of a schema enters the source through `repr` only.
"""

import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

_serial = count(1)


class Source:
    """Python source under construction. `name` shows in tracebacks: `<serbench xdr Employee #3>`.

    `globals` may be given what a codec's functions always use; `bind` and `provide` add what the schema needs.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.globals: dict[str, Any] = {}
        self.notes: dict[str, str] = {}
        self._depth = 0
        self._fresh = count(1)

    def line(self, text: str) -> None:
        """Add one line at the present indentation."""
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Add `header:` and indent what follows in the `with`."""
        self.line(header + ":")
        self._depth += 1
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.line("pass")
        self._depth -= 1

    @contextmanager
    def function(self, signature: str) -> Iterator[None]:
        """Add a top-level `def`, separated by a blank line from what stands before."""
        if self.lines:
            self.lines.append("")
        with self.block(f"def {signature}"):
            yield

    def fresh(self, hint: str) -> str:
        """A local or global name that nobody has yet."""
        return f"{hint}_{next(self._fresh)}"

    def bind(self, hint: str, value: Any, note: str = "") -> str:
        """A global name for an object: the name of an equal object bound before under the same hint, or a fresh one."""
        for name in self.notes:
            held = self.globals[name]
            if name.rpartition("_")[0] == hint and type(held) is type(value) and held == value:
                return name
        return self.provide(self.fresh(hint), value, note)

    def provide(self, name: str, value: Any, note: str = "") -> str:
        """Make `name` a global that means the object; the source's head says so by `note`, or by what it looks like."""
        self.globals[name] = value
        self.notes[name] = note or _note(value)
        return name

    def text(self) -> str:
        """The source, with what its globals are as a comment at the top."""
        notes = [f"# {name} = {note}" for name, note in self.notes.items()]
        return "\n".join([*notes, *self.lines]) + "\n"

    def build(self, *functions: str) -> list[Callable[..., Any]]:
        """Compile the source and return the named functions."""
        filename = f"<serbench {self.name} #{next(_serial)}>"
        text = self.text()
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self.globals)
        return [self.globals[function] for function in functions]


def _note(value: Any) -> str:
    if hasattr(value, "__self__") and hasattr(value.__self__, "format"):  # a bound method of a struct.Struct
        return f"struct.Struct({value.__self__.format!r}).{value.__name__}"
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 100 else text[:97] + "..."
