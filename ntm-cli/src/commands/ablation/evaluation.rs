//! Measures that are taken from a trained model, kept beside it so that they are taken once.
use super::file::Measure;
use crate::commands::experiment::Trained;
use crate::commands::threads::Threads;
use crate::commands::{Failure, measure};
use crate::run_directory::RunDirectory;
use crate::run_files::{read_json, write_json};
use ntm_core::config::Registry;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file in a run directory. `ntm train` does not write it, and does not mind it.
pub(super) const EVALUATION: &str = "evaluation.json";

/// Means over the sequences that `ntm eval RUN --length N --sequences M` takes too: they are the same for all runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Evaluation {
    length: u64,
    sequences: usize,
    bits_per_sequence: Option<f64>,
    wrong_bits_per_sequence: f64,
}

impl Evaluation {
    fn value(&self, wanted: Measure) -> f64 {
        match wanted {
            Measure::WrongBitsAt { .. } => self.wrong_bits_per_sequence,
            // a cost that is not finite has no place in JSON
            _ => self.bits_per_sequence.unwrap_or(f64::INFINITY),
        }
    }
}

/// What was measured before, if it was this.
pub(super) fn read(run: &RunDirectory, wanted: Option<Measure>) -> Result<Option<f64>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    let path = run.file(EVALUATION);
    if !path.exists() {
        return Ok(None);
    }
    let found: Evaluation = read_json(&path)?;
    let same = Some((found.length, found.sequences)) == wanted.evaluation();
    Ok(same.then(|| found.value(wanted)))
}

/// Measures a run's best checkpoint, on one thread.
pub(super) fn take(registry: &Registry, run: &Path, wanted: Option<Measure>) -> Result<Option<f64>, Failure> {
    let Some((wanted, (length, sequences))) = wanted.and_then(|wanted| Some((wanted, wanted.evaluation()?)))
    else {
        return Ok(None);
    };
    let trained = Trained::open(registry, Some(run), false, &[])?;
    let sizes = ([Some(length)], Some(sequences));
    let model = measure::model_for(&trained, (&sizes.0, sizes.1), 1)?;
    let settings = &trained.loaded.value.train;
    let rows = Threads::one()
        .run(|| measure::rows(&model, &*trained.task, settings, (&sizes.0, sizes.1), 1, &|_| {}))??;
    let Some(row) = rows.first() else { return Ok(None) };
    let found = Evaluation {
        length,
        sequences: row.sequences,
        bits_per_sequence: Some(row.cost).filter(|bits| bits.is_finite()),
        wrong_bits_per_sequence: row.wrong,
    };
    write_json(&run.join(EVALUATION), &found)?;
    Ok(Some(found.value(wanted)))
}
