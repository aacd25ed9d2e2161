//! The worker: frames of a 4-octet length and JSON on standard input and output, see ../../__init__.py.

use crate::timing;
use crate::trees::{hex, unhex, Result};
use serde_json::{json, Value as Tree};
use std::io::{Read, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// What a format does: octets and the library's own values, and these and trees.
pub trait Format {
    type Native;
    fn decode(&self, data: &[u8]) -> Result<Self::Native>;
    fn encode(&self, value: &Self::Native) -> Result<Vec<u8>>;

    fn tree(&self, _: &Self::Native) -> Result<Tree> {
        Err("generated code has no trees".into())
    }

    fn native(&self, _: &Tree) -> Result<Self::Native> {
        Err("generated code has no trees".into())
    }
}

/// What is asked of any format.
pub trait Codec {
    fn read(&self, data: &[u8]) -> Result<Tree>;
    fn write(&self, tree: &Tree) -> Result<Vec<u8>>;
    fn again(&self, data: &[u8]) -> Result<Vec<u8>>;
    /// The rows of its operations, and the nanoseconds that their samples took.
    fn time(&self, request: &Tree) -> Result<(Vec<Tree>, u64)>;
}

impl<F: Format> Codec for F {
    fn read(&self, data: &[u8]) -> Result<Tree> {
        self.tree(&self.decode(data)?)
    }

    fn write(&self, tree: &Tree) -> Result<Vec<u8>> {
        self.encode(&self.native(tree)?)
    }

    fn again(&self, data: &[u8]) -> Result<Vec<u8>> {
        self.encode(&self.decode(data)?)
    }

    fn time(&self, request: &Tree) -> Result<(Vec<Tree>, u64)> {
        timing::time(self, request)
    }
}

type Open = fn(&Tree) -> Result<Box<dyn Codec>>;

/// What becomes of an item, or why nothing does.
fn attempt(done: impl FnOnce() -> Result<Tree>) -> Tree {
    match catch_unwind(AssertUnwindSafe(done)) {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => json!({ "failed": error.to_string() }),
        Err(_) => json!({ "failed": "panicked" }),
    }
}

fn answer(request: &Tree, open: Open) -> Vec<Tree> {
    let opened = open(request).map_err(|error| error.to_string());
    let asked = request["request"].as_str().unwrap_or("");
    let items = request[if asked == "write" { "trees" } else { "data" }].as_array();
    let convert = |item: &Tree| -> Result<Tree> {
        let codec = opened.as_ref().map_err(|error| error.clone())?;
        let octets = || unhex(item.as_str().ok_or("no octets")?);
        Ok(match asked {
            "read" => codec.read(&octets()?)?,
            "again" => hex(&codec.again(&octets()?)?).into(),
            _ => hex(&codec.write(item)?).into(),
        })
    };
    items.into_iter().flatten().map(|item| attempt(|| convert(item))).collect()
}

/// The rows of a format whose timing is asked for, and the last frame.
fn timed(request: &Tree, open: Open) -> Vec<Tree> {
    let mut told = (Vec::new(), 0);
    let failed = attempt(|| {
        told = open(request)?.time(request)?;
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

pub fn send(output: &mut impl Write, frame: &Tree) -> Result<()> {
    let data = serde_json::to_vec(frame)?;
    output.write_all(&(data.len() as u32).to_be_bytes())?;
    output.write_all(&data)?;
    Ok(output.flush()?)
}

/// The next frame, or none where the stream ends.
pub fn receive(input: &mut impl Read) -> Result<Option<Tree>> {
    let mut head = [0; 4];
    if input.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    let mut data = vec![0; u32::from_be_bytes(head) as usize];
    input.read_exact(&mut data)?;
    Ok(Some(serde_json::from_slice(&data)?))
}

/// Say hello, and answer requests until there are no more.
pub fn serve(hello: Option<Tree>, open: Open) -> Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut frames: Vec<Tree> = hello.into_iter().collect();
    loop {
        for frame in &frames {
            send(&mut output, frame)?;
        }
        let Some(request) = receive(&mut input)? else {
            return Ok(());
        };
        frames = match request["request"] == "time" {
            true => timed(&request, open),
            false => vec![json!({ "done": answer(&request, open) })],
        };
    }
}
