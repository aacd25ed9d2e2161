"""Pages of the documentation that are made of the code: complete, of today's code, and told by running it."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from serbench.cli import commands
from serbench.pages import api, formats, man
from serbench.pages import commands as reference
from sercodecs.registry import codecs, find, missing

ROOT = Path(__file__).parents[1]
ABSENT = [info.id for info in codecs() if missing(info)]


def page(*ids):
    return formats.page(list(find(ids)))


def section(text, title):
    return text.partition(f"\n## {title}")[2].partition("\n## ")[0]


def test_every_format_has_a_page_and_a_row():
    infos = formats.by_format()
    index = formats.index(infos)
    assert {info.format.name for info in codecs() if not info.control} == set(infos)
    assert all(f"]({name}.md) | `{name}` |" in index for name in infos)


def test_the_figures_of_the_chapter_are_in_the_index():
    lines = formats.index(formats.by_format()).splitlines()
    (json,) = [line for line in lines if "(json.md)" in line]
    (xml,) = [line for line in lines if "(xml.md)" in line]
    assert json.endswith("| 134 | 19.4 |")
    assert xml.endswith("| 244 | 10.7 |")


def test_a_page_explains_what_the_codec_writes():
    text = page("xdr/serbench")
    assert "RFC 1014 (1987)" in text
    assert "| bool | bool, a word of 0 or 1 | true | `00 00 00 01` |" in text
    assert '0004  41 6e 61 20 48 65 6e 72  content    "Ana Henríquez"              $.name' in section(
        text, "An employee"
    )
    assert "$.union.number" in section(text, "Every kind")
    assert "| `xdr/serbench` | written here |" in section(text, "Implementations")
    assert "\n## Limits" not in text


def test_octets_of_a_page_are_those_of_the_codec():
    (xdr,) = find(["xdr/serbench"])
    inner = xdr.compile

    def compile(schema):
        codec = inner(schema)
        return replace(codec, encode=lambda value: b"\xaa" + codec.encode(value))

    text = formats.page([replace(xdr, compile=compile, explain=None)])
    assert "0000  aa 00 00 00 0e 41 6e 61 20 48 65 6e 72 c3 ad 71  .....Ana Henr..q" in text


def test_text_is_shown_as_text():
    assert "~~~~ text\nname,address,number\n" in section(page("csv/stdlib"), "An employee")


def test_what_is_not_carried_is_left_out_and_told():
    assert "Without list, map, union, record, which it does not carry." in section(page("csv/stdlib"), "Every kind")


def test_limits_and_defects_are_sentences_with_their_codecs():
    text = page("json/orjson", "json/stdlib")
    assert "- a NaN loses its sign and payload" in section(text, "Limits")
    assert "- `json/orjson`: an infinity becomes NaN" in section(text, "Limits")
    assert "- `ubjson/py-ubjson`" in section(page("ubjson/py-ubjson"), "Defects of libraries")


def test_the_price_of_access_and_streams_is_asked_of_the_codecs():
    text = page("capnp/pycapnp")
    assert "| Reads one field by itself | `capnp/pycapnp` |" in text
    assert "| Reads one field by itself | no |" in page("xdr/serbench")


def test_every_command_and_option_is_in_the_reference():
    text = reference.render()
    for path, command in reference.walk(commands, ("serbench",)):
        part = section(text, " ".join(path) + "\n")
        assert part, path
        for option in command.params:
            assert all(name in part for name in option.opts if name.startswith("--")), (path, option.opts)
        assert f"\n{' '.join(path)}" in part


def test_code_in_the_reference_stays_code():
    assert "`serbench run --scale`" in reference.render()


def test_every_command_has_a_manual_page():
    pages = man.render_all()
    assert {"serbench.1", "serbench-run.1", "serbench-endian-setup.1"} <= set(pages)
    for page in pages.values():
        assert all(f"\n.SH {title}\n" in page for title in ("NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS"))
    assert "\nserbench run \\-\\-schema employees \\-\\-codec json \\-\\-codec xml\n" in pages["serbench-run.1"]


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_manual_pages_are_without_faults():
    for name, page in man.render_all().items():
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rCHECKSTYLE=3"],
            input=page.encode(),
            capture_output=True,
            check=True,
        )
        assert done.stderr == b"", name
        assert b"output not wanted" in b" ".join(done.stdout.split())


def test_the_python_page_has_signatures_and_docstrings():
    text = api.render()
    assert "load_schema(spec: str, include: Sequence[Path] = ()) -> Schema" in text
    assert "\n    *,\n    budget: float = 60.0,\n" in text
    assert "infer(*files: str | Path) -> Inferred" in text
    assert "class EncodeError(SerError)" in text


@pytest.mark.skipif(bool(ABSENT), reason=f"libraries are missing: {', '.join(ABSENT)}")
def test_the_table_of_formats_in_the_readme_is_that_of_the_code():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = "<!-- formats: made by serbench.pages.formats.summary() -->\n", "<!-- end of formats -->"
    assert begin in text
    assert text.partition(begin)[2].partition(end)[0].strip() == formats.summary().strip()


def test_a_format_nobody_has_a_library_for_still_has_its_page():
    (xdr,) = find(["xdr/serbench"])
    text = formats.page([replace(xdr, distribution="no-such-library")])
    assert "Not carried." in section(text, "An employee")
