"""Cap'n Proto, and its packed form, over pycapnp: the C++ library, with the schema read at run time.

A message is segments of words of 8 octets behind a table of their sizes; a struct is a section of numbers and one of
pointers, a list a pointer with its length, the least significant octet first ("Encoding Spec"). `capnp-packed` leaves
out octets of zero, with a tag for each word (Packing). How each kind is declared stands in `serschema.idl.capnp`, whose
text is what pycapnp parses; numbers count from 0 in the order of the members. A null pointer reads as the default that
the format gives it: empty, or a struct of zeros. Nothing is lost.

Populating fills a builder, reading goes from pointer to pointer, and a single leaf can be read by itself. Members are
reached by `_get` and `_set`, as a name such as `init` is a method. Levels are bounded by the schema, and words read by
`SHARED` times those of the message, as structs may share what they point to. An empty struct takes no word: a list of
more than `MOST_EMPTY` records without fields is refused, and where a schema has such lists the bound is higher.
Octets that nothing points to go unnoticed. A packed message of several segments is walked through, as pycapnp ends the
process where it is cut short (2.2.4: the destructor of its reader throws). Whatever reads keeps the parser of the
schema alive, without which pycapnp reads memory that is freed.

Several messages of the plain form follow each other as they are.
"""

from collections.abc import Callable
from dataclasses import replace

from serschema.limits import Limits

from sercodecs.capnp.codec import compile, compile_packed
from sercodecs.contract import Carries, Claim, Codec, CodecInfo, Format

FORMAT = Format(
    name="capnp",
    title="Cap'n Proto",
    specification="Cap'n Proto Encoding Spec (capnproto.org)",
    history="By Kenton Varda, who wrote Protocol Buffers version 2; first announced in 2013 (capnproto.org).",
    textual=False,
    self_describing=False,
    byte_order="little",
    canonical=Claim(
        False,
        "Cap'n Proto Encoding: the order and segments of objects are the writer's; the canonical form is one of them",
    ),
    evolution=Claim(
        True, "Cap'n Proto, Evolving Your Protocol: fields with new numbers; those that are gone keep theirs"
    ),
    languages={
        "c": "c-capnproto",
        "cpp": "capnproto",
        "csharp": "Capnp.Net.Runtime",
        "go": "go-capnp",
        "java": "capnproto-java",
        "js": "capnp-es",
        "python": "pycapnp",
        "rust": "capnp",
    },
    carries=Carries(
        bool="Bool, a bit",
        int="Int8 to UInt64, of its width",
        float="Float32, Float64",
        string="Text, with a NUL",
        bytes="Data",
        enum="enum, its place in the declaration",
        timestamp="Int64, microseconds since 1970",
        uuid="Data of 16",
        decimal="Int64, the unscaled integer; Data beyond 18 digits",
        list="List",
        map="List of structs of key and value",
        union="struct with a union, its tag in 16 bits",
        record="struct, a section of numbers and one of pointers",
        optional="union of Void and the value; null pointer where the type is one",
    ),
)
PACKED = replace(FORMAT, name="capnp-packed", title="Cap'n Proto, packed")


def _info(format: Format, compile: Callable[..., Codec], defects: tuple[str, ...]) -> CodecInfo:
    return CodecInfo(
        format=format,
        implementation="pycapnp",
        distribution="pycapnp",
        language="C++",
        licence="BSD-2-Clause",
        limits=Limits(),
        validates=True,
        compile=compile,
        defects=defects,
    )


_BOUND = (
    "pycapnp 2.2.4 counts the words of a message that are read, however often: decode is bounded by 16 times the data, "
    "decode_native, whose message is for reading over and over, is not"
)
_ABORTS = (
    "pycapnp 2.2.4 ends the process where a packed message of several segments is cut short: it is walked through first"
)

CODECS = (_info(FORMAT, compile, (_BOUND,)), _info(PACKED, compile_packed, (_BOUND, _ABORTS)))
