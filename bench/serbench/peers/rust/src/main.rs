//! The worker: frames of a 4-octet length and JSON on standard input and output, see ../../__init__.py.

mod avro;
mod cbor;
mod document;
mod json;
mod msgpack;
mod protobuf;
mod thrift;
mod timing;
mod trees;
mod xml;

use serde_json::{json, Map, Value as Tree};
use std::io::{Read, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use trees::Result;

/// What a format does: octets and the library's own values, and these and trees.
trait Format {
    type Native;
    fn decode(&self, data: &[u8]) -> Result<Self::Native>;
    fn encode(&self, value: &Self::Native) -> Result<Vec<u8>>;
    fn tree(&self, value: &Self::Native) -> Result<Tree>;
    fn native(&self, tree: &Tree) -> Result<Self::Native>;
}

/// What is asked of any format.
trait Codec {
    fn read(&self, data: &[u8]) -> Result<Tree>;
    fn write(&self, tree: &Tree) -> Result<Vec<u8>>;
    fn time(&self, request: &Tree) -> Result<(Vec<Tree>, u64)>;
}

impl<F: Format> Codec for F {
    fn read(&self, data: &[u8]) -> Result<Tree> {
        self.tree(&self.decode(data)?)
    }

    fn write(&self, tree: &Tree) -> Result<Vec<u8>> {
        self.encode(&self.native(tree)?)
    }

    fn time(&self, request: &Tree) -> Result<(Vec<Tree>, u64)> {
        timing::time(self, request)
    }
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
        "thrift-binary" => Box::new(thrift::Thrift::Binary),
        "thrift-compact" => Box::new(thrift::Thrift::Compact),
        _ => return Err(format!("no format {format}").into()),
    })
}

/// Each format with its crate, and with the values that are timed if they are what its users have.
const FORMATS: [(&str, &str, Option<&str>); 10] = [
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
];

/// The dependencies of the manifest, each with its version.
fn libraries() -> Tree {
    let manifest = include_str!("../Cargo.toml");
    let line = |name: &str| manifest.lines().find(|line| line.starts_with(&format!("{name} = ")));
    let version = |name: &str| line(name)?.split_once('=')?.1.split('"').find(|part| part.starts_with('='));
    let told = |name: &str| format!("{name} {}", version(name).unwrap_or("?").trim_start_matches('='));
    FORMATS.iter().map(|(format, name, _)| (format.to_string(), told(name).into())).collect::<Map<_, _>>().into()
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

/// The rows of a format whose timing is asked for, and the last frame.
fn timed(request: &Tree) -> Vec<Tree> {
    let (format, schema) = (request["format"].as_str().unwrap_or(""), &request["schema"]);
    let mut told = (Vec::new(), 0);
    let failed = attempt(|| {
        told = open(format, schema)?.time(request)?;
        Ok(Tree::Null)
    });
    let (mut frames, measured) = told;
    if let Some(reason) = failed.get("failed") {
        let operations = request["operations"].as_array().into_iter().flatten();
        frames.extend(operations.map(|name| json!({ "row": { "operation": name, "reason": reason } })));
    }
    frames.push(json!({ "done": { "measured_ns": measured } }));
    frames
}

fn send(output: &mut impl Write, frame: &Tree) -> Result<()> {
    let data = serde_json::to_vec(frame)?;
    output.write_all(&(data.len() as u32).to_be_bytes())?;
    output.write_all(&data)?;
    Ok(output.flush()?)
}

fn main() -> Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let objects = FORMATS.iter().filter_map(|(format, _, objects)| Some((format.to_string(), (*objects)?.into())));
    let timing = timing::told(objects.collect::<Map<_, _>>().into());
    let hello = json!({ "hello": "serbench peer", "protocol": 1, "formats": libraries(), "timing": timing });
    let mut frames = vec![hello];
    loop {
        for frame in &frames {
            send(&mut output, frame)?;
        }
        let mut head = [0; 4];
        if input.read_exact(&mut head).is_err() {
            return Ok(());
        }
        let mut data = vec![0; u32::from_be_bytes(head) as usize];
        input.read_exact(&mut data)?;
        let request: Tree = serde_json::from_slice(&data)?;
        frames = match request["request"] == "time" {
            true => timed(&request),
            false => vec![json!({ "done": answer(&request) })],
        };
    }
}
