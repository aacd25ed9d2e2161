"""Lines of text, as the protocols of the Internet have spoken since the 1970s: a header field for each scalar.

    employee.0.firstName: John
    employee.0.lastName: Doe
    .

A line is a field of RFC 5322, section 2.2: name, colon, space, body, CRLF; text is UTF-8 (RFC 6532). A message ends in
a line with a period alone, as in SMTP and NNTP, and a line that begins with a period gets another in front (RFC 5321,
section 4.5.2; RFC 3977, section 3.1.1). Lines come in the order of the schema; names distinguish upper and lower case.

- The name of a field is the way to it: members by `Field.name` (that of a union's alternative is all that tells which
  it is), items of a list by their index from 0, entries of a map by their key, joined by periods.
- What is empty is a line with an empty body: a string, bytes, a list, a map, a record without anything present. What is
  absent has no line. An empty message has none but its last.
- `%` and two hexadecimal digits stand for an octet of UTF-8 (RFC 3986, section 2.1). In a body, so are written `%`
  itself, a space at either end, and the controls and separators that RFC 5198, section 2 keeps out of text: CR and LF,
  the rest of C0, DEL, C1, U+2028, U+2029. In a key, all but ASCII letters, digits, `-`, `_` and `~`.
- A line of more than 998 octets (RFC 5322, section 2.1.1) is broken by `%` at the end of a line, as quoted-printable
  does with `=` (RFC 2045, section 6.7, rule 5). Folding needs white space, which a long text may not have.
- The text of each kind is that of `sercodecs.literal`.

A reader takes the fields in the order of the schema, each required one, none unknown or given twice, and nothing after
the last line; no control character, so no CR or LF alone. It takes an escape where none is needed, and a soft break
anywhere. Nothing is lost. A key stands in the name of every line below it: long keys cost by what they hold.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from serschema.limits import Limits
from serschema.model import Schema, Value

from sercodecs.contract import (
    Carries,
    Claim,
    Codec,
    CodecInfo,
    DecodeError,
    Format,
    Path,
    decode_error,
    encode_error,
    streams,
)
from sercodecs.literal import NAMES
from sercodecs.source import Source
from sercodecs.text.explain import explain
from sercodecs.text.framing import body_of, escape, escape_key, fields, frame, read_all, unescape, write_all
from sercodecs.text.reader import Reader, generate_leaf, leaf
from sercodecs.text.writer import Writer

FORMAT = Format(
    name="text",
    title="Header lines",
    specification="RFC 5322 fields, RFC 3977 section 3.1.1 framing, RFC 3986 escapes",
    history="The header fields of mail, RFC 733 (1977) and RFC 822 (1982), taken over by NNTP, HTTP, SIP and others.",
    textual=True,
    self_describing=True,
    byte_order="none",
    canonical=Claim(False, "RFC 5322, 2.2.3 and 3.6: lines may be folded, and come in any order"),
    evolution=Claim(False, "a field that is not due is refused, as one that was misspelt"),
    languages={
        "python": "serbench",
    },
    carries=Carries(
        bool="true, false",
        int="decimal text",
        float="shortest decimal text",
        string="text, percent-escaped where a line cannot show it",
        bytes="base64",
        enum="its symbol",
        timestamp="RFC 3339",
        uuid="text",
        decimal="text",
        list="a line for each item, its index in the name",
        map="a line for each entry, its key in the name",
        union="the alternative in the name",
        record="lines whose names begin with the way to it",
        optional="no line if absent",
    ),
)


def _missing(names: list[str], pos: int, *wanted: str) -> DecodeError:
    """What to raise where these fields are due and others come."""
    found = names[pos : pos + len(wanted)]
    due, there = next(((a, b) for a, b in zip(wanted, found) if a != b), (wanted[0], ""))
    return DecodeError(f"the field {due[:60]!r} is due, {f'not {there[:60]!r}' if there else 'and nothing comes'}")


def _empty(bodies: list[str], pos: int) -> int:
    if bodies[pos]:
        raise DecodeError(f"{bodies[pos][:40]!r} where something empty has nothing")
    return pos + 1


RUNTIME: dict[str, Any] = {
    **NAMES,
    "DecodeError": DecodeError,
    "body_of": body_of,
    "decode_error": decode_error,
    "empty": _empty,
    "encode_error": encode_error,
    "escape": escape,
    "escape_key": escape_key,
    "fields": fields,
    "frame": frame,
    "missing": _missing,
    "unescape": unescape,
}


def compile(schema: Schema) -> Codec:
    """Specialise for a schema; every schema can be carried."""
    source = Source(f"text {schema.root}")
    source.globals |= RUNTIME
    source.globals["SCHEMA"] = schema
    Writer(schema, source).generate()
    Reader(schema, source).generate()
    encode, decode = source.build("encode", "decode")

    def access(path: Path) -> Callable[[bytes], Value]:
        name, type_ = leaf(schema, path)
        reader = Source(f"text {name}")
        reader.globals |= RUNTIME
        reader.globals["NAME"] = name
        generate_leaf(schema, reader, type_)
        return reader.build("read")[0]

    return Codec(
        encode=encode,
        decode=decode,
        access=access,
        source=source.text(),
        **streams(schema, partial(write_all, encode), partial(read_all, decode)),
    )


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(),
        validates=True,
        compile=compile,
        explain=explain,
    ),
)
