"""A peer that reads and writes JSON as Python does, or does its worst: `fake_peer.py MODE`."""

import json
import os
import signal
import struct
import sys
import time

from serbench.frames import read_frame, write_frame
from serbench.peers import trees

WORST = {
    "crash": lambda out: sys.exit("out of luck"),
    "sleep": lambda out: time.sleep(60),
    "garbage": lambda out: out.write(b"garbage\n" * 3),
    "short": lambda out: write_frame(out, {"done": []}),
    "no trees": lambda out: write_frame(out, {"done": [7]}),
    "failed": lambda out: write_frame(out, {"failed": "no such format"}),
}

SEEN = {"again said": '{"text": "ab"}', "again said other": '{"text": "Ab"}', "again said rubbish": "ab"} | {
    "again seen": {"text": "ab"},
    "again seen other": {"text": "Ab"},
    "again seen rubbish": {"texts": "ab"},
}


TIMED = {"operation": "decode", "loops": 2, "samples_ns": [400, 420, 410], "warm_up_ns": 7_000_000, "steady": True}
"""200, 210 and 205 ns."""

ROWS = {
    "unsteady": [TIMED | {"steady": False}, TIMED | {"operation": "encode"}],
    "decode only": [TIMED],
    "another operation": [TIMED, TIMED | {"operation": "access"}],
    "no samples": [TIMED | {"samples_ns": []}],
    "samples of nothing": [TIMED | {"samples_ns": [400, 0]}],
    "samples of text": [TIMED | {"samples_ns": ["400"]}],
    "no loops": [TIMED | {"loops": 0}],
    "no warm-up": [{name: held for name, held in TIMED.items() if name != "warm_up_ns"}],
    "rows of text": ["decode"],
}


def times(out, mode, request):
    """The answer to `time`: the same samples always, or the worst."""
    mode = mode.removeprefix("times ")
    match mode:
        case "crash":
            sys.exit("out of time")
        case "sleep":
            time.sleep(60)
        case "slow":
            time.sleep(1)
        case "garbage":
            out.write(b"garbage\n" * 3)
            out.flush()
            return
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
    if mode.startswith("killed once ") and not os.path.exists(mode[12:]):
        open(mode[12:], "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    pid = {"warm_up_ns": os.getpid()} if mode == "pid" else {}
    asked = [TIMED | pid | {"operation": operation} for operation in request["operations"]]
    if mode == "encode refused":
        asked = [row | {"reason": "no <objects>"} if row["operation"] == "encode" else row for row in asked]
    for row in ROWS.get(mode, asked):
        write_frame(out, {"row": row})
    measured = {"measured_ns": 1000 if mode == "slow" else request["budget_ns"]}
    write_frame(out, {"done": measured if mode != "no end" else True})


def untree(tree):
    match tree:
        case {"i": digits}:
            return int(digits)
        case {"f": bits}:
            return struct.unpack(">d", bytes.fromhex(bits))[0]
        case {"m": pairs}:
            return {key: untree(item) for key, item in pairs}
        case list():
            return [untree(item) for item in tree]
        case _:
            return tree


def rounded(tree):
    match tree:
        case {"i": digits}:
            return trees.integer(int(float(digits)))
        case _:
            return tree


def main(mode):
    out = sys.stdout.buffer
    protocol = 2 if mode == "other protocol" else 1
    hello = {"hello": "fake", "protocol": protocol, "formats": {"json": "Python's json", "xml": "etree 1.2"}}
    if mode.startswith("times"):
        hello["timing"] = {"clock": "a sundial", "optimisation": "none <yet>", "objects": {"json": "dicts"}}
    if mode == "lacks a tool":
        hello["missing"] = {"json": "a tool; get it"}
    write_frame(out, hello)
    while request := read_frame(sys.stdin.buffer):
        if mode == "crashes at Eva" and b"Eva" in bytes.fromhex("".join(request.get("data", []))):
            sys.exit(1)
        if mode in WORST:
            WORST[mode](out)
            out.flush()
        elif request["request"] == "time":
            times(out, mode, request)
        elif request["request"] == "again":
            answers = {"again": request["data"], "again shorter": [data[:-8] for data in request["data"]]}
            if mode in SEEN:
                answers[mode] = [{"octets": data, "seen": SEEN[mode]} for data in request["data"]]
            write_frame(out, {"done": answers.get(mode, [{"failed": "cannot"} for _ in request["data"]])})
        elif request["request"] == "read":
            seen = [trees.plain(json.loads(bytes.fromhex(data))) for data in request["data"]]
            if mode == "reads other":
                seen = [trees.mapped(tree, lambda part: "Ane" if part == "Ana" else part) for tree in seen]
            if mode == "reads rounded":
                seen = [trees.mapped(tree, rounded) for tree in seen]
            write_frame(out, {"done": [{"failed": "cannot"} for _ in seen] if mode == "refuses" else seen})
        else:
            wrote = [json.dumps(untree(tree)).encode() for tree in request["trees"]]
            match mode:
                case "writes other":
                    wrote = [data.replace(b'"Ana"', b'"Ane"') for data in wrote]
                case "writes another type":
                    wrote = [data.replace(b'"Ana"', b"1") for data in wrote]
                case "reads rounded":
                    wrote = [json.dumps(untree(trees.mapped(tree, rounded))).encode() for tree in request["trees"]]
                case "writes no JSON":
                    wrote = [data[:-1] for data in wrote]
                case "refuses to write":
                    write_frame(out, {"done": [{"failed": "cannot"} for _ in wrote]})
                    continue
                case "writes nothing":
                    write_frame(out, {"done": [None for _ in wrote]})
                    continue
            write_frame(out, {"done": [data.hex() for data in wrote]})


main(sys.argv[1])
