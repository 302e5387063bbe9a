//! A recorded sequence as the 2014 paper draws it for tasks other than copy, whose figure 6 has a file of its own.
//!
//! Marks are steps with names (step, name), drawn through all panels; notes stand below.

use super::canvas::Drawing;
use super::recording::{Grid, Recording};
use super::sheet::{Sheet, numbers, weightings, weightings_and_vectors};

/// Panels are about this wide: two beside each other, and one alone.
const HALF: f32 = 600.0;
const WHOLE: f32 = 1200.0;

/// As figure 9, repeat copy: inputs and write weightings beside outputs and read weightings.
pub fn figure9(recording: &Recording, marks: Vec<(usize, String)>, notes: Vec<String>) -> Drawing {
    let heads = recording.writers_then_readers();
    let mut columns =
        vec![vec![numbers("inputs", &recording.inputs)], vec![numbers("outputs", &recording.outputs)]];
    for (column, reads) in columns.iter_mut().zip([false, true]) {
        column.extend(weightings(&heads, reads));
    }
    Sheet::new(["Repeat copy", "Repeat copy"], columns, HALF).told(marks, notes).paint()
}

/// As figure 12, associative recall: inputs, add vectors and write weightings beside outputs, read vectors and read weightings.
pub fn figure12(recording: &Recording, marks: Vec<(usize, String)>, notes: Vec<String>) -> Drawing {
    let heads = recording.writers_then_readers();
    let mut columns =
        vec![vec![numbers("inputs", &recording.inputs)], vec![numbers("outputs", &recording.outputs)]];
    for (column, reads) in columns.iter_mut().zip([false, true]) {
        column.extend(weightings_and_vectors(&heads, reads));
    }
    Sheet::new(["Associative recall", "Associative recall"], columns, HALF).told(marks, notes).paint()
}

/// As figure 15, N-grams: the bits, what the best predictor says of them (`best`, a row of probabilities), what the model says, and
/// below them what was added, where it was written and where read.
pub fn figure15(
    recording: &Recording,
    best: &Grid,
    marks: Vec<(usize, String)>,
    notes: Vec<String>,
) -> Drawing {
    let heads = recording.writers_then_readers();
    let bits = Grid { title: "bits to come".into(), ..recording.targets.clone() };
    let said = Grid { title: "model: probability of 1".into(), ..recording.outputs.clone() };
    let mut column = vec![numbers("", &bits), numbers("optimum: probability of 1", best), numbers("", &said)];
    column.extend(weightings_and_vectors(&heads, false));
    column.extend(weightings(&heads, true));
    Sheet::new(["N-grams", "N-grams"], vec![column], WHOLE).told(marks, notes).paint()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn marks() -> Vec<(usize, String)> {
        [(0, "item"), (4, "item"), (6, "query")].map(|(step, name)| (step, name.to_owned())).to_vec()
    }

    /// The texts of a picture, in order.
    fn texts(drawing: &Drawing) -> Vec<String> {
        let svg = drawing.svg();
        let texts = svg.lines().filter_map(|line| line.strip_suffix("</text>")?.rsplit_once('>'));
        texts.map(|(_, text)| text.to_owned()).filter(|text| text.parse::<f64>().is_err()).collect()
    }

    #[test]
    fn figures_have_the_panels_of_the_papers() {
        let recording = sample::copy(6);
        let best = sample::grid("", 1, 13, (0.0, 1.0), |_, _| 0.5);
        let notes = || vec!["a note".to_owned()];
        insta::assert_debug_snapshot!("figure9", texts(&figure9(&recording, marks(), notes())));
        insta::assert_debug_snapshot!("figure12", texts(&figure12(&recording, marks(), notes())));
        insta::assert_debug_snapshot!("figure15", texts(&figure15(&recording, &best, marks(), notes())));
    }

    #[test]
    fn a_mark_stands_at_its_step_in_every_panel_over_time_and_names_come_once() {
        let recording = sample::copy(6);
        let count = |marks| {
            let svg = figure9(&recording, marks, vec![]).svg();
            // a tip and a line each: four panels; tips in the legend
            (svg.matches("<polygon").count(), svg.matches("fill=\"#0072b2\"").count())
        };
        assert_eq!(count(vec![]), (0, 0));
        assert_eq!(count(marks()), (4 * 3 + 2, 4 * 2 * 2 + 1));
        // a step that the picture does not have
        assert_eq!(count(vec![(99, "far".into())]), (1, 1));
    }
}
