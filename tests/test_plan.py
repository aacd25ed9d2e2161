"""Plans as plain data: their hash, their codecs, and what a plan may not be."""

from dataclasses import replace
from pathlib import Path

import pytest
from serbench.plan import Data, Plan, lookup
from sercodecs.registry import UnknownCodec
from serschema.errors import SerError
from serschema.model import Field, Int, Record, Schema

SCHEMA = Schema("Point", (Record("Point", (Field("x", 1, Int(32)),)),))
DATA = Data(name="points", source="shared", schema=SCHEMA, messages=[{"x": 1}, {"x": 2}])
PLAN = Plan(data=(DATA,), codecs=("fake/good", "fake/plain"))


@pytest.fixture(autouse=True)
def _helpers(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)


def test_hash_is_that_of_equal_plans():
    again = Data(name="points", source="shared", schema=SCHEMA, messages=[{"x": 1}, {"x": 2}])
    assert replace(PLAN, data=(again,)).sha256() == PLAN.sha256()


@pytest.mark.parametrize("change", [{"budget_s": 3.0}, {"processes": 1}], ids=str)
def test_hash_does_not_cover_how_long_is_measured(change):
    assert replace(PLAN, **change).sha256() == PLAN.sha256()


@pytest.mark.parametrize(
    "change",
    [
        {"data": (replace(DATA, messages=[{"x": 1}, {"x": 3}]),)},
        {"data": (replace(DATA, name="other"),)},
        {"data": (replace(DATA, schema=Schema("Point", (Record("Point", (Field("x", 1, Int(64)),)),))),)},
        {"codecs": ("fake/good",)},
        {"codecs": ("fake/plain", "fake/good")},
        {"seed": 2},
        {"operations": ("encode",)},
        {"modules": ("fake_codecs",)},
    ],
    ids=str,
)
def test_hash_covers_what_is_measured(change):
    assert replace(PLAN, **change).sha256() != PLAN.sha256()


def test_codecs_of_extra_modules():
    plan = replace(PLAN, modules=("fake_codecs",))
    assert [info.id for info in plan.infos()] == ["fake/good", "fake/plain"]


def test_unknown_codec(monkeypatch):
    monkeypatch.setattr("sercodecs.registry.codecs", lambda: ())
    with pytest.raises(UnknownCodec, match="fake/nobody"):
        lookup(["fake/nobody"], ["fake_codecs"])


def test_data_without_messages():
    with pytest.raises(SerError, match="points: holds no message"):
        replace(DATA, messages=[])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": ()}, "needs a data set"),
        ({"codecs": ()}, "needs a codec"),
        ({"data": (DATA, DATA)}, "data set is in the plan twice: points"),
        ({"codecs": ("a/b", "c/d", "c/d")}, "codec is in the plan twice: c/d"),
    ],
)
def test_plans_that_make_no_sense(change, message):
    with pytest.raises(SerError, match=message):
        replace(PLAN, **change)
