"""What a message and an octet of it cost: times that lie on a line give the line back."""

from pathlib import Path

import pytest
from serbench.inputs import BadInput, families
from serbench.plan import Data
from serbench.results import Dataset, Header, Run, Timing
from serbench.scaling import costs
from serschema import shared
from serschema.model import Field, Record, Schema, String
from serschema.values import information

HEADER = Header(plan_sha256="", started="", command=[], budget_s=1, seed=1, machine={}, versions={}, codecs={})
TEXT = Schema("Text", (Record("Text", (Field("text", 1, String()),)),))


def run(times, processes=4):
    """`times` gives a message's nanoseconds by its size and the number of the process; two messages a call."""
    datasets = [
        Dataset(
            name=f"d {size}",
            source="",
            root="R",
            messages=5,
            timed=2,
            information_bytes=0,
            timed_information_bytes=2 * size,
            family="d",
        )
        for size in (10, 100, 1000)
    ]
    timings = [
        Timing(
            dataset=dataset.name,
            codec="a/a",
            operation="encode",
            process=process,
            loops=10,
            samples_ns=[round(20 * times(dataset.timed_information_bytes // 2, process))] * 3,
            canary_ns=[1] * 3,
        )
        for dataset in datasets
        for process in range(processes)
    ]
    return Run(Path(), HEADER, datasets, [], timings)


def cost(*arguments):
    ((cell, found),) = costs(run(*arguments)).items()
    assert cell == ("d", "a/a", "encode")
    return found


def test_a_line_is_given_back():
    found = cost(lambda size, process: 500 + 3 * size)
    assert (found.message_ns, found.octet_ns, found.sizes) == pytest.approx((500, 3, 3))
    assert (found.message_low, found.message_high, found.octet_low, found.octet_high) == pytest.approx((500, 500, 3, 3))
    assert found.error == pytest.approx(0, abs=1e-9)


def test_processes_differ():
    found = cost(lambda size, process: (500 + 3 * size) * (1 + process / 10))
    assert (found.message_ns, found.octet_ns) == pytest.approx((575, 3.45))
    assert 400 < found.message_low < 500 < 650 < found.message_high < 750
    assert 2.4 < found.octet_low < 3 < 3.9 < found.octet_high < 4.5
    few = cost(lambda size, process: (500 + 3 * size) * (1 + process), 2)
    assert (few.message_low, few.message_high) == pytest.approx((500, 1000))


def test_what_is_no_line_says_how_far_off_it_is():
    assert cost(lambda size, process: size * size).error > 0.5
    sinking = cost(lambda size, process: 3 * size - 20)
    assert (sinking.message_ns, sinking.message_low) == (0, 0)


def test_one_size_is_no_family():
    held = run(lambda size, process: size)
    assert costs(Run(Path(), HEADER, held.datasets, [], held.timings[:4])) == {}
    assert costs(run(lambda size, process: size, 0)) == {}


def data(*lengths):
    messages = [{"text": "x" * length} for length in lengths]
    return Data(name="notes", source="notes.jsonl", schema=TEXT, messages=messages)


def test_messages_are_put_into_groups_by_size():
    found, notes = families([data(1, 100, 9, 1000, 2, 12)])
    assert [[len(message["text"]) for message in member.messages] for member in found] == [
        [1, 2],
        [9, 12],
        [100],
        [1000],
    ]
    assert [member.name for member in found][:2] == ["notes, 1 to 2 bytes", "notes, 9 to 12 bytes"]
    assert {member.family for member in found} == {"notes"}
    assert notes == []
    assert [len(member.messages) for member in families([data(5, 5, 10)])[0]] == [2, 1]


def test_messages_of_one_size_are_no_family():
    with pytest.raises(BadInput, match="--scale needs messages of different size: those of notes have 5 to 9 bytes"):
        families([data(5, 9)])
    found, notes = families([data(5, 9), data(1, 100)])
    assert {member.family for member in found} == {"notes"}
    assert notes == ["--scale needs messages of different size: those of notes have 5 to 9 bytes"]


def test_what_can_be_made_is_made_in_several_sizes():
    held = shared.load("access_log")
    made = Data(name="access_log", source="shared", schema=held.schema, messages=held.values)
    found, _ = families([made])
    assert [member.name for member in found] == [
        f"access_log, {count} records" for count in ("1", "10", "100", "1,000")
    ]
    sizes = [information(member.messages[0], held.schema) for member in found]
    assert sizes[0] * 500 < sizes[3] < sizes[0] * 2000
