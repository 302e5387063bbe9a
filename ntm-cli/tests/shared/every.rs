//! A small experiment for every registered component, for every way to score, to clip and to update, and for every way to
//! put a machine together that has a file. A name that is registered and has none here is an error.
use ntm_cli::core::Loss;
use ntm_cli::core::checkpoint::{Archive, Tensor};
use ntm_cli::core::config::{Experiment, Registry, Source};
use ntm_cli::core::train::{Clip, Optimizer};
use std::path::Path;

const CLASSIC: &str = "Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])";
/// Sequences per update that become two chunks, one of them not full.
const TRAIN: &str =
    "batch: 3, chunk: 2, validate_every: 12, validation_sequences: 5, stop_when_solved: false";

fn experiment(task: &str, model: &str, train: &str) -> String {
    format!("(task: {task}, model: {model}, train: ({TRAIN}{train}))")
}
fn ntm(controller: &str, memory: &str, heads: &str, more: &str) -> String {
    format!("Ntm(controller: {controller}, memory: {memory}, heads: [{heads}]{more})")
}
fn pair(addressing: &str) -> String {
    format!("Read(addressing: {addressing}), Write(addressing: {addressing})")
}

const COPY: &str = "Copy(width: 3, length: (1, 4))";
const LSTM: &str = "Lstm(hidden: 12)";
const DENSE: &str = "Dense(slots: 20, width: 6)";

/// Settings of what cannot stand as `Name()`, and further ones of what can.
fn examples(plural: &str, name: &str) -> Vec<&'static str> {
    match (plural, name) {
        ("stages", "Content") => {
            vec!["Content()", "Content(similarity: Cosine(epsilon: 0))", "Content(similarity: Dot())"]
        }
        ("stages", "Shift") => vec!["Shift()", "Shift(range: 2)", "Shift(boundary: Zero)"],
        ("stages", "FixedShift") => vec!["FixedShift(kernel: [1, 0, 0])"],
        ("stages", "Sharpen") => vec!["Sharpen()", "Sharpen(epsilon: 1e-16, epsilon_at: Base)"],
        ("addressings", "Chain") => vec![CLASSIC],
        ("controllers", "Lstm") => vec![LSTM, "Lstm(hidden: 9, layers: 3, skip: true)"],
        ("controllers", "Gru") => vec!["Gru(hidden: 12)", "Gru(hidden: 9, layers: 2)"],
        ("controllers", "Mlp") => vec!["Mlp(hidden: [12])", "Mlp(hidden: [9, 17])"],
        ("memories", "Dense") => vec![DENSE, "Dense(slots: 20, width: 6, start: Learned)"],
        ("tasks", "Copy") => vec![COPY],
        _ => vec![],
    }
}

/// Writes `name.safetensors`: nine items of up to five steps, three inputs, two outputs.
fn data(folder: &Path, name: &str, targets: [f32; 2]) -> String {
    let path = folder.join(format!("{name}.safetensors"));
    let (items, steps) = (9, 5);
    let mut archive = Archive::default();
    let input = |i: usize| (i * 7 % 11) as f32 / 11.0;
    archive.tensors.insert(
        "inputs".into(),
        Tensor::new([items, steps, 3], (0..items * steps * 3).map(input).collect::<Vec<_>>()),
    );
    let all: Vec<f32> = (0..items * steps)
        .flat_map(|i| if i % 3 == 0 { targets } else { [targets[1], targets[0]] })
        .collect();
    archive.tensors.insert("targets".into(), Tensor::new([items, steps, 2], all));
    let scored = |i: usize| f32::from(i % steps < 2 + i / steps % 3);
    archive.tensors.insert(
        "mask".into(),
        Tensor::new([items, steps], (0..items * steps).map(scored).collect::<Vec<_>>()),
    );
    archive.write(&path).unwrap();
    path.display().to_string()
}

/// The losses there are; a new one does not compile here until it has a file.
fn losses(folder: &Path) -> Vec<String> {
    let all = [Loss::Bits, Loss::CrossEntropy, Loss::MeanSquare];
    let of = |loss: &Loss| match loss {
        Loss::Bits => ("Bits", [0.0, 1.0]),
        Loss::CrossEntropy => ("CrossEntropy", [0.0, 1.0]),
        Loss::MeanSquare => ("MeanSquare", [-0.7, 2.5]),
    };
    let task = |loss: &Loss| {
        let (name, targets) = of(loss);
        let path = data(folder, name, targets);
        format!("FromFile(inputs: 3, outputs: 2, train: {path:?}, validation: {path:?}, loss: {name})")
    };
    all.iter().map(task).collect()
}

/// Ways to update; a new one does not compile here until it is named.
fn updates() -> Vec<&'static str> {
    let _ = |optimizer: Optimizer| match optimizer {
        Optimizer::RmsProp { .. } | Optimizer::Adam { .. } => {}
    };
    let _ = |clip: Clip| match clip {
        Clip::None | Clip::Value(_) | Clip::Norm(_) => {}
    };
    vec![
        ", optimizer: RmsProp(), clip: None",
        ", optimizer: RmsProp(centred: false), clip: Value(1)",
        ", optimizer: Adam(), clip: Norm(1)",
    ]
}

/// Names and texts of the experiments; data goes to `folder`.
pub(crate) fn experiments(registry: &Registry, folder: &Path) -> Vec<(String, String)> {
    let mut all = vec![];
    for (plural, names) in registry.kinds() {
        for name in names {
            let mut settings: Vec<String> = examples(plural, name).iter().map(|s| s.to_string()).collect();
            if settings.is_empty() {
                settings = match (plural, name) {
                    ("tasks", "FromFile") => losses(folder),
                    ("heads", _) => vec![format!("{name}(addressing: {CLASSIC})")],
                    ("models", "Ntm") => vec![ntm(LSTM, DENSE, &pair(CLASSIC), "")],
                    ("models", "Recurrent") => vec![format!("Recurrent(controller: {LSTM})")],
                    _ => vec![format!("{name}()")],
                };
            }
            for setting in settings {
                let classic = pair(CLASSIC);
                let text = match plural {
                    "stages" => {
                        let chain = format!("Chain([Content(), {setting}])");
                        experiment(COPY, &ntm(LSTM, DENSE, &pair(&chain), ""), "")
                    }
                    "addressings" => experiment(COPY, &ntm(LSTM, DENSE, &pair(&setting), ""), ""),
                    "heads" => experiment(COPY, &ntm(LSTM, DENSE, &format!("{setting}, {classic}"), ""), ""),
                    "memories" => experiment(COPY, &ntm(LSTM, &setting, &classic, ""), ""),
                    "controllers" => experiment(COPY, &ntm(&setting, DENSE, &classic, ""), ""),
                    "models" => experiment(COPY, &setting, ""),
                    "tasks" => experiment(&setting, &ntm(LSTM, DENSE, &classic, ""), ""),
                    other => panic!("{other} are new: say here how an experiment with one looks"),
                };
                let source = Source::new(setting.clone(), text.as_str());
                if let Err(e) = registry.load::<Experiment>(&source, &[]) {
                    panic!("{plural}: {name} needs settings of its own in {}: {e}", file!());
                }
                all.push((format!("{plural}: {setting}"), text));
            }
        }
    }
    for update in updates() {
        all.push((update.into(), experiment(COPY, &ntm(LSTM, DENSE, &pair(CLASSIC), ""), update)));
    }
    let many = format!(
        "{}, Write(addressing: Chain([Content()]), weighting: Learned), Write(addressing: Chain([Shift(range: 2)])), \
         Read(addressing: Chain([Content()]))",
        pair(CLASSIC)
    );
    let mlp = "Mlp(hidden: [12], start: Learned)";
    for more in
        ["", ", order: Listed", ", order: WriteThenRead, writes: Sequential", ", step: MemoryThenController"]
    {
        all.push((format!("several heads{more}"), experiment(COPY, &ntm(mlp, DENSE, &many, more), "")));
    }
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let mut files: Vec<_> =
        std::fs::read_dir(configs.join("wirings")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for path in files {
        all.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    }
    all
}

/// What makes any experiment as small as those of the list.
pub(crate) const SMALL: [&str; 4] =
    ["train.batch=3", "train.chunk=2", "train.validate_every=12", "train.validation_sequences=5"];
