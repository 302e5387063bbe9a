//! The command line.
use std::process::ExitCode;

fn main() -> ExitCode {
    ntm_cli::main_with(ntm_cli::builtin())
}
