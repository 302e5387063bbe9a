//! Models from an independent implementation: every value of every step and every gradient, in f64.
//!
//! `golden/README.md` says what the files hold and how they were made. Values agree to 1e-10, gradients to 1e-8,
//! relative to max(|expected|, 1e-3).
use ntm_cli::core::Model;
use ntm_cli::core::Sequence;
use ntm_cli::core::checkpoint::{Archive, Data};
use ntm_cli::core::config::{Experiment, ModelKind, ModelSite, Named, Source};
use ntm_cli::core::engine::inspect;
use ntm_cli::core::traits::Initial;
use serde_json::Value;
use std::path::PathBuf;

struct Case {
    name: String,
    json: Value,
    archive: Archive,
}

impl Case {
    fn open(name: &str) -> Case {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let json = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let archive = Archive::read(folder.join(format!("{name}.safetensors"))).unwrap();
        Case { name: name.into(), json: serde_json::from_str(&json).unwrap(), archive }
    }
    fn number(&self, field: &str) -> usize {
        self.json[field].as_u64().unwrap() as usize
    }
    fn tensor(&self, name: &str) -> (&[usize], &[f64]) {
        let tensor = &self.archive.tensors[name];
        let Data::F64(data) = &tensor.data else { panic!("{name} is not f64") };
        (&tensor.shape, data)
    }
    /// The model, read from the case's RON as it stands, with the case's numbers.
    fn model(&self) -> Model<f64> {
        let ron = self.json["ron"].as_str().unwrap();
        let source = Source::new(self.name.clone(), ron);
        let named: Named<ModelKind> = ntm_cli::builtin().parse(&source).unwrap_or_else(|e| panic!("{e}"));
        let cell = named.build::<f64>(&ModelSite { inputs: self.number("inputs") }).unwrap();
        let zero = Initial::Constant(0.0);
        let mut model = Model::new(cell, self.number("outputs"), zero, zero);
        for info in model.tensors() {
            let (shape, data) = self.tensor(&info.path);
            model.set(&info.path, shape, data).unwrap();
        }
        let ours: Vec<String> = model.tensors().into_iter().map(|t| t.path).collect();
        let all = self.archive.tensors.keys().filter(|k| {
            let other = ["grad.", "trace."].iter().any(|p| k.starts_with(p));
            !other && !["inputs", "targets", "mask"].contains(&k.as_str())
        });
        for path in all {
            assert!(ours.contains(path), "{}: nothing takes `{path}`", self.name);
        }
        assert_eq!(model.count(), self.number("parameter_count"), "{}: parameters", self.name);
        model
    }
    /// The items of the case, each at its own length.
    fn sequences(&self) -> Vec<Sequence> {
        let steps = self.number("steps");
        let lengths = self.json["lengths"].as_array().unwrap();
        let part = |name: &str, item: usize, length: usize| -> Vec<f32> {
            let (shape, data) = self.tensor(name);
            let each: usize = shape[2..].iter().product();
            data[item * steps * each..][..length * each].iter().map(|&x| x as f32).collect()
        };
        (0..self.number("batch"))
            .map(|item| {
                let length = lengths[item].as_u64().unwrap() as usize;
                Sequence {
                    steps: length,
                    inputs: part("inputs", item, length),
                    targets: part("targets", item, length),
                    mask: part("mask", item, length),
                }
            })
            .collect()
    }
    /// The worst entry of a tensor, relative to max(|expected|, 1e-3).
    fn worst(&self, name: &str, ours: &[f64], tolerance: f64) {
        let (shape, expected) = self.tensor(name);
        assert_eq!(ours.len(), expected.len(), "{}: {name} {shape:?}", self.name);
        for (i, (a, b)) in ours.iter().zip(expected).enumerate() {
            let error = (a - b).abs() / b.abs().max(1e-3);
            assert!(
                error <= tolerance,
                "{}: {name}[{i}] is {a}, expected {b} (off by {error:.1e})",
                self.name
            );
        }
    }
}

fn agrees(name: &str) {
    let case = Case::open(name);
    let model = case.model();
    let (_, inputs) = case.tensor("inputs");
    let found = inspect(&model, &case.sequences(), Some(inputs));
    let loss = case.json["loss"].as_f64().unwrap();
    assert!((found.loss - loss).abs() <= 1e-10 * loss.abs(), "{name}: loss {} expected {loss}", found.loss);
    let (trace, gradients): (Vec<_>, Vec<_>) =
        case.archive.tensors.keys().partition(|k| k.starts_with("trace."));
    for key in trace {
        let (_, ours) = found.trace.get(&key["trace.".len()..]).unwrap_or_else(|| panic!("{name}: no {key}"));
        case.worst(key, ours, 1e-10);
    }
    for key in gradients.iter().filter_map(|k| k.strip_prefix("grad.")) {
        let ours = match key {
            "inputs" => found.d_inputs.clone(),
            path => model.read(&found.gradient, path).unwrap(),
        };
        case.worst(&format!("grad.{key}"), &ours, 1e-8);
    }
}

macro_rules! cases { ($($name:ident $file:literal;)*) => { $( #[test] fn $name() { agrees($file); } )* } }

cases! {
    lstm_default_agrees "lstm-default";
    mlp_with_two_pairs_of_heads_agrees "mlp-two-pairs";
    heads_in_list_order_agree "listed-two-pairs";
    writes_one_after_another_agree "sequential-writes";
    a_shift_of_range_two_agrees "shift-range-2";
    a_scalar_shift_agrees "scalar-shift";
    content_only_agrees "content-only";
    location_only_agrees "location-only";
    write_then_read_agrees "write-then-read";
    two_lstm_layers_agree "lstm-two-layers";
    unequal_lengths_agree "unequal-lengths";
    the_lstm_baseline_with_skips_agrees "lstm-skip-baseline";
    dot_similarity_and_exp_strength_agree "dot-exp-relu";
    clipped_keys_and_erases_agree "clipped";
    relu_everywhere_agrees "all-relu";
    raw_numbers_cut_and_starts_through_tanh_agree "collier-beel";
    a_read_with_the_step_before_agrees "feed-forward-previous-read";
    a_write_first_machine_agrees "write-first";
    a_coupled_erase_driven_by_the_cell_state_agrees "coupled-erase";
    cell_states_of_all_layers_agree "coupled-erase-skip";
    a_shift_over_an_end_and_epsilons_at_base_and_norms_agree "zero-padded";
    memory_first_on_cell_states_agrees "memory-first-cell";
    memory_first_in_list_order_agrees "memory-first-listed";
    early_and_late_heads_in_list_order_agree "mixed-listed";
    early_heads_that_address_after_a_late_write_agree "mixed-listed-after-write";
    early_and_late_heads_with_writes_first_agree "mixed-write-then-read";
    early_and_late_heads_with_reads_first_agree "mixed-read-then-write";
    a_gru_agrees "gru";
    memory_first_with_a_gru_agrees "gru-memory-first";
}

#[test]
fn a_whole_file_is_read_and_built() {
    let text = "(task: Copy(), model: Ntm(controller: Lstm(hidden: 100), memory: Dense(slots: 128, width: 20), \
                heads: [Read(addressing: Chain([Content(), Interpolate(), Shift(), Sharpen()])), \
                Write(addressing: Chain([Content(), Interpolate(), Shift(), Sharpen()]))]))";
    let loaded = ntm_cli::builtin().load::<Experiment>(&Source::new("copy", text), &[]).unwrap();
    let plan = loaded.value.plan(1).unwrap();
    assert_eq!(plan.parameters, 62_480);
}
