"""The table of how each format carries each kind: complete, of today's codecs, and told by running them."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from serbench.report import kinds
from sercodecs.contract import Carries
from sercodecs.registry import codecs, missing

DOCUMENT = Path(__file__).parents[1] / "docs" / "formats.md"
ABSENT = [info.id for info in codecs() if missing(info)]


@pytest.mark.skipif(bool(ABSENT), reason=f"libraries are missing: {', '.join(ABSENT)}")
def test_the_document_is_what_the_command_prints():
    assert DOCUMENT.read_text(encoding="utf-8") == kinds.render(), "serbench codecs --kinds > docs/formats.md"


def test_every_format_has_words_for_every_kind():
    for info in codecs():
        assert all(getattr(info.format.carries, field.name) for field in fields(Carries)), info.id


def test_octets_are_those_of_the_codec(monkeypatch):
    """A codec that writes something else changes the table."""
    (xdr,) = [info for info in codecs() if info.id == "xdr/serbench"]
    inner = xdr.compile

    def compile(schema):
        codec = inner(schema)
        return replace(codec, encode=lambda value: b"\xaa" + codec.encode(value))

    monkeypatch.setattr(kinds, "codecs", lambda: (replace(xdr, compile=compile),))
    table = kinds.render()
    assert "| int | int, unsigned int; hyper, unsigned hyper from 64 bits | 1000 | `aa 00 00 03 e8` |" in table
    assert "`00 00 03 e8`" not in table


def test_what_a_format_does_not_carry_is_said(monkeypatch):
    (control,) = [info for info in codecs() if info.control]
    monkeypatch.setattr(kinds, "codecs", lambda: (replace(control, control=False),))
    assert '| string | - | "é" | not carried |' in kinds.render()
