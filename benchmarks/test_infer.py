"""Inference from JSON Lines: throughput on 20 MB by pytest-benchmark, memory on as much as one likes by hand.

`python benchmarks/test_infer.py 1000` makes a file of 1000 MB, infers its schema in a fresh process and prints MB/s and
that process's peak memory, beside those of a hundredth of the file: flat memory is the same figure twice.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import pytest

MEGABYTES = 20

MEASURE = """
import resource, sys, time
from serschema.load.infer import infer
start = time.perf_counter()
found = infer([sys.argv[1]])
seconds = time.perf_counter() - start
print(found.messages, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def make(path, megabytes):
    """Records as services log them: a nested one, lists, a time, a UUID that is often absent, text."""
    random = Random(1)
    with path.open("w") as file:
        while file.tell() < megabytes * 1_000_000:
            lines = [json.dumps(_record(random, number), separators=(",", ":")) for number in range(2000)]
            block = "\n".join(lines) + "\n"
            for _ in range(1 + megabytes // 100):  # making them is slower than inferring
                file.write(block)


def _record(random, number):
    record = {
        "id": number,
        "user": {"name": random.choice(["Ana", "Bob", "Carla"]), "email": f"u{number}@example.org", "age": number % 90},
        "time": f"2024-05-{1 + number % 28:02d}T{number % 24:02d}:00:00.{random.randrange(10**6):06d}Z",
        "score": round(random.random() * 100, 3),
        "tags": [random.choice(["a", "bb", "ccc"]) for _ in range(number % 4)],
        "active": random.random() < 0.5,
        "text": "lorem ipsum dolor sit amet " * (number % 3),
    }
    if number % 3 == 0:
        record["ref"] = f"{random.getrandbits(32):08x}-0000-4000-8000-{random.getrandbits(48):012x}"
    return record


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("infer") / "records.jsonl"
    make(path, MEGABYTES)
    return path


def test_infer(file, benchmark):
    from serschema.load.infer import infer

    benchmark.group = f"infer {MEGABYTES} MB of JSON Lines"
    found = benchmark.pedantic(infer, [[str(file)]], rounds=5)
    assert [field.name for field in found.schema.record.fields][:3] == ["id", "user", "time"]
    benchmark.extra_info["MB/s"] = file.stat().st_size / 1e6 / benchmark.stats.stats.median


def test_memory_is_flat(file, tmp_path):
    small = tmp_path / "small.jsonl"
    make(small, 2)
    assert _measure(file)[1] < _measure(small)[1] + 20


def _measure(path):
    """Megabytes per second and peak memory in MB, of a process of its own."""
    ran = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    messages, seconds, kilobytes = ran.stdout.split()
    print(f"{path.name}: {int(messages)} messages in {float(seconds):.2f} s", file=sys.stderr)
    return os.path.getsize(path) / 1e6 / float(seconds), int(kilobytes) / 1000


def main():
    megabytes = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for size in (max(megabytes // 100, 1), megabytes):
            path = Path(folder, f"{size}MB.jsonl")
            make(path, size)
            speed, memory = _measure(path)
            print(f"{path.stat().st_size / 1e6:.0f} MB: {speed:.1f} MB/s, peak memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
