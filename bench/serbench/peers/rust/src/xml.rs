//! XML by quick-xml, event by event, into elements.

use crate::trees::Result;
use crate::Format;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use serde_json::{json, Value as Tree};

pub struct Xml;

/// As crates that make documents over such events have it.
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

pub enum Node {
    Element(Element),
    Text(String),
}

impl Format for Xml {
    type Native = Element;

    fn decode(&self, data: &[u8]) -> Result<Element> {
        let mut reader = Reader::from_str(std::str::from_utf8(data)?);
        reader.config_mut().expand_empty_elements = true;
        let Event::Start(start) = reader.read_event()? else {
            return Err("no element".into());
        };
        let made = element(&mut reader, &start)?;
        match reader.read_event()? {
            Event::Eof => Ok(made),
            _ => Err("octets after the end".into()),
        }
    }

    fn encode(&self, value: &Element) -> Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        write(&mut writer, value)?;
        Ok(writer.into_inner())
    }

    fn tree(&self, value: &Element) -> Result<Tree> {
        Ok(tree(value))
    }

    fn native(&self, tree: &Tree) -> Result<Element> {
        native(tree)
    }
}

fn element(reader: &mut Reader<&[u8]>, start: &BytesStart) -> Result<Element> {
    let name = std::str::from_utf8(start.name().as_ref())?.to_string();
    let (mut attributes, mut children) = (Vec::new(), Vec::new());
    for attribute in start.attributes() {
        let attribute = attribute?;
        let key = std::str::from_utf8(attribute.key.as_ref())?.to_string();
        attributes.push((key, attribute.unescape_value()?.into_owned()));
    }
    loop {
        match reader.read_event()? {
            Event::Start(inner) => children.push(Node::Element(element(reader, &inner)?)),
            Event::Text(text) => children.push(Node::Text(text.unescape()?.into_owned())),
            Event::End(_) => return Ok(Element { name, attributes, children }),
            other => return Err(format!("neither text nor element: {other:?}").into()),
        }
    }
}

fn write(writer: &mut Writer<Vec<u8>>, element: &Element) -> Result<()> {
    let mut start = BytesStart::new(&element.name);
    for (name, text) in &element.attributes {
        start.push_attribute((name.as_str(), text.as_str()));
    }
    writer.write_event(Event::Start(start))?;
    for child in &element.children {
        match child {
            Node::Element(inner) => write(writer, inner)?,
            Node::Text(text) => writer.write_event(Event::Text(BytesText::new(text)))?,
        }
    }
    Ok(writer.write_event(Event::End(BytesEnd::new(&element.name)))?)
}

fn tree(element: &Element) -> Tree {
    let child = |node: &Node| match node {
        Node::Element(inner) => tree(inner),
        Node::Text(text) => json!(text),
    };
    json!({ "e": [element.name, element.attributes, element.children.iter().map(child).collect::<Vec<_>>()] })
}

fn native(tree: &Tree) -> Result<Element> {
    let text = |part: &Tree| part.as_str().map(str::to_string).ok_or("no text");
    let child = |part: &Tree| -> Result<Node> {
        Ok(if part.is_string() { Node::Text(text(part)?) } else { Node::Element(native(part)?) })
    };
    let attributes = tree["e"][1].as_array().into_iter().flatten();
    let children = tree["e"][2].as_array().into_iter().flatten();
    Ok(Element {
        name: text(&tree["e"][0])?,
        attributes: attributes.map(|pair| Ok((text(&pair[0])?, text(&pair[1])?))).collect::<Result<_>>()?,
        children: children.map(child).collect::<Result<_>>()?,
    })
}
