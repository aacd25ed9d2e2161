"""YAML by PyYAML and ruamel.yaml.

Texts name the example of YAML 1.2.2 or the page of YAML 1.1's type repository that they are from; what one library
wrote is read by the others.
"""

import io
import math
import time
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from uuid import UUID

import pytest
from one_field import of
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.yaml import CODECS
from serschema import shared
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    String,
    Timestamp,
    Uuid,
)
from serschema.values import equal, first_difference

ALL = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)
PYYAML, LIBYAML, RUAMEL = CODECS
BY_VERSION = {"1.1": (PYYAML, LIBYAML), "1.2": (RUAMEL,)}


@ALL
def test_employees_of_the_course(info):
    employees = shared.load("employees")
    codec = info.compile(employees.schema)
    text = "employees:\n" + "".join(
        f"- firstName: {first}\n  lastName: {last}\n"
        for first, last in (("John", "Doe"), ("Anna", "Smith"), ("Peter", "Jones"))
    )
    assert codec.encode(employees.values[0]) == text.encode()
    assert codec.decode(text.encode()) == employees.values[0]


PLAYERS = b"""\
-
  name: Mark McGwire
  hr:   65
  avg:  0.278
-
  name: Sammy Sosa
  hr:   63
  avg:  0.288
"""


@ALL
def test_example_2_4_and_2_3_and_2_19_to_22(info):
    """Sequence of mappings, mapping of sequences, and the tags that plain scalars resolve to."""
    player = Record("Player", (Field("name", 1, String()), Field("hr", 2, Int(8)), Field("avg", 3, Float())))
    codec = info.compile(of(List(Ref("Player")), player))
    value = {"v": [{"name": "Mark McGwire", "hr": 65, "avg": 0.278}, {"name": "Sammy Sosa", "hr": 63, "avg": 0.288}]}
    assert codec.decode(b"v:\n" + PLAYERS) == value
    teams = {"american": ["Boston Red Sox", "Detroit Tigers"], "national": ["New York Mets"]}
    text = b"v:\n  american:\n  - Boston Red Sox\n  - Detroit Tigers\n  national:\n  - New York Mets\n"
    assert info.compile(of(Map(String(), List(String())))).decode(text) == {"v": teams}
    floats = info.compile(of(List(Float()))).decode(b"v: [1.23015e+3, 12.3015e+02, 1230.15, -.inf, .nan, 1e5, 102]")
    assert equal(floats, {"v": [1230.15, 1230.15, 1230.15, -math.inf, math.nan, 1e5, 102.0]})
    times = info.compile(of(List(Timestamp())))
    text = b"v:\n- 2001-12-15T02:59:43.1Z\n- 2001-12-14t21:59:43.10-05:00\n- 2001-12-14 21:59:43.10 -5\n"
    assert times.decode(text) == {"v": [datetime(2001, 12, 15, 2, 59, 43, 100000, UTC)] * 3}


READ = [
    ("1.1", Bool(), "no", False), ("1.1", Bool(), "Yes", True), ("1.1", Int(), "190:20:30", 685230),
    ("1.1", Int(), "02472256", 685230), ("1.1", Int(), "0x_0A_74_AE", 685230), ("1.1", Int(), "685_230", 685230),
    ("1.1", String(), "1e5", "1e5"), ("1.1", String(), "0o14", "0o14"),
    ("1.2", String(), "no", "no"), ("1.2", String(), "190:20:30", "190:20:30"), ("1.2", Int(), "0o14", 12),
    ("1.2", Int(), "0x3A", 58),
    *((version, Int(), "+12", 12) for version in BY_VERSION),
    *((version, String(), "'no'", "no") for version in BY_VERSION),
]  # fmt: skip


@pytest.mark.parametrize(("version", "type_", "text", "value"), READ)
def test_what_a_plain_scalar_means(version, type_, text, value):
    """YAML 1.1, type repository: bool, int, float; YAML 1.2.2, section 10.3.2."""
    for info in BY_VERSION[version]:
        codec = info.compile(of(type_))
        assert first_difference({"v": value}, codec.decode(f"v: {text}\n".encode())) == ""


TEXTS = [
    "yes", "no", "NO", "Off", "y", "~", "null", "Null", "true", "017", "0o17", "0x1F", "0b1", "1:30", "190:20:30.15",
    "1e5", "1E5", "1.5", ".5", "5.", "+1", "-0", "1_000", ".inf", "-.INF", ".nan", "=", "<<", "2024-01-02",
    "2001-12-14t21:59:43.10-05:00", "", " ", "  ", " a", "a ", "a: b", "a:", "- a", "-", "? a", "# a", "a #b", "#",
    "&a", "*a", "!a", "!!int 3", "|", ">", "'", '"', "''", "\\", "%", "%YAML 1.1", "@", "`", "---", "--- a", "...",
    "[a]", "{a", "a, b", "\n", "\na", "a\n", "a\n\n", "a\n\nb ", " a\n b", "a\n---\nb", "\t", "a\tb", "\r", "a\r\nb",
    "\0", "\x07",
    "\x1b[0m", "\x7f", "\x80", "\x85", "a\x85b", " \x85 ", "\xa0", "\u2028", "a\u2029b", "\ufeff", "\ufffe", "\uffff",
    "\U0001f600", "\ud7ff", "\ue000", "x" * 2000, "word " * 400, "é" * 300,
]  # fmt: skip


@ALL
def test_every_text_comes_back(info):
    """Also as a key, where it may not be longer than 1024 characters without `?`, and with the controls as escapes."""
    codec = info.compile(of(Map(String(), List(String()))))
    for text in TEXTS:
        value = {"v": {text: [text, "z", text], "z" + text: []}}
        assert codec.decode(codec.encode(value)) == value, ascii(text)
    value = {"v": {text: [text] for text in TEXTS}}
    assert codec.decode(codec.encode(value)) == value


@ALL
def test_kinds(info):
    for type_, value, text in (
        (Bytes(), b"fooba", "!!binary |\n  Zm9vYmE="),
        (Timestamp(), datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00+00:00"),
        (Timestamp(), datetime(2001, 12, 15, 2, 59, 43, 100000, UTC), "2001-12-15 02:59:43.100000+00:00"),
        (Uuid(), UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal(5, 2), PyDecimal("-12.50"), "'-12.50'"),
        (Int(64, False), (1 << 64) - 1, "18446744073709551615"),
        (Map(Bool(), Bool()), {True: False}, "\n  true: false"),
        (Map(Int(), Int()), {-7: 1}, "\n  -7: 1"),
        (Ref("Colour"), "NO", "NO" if info is RUAMEL else "'NO'"),
        (List(Int()), [], "[]"),
    ):
        codec = info.compile(of(type_, Enum("Colour", (("NO", 0),))))
        assert codec.encode({"v": value}) == f"v: {text}\n".replace(": \n", ":\n").encode()
        assert first_difference({"v": value}, codec.decode(f"v: {text}\n".encode())) == ""


@ALL
@pytest.mark.parametrize("name", ["addressbook", "telemetry", "order", "tree"])
def test_each_reads_what_the_others_wrote(info, name):
    loaded = shared.load(name, records=20)
    reader = info.compile(loaded.schema)
    for other in CODECS:
        written = other.compile(loaded.schema)
        for value in loaded.values[:2]:
            assert first_difference(value, reader.decode(written.encode(value))) == ""


def test_norway():
    """A text that is plain in 1.2 is false for a reader of 1.1: what one version wrote is not always for the other."""
    codec = {info: info.compile(of(String())) for info in CODECS}
    assert codec[RUAMEL].encode({"v": "no"}) == b"v: no\n"
    assert codec[PYYAML].encode({"v": "no"}) == codec[LIBYAML].encode({"v": "no"}) == b"v: 'no'\n"
    assert codec[PYYAML].decode(b"v: no\n") == {"v": False}


LAUGHS = b"v:\n- &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"- &%c [%s]\n" % (98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(12)
)
MERGES = b"a: &a {x: 1}\n" + b"".join(
    b"%c: &%c {<<: [*%c, *%c]}\n" % (98 + i, 98 + i, 97 + i, 97 + i) for i in range(24)
)
REFUSED = {
    "laughs": LAUGHS,
    "merges": MERGES,
    "alias": b"v: [&a x, *a]",
    "itself": b"v: &a [*a]",
    "alias of a key": b"{&a v: 1, w: *a}",
    "unknown alias": b"v: *a",
    "merge": b"v: {<<: {a: 1}}",
    "brackets": b"v: " + b"[" * 100_000,
    "braces": b"v: " + b"{a: " * 50_000,
    "dashes": b"v:\n" + b"- " * 100_000,
    "questions": b"? " * 100_000,
    "indentation": b"".join(b" " * i + b"a:\n" for i in range(1500)),
    "UTF-16": ("v: " + "[" * 50_000).encode("utf-16"),
    "Python": b"v: !!python/object/apply:os.system [exit]",
    "unknown tag": b"v: !a b",
    "two documents": b"v: 1\n---\nv: 1\n",
    "no text": b"v: \xff",
    "control": b"v: \x07",
    "list as key": b"{[1]: 2}",
    "empty tag": b"v: !!int ''",
}


@ALL
@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(info, data):
    codec = info.compile(of(Float()))
    start = time.process_time()
    with pytest.raises(DecodeError):
        codec.decode(data)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("info", BY_VERSION["1.1"], ids=lambda info: info.implementation)
def test_sexagesimal_numbers_end(info):
    codec = info.compile(of(Float()))
    for data in (b"v: " + b"1:" * 50_000 + b"1", b"v: " + b"1:" * 50_000 + b"1.0"):
        with pytest.raises(DecodeError):
            codec.decode(data)
    assert codec.decode(b"v: 190:20:30.15") == {"v": 685230.15}


@ALL
def test_what_looks_deep_and_is_not(info):
    codec = info.compile(of(List(List(String()))))
    value = {"v": [[], ["[" * 1000, "- " * 1000, " " * 1000]] + [[]] * 500}
    assert codec.decode(codec.encode(value)) == value


@ALL
def test_an_object_twice_is_written_twice(info):
    at, item = datetime(2024, 1, 1, tzinfo=UTC), ["x"]
    codec = info.compile(of(Map(String(), List(Timestamp()))))
    assert b"&" not in codec.encode({"v": {"a": [at, at]}})
    codec = info.compile(of(List(List(String()))))
    assert codec.decode(codec.encode({"v": [item, item]})) == {"v": [["x"], ["x"]]}


@ALL
def test_after_an_error(info):
    codec = info.compile(of(List(Int())))
    before = codec.encode({"v": [1]})
    with pytest.raises(EncodeError) as caught:
        codec.encode({"v": [1, object()]})
    assert caught.value.path == "$.v[1]"
    with pytest.raises(DecodeError):
        codec.decode(b"v: [")
    assert codec.encode({"v": [1]}) == before
    assert codec.decode(before) == {"v": [1]}


class Slow(io.BytesIO):
    """Hands over little, so that what was read ahead shows."""

    def read(self, size=-1):
        return super().read(min(size, 512) if size > 0 else size)


@pytest.mark.parametrize("info", BY_VERSION["1.1"], ids=lambda info: info.implementation)
def test_stream_of_documents(info):
    """YAML 1.2.2, section 9.2 and example 2.7: documents after `---`, of which one is read at a time."""
    codec = info.compile(of(String()))
    file = Slow()
    codec.write_stream(file, ({"v": text} for text in ("a", "---", "c\n---\n")))
    assert file.getvalue().startswith(b"---\nv: a\n---\nv: '---'\n---\n")
    file.seek(0)
    assert list(codec.read_stream(file)) == [{"v": text} for text in ("a", "---", "c\n---\n")]
    file = Slow(b"---\nv: a\n" * 100_000)
    stream = codec.read_stream(file)
    assert [next(stream) for _ in range(3)] == [{"v": "a"}] * 3
    assert file.tell() < 20_000
    assert RUAMEL.compile(of(String())).read_stream is None
    with pytest.raises(DecodeError):
        list(codec.read_stream(io.BytesIO(b"--- {v: &a x}\n--- {v: *a}\n")))
