//! XML by quick-xml, event by event.

use crate::trees::Result;
use crate::Codec;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use serde_json::{json, Value as Tree};

pub struct Xml;

impl Codec for Xml {
    fn read(&self, data: &[u8]) -> Result<Tree> {
        let mut reader = Reader::from_str(std::str::from_utf8(data)?);
        reader.config_mut().expand_empty_elements = true;
        let Event::Start(start) = reader.read_event()? else {
            return Err("no element".into());
        };
        let tree = element(&mut reader, &start)?;
        match reader.read_event()? {
            Event::Eof => Ok(tree),
            _ => Err("octets after the end".into()),
        }
    }

    fn write(&self, tree: &Tree) -> Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        write(&mut writer, tree)?;
        Ok(writer.into_inner())
    }
}

fn element(reader: &mut Reader<&[u8]>, start: &BytesStart) -> Result<Tree> {
    let name = std::str::from_utf8(start.name().as_ref())?.to_string();
    let (mut attributes, mut children) = (Vec::new(), Vec::new());
    for attribute in start.attributes() {
        let attribute = attribute?;
        let key = std::str::from_utf8(attribute.key.as_ref())?.to_string();
        attributes.push(json!([key, attribute.unescape_value()?]));
    }
    loop {
        match reader.read_event()? {
            Event::Start(inner) => children.push(element(reader, &inner)?),
            Event::Text(text) => children.push(json!(text.unescape()?)),
            Event::End(_) => return Ok(json!({ "e": [name, attributes, children] })),
            other => return Err(format!("neither text nor element: {other:?}").into()),
        }
    }
}

fn write(writer: &mut Writer<Vec<u8>>, tree: &Tree) -> Result<()> {
    if let Some(text) = tree.as_str() {
        return Ok(writer.write_event(Event::Text(BytesText::new(text)))?);
    }
    let name = tree["e"][0].as_str().ok_or("no element")?;
    let mut start = BytesStart::new(name);
    for pair in tree["e"][1].as_array().into_iter().flatten() {
        start.push_attribute((pair[0].as_str().ok_or("no name")?, pair[1].as_str().ok_or("no text")?));
    }
    writer.write_event(Event::Start(start))?;
    for child in tree["e"][2].as_array().into_iter().flatten() {
        write(writer, child)?;
    }
    Ok(writer.write_event(Event::End(BytesEnd::new(name)))?)
}
