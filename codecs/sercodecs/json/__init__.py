"""JSON (RFC 8259), an object for a record, by several libraries; all are made to write the same members.

A record is an object by `Field.key`, an absent optional field has no member; a list is an array; a map is an object
whose keys are strings ("-7", "true"); a union is an object with the one member {"alternative": value}. Bytes are base64
(RFC 4648, section 4), a timestamp is RFC 3339 with `Z`, a UUID and a decimal are their text in a string, an enum is
its symbol. Several messages are JSON Lines: each on a line of its own.

What a library writes by itself in this form is left to it; the rest is converted by functions generated for the schema
(`conversions.py`). Decoding makes the value again from the schema, with one care that the schema has to bring: JSON has
one type of number (section 6), so `102` in a field of floats is 102.0. Nothing else is checked.
`msgspec-struct` has classes of the schema (`sercodecs.structs`), by which the library reads and checks types itself.

Lost: NaN payloads (those that write the usual extension NaN), NaN and infinities (orjson and msgspec write null, which
is read as NaN). simdjson only reads: its codec writes by the standard library, and refuses what simdjson would not read
(NaN, infinities). What differs in reading is a table in `tests/test_json.py`.
Bounds of nesting: orjson 254 arrays and objects inside one another when writing, 1024 when reading; ujson 1024,
simdjson 1023 when reading; the others the interpreter's stack.
"""

from functools import partial

from serschema.limits import Limits

from sercodecs.contract import Carries, Claim, CodecInfo, Format
from sercodecs.json import libraries
from sercodecs.json.explain import explain
from sercodecs.structs import of_msgspec

FORMAT = Format(
    name="json",
    title="JSON",
    specification="RFC 8259",
    history="RFC 4627 (2006), a subset of ECMAScript's literals; ECMA-404 (2013); a Standard (STD 90) since RFC 8259 "
    "(2017), which demands UTF-8.",
    textual=True,
    self_describing=True,
    byte_order="none",
    canonical=Claim(
        False,
        "RFC 8259, 2 and 4: white space, escapes, the order of members; RFC 8785 has a canonical form",
    ),
    evolution=Claim(True, "RFC 7493, 4.2: members that are not known are ignored"),
    languages={
        "c": "yyjson",
        "cpp": "nlohmann/json",
        "csharp": "System.Text.Json",
        "go": "encoding/json",
        "java": "Jackson",
        "js": "JSON",
        "php": "json",
        "python": "json",
        "ruby": "json",
        "rust": "serde_json",
        "swift": "Foundation",
    },
    carries=Carries(
        bool="true, false",
        int="number",
        float="number",
        string="string",
        bytes="string, base64",
        enum="string, its symbol",
        timestamp="string, RFC 3339",
        uuid="string",
        decimal="string",
        list="array",
        map="object, keys as strings",
        union="object of one member",
        record="object by key",
        optional="no member if absent",
    ),
)
INTEGERS = (-(1 << 63), (1 << 64) - 1)

_codec = partial(CodecInfo, format=FORMAT, validates=False, explain=explain)
_msgspec = partial(of_msgspec, format=FORMAT, limits=Limits(nan="canonical", infinity="nan"), explain=explain)

CODECS = (
    _codec(
        implementation="orjson",
        distribution="orjson",
        language="Rust",
        licence="MPL-2.0 AND (Apache-2.0 OR MIT)",
        limits=Limits(integers=INTEGERS, nan="canonical", infinity="nan"),
        compile=libraries.compile_orjson,
    ),
    _codec(
        implementation="stdlib",
        distribution="python",
        language="C",
        licence="PSF-2.0",
        limits=Limits(nan="canonical"),
        compile=libraries.compile_stdlib,
    ),
    _msgspec(implementation="msgspec", compile=libraries.compile_msgspec),
    _msgspec(implementation="msgspec-struct", compile=libraries.compile_msgspec_struct, note="typed"),
    _codec(
        implementation="ujson",
        distribution="ujson",
        language="C",
        licence="BSD-3-Clause AND TCL",
        limits=Limits(nan="canonical"),
        compile=libraries.compile_ujson,
        defects=(
            "6.1.0 takes control characters in strings, leading zeros, `1.`, and halves of surrogate pairs: left so",
        ),
    ),
    _codec(
        implementation="rapidjson",
        distribution="python-rapidjson",
        language="C++",
        licence="MIT",
        limits=Limits(nan="canonical"),
        compile=libraries.compile_rapidjson,
        defects=("1.25 ignores what follows U+0000 after a message: left so",),
    ),
    _codec(
        implementation="simdjson",
        distribution="pysimdjson",
        language="C++",
        licence="MIT",
        limits=Limits(integers=INTEGERS, nan="refused", infinity="refused"),
        compile=libraries.compile_simdjson,
        note="encodes with the standard library",
        defects=("7.0.2 cuts a JSON pointer at U+0000: such a leaf is looked for in the decoded message",),
    ),
)
