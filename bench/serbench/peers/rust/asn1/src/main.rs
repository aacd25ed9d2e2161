//! The program of one schema: ASN.1 by rasn, with the types that its compiler made.

#[path = "../../src/timing.rs"]
mod timing;
#[path = "../../src/trees.rs"]
#[allow(dead_code)]
mod trees;
#[path = "../../src/worker.rs"]
mod worker;

mod types {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

use rasn::error::{DecodeError, EncodeError};
use serde_json::Value as Tree;
use trees::Result;
use types::Root;
use worker::{Codec, Format};

struct Rules {
    decode: fn(&[u8]) -> std::result::Result<Root, DecodeError>,
    encode: fn(&Root) -> std::result::Result<Vec<u8>, EncodeError>,
}

impl Format for Rules {
    type Native = Root;

    fn decode(&self, data: &[u8]) -> Result<Root> {
        (self.decode)(data).map_err(|error| error.to_string().into())
    }

    fn encode(&self, value: &Root) -> Result<Vec<u8>> {
        (self.encode)(value).map_err(|error| error.to_string().into())
    }
}

fn open(request: &Tree) -> Result<Box<dyn Codec>> {
    let rules = match request["format"].as_str().unwrap_or("") {
        #[cfg(any(rules = "all", rules = "asn1-ber"))]
        "asn1-ber" => Rules { decode: rasn::ber::decode, encode: rasn::ber::encode },
        #[cfg(any(rules = "all", rules = "asn1-der"))]
        "asn1-der" => Rules { decode: rasn::der::decode, encode: rasn::der::encode },
        #[cfg(any(rules = "all", rules = "asn1-per"))]
        "asn1-per" => Rules { decode: rasn::aper::decode, encode: rasn::aper::encode },
        #[cfg(any(rules = "all", rules = "asn1-uper"))]
        "asn1-uper" => Rules { decode: rasn::uper::decode, encode: rasn::uper::encode },
        #[cfg(any(rules = "all", rules = "asn1-oer"))]
        "asn1-oer" => Rules { decode: rasn::oer::decode, encode: rasn::oer::encode },
        other => return Err(format!("no format {other}").into()),
    };
    Ok(Box::new(rules))
}

fn main() -> Result<()> {
    worker::serve(None, open)
}
