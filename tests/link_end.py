"""One end of a real link, run inside a network namespace: `link_end.py send|receive ADDRESS CODECS COUNT`.

The sender sends COUNT messages through each codec, in turn, and then prints as JSON, by codec, what encoding took apart
from sending. The receiver prints what decoding took apart, and how long messages took from the value here to the value
there: the clock is the machine's, and each message brings the moment when its encoding began.
"""

import json
import os
import socket
import struct
import sys
import time
from contextlib import suppress

from sercodecs.registry import find
from serschema import shared

SCHEMA, RECORDS, PORT = "telemetry", 150, 7007
HEAD = struct.Struct(">IQ")  # octets that follow, and the moment at which encoding began


def codecs(names):
    held = shared.load(SCHEMA, RECORDS)
    return {info.id: info.compile(held.schema) for info in find(names.split(","))}, held.values[0]


def send(address, names, count):
    compiled, value = codecs(names)
    encode_ns = {name: [] for name in compiled}
    with socket.create_server((address, PORT)) as server:
        server.settimeout(60)
        link, _ = server.accept()
    with link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            for name, codec in compiled.items():
                began = time.monotonic_ns()
                codec.encode(value)
                encode_ns[name].append(time.monotonic_ns() - began)
                began = time.monotonic_ns()
                data = codec.encode(value)
                link.sendall(HEAD.pack(len(data), began) + data)
                assert link.recv(1) == b"!"
    print(json.dumps({"encode_ns": encode_ns}))


def receive(address, names, count):
    compiled, value = codecs(names)
    found = {"decode_ns": {name: [] for name in compiled}, "delivery_ns": {name: [] for name in compiled}, "bytes": {}}
    with connected(address) as link, link.makefile("rb") as file:
        for _ in range(count):
            for name, codec in compiled.items():
                size, began = HEAD.unpack(file.read(HEAD.size))
                data = file.read(size)
                decoded = codec.decode(data)
                found["delivery_ns"][name].append(time.monotonic_ns() - began)
                assert decoded == value
                found["bytes"][name] = size
                began = time.monotonic_ns()
                codec.decode(data)
                found["decode_ns"][name].append(time.monotonic_ns() - began)
                link.sendall(b"!")
    print(json.dumps(found))


def connected(address):
    """The sender may not listen yet."""
    for _ in range(200):
        try:
            return socket.create_connection((address, PORT), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens at {address}")


if __name__ == "__main__":
    role, address, names, count = sys.argv[1:]
    with suppress(OSError):  # bursts of some milliseconds, which nobody else's work is to lengthen
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    {"send": send, "receive": receive}[role](address, names, int(count))
