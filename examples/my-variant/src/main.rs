use std::process::ExitCode;

fn main() -> ExitCode {
    ntm_cli::main_with(my_variant::register(ntm_cli::builtin()))
}
