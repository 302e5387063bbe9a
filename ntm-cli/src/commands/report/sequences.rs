//! Which sequences are recorded of a trained model, and how much room they get.
use super::film::Film;
use super::page::{notice, picture};
use super::{Args, Failure};
use crate::commands::experiment::Trained;
use crate::commands::{measure, memory, record, trace, train};
use crate::pictures::figure6;
use ntm_core::random::Purpose;
use ntm_core::train::Task;
use ntm_core::{Model, Sequence};

/// Bytes of a page that films may take in all, and pictures that stand in for them.
const FILMS: usize = 1_200_000;
const STILLS: usize = 600_000;
/// Longer sequences are not recorded.
const MOST_STEPS: usize = 2_000;

/// What was recorded of one model.
#[derive(Default)]
pub(super) struct Recorded {
    pub(super) films: Vec<Film>,
    /// For readers without JavaScript and for paper: HTML.
    stills: Vec<String>,
    /// What could not be recorded, or not whole.
    notes: Vec<String>,
}

impl Recorded {
    /// The notes and the pictures, as HTML.
    pub(super) fn around(&self) -> String {
        let notes: String = self.notes.iter().map(|note| notice(note)).collect();
        let stills: String =
            self.stills.iter().map(|still| format!("<div class=\"still\">\n{still}</div>\n")).collect();
        notes + &stills
    }

    /// Takes in what another model did.
    pub(super) fn join(&mut self, other: Recorded) {
        self.films.extend(other.films);
        self.notes.extend(other.notes);
        self.stills.extend(other.stills);
    }
}

/// Records sequences: a title for each, and which.
pub(super) fn record(
    trained: &Trained,
    model: &Model<f32>,
    wanted: Vec<(String, Result<Sequence, Failure>)>,
) -> Recorded {
    let loss = trained.task.loss();
    let mut recorded = Recorded::default();
    for (title, sequence) in wanted {
        match sequence {
            Ok(sequence) if sequence.steps > MOST_STEPS => recorded.notes.push(format!(
                "{title}: is not recorded, since it has {} steps, and at most {MOST_STEPS} are",
                sequence.steps
            )),
            Ok(sequence) => {
                let figure = figure6(&record::record(model, loss, &sequence));
                let caption = format!("{title}: what every head did, after figure 6 of the 2014 paper.");
                recorded.stills.push(picture(&figure, &caption, &caption));
                recorded.films.push(Film::record(model, loss, &sequence, title));
            }
            Err(e) => recorded.notes.push(format!("{title}: {}", e.message)),
        }
    }
    recorded
}

/// Keeps what is recorded of `parts` models within the room of one page: memories go first, then sequences, the largest
/// first.
pub(super) fn fit(recorded: &mut Recorded, parts: usize) {
    let room = FILMS / parts.max(1);
    let mut sizes: Vec<usize> = recorded.films.iter().map(Film::bytes).collect();
    let mut without_memory = vec![];
    while sizes.iter().sum::<usize>() > room {
        let by_size = |with_memory: bool| {
            let films = recorded.films.iter().zip(&sizes).enumerate();
            films
                .filter(|(_, (film, _))| film.has_memory() || !with_memory)
                .max_by_key(|(_, (_, size))| **size)
        };
        if let Some((place, _)) = by_size(true) {
            recorded.films[place].forget_memory();
            sizes[place] = recorded.films[place].bytes();
            without_memory.push(recorded.films[place].title.clone());
        } else if let Some((place, _)) = by_size(false) {
            let film = recorded.films.remove(place);
            sizes.remove(place);
            without_memory.retain(|title| *title != film.title);
            recorded.notes.push(format!("{}: is left out to keep this file small", film.title));
        } else {
            break;
        }
    }
    for title in without_memory {
        recorded
            .notes
            .push(format!("{title}: its memory is left out to keep this file small; ntm trace has it"));
    }
    let room = STILLS / parts.max(1);
    while recorded.stills.iter().map(String::len).sum::<usize>() > room {
        let largest = recorded.stills.iter().enumerate().max_by_key(|(_, still)| still.len());
        let Some((place, _)) = largest else { break };
        recorded.stills.remove(place);
    }
}

/// A sequence of each size that is measured, and what files hold.
pub(super) fn of_sizes(trained: &Trained, args: &Args) -> Vec<(String, Result<Sequence, Failure>)> {
    let task = &*trained.task;
    let seed = trained.loaded.value.train.eval_seed;
    let mut wanted = vec![];
    if has_sequences(task) {
        for size in measure::sizes(task, &args.length, &[]) {
            let title = match size {
                Some(size) => format!("{} {size}", task.size_name()),
                None => "the first sequence".to_owned(),
            };
            wanted.push((title, drawn(task, size, seed)));
        }
    }
    for path in &args.inputs {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        wanted.push((name, trace::first_of_file(path, task)));
    }
    wanted
}

/// One that fits on a screen, for models that are only to be compared.
pub(super) fn usual(trained: &Trained, title: String) -> Vec<(String, Result<Sequence, Failure>)> {
    let seed = trained.loaded.value.train.eval_seed;
    match has_sequences(&*trained.task) {
        true => vec![(title, train::drawn(&*trained.task, seed, 0))],
        false => vec![],
    }
}

/// The first of those that a model is measured on: what `ntm trace` takes too.
fn drawn(task: &dyn Task, size: Option<u64>, seed: u64) -> Result<Sequence, Failure> {
    let purpose = Purpose::Evaluation(size.unwrap_or(0));
    let steps = task.steps_for(purpose, size)?;
    let bytes = memory::of_sequences(1, steps, task.inputs(), task.outputs());
    memory::require("this sequence", bytes, task.size_name())?;
    let mut sequence = Sequence::default();
    task.sequence((purpose, seed), 0, size, &mut sequence)?;
    Ok(sequence)
}

/// Whether there is anything to measure on.
pub(super) fn has_sequences(task: &dyn Task) -> bool {
    task.count(Purpose::Evaluation(0)) != Some(0)
}
