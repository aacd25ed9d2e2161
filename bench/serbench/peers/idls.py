"""What compilers of other languages read of a schema: its text in their IDL, and how they call the root type."""

from typing import Any

from serschema.errors import SchemaError
from serschema.idl import asn1, capnp, corba, flatbuffers, msidl, thrift, xdr
from serschema.model import Schema, Union

from serbench.peers.xdr import types


def to_xdr(schema: Schema) -> Any:
    """The types too, for who reads without a compiler."""
    return {"idl": xdr.write(schema), "root": xdr.root(schema), "types": types(schema)}


def to_corba(schema: Schema) -> Any:
    return {"idl": corba.write(schema), "root": corba.root(schema)}


def to_asn1(schema: Schema) -> Any:
    return {"idl": asn1.write(schema), "root": asn1.root(schema)}


def to_thrift(schema: Schema) -> Any:
    return {"idl": thrift.write(schema, for_cpp=True), "root": thrift.root(schema)}


def to_capnp(schema: Schema) -> Any:
    return {"idl": capnp.write(schema), "root": capnp.type_names(schema)[schema.root]}


def to_flatbuffers(schema: Schema) -> Any:
    return {"idl": flatbuffers.write(schema), "root": flatbuffers.root(schema)}


def to_pidl(format: str, schema: Schema) -> Any:
    """Refused is a union where a structure, which Samba's pidl has instead, would be padded otherwise."""
    from sercodecs.ndr.layout import Layout, Syntax

    wide = format == "ndr64"
    layout = Layout(schema, Syntax("little", wide))
    for type in schema.types:
        if isinstance(type, Union):
            arms = {layout.alignment(arm.type, layout.indirect(type, arm)) for arm in type.alternatives}
            if max(arms) > 4 if not wide else len(arms) > 1 or min(arms) < 4:
                raise SchemaError(
                    f"{type.name}: pidl has no encapsulated unions, and a structure would be padded otherwise"
                )
    return {"idl": msidl.write(schema), "root": msidl.root(schema)}
