"""Java's and Rust's peers time themselves: what their answers hold, whatever the machine does meanwhile."""

import shutil
import time

import pytest
from serbench import inputs
from serbench.peers.formats import READERS
from serbench.peers.languages import LANGUAGES, worker
from sercodecs import registry

BUDGET_NS = 200_000_000
BOTH = ["encode", "decode"]


def missing(language):
    return [tool for tool in LANGUAGES[language].tools if shutil.which(tool) is None]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.skipif(bool(missing(name)), reason=f"missing: {', '.join(missing(name))}"))
        for name in ("java", "rust")
    ],
)
def peer(request):
    with worker(LANGUAGES[request.param], lambda text: None) as asked:
        asked.start()
        yield asked


def timed(peer, format, data, budget_ns=BUDGET_NS, operations=BOTH, schema="order"):
    """The rows by operation, and what the last frame says."""
    ((model, *_), _) = inputs.data_sets((schema,), (), None, 1, 1000)
    needed = READERS[format].schema(model.schema)
    if data is None:
        (info,) = registry.find([READERS[format].codec])
        codec = info.compile(model.schema)
        data = [codec.encode(message).hex() for message in model.messages]
    asked = {"format": format, "schema": needed, "data": data, "budget_ns": budget_ns, "operations": operations}
    *frames, last = peer.request("time", **asked)
    return {frame["row"]["operation"]: frame["row"] for frame in frames}, last["done"]


def test_how_it_is_measured_is_told(peer):
    told = peer.hello["timing"]
    assert told["clock"] in ("System.nanoTime", "std::time::Instant")
    assert ("C2" in told["optimisation"]) or ("opt-level 3" in told["optimisation"])
    ours = (
        {"thrift-binary", "thrift-compact"} if "opt-level" in told["optimisation"] else set()
    )  # Rust's: our own trees
    assert told["objects"].keys() == peer.hello["formats"].keys() - ours
    assert all(told["objects"].values())


def test_all_formats_whose_objects_are_their_users(peer):
    compiled = {"asn1-ber", "asn1-der", "asn1-per", "asn1-oer"}  # as asn1-uper is, which takes long
    for format in peer.hello["timing"]["objects"].keys() - compiled:
        rows, done = timed(peer, format, None)
        assert list(rows) == BOTH, format
        kept = [sample for row in rows.values() for sample in row["samples_ns"]]
        assert sum(kept) == done["measured_ns"] > 0
        for row in rows.values():
            assert row.keys() == {"operation", "loops", "samples_ns", "warm_up_ns", "steady"}
            assert row["loops"] >= 1
            assert 1 <= len(row["samples_ns"]) <= 200
            assert all(type(sample) is int and sample > 0 for sample in row["samples_ns"])
            assert type(row["steady"]) is bool


def test_loops_are_many_for_what_is_fast(peer):
    """A sample takes 0.1 ms or more: one employee is not decoded in a hundredth of that."""
    rows, _ = timed(peer, "avro", None, schema="employee", operations=["decode"])
    assert list(rows) == ["decode"]
    assert rows["decode"]["loops"] > 1
    assert min(rows["decode"]["samples_ns"]) > 10_000


def test_a_budget_that_one_call_exceeds(peer):
    rows, done = timed(peer, "json", None, budget_ns=2)
    assert [(row["loops"], len(row["samples_ns"])) for row in rows.values()] == [(1, 1), (1, 1)]
    assert done["measured_ns"] > 2


def test_octets_that_are_not_decoded_have_a_reason(peer):
    rows, done = timed(peer, "msgpack", ["81"])
    assert list(rows) == BOTH
    assert all(row.keys() == {"operation", "reason"} and row["reason"] for row in rows.values())
    assert done == {"measured_ns": 0}


def test_the_answer_comes_in_time(peer):
    """Within ten times the budget and what comes with it, that is: the machine may be busy."""
    before = time.monotonic()
    timed(peer, "bson", None, budget_ns=500_000_000)
    assert time.monotonic() - before < 15


@pytest.mark.skipif(bool(missing("java")), reason=f"missing: {', '.join(missing('java'))}")
def test_java_is_steady_after_five_windows_or_says_that_it_is_not():
    with worker(LANGUAGES["java"], lambda text: None) as asked:
        rows, _ = timed(asked, "json", None, operations=["decode"], schema="employee", budget_ns=100_000_000)
        assert not rows["decode"]["steady"]
        rows, _ = timed(asked, "json", None, operations=["decode"], schema="employee", budget_ns=3_000_000_000)
        assert rows["decode"]["warm_up_ns"] >= (100_000_000 if rows["decode"]["steady"] else 1_500_000_000)


@pytest.mark.skipif(bool(missing("rust")), reason=f"missing: {', '.join(missing('rust'))}")
def test_rust_says_what_does_not_compile():
    with worker(LANGUAGES["rust"], lambda text: None) as asked:
        broken = {"format": "asn1-der", "schema": {"idl": "no module", "root": "Root"}, "data": ["00"]}
        (answer,) = asked.ask("again", **broken)
        assert answer["failed"].startswith("cargo: error")
        *frames, last = asked.request("time", **broken, budget_ns=BUDGET_NS, operations=BOTH)
        assert [frame["row"]["reason"][:12] for frame in frames] == ["cargo: error"] * 2
        assert last["done"] == {"measured_ns": 0}
