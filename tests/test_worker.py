"""Workers are real processes here, and codecs do their worst in them."""

import contextlib
import ctypes
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_codecs import SCHEMA, point
from serbench import confinement
from serbench.client import Worker
from serbench.frames import WorkerFailed, read_frame, write_frame
from serschema.jsonform import schema_to_json, to_json

CASE = {
    "schema": schema_to_json(SCHEMA),
    "messages": [to_json(point(), SCHEMA)],
    "leaf": [],
    "modules": ["fake_codecs"],
}


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)


@pytest.fixture
def worker():
    with Worker(patience_s=20) as worker:
        yield worker


def verify(worker, *implementations, **more):
    codecs = [f"fake/{implementation}" for implementation in implementations]
    return [
        frame["row"]
        for frame in worker.request("verify", **CASE | {"codecs": codecs, "timed": [0]} | more)
        if "row" in frame
    ]


def open_(worker, *codecs, **more):
    case = CASE | {"codecs": [f"fake/{codec}" for codec in codecs], "seed": "seed"}
    return [frame["at"] for frame in worker.request("open", **case | more) if "at" in frame]


def block(worker, *candidates, budget_ns=20_000_000, careful=False, **more):
    if worker.pid is None:
        open_(worker, *{codec: True for codec, _ in candidates})
    return list(
        worker.request(
            "block",
            candidates=[[f"fake/{codec}", operation] for codec, operation in candidates],
            budget_ns=budget_ns,
            seed="seed",
            careful=careful,
            **more,
        )
    )


def test_hello(worker):
    worker.start()
    assert worker.hello == {
        "hello": "serbench",
        "protocol": 1,
        "python": sys.version.split()[0],
        "byte_order": sys.byteorder,
        "word_bits": 8 * ctypes.sizeof(ctypes.c_long),
    }


def test_rows_come_for_each_codec_in_turn(worker):
    rows = verify(worker, "good", "flipping", "unsupported")
    assert [(row["codec"], row["status"]) for row in rows] == [
        ("fake/good", "ok"),
        ("fake/flipping", "failed"),
        ("fake/unsupported", "unsupported"),
    ]
    assert rows[0]["compressed_bytes"]["none"] == sum(rows[0]["encoded_bytes"])


def test_what_a_library_prints_does_not_get_into_the_answer(worker):
    assert verify(worker, "printing")[0]["status"] == "ok"


def test_a_worker_answers_many_requests(worker):
    assert [verify(worker, "good")[0]["sha256"] for _ in range(3)] == [verify(worker, "plain")[0]["sha256"]] * 3


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("implementation", "reason"),
    [
        ("aborting", "crashed: SIGABRT"),
        ("killed", "crashed: SIGKILL"),
        ("rubbish", r"rubbish in place of a frame: b'\\xff\\xff\\xff\\xff'"),
        ("exiting", "ended with exit code 7; it wrote: .*I am leaving"),
        ("babbling", "printed more than 16 MiB; it wrote: .*on and on"),
        ("noisy", "printed more than 16 MiB"),
        ("orphaning", "ended with exit code 5|closed its output"),
    ],
)
def test_a_codec_that_breaks_the_worker(worker, implementation, reason, apart):
    with pytest.raises(WorkerFailed, match=reason) as caught:
        verify(worker, implementation, apart=apart)
    assert caught.value.killed is (implementation == "killed")
    assert verify(worker, "good")[0]["status"] == "ok"


def test_what_is_printed_is_bounded_for_each_answer_by_itself(worker):
    for _ in range(3):
        with pytest.raises(WorkerFailed, match="printed"):
            verify(worker, "noisy", apart=True)
    assert verify(worker, "printing", apart=True)[0]["status"] == "ok"


def test_files_are_bounded(worker):
    assert verify(worker, "dumping")[0]["reason"] == "encode raised OSError: [Errno 27] File too large"


def test_an_answer_that_goes_on_and_on_is_ended():
    """However lively it is."""
    lively = (
        "from serbench.worker import main, _REQUESTS\n"
        "def dance(request, send):\n"
        "    while True: send({'at': None})\n"
        "_REQUESTS['dance'] = dance\n"
        "main()"
    )
    with Worker([sys.executable, "-c", lively], patience_s=20) as worker:
        with pytest.raises(WorkerFailed, match="not done within 0 s"):
            list(worker.request("dance", limit_s=0.3))
        assert worker.pid is None


def test_the_rows_before_the_break_are_there(worker):
    answer = worker.request("verify", **CASE, codecs=["fake/good", "fake/aborting"], timed=[])
    assert next(answer)["row"]["status"] == "ok"
    with pytest.raises(WorkerFailed, match="SIGABRT"):
        next(answer)


def test_what_is_held_has_a_turn_when_it_is_asked(worker):
    *at, last = worker.request("hold", **CASE, candidates=[["fake/good", "encode"], ["fake/plain", "decode"]])
    assert [frame["at"] for frame in at] == [["fake/good", "encode"], ["fake/plain", "decode"]] * 2
    assert len(last["done"]) == 2
    for place in (1, 0, 1):
        sample_ns, canary_ns = worker.ask("turn", place=place)
        assert sample_ns > 0 < canary_ns
    assert worker.ask("hold", **CASE, candidates=[["fake/good", "encode"]])
    with pytest.raises(WorkerFailed, match="IndexError"):
        worker.ask("turn", place=1)


def test_a_codec_that_hangs_is_killed():
    with Worker(patience_s=1.5) as worker:
        worker.start()
        started = time.monotonic()
        with pytest.raises(WorkerFailed, match="no answer within 2 s"):
            verify(worker, "hanging")
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("apart", [False, True])
def test_a_codec_that_swells_hits_the_bound(apart):
    with Worker(patience_s=20, memory_bytes=1 << 30) as worker:
        row = verify(worker, "swelling", apart=apart)[0]
        assert (row["status"], row["reason"]) == ("failed", "encode raised MemoryError")
        with pytest.raises(WorkerFailed, match="MemoryError"):
            worker.ask("encode", **CASE, codec="fake/swelling", options={}, apart=apart)
        open_(worker, "swelling", apart=apart)
        frames = block(worker, ("swelling", "encode"), apart=apart)
        assert [frame["row"]["reason"] for frame in frames if "row" in frame] == ["encode raised MemoryError"]
    with Worker(patience_s=20, memory_bytes=8 << 30) as worker:
        assert verify(worker, "swelling", apart=apart)[0]["reason"] == "decode raised MemoryError: no, thank you"


@pytest.mark.parametrize("prepared", [False, True])
def test_changes_of_global_state_are_named_and_put_back(worker, prepared):
    """Also those of a compilation that is not repeated in the fork."""
    if prepared:
        worker.preparation = {"codecs": ["fake/meddling", "fake/relying"], "modules": ["fake_codecs"]}
    rows = verify(worker, "meddling", "relying", apart=prepared)
    assert [(row["status"], row["changes"]) for row in rows] == [
        ("ok", ["environment variables", "the decimal context"]),
        ("ok", []),
    ]


@pytest.mark.parametrize("careful", [False, True])
def test_nobody_is_disturbed_by_who_meddles(worker, careful):
    open_(worker, "relying", "meddling", apart=True)
    frames = block(worker, ("meddling", "encode"), ("relying", "encode"), careful=careful, apart=True)
    assert {frame["row"]["reason"] for frame in frames if "row" in frame} == {""}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not bounded")
def test_verification_stops_when_memory_is_short():
    with Worker(patience_s=20, memory_bytes=256 << 20) as worker:
        codecs = ["fake/leaking"] * 40 + ["fake/good"] * 2
        *rows, last = worker.request("verify", **CASE, codecs=codecs, timed=[0], apart=True)
        assert 0 < len(rows) < 40
        assert {row["row"]["status"] for row in rows} == {"ok"}
        assert last == {"done": False}


def test_what_does_not_start_and_what_says_no_hello():
    with Worker([sys.executable, "-c", "import nowhere"]) as worker, pytest.raises(WorkerFailed, match="nowhere"):
        worker.start()
    motd = "print('Welcome to this host')"
    with Worker([sys.executable, "-c", motd]) as worker, pytest.raises(WorkerFailed, match="frame: b'Welc'"):
        worker.start()
    other = "import os; os.write(1, bytes([0, 0, 0, 14]) + b'{\"protocol\":9}')"
    with Worker([sys.executable, "-c", other]) as worker, pytest.raises(WorkerFailed, match="protocol 9, not 1"):
        worker.start()


@pytest.mark.parametrize(("request_", "reason"), [("dance", "KeyError: 'dance'"), ("encode", "KeyError: 'codec'")])
def test_requests_that_make_no_sense(worker, request_, reason):
    with pytest.raises(WorkerFailed, match=reason):
        worker.ask(request_, **CASE)


def test_encode_and_decode(worker):
    data = worker.ask("encode", **CASE, codec="fake/good", options={})
    assert bytes.fromhex(data[0]) == b'{"x": 7, "weight": 0.5}'
    assert worker.ask("decode", **CASE, data=data, codec="fake/good", options={}) == CASE["messages"]


def test_options_reach_the_codec(worker):
    big, little = (
        worker.ask("encode", **CASE, codec="fake/struct-dump", options={"order": order})[0]
        for order in ("big", "little")
    )
    assert big[:8] == "00000007"
    assert little[:8] == "07000000"


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_asked_is_asked_again_when_the_worker_is_killed(worker, apart, tmp_path, monkeypatch):
    monkeypatch.setenv("KILLED", str(tmp_path / "once"))
    data = worker.ask("encode", **CASE, codec="fake/killed-once", options={}, apart=apart)
    assert data == worker.ask("encode", **CASE, codec="fake/good", options={})
    with pytest.raises(WorkerFailed, match="SIGKILL"):
        worker.ask("encode", **CASE, codec="fake/killed", options={}, apart=apart)


def test_an_error_of_the_codec(worker):
    with pytest.raises(WorkerFailed, match="JSONDecodeError"):
        worker.ask("decode", **CASE, data=["00"], codec="fake/good", options={})


def test_a_block_announces_and_then_gives_its_rows(worker):
    frames = block(worker, ("good", "encode"), ("good", "to_native"), ("plain", "encode"), ("plain", "to_native"))
    heard = [frame["at"] for frame in frames if "at" in frame]
    assert sorted(heard[:2]) == [["fake/good", "encode"], ["fake/plain", "encode"]]
    assert heard[-1] is None
    rows = [frame["row"] for frame in frames if "row" in frame]
    assert sorted((row["codec"], row["operation"], row["collecting"]) for row in rows) == [
        ("fake/good", "encode", False),
        ("fake/good", "encode", True),
        ("fake/good", "to_native", False),
        ("fake/plain", "encode", False),
        ("fake/plain", "encode", True),
    ]
    for row in rows:
        assert len(row["samples_ns"]) == len(row["canary_ns"]) >= (1 if row["collecting"] else 3)
        assert row["loops"] > 0
        assert row["reason"] == ""
    assert frames[-1]["done"]["measured_ns"] > 0


def test_a_codec_that_does_not_compile_leaves_the_block_to_the_others(worker):
    frames = block(worker, ("unsupported", "encode"), ("plain", "encode"))
    rows = {frame["row"]["codec"]: frame["row"] for frame in reversed(frames) if "row" in frame}
    assert rows["fake/unsupported"]["reason"].startswith("raised UnsupportedSchema")
    assert len(rows["fake/plain"]["samples_ns"]) >= 3


def test_a_block_is_pinned_to_one_processor(worker):
    block(worker, ("plain", "encode"))
    assert len(os.sched_getaffinity(worker.pid)) == 1


def test_hash_seeds_are_random(monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    with Worker(patience_s=20) as worker:
        worker.start()
        assert b"PYTHONHASHSEED=random" in Path(f"/proc/{worker.pid}/environ").read_bytes()


def test_the_worker_is_light():
    """It has to run where only Python is."""
    heavy = ["psutil", "numpy", "scipy", "grpc", "google.protobuf", "rich", "click", "lxml", "zstandard", "orjson"]
    code = f"import sys, serbench.worker; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


FRAMES = [{}, {"text": "é\ud800"}, {"deep": [[[{"a": None}]]]}]


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_frames(frame):
    stream = io.BytesIO()
    write_frame(stream, frame)
    assert int.from_bytes(stream.getvalue()[:4], "big") == len(stream.getvalue()) - 4
    stream.seek(0)
    assert read_frame(stream) == frame
    assert read_frame(stream) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x00", "in place of a frame"),
        (b"\xff\xff\xff\xff", "in place of a frame"),
        (b"\x00\x00\x00\x05{}", "a frame of 5 bytes ended after 2"),
        (b"\x00\x00\x00\x02[]", "in place of a frame"),
        (b"\x00\x00\x00\x02\xff\xff", "in place of a frame"),
        (b"\x00\x00\x00\x02{x", "in place of a frame"),
    ],
)
def test_what_is_no_frame(data, reason):
    with pytest.raises(WorkerFailed, match=reason):
        read_frame(io.BytesIO(data))


def test_a_stream_is_written_and_read_in_bounded_memory(worker):
    row = worker.ask("stream", **CASE, codec="fake/offering", options={})
    assert row["stream_bytes"] == row["records"] * len(b'{"x": 7, "weight": 0.5}\n')
    assert row["stream_bytes"] > 100_000
    if sys.platform == "linux":
        assert row["write_peak_bytes"] < 2_000_000
        assert row["read_peak_bytes"] < 2_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) is Linux's")
def test_a_peak_is_seen_after_it_is_over():
    """In a fresh process, as what an old one has freed is resident still."""
    script = "from serbench.memory import peak_rise; print(peak_rise(lambda: len(b'x' * (32 << 20))), peak_rise(int))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    some, none = map(int, done.stdout.split())
    assert some > 30_000_000
    assert none < 5_000_000


@pytest.mark.parametrize("operation", ["access", "write_stream", "read_stream"])
def test_leaves_and_streams_are_timed(worker, operation):
    open_(worker, "offering", leaf=["x"])
    *_, row, _ = block(worker, ("offering", operation))
    assert row["row"]["operation"] == operation
    assert len(row["row"]["samples_ns"]) >= 3


def test_a_fork_leaves_the_process_as_it_was(worker):
    """What breaks in it costs only its answer, and is told with its last words."""
    assert verify(worker, "good", apart=True)[0]["status"] == "ok"
    pid = worker.pid
    assert verify(worker, "good", apart=True)[0]["status"] == "ok"
    assert worker.pid == pid
    with pytest.raises(WorkerFailed, match="crashed: SIGABRT"):
        verify(worker, "aborting", apart=True)
    with pytest.raises(WorkerFailed, match="ended with exit code 7; it wrote: I am leaving"):
        verify(worker, "exiting", apart=True)


def test_codecs_are_compiled_once_and_blocks_are_forks_of_that(worker):
    assert sorted(open_(worker, "good", "counting", apart=True)) == [["fake/counting", None], ["fake/good", None]]
    pid = worker.pid
    for _ in range(2):
        frames = block(worker, ("counting", "encode"), ("good", "encode"), apart=True)
        assert {frame["row"]["reason"] for frame in frames if "row" in frame} == {""}
    assert worker.ask("close") is True
    assert open_(worker, "plain", apart=True) == [["fake/plain", None]]
    assert len(block(worker, ("plain", "encode"), apart=True)) > 3
    assert worker.ask("close") is True
    assert verify(worker, "good", apart=True)[0]["status"] == "ok"
    assert worker.pid == pid


def test_a_block_that_breaks_ends_the_worker_and_what_it_has_open(worker):
    open_(worker, "aborting", apart=True)
    with pytest.raises(WorkerFailed, match="crashed: SIGABRT"):
        block(worker, ("aborting", "encode"), apart=True)
    assert worker.pid is None


def test_without_forks_a_data_set_is_opened_and_closed_too(worker):
    open_(worker, "plain")
    assert len(block(worker, ("plain", "encode"))) > 3
    assert worker.ask("close") is True
    assert verify(worker, "good")[0]["status"] == "ok"


def gone(group):
    """Whether all processes of a group end within seconds; what nobody has waited for counts as ended."""
    for _ in range(100):
        if not any(pgrp == group and state != "Z" for state, pgrp in processes()):
            return True
        time.sleep(0.05)
    return False


def processes():
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp, *_ = path.read_text().rpartition(")")[2].split()
            yield state, int(pgrp)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX counts the time of children")
def test_the_time_of_a_worker_and_its_forks_is_known_at_its_end():
    """Also of a fork that has just answered."""
    for _ in range(3):
        before = os.times()
        with Worker(patience_s=20) as worker:
            worker.ask("encode", **CASE, codec="fake/burning", options={}, apart=True)
        after = os.times()
        assert after.children_user + after.children_system - before.children_user - before.children_system > 0.3


def test_a_worker_goes_on_when_nobody_looks_for_more_than_the_end(worker):
    answer = worker.request("verify", **CASE, codecs=["fake/good"], timed=[], apart=True)
    assert "row" in next(answer)
    assert next(answer) == {"done": True}
    pid = worker.pid
    del answer
    assert worker.pid == pid is not None


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) is Linux's")
def test_a_fork_that_hangs_is_killed_with_its_parent():
    with Worker(patience_s=1) as worker:
        worker.start()
        group = worker.pid
        with pytest.raises(WorkerFailed, match="no answer within 1 s"):
            verify(worker, "hanging", apart=True)
    assert gone(group)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
@pytest.mark.parametrize("killed", ["run", "worker"])
@pytest.mark.parametrize("apart", [False, True])
def test_who_is_killed_takes_all_that_hang_along(killed, apart, tmp_path):
    """kill -9 of the process that runs, or of the worker: neither can clean up."""
    script = (
        "import json, sys; from serbench.client import Worker\n"
        "case = json.loads(sys.argv[1]); worker = Worker(); worker.start(); print(worker.pid, flush=True)\n"
        "list(worker.request('verify', **case))"
    )
    case = json.dumps(CASE | {"codecs": ["fake/hanging"], "timed": [], "apart": apart})
    with subprocess.Popen([sys.executable, "-c", script, case], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        group = int(run.stdout.readline())
        time.sleep(0.3)
        assert group in [pgrp for state, pgrp in processes() if state != "Z"]
        os.kill(run.pid if killed == "run" else group, signal.SIGKILL)
        assert gone(group)
        if killed == "worker":
            assert b"WorkerFailed: crashed: SIGKILL" in run.stderr.read()


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) is Linux's")
def test_a_worker_is_confined(worker):
    worker.start()
    held = Path(f"/proc/{worker.pid}/limits").read_text()
    assert re.search(r"Max file size +1073741824 ", held)
    assert re.search(r"Max core file size +0 ", held)
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text() == "1000\n"
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) in (confinement.NICE, os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.parametrize(
    ("files", "cpu"),
    [
        ({}, 5),
        ({"cpu2/cpufreq/cpuinfo_max_freq": "5000000", "cpu5/cpufreq/cpuinfo_max_freq": "3800000"}, 2),
        ({"cpu2/cpu_capacity": "1024", "cpu3/cpu_capacity": "1024", "cpu5/cpu_capacity": "446"}, 3),
        ({"cpu7/cpu_capacity": "1024", "cpu5/cpu_capacity": "rubbish"}, 5),
    ],
)
def test_the_fastest_cpu_that_may_be_used_is_measured_on(files, cpu, monkeypatch, tmp_path):
    for name, text in files.items():
        path = tmp_path / "sys/devices/system/cpu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 3, 5}, raising=False)
    assert confinement.measuring_cpu(tmp_path) == cpu


def test_a_preparation_is_done_at_each_start_and_one_that_fails_is_given_up(worker):
    worker.preparation = {"codecs": ["fake/good"], "modules": ["fake_codecs"]}
    assert verify(worker, "good", apart=True)[0]["status"] == "ok"
    assert worker.preparation
    worker.stop()
    worker.preparation = {"codecs": ["fake/no-such-codec"], "modules": ["fake_codecs"]}
    assert verify(worker, "good", apart=True)[0]["status"] == "ok"
    assert worker.preparation == {}


def test_a_footprint_of_a_codec_that_keeps_what_it_was_given(worker):
    worker.preparation = {"codecs": [], "modules": ["fake_codecs"], "imports": ["no_such_module", "colorsys"]}
    request = {**CASE, "messages": CASE["messages"][:1], "apart": True}
    good = worker.ask("footprint", **request, codec="fake/good")
    keeping = worker.ask("footprint", **request, codec="fake/keeping")
    assert len(good["construct_ns"]) == 3
    assert good["encode_held_bytes"] < 1000 < good["encode_peak_bytes"]
    assert keeping["encode_held_bytes"] > 100_000
    assert keeping["decode_held_bytes"] < 1000
    if good["method"] == "memray":
        assert good["encode_allocations"] > 3
    with pytest.raises(WorkerFailed, match="crashed: SIGABRT"):
        worker.ask("footprint", **request, codec="fake/aborting")


def test_an_import(worker):
    assert worker.ask("import", codec="fake/good", modules=["fake_codecs"], apart=True)["import_ns"] > 0
    with pytest.raises(WorkerFailed, match="UnsupportedSchema"):
        worker.ask("import", codec="fake/unsupported", modules=["fake_codecs"], apart=True)
