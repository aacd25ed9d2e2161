//! Avro by apache-avro.

use crate::trees::{integer, kind, octets, pairs, real, seen, to_integer, to_octets, to_pairs, to_text, Result, Seen};
use crate::Format;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::{Name, ResolvedSchema, UnionSchema};
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::Schema;
use serde_json::{json, Value as Tree};
use std::collections::HashMap;

pub struct Avro {
    root: &'static Schema,
    names: HashMap<Name, &'static Schema>,
    reader: GenericDatumReader<'static>,
    writer: GenericDatumWriter<'static>,
}

impl Avro {
    pub fn open(schema: &Tree) -> Result<Avro> {
        let root: &Schema = Box::leak(Box::new(Schema::parse(schema)?)); // readers and writers borrow it
        let names = ResolvedSchema::try_from(root)?.get_names().clone();
        let (reader, writer) = (GenericDatumReader::builder(root).build()?, GenericDatumWriter::builder(root).build()?);
        Ok(Avro { root, names, reader, writer })
    }

    fn resolved<'a>(&'a self, schema: &'a Schema) -> Result<&'a Schema> {
        match schema {
            Schema::Ref { name } => Ok(self.names.get(name).ok_or("no such name")?),
            other => Ok(other),
        }
    }

    fn part(&self, schema: &Schema, value: &Value) -> Result<Tree> {
        Ok(match (self.resolved(schema)?, value) {
            (Schema::Record(record), Value::Record(fields)) => {
                let both = record.fields.iter().zip(fields);
                let pair = |(field, (name, item)): (&apache_avro::schema::RecordField, &(String, Value))| {
                    Ok((json!(name), self.part(&field.schema, item)?))
                };
                pairs(both.map(pair).collect::<Result<_>>()?)
            }
            (Schema::Array(array), Value::Array(items)) => {
                Tree::Array(items.iter().map(|item| self.part(&array.items, item)).collect::<Result<_>>()?)
            }
            (Schema::Map(map), Value::Map(held)) => {
                let pair = |(key, item): (&String, &Value)| Ok((json!(key), self.part(&map.types, item)?));
                pairs(held.iter().map(pair).collect::<Result<_>>()?)
            }
            (Schema::Union(_), Value::Union(_, inner)) if **inner == Value::Null => Tree::Null,
            (Schema::Union(union), Value::Union(place, inner)) => {
                let branch = &union.variants()[*place as usize];
                let tree = self.part(branch, inner)?;
                match optional(union) {
                    Some(_) => tree,
                    None => kind(name(self.resolved(branch)?), tree),
                }
            }
            (_, Value::Null) => Tree::Null,
            (_, Value::Boolean(truth)) => json!(truth),
            (_, Value::Int(number)) => integer(number),
            (_, Value::Long(number)) => integer(number),
            (_, Value::Float(number)) => real(f64::from(*number)),
            (_, Value::Double(number)) => real(*number),
            (_, Value::Bytes(data) | Value::Fixed(_, data)) => octets(data),
            (_, Value::String(text) | Value::Enum(_, text)) => json!(text),
            (_, other) => return Err(format!("no tree of {other:?}").into()),
        })
    }

    fn value(&self, schema: &Schema, tree: &Tree) -> Result<Value> {
        Ok(match self.resolved(schema)? {
            Schema::Record(record) => {
                let mut made = Vec::new();
                for (name, item) in to_pairs(tree)? {
                    let name = to_text(name)?;
                    let field = &record.fields[record.lookup[&name]];
                    made.push((name, self.value(&field.schema, item)?));
                }
                Value::Record(made)
            }
            Schema::Array(array) => {
                let items = tree.as_array().ok_or("no list")?;
                Value::Array(items.iter().map(|item| self.value(&array.items, item)).collect::<Result<_>>()?)
            }
            Schema::Map(map) => {
                let pair = |(key, item): (&Tree, &Tree)| Ok((to_text(key)?, self.value(&map.types, item)?));
                Value::Map(to_pairs(tree)?.into_iter().map(pair).collect::<Result<_>>()?)
            }
            Schema::Union(union) => {
                if tree.is_null() {
                    return Ok(Value::Union(0, Box::new(Value::Null)));
                }
                if let Some(branch) = optional(union) {
                    return Ok(Value::Union(1, Box::new(self.value(branch, tree)?)));
                }
                let Seen::Kind(wanted, inner) = seen(tree)? else {
                    return Err("no branch".into());
                };
                for (place, branch) in union.variants().iter().enumerate() {
                    if name(self.resolved(branch)?) == wanted {
                        return Ok(Value::Union(place as u32, Box::new(self.value(branch, inner)?)));
                    }
                }
                return Err(format!("no branch {wanted}").into());
            }
            Schema::Enum(symbols) => {
                let symbol = to_text(tree)?;
                let place = symbols.symbols.iter().position(|one| *one == symbol).ok_or("no such symbol")?;
                Value::Enum(place as u32, symbol)
            }
            Schema::Fixed(fixed) => Value::Fixed(fixed.size, to_octets(tree)?),
            Schema::Bytes => Value::Bytes(to_octets(tree)?),
            Schema::Int => Value::Int(to_integer(tree)?.try_into()?),
            Schema::Long => Value::Long(to_integer(tree)?.try_into()?),
            Schema::Float | Schema::Double => match (schema, seen(tree)?) {
                (Schema::Float, Seen::Real(number)) => Value::Float(number as f32),
                (_, Seen::Real(number)) => Value::Double(number),
                _ => return Err("no float".into()),
            },
            Schema::Boolean => Value::Boolean(tree == &json!(true)),
            Schema::Null => Value::Null,
            _ => Value::String(to_text(tree)?),
        })
    }
}

/// The type that a union of null and another one has beside null; none of any other union.
fn optional(union: &UnionSchema) -> Option<&Schema> {
    match union.variants() {
        [Schema::Null, other] => Some(other),
        _ => None,
    }
}

fn name(schema: &Schema) -> String {
    schema.name().map_or_else(|| format!("{schema:?}").to_lowercase(), |name| name.fullname(None))
}

impl Format for Avro {
    type Native = Value;

    fn decode(&self, mut data: &[u8]) -> Result<Value> {
        let value = self.reader.read_value(&mut data)?;
        if !data.is_empty() {
            return Err("octets after the end".into());
        }
        Ok(value)
    }

    fn encode(&self, value: &Value) -> Result<Vec<u8>> {
        let mut made = Vec::new();
        self.writer.write_value_ref(&mut made, value)?;
        Ok(made)
    }

    fn tree(&self, value: &Value) -> Result<Tree> {
        self.part(self.root, value)
    }

    fn native(&self, tree: &Tree) -> Result<Value> {
        self.value(self.root, tree)
    }
}
