"""The link model against a real link: TCP between two network namespaces whose only link is shaped by the kernel.

Two codecs of which one is small and slow, the other large and quick, send the same message in turn at several rates
around the bandwidth at which the model says that they are even. Where they really are is where the line through the
differences of the times from value to value, over one by the rate, crosses zero. All addresses are in the namespaces.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import linear_regression, median

import pytest
from serbench.links import Cost, break_even
from serbench.ranges import exact

SMALL, LARGE = "asn1-uper/asn1tools", "json/orjson"
MESSAGES = 7
SHARES = (0.5, 0.7, 1.0, 1.4, 2.0)
"""Of the predicted bandwidth, at which there are transfers."""
WITHIN = 0.15
TRIES = 3
"""A machine that does something else meanwhile is asked again."""

FRAME, SEGMENT = 1514, 1448
"""Octets of an Ethernet frame, which are what is shaped, and those of ours in it: without the heads of three layers."""
ADDRESSES = ("192.0.2.1", "192.0.2.2")
"""Of TEST-NET-1 (RFC 5737), which nobody has."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command[:6])}: {done.stderr.strip() or done.returncode}")
    return done.stdout


@contextmanager
def namespaces():
    """Two of them, with a link between them."""
    names = [f"serbench-{os.getpid()}-{end}" for end in "ab"]
    try:
        for name in names:
            run("ip", "netns", "add", name)
        run("ip", "link", "add", "end", "netns", names[0], "type", "veth", "peer", "name", "end", "netns", names[1])
        for name, address in zip(names, ADDRESSES):
            run("ip", "-n", name, "address", "add", f"{address}/30", "dev", "end")
            run("ip", "-n", name, "link", "set", "end", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, timeout=60, check=False)


def shape(name, bits_per_s, discipline):
    """Bound what leaves a namespace. A bucket of two frames is what lets no message pass for free."""
    rate = f"{round(bits_per_s / 1000)}kbit"
    with_ = {"netem": ["rate", rate], "tbf": ["rate", rate, "burst", str(2 * FRAME), "latency", "30s"]}[discipline]
    run("ip", "netns", "exec", name, "tc", "qdisc", "replace", "dev", "end", "root", discipline, *with_)


@pytest.fixture
def link():
    """The namespaces, and how what leaves the first can be shaped."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's")
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}: apt-get install iproute2")
    try:
        with namespaces() as names:
            reasons = []
            for discipline in ("netem", "tbf"):
                try:
                    shape(names[0], 1e9, discipline)
                except OSError as error:
                    reasons.append(str(error))
                else:
                    yield names, discipline
                    return
            pytest.skip(f"this kernel shapes nothing: {'; '.join(reasons)}")
    except OSError as error:
        pytest.skip(f"no network namespaces here: {error}")


def transfer(names, count):
    """What both ends found out."""
    script = Path(__file__).with_name("link_end.py")
    ends = [
        subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, script, role, ADDRESSES[0], f"{SMALL},{LARGE}", str(count)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, role in zip(names, ("send", "receive"))
    ]
    try:
        said = [end.communicate(timeout=120)[0] for end in ends]
    finally:
        for end in ends:
            end.kill()
    assert [end.returncode for end in ends] == [0, 0]
    return json.loads(said[0]) | json.loads(said[1])


def cost(found, name):
    """What the model is given: octets, and times apart from the link."""
    taken = (exact(median(found[what][name])) for what in ("encode_ns", "decode_ns"))
    return Cost(name, found["bytes"][name], *taken)


def predicted(found):
    return break_even(cost(found, SMALL), cost(found, LARGE)).value


def measured(names, discipline):
    """The bandwidths at which the two are even, of the octets of messages: by the model, and on the link."""
    shape(names[0], 1e9, discipline)
    about = predicted(transfer(names, 3))
    all_found, inverse, differences = [], [], []
    for share in SHARES:
        shape(names[0], about * share * FRAME / SEGMENT, discipline)
        found = transfer(names, MESSAGES)
        small, large = (median(found["delivery_ns"][name]) for name in (SMALL, LARGE))
        all_found.append(predicted(found))
        inverse.append(1 / (about * share))
        differences.append(small - large)
    slope, intercept = linear_regression(inverse, differences)
    return median(all_found), -slope / intercept


def test_the_break_even_is_where_a_real_link_has_it(link):
    said = []
    for _ in range(TRIES):
        model, real = measured(*link)
        said.append(f"{model / 1e6:.2f} Mbit/s by the model, {real / 1e6:.2f} measured")
        if abs(real / model - 1) <= WITHIN:
            return
    pytest.fail("; ".join(said))
