"""Tables: Parquet and Arrow, written by pyarrow, with all kinds of columns; their rows are messages."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal as D
from uuid import UUID

import pytest
from serbench.cli import main
from serschema.data import DataError, read
from serschema.load.infer import infer
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
    Schema,
    String,
    Timestamp,
    Union,
    Uuid,
)
from serschema.values import equal

pa = pytest.importorskip("pyarrow", reason="pyarrow is missing: pip install -r requirements/run.txt")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing: pip install -r requirements/run.txt")

AT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
ID = UUID("00112233-4455-6677-8899-aabbccddeeff")


def write_parquet(table, path):
    parquet.write_table(table, path, row_group_size=2, compression="zstd")


def write_arrow(table, path):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_stream(table, path):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


FORMS = {
    "data.parquet": write_parquet,
    "data.arrow": write_arrow,
    "data.feather": write_arrow,
    "data.arrows": write_stream,
}
POINT = Record("Point", (Field("x", 1, Int(32)), Field("y", 2, String(), True)))
COLOUR = Enum("Colour", (("RED", 0), ("BLUE", 1)))
CHOICE = Union("Choice", (Field("a", 1, Int(32)), Field("b", 2, String())))
COLUMNS = [
    (Bool(), pa.bool_(), [True, False], None),
    (Int(8), pa.int8(), [-128, 127], None),
    (Int(64, False), pa.uint64(), [(1 << 64) - 1, 0], None),
    (Int(64), pa.int64(), [-(1 << 63), 1], None),
    (Float(32), pa.float32(), [1.5, math.nan], None),
    (Float(32), pa.float16(), [1.5, -0.0], None),
    (Float(64), pa.float64(), [math.inf, -0.0], None),
    (String(), pa.string(), ["日本", ""], None),
    (String(), pa.large_string(), ["a", "b"], None),
    (String(), pa.dictionary(pa.int32(), pa.string()), ["a", "b"], None),
    (Ref("Colour"), pa.dictionary(pa.int8(), pa.string()), ["RED", "BLUE"], None),
    (Bytes(), pa.binary(), [b"\0\xff", b""], None),
    (Bytes(4, 4), pa.binary(4), [b"abcd", b"\0\1\2\3"], None),
    (Timestamp(), pa.timestamp("us"), [AT.replace(tzinfo=None)] * 2, [AT] * 2),
    (Timestamp(), pa.timestamp("us", "Europe/Berlin"), [AT] * 2, None),
    (Timestamp(), pa.timestamp("ns", "UTC"), [AT] * 2, None),
    (Timestamp(), pa.timestamp("s"), [0, 1], [datetime(1970, 1, 1, 0, 0, second, tzinfo=UTC) for second in (0, 1)]),
    (String(), pa.date32(), [date(2024, 2, 29)] * 2, ["2024-02-29"] * 2),
    (String(), pa.time64("us"), [time(1, 2, 3, 4)] * 2, ["01:02:03.000004"] * 2),
    (String(), pa.duration("us"), [timedelta(1, 2, 3), -timedelta(0, 1)], ["P1DT2.000003S", "-P0DT1.000000S"]),
    (Decimal(9, 2), pa.decimal128(9, 2), [D("1.20"), D("-9999999.99")], None),
    (Decimal(40, 0), pa.decimal256(40, 0), [D(10**39), D(0)], None),
    (Uuid(), pa.string(), [str(ID)] * 2, [ID] * 2),
    (Uuid(), pa.uuid(), [ID.bytes] * 2, [ID] * 2),
    (List(Int(16)), pa.list_(pa.int16()), [[1, 2], []], None),
    (List(Int(16), 2, 2), pa.list_(pa.int16(), 2), [[1, 2], [3, 4]], None),
    (List(List(String())), pa.large_list(pa.list_(pa.string())), [[["a"], []], []], None),
    (Map(String(), Int(32)), pa.map_(pa.string(), pa.int32()), [[("k", 1)], []], [{"k": 1}, {}]),
    (Map(Int(32), Bool()), pa.map_(pa.int32(), pa.bool_()), [[(-7, True)], []], [{-7: True}, {}]),
    (
        Ref("Point"),
        pa.struct([("x", pa.int32()), ("y", pa.string())]),
        [{"x": 1, "y": "a"}, {"x": 2, "y": None}],
        [{"x": 1, "y": "a"}, {"x": 2}],
    ),
    (
        Ref("Choice"),
        pa.struct([("a", pa.int32()), ("b", pa.string())]),
        [{"a": 1, "b": None}, {"a": None, "b": "x"}],
        [{"a": 1}, {"b": "x"}],
    ),
]  # fmt: skip


def column(type_, written):
    if type_ == pa.uuid():
        return pa.ExtensionArray.from_storage(type_, pa.array(written, pa.binary(16)))
    return pa.array(written, type_)


@pytest.mark.parametrize("name", FORMS)
def test_every_kind_of_column(tmp_path, name):
    columns = [made for made in COLUMNS if name != "data.parquet" or made[1] != pa.duration("us")]  # which it has not
    keys = [f"f{number}" for number in range(1, len(columns) + 1)]
    fields = (Field(key, number, made[0]) for number, (key, made) in enumerate(zip(keys, columns, strict=True), 1))
    FORMS[name](pa.table([column(*made[1:3]) for made in columns], names=keys), tmp_path / name)
    found = [(place.line, value) for place, value in read([tmp_path / name], schema_of(fields))]
    assert [line for line, _ in found] == [1, 2]
    for row, (_, value) in enumerate(found):
        for key, (_, _, written, expected) in zip(keys, columns, strict=True):
            assert equal(value[key], (expected or written)[row]), (key, value[key])


def schema_of(fields):
    return Schema("Row", (Record("Row", tuple(fields)), POINT, COLOUR, CHOICE))


def table(*numbers):
    return pa.table({"a": pa.array(numbers, pa.int64()), "b": pa.array([None] * len(numbers), pa.string())})


PLAIN = Schema("Message", (Record("Message", (Field("a", 1, Int(8)), Field("b", 2, String(), True))),))


@pytest.mark.parametrize("name", FORMS)
def test_a_bad_record(tmp_path, name):
    """File, row, path, expected, found; over several groups of rows."""
    path = tmp_path / name
    FORMS[name](table(1, 2, 3, 4, 1000), path)
    with pytest.raises(DataError) as caught:
        list(read([path], PLAIN))
    error = caught.value
    assert (error.file, error.line, error.path, error.expected) == (str(path), 5, "$.a", "an integer in -128..127")
    assert str(error) == f"{path}:5: $.a: expected an integer in -128..127, found 1000"


def test_a_folder_of_all_and_lines(tmp_path):
    for number, name in enumerate(FORMS):
        FORMS[name](table(number, number + 10), tmp_path / name)
    (tmp_path / "z.jsonl").write_text('{"a": 99}\n')
    assert sorted(value["a"] for _, value in read([tmp_path], PLAIN)) == [0, 1, 2, 3, 10, 11, 12, 13, 99]
    inferred = infer([tmp_path])
    assert inferred.schema.record.fields[0] == Field("a", 1, Int(32))
    assert len(list(inferred.read([tmp_path]))) == 9


def test_a_table_alone_is_enough(tmp_path, capsys):
    FORMS["data.parquet"](table(1, 2, 3), tmp_path / "numbers.parquet")
    assert main(["verify", "--data", str(tmp_path / "numbers.parquet"), "--codec", "xdr", "--json"]) == 0
    assert '"encoded_bytes":' in capsys.readouterr().out


def test_an_empty_table(tmp_path):
    for name, write in FORMS.items():
        write(table(), tmp_path / name)
        with pytest.raises(DataError, match="is empty: there is no message in it"):
            list(read([tmp_path / name], PLAIN))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("damage", [lambda octets: octets[:-20], lambda octets: octets[:8] + b"\xff" * 300])
def test_a_damaged_table_is_one_line(tmp_path, name, damage):
    path = tmp_path / name
    FORMS[name](table(*range(1000)), path)
    path.write_bytes(damage(path.read_bytes()))
    if name == "data.arrows" and len(path.read_bytes()) > 1000:
        return  # a stream without its end marker is one that was not closed, and whole
    with pytest.raises(DataError) as caught:
        list(read([path], Schema("M", (Record("M", (Field("a", 1, Int(64)), Field("b", 2, String(), True))),))))
    assert str(caught.value).startswith(f"{path}: pyarrow cannot read it: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FORMS)
def test_times_finer_than_a_microsecond_are_not_cut(tmp_path, name):
    FORMS[name](pa.table({"at": pa.array([0, 1_000, 1_001], pa.timestamp("ns"))}), tmp_path / name)
    with pytest.raises(DataError, match=r"a time in rows \d to 3 is finer than a microsecond: cast it to text"):
        list(read([tmp_path / name], Schema("M", (Record("M", (Field("at", 1, Timestamp()),)),))))
