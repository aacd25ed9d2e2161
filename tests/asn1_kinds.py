"""A schema of every kind, with a recursion: what the tests of ASN.1 over both libraries carry."""

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

KINDS = Schema(
    "Kinds",
    (
        Record(
            "Kinds",
            (
                Field("flag", 1, Bool()),
                Field("small", 2, Int(8)),
                Field("big", 3, Int(64, False)),
                Field("real", 4, Float()),
                Field("text", 5, String()),
                Field("octets", 6, Bytes()),
                Field("colour", 7, Ref("Colour")),
                Field("time", 8, Timestamp()),
                Field("id", 9, Uuid()),
                Field("price", 10, Decimal(10, 2)),
                Field("numbers", 11, List(Int(64))),
                Field("texts", 12, List(String())),
                Field("counts", 13, Map(String(), Int(32))),
                Field("choice", 14, Ref("Choice")),
                Field("choices", 15, List(Ref("Choice"))),
                Field("point", 16, Ref("Point")),
                Field("note", 17, String(), True),
                Field("next", 18, Ref("Kinds"), True),
            ),
        ),
        Enum("Colour", (("red", 0), ("green", 1), ("blue", 700))),
        Union(
            "Choice", (Field("number", 1, Int(32)), Field("point", 2, Ref("Point")), Field("texts", 3, List(String())))
        ),
        Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Float(), True))),
    ),
)
