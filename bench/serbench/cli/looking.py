"""Commands that show what there is, and that handle one schema; and the shell's script."""

from typing import TYPE_CHECKING, Any

import click

from serbench.cli import completion as complete
from serbench.cli.base import (
    UsageError,
    commands,
    epilog,
    json_option,
    one_codec,
    one_schema,
    print_json,
    tell,
)

if TYPE_CHECKING:
    from sercodecs.contract import CodecInfo, Property


WRITERS = {
    "asn1": "asn1",
    "avro": "avro",
    "capnp": "capnp",
    "corba": "corba",
    "flatbuffers": "flatbuffers",
    "java": "java",
    "jsonschema": "jsonschema",
    "ms-idl": "msidl",
    "proto": "proto",
    "thrift": "thrift",
    "xdr": "xdr",
    "xsd": "xsd",
}
"""The schema languages, each with its module of `serschema.idl`, which has `write(schema)`."""


@commands.command("codecs", epilog=epilog("serbench codecs", "serbench codecs --json", "serbench codecs --kinds"))
@click.option("--kinds", is_flag=True, help="How each format carries each kind of value, as Markdown.")
@json_option
def list_codecs(kinds: bool, as_json: bool) -> None:
    """What is measured: libraries, versions, properties, limits, and how to install what is missing.

    An id is FORMAT/IMPLEMENTATION; either may stand for C in --codec. The limits are what a codec loses (a near value
    comes back, and the report says so) or refuses. Status is ok, or the command that brings the library.
    """
    from sercodecs import registry

    from serbench.report import terminal
    from serbench.report.summary import kind_of

    if kinds and as_json:
        raise UsageError("--kinds is Markdown: leave --json out")
    if kinds:
        from serbench.report import kinds as table

        click.echo(table.render(), nl=False)
        return
    rows = [_described(info) for info in registry.codecs()]
    if as_json:
        print_json(rows)
        return
    titles = ["id", "library", "written in", "licence", "kind", "byte order", "limits", "status"]
    terminal.listing(
        titles,
        (
            [
                row["id"] + (" (control)" if row["control"] else ""),
                f"{row['distribution']} {row['version']}".strip(),
                row["language"],
                row["licence"],
                ", ".join(kind_of(row)),
                ", ".join(row["orders"]) or row["byte_order"],
                row["limits"],
                row["status"],
            ]
            for row in rows
        ),
        terminal.console(),
        spare=("licence", "byte order", "written in", "limits", "kind", "library"),
    )


def _described(info: "CodecInfo") -> dict[str, Any]:
    from sercodecs.registry import missing

    from serbench.report import limits

    lacking = missing(info)
    return {
        "id": info.id,
        "title": info.format.title,
        "specification": info.format.specification,
        "distribution": info.distribution,
        "version": "" if lacking else info.version(),
        "language": info.language,
        "licence": info.licence,
        "textual": info.format.textual,
        "self_describing": info.format.self_describing,
        "byte_order": info.format.byte_order,
        "canonical": _claimed(info, "canonical"),
        "evolution": _claimed(info, "evolution"),
        "languages": dict(info.format.languages),
        "orders": list(info.orders),
        "validates": info.validates,
        "control": info.control,
        "note": info.note,
        "defects": list(info.defects),
        "limits": limits.brief(info.limits),
        "status": lacking or "ok",
    }


def _claimed(info: "CodecInfo", name: "Property") -> dict[str, Any]:
    """A property of the format, less what the codec lacks."""
    claim = getattr(info.format, name)
    lacking = info.lacks.get(name)
    return {
        "holds": claim.holds and lacking is None,
        "rule": lacking or claim.rule,
        "except_for": list(claim.except_for),
    }


@commands.command("schemas", epilog=epilog("serbench schemas", "serbench schemas --json"))
@json_option
def list_schemas(as_json: bool) -> None:
    """The shared schemas, and how much is in their messages.

    Information is what the leaves of a value hold, in bytes: names, tags, lengths and padding count nothing. Those that
    take --records make their data, with --seed, and `serbench run --scale` has them in several sizes.
    """
    from serschema import shared
    from serschema.values import information

    from serbench.report import terminal

    rows = [
        {
            "name": held.name,
            "root": held.schema.root,
            "messages": len(held.values),
            "information_bytes": sum(information(value, held.schema) for value in held.values),
            "scalable": held.scalable,
            "description": held.title,
        }
        for held in map(shared.load, shared.NAMES)
    ]
    if as_json:
        print_json(rows)
        return
    titles = ["name", "root", "messages", "information, bytes", "takes --records", "description"]
    shown = ([("yes" if cell else "no") if isinstance(cell, bool) else cell for cell in row.values()] for row in rows)
    terminal.listing(titles, shown, terminal.console(), spare=("takes --records", "messages", "root", titles[3]))


@commands.command("show-source", epilog=epilog("serbench show-source --codec xdr --schema employee"))
@one_codec
@one_schema
def show_source(codec: str, spec: str) -> None:
    """Print the Python that a codec generates for a schema.

    Codecs written here generate all of it; those over a library, the conversions to the library's objects and back.
    """
    from sercodecs import registry

    from serbench import inputs

    infos = registry.find([codec])
    if len(infos) > 1:
        raise UsageError(f"{codec} is several codecs: choose one of {', '.join(info.id for info in infos)}")
    if command := registry.missing(infos[0]):
        raise UsageError(f"{infos[0].id} is not installed: {command}")
    source = infos[0].compile(inputs.schema(spec)).source
    if not source:
        raise UsageError(f"{infos[0].id} generates no source: it calls its library directly")
    click.echo(source, nl=False)


@commands.command(
    "schema",
    epilog=epilog(
        "serbench schema employee --to java",
        "serbench schema person.proto:Person --to avro > person.avsc",
    ),
)
@click.argument("spec", metavar="S", shell_complete=complete.schemas)
@click.option(
    "--to",
    "language",
    required=True,
    metavar="LANGUAGE",
    shell_complete=lambda _context, _parameter, incomplete: [name for name in WRITERS if name.startswith(incomplete)],
    help=f"One of: {', '.join(WRITERS)}.",
)
def translate(spec: str, language: str) -> None:
    """Print a schema in another schema language, for other people's compilers.

    S is a shared schema, FILE[:TYPE] or module:Type. What JSON Schema, ASN.1, Thrift and XML Schema
    cannot say is in attributes, from which serbench reads the same schema again.
    """
    from importlib import import_module

    from serbench import inputs

    if language not in WRITERS:
        raise UsageError(f"no writer for {language!r}; there are {', '.join(WRITERS)}")
    held = inputs.schema(spec)
    for note in inputs.noted(spec, held):
        tell(note)
    click.echo(import_module(f"serschema.idl.{WRITERS[language]}").write(held), nl=False)


@commands.command(
    "infer", epilog=epilog("serbench infer people.jsonl > people.proto", "zcat log.gz | serbench infer -")
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete.files)
def infer_schema(files: tuple[str, ...]) -> None:
    """Print the schema that data has, as .proto, to be saved, edited and given to --schema.

    FILE is JSON or JSON Lines, plain, .gz or .zst, a folder of such, or - for standard input. It is read once, as a
    stream. What was chosen and could have been chosen otherwise is told on standard error.
    """
    from serschema.idl import proto
    from serschema.load.infer import infer

    found = infer(files)
    for note in found.schema.notes:
        tell(note)
    click.echo(proto.write(found.schema), nl=False)


SHELLS = ("bash", "zsh", "fish")


@commands.command(
    "completion",
    epilog=epilog(
        'eval "$(serbench completion bash)"',
        "serbench completion bash > ~/.local/share/bash-completion/completions/serbench",
        "serbench completion zsh > ~/.zfunc/_serbench",
        "serbench completion fish > ~/.config/fish/completions/serbench.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a script with which a shell completes commands, options, codecs, formats, schemas and runs.

    bash 4.4 or newer. The script asks serbench itself each time, so it need not be made again for a new version.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(commands, {}, "serbench", "_SERBENCH_COMPLETE").source(), nl=False)
