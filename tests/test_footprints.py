"""What is measured beside round trips and times: which cells, in which order, and within the share of the budget."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from serbench import footprints
from serbench.frames import WorkerFailed
from serbench.plan import Data, Plan
from serbench.results import Footprint, Library, Run, Verified

sys.path.insert(0, str(Path(__file__).parent))
from fake_codecs import SCHEMA, point

DATA = Data(
    name="points", source="shared", schema=SCHEMA, messages=[point(), point(8, label="long"), point(9, label="x")]
)
PLAN = Plan(
    data=(DATA, replace(DATA, name="others")),
    codecs=("fake/good", "fake/plain", "fake/unavailable"),
    budget_s=100,
    memory_share=0.1,
    modules=("fake_codecs",),
)
ROW = {"construct_ns": [3, 1, 2], "method": "memray", "encode_peak_bytes": 7}


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)


class Script:
    """Workers that answer after `took_s`; `breaking` codecs break them."""

    def __init__(self, monkeypatch, took_s=0.0, breaking=()):
        self.now, self.took_s, self.breaking = 0.0, took_s, breaking
        self.asked, self.steps, self.started = [], [], 0
        monkeypatch.setattr(footprints, "time", SimpleNamespace(monotonic=lambda: self.now))

    def __call__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def start(self):
        self.now += 20
        self.started += 1

    def ask(self, request, *, codec, apart, modules, **content):
        assert apart
        assert modules == ("fake_codecs",)
        self.now += self.took_s
        self.asked.append((request, codec, content, self.preparation["imports"]))
        if codec in self.breaking:
            raise WorkerFailed("crashed: SIGSEGV")
        return {"import_ns": len(self.asked), "resident_bytes": 100 - len(self.asked)} if request == "import" else ROW

    def run(self, plan=PLAN, statuses=(), held=None):
        statuses = {"fake/unavailable": "unavailable"} | dict(statuses)
        verified = {
            (data.name, codec): Verified(dataset=data.name, codec=codec, status=statuses.get(codec, "ok"))
            for data in plan.data
            for codec in plan.codecs
        }
        return list(
            footprints.measure(plan, verified, held, self, self.steps.append, plan.memory_share * plan.budget_s)
        )


def test_libraries_come_first_in_three_rounds_then_cells_by_data_set(monkeypatch):
    script = Script(monkeypatch)
    rows = script.run()
    assert rows == [
        Library(codec="fake/good", import_ns=[1, 3, 5], resident_bytes=95),
        Library(codec="fake/plain", import_ns=[2, 4, 6], resident_bytes=94),
        *(
            Footprint(dataset=data, codec=codec, **ROW)
            for data in ("points", "others")
            for codec in ("fake/good", "fake/plain")
        ),
    ]
    assert script.steps[:3] == ["import fake/good", "import fake/plain", "import fake/good"]
    assert script.steps[6:8] == ["memory points: fake/good", "memory points: fake/plain"]


def test_a_library_is_not_charged_with_our_code_nor_measured_where_memray_is(monkeypatch):
    script = Script(monkeypatch)
    script.run()
    for request, _, _, imports in script.asked:
        assert "sercodecs.json" in imports
        assert any("memray" in name for name in imports) is (request == "footprint")


def test_the_largest_message_is_measured(monkeypatch):
    script = Script(monkeypatch)
    script.run()
    contents = [content for request, _, content, _ in script.asked if request == "footprint"]
    assert contents[0]["messages"] == [{"x": 8, "weight": 0.5, "label": "long"}]


@pytest.mark.parametrize(("took_s", "imports", "cells"), [(1.2, [2, 1], 4), (2.5, [1, 1], 3), (9, [1], 1)])
def test_the_share_of_the_budget_is_kept_but_for_the_first_of_each(monkeypatch, took_s, imports, cells):
    """Of 10 s, one third for imports, and two for memory, however long imports took."""
    script = Script(monkeypatch, took_s=took_s)
    rows = script.run()
    assert [len(row.import_ns) for row in rows if isinstance(row, Library)] == imports
    assert len([row for row in rows if isinstance(row, Footprint)]) == cells


def test_nothing_is_measured_where_there_is_no_share(monkeypatch):
    assert Script(monkeypatch).run(replace(PLAN, memory_share=0)) == []


def test_only_what_came_back_equal_is_measured(monkeypatch):
    rows = Script(monkeypatch).run(statuses={"fake/good": "failed", "fake/plain": "lossy"})
    assert {row.codec for row in rows if isinstance(row, Footprint)} == {"fake/plain"}


def test_a_codec_that_breaks_its_process_costs_itself_only(monkeypatch):
    rows = Script(monkeypatch, breaking=["fake/good"]).run()
    reasons = {(type(row).__name__, row.codec): row.reason for row in rows}
    assert reasons == {
        ("Library", "fake/good"): "crashed: SIGSEGV",
        ("Library", "fake/plain"): "",
        ("Footprint", "fake/good"): "crashed: SIGSEGV",
        ("Footprint", "fake/plain"): "",
    }


def test_what_an_earlier_run_has_is_not_done_again(monkeypatch):
    rows = Script(monkeypatch).run()
    held = Run(Path(), None, [], [], [], libraries=[rows[0]], footprints=[rows[2]])
    assert Script(monkeypatch).run(held=held)[1:] == rows[3:]
    script = Script(monkeypatch)
    assert script.run(held=replace(held, libraries=rows[:2], footprints=rows[2:])) == []
    assert script.started == 0
