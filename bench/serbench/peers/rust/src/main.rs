//! The formats, and the crates that they are read and written by.

mod asn1;
mod avro;
mod cbor;
mod document;
mod json;
mod msgpack;
mod protobuf;
mod thrift;
mod timing;
mod trees;
mod worker;
mod xml;

use serde_json::{json, Map, Value as Tree};
use trees::Result;
use worker::{Codec, Format};

/// A codec for what a schema describes.
fn open(request: &Tree) -> Result<Box<dyn Codec>> {
    let schema = &request["schema"];
    Ok(match request["format"].as_str().unwrap_or("") {
        "json" => Box::new(json::Json),
        "xml" | "xml-attributes" => Box::new(xml::Xml),
        "msgpack" => Box::new(msgpack::Msgpack),
        "cbor" => Box::new(cbor::Cbor),
        "bson" => Box::new(document::Bson),
        "protobuf" => Box::new(protobuf::Protobuf::open(schema)?),
        "avro" => Box::new(avro::Avro::open(schema)?),
        "thrift-binary" => Box::new(thrift::Thrift::Binary),
        "thrift-compact" => Box::new(thrift::Thrift::Compact),
        "asn1-ber" | "asn1-der" | "asn1-per" | "asn1-uper" | "asn1-oer" => Box::new(asn1::Asn1::open(request)?),
        other => return Err(format!("no format {other}").into()),
    })
}

/// Each format with its crate, and with the values that are timed if they are what its users have.
const FORMATS: [(&str, &str, Option<&str>); 15] = [
    ("json", "serde_json", Some("Value trees")),
    ("xml", "quick-xml", Some("elements over events")),
    ("xml-attributes", "quick-xml", Some("elements over events")),
    ("msgpack", "rmpv", Some("Value trees")),
    ("cbor", "ciborium", Some("Value trees")),
    ("bson", "bson", Some("Documents")),
    ("protobuf", "prost-reflect", Some("dynamic messages")),
    ("avro", "apache-avro", Some("Value trees")),
    ("thrift-binary", "thrift", None),
    ("thrift-compact", "thrift", None),
    ("asn1-ber", "rasn", Some("generated types")),
    ("asn1-der", "rasn", Some("generated types")),
    ("asn1-per", "rasn", Some("generated types")),
    ("asn1-uper", "rasn", Some("generated types")),
    ("asn1-oer", "rasn", Some("generated types")),
];

/// The dependencies of the manifests, each with its version.
fn libraries() -> Tree {
    let manifest = concat!(include_str!("../Cargo.toml"), include_str!("../asn1/Cargo.toml"));
    let line = |name: &str| manifest.lines().find(|line| line.starts_with(&format!("{name} = ")));
    let version = |name: &str| line(name)?.split_once('=')?.1.split('"').find(|part| part.starts_with('='));
    let told = |name: &str| format!("{name} {}", version(name).unwrap_or("?").trim_start_matches('='));
    FORMATS.iter().map(|(format, name, _)| (format.to_string(), told(name).into())).collect::<Map<_, _>>().into()
}

fn main() -> Result<()> {
    let objects = FORMATS.iter().filter_map(|(format, _, objects)| Some((format.to_string(), (*objects)?.into())));
    let timing = timing::told(objects.collect::<Map<_, _>>().into());
    let hello = json!({ "hello": "serbench peer", "protocol": 1, "formats": libraries(), "timing": timing });
    worker::serve(Some(hello), open)
}
