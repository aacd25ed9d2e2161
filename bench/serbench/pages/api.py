"""The reference of the Python interface, from signatures and docstrings."""

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType

import sercodecs.contract
import sercodecs.registry
import serschema.errors
import serschema.limits
import serschema.model
import serschema.values

import serbench
import serbench.checks
import serbench.pytest_plugin

SHOWN: tuple[tuple[ModuleType, tuple[str, ...]], ...] = (
    (serbench, ("load_schema", "infer", "codec", "run", "Results", "Results.rows")),
    (sercodecs.registry, ("codecs", "find", "missing")),
    (
        sercodecs.contract,
        ("CodecInfo", "Codec", "Format", "Carries", "Span", "UnsupportedSchema", "EncodeError", "DecodeError"),
    ),
    (serschema.model, ("Schema", "Record", "Field", "Enum", "Union")),
    (serschema.values, ("check", "equal", "information")),
    (serschema.limits, ("Limits", "project", "Refused")),
    (serschema.errors, ("SerError", "SchemaError", "ValueMismatch")),
)
"""What is documented, by module."""

WIDE = 100


def render() -> str:
    lines = ["# Python", "", *_document(serbench), ""]
    for module, names in SHOWN:
        lines += [f"## {module.__name__}", ""] + ([] if module is serbench else [*_document(module), ""])
        for name in names:
            held: object = module
            for part in name.split("."):
                held = getattr(held, part)
            assert callable(held)
            lines += _entry(f"{module.__name__}.{name}", held)
    lines += ["## In pytest", "", *_document(serbench.pytest_plugin), ""]
    return "\n".join([*lines, *_entry("serbench.check", serbench.checks.Checks.check)])


def _entry(name: str, held: Callable[..., object]) -> list[str]:
    return [f"### {name}", "", "```python", _called(name.rpartition(".")[2], held), "```", "", *_document(held), ""]


def _called(name: str, held: Callable[..., object]) -> str:
    """The signature, an argument a line where it is long."""
    if isinstance(held, type) and issubclass(held, Exception):
        return f"class {name}({held.__bases__[0].__name__})"
    signature = inspect.signature(held)
    given = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    arguments = [_plain(parameter) for parameter in given]
    kinds = [parameter.kind for parameter in given]
    if inspect.Parameter.KEYWORD_ONLY in kinds and not isinstance(held, type):
        arguments.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    result = (
        "" if signature.return_annotation in (signature.empty, None) else f" -> {_typed(signature.return_annotation)}"
    )
    flat = f"{name}({', '.join(arguments)}){result}"
    return flat if len(flat) <= WIDE else "\n".join([f"{name}(", *(f"    {each}," for each in arguments), f"){result}"])


def _plain(parameter: inspect.Parameter) -> str:
    name = str(parameter.replace(annotation=parameter.empty, default=parameter.empty))
    typed = "" if parameter.annotation is parameter.empty else f": {_typed(parameter.annotation)}"
    given = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{name}{typed}{given}"


def _typed(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b[a-z_]+\.(?=[\w.]*[A-Z])|'", "", text)


def _document(held: object) -> Iterator[str]:
    """A docstring: paragraphs that are aligned by spaces stay as they are."""
    for paragraph in (inspect.getdoc(held) or "").split("\n\n"):
        aligned = re.search(r"^\w+ {2,}\w", paragraph, re.MULTILINE)
        yield from ("```text", paragraph, "```", "") if aligned else (paragraph, "")
