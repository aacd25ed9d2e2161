"""One side of a crossing: what a codec writes on this machine, and what it makes of the other machine's octets.

Light, as the worker imports it where only Python is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sercodecs.contract import Codec, CodecInfo, UnsupportedSchema
from sercodecs.registry import missing
from serschema.limits import Refused, project
from serschema.model import Schema, Value
from serschema.values import first_difference

from serbench.verify import described


@dataclass(kw_only=True)
class Answer:
    """A codec on one machine.

    `encoded` has the octets of each message, in hexadecimal; None where the codec's limits refuse it, or it failed and
    `wrote` says how. `read` says of each of the other machine's encodings what is wrong with its value, empty if it is
    the projection of the message by the limits.
    """

    codec: str
    status: Literal["ok", "unsupported", "unavailable", "failed"] = "ok"
    reason: str = ""
    version: str = ""
    encoded: list[str | None] = field(default_factory=list)
    wrote: str = ""
    read: list[str] = field(default_factory=list)
    refusal: str = ""


def answer(info: CodecInfo, schema: Schema, messages: Sequence[Value], given: Sequence[str | None]) -> Answer:
    """Encode the messages and decode what the other machine made of them; `given` is empty if it has yet to."""
    found = Answer(codec=info.id)
    if command := missing(info):
        found.status, found.reason = "unavailable", command
        return found
    found.version = "" if info.distribution == "serbench" else info.version()
    try:
        codec = info.compile(schema)
    except UnsupportedSchema as error:
        found.status, found.reason = "unsupported", str(error)
    except ImportError as error:
        found.status, found.reason = "unavailable", described(error)
    except Exception as error:
        found.status, found.reason = "failed", f"compile raised {described(error)}"
    else:
        for number, message in enumerate(messages):
            _message(found, info, codec, schema, message, given[number] if given else None)
    return found


def _message(found: Answer, info: CodecInfo, codec: Codec, schema: Schema, message: Value, given: str | None) -> None:
    found.encoded.append(None)
    found.read.append("")
    number = len(found.read) - 1
    try:
        expected, _ = project(message, schema, info.limits)
    except Refused as refusal:
        found.refusal = found.refusal or f"message {number}: {refusal}"
        return
    try:
        found.encoded[-1] = codec.encode(message).hex()
    except Exception as error:
        found.wrote = found.wrote or f"message {number}: encode raised {described(error)}"
    if given is None:
        return
    try:
        difference = first_difference(expected, codec.decode(bytes.fromhex(given)))
    except Exception as error:
        difference = f"decode raised {described(error)}"
    found.read[-1] = difference and f"message {number}: {difference}"
