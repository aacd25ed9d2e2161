"""What the self-test measures: real codecs on real messages, from a tenth of a microsecond to tens of milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sercodecs import registry
from serschema import shared

from serbench.plan import Data


@dataclass(frozen=True)
class Workload:
    """One operation of one codec on one message of a shared schema. An experiment on it takes `budget_s` in all."""

    name: str
    codec: str
    operation: Literal["encode", "decode"]
    schema: str
    records: int | None = None
    budget_s: float = 4.0

    @property
    def title(self) -> str:
        return f"{self.operation} {self.schema}{f' of {self.records}' if self.records else ''}, {self.codec}"

    @cached_property
    def data(self) -> Data:
        held = shared.load(self.schema, self.records)
        return Data(name=self.schema, source="shared", schema=held.schema, messages=held.values[:1])

    def subject(self) -> tuple[Callable[[Any], Any], Any]:
        """What is called and what with, compiled anew each time."""
        (info,) = registry.find([self.codec])
        codec, message = info.compile(self.data.schema), self.data.messages[0]
        return (codec.encode, message) if self.operation == "encode" else (codec.decode, codec.encode(message))


WORKLOADS = (
    Workload("100 ns", "json/orjson", "encode", "employee"),
    Workload("1 us", "msgpack/msgpack", "encode", "media_content"),
    Workload("20 us", "msgpack/msgpack", "encode", "addressbook", 60),
    Workload("1 ms", "json/orjson", "decode", "tree", 1000),
)
LARGE = Workload("40 ms", "asn1-ber/pyasn1", "decode", "addressbook", 500, budget_s=20.0)
