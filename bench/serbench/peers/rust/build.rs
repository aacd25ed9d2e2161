//! Tells the program by which compiler it was made.

use std::{env, process::Command};

fn main() {
    let told = Command::new(env::var("RUSTC").unwrap()).arg("--version").output().unwrap().stdout;
    println!("cargo:rustc-env=RUSTC_VERSION={}", String::from_utf8_lossy(&told).trim());
    println!("cargo:rustc-env=OPTIMISATION={}", env::var("OPT_LEVEL").unwrap());
}
