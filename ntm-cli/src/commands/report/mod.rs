//! `ntm report`: one HTML file that shows what runs have learnt, and one sequence after another being worked on.
//!
//! The file needs no network, no server and no other file. Tables and pictures are in it as HTML and SVG, so that they can
//! be read without JavaScript; the player is a script of ours over recorded sequences ([`Film`](film::Film)s), packed so
//! that a usual run stays below 2 MB. What a run directory holds is text to be shown, never markup.
mod ablation;
mod film;
mod pack;
mod page;
mod runs;
mod sequences;

use super::plot::runs::groups;
use super::threads::Threads;
use super::{Failure, out};
use crate::run_directory::{RunDirectory, RunReference};
use ntm_core::checkpoint::write_atomically;
use ntm_core::config::Registry;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The file in a run or a folder, unless told.
const REPORT: &str = "report.html";
/// What the beginning of every report holds.
const MARK: &str = "<meta name=\"generator\" content=\"ntm report\">";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directories, checkpoints, folders of runs, or the folder of one ablation or sweep [default: the newest run under
    /// runs/]
    #[arg(value_name = "RUN")]
    paths: Vec<PathBuf>,
    /// The file to write; a report that is there is replaced [default: report.html in the run or folder; of several, here]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Sizes to measure and to record a sequence of, parted by commas [default: the task's usual ones]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    length: Vec<u64>,
    /// Sequences measured per size [default: 100; all of a file]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    sequences: Option<u32>,
    /// A file with a sequence to record as well, `inputs` of steps x channels; of several items the first. May be given again
    #[arg(long, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// The last checkpoint instead of the best
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let folder = args.paths.iter().find(|path| ablation::is_folder(path));
    let (page, usual) = match (folder, &args.paths[..]) {
        (Some(folder), [_]) => (ablation::page(registry, args, folder)?, folder.join(REPORT)),
        (Some(folder), _) => {
            return Err(Failure::wrong(format!(
                "{}: holds many runs that belong together; give it alone, or the runs in it that are to be shown",
                folder.display()
            )));
        }
        (None, paths) => {
            let groups = groups(paths)?;
            let usual = usual_place(&groups.iter().flat_map(|group| &group.runs).collect::<Vec<_>>());
            (runs::page(registry, args, &groups)?, usual)
        }
    };
    let path = args.out.clone().unwrap_or(usual);
    check_place(&path)?;
    let html = page.finish();
    write_atomically(&path, html.as_bytes()).map_err(|e| {
        let shown = path.display();
        Failure::stopped(format!(
            "{shown}: cannot be written: {e}; give another --out, in a folder that is there"
        ))
    })?;
    out::people(&format!("{}: {}; open it in a browser", path.display(), out::bytes(html.len() as u128)));
    Ok(ExitCode::SUCCESS)
}

/// Beside what the only run is made of, or here.
fn usual_place(runs: &[&RunReference]) -> PathBuf {
    match runs {
        [RunReference::Directory(run)] => run.file(REPORT),
        _ => REPORT.into(),
    }
}

/// Whether a report may be put there: an earlier one is replaced, and nothing else.
fn check_place(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let mut file = match std::fs::File::open(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        other => other
            .map_err(|e| Failure::stopped(format!("{shown}: cannot be read: {e}; give another --out")))?,
    };
    if path.is_dir() {
        return Err(Failure::wrong(format!(
            "{shown}: is a directory, and a report is a file; give another --out"
        )));
    }
    let mut beginning = vec![];
    let _ = (&mut file).take(1024).read_to_end(&mut beginning);
    match String::from_utf8_lossy(&beginning).contains(MARK) {
        true => Ok(()),
        false => Err(Failure::wrong(format!(
            "{shown}: is there and no report, and is left as it is; give another --out, or remove it"
        ))),
    }
}

/// A run of a name that was given, or the one around a checkpoint.
fn run_of(reference: &RunReference) -> Option<RunDirectory> {
    match reference {
        RunReference::Directory(run) => Some(run.clone()),
        RunReference::File(path) => {
            let around = path.parent().and_then(Path::parent)?;
            RunDirectory::open(Some(around)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_bears_the_mark_that_reports_are_known_by() {
        assert!(page::Page::new("", "", "").finish()[..1024].contains(MARK));
    }
}
