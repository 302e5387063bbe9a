//! Records the compiler and the target, for `environment.json`.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if let Ok(answer) = Command::new(rustc).arg("--version").output() {
        let version = String::from_utf8_lossy(&answer.stdout);
        if answer.status.success() && !version.trim().is_empty() {
            println!("cargo::rustc-env=NTM_RUSTC={}", version.trim());
        }
    }
    if let Ok(target) = env::var("TARGET") {
        println!("cargo::rustc-env=NTM_TARGET={target}");
    }
}
