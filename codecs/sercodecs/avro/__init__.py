"""Avro 1.12 over two libraries: a bare datum (`avro`), and an object container file with its schema (`avro-container`).

Integers are zigzag varints, strings have their length before them, arrays and maps come in blocks with a count; fields
have no tags, so that a datum says nothing without its schema ("Binary Encoding"). How each kind is declared stands in
`serschema.idl.avro`. A container has one datum, the codec `null`, and a fixed sync marker, so that its octets are
always the same; as a stream it has any number of them, in blocks. Nothing is lost.
"""

from dataclasses import replace
from types import ModuleType
from typing import Any

from sercodecs.avro import with_apache, with_fastavro
from sercodecs.avro_explain import explain_container, explain_datum
from sercodecs.contract import Carries, Claim, CodecInfo, Format

DATUM = Format(
    name="avro",
    title="Avro",
    specification="Apache Avro 1.12.0, Binary Encoding",
    history="From Hadoop (2009), by Doug Cutting: no tags, as the writer's schema is always at hand. Carries Kafka's "
    "messages.",
    textual=False,
    self_describing=False,
    byte_order="little",
    canonical=Claim(False, "Avro 1.12.0, Complex Types: arrays and maps in blocks of any size, and maps in any order"),
    evolution=Claim(
        True, "Avro 1.12.0, Schema Resolution: by the names of fields, where the reader has the writer's schema too"
    ),
    languages={
        "c": "avro-c",
        "cpp": "avro-cpp",
        "csharp": "Apache.Avro",
        "go": "hamba/avro",
        "java": "org.apache.avro",
        "js": "avsc",
        "php": "apache/avro",
        "python": "fastavro",
        "ruby": "avro",
        "rust": "apache-avro",
    },
    carries=Carries(
        bool="boolean",
        int="int, long (zigzag varints); decimal of scale 0 for unsigned of 64 bits",
        float="float, double",
        string="string",
        bytes="bytes, or fixed of one length",
        enum="enum, its index",
        timestamp="long, timestamp-micros",
        uuid="string, uuid",
        decimal="bytes, decimal: the unscaled integer",
        list="array, in counted blocks",
        map="map, in counted blocks; array of records if keys are no strings",
        union="union of records of one field each",
        record="record, fields in their order",
        optional="union with null, its index before it",
    ),
)
CONTAINER = replace(
    DATUM,
    name="avro-container",
    title="Avro object container file",
    specification="Apache Avro 1.12.0, Object Container Files",
    history="Avro's files: the schema in front, then blocks that can be split (Apache Avro specification).",
    self_describing=True,
)


def _codecs(library: ModuleType, **about: Any) -> tuple[CodecInfo, CodecInfo]:
    def codec(format: Format, compile: Any, explain: Any) -> CodecInfo:
        return CodecInfo(
            format=format, limits=library.LIMITS, validates=True, compile=compile, explain=explain, **about
        )

    return (
        codec(DATUM, library.compile_datum, explain_datum),
        codec(CONTAINER, library.compile_container, explain_container),
    )


FASTAVRO = (
    "fastavro 1.13 crashes on deep nesting: data is read by a schema whose levels end",
    "fastavro 1.13 makes as many items that take no octet as a count says, and compiles any schema that a file brings: "
    "bounded, and compared with the codec's",
    "fastavro 1.13 reads decimals in quadratic time: they are read as bytes",
    "fastavro 1.13 counts a negative index of a union or enum from the end: left so",
)
APACHE = (
    "avro 1.12.2 rounds decimals, and reads them in quadratic time: they are bytes to it",
    "avro 1.12.2 accepts another sync marker than the header's: compared here",
)

CODECS = (
    *_codecs(
        with_fastavro,
        implementation="fastavro",
        distribution="fastavro",
        language="Cython",
        licence="MIT",
        defects=FASTAVRO,
    ),
    *_codecs(
        with_apache,
        implementation="apache",
        distribution="avro",
        language="Python",
        licence="Apache-2.0",
        defects=APACHE,
    ),
)
