//! The types of the module in the file SCHEMA, by rasn's compiler, and which encoding RULES are wanted.

use rasn_compiler::prelude::{Compiler, RasnBackend};
use std::{env, fs, path::Path, process::Command};

/// The two REAL types of serschema.idl.asn1: the library has REAL, and its compiler (0.16.0) leaves it out.
const REALS: &str = "pub type Float32 = f32; pub type Float64 = f64;";

fn main() {
    for name in ["SCHEMA", "ROOT", "RULES"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let compiler = Compiler::<RasnBackend, _>::new().add_asn_by_path(env::var("SCHEMA").unwrap());
    let made = compiler.compile_to_string().unwrap_or_else(|error| panic!("{error}")).generated;
    let made = made.replace(", Eq, Hash", "").replace(", Eq , Hash", ""); // which no REAL is
    let (before, rest) = made.split_once("pub mod ").unwrap();
    let (module, types) = rest.split_once('{').unwrap();
    let root = format!("pub use {}::{} as Root;", module.trim(), named(&env::var("ROOT").unwrap()));
    let made = format!("{before} pub mod {module} {{ {REALS} {types}\n{root}\n");
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("types.rs"), made).unwrap();
    println!("cargo:rustc-check-cfg=cfg(rules, values(any()))");
    println!("cargo:rustc-cfg=rules=\"{}\"", env::var("RULES").unwrap());
    let told = Command::new(env::var("RUSTC").unwrap()).arg("--version").output().unwrap().stdout;
    println!("cargo:rustc-env=RUSTC_VERSION={}", String::from_utf8_lossy(&told).trim());
    println!("cargo:rustc-env=OPTIMISATION={}", env::var("OPT_LEVEL").unwrap());
}

/// What the compiler calls a type: without hyphens, and with a capital after each.
fn named(type_: &str) -> String {
    let mut parts = type_.split('-').map(str::to_string);
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |made, part| made + &part[..1].to_uppercase() + &part[1..])
}
