//! Thrift by Apache's crate: any struct, field by field, straight from and to our trees.

use crate::trees::{integer, kind, octets, pairs, real, seen, to_integer, to_octets, to_pairs, Result, Seen};
use crate::Format;
use serde_json::{json, Value as Tree};
use thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TCompactInputProtocol, TCompactOutputProtocol, TFieldIdentifier,
    TInputProtocol, TListIdentifier, TMapIdentifier, TOutputProtocol, TStructIdentifier, TType,
};

const NAMES: [(TType, &str); 10] = [
    (TType::Bool, "bool"),
    (TType::I08, "i8"),
    (TType::Double, "double"),
    (TType::I16, "i16"),
    (TType::I32, "i32"),
    (TType::I64, "i64"),
    (TType::String, "string"),
    (TType::Struct, "struct"),
    (TType::Map, "map"),
    (TType::List, "list"),
];

pub enum Thrift {
    Binary,
    Compact,
}

impl Format for Thrift {
    type Native = Tree;

    fn decode(&self, mut data: &[u8]) -> Result<Tree> {
        let tree = match self {
            Thrift::Binary => read(&mut TBinaryInputProtocol::new(&mut data, true), TType::Struct)?,
            Thrift::Compact => read(&mut TCompactInputProtocol::new(&mut data), TType::Struct)?,
        };
        if !data.is_empty() {
            return Err("octets after the end".into());
        }
        Ok(tree)
    }

    fn encode(&self, tree: &Tree) -> Result<Vec<u8>> {
        let mut made = Vec::new();
        match self {
            Thrift::Binary => write(&mut TBinaryOutputProtocol::new(&mut made, true), TType::Struct, tree)?,
            Thrift::Compact => write(&mut TCompactOutputProtocol::new(&mut made), TType::Struct, tree)?,
        }
        Ok(made)
    }

    fn tree(&self, value: &Tree) -> Result<Tree> {
        Ok(value.clone())
    }

    fn native(&self, tree: &Tree) -> Result<Tree> {
        Ok(tree.clone())
    }
}

fn name(type_: TType) -> Result<&'static str> {
    let found = NAMES.iter().find(|(known, _)| *known == type_);
    Ok(found.ok_or_else(|| format!("type {type_:?}"))?.1)
}

fn type_of(name: &str) -> Result<TType> {
    let found = NAMES.iter().find(|(_, known)| *known == name);
    Ok(found.ok_or_else(|| format!("type {name}"))?.0)
}

fn read(from: &mut dyn TInputProtocol, type_: TType) -> Result<Tree> {
    Ok(match type_ {
        TType::Bool => json!(from.read_bool()?),
        TType::I08 => integer(from.read_i8()?),
        TType::I16 => integer(from.read_i16()?),
        TType::I32 => integer(from.read_i32()?),
        TType::I64 => integer(from.read_i64()?),
        TType::Double => real(from.read_double()?),
        TType::String => octets(&from.read_bytes()?),
        TType::List => {
            let list = from.read_list_begin()?;
            let items = (0..list.size).map(|_| read(from, list.element_type)).collect::<Result<Vec<_>>>()?;
            from.read_list_end()?;
            kind(name(list.element_type)?, Tree::Array(items))
        }
        TType::Map => {
            let map = from.read_map_begin()?;
            let mut held = Vec::new();
            let kinds = match (map.key_type, map.value_type) {
                (Some(key), Some(value)) => {
                    for _ in 0..map.size {
                        held.push((read(from, key)?, read(from, value)?));
                    }
                    format!("{} {}", name(key)?, name(value)?)
                }
                _ => String::new(),
            };
            from.read_map_end()?;
            kind(kinds, pairs(held))
        }
        TType::Struct => {
            from.read_struct_begin()?;
            let mut held = Vec::new();
            loop {
                let field = from.read_field_begin()?;
                if field.field_type == TType::Stop {
                    break;
                }
                let value = kind(name(field.field_type)?, read(from, field.field_type)?);
                held.push((integer(field.id.ok_or("no number")?), value));
                from.read_field_end()?;
            }
            from.read_struct_end()?;
            pairs(held)
        }
        other => return Err(format!("type {other:?}").into()),
    })
}

fn of_kind(tree: &Tree) -> Result<(&str, &Tree)> {
    match seen(tree)? {
        Seen::Kind(name, inner) => Ok((name, inner)),
        _ => Err("no kind".into()),
    }
}

fn write(to: &mut dyn TOutputProtocol, type_: TType, tree: &Tree) -> Result<()> {
    match type_ {
        TType::Bool => to.write_bool(tree == &json!(true))?,
        TType::I08 => to.write_i8(to_integer(tree)?.try_into()?)?,
        TType::I16 => to.write_i16(to_integer(tree)?.try_into()?)?,
        TType::I32 => to.write_i32(to_integer(tree)?.try_into()?)?,
        TType::I64 => to.write_i64(to_integer(tree)?.try_into()?)?,
        TType::Double => match seen(tree)? {
            Seen::Real(number) => to.write_double(number)?,
            _ => return Err("no float".into()),
        },
        TType::String => to.write_bytes(&to_octets(tree)?)?,
        TType::List => {
            let (of, items) = of_kind(tree)?;
            let (of, items) = (type_of(of)?, items.as_array().ok_or("no list")?);
            to.write_list_begin(&TListIdentifier::new(of, items.len() as i32))?;
            for item in items {
                write(to, of, item)?;
            }
            to.write_list_end()?;
        }
        TType::Map => {
            let (kinds, held) = of_kind(tree)?;
            let held = to_pairs(held)?;
            let Some((key, value)) = kinds.split_once(' ') else {
                to.write_map_begin(&TMapIdentifier::new(None, None, 0))?;
                return Ok(to.write_map_end()?);
            };
            let (key, value) = (type_of(key)?, type_of(value)?);
            to.write_map_begin(&TMapIdentifier::new(key, value, held.len() as i32))?;
            for (one, other) in held {
                write(to, key, one)?;
                write(to, value, other)?;
            }
            to.write_map_end()?;
        }
        TType::Struct => {
            to.write_struct_begin(&TStructIdentifier::new(""))?;
            for (number, field) in to_pairs(tree)? {
                let (of, inner) = of_kind(field)?;
                let number: i16 = to_integer(number)?.try_into()?;
                to.write_field_begin(&TFieldIdentifier::new("", type_of(of)?, number))?;
                write(to, type_of(of)?, inner)?;
                to.write_field_end()?;
            }
            to.write_field_stop()?;
            to.write_struct_end()?;
        }
        other => return Err(format!("type {other:?}").into()),
    }
    Ok(())
}
