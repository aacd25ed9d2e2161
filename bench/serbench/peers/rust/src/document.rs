//! BSON by the crate of MongoDB.

use crate::trees::{integer, kind, octets, pairs, real, seen, to_integer, to_octets, to_text, Result, Seen};
use crate::Format;
use bson::spec::BinarySubtype;
use bson::{Binary, Document};
use serde_json::{json, Value as Tree};

pub struct Bson;

impl Format for Bson {
    type Native = Document;

    fn decode(&self, mut data: &[u8]) -> Result<Document> {
        let document = Document::from_reader(&mut data)?;
        if !data.is_empty() {
            return Err("octets after the end".into());
        }
        Ok(document)
    }

    fn encode(&self, value: &Document) -> Result<Vec<u8>> {
        let mut made = Vec::new();
        value.to_writer(&mut made)?;
        Ok(made)
    }

    fn tree(&self, value: &Document) -> Result<Tree> {
        fields(value)
    }

    fn native(&self, tree: &Tree) -> Result<Document> {
        match value(tree)? {
            bson::Bson::Document(document) => Ok(document),
            _ => Err("no document".into()),
        }
    }
}

fn fields(document: &Document) -> Result<Tree> {
    Ok(pairs(document.iter().map(|(key, item)| Ok((json!(key), tree(item)?))).collect::<Result<_>>()?))
}

fn tree(value: &bson::Bson) -> Result<Tree> {
    Ok(match value {
        bson::Bson::Null => Tree::Null,
        bson::Bson::Boolean(truth) => json!(truth),
        bson::Bson::Int32(number) => integer(number),
        bson::Bson::Int64(number) => kind("int64", integer(number)),
        bson::Bson::Double(number) => real(*number),
        bson::Bson::String(text) => json!(text),
        bson::Bson::DateTime(time) => kind("datetime", integer(time.timestamp_millis())),
        bson::Bson::Decimal128(number) => kind("decimal128", json!(number.to_string())),
        bson::Bson::Binary(binary) if binary.subtype == BinarySubtype::Generic => octets(&binary.bytes),
        bson::Bson::Binary(binary) => kind(format!("binary {}", u8::from(binary.subtype)), octets(&binary.bytes)),
        bson::Bson::Array(items) => Tree::Array(items.iter().map(tree).collect::<Result<_>>()?),
        bson::Bson::Document(held) => fields(held)?,
        other => return Err(format!("no tree of {other}").into()),
    })
}

fn value(tree: &Tree) -> Result<bson::Bson> {
    Ok(match seen(tree)? {
        Seen::Integer(number) => bson::Bson::Int32(number.try_into()?),
        Seen::Real(number) => bson::Bson::Double(number),
        Seen::Octets(bytes) => bson::Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes }),
        Seen::List(items) => bson::Bson::Array(items.iter().map(value).collect::<Result<_>>()?),
        Seen::Pairs(held) => {
            let mut made = Document::new();
            for (key, item) in held {
                made.insert(to_text(key)?, value(item)?);
            }
            bson::Bson::Document(made)
        }
        Seen::Kind("int64", number) => bson::Bson::Int64(to_integer(number)?.try_into()?),
        Seen::Kind("datetime", time) => {
            bson::Bson::DateTime(bson::DateTime::from_millis(to_integer(time)?.try_into()?))
        }
        Seen::Kind("decimal128", text) => bson::Bson::Decimal128(to_text(text)?.parse()?),
        Seen::Kind(name, data) => {
            let subtype: u8 = name.trim_start_matches("binary ").parse()?;
            bson::Bson::Binary(Binary { subtype: subtype.into(), bytes: to_octets(data)? })
        }
        Seen::Plain(Tree::Bool(truth)) => bson::Bson::Boolean(*truth),
        Seen::Plain(Tree::String(text)) => bson::Bson::String(text.clone()),
        Seen::Plain(_) => bson::Bson::Null,
    })
}
