//! The configs of the paper's experiments, beside its tables.
use ntm_cli::core::Model;
use ntm_cli::core::config::{Experiment, Loaded, ModelSite, Source};
use ntm_cli::core::train::Optimizer;
use ntm_cli::core::traits::Initial;
use std::collections::BTreeMap;
use std::path::PathBuf;

const TASKS: [&str; 5] = ["copy", "repeat-copy", "associative-recall", "n-grams", "priority-sort"];
const BASE: &str = "base";
const FEED_FORWARD: &str = "NTM feed-forward";
const LSTM: &str = "LSTM";

/// An ablation file, as far as it matters here.
#[derive(serde::Deserialize)]
struct Ablation {
    base: String,
    set: Vec<String>,
    variants: BTreeMap<String, Vec<String>>,
    #[serde(rename = "seeds")]
    _seeds: (u64, u64),
    #[serde(rename = "measure")]
    _measure: Measure,
}
#[derive(serde::Deserialize)]
enum Measure {
    FinalBits,
}

/// A variant of a paper's experiment, from the files as they stand.
fn variant(task: &str, name: &str) -> Loaded<Experiment> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../configs/paper");
    let read = |path: PathBuf| std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    let registry = ntm_cli::builtin();
    let source = Source::new(task, read(folder.join(format!("{task}.ron"))));
    let ablation: Ablation = registry.parse(&source).unwrap_or_else(|e| panic!("{e}"));
    let base = Source::new(ablation.base.clone(), read(folder.join(&ablation.base)));
    let mut overrides = ablation.set;
    if name != BASE {
        overrides.extend(ablation.variants[name].clone());
    }
    registry.load(&base, &overrides).unwrap_or_else(|e| panic!("{task}, {name}: {e}"))
}

/// Numbers that training changes, between so many inputs and outputs.
fn parameters(experiment: &Experiment, inputs: usize, outputs: usize) -> usize {
    let cell = experiment.model.build::<f32>(&ModelSite { inputs }).unwrap();
    let zero = Initial::Constant(0.0);
    Model::<f32>::new(cell, outputs, zero, zero).count()
}

#[test]
fn lstm_baselines_have_the_parameters_of_table_3() {
    let table = [
        ("copy", [10, 9], 1_352_969),
        ("repeat-copy", [8, 7], 5_312_007),
        ("associative-recall", [8, 6], 1_344_518),
        ("n-grams", [1, 1], 331_905),
    ];
    for (name, [inputs, outputs], count) in table {
        let loaded = variant(name, LSTM);
        assert_eq!(parameters(&loaded.value, inputs, outputs), count, "{name}");
        let task = loaded.value.task().unwrap();
        match name {
            // one channel less than table 3 counts, in and out: what it held is not known
            "copy" => {
                assert_eq!([task.inputs(), task.outputs()], [9, 8]);
                // a column less in each of three layers of 4 x 256 gates; an output less over 3 x 256 and a bias
                let less = 3 * 4 * 256 + 3 * 256 + 1;
                assert_eq!(loaded.value.plan(1).unwrap().parameters, count - less);
            }
            _ => {
                assert_eq!([task.inputs(), task.outputs()], [inputs, outputs], "{name}");
                assert_eq!(loaded.value.plan(1).unwrap().parameters, count, "{name}");
            }
        }
    }
}

#[test]
fn machines_have_the_heads_the_memory_and_the_rates_of_tables_1_to_3() {
    // pairs of heads, the controller, the rate
    let tables = [
        (
            FEED_FORWARD,
            [(1, "100", 1e-4), (1, "100", 1e-4), (4, "256", 1e-4), (1, "100", 3e-5), (8, "512", 3e-5)],
        ),
        (BASE, [(1, "100", 1e-4), (1, "100", 1e-4), (1, "100", 1e-4), (1, "100", 3e-5), (5, "100", 3e-5)]),
        (LSTM, [(0, "256", 3e-5), (0, "512", 3e-5), (0, "256", 1e-4), (0, "128", 1e-4), (0, "128", 3e-5)]),
    ];
    for (name, rows) in tables {
        for (task, (pairs, hidden, rate)) in TASKS.into_iter().zip(rows) {
            let loaded = variant(task, name);
            let experiment = &loaded.value;
            let text = ntm_cli::core::config::to_ron(experiment);
            let said = |what: &str| text.matches(what).count();
            assert_eq!([said("Read("), said("Write(")], [pairs, pairs], "{task}, {name}");
            let controller = match name {
                FEED_FORWARD => format!("hidden: [{hidden}],"),
                BASE | LSTM => format!("hidden: {hidden},"),
                _ => unreachable!(),
            };
            assert_eq!(said(&controller), 1, "{task}, {name}: {controller}\n{text}");
            let layers = match (name, task) {
                (LSTM, _) => "layers: 3",
                (BASE, "priority-sort") => "layers: 2",
                (BASE, _) => "layers: 1",
                _ => "Mlp(",
            };
            assert_eq!(said(layers), 1, "{task}, {name}: {layers}");
            assert_eq!(said("slots: 128, width: 20"), usize::from(pairs > 0), "{task}, {name}");
            let Optimizer::RmsProp { rate: given, momentum, .. } = experiment.train.optimizer else {
                panic!("{task}, {name}: not RMSProp")
            };
            assert_eq!((given, momentum), (rate, 0.9), "{task}, {name}");
            experiment.plan(1).unwrap_or_else(|e| panic!("{task}, {name}: {e}"));
        }
    }
}

#[test]
fn weights_of_every_machine_of_the_paper_fit_into_3_mib() {
    for name in [FEED_FORWARD, BASE] {
        for task in TASKS {
            let parameters = variant(task, name).value.plan(1).unwrap().parameters;
            // four bytes each, and room for names and the config
            assert!(4 * parameters + (64 << 10) <= 3 << 20, "{task}, {name}: {parameters} parameters");
        }
    }
}
