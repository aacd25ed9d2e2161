"""The link model: when a message arrives, how many a second, and at which bandwidth two codecs are even."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serbench.links import (
    PRESETS,
    BadLink,
    Cost,
    Link,
    bound_by,
    break_even,
    compressed,
    delivery_ns,
    first_to_arrive,
    link,
    messages_per_s,
)
from serbench.ranges import Range, exact, minus, plus


def cost(name, size, encode, decode=0.0, share=0.0):
    """Times in nanoseconds, with an interval of so large a share to either side."""

    def around(ns):
        return Range(ns, ns * (1 - share), ns * (1 + share))

    return Cost(name, size, around(encode), around(decode))


@pytest.mark.parametrize(
    ("text", "bits", "latency"),
    [
        ("10Mbit/20ms", 10e6, 0.02),
        ("10 Mbit / 20 ms", 10e6, 0.02),
        ("10mbit/s/20ms", 10e6, 0.02),
        ("1Gbit/100us", 1e9, 1e-4),
        ("1Gbit/100µs", 1e9, 1e-4),
        ("250kbit/1.5s", 250e3, 1.5),
        ("5470bit", 5470.0, 0.0),
        ("0.5Mbit", 5e5, 0.0),
    ],
)
def test_links_are_read(text, bits, latency):
    held = link(text)
    assert (held.bits_per_s, held.latency_s) == pytest.approx((bits, latency))
    assert held.name == text


@pytest.mark.parametrize("name", ["loopback", "LAN", "lan", "WAN", "4G", "4g", "LoRa"])
def test_presets_have_names(name):
    assert link(name) is PRESETS[name.lower()]


@pytest.mark.parametrize("text", ["", "fast", "10", "10MB/20ms", "0Mbit", "10Mbit/", "10Mbit/20", "-1Mbit", "5G"])
def test_what_is_no_link_is_told_how_to_write_one(text):
    with pytest.raises(BadLink, match=r"10Mbit/20ms.*loopback, LAN, WAN, 4G, LoRa"):
        link(text)


def test_a_message_takes_encode_latency_size_by_bandwidth_and_decode():
    held = delivery_ns(cost("a", 1250, 3_000, 2_000, 0.1), Link("", 10e6, 0.02))
    # 1250 octets are 10,000 bits: a millisecond at 10 Mbit/s.
    assert held.value == pytest.approx(3_000 + 20e6 + 1e6 + 2_000)
    assert held.value - held.low == pytest.approx(math.hypot(300, 200))


def test_messages_are_bound_by_the_slower_of_core_and_link():
    held = cost("a", 1250, 300_000, 200_000, 0.1)
    slow, fast = Link("", 10e6, 1.0), PRESETS["loopback"]
    assert messages_per_s(held, slow) == pytest.approx((1000, 1000, 1000))
    assert bound_by(held, slow) == "link"
    assert messages_per_s(held, fast).value == pytest.approx(2000)
    assert messages_per_s(held, fast).low < 2000 < messages_per_s(held, fast).high
    assert bound_by(held, fast) == "core"


def test_two_codecs_are_even_where_both_messages_take_the_same_time():
    small, quick = cost("small", 100, 9_000, 1_000), cost("quick", 200, 1_000, 1_000)
    even = break_even(small, quick)
    # 800 bits are worth 8,000 ns.
    assert even == exact(pytest.approx(100e6))
    assert break_even(quick, small) == even


def test_the_interval_of_the_break_even_is_that_of_the_difference_of_times():
    small, quick = cost("small", 100, 10_000, 0, 0.1), cost("quick", 200, 2_000, 0, 0.1)
    even = break_even(small, quick)
    half = math.hypot(1_000, 200)
    assert even.low == pytest.approx(800e9 / (8_000 + half))
    assert even.high == pytest.approx(800e9 / (8_000 - half))


def test_where_the_difference_of_times_may_be_none_the_bandwidth_may_be_infinite():
    small, quick = cost("small", 100, 10_000, 0, 0.2), cost("quick", 200, 9_000, 0, 0.2)
    even = break_even(small, quick)
    assert 0 < even.low < even.value < even.high == math.inf


def test_what_is_smaller_and_quicker_is_ahead_at_any_bandwidth():
    assert break_even(cost("best", 100, 1_000), cost("worse", 200, 2_000)) == exact(math.inf)
    maybe = break_even(cost("best", 100, 1_000, 0, 0.5), cost("worse", 200, 1_100, 0, 0.5))
    assert maybe.value == maybe.high == math.inf
    assert math.isfinite(maybe.low)


def test_equal_sizes_have_no_break_even():
    assert break_even(cost("a", 100, 1_000), cost("b", 100, 2_000)) is None


def test_who_is_first_to_arrive_changes_with_the_bandwidth():
    packed, middle, quick, never = (
        cost("packed", 100, 10_000),
        cost("middle", 200, 4_000),
        cost("quick", 400, 1_000),
        cost("never", 390, 3_900),
    )
    found = first_to_arrive([quick, never, packed, middle])
    assert [(held.name, pytest.approx(until)) for held, until in found] == [
        ("packed", 800e9 / 6_000),
        ("middle", 1600e9 / 3_000),
        ("quick", math.inf),
    ]
    assert first_to_arrive([]) == []


positive = st.floats(1, 1e6)
costs = st.lists(st.tuples(positive, positive, positive), min_size=1, max_size=8).map(
    lambda held: [cost(str(number), *one) for number, one in enumerate(held)]
)


@given(costs, st.floats(1e2, 1e12))
def test_who_is_said_to_be_first_is(held, bits):
    over = Link("", bits, 0.01)
    ahead = next(one for one, until in first_to_arrive(held) if bits <= until)
    least = min(delivery_ns(one, over).value for one in held)
    assert delivery_ns(ahead, over).value == pytest.approx(least, rel=1e-6)


@given(positive, positive, positive, positive)
def test_at_the_break_even_both_take_the_same_time(size, more, ns, less):
    small, quick = cost("small", size, ns + less), cost("quick", size + more, ns)
    over = Link("", break_even(small, quick).value, 0.0)
    assert delivery_ns(small, over).value == pytest.approx(delivery_ns(quick, over).value, rel=1e-6)


def test_compression_is_paid_on_both_sides():
    held = compressed(cost("json", 1000, 500, 700), "zstd-3", 300, exact(50), exact(20))
    assert (held.name, held.size_bytes, held.encode_ns.value, held.decode_ns.value) == ("json + zstd-3", 300, 550, 720)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e5), st.floats(0, 1e5)), min_size=2, max_size=2))
def test_intervals_of_sums_hold_their_value_and_are_no_wider_than_the_parts_together(held):
    one, other = (Range(value, value - below, value + above) for value, below, above in held)
    for found, low, high in (
        (plus(one, other), one.low + other.low, one.high + other.high),
        (minus(one, other), one.low - other.high, one.high - other.low),
    ):
        assert low - 1e-6 <= found.low <= found.value <= found.high <= high + 1e-6
