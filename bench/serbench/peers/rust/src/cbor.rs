//! CBOR by ciborium.

use crate::trees::{integer, kind, octets, pairs, real, seen, Result, Seen};
use crate::Format;
use ciborium::value::{Integer, Value};
use serde_json::{json, Value as Tree};

pub struct Cbor;

impl Format for Cbor {
    type Native = Value;

    fn decode(&self, mut data: &[u8]) -> Result<Value> {
        let value: Value = ciborium::de::from_reader(&mut data)?;
        if !data.is_empty() {
            return Err("octets after the end".into());
        }
        Ok(value)
    }

    fn encode(&self, value: &Value) -> Result<Vec<u8>> {
        let mut made = Vec::new();
        ciborium::ser::into_writer(value, &mut made)?;
        Ok(made)
    }

    fn tree(&self, value: &Value) -> Result<Tree> {
        tree(value)
    }

    fn native(&self, tree: &Tree) -> Result<Value> {
        value(tree)
    }
}

fn tree(value: &Value) -> Result<Tree> {
    Ok(match value {
        Value::Null => Tree::Null,
        Value::Bool(truth) => json!(truth),
        Value::Integer(number) => integer(i128::from(*number)),
        Value::Float(number) => real(*number),
        Value::Text(text) => json!(text),
        Value::Bytes(data) => octets(data),
        Value::Array(items) => Tree::Array(items.iter().map(tree).collect::<Result<_>>()?),
        Value::Map(held) => pairs(
            held.iter().map(|(key, item)| Ok((tree(key)?, tree(item)?))).collect::<Result<_>>()?,
        ),
        Value::Tag(tag, content) => kind(tag, tree(content)?),
        other => return Err(format!("no tree of {other:?}").into()),
    })
}

fn value(tree: &Tree) -> Result<Value> {
    Ok(match seen(tree)? {
        Seen::Integer(number) => Value::Integer(Integer::try_from(number)?),
        Seen::Real(number) => Value::Float(number),
        Seen::Octets(data) => Value::Bytes(data),
        Seen::List(items) => Value::Array(items.iter().map(value).collect::<Result<_>>()?),
        Seen::Pairs(held) => Value::Map(
            held.into_iter().map(|(key, item)| Ok((value(key)?, value(item)?))).collect::<Result<_>>()?,
        ),
        Seen::Kind(tag, content) => Value::Tag(tag.parse()?, Box::new(value(content)?)),
        Seen::Plain(Tree::Bool(truth)) => Value::Bool(*truth),
        Seen::Plain(Tree::String(text)) => Value::Text(text.clone()),
        Seen::Plain(_) => Value::Null,
    })
}
