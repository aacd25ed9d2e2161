"""What the generated source calls beside what all aligned formats share: padding that is looked at."""

from typing import Any, NoReturn

from sercodecs.aligned import runtime
from sercodecs.contract import DecodeError


def _bad_padding(pos: int | None = None) -> NoReturn:
    raise DecodeError("padding that is not zero", pos)


RUNTIME: dict[str, Any] = runtime.RUNTIME | {
    "ZEROS": bytes(3),  # the padding of three octets; shorter padding is unpacked as a number
    "bad_padding": _bad_padding,
}
