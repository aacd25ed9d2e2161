"""The cells of `serbench run`, every codec on every shared schema, as pytest-benchmark tests: for its tables, its
histograms and its comparison with earlier runs (`--benchmark-autosave`, `--benchmark-compare`).

A call handles the messages that serbench times, one after the other. A cell is verified first, and skipped with its
reason where a codec does not carry the data. Codecs take no turns here and share one process, so what METHODOLOGY.md
says of pytest-benchmark holds: for claims there is `serbench run`.

    pytest benchmarks/test_cells.py --benchmark-only -k "telemetry and json and decode"
"""

from functools import cache

import pytest
from serbench.plan import Data
from serbench.verify import verify
from sercodecs import registry
from serschema import shared

CODECS = {info.id: info for info in registry.codecs()}
MEASURED_S = 0.05
"""As there are some 1,700 cells; --benchmark-max-time does not count."""


@cache
def dataset(name):
    held = shared.load(name)
    return Data(name=name, source="shared", schema=held.schema, messages=held.values)


@cache
def verified(name, codec):
    data = dataset(name)
    return verify(CODECS[codec], data.schema, data.messages)


def _each(function, inputs):
    for item in inputs:
        function(item)


@pytest.mark.parametrize("operation", ["encode", "decode"])
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", shared.NAMES)
@pytest.mark.benchmark(max_time=MEASURED_S, min_rounds=3)
def test_cell(name, codec, operation, benchmark):
    row = verified(name, codec)
    assert row.status != "failed", row.reason
    if row.status not in ("ok", "lossy"):
        pytest.skip(f"{row.status}: {row.reason}")
    compiled = CODECS[codec].compile(dataset(name).schema)
    messages = dataset(name).timed
    inputs = messages if operation == "encode" else [compiled.encode(message) for message in messages]
    benchmark.group = f"{name} {operation}"
    benchmark.extra_info["messages"] = len(messages)
    benchmark(_each, getattr(compiled, operation), inputs)
