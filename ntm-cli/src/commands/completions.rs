//! `ntm completions`: what a shell needs to know to complete commands, options and files.
use super::{Cli, Failure, out};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::IsTerminal;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "ntm", &mut script);
    out::result(&String::from_utf8_lossy(&script))?;
    // a shell that reads this at its start wants no advice
    if std::io::stdout().is_terminal() {
        let place = match args.shell {
            Shell::Bash => "~/.local/share/bash-completion/completions/ntm",
            Shell::Zsh => "~/.zfunc/_ntm    # with fpath+=~/.zfunc before compinit in ~/.zshrc",
            Shell::Fish => "~/.config/fish/completions/ntm.fish",
            Shell::Elvish => "~/.config/elvish/lib/ntm.elv    # with `use ntm` in rc.elv",
            _ => "ntm.ps1    # and run that file from $PROFILE",
        };
        out::next(&[format!("completions {} > {place}", args.shell)]);
    }
    Ok(ExitCode::SUCCESS)
}
