"""The Python API: what the README shows, and that importing it costs nothing."""

import subprocess
import sys

import pytest
import serbench
from sercodecs import registry
from sercodecs.registry import UnknownCodec
from serschema import shared
from serschema.errors import SchemaError

VALUE = {"name": "Ana", "address": "Concón", "number": 101}


def test_run_gives_rows_for_a_data_frame(tmp_path):
    schema = serbench.load_schema("employee")
    results = serbench.run(schema, [VALUE, VALUE], ["xdr", "struct-native"], budget=2, folder=tmp_path)
    xdr, control = results.rows()
    assert (xdr["dataset"], xdr["codec"], xdr["status"], xdr["bytes"]) == ("Employee", "xdr/serbench", "ok", 24)
    assert 0 < xdr["encode_ns_low"] <= xdr["encode_ns"] <= xdr["encode_ns_high"]
    assert xdr["to_native_ns"] is None
    assert xdr["encode_peak_bytes"] >= xdr["encode_held_bytes"] > 24
    assert xdr["construct_ns"] > 0
    assert control["decode_peak_bytes"] is None
    assert xdr["none_bytes"] == 24 < xdr["xz-6_bytes"]
    assert xdr["encode_rank"] in (1, None)
    assert control["encode_rank"] is None
    assert (control["status"], control["bytes"], control["encode_ns"]) == ("unsupported", None, None)
    assert "string" in control["reason"]
    assert set(xdr) == set(control)
    assert results.run.header.seed == 1
    assert (tmp_path / "results.jsonl").exists()


def test_codec_and_schema():
    codec = serbench.codec("xdr").compile(serbench.load_schema("employee"))
    assert codec.decode(codec.encode(VALUE)) == VALUE
    with pytest.raises(UnknownCodec, match="json is several codecs: json/orjson, json/stdlib, "):
        serbench.codec("json")
    with pytest.raises(SchemaError, match=r"a\.proto"):
        serbench.load_schema("nowhere/a.proto")


def test_infer(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"x": 1}\n{"x": 2}\n')
    inferred = serbench.infer(path)
    assert inferred.schema.root == "Rows"
    assert [value for _, value in inferred.read([path])] == [{"x": 1}, {"x": 2}]


def test_the_shared_schemas_are_the_same_from_here():
    assert serbench.load_schema("order") == shared.load("order").schema


def test_importing_imports_nothing():
    heavy = ("sercodecs", "serschema", "numpy")
    code = f"import sys, serbench; print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_codec_that_is_asked_for_by_its_id_is_imported_alone():
    code = (
        "import sys\nfrom sercodecs import registry\nassert registry.find(['json/orjson'])[0].id == 'json/orjson'\n"
        "print(*(module for module in registry.MODULES if f'sercodecs.{module}' in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["json"]
    assert [registry.find([info.id]) for info in registry.codecs()] == [(info,) for info in registry.codecs()]
