"""The facts of `access_log`, each as the text that a person would write."""

from collections.abc import Callable
from ipaddress import IPv4Address
from random import Random
from typing import Any

from serschema.jsonform import timestamp_text
from serschema.model import Value
from serschema.shared.access_log import data as typed

RECORDS = typed.RECORDS

WRITERS: dict[str, Callable[[Any], str]] = {
    "received_at": timestamp_text,
    "client": lambda octets: str(IPv4Address(octets)),
    "encrypted": lambda flag: "true" if flag else "false",
}


def generate(records: int, random: Random) -> list[Value]:
    """One log of so many entries."""
    return [{"entries": [_written(e) for e in log["entries"]]} for log in typed.generate(records, random)]


def _written(entry: Value) -> Value:
    return {key: WRITERS.get(key, str)(value) for key, value in entry.items()}
