"""The limits of a codec in words: short ones for a table, and sentences. Only those that it has are said."""

from dataclasses import fields

from serschema.limits import Limits


def brief(limits: Limits) -> str:
    """`nan canonical, time unit 1000`."""
    return ", ".join(f"{name.replace('_', ' ')} {_brief(name, value)}" for name, value in _unusual(limits).items())


def sentences(limits: Limits) -> list[str]:
    """What is lost or refused, a sentence each."""
    return [
        _SENTENCES[name, value] if (name, value) in _SENTENCES else _counted(name, value)
        for name, value in _unusual(limits).items()
    ]


_SENTENCES: dict[tuple[str, object], str] = {
    ("nan", "canonical"): "a NaN loses its sign and payload",
    ("nan", "refused"): "NaN is refused",
    ("infinity", "nan"): "an infinity becomes NaN",
    ("infinity", "refused"): "infinities are refused",
    ("negative_zero", False): "-0.0 becomes 0.0",
    ("text", "xml"): "strings with characters that XML 1.0 does not allow are refused",
    ("text", "no-nul"): "strings with U+0000 are refused",
    ("keys", "no-nul"): "keys of maps with U+0000 are refused",
    ("empty_optional", False): "an optional string or bytes that is there and empty is refused",
}


def _counted(name: str, value: object) -> str:
    match name, value:
        case "integers", (int(least), int(most)):
            return f"integers below {_bound(least)} or above {_bound(most)} are refused"
        case "time_unit", int(unit):
            return f"times are cut to {unit} microseconds"
        case "depth", int(levels):
            return f"more than {levels} levels of records and unions are refused"
        case _:
            raise ValueError(f"no words for the limit {name} {value}")


def _unusual(limits: Limits) -> dict[str, object]:
    held = {limit.name: getattr(limits, limit.name) for limit in fields(limits)}
    usual = {limit.name: limit.default for limit in fields(limits)}
    return {name: value for name, value in held.items() if value != usual[name]}


def _brief(name: str, value: object) -> str:
    match value:
        case False:
            return "refused" if name == "empty_optional" else "lost"
        case (int(least), int(most)):
            return f"{_bound(least)} to {_bound(most)}"
        case _:
            return str(value)


def _bound(value: int) -> str:
    """An integer at the end of a range, as a power of two where it is one or one less."""
    for shift in (0, 1):
        size = abs(value) + shift
        if size >= 1 << 16 and size.bit_count() == 1:
            return f"{'-' if value < 0 else ''}2^{size.bit_length() - 1}{'-1' if shift else ''}"
    return str(value)
