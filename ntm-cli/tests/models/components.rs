//! The test kit over every component of [`ntm_cli::builtin`]: each example below, and each name without one.
use ntm_cli::builtin;
use ntm_cli::core::checkpoint::{Archive, Tensor};
use ntm_cli::core::config::{
    AddressingKind, ControllerKind, HeadKind, MemoryKind, MemorySite, ModelKind, Named, Registry, Source,
    StageKind, TaskKind,
};
use ntm_cli::core::memory::{Arrangement, Order, Step, Writes};
use ntm_cli::core::testkit::{memory_with, registered};

const CLASSIC: &str = "Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])";

#[test]
fn every_kind_is_checked_here() {
    let kinds: Vec<_> = builtin().kinds().into_iter().map(|(plural, _)| plural).collect();
    let mut checked = ["models", "memories", "heads", "addressings", "stages", "controllers", "tasks"];
    checked.sort_unstable();
    let mut kinds = kinds;
    kinds.sort_unstable();
    assert_eq!(kinds, checked, "a new kind needs a test in this file");
}

/// Their own crate has the test kit over all of them.
#[test]
fn stages_and_addressings_are_those_of_the_addressing_crate() {
    let theirs = ntm_cli::addressing::register(Registry::default());
    assert_eq!(builtin().names::<StageKind>(), theirs.names::<StageKind>());
    assert_eq!(builtin().names::<AddressingKind>(), theirs.names::<AddressingKind>());
}

#[test]
fn heads() {
    let of = |name: &str, more: &str| format!("{name}(addressing: {CLASSIC}{more})");
    let mut examples = vec![
        "Read(addressing: Chain([Content(similarity: Dot())]))".to_string(),
        "Read(addressing: Chain([Content(similarity: Cosine(epsilon: 0))]))".to_string(),
        "Write(addressing: Chain([Content(similarity: Cosine(epsilon: 0.01, at: Norms))]))".to_string(),
        "Write(addressing: Chain([Content(similarity: Cosine(epsilon: 1e-4, at: InsideRoot))]))".to_string(),
        "Read(addressing: Chain([FixedShift(kernel: [1])]))".to_string(),
        "Write(addressing: Chain([Content(key: Tanh)]), erase: HardSigmoid, add: Relu)".to_string(),
        of("Read", ", read: Drawn(0.5)"),
        of("Read", ", read: Given"),
        of("Read", ", read: LearnedThrough(Tanh)"),
        of("Read", ", using: Previous, weighting: Learned"),
        of("Write", ", using: Previous, weighting: Learned"),
        of("Write", ", erase: Coupled"),
        of("Write", ", erase: Clip(min: 0, max: 1), add: Clip(min: -1, max: 1)"),
    ];
    for start in ["OneHot", "Learned", "Zeros", "Uniform", "Given"] {
        examples.push(of("Read", &format!(", weighting: {start}, read: Zeros")));
        examples.push(of("Write", &format!(", weighting: {start}, add: Tanh")));
    }
    let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
    registered::<HeadKind>(&builtin(), &examples);
}

#[test]
fn memories() {
    let examples = [
        "Dense(slots: 5, width: 3)",
        "Dense(slots: 4, width: 2, start: Learned)",
        "Dense(slots: 4, width: 2, start: Constant(0))",
        "Dense(slots: 34, width: 2, start: LearnedThrough(Sigmoid))",
        "Dense(slots: 17, width: 3, start: Drawn(0.5))",
        "Dense(slots: 4, width: 2, start: Given)",
        "Dense(slots: 1, width: 1, start: Learned)",
    ];
    registered::<MemoryKind>(&builtin(), &examples);
}

/// Dense memories with one to three heads of each sort, in every order, with every start. Every `previous`th head acts
/// with the weighting of the step before.
fn dense(order: Order, step: Step, previous: usize) {
    let registry = builtin();
    let starts = ["OneHot", "Learned", "Zeros", "Uniform"];
    let memories = ["Learned", "Constant(1e-6)", "Drawn(0.3)"];
    let mut turn = 0;
    for (readers, writers) in [(1, 1), (2, 1), (1, 2), (3, 3), (1, 0), (0, 1)] {
        for writes in [Writes::Together, Writes::Sequential] {
            let heads: Vec<Named<HeadKind>> = (0..readers + writers)
                .map(|h| {
                    turn += 1;
                    // readers and writers in turn, as far as there are any
                    let reads = if h < 2 * readers.min(writers) { h % 2 == 0 } else { readers > writers };
                    let (name, start) = (if reads { "Read" } else { "Write" }, starts[turn % starts.len()]);
                    let using = if turn % previous == 0 { "Previous" } else { "Current" };
                    let text = format!("{name}(weighting: {start}, using: {using}, addressing: {CLASSIC})");
                    registry.parse(&Source::new("head", text)).unwrap()
                })
                .collect();
            let text = format!("Dense(slots: 5, width: 3, start: {})", memories[turn % memories.len()]);
            let memory: Named<MemoryKind> = registry.parse(&Source::new("memory", text)).unwrap();
            let arrangement = Arrangement { order, writes, step };
            memory_with(&memory, &MemorySite { heads: &heads, arrangement });
        }
    }
}

#[test]
fn dense_read_then_write() {
    dense(Order::ReadThenWrite, Step::ControllerThenMemory, usize::MAX);
}
#[test]
fn dense_write_then_read() {
    dense(Order::WriteThenRead, Step::ControllerThenMemory, usize::MAX);
}
#[test]
fn dense_listed() {
    dense(Order::Listed, Step::ControllerThenMemory, usize::MAX);
}
#[test]
fn dense_before_the_controller() {
    for order in [Order::ReadThenWrite, Order::WriteThenRead, Order::Listed] {
        dense(order, Step::MemoryThenController, usize::MAX);
    }
}
#[test]
fn dense_with_the_weightings_of_the_step_before() {
    for order in [Order::ReadThenWrite, Order::WriteThenRead, Order::Listed] {
        dense(order, Step::ControllerThenMemory, 1);
    }
}
#[test]
fn dense_with_weightings_of_both_steps() {
    for order in [Order::ReadThenWrite, Order::WriteThenRead, Order::Listed] {
        dense(order, Step::ControllerThenMemory, 2);
        dense(order, Step::ControllerThenMemory, 3);
    }
    dense(Order::WriteThenRead, Step::MemoryThenController, 2);
}

#[test]
fn controllers() {
    let examples = [
        "Lstm(hidden: 5)",
        "Lstm(hidden: 17, start: Zeros)",
        "Lstm(hidden: 3, start: Given)",
        "Lstm(hidden: 3, layers: 3)",
        "Lstm(hidden: 3, layers: 3, skip: true)",
        "Gru(hidden: 5)",
        "Gru(hidden: 17, start: Zeros)",
        "Gru(hidden: 3, layers: 2, start: Given)",
        "Gru(hidden: 3, layers: 3, initial: (bias: Uniform(0.1)))",
        "Mlp(hidden: [6])",
        "Mlp(hidden: [6, 17], activation: Sigmoid)",
        "Mlp(hidden: [4, 5], activation: Relu)",
        "Mlp(hidden: [4, 5], start: Learned)",
    ];
    registered::<ControllerKind>(&builtin(), &examples);
}

#[test]
fn models() {
    let ntm = |controller: &str, heads: &str, more: &str| {
        format!("Ntm(controller: {controller}, memory: Dense(slots: 4, width: 2), heads: [{heads}]{more})")
    };
    let pair = format!("Read(addressing: {CLASSIC}), Write(addressing: {CLASSIC})");
    let previous = format!(
        "Read(addressing: {CLASSIC}, using: Previous), Write(addressing: {CLASSIC}, using: Previous, erase: Coupled)"
    );
    let mixed =
        format!("Read(addressing: {CLASSIC}, using: Previous, weighting: Learned), {pair}, {previous}");
    let two = "Write(addressing: Chain([Content()])), Read(addressing: Chain([Shift()])), \
               Read(addressing: Chain([Content()]), weighting: Learned)";
    let examples = [
        ntm("Lstm(hidden: 4)", &pair, ""),
        ntm("Mlp(hidden: [4])", &pair, ", order: WriteThenRead, output: Hidden"),
        ntm("Lstm(hidden: 3, layers: 2, skip: true)", two, ", order: Listed, writes: Sequential"),
        ntm("Lstm(hidden: 4)", &pair, ", heads_see: Cell, raw_clip: 0.5"),
        ntm("Lstm(hidden: 3, layers: 2, skip: true)", &pair, ", heads_see: Cell, step: MemoryThenController"),
        ntm("Lstm(hidden: 3, layers: 2)", &pair, ", step: MemoryThenController, order: WriteThenRead"),
        ntm("Mlp(hidden: [4], start: Learned)", &pair, ", step: MemoryThenController"),
        ntm("Mlp(hidden: [4], start: Learned)", &previous, ", order: WriteThenRead, output: Hidden"),
        ntm("Mlp(hidden: [3, 4], start: Given)", &mixed, ", raw_clip: 1"),
        ntm("Lstm(hidden: 4)", &previous, ", order: WriteThenRead, heads_see: Cell"),
        "Recurrent(controller: Lstm(hidden: 3, layers: 2))".to_string(),
        "Recurrent(controller: Mlp(hidden: [3]))".to_string(),
        ntm("Gru(hidden: 3, layers: 2)", &pair, ""),
    ];
    let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
    registered::<ModelKind>(&builtin(), &examples);
}

#[test]
fn tasks() {
    let file = std::env::temp_dir().join(format!("ntm-tasks-{}.safetensors", std::process::id()));
    let mut archive = Archive::default();
    archive.tensors.insert("inputs".into(), Tensor::new([5, 4, 3], vec![0.5_f32; 60]));
    archive.tensors.insert("targets".into(), Tensor::new([5, 4, 2], vec![0.5_f32; 40]));
    archive.write(&file).unwrap();
    let path = file.display();
    let examples = [
        "Copy()".to_string(),
        "Copy(width: 1, length: (3, 3))".into(),
        "Copy(width: 33, length: (1, 2))".into(),
        "Copy(curriculum: Growing(until: 100))".into(),
        "RepeatCopy()".into(),
        "RepeatCopy(width: 1, length: (1, 1), repeats: (3, 3))".into(),
        "AssociativeRecall()".into(),
        "AssociativeRecall(width: 1, vectors: 1, items: (2, 3), curriculum: Growing(until: 7))".into(),
        "DynamicNGrams()".into(),
        "DynamicNGrams(context: 0, length: (1, 3))".into(),
        "PrioritySort()".into(),
        "PrioritySort(width: 1, vectors: (1, 4), answers: 9)".into(),
        format!("FromFile(inputs: 3, outputs: 2, train: \"{path}\")"),
        format!(
            "FromFile(inputs: 3, outputs: 2, train: \"{path}\", validation: \"{path}\", loss: CrossEntropy)"
        ),
    ];
    registered::<TaskKind>(&builtin(), &examples.each_ref().map(String::as_str));
    std::fs::remove_file(file).unwrap();
}
