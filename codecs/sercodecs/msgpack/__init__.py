"""MessagePack by msgpack-python, ormsgpack and msgspec, with the names in the data or without them.

With them, a record is a map by `Field.key`, a union a map {"alternative": value} and an enum its symbol: what people
get who pack a dict. `positional` drops the names, as an agreed schema allows: a record is an array in the order of its
fields in which nil stands for an absent one, a union is [index, value], an enum is its number.

In both, a timestamp is the extension type -1 of the specification, bytes and a UUID (16 octets) are bin, a decimal is
its text, and an integer takes the fewest octets. A float takes 64 bits, also where the schema says 32: msgpack-python
chooses its width for a whole message, the others not at all. Nothing is lost. Nothing is checked when reading, except
what the conversions (`sercodecs.tree`) need and, with classes of the schema (`sercodecs.structs`), the types.
The libraries bound every length by that of the data; nesting is bounded by 1024 (msgpack-python), 255 when writing and
1022 when reading (ormsgpack), the interpreter's stack (msgspec).

Several messages are one after the other, without more. msgpack-python finds where each ends without building it: its
`Unpacker` (1.2.4) would make room for what nested arrays only claim to hold, 80 MB for 3000 octets.
ormsgpack (1.13.1) drops the fraction of a second from 0.536871 on: such a timestamp is written here. It also ignores
what follows a message.
"""

from dataclasses import replace
from functools import partial

from serschema.limits import Limits

from sercodecs.contract import Carries, Claim, CodecInfo, Format
from sercodecs.msgpack import libraries
from sercodecs.msgpack.explain import explain, explain_positional
from sercodecs.structs import of_msgspec

FORMAT = Format(
    name="msgpack",
    title="MessagePack",
    specification="MessagePack specification, 2013 and later (with ext and timestamp)",
    history="By Sadayuki Furuhashi, for a distributed file system; the specification of 2013 tells strings from bytes "
    "and adds extension types.",
    textual=False,
    self_describing=True,
    byte_order="big",
    canonical=Claim(False, "the specification lets maps come in any order, and integers in any width"),
    evolution=Claim(True, "entries have keys, and values tell their length, so that others are skipped"),
    languages={
        "c": "msgpack-c",
        "cpp": "msgpack-cxx",
        "csharp": "MessagePack-CSharp",
        "go": "vmihailenco/msgpack",
        "java": "msgpack-java",
        "js": "@msgpack/msgpack",
        "php": "rybakit/msgpack",
        "python": "msgpack",
        "ruby": "msgpack",
        "rust": "rmp-serde",
    },
    carries=Carries(
        bool="true, false",
        int="positive and negative fixint to int 64, the fewest octets",
        float="float 64",
        string="str",
        bytes="bin",
        enum="str, its symbol; its number if positional",
        timestamp="extension -1, timestamp",
        uuid="bin of 16",
        decimal="str",
        list="array",
        map="map",
        union="map of one entry; [index, value] if positional",
        record="map by key; array if positional",
        optional="no entry if absent; nil if positional",
    ),
)
AGREED = replace(FORMAT, self_describing=False)
LIMITS = Limits(integers=(-(1 << 63), (1 << 64) - 1))

_msgspec = partial(of_msgspec, limits=LIMITS)
_msgpack = partial(
    CodecInfo,
    distribution="msgpack",
    language="C",
    licence="Apache-2.0",
    limits=LIMITS,
    validates=False,
    defects=("1.2.4 allots in a stream what nested arrays claim, 80 MB for 3000 octets: messages are cut out first",),
)

CODECS = (
    _msgpack(format=FORMAT, implementation="msgpack", compile=libraries.compile, explain=explain),
    _msgpack(
        format=AGREED,
        implementation="msgpack-positional",
        compile=libraries.compile_positional,
        note="positional",
        lacks={"evolution": "fields have no names or numbers: they are known by their place"},
        explain=explain_positional,
    ),
    CodecInfo(
        format=FORMAT,
        implementation="ormsgpack",
        distribution="ormsgpack",
        language="Rust",
        licence="Apache-2.0 OR MIT",
        limits=LIMITS,
        validates=False,
        compile=libraries.compile_ormsgpack,
        defects=(
            "1.13.1 drops the fraction of a second from 0.536871 s on: such a timestamp is written here",
            "1.13.1 ignores what follows a message: left so",
        ),
        explain=explain,
    ),
    _msgspec(format=FORMAT, implementation="msgspec", compile=libraries.compile_msgspec, explain=explain),
    _msgspec(
        format=FORMAT,
        implementation="msgspec-struct",
        compile=libraries.compile_msgspec_struct,
        note="typed",
        explain=explain,
    ),
    _msgspec(
        format=AGREED,
        implementation="msgspec-array",
        compile=libraries.compile_msgspec_array,
        note="positional",
        lacks={"evolution": "fields have no names or numbers: they are known by their place"},
        explain=explain_positional,
    ),
)
