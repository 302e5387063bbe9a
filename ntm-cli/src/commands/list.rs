//! `ntm list`: names that may stand in a config.
use super::{Failure, out};
use ntm_core::config::{Registry, near_miss};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Of what kind: controllers, stages, heads, memories, tasks and so on; all kinds if it is left out
    #[arg(value_name = "KIND")]
    kind: Option<String>,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let kinds = registry.kinds();
    let mut text = String::new();
    match &args.kind {
        None => {
            for (kind, names) in &kinds {
                text += &format!("{kind}: {}\n", names.join(", "));
            }
        }
        Some(given) => {
            let Some((_, names)) = kinds.iter().find(|(kind, _)| kind == given) else {
                let known: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
                let near = near_miss(given, known.iter().copied());
                let hint = near.map(|near| format!(" did you mean {near:?}?")).unwrap_or_default();
                return Err(Failure::wrong(format!(
                    "there are no components called {given:?};{hint} there are {}",
                    known.join(", ")
                )));
            };
            for name in names {
                text += &format!("{name}\n");
            }
        }
    }
    out::result(&text)?;
    out::next(&match args.kind {
        None => vec!["list stages".into(), "check".into()],
        // every setting, with its name
        Some(_) => vec!["check".into()],
    });
    Ok(ExitCode::SUCCESS)
}
