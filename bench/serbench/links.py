"""What a link makes of codecs: when a message arrives, how many a second, and at which bandwidth two codecs are even.

With times in seconds, sizes in octets, and the bandwidth in bits per second:

    T          = encode + latency + 8 * size / bandwidth + decode        from the value here to the value there
    messages/s = 1 / max(encode + decode, 8 * size / bandwidth)          one core, and one link that is always busy
    break-even = 8 * (size_a - size_b) / (cpu_b - cpu_a)                 where T_a = T_b, with cpu = encode + decode

`size` is that of the message alone: the headers of TCP and below are the same for all but for the number of packets.
The latency is that of one way, and the same for all, so that it drops out of the break-even. Messages per second are
those of a pipeline, in which one core encodes a message for each that it decodes, as a server does, while the link
carries others: the slower of the two is what bounds it, and latency is not.

Below the break-even bandwidth the smaller codec is ahead, above it the one that takes less time. Its interval comes
from that of the difference of the times (`serbench.ranges`); where zero is in that, the bandwidth may be infinite.

All pure functions; the page's slider does the same in its script.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from serschema.errors import SerError

from serbench.ranges import Range, minus, plus

NS_PER_S = 1e9


class BadLink(SerError):
    """A text that names no link."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link by its bandwidth and the latency of one way."""

    name: str
    bits_per_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a codec takes for a message: octets, and the nanoseconds of each side."""

    name: str
    size_bytes: float
    encode_ns: Range
    decode_ns: Range

    @property
    def cpu_ns(self) -> Range:
        """Both sides together."""
        return plus(self.encode_ns, self.decode_ns)


PRESETS = {
    # The host itself (RFC 1122, 3.2.1.3): no link at all, only codecs.
    "loopback": Link("loopback", math.inf, 0.0),
    # 1000BASE-T (IEEE 802.3, clause 40); half of "round trip within same datacenter", 0.5 ms (J. Dean, LADIS 2009).
    "lan": Link("LAN", 1e9, 0.25e-3),
    # What the EU wants for all households (COM(2016) 587); half of "CA to Netherlands and back", 150 ms (the same).
    "wan": Link("WAN", 100e6, 75e-3),
    # Download and half of the ping of LTE in five British cities at the end of 2014: 14.7 Mbit/s, 53.1 ms (Ofcom,
    # "Measuring mobile broadband performance in the UK", 2 April 2015).
    "4g": Link("4G", 14.7e6, 26.55e-3),
    # DR5 in EU868, spreading factor 7 in 125 kHz (LoRaWAN Regional Parameters, RP002): 5470 bit/s; a preamble of 12.25
    # symbols of 1.024 ms. Frames have 222 octets at most, and the duty cycle of 1 % is not in it.
    "lora": Link("LoRa", 5470.0, 12.25 * 1.024e-3),
}

_LINK = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]?)bit(?:/s)?(?:\s*/\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s))?", re.IGNORECASE)
_BITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


def link(text: str) -> Link:
    """The link of `10Mbit/20ms`, `5470bit`, or the name of a preset. Raises `BadLink`."""
    if found := PRESETS.get(text.strip().lower()):
        return found
    match = _LINK.fullmatch(text.strip())
    if not match or not float(match[1]):
        names = ", ".join(held.name for held in PRESETS.values())
        raise BadLink(f"{text!r} is not a link: write 10Mbit/20ms, 250kbit or 1Gbit/100us, or one of {names}")
    latency_s = float(match[3]) * _SECONDS[match[4].lower()] if match[3] else 0.0
    return Link(text.strip(), float(match[1]) * _BITS[match[2].lower()], latency_s)


def delivery_ns(cost: Cost, over: Link) -> Range:
    """T: from the value here to the value there."""
    carried = NS_PER_S * (over.latency_s + 8 * cost.size_bytes / over.bits_per_s)
    value, low, high = cost.cpu_ns
    return Range(value + carried, low + carried, high + carried)


def messages_per_s(cost: Cost, over: Link) -> Range:
    """How many messages a second one core and that link carry."""
    carried = NS_PER_S * 8 * cost.size_bytes / over.bits_per_s
    value, low, high = (NS_PER_S / max(taken, carried) for taken in cost.cpu_ns)
    return Range(value, high, low)


def bound_by(cost: Cost, over: Link) -> Literal["core", "link"]:
    """Which of the two bounds the messages per second."""
    return "core" if cost.cpu_ns.value >= NS_PER_S * 8 * cost.size_bytes / over.bits_per_s else "link"


def break_even(one: Cost, other: Cost, more_ns: Range | None = None) -> Range | None:
    """The bandwidth, in bits per second, below which the smaller of two is ahead, and above which the other is.

    Infinite where the smaller one is ahead at any bandwidth, since it takes no more time either; None if both have the
    same size, as then time alone decides. `more_ns` is how much more time the smaller one takes, where its interval is
    known better than from those of the two, as from pairs.
    """
    if one.size_bytes == other.size_bytes:
        return None
    small, large = by_size(one, other)
    saved = NS_PER_S * 8 * (large.size_bytes - small.size_bytes)
    more_ns = more_ns or minus(small.cpu_ns, large.cpu_ns)
    value, low, high = (saved / ns if ns > 0 else math.inf for ns in more_ns)
    return Range(value, high, low)


def by_size(one: Cost, other: Cost) -> tuple[Cost, Cost]:
    """The two, the smaller first."""
    return (one, other) if one.size_bytes <= other.size_bytes else (other, one)


def first_to_arrive(costs: Sequence[Cost]) -> list[tuple[Cost, float]]:
    """Who is ahead at which bandwidth, from the slowest links to the fastest: each with the bandwidth up to which.

    The last one is ahead up to infinity. Estimates decide; `break_even` has the intervals.
    """
    if not costs:
        return []
    ahead = min(costs, key=lambda cost: (cost.size_bytes, cost.cpu_ns.value))
    found: list[tuple[Cost, float]] = []
    while quicker := [cost for cost in costs if cost.cpu_ns.value < ahead.cpu_ns.value]:
        bandwidths = {cost.name: _even(ahead, cost) for cost in quicker}
        following = min(quicker, key=lambda cost: (bandwidths[cost.name], cost.cpu_ns.value))
        found.append((ahead, bandwidths[following.name]))
        ahead = following
    return [*found, (ahead, math.inf)]


def _even(small: Cost, large: Cost) -> float:
    return NS_PER_S * 8 * (large.size_bytes - small.size_bytes) / (small.cpu_ns.value - large.cpu_ns.value)


def compressed(cost: Cost, method: str, size_bytes: float, compress_ns: Range, decompress_ns: Range) -> Cost:
    """The same with each message compressed by itself."""
    return Cost(
        f"{cost.name} + {method}",
        size_bytes,
        plus(cost.encode_ns, compress_ns),
        plus(cost.decode_ns, decompress_ns),
    )
