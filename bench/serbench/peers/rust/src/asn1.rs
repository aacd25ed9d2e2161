//! ASN.1 by rasn, which has no values but those of types: a program for each schema, made in ../asn1 and kept there.
//!
//! For verification it has all encoding rules and is quickly compiled, as the library in it is not; for timing it is
//! optimised, and has those that are timed.

use crate::trees::{hex, to_text, unhex, Result};
use crate::worker::{receive, send, Codec};
use serde_json::{json, Value as Tree};
use std::cell::RefCell;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Asn1 {
    format: String,
    schema: Tree,
    child: Child,
    pipes: RefCell<(ChildStdin, ChildStdout)>,
}

impl Asn1 {
    pub fn open(request: &Tree) -> Result<Asn1> {
        let (format, schema) = (to_text(&request["format"])?, request["schema"].clone());
        let (rules, level) = if request["request"] == "time" { (format.as_str(), "3") } else { ("all", "0") };
        let path = program(&to_text(&schema["idl"])?, &to_text(&schema["root"])?, rules, level)?;
        let mut child = Command::new(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipes = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        Ok(Asn1 { format, schema, child, pipes: RefCell::new(pipes) })
    }

    /// The rows that the program answers with, and what it says when it has done.
    fn ask(&self, request: &Tree) -> Result<(Vec<Tree>, Tree)> {
        let (input, output) = &mut *self.pipes.borrow_mut();
        send(input, request)?;
        let mut rows = Vec::new();
        loop {
            let frame = receive(output)?.ok_or("the program ended")?;
            match frame.get("done") {
                Some(done) => return Ok((rows, done.clone())),
                None => rows.push(frame),
            }
        }
    }
}

impl Drop for Asn1 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Codec for Asn1 {
    fn read(&self, _: &[u8]) -> Result<Tree> {
        Err("rasn has types only".into())
    }

    fn write(&self, _: &Tree) -> Result<Vec<u8>> {
        Err("rasn has types only".into())
    }

    fn again(&self, data: &[u8]) -> Result<Vec<u8>> {
        let (format, schema) = (&self.format, &self.schema);
        let asked = json!({ "request": "again", "format": format, "schema": schema, "data": [hex(data)] });
        let (_, done) = self.ask(&asked)?;
        match done[0].as_str() {
            Some(digits) => unhex(digits),
            None => Err(to_text(&done[0]["failed"])?.into()),
        }
    }

    fn time(&self, request: &Tree) -> Result<(Vec<Tree>, u64)> {
        let (rows, done) = self.ask(request)?;
        Ok((rows, done["measured_ns"].as_u64().unwrap_or(0)))
    }
}

/// The program for a schema, which is compiled if it is not there. One process at a time does that.
fn program(idl: &str, root: &str, rules: &str, level: &str) -> Result<PathBuf> {
    let home = std::env::current_exe()?.with_file_name("asn1");
    let mut digest = DefaultHasher::new();
    (idl, root, rules, level).hash(&mut digest);
    let made = home.join(format!("program-{:016x}", digest.finish()));
    let lock = File::create(home.join("lock"))?;
    lock.lock()?;
    if !made.exists() {
        let schema = made.with_extension("asn"); // another name, so that cargo sees another schema
        fs::write(&schema, idl)?;
        compile(&home, &schema, root, rules, level)?;
        fs::rename(home.join("target/release/asn1"), &made)?;
    }
    Ok(made)
}

fn compile(home: &Path, schema: &Path, root: &str, rules: &str, level: &str) -> Result<()> {
    let ran = Command::new("cargo")
        .args(["build", "--release", "--offline", "--quiet", "--jobs", "1"])
        .args(["--config", &format!("profile.release.opt-level={level}")])
        .envs([("SCHEMA", schema.as_os_str()), ("ROOT", root.as_ref()), ("RULES", rules.as_ref())])
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(home)
        .output()?;
    if ran.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&ran.stderr);
    let told = words.lines().find(|line| line.starts_with("error")).unwrap_or("without a word");
    Err(format!("cargo: {told}").into())
}
