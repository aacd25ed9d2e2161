//! What a library sees, as the JSON of ../../trees.py.

use serde_json::{json, Value as Tree};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

pub fn hex(data: &[u8]) -> String {
    data.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub fn unhex(digits: &str) -> Result<Vec<u8>> {
    (0..digits.len()).step_by(2).map(|at| Ok(u8::from_str_radix(&digits[at..at + 2], 16)?)).collect()
}

pub fn integer(value: impl ToString) -> Tree {
    json!({ "i": value.to_string() })
}

pub fn real(value: f64) -> Tree {
    json!({ "f": format!("{:016x}", value.to_bits()) })
}

pub fn octets(data: &[u8]) -> Tree {
    json!({ "b": hex(data) })
}

pub fn kind(name: impl ToString, inner: Tree) -> Tree {
    json!({ "x": [name.to_string(), inner] })
}

pub fn pairs(held: Vec<(Tree, Tree)>) -> Tree {
    json!({ "m": held.into_iter().map(|(key, value)| json!([key, value])).collect::<Vec<_>>() })
}

/// What a tree is: its tag and what it holds.
pub enum Seen<'a> {
    Integer(i128),
    Real(f64),
    Octets(Vec<u8>),
    Pairs(Vec<(&'a Tree, &'a Tree)>),
    Kind(&'a str, &'a Tree),
    List(&'a Vec<Tree>),
    Plain(&'a Tree),
}

pub fn seen(tree: &Tree) -> Result<Seen<'_>> {
    if let Tree::Array(items) = tree {
        return Ok(Seen::List(items));
    }
    let Some((tag, inner)) = tree.as_object().and_then(|held| held.iter().next()) else {
        return Ok(Seen::Plain(tree));
    };
    let text = inner.as_str().unwrap_or("");
    Ok(match tag.as_str() {
        "i" => Seen::Integer(text.parse()?),
        "f" => Seen::Real(f64::from_bits(u64::from_str_radix(text, 16)?)),
        "b" => Seen::Octets(unhex(text)?),
        "m" => Seen::Pairs(inner.as_array().into_iter().flatten().map(|pair| (&pair[0], &pair[1])).collect()),
        "x" => Seen::Kind(inner[0].as_str().unwrap_or(""), &inner[1]),
        _ => return Err(format!("no tree: {tree}").into()),
    })
}

pub fn to_integer(tree: &Tree) -> Result<i128> {
    match seen(tree)? {
        Seen::Integer(value) => Ok(value),
        _ => Err(format!("no integer: {tree}").into()),
    }
}

pub fn to_octets(tree: &Tree) -> Result<Vec<u8>> {
    match seen(tree)? {
        Seen::Octets(data) => Ok(data),
        _ => Err(format!("no octets: {tree}").into()),
    }
}

pub fn to_text(tree: &Tree) -> Result<String> {
    Ok(tree.as_str().ok_or_else(|| format!("no text: {tree}"))?.to_string())
}

pub fn to_pairs(tree: &Tree) -> Result<Vec<(&Tree, &Tree)>> {
    match seen(tree)? {
        Seen::Pairs(held) => Ok(held),
        _ => Err(format!("no map: {tree}").into()),
    }
}
