"""The result file: what is written is read, a run that was killed is readable, other damage is named."""

import gzip
import json
import subprocess
import sys
from dataclasses import replace

import pytest
import zstandard
from serbench.results import (
    FILE_NAME,
    Asked,
    Counted,
    Crossing,
    Dataset,
    Ended,
    Foreign,
    Header,
    ResultsError,
    Streamed,
    Timing,
    Verified,
    Writer,
    read,
)

HEADER = Header(
    plan_sha256="ab",
    started="2026-01-02T03:04:05+00:00",
    command=["serbench", "run"],
    budget_s=1.5,
    seed=1,
    machine={"cpu": "Z80"},
    versions={"serbench": "0"},
    codecs={"a/b": {"format": "a"}},
)
LINES = [
    HEADER,
    Dataset(name="d", source="shared", root="R", messages=2, timed=2, information_bytes=9, description="ñandú"),
    Verified(dataset="d", codec="a/b", status="lossy", losses={"NaN payload": 2}, encoded_bytes=[3, 4]),
    Verified(dataset="d", codec="a/c", status="failed", reason="$: 'a\ud800' became 'b'", deterministic=False),
    Streamed(dataset="d", codec="a/b", records=3, stream_bytes=30, write_peak_bytes=4096),
    Counted(dataset="d", codec="a/b", operation="encode", seed=3, loops=2, instructions=900, empty_instructions=40),
    Timing(dataset="d", codec="a/b", operation="encode", process=0, loops=8, samples_ns=[5, 6], canary_ns=[1, 1]),
    Timing(dataset="d", codec="a/b", operation="decode", process=0, loops=1, samples_ns=[5], canary_ns=[1], rounds=[8]),
]


def written(folder, lines=LINES):
    writer = Writer(folder)
    for line in lines:
        writer.write(line)
    writer.close()
    return folder / FILE_NAME


def test_what_is_written_is_read(tmp_path):
    written(tmp_path / "new" / "folder")
    run = read(tmp_path / "new" / "folder")
    assert run.header == HEADER
    assert [run.header, *run.datasets, *run.verified, *run.streamed, *run.counted, *run.timings] == LINES


def test_how_a_run_ended_is_read(tmp_path):
    ends = [Ended(wall_s=1.5, interrupted=True), Ended(wall_s=2, interrupted=False, steal_percent=0.5, throttled=3)]
    written(tmp_path, [HEADER, *ends])
    assert read(tmp_path).ended == ends


def test_a_cell_that_was_measured_again_has_the_later_samples(tmp_path):
    again = replace(LINES[6], samples_ns=[7])
    written(tmp_path, [*LINES, again, replace(again, process=1)])
    assert read(tmp_path).timings == [again, LINES[7], replace(again, process=1)]


def test_of_what_is_added_later_the_last_line_counts(tmp_path):
    machine = Foreign(machine="m", byte_order="big", word_bits=64, python="3.11")
    crossed = Crossing(machine="m", dataset="d", codec="a/b", status="failed")
    asked = Asked(dataset="d", codec="a/node", writer="a/b", language="node", status="failed")
    others = [replace(machine, machine="n"), replace(crossed, codec="a/c"), replace(asked, writer="a/c")]
    again = [replace(machine, controls=["c"]), replace(crossed, status="ok"), replace(asked, octets=True)]
    written(tmp_path, [HEADER, machine, crossed, asked, *others, *again])
    run = read(tmp_path)
    assert (run.foreign, run.crossed, run.asked) == tuple(map(list, zip(again, others)))


def test_each_line_is_there_at_once(tmp_path):
    writer = Writer(tmp_path)
    for number, line in enumerate(LINES, 1):
        writer.write(line)
        assert (tmp_path / FILE_NAME).read_bytes().count(b"\n") == number
    writer.close()


def test_lines_are_json_with_their_kind(tmp_path):
    kinds = [json.loads(line)["kind"] for line in written(tmp_path).read_text(encoding="utf-8").splitlines()]
    assert kinds == ["header", "dataset", "verified", "verified", "streamed", "counted", "timing", "timing"]


@pytest.mark.parametrize("lost", [1, 20, 60])
def test_a_last_line_cut_off_is_ignored_and_then_overwritten(tmp_path, lost):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-lost])
    assert read(tmp_path).timings == LINES[6:7]
    written(tmp_path, LINES[7:])
    assert read(tmp_path).timings == LINES[6:]


def test_nothing_whole_is_overwritten_when_a_file_is_gone_on_with(tmp_path):
    written(tmp_path, LINES[:3])
    written(tmp_path, LINES[3:])
    assert read(tmp_path).timings == LINES[6:]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no header"),
        (
            '{"kind": "dataset", "name": "d", "source": "", "root": "", '
            '"messages": 1, "timed": 1, "information_bytes": 1}\n',
            "no header",
        ),
        ("hello\n", ":1: not a line of a result file"),
        ("[]\n", ":1: not a line of a result file"),
        ('{"kind": "header"}\n', ":1: format None, this serbench reads 1"),
        ('{"kind": "header", "format": 2}\n', ":1: format 2, this serbench reads 1"),
        ('{"kind": "header", "format": 1}\n', ":1: .*missing"),
        ('{"kind": "other"}\n', ":1: not a line of a result file"),
    ],
)
def test_damage_is_named(tmp_path, text, reason):
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ResultsError, match=reason):
        read(tmp_path)


def test_fields_of_a_later_serbench_are_ignored(tmp_path):
    path = written(tmp_path, LINES[:1])
    path.write_text(path.read_text().replace('"seed"', '"colour": "red", "seed"'))
    assert read(tmp_path).header == HEADER


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ResultsError, match=r"No such file .*; a run's folder holds results\.jsonl"):
        read(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\n")
    with pytest.raises(ResultsError, match="not UTF-8"):
        read(tmp_path)


def test_a_folder_has_one_writer_at_a_time(tmp_path):
    """Also between processes, and the lock of one that is killed is free at once."""
    writer = Writer(tmp_path)
    with pytest.raises(ResultsError, match=f"^{tmp_path}: another run writes to it; wait"):
        Writer(tmp_path)
    writer.write(HEADER)
    writer.close()
    script = (
        "import sys, time; from pathlib import Path; from serbench.results import Writer\n"
        "held = Writer(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ResultsError, match="another run"):
            Writer(tmp_path)
        other.kill()
    Writer(tmp_path).close()
    assert read(tmp_path).header == HEADER


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX's limit of a file's size")
@pytest.mark.parametrize("room", [0, 1, 200])
def test_a_full_disk_costs_the_line_that_does_not_fit(room, tmp_path):
    """The limit of a file's size stands for the disk: a part of the line is written, then there is an error."""
    import resource

    path = written(tmp_path, LINES[:7])
    held = path.read_bytes()
    writer = Writer(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(held) + room, limits[1]))
    try:
        with pytest.raises(ResultsError, match=f"{FILE_NAME}: File too large; what it holds is whole.*--resume"):
            writer.write(Timing(dataset="d", codec="a/b", operation="decode", process=0, samples_ns=[5] * 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        writer.close()
    assert path.read_bytes() == held
    written(tmp_path, LINES[7:])
    assert read(tmp_path).timings == LINES[6:]


# Compressed, as a run is that a repository holds.


def pack(folder, suffix):
    plain = folder / "results.jsonl"
    held = plain.read_bytes()
    made = gzip.compress(held) if suffix == ".gz" else zstandard.compress(held)
    plain.with_name(plain.name + suffix).write_bytes(made)
    plain.unlink()
    return made


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_run_is_the_same_run(suffix, tmp_path):
    written(tmp_path)
    plain = read(tmp_path)
    pack(tmp_path, suffix)
    found = read(tmp_path)
    assert found.path.name == f"results.jsonl{suffix}"
    assert replace(found, path=plain.path) == plain


def test_several_frames_are_read(tmp_path):
    written(tmp_path)
    plain = read(tmp_path)
    lines = (tmp_path / "results.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "results.jsonl").unlink()
    (tmp_path / "results.jsonl.zst").write_bytes(b"".join(map(zstandard.compress, lines)))
    assert read(tmp_path).verified == plain.verified


def test_what_is_not_compressed_comes_first(tmp_path):
    written(tmp_path)
    (tmp_path / "results.jsonl.zst").write_bytes(b"old")
    assert read(tmp_path).path.name == "results.jsonl"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_run_that_is_damaged_is_an_error(suffix, tmp_path):
    written(tmp_path)
    held = pack(tmp_path, suffix)
    for damage in (b"no such magic", held[: len(held) // 2]):
        (tmp_path / f"results.jsonl{suffix}").write_bytes(damage)
        with pytest.raises(ResultsError, match=rf"results.jsonl{suffix}: cannot be unpacked: "):
            read(tmp_path)


def test_nobody_writes_beside_a_compressed_run(tmp_path):
    written(tmp_path)
    pack(tmp_path, ".gz")
    with pytest.raises(ResultsError, match=r"results.jsonl.gz: holds a run; unpack it"):
        Writer(tmp_path)
