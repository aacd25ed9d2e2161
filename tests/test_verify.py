"""The round trip finds every way of breaking the contract, and only those."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate

import fake_codecs
import pytest
from fake_codecs import SCHEMA, point
from serbench import purposes
from serbench.verify import verify
from sercodecs import struct_native
from sercodecs.contract import ExplainError, Span
from serschema.errors import ValueMismatch
from serschema.jsonform import to_json
from serschema.model import Field, Int, Record, Schema

INTEGERS = Schema("Pair", (Record("Pair", (Field("a", 1, Int(32)), Field("b", 2, Int(16)))),))
INFOS = {info.implementation: info for info in fake_codecs.CODECS}
FINE = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
COARSE = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def outcome(implementation, *messages):
    return verify(INFOS[implementation], SCHEMA, list(messages))


@pytest.mark.parametrize("implementation", ["good", "plain"])
def test_what_comes_back_equal_is_ok(implementation):
    messages = [point(), point(8, label="é", at=FINE)]
    row = outcome(implementation, *messages)
    assert (row.status, row.reason, row.losses, row.orders) == ("ok", "", {}, {})
    assert row.codec == f"fake/{implementation}"
    assert row.deterministic
    data = b'{"x": 7, "weight": 0.5}'
    assert row.encoded_bytes[0] == len(data)
    assert bytes.fromhex(row.head_hex).startswith(data)
    assert len(row.head_hex) == 128
    assert row.compressed_bytes["none"] == sum(row.encoded_bytes)
    assert row.dictionary == {}


def test_sha256_is_that_of_all_messages_in_a_row():
    assert outcome("good", point(), point()).sha256 == hashlib.sha256(b'{"x": 7, "weight": 0.5}' * 2).hexdigest()


@pytest.mark.parametrize(
    ("implementation", "message", "reason"),
    [
        ("flipping", point(), "$.x: 7 became 6"),
        ("dropping", point(label="a"), "$: 'label' is missing"),
        ("mutating", point(), "encode changed the value: $.x: 7 became 9"),
        ("mutable", point(), "encode gave bytearray, not bytes"),
        ("undeclared", point(at=FINE), "$.at: "),
        ("exact", point(at=FINE), "$.at: "),
        ("accepting", point(101), "encode took what the codec says it refuses: $.x: integer 101 is out of (0, 100)"),
        ("false-halves", point(), "encode_native does not give the bytes of encode"),
        ("consuming", point(), "from_native of decode_native: $: 'x' is missing"),
    ],
)
def test_failures_and_their_reasons(implementation, message, reason):
    row = outcome(implementation, message)
    assert row.status == "failed"
    assert row.reason.startswith(reason)
    assert (row.encoded_bytes, row.sha256) == ([], "")


def test_the_reason_says_which_message():
    assert outcome("dropping", point(), point(label="a")).reason == "message 1: $: 'label' is missing"


@pytest.mark.parametrize(
    ("codec", "reason"),
    [
        ({"encode": lambda codec, value: 1 // 0}, "encode raised ZeroDivisionError: integer"),
        ({"decode": lambda codec, data: {}["x"]}, "decode raised KeyError: 'x'"),
        ({"decode": lambda codec, data: codec.decode(data) | {"x": 7.0}}, "$.x: 7 became 7.0"),
        ({"decode": lambda codec, data: None}, "$: {'x': 7, 'weight': 0.5} became None"),
    ],
)
def test_exceptions_and_wrong_answers(codec, reason):
    row = verify(fake_codecs.info("broken", fake_codecs.plain(**codec)), SCHEMA, [point()])
    assert row.status == "failed"
    assert row.reason.startswith(reason)


def test_declared_losses():
    row = outcome("cutting", point(at=FINE), point(at=FINE), point(at=COARSE))
    assert (row.status, row.losses, row.example) == ("lossy", {"time below 1000 us": 2}, "$.at")


def test_a_declared_loss_that_nothing_meets_is_no_loss():
    assert outcome("cutting", point(at=COARSE)).status == "ok"


def test_refused_as_declared():
    row = outcome("refusing", point(1), point(101))
    assert (row.status, row.reason) == ("unsupported", "message 1: $.x: integer 101 is out of (0, 100)")
    assert outcome("refusing", point(100)).status == "ok"


def test_refused_by_something_else_than_the_contract_s_error():
    info = fake_codecs.info("rude", fake_codecs.plain(lambda codec, value: 1 // 0), limits=INFOS["refusing"].limits)
    row = verify(info, SCHEMA, [point(101)])
    assert row.status == "failed"
    assert row.reason.startswith("encode raised ZeroDivisionError")


def test_unsupported_and_unavailable():
    assert outcome("unsupported", point()).status == "unsupported"
    assert outcome("unsupported", point()).reason == "fake/unsupported does not carry a timestamp (Point.at)"
    assert outcome("unavailable", point()).status == "unavailable"
    assert outcome("unavailable", point()).reason == "pip install serbench-has-no-such-library"


def test_compile_that_fails():
    row = verify(fake_codecs.info("broken", lambda schema: 1 // 0), SCHEMA, [point()])
    assert row.status == "failed"
    assert row.reason.startswith("compile raised ZeroDivisionError")


def test_bytes_that_differ_each_time_are_ok_but_noted():
    row = outcome("undecided", point())
    assert (row.status, row.deterministic) == ("ok", False)


def test_byte_orders_are_read_by_each_other():
    assert outcome("marked", point()).orders == {"big>little": "equal", "little>big": "equal"}
    assert outcome("struct-dump", point()).orders == {"big>little": "value differs", "little>big": "value differs"}


def test_the_control_does_not_survive_a_change_of_byte_order():
    """A dump of C structs: the course's control, which must fail."""
    (control,) = struct_native.CODECS
    row = verify(control, INTEGERS, [{"a": 1_000_000_000, "b": -2}])
    assert row.status == "ok"
    assert row.orders
    assert set(row.orders.values()) == {"value differs"}


def test_byte_orders_that_raise():
    def compile(schema, /, order="little"):
        def decode(data):
            if data[:1] != order[:1].encode():
                raise ValueError("not my order")
            return point()

        return fake_codecs.Codec(encode=lambda value: order[:1].encode(), decode=decode)

    row = verify(fake_codecs.info("strict", compile, orders=("little", "big")), SCHEMA, [point()])
    assert row.status == "ok"
    assert row.orders["big>little"] == "error: ValueError: not my order"


def test_a_message_that_is_not_of_the_schema_is_the_user_s_fault():
    with pytest.raises(ValueMismatch, match=r"\$\.x"):
        outcome("good", {"x": "7", "weight": 0.5})
    assert to_json(point(), SCHEMA) == point()


def leaf_outcome(implementation, *messages, leaf=("label",)):
    return verify(INFOS[implementation], SCHEMA, list(messages), leaf=leaf)


def test_what_a_codec_offers_is_told():
    assert leaf_outcome("offering", point(label="a"), point()).offers == ["access", "stream"]
    assert leaf_outcome("offering", point(), leaf=()).offers == ["stream"]
    assert leaf_outcome("good", point()).offers == []


@pytest.mark.parametrize(
    ("implementation", "reason"),
    [
        ("misreading", "message 1: access to $.label gives 'elsewhere', not 'a'"),
        ("forgetful", "a stream of 2 messages gives 1 back"),
        ("muddled", "message 0 of the stream: $: 'label' was not there"),
    ],
)
def test_a_wrong_leaf_and_a_wrong_stream_fail(implementation, reason):
    row = leaf_outcome(implementation, point(), point(8, label="a"))
    assert row.status == "failed"
    assert row.reason.startswith(reason)


def test_what_is_not_timed_has_a_round_trip_only():
    """A false half is found where it is timed; a false value everywhere."""
    messages = [point(1), point(2), point(7)]

    def tried(implementation, *timed):
        return verify(INFOS[implementation], SCHEMA, messages, timed=timed)

    assert tried("false-halves", 1).reason.startswith("message 1: encode_native does not give")
    assert tried("false-halves").status == "ok"
    assert tried("flipping", 0).reason.startswith("message 2: ")


def test_what_is_timed_is_compressed():
    """Each message by itself; a dictionary is made of all."""
    messages = [point(x) for x in range(995, 1059)]
    row = verify(INFOS["good"], SCHEMA, messages, timed={0, 21, 42})
    assert row.compressed_bytes["none"] == sum(row.encoded_bytes[place] for place in (0, 21, 42))
    assert row.encoded_bytes[0] < row.encoded_bytes[21]
    assert row.dictionary["messages"] == 32


def explained(*messages, timed=None, explain=None):
    def tokens(schema, data):
        parts = re.findall(rb'"[^"]*"|[{}:,]|[^ {}:,]+| +', data)
        purposes = {34: "name", 123: "structure", 125: "structure", 58: "structure", 44: "structure", 32: "padding"}
        ends = list(accumulate(map(len, parts)))
        return [
            Span(end - len(part), len(part), purposes.get(part[0], "content"), "$", "")
            for part, end in zip(parts, ends)
        ]

    info = replace(INFOS["good"], explain=explain or tokens)
    row = verify(info, SCHEMA, list(messages), timed=timed)
    assert row.status == "ok"
    return row.purposes, row.explained


def test_what_the_octets_are_for_is_summed_over_what_is_timed():
    """`{"x": 7, "weight": 0.5}`."""
    one = {"content": 4, "name": 11, "padding": 3, "structure": 5}
    assert explained(point()) == (one, 1)
    assert explained(point(), point(1234), point()) == ({name: 3 * n for name, n in one.items()} | {"content": 15}, 3)
    assert explained(point(), point(1234), point(), timed={1}) == (one | {"content": 7}, 1)
    assert verify(INFOS["good"], SCHEMA, [point()]).purposes == {}


def test_of_large_messages_an_even_choice_is_explained(monkeypatch):
    """A message has 9 or 10 octets of information: its integer and its float."""
    seen = []
    monkeypatch.setattr(purposes, "EXPLAINED_BYTES", 9 * 2)
    messages = [point(x) for x in (1, 12, 123, 1234)]

    def whole(schema, data):
        seen.append(data)
        return [Span(0, len(data), "content", "$", "")]

    sizes = verify(INFOS["good"], SCHEMA, messages).encoded_bytes
    assert explained(*messages, explain=whole) == ({"content": sizes[0] + sizes[2]}, 2)
    assert len(seen) == 2
    monkeypatch.setattr(purposes, "EXPLAINED_BYTES", 8)
    assert explained(*messages, explain=whole) == ({}, 0)


def test_octets_that_a_walker_does_not_understand_are_for_nothing():
    def lost(schema, data):
        raise ExplainError("no way", 3, [])

    assert explained(point(), explain=lost) == ({}, 0)
