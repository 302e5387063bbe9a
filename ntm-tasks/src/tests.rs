//! What holds for every task that draws its sequences.
use crate::{AssociativeRecall, Copy, Curriculum, DynamicNGrams, PrioritySort, RepeatCopy};
use ntm_core::Sequence;
use ntm_core::random::{Purpose, stream};
use ntm_core::train::{Mark, Task};
use std::collections::{BTreeMap, BTreeSet};

/// Sequence `n` of a size, as evaluation would draw it.
pub(crate) fn drawn(task: &dyn Task, size: Option<u64>, n: u64) -> Sequence {
    let mut sequence = Sequence::default();
    task.draw(&mut stream(Purpose::Evaluation(0), 3, n), size, &mut sequence).unwrap();
    sequence
}
/// The rows of a step-major list.
pub(crate) fn rows(numbers: &[f32], each: usize) -> Vec<&[f32]> {
    numbers.chunks_exact(each).collect()
}
/// Numbers of the steps that are scored.
pub(crate) fn scored(sequence: &Sequence) -> Vec<usize> {
    (0..sequence.steps).filter(|&step| sequence.mask[step] == 1.0).collect()
}

const GROWING: Curriculum = Curriculum::Growing { until: 1000 };

/// Every task with ranges: as it is, and growing.
fn pairs() -> Vec<[Box<dyn Task>; 2]> {
    fn pair<S: Task + 'static>(task: impl Fn(Curriculum) -> S) -> [Box<dyn Task>; 2] {
        [Box::new(task(Curriculum::Uniform)), Box::new(task(GROWING))]
    }
    vec![
        pair(|curriculum| Copy { curriculum, ..Copy::default() }),
        pair(|curriculum| RepeatCopy { curriculum, ..RepeatCopy::default() }),
        pair(|curriculum| AssociativeRecall { curriculum, ..AssociativeRecall::default() }),
        pair(|curriculum| DynamicNGrams { length: (10, 30), curriculum, ..DynamicNGrams::default() }),
        pair(|curriculum| PrioritySort { vectors: (1, 20), curriculum, ..PrioritySort::default() }),
    ]
}

fn numbered(task: &dyn Task, purpose: Purpose, n: u64) -> Sequence {
    let mut sequence = Sequence::default();
    task.sequence((purpose, 5), n, None, &mut sequence).unwrap();
    sequence
}

#[test]
fn a_growing_task_begins_small_and_ends_as_the_uniform_one() {
    for [uniform, growing] in pairs() {
        let steps = |n| numbered(&*growing, Purpose::Training, n).steps;
        let smallest = (0..400).map(|n| drawn(&*uniform, None, n).steps).min().unwrap();
        assert!((0..20).all(|n| steps(n) == smallest), "{growing:?}");
        for n in 1000..1040 {
            let [a, b] = [&uniform, &growing].map(|task| numbered(&**task, Purpose::Training, n));
            assert_eq!(a, b, "{growing:?}");
        }
        assert_eq!(uniform.steps(None), growing.steps(None));
    }
}

#[test]
fn what_a_growing_task_is_measured_on_is_that_of_the_uniform_one() {
    for [uniform, growing] in pairs() {
        for purpose in [Purpose::Validation, Purpose::Evaluation(7)] {
            for n in 0..20 {
                assert_eq!(numbered(&*uniform, purpose, n), numbered(&*growing, purpose, n), "{growing:?}");
            }
        }
    }
}

#[test]
fn training_sequence_n_is_the_same_in_any_order_and_after_any_other() {
    for [_, growing] in pairs() {
        let mut reused = Sequence::default();
        for n in [900, 3, 450, 2000, 3] {
            growing.sequence((Purpose::Training, 5), n, None, &mut reused).unwrap();
            assert_eq!(reused, numbered(&*growing, Purpose::Training, n), "{growing:?}");
        }
    }
}

#[test]
fn both_ends_of_a_range_and_all_between_are_drawn() {
    for [uniform, _] in pairs() {
        let (low, high) = match uniform.size_name() {
            "items" => (2, 6),
            "vectors" => (1, 20),
            _ if uniform.inputs() == 1 => (10, 30),
            _ if uniform.inputs() == 9 => (1, 20),
            _ => continue, // repeat copy has a test of its own, for two ranges
        };
        assert_eq!(uniform.trained_sizes(), Some((low, high)), "{uniform:?}");
        let expected: BTreeSet<usize> = (low..=high).map(|size| uniform.steps(Some(size)).unwrap()).collect();
        let seen: BTreeSet<usize> = (0..2000).map(|n| drawn(&*uniform, None, n).steps).collect();
        assert_eq!(seen, expected, "{uniform:?}");
    }
}

#[test]
fn every_size_of_a_range_is_drawn_as_often() {
    for [uniform, _] in pairs() {
        if uniform.outputs() == 7 {
            continue; // steps of repeat copy are a product of two sizes: its own test has the pairs
        }
        let (low, high) = uniform.trained_sizes().unwrap();
        let (count, sizes) = (6000.0, (high - low + 1) as f64);
        let mut seen: BTreeMap<usize, f64> = BTreeMap::new();
        for n in 0..6000 {
            *seen.entry(numbered(&*uniform, Purpose::Training, n).steps).or_default() += 1.0;
        }
        let expected = count / sizes;
        let chi: f64 = seen.values().map(|seen| (seen - expected).powi(2) / expected).sum();
        // the sum has the mean k = sizes - 1 and the variance 2 k; the draws are always the same ones
        let k = sizes - 1.0;
        assert!(seen.len() as f64 == sizes && chi < k + 4.0 * (2.0 * k).sqrt(), "{uniform:?}: {chi}");
    }
}

#[test]
fn marks_name_the_steps_that_a_reader_of_the_picture_would() {
    let named = |task: &dyn Task, size| {
        let sequence = drawn(task, Some(size), 1);
        let mark = |mark: Mark| format!("{} {}", mark.step, mark.name);
        task.marks(&sequence).into_iter().map(mark).collect::<Vec<_>>()
    };
    assert_eq!(named(&Copy::default(), 4), ["4 delimiter"]);
    assert_eq!(named(&RepeatCopy::default(), 4), ["4 delimiter", "5 count"]);
    assert_eq!(named(&PrioritySort::default(), 20), ["20 delimiter"]);
    let recall = ["0 item delimiter", "4 item delimiter", "8 query delimiter", "12 query delimiter"];
    assert_eq!(named(&AssociativeRecall::default(), 2), recall);
}

#[test]
fn without_a_range_chance_is_the_mean_over_the_sizes_in_training() {
    for [uniform, _] in pairs() {
        let count = 4000;
        let unmarked = if uniform.outputs() == 7 { 1 } else { 0 };
        let random_bits = |n| {
            let scored = scored(&drawn(&*uniform, None, n)).len();
            // the step of the end marker, and its channel, are not random
            (scored - unmarked) * (uniform.outputs() - unmarked)
        };
        let mean = (0..count).map(random_bits).sum::<usize>() as f64 / count as f64;
        let chance = uniform.chance_bits(None).unwrap();
        assert!((mean / chance - 1.0).abs() < 0.05, "{uniform:?}: {mean} beside {chance}");
    }
}

#[test]
fn settings_that_were_not_checked_are_refused_instead_of_drawn() {
    let tasks: [Box<dyn Task>; 6] = [
        Box::new(Copy { length: (3, 1), ..Copy::default() }),
        Box::new(RepeatCopy { width: 0, ..RepeatCopy::default() }),
        Box::new(AssociativeRecall { items: (0, 0), ..AssociativeRecall::default() }),
        Box::new(AssociativeRecall { width: 0, ..AssociativeRecall::default() }),
        Box::new(DynamicNGrams { context: 99, ..DynamicNGrams::default() }),
        Box::new(PrioritySort { vectors: (0, usize::MAX), ..PrioritySort::default() }),
    ];
    for task in tasks {
        let mut sequence = Sequence::default();
        let refused = task.draw(&mut stream(Purpose::Training, 0, 0), None, &mut sequence);
        assert!(refused.is_err() && task.steps(None).is_err() && task.steps(Some(5)).is_err(), "{task:?}");
        let _ = (task.chance_bits(None), task.chance_bits(Some(u64::MAX)), task.optimum(&sequence));
    }
}

#[cfg(feature = "config")]
mod refusals {
    use super::*;
    use ntm_core::config::{Build, TaskKind};

    fn refused(task: &impl Build<TaskKind>, path: &str, words: &[&str]) {
        let error = task.build::<f32>(&()).unwrap_err();
        assert_eq!(error.path, path, "{error}");
        for word in words {
            assert!(error.message.contains(word), "{error}: no {word:?}");
        }
    }

    #[test]
    fn impossible_settings_are_refused_at_their_path_with_what_is_allowed() {
        let copy = Copy::default();
        refused(&Copy { width: 0, ..copy.clone() }, "width", &["0 bits", "1 to 65536"]);
        refused(&Copy { length: (0, 5), ..copy.clone() }, "length", &["(0, 5)", "1 <= shortest"]);
        let never = Curriculum::Growing { until: 0 };
        refused(&Copy { curriculum: never, ..copy }, "curriculum", &["Growing(until: 20000)", "Uniform"]);

        let repeat = RepeatCopy::default();
        refused(&RepeatCopy { repeats: (4, 3), ..repeat.clone() }, "repeats", &["(4, 3)", "fewest <= most"]);
        refused(&RepeatCopy { repeats: (0, 3), ..repeat.clone() }, "repeats", &["1 <= fewest"]);
        let long = RepeatCopy { length: (1, 100), repeats: (1, 1 << 20), ..repeat.clone() };
        refused(&long, "length", &["100 vectors", "1048576 times", "there can be 15"]);
        refused(&RepeatCopy { normalised_over: (0, 0), ..repeat }, "normalised_over", &["(0, 0)"]);

        let recall = AssociativeRecall::default();
        refused(&AssociativeRecall { items: (1, 6), ..recall.clone() }, "items", &["(1, 6)", "2 <= fewest"]);
        refused(&AssociativeRecall { vectors: 0, ..recall.clone() }, "vectors", &["0 vectors", "1 to 65536"]);
        refused(&AssociativeRecall { items: (2, usize::MAX), ..recall }, "items", &["most <= "]);

        let grams = DynamicNGrams::default();
        refused(&DynamicNGrams { context: 11, ..grams.clone() }, "context", &["11 bits", "0 to 10"]);
        refused(&DynamicNGrams { length: (5, 0), ..grams }, "length", &["(5, 0)"]);

        let sort = PrioritySort::default();
        refused(&PrioritySort { answers: 0, ..sort.clone() }, "answers", &["0 vectors back"]);
        refused(&PrioritySort { vectors: (3, 2), ..sort }, "vectors", &["(3, 2)"]);
    }
}
