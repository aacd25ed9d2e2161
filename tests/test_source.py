"""The source builder: readable lines, names that never clash, tracebacks that show them, text through repr only."""

import linecache
import struct
import traceback

import pytest
from sercodecs.source import Source


def test_functions_blocks_and_indentation():
    source = Source("sample")
    with source.function("first(a)"):
        with source.block("for i in range(a)"):
            source.line("yield i")
        with source.block("if a"):
            pass
    with source.function("second()"):
        source.line("return 2")
    assert source.text().splitlines() == [
        "def first(a):",
        "    for i in range(a):",
        "        yield i",
        "    if a:",
        "        pass",
        "",
        "def second():",
        "    return 2",
    ]
    first, second = source.build("first", "second")
    assert list(first(3)) == [0, 1, 2]
    assert second() == 2


def test_fresh_names_are_never_repeated():
    source = Source("sample")
    names = [source.fresh("n") for _ in range(5)] + [source.bind("n", value) for value in range(5)]
    assert len(set(names)) == 10
    assert all(name.isidentifier() for name in names)


def test_an_equal_object_is_bound_once_a_different_type_again():
    source = Source("sample")
    pack = struct.Struct(">i").pack
    one = source.bind("const", 1)
    assert source.bind("const", 1) == one
    assert source.bind("const", True) != one
    assert source.bind("const", 1.0) != one
    assert source.bind("other", 1) != one
    assert source.bind("pack", pack) == source.bind("pack", pack)
    assert source.globals[one] == 1


def test_bound_objects_are_explained_at_the_top():
    source = Source("sample")
    pack = source.bind("pack", struct.Struct(">2i").pack)
    table = source.bind("table", list(range(1000)))
    lines = source.text().splitlines()
    assert lines[0] == f"# {pack} = struct.Struct('>2i').pack"
    assert lines[1].startswith(f"# {table} = [0, 1, 2")
    assert lines[1].endswith("...")
    assert len(lines[1]) < 130


def test_a_traceback_shows_the_generated_line():
    source = Source("sample Employee")
    zero = source.bind("zero", 0)
    with source.function("fail(value)"):
        source.line(f"return value / {zero}  # here")
    (fail,) = source.build("fail")
    with pytest.raises(ZeroDivisionError) as caught:
        fail(1)
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.filename.startswith("<serbench sample Employee #")
    assert frame.line == f"return value / {zero}  # here"
    linecache.checkcache()
    assert linecache.getline(frame.filename, frame.lineno).strip() == frame.line


def test_two_builds_of_one_name_keep_their_own_lines():
    files = []
    for number in (1, 2):
        source = Source("twin")
        with source.function("get()"):
            source.line(f"return {number}")
        (get,) = source.build("get")
        assert get() == number
        files.append(get.__code__.co_filename)
    assert files[0] != files[1]
    assert [linecache.getline(file, 2) for file in files] == ["    return 1\n", "    return 2\n"]


HOSTILE = [
    "'",
    '"',
    '"""',
    "\\",
    "\n",
    "\r\n",
    "\u2028",
    "\0",
    "{0}",
    "%s",
    "') or exit() or ('",
    "\udc80",
    "日本",
    "#",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_survives_as_a_literal_and_in_a_comment(text):
    source = Source("hostile")
    bound = source.bind("text", text)
    with source.function("get()"):
        source.line(f"return {text!r}, {bound}")
    (get,) = source.build("get")
    assert get() == (text, text)
    assert all(line.startswith(("#", "def ", "    return ")) for line in source.text().splitlines())


class Multiline:
    def __repr__(self):
        return "first\nimport os\nlast"


def test_an_object_whose_repr_has_lines_stays_a_comment():
    source = Source("hostile")
    source.bind("value", Multiline())
    assert source.text().splitlines() == ["# value_1 = first import os last"]
