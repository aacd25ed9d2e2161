"""What a codec costs before its first message, of made-up distributions and fake codecs."""

import os
import sys
from pathlib import Path

import pytest
from serbench.library import CONSTRUCTIONS, LEAST, constructed, imported, sizes
from sercodecs.registry import codecs, missing

sys.path.insert(0, str(Path(__file__).parent))
from fake_codecs import SCHEMA, good, info, point


def distribution(folder, name, files, requires=()):
    """An installed distribution: `files` by path, and what it requires."""
    described = folder / f"{name}-1.0.dist-info"
    described.mkdir(parents=True)
    metadata = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    (described / "METADATA").write_bytes(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}".encode())
    for path, size in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(bytes(size))
    (described / "RECORD").write_text("".join(f"{path},,\n" for path in files))


def test_sizes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    distribution(
        tmp_path,
        "made_up",
        {"made_up/code.py": 1000, "made_up/native.so": 50_000, "made_up/__pycache__/code.cpython-311.pyc": 7},
        [
            "Needed.Library>=1",
            'other; python_version < "3"',
            'extra-only; extra == "more"',
            "not-installed-anywhere; python_version >= '3'",
        ],
    )
    distribution(tmp_path, "needed_library", {"needed.py": 300}, ["made-up"])
    distribution(tmp_path, "other", {"other.py": 20})
    distribution(tmp_path, "extra_only", {"extra.py": 4})
    assert sizes("made-up") == (51_000, 51_300)
    assert sizes("needed_library") == (300, 51_300)
    assert sizes("other") == (20, 20)


def test_what_comes_with_python_has_no_size_of_its_own():
    assert sizes("python") == sizes("serbench") == (None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) is Linux's")
def test_an_import_s_memory():
    kept = []

    def loading(schema):
        kept.append(b"x" * (32 << 20))
        return good(schema)

    found = imported(info("loading", loading))
    assert found["resident_bytes"] > 20 << 20
    assert found["import_ns"] > 0


def test_each_construction_is_the_first_in_its_process():
    """Of a codec that refuses a schema that it has seen, and has to see the least one before."""
    seen = []

    def remembering(schema):
        assert schema not in seen
        seen.append(schema)
        return good(schema)

    codec, times = constructed(info("remembering", remembering), SCHEMA)
    assert codec.decode(codec.encode(point())) == point()
    assert len(times) == CONSTRUCTIONS
    assert min(times) > 0
    assert seen == [LEAST, SCHEMA]


def test_a_construction_that_fails_in_a_fork_has_no_time():
    before = os.getpid()

    def dying(schema):
        assert schema is LEAST or os.getpid() == before
        return good(schema)

    _, times = constructed(info("dying", dying), SCHEMA)
    assert len(times) == 1


@pytest.mark.parametrize("codec", codecs(), ids=lambda codec: codec.id)
def test_every_codec_carries_the_least_schema(codec):
    if missing(codec):
        pytest.skip(missing(codec))
    built = codec.compile(LEAST)
    assert built.decode(built.encode({"x": 1})) == {"x": 1}
