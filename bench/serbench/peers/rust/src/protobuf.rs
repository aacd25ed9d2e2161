//! Protocol Buffers by prost-reflect, from descriptors.

use crate::trees::{integer, octets, pairs, real, seen, to_integer, to_octets, to_pairs, to_text, unhex, Result, Seen};
use crate::Format;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use serde_json::{json, Value as Tree};

pub struct Protobuf {
    root: MessageDescriptor,
}

impl Protobuf {
    pub fn open(schema: &Tree) -> Result<Protobuf> {
        let pool = DescriptorPool::decode(unhex(&to_text(&schema["descriptors"])?)?.as_slice())?;
        let name = to_text(&schema["message"])?;
        Ok(Protobuf { root: pool.get_message_by_name(&name).ok_or("no such message")? })
    }
}

impl Format for Protobuf {
    type Native = DynamicMessage;

    fn decode(&self, data: &[u8]) -> Result<DynamicMessage> {
        Ok(DynamicMessage::decode(self.root.clone(), data)?)
    }

    fn encode(&self, value: &DynamicMessage) -> Result<Vec<u8>> {
        Ok(value.encode_to_vec())
    }

    fn tree(&self, value: &DynamicMessage) -> Result<Tree> {
        Ok(message(value))
    }

    fn native(&self, tree: &Tree) -> Result<DynamicMessage> {
        unmessage(&self.root, tree)
    }
}

fn message(held: &DynamicMessage) -> Tree {
    let mut fields: Vec<_> = held.fields().collect();
    fields.sort_by_key(|(field, _)| field.number());
    pairs(fields.into_iter().map(|(field, value)| (integer(field.number()), tree(value))).collect())
}

fn tree(value: &Value) -> Tree {
    match value {
        Value::Bool(truth) => json!(truth),
        Value::I32(number) | Value::EnumNumber(number) => integer(number),
        Value::I64(number) => integer(number),
        Value::U32(number) => integer(number),
        Value::U64(number) => integer(number),
        Value::F32(number) => real(f64::from(*number)),
        Value::F64(number) => real(*number),
        Value::String(text) => json!(text),
        Value::Bytes(data) => octets(data),
        Value::Message(inner) => message(inner),
        Value::List(items) => items.iter().map(tree).collect(),
        Value::Map(held) => pairs(held.iter().map(|(name, item)| (key(name), tree(item))).collect()),
    }
}

fn key(name: &MapKey) -> Tree {
    match name {
        MapKey::Bool(truth) => json!(truth),
        MapKey::I32(number) => integer(number),
        MapKey::I64(number) => integer(number),
        MapKey::U32(number) => integer(number),
        MapKey::U64(number) => integer(number),
        MapKey::String(text) => json!(text),
    }
}

fn unmessage(type_: &MessageDescriptor, tree: &Tree) -> Result<DynamicMessage> {
    let mut made = DynamicMessage::new(type_.clone());
    for (number, held) in to_pairs(tree)? {
        let field = type_.get_field(to_integer(number)?.try_into()?).ok_or("no such field")?;
        let value = unfield(&field, held)?;
        made.set_field(&field, value);
    }
    Ok(made)
}

fn unfield(field: &FieldDescriptor, tree: &Tree) -> Result<Value> {
    match (seen(tree)?, field.kind()) {
        (Seen::Pairs(held), Kind::Message(entry)) if field.is_map() => {
            let (of_key, of_value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let pair = |(name, item)| {
                let key = scalar(&of_key.kind(), name)?.into_map_key().ok_or("no key")?;
                Ok((key, scalar(&of_value.kind(), item)?))
            };
            Ok(Value::Map(held.into_iter().map(pair).collect::<Result<_>>()?))
        }
        (Seen::List(items), kind) if field.is_list() => {
            Ok(Value::List(items.iter().map(|item| scalar(&kind, item)).collect::<Result<_>>()?))
        }
        (_, kind) => scalar(&kind, tree),
    }
}

fn scalar(kind: &Kind, tree: &Tree) -> Result<Value> {
    Ok(match kind {
        Kind::Message(type_) => Value::Message(unmessage(type_, tree)?),
        Kind::Enum(_) => Value::EnumNumber(to_integer(tree)?.try_into()?),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(to_integer(tree)?.try_into()?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(to_integer(tree)?.try_into()?),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(to_integer(tree)?.try_into()?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(to_integer(tree)?.try_into()?),
        Kind::Bytes => Value::Bytes(to_octets(tree)?.into()),
        Kind::String => Value::String(to_text(tree)?),
        Kind::Bool => Value::Bool(tree == &json!(true)),
        Kind::Float | Kind::Double => match seen(tree)? {
            Seen::Real(number) if *kind == Kind::Float => Value::F32(number as f32),
            Seen::Real(number) => Value::F64(number),
            _ => return Err("no float".into()),
        },
    })
}
