"""Codecs that differ in nothing, or in a delay that one of them has: a module of codecs for `Plan.modules`.

The environment variable `SERBENCH_TWINS` says which, as a worker is told nothing else: JSON with the `codec`, the
`operation`, and a delay for each twin. The twins' ids are the codec's with their number: `json/orjson-0`,
`json/orjson-1`. A delay is None for the codec as it is, or how many times in each `PERIOD` calls an empty loop of
`TURNS` turns runs before a call, spread evenly: half a per cent of 100 ns is less than one turn a call. A twin with a
delay of 0 has the same code around its calls as the others.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from typing import Any

from sercodecs import registry
from sercodecs.contract import Codec, CodecInfo
from serschema.model import Schema

PERIOD = 8192
TURNS = 16
_SETTING = "SERBENCH_TWINS"


@contextmanager
def twins(codec: str, operation: str, delays: Sequence[int | None]) -> Iterator[tuple[str, ...]]:
    """Set the twins for all that is started inside; gives their ids."""
    before = os.environ.get(_SETTING)
    os.environ[_SETTING] = json.dumps({"codec": codec, "operation": operation, "delays": delays})
    try:
        yield tuple(info.id for info in _twins())
    finally:
        del os.environ[_SETTING]
        if before is not None:
            os.environ[_SETTING] = before


def _twins() -> tuple[CodecInfo, ...]:
    setting = json.loads(os.environ[_SETTING])
    (info,) = registry.find([setting["codec"]])
    return tuple(
        replace(
            info,
            implementation=f"{info.implementation}-{number}",
            compile=partial(_compile, info, setting["operation"], delay),
        )
        for number, delay in enumerate(setting["delays"])
    )


def __getattr__(name: str) -> Any:
    if name == "CODECS":
        return _twins()
    raise AttributeError(name)


def _compile(info: CodecInfo, operation: str, delay: int | None, schema: Schema, /, **options: Any) -> Codec:
    """`encode` and `decode`, the one that is measured delayed."""
    codec = info.compile(schema, **options)
    encode, decode = codec.encode, codec.decode
    if delay is not None and operation == "encode":
        encode = delayed(encode, delay)
    elif delay is not None:
        decode = delayed(decode, delay)
    return Codec(encode=encode, decode=decode)


def delayed(call: Callable[[Any], Any], loops: int) -> Callable[[Any], Any]:
    """The call with empty loops before it, `loops` of them spread over each `PERIOD` calls."""
    counts = [(n + 1) * loops // PERIOD - n * loops // PERIOD for n in range(PERIOD)]
    ranges = {count: range(TURNS * count) for count in counts}
    take = chain.from_iterable(repeat([ranges[count] for count in counts])).__next__

    def wrapped(value: Any) -> Any:
        for _ in take():
            pass
        return call(value)

    return wrapped
