//! MessagePack by rmpv, which leaves timestamps to its users.

use crate::trees::{integer, kind, octets, pairs, real, seen, to_integer, to_octets, Result, Seen};
use crate::Format;
use rmpv::Value;
use serde_json::{json, Value as Tree};

const TIMESTAMP: i8 = -1;
const BILLION: i128 = 1_000_000_000;

pub struct Msgpack;

impl Format for Msgpack {
    type Native = Value;

    fn decode(&self, mut data: &[u8]) -> Result<Value> {
        let value = rmpv::decode::read_value(&mut data)?;
        if !data.is_empty() {
            return Err("octets after the end".into());
        }
        Ok(value)
    }

    fn encode(&self, value: &Value) -> Result<Vec<u8>> {
        let mut made = Vec::new();
        rmpv::encode::write_value(&mut made, value)?;
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
        Value::Nil => Tree::Null,
        Value::Boolean(truth) => json!(truth),
        Value::Integer(number) => integer(number),
        Value::F32(number) => real(f64::from(*number)),
        Value::F64(number) => real(*number),
        Value::String(text) => json!(text.as_str().ok_or("not UTF-8")?),
        Value::Binary(data) => octets(data),
        Value::Array(items) => Tree::Array(items.iter().map(tree).collect::<Result<_>>()?),
        Value::Map(held) => pairs(
            held.iter().map(|(key, item)| Ok((tree(key)?, tree(item)?))).collect::<Result<_>>()?,
        ),
        Value::Ext(TIMESTAMP, data) => kind("timestamp", integer(nanoseconds(data)?)),
        Value::Ext(number, data) => kind(number, octets(data)),
    })
}

fn nanoseconds(data: &[u8]) -> Result<i128> {
    Ok(match data.len() {
        4 => i128::from(u32::from_be_bytes(data.try_into()?)) * BILLION,
        8 => {
            let both = u64::from_be_bytes(data.try_into()?);
            i128::from(both & 0x3_ffff_ffff) * BILLION + i128::from(both >> 34)
        }
        12 => {
            let rest = u32::from_be_bytes(data[..4].try_into()?);
            i128::from(i64::from_be_bytes(data[4..].try_into()?)) * BILLION + i128::from(rest)
        }
        _ => return Err("no timestamp".into()),
    })
}

fn timestamp(time: i128) -> Vec<u8> {
    let (seconds, rest) = (time.div_euclid(BILLION), time.rem_euclid(BILLION));
    match u64::try_from(seconds) {
        Ok(few) if rest == 0 && few >> 32 == 0 => (few as u32).to_be_bytes().to_vec(),
        Ok(few) if few >> 34 == 0 => ((rest as u64) << 34 | few).to_be_bytes().to_vec(),
        _ => [&(rest as u32).to_be_bytes()[..], &(seconds as i64).to_be_bytes()[..]].concat(),
    }
}

fn value(tree: &Tree) -> Result<Value> {
    Ok(match seen(tree)? {
        Seen::Integer(number) => match u64::try_from(number) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(i64::try_from(number)?),
        },
        Seen::Real(number) => Value::F64(number),
        Seen::Octets(data) => Value::Binary(data),
        Seen::List(items) => Value::Array(items.iter().map(value).collect::<Result<_>>()?),
        Seen::Pairs(held) => Value::Map(
            held.into_iter().map(|(key, item)| Ok((value(key)?, value(item)?))).collect::<Result<_>>()?,
        ),
        Seen::Kind("timestamp", time) => Value::Ext(TIMESTAMP, timestamp(to_integer(time)?)),
        Seen::Kind(number, data) => Value::Ext(number.parse()?, to_octets(data)?),
        Seen::Plain(Tree::Bool(truth)) => Value::Boolean(*truth),
        Seen::Plain(Tree::String(text)) => Value::from(text.as_str()),
        Seen::Plain(_) => Value::Nil,
    })
}
