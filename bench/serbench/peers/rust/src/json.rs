//! JSON by serde_json.

use crate::trees::{integer, pairs, real, seen, to_text, Result, Seen};
use crate::Format;
use serde_json::{json, Map, Number, Value as Tree};

pub struct Json;

impl Format for Json {
    type Native = Tree;

    fn decode(&self, data: &[u8]) -> Result<Tree> {
        Ok(serde_json::from_slice(data)?)
    }

    fn encode(&self, value: &Tree) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(value)?)
    }

    fn tree(&self, value: &Tree) -> Result<Tree> {
        Ok(tree(value))
    }

    fn native(&self, tree: &Tree) -> Result<Tree> {
        value(tree)
    }
}

fn tree(value: &Tree) -> Tree {
    match value {
        Tree::Number(number) if number.is_f64() => real(number.as_f64().unwrap_or(f64::NAN)),
        Tree::Number(number) => integer(number),
        Tree::Array(items) => items.iter().map(tree).collect(),
        Tree::Object(held) => pairs(held.iter().map(|(key, item)| (json!(key), tree(item))).collect()),
        other => other.clone(),
    }
}

fn value(tree: &Tree) -> Result<Tree> {
    Ok(match seen(tree)? {
        Seen::Integer(number) => Number::from_i128(number).ok_or("too large")?.into(),
        Seen::Real(number) => Number::from_f64(number).ok_or("not finite")?.into(),
        Seen::List(items) => Tree::Array(items.iter().map(value).collect::<Result<_>>()?),
        Seen::Pairs(held) => {
            let made: Result<Map<String, Tree>> =
                held.into_iter().map(|(key, item)| Ok((to_text(key)?, value(item)?))).collect();
            Tree::Object(made?)
        }
        Seen::Plain(other) => other.clone(),
        _ => return Err("not in JSON".into()),
    })
}
