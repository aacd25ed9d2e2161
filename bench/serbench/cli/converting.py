"""Commands that handle one value, from standard input to standard output."""

import sys

import click

from serbench.cli import completion
from serbench.cli.base import commands, epilog, hex_option, json_option, one_codec, one_schema, tell


def _single(command: str, spec: str, *codecs: str, **options: bool) -> None:
    """One value from standard input to standard output; what could be done comes before the error."""
    from serbench import inputs, single

    output = getattr(single, command)(inputs.schema(spec), *codecs, sys.stdin.buffer.read(), **options)
    for note in output.notes:
        tell(note)
    click.echo(output.data, nl=False)
    if output.error:
        raise output.error


@commands.command(
    epilog=epilog(
        "serbench encode --schema employee --codec xdr --hex < ana.json",
        "serbench encode --schema person.proto --codec json/orjson < person.json > person.min.json",
    )
)
@one_schema
@one_codec
@hex_option
def encode(spec: str, codec: str, as_hex: bool) -> None:
    """Encode one value, JSON on standard input; what is lost is said on standard error.

    The JSON is that of data files: the mapping of Protocol Buffers or serbench's own form.
    """
    _single("encode", spec, codec, as_hex=as_hex)


@commands.command(
    epilog=epilog(
        "serbench decode --schema employee --codec xdr < ana.xdr",
        "xxd -p ana.xdr | serbench decode --schema employee --codec xdr --hex",
    )
)
@one_schema
@one_codec
@hex_option
def decode(spec: str, codec: str, as_hex: bool) -> None:
    """Print the value of an encoding, octets on standard input, as JSON.

    Octets that are no encoding of a value of the schema are one line on standard error, with the place where it is
    known, and exit code 2.
    """
    _single("decode", spec, codec, as_hex=as_hex)


@commands.command(
    epilog=epilog(
        "serbench convert --schema employee --from json --to xdr --hex < ana.json",
        "serbench convert --schema person.proto --from protobuf --to cbor < person.pb > person.cbor",
    )
)
@one_schema
@click.option(
    "--from", "source", required=True, metavar="C", shell_complete=completion.codecs, help="The codec of what is read."
)
@click.option(
    "--to", "target", required=True, metavar="C", shell_complete=completion.codecs, help="The codec of what is written."
)
@hex_option
def convert(spec: str, source: str, target: str, as_hex: bool) -> None:
    """Convert an encoding, octets on standard input, into another codec's.

    --hex is for the binary ones of the two, text stays text. What is lost is said on standard error.
    """
    _single("convert", spec, source, target, as_hex=as_hex)


@commands.command(
    epilog=epilog(
        "serbench explain --schema employee --codec xdr < ana.xdr",
        "serbench encode -s employee -c java < ana.json | serbench explain -s employee -c java",
        "serbench explain --schema employee --codec xdr --summary < ana.xdr",
    )
)
@one_schema
@one_codec
@hex_option
@click.option("--summary", is_flag=True, help="Octets by purpose: content, names, tags, lengths, padding...")
@json_option
def explain(spec: str, codec: str, as_hex: bool, summary: bool, as_json: bool) -> None:
    """Print an encoding as an annotated hexdump: offset, octets, purpose, meaning, path.

    Every octet on standard input is accounted for, as content, name, tag, length, padding, presence or structure
    (punctuation, headers, ends). Of an encoding that is wrong, what comes before the error is explained, with exit code
    2. Which formats can be explained is said where one cannot.
    """
    _single("explain", spec, codec, as_hex=as_hex, summary=summary, as_json=as_json)
