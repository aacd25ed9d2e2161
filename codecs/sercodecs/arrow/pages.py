"""What a Parquet file says of its pages: whether the memory that a reader allocates for them is borne out by the data.

The footer and the header of each page are structs in the Thrift compact protocol (parquet.thrift, FileMetaData and
PageHeader). They are read here as pyarrow shows some only at the risk of ending the process. What swells is compressed
pages, dictionaries, encodings that share prefixes, and levels alone: a run of them says in a few octets how many absent
values or empty lists follow, for which Arrow takes as much memory as for others.
"""

from typing import Any

from sercodecs.contract import DecodeError

FREE = 1 << 18
"""Octets that a column may take in memory whatever the length of the data."""

SWELLING = 16
"""Else as many times the data, as a decimal of one octet takes 16."""

UNCOMPRESSED = DATA_PAGE = PLAIN = 0
TRUE, FALSE, I8, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
VARINTS = frozenset((I16, I32, I64, BINARY))
OCTETS = {TRUE: 0, FALSE: 0, I8: 1, DOUBLE: 8}

LEVELS = 8
"""How deep structs are nested at the most."""

Known = dict[int, Any]
Fields = dict[tuple[int, int], Any]

_COLUMN: Known = {2: [I32], 3: [BINARY], 8: [{}], 13: [{}], 16: {2: [I64], 3: [I64]}}
NOTHING: Known = {}
FOOTER: Known = {2: [{}], 4: [{1: [{3: _COLUMN}], 4: [{}]}], 5: [{}], 7: [{}]}
"""By their numbers the lists in a struct with what is in them, and the structs with lists in them: readers of C++ take
what is in a list for what the format says, whatever the list says."""


def widths(columns: Any) -> list[int]:
    """The bits that a value, or the offset of one, takes in each column of a Parquet file of this `pyarrow.Schema`."""
    return [bits for field in columns for bits in _widths(field.type)]


def _widths(type_: Any) -> list[int]:
    from pyarrow import types

    if types.is_nested(type_):
        return [bits for i in range(type_.num_fields) for bits in _widths(type_.field(i).type)]
    return [32 if types.is_string(type_) or types.is_binary(type_) else max(1, type_.bit_width)]


def check(data: bytes, widths: list[int]) -> None:
    """Raise `DecodeError` for what is not one row group of plain pages, or takes more memory than `SWELLING` allows."""
    footer, _ = _struct(data, len(data) - 8 - int.from_bytes(data[-8:-4], "little"), FOOTER)
    groups = footer[LIST, 4]
    if len(groups) != 1:
        raise DecodeError(f"{len(groups)} row groups")
    for chunk, width in zip(groups[0][LIST, 1], widths, strict=True):
        column = chunk[STRUCT, 3]
        values, position = column[I64, 5], column[I64, 9]
        if values * width > 8 * max(FREE, SWELLING * len(data)):
            raise DecodeError(f"{values} values in {len(data)} octets")
        if column[I32, 4] != UNCOMPRESSED or (I64, 11) in column:
            raise DecodeError("a column that is compressed or has a dictionary", position)
        end = position + column[I64, 7]
        while position < end:
            values, position = _page(data, position, values)
        if values or position != end:
            raise DecodeError("pages that do not hold the values of their column", position)


def _page(data: bytes, position: int, values: int) -> tuple[int, int]:
    """How many of the `values` are left after the page that begins here, and where it ends."""
    header, start = _struct(data, position, {})
    page = header.get((STRUCT, 5))
    if header[I32, 1] != DATA_PAGE or page is None or page[I32, 2] != PLAIN:
        raise DecodeError("a page that is not plain", position)
    count, size = page[I32, 1], header[I32, 3]
    if not 0 <= count <= values or size < 0:
        raise DecodeError(f"a page of {count} values in {size} octets", position)
    return values - count, start + size


def _struct(data: bytes, position: int, known: Known, levels: int = LEVELS) -> tuple[Fields, int]:
    """The fields of a struct by their type and number, and where it ends. Only numbers, structs and lists are kept."""
    if position < 0 or not levels or type(known) is not dict:
        raise DecodeError("no struct, or nested too deep", position)
    fields: Fields = {}
    number = 0
    while head := data[position]:
        if head < 16:
            raise DecodeError("fields that are not in order", position)
        number += head >> 4
        type_ = head & 15
        position += 1
        if type_ in VARINTS:
            value = data[position]
            position += 1
            if value & 0x80:
                value, position = _varint(data, position - 1)
            if type_ == BINARY:
                position += value
            else:
                fields[type_, number] = value >> 1 ^ -(value & 1)
        elif type_ == STRUCT:
            fields[STRUCT, number], position = _struct(data, position, known.get(number, NOTHING), levels - 1)
        elif type_ == LIST:
            fields[LIST, number], position = _list(data, position, known.get(number), levels - 1)
        elif type_ in OCTETS:
            position += OCTETS[type_]
        else:
            raise DecodeError(f"there is no type {type_}", position)
    return fields, position + 1


def _list(data: bytes, position: int, known: Any, levels: int) -> tuple[list[Fields], int]:
    """The structs in a list, of which there are none if it has other items, and where it ends."""
    size, type_ = divmod(data[position], 16)
    size, position = (size, position + 1) if size < 15 else _varint(data, position + 1)
    if type(known) is not list or type_ != (STRUCT if type(known[0]) is dict else known[0]):
        raise DecodeError(f"a list of type {type_}", position)
    structs = []
    for _ in range(size):
        if type_ == STRUCT:
            struct, position = _struct(data, position, known[0], levels)
            structs.append(struct)
        else:
            value, position = _varint(data, position)
            position += value if type_ == BINARY else 0
    return structs, position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while (octet := data[position]) & 0x80:
        value |= (octet & 0x7F) << shift
        shift += 7
        position += 1
        if shift > 63:
            raise DecodeError("a varint of more than ten octets", position)
    return value | octet << shift, position + 1
