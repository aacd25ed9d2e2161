//! The worker: frames of a 4-octet length and JSON on standard input and output, see ../../__init__.py.

mod avro;
mod cbor;
mod document;
mod json;
mod msgpack;
mod protobuf;
mod trees;
mod xml;

use serde_json::{json, Value as Tree};
use std::io::{Read, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use trees::Result;

/// What a format does with octets and trees.
trait Codec {
    fn read(&self, data: &[u8]) -> Result<Tree>;
    fn write(&self, tree: &Tree) -> Result<Vec<u8>>;
}

/// A codec for what a schema describes.
fn open(format: &str, schema: &Tree) -> Result<Box<dyn Codec>> {
    Ok(match format {
        "json" => Box::new(json::Json),
        "xml" | "xml-attributes" => Box::new(xml::Xml),
        "msgpack" => Box::new(msgpack::Msgpack),
        "cbor" => Box::new(cbor::Cbor),
        "bson" => Box::new(document::Bson),
        "protobuf" => Box::new(protobuf::Protobuf::open(schema)?),
        "avro" => Box::new(avro::Avro::open(schema)?),
        _ => return Err(format!("no format {format}").into()),
    })
}

/// The dependencies of the manifest, each with its version.
fn libraries() -> Tree {
    let crates = [
        ("json", "serde_json"),
        ("xml", "quick-xml"),
        ("xml-attributes", "quick-xml"),
        ("msgpack", "rmpv"),
        ("cbor", "ciborium"),
        ("bson", "bson"),
        ("protobuf", "prost-reflect"),
        ("avro", "apache-avro"),
    ];
    let line = |name: &str| include_str!("../Cargo.toml").lines().find(|line| line.starts_with(&format!("{name} = ")));
    let version = |name: &str| line(name).and_then(|line| line.split_once('=')?.1.split('"').find(|part| part.starts_with('=')));
    let told = |name: &str| format!("{name} {}", version(name).unwrap_or("?").trim_start_matches('='));
    Tree::Object(crates.iter().map(|(format, name)| (format.to_string(), told(name).into())).collect())
}

/// What becomes of an item, or why nothing does.
fn attempt(done: impl FnOnce() -> Result<Tree>) -> Tree {
    match catch_unwind(AssertUnwindSafe(done)) {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => json!({ "failed": error.to_string() }),
        Err(_) => json!({ "failed": "panicked" }),
    }
}

fn answer(request: &Tree) -> Vec<Tree> {
    let (format, schema) = (request["format"].as_str().unwrap_or(""), &request["schema"]);
    let opened = open(format, schema).map_err(|error| error.to_string());
    let reading = request["request"] == "read";
    let items = request[if reading { "data" } else { "trees" }].as_array();
    let convert = |item: &Tree| -> Result<Tree> {
        let codec = opened.as_ref().map_err(|error| error.clone())?;
        if reading {
            codec.read(&trees::unhex(item.as_str().ok_or("no octets")?)?)
        } else {
            Ok(trees::hex(&codec.write(item)?).into())
        }
    };
    items.into_iter().flatten().map(|item| attempt(|| convert(item))).collect()
}

fn main() -> Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut frame = json!({ "hello": "serbench peer", "protocol": 1, "formats": libraries() });
    loop {
        let data = serde_json::to_vec(&frame)?;
        output.write_all(&(data.len() as u32).to_be_bytes())?;
        output.write_all(&data)?;
        output.flush()?;
        let mut head = [0; 4];
        if input.read_exact(&mut head).is_err() {
            return Ok(());
        }
        let mut data = vec![0; u32::from_be_bytes(head) as usize];
        input.read_exact(&mut data)?;
        frame = json!({ "done": answer(&serde_json::from_slice(&data)?) });
    }
}
