"""Apache Thrift's binary and compact protocols, over Apache's own library and over thriftpy2.

A struct is a sequence of fields, each a type and a number before its value, up to a stop ("Thrift Binary protocol
encoding", Struct). `thrift-binary` has numbers of fixed size, the most significant octet first, and lengths of 32 bits;
`thrift-compact` zigzag varints, differences of field numbers, booleans inside the field's type, and doubles with the
least significant octet first ("Thrift Compact protocol encoding"). What is written is the bare struct, without the
message around a call. How each kind is declared stands in `serschema.idl.thrift`: unsigned integers are in the next
wider type, those of 64 bits in i64 as two's complement; a timestamp is i64 in microseconds, a UUID binary of 16, a
decimal a string, a float of 32 bits a double; a union is a struct of one field.

No compiler is run: the classes that it would generate (`thrift --gen py:dynamic`; thriftpy2 makes its own of the file
as it loads) are made of the schema, with the same specifications of their fields. Nothing is lost. Apache's library
nests 64 structs at most. Fields come in the order of their numbers. Field numbers beyond 32767 are refused.

`apache` is the C++ extension fastbinary, without falling back to Python. Lengths are bounded by that of the data: as a
limit is none by default, a list of 2^31 items would otherwise be allocated before any is read.

`thriftpy2` is Cython for the binary protocol, Python for the compact one. Its TCyMemoryBuffer gives what happens to
stand in memory where the data ends (0.7.1), so that data is read through its buffered transport, which raises. In the
compact protocol sizes are bounded by the data, as a list of items that take no octet is otherwise skipped item by item;
and a varint without end takes quadratic time, so that data that could hold one is read through a transport that counts.
The binary protocol, all in Cython, does the same with lists of types that do not exist, 10 seconds for 9 octets that
say 2^31: each message is walked through before, by fastbinary where it is installed (`guard`). A field of Thrift's
type uuid, which thriftpy2 takes for no octets, is refused. Unlike apache, thriftpy2 does not look whether the data ends
with the struct.
"""

from collections.abc import Callable
from dataclasses import replace

from serschema.limits import Limits

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, Format
from sercodecs.thrift import apache, thriftpy2

BINARY = Format(
    name="thrift-binary",
    title="Thrift binary protocol",
    specification="Apache Thrift, Thrift Binary protocol encoding",
    history="From Facebook: Slee, Agarwal and Kwiatkowski, Thrift: Scalable Cross-Language Services Implementation "
    "(2007); at Apache since 2008.",
    textual=False,
    self_describing=False,
    byte_order="big",
    canonical=Claim(False, "fields of a struct and entries of a map come in any order"),
    evolution=Claim(True, "a field has its type and number, and others are skipped by their type"),
    languages={
        "c": "c_glib",
        "cpp": "thrift",
        "csharp": "ApacheThrift",
        "go": "thrift",
        "java": "libthrift",
        "js": "thrift",
        "php": "apache/thrift",
        "python": "thrift",
        "ruby": "thrift",
        "rust": "thrift",
        "swift": "Thrift",
    },
    carries=Carries(
        bool="bool, an octet",
        int="i8, i16, i32, i64; unsigned in the next wider",
        float="double",
        string="string, a length before UTF-8",
        bytes="binary",
        enum="i32, its number",
        timestamp="i64, microseconds since 1970",
        uuid="binary of 16",
        decimal="string",
        list="list, type and size before the items",
        map="map, types and size before the entries",
        union="struct of one field (union)",
        record="struct, type and number before each field",
        optional="optional: no field if absent",
    ),
)
COMPACT = Format(
    name="thrift-compact",
    title="Thrift compact protocol",
    specification="Apache Thrift, Thrift Compact protocol encoding",
    history="Thrift's second protocol, with variable-length integers (THRIFT-110).",
    textual=False,
    self_describing=False,
    byte_order="little",
    canonical=Claim(
        False, "fields and entries come in any order, and a field's number as itself or as the step from the last"
    ),
    evolution=Claim(True, "a field has its type and number, and others are skipped by their type"),
    languages=BINARY.languages,
    carries=replace(
        BINARY.carries,
        bool="bool, in the type of its field",
        int="i8 as it is, others zigzag varints; unsigned in the next wider",
        float="double, little-endian",
    ),
)

APACHE_DEPTH = 64


DEFECTS = {
    "thrift-binary/apache": (
        "thrift 0.25 allocates what a container says it holds: its limits are set to the length of the data",
    ),
    "thrift-binary/thriftpy2": (
        "thriftpy2 0.7.1 gives what stands in memory behind data that is cut short: read through another transport",
        "thriftpy2 0.7.1 counts up to the size of a list whose items have no type, 10 s for 2^31, also where the type "
        "uuid or strings in a map hide one from other readers: messages are walked through first",
    ),
    "thrift-compact/thriftpy2": (
        "thriftpy2 0.7.1 bounds neither sizes nor varints: both are bounded by the data",
        "thriftpy2 0.7.1 ignores what follows a message: left so",
    ),
}
DEFECTS["thrift-compact/apache"] = DEFECTS["thrift-binary/apache"]


def _info(
    format: Format, implementation: str, distribution: str, language: str, compile: Callable[..., Codec]
) -> CodecInfo:
    limits = Limits(depth=APACHE_DEPTH) if implementation == "apache" else Limits()
    return CodecInfo(
        format=format,
        implementation=implementation,
        distribution=distribution,
        language=language,
        licence="Apache-2.0" if implementation == "apache" else "MIT",
        limits=limits,
        validates=True,
        compile=compile,
        defects=DEFECTS[f"{format.name}/{implementation}"],
    )


CODECS = (
    _info(BINARY, "apache", "thrift", "C++", apache.compile_binary),
    _info(BINARY, "thriftpy2", "thriftpy2", "Cython", thriftpy2.compile_binary),
    _info(COMPACT, "apache", "thrift", "C++", apache.compile_compact),
    _info(COMPACT, "thriftpy2", "thriftpy2", "Python", thriftpy2.compile_compact),
)
