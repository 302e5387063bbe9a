//! What is read, and which names are known.

use super::*;

const GOLDEN: [&str; 4] = [
    "Ntm(order: ReadThenWrite, writes: Together, output: Hidden, controller: Mlp(activation: Relu, hidden: [7, 5]), memory: Dense(slots: 6, width: 4, start: Given), heads: [Read(weighting: Learned, read: Zeros, addressing: Chain([Content(key: Clip(min: -1, max: 1), strength: TenSigmoid, similarity: Cosine(epsilon: 0.001, at: Denominator)), Interpolate(), Shift(range: 1, direction: FirstForward, kernel: Softmax), Sharpen(power: OnePlusSoftplus, epsilon: 1e-16)])), Write(weighting: Learned, erase: Clip(min: 0, max: 1), add: Tanh, addressing: Chain([Content(key: Clip(min: 0, max: 1), strength: TenSigmoid, similarity: Cosine(epsilon: 0.001, at: Denominator))]))])",
    "Ntm(order: Listed, controller: Lstm(layers: 1, skip: false, start: Zeros, hidden: 5), memory: Dense(slots: 7, width: 3, start: Constant(0.0)), heads: [Read(weighting: OneHot, read: Given, addressing: Chain([Content(key: Linear, strength: Exp, similarity: Dot()), Shift(range: 1, direction: FirstForward, kernel: SoftmaxOfRelu), Sharpen(power: OnePlusRelu, epsilon: 1e-16)]))])",
    "Ntm(heads: [Read(addressing: Chain([Content(similarity: Cosine(epsilon: 1e-08, at: Floor)), Interpolate(), ScalarShift(direction: PositiveUp)]))])",
    "Recurrent(controller: Lstm(layers: 3, skip: true, start: Learned, hidden: 4))",
];

#[test]
fn the_golden_models_parse_as_they_stand_and_survive_writing() {
    for text in GOLDEN {
        let source = Source::new("golden", text);
        let model: Named<ModelKind> = registry().parse(&source).unwrap_or_else(|e| panic!("{e}"));
        let written = crate::config::to_ron(&model);
        let again: Named<ModelKind> =
            registry().parse(&Source::new("again", written)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(model, again);
    }
}

#[test]
fn components_without_required_settings_need_no_parentheses() {
    let full = read(
        "(model: Ntm(controller: Lstm(), heads: [Read(addressing: Chain([Content(), Interpolate()]))]))",
    )
    .unwrap();
    let bare = read("(model: Ntm(controller: Lstm /* ( */, heads: [Read(addressing: Chain([Content // (\n, Interpolate]))]))").unwrap();
    assert_eq!(full, bare);
    assert_eq!(read("(task: Copy, model: Recurrent)").unwrap().task.name(), "Copy");
}

#[test]
fn components_inside_components_are_read_to_a_depth_and_then_refused() {
    let registry = registry().register::<StageKind, Around>("Around");
    let nested = |depth| {
        let text = format!("{}None{}", "Around(stage: ".repeat(depth), ", two: (1, 2.5))".repeat(depth));
        registry.parse::<Named<StageKind>>(&Source::new("deep", text))
    };
    let stage = nested(12).unwrap();
    assert_eq!(
        registry.parse::<Named<StageKind>>(&Source::new("again", crate::config::to_ron(&stage))).unwrap(),
        stage
    );
    for depth in [60, 90] {
        let e = nested(depth).unwrap_err();
        assert!(e.message().contains("nested too deeply"), "{e}");
    }
    let e = registry
        .parse::<Named<StageKind>>(&Source::new("a", "Around(stage: Around(stage: Shft, two: (1, 2)))"))
        .unwrap_err();
    assert_eq!((e.path(), e.near_miss()), (Some("stage.stage"), Some("Shift")));
}

#[test]
fn a_component_cannot_be_read_without_a_registry() {
    let e = ron::from_str::<Named<StageKind>>("Shift()").unwrap_err();
    assert!(e.to_string().contains("no registry is in scope"), "{e}");
}

#[test]
fn scopes_nest_and_are_restored_when_a_reader_panics() {
    let read = |text: &str| ron::from_str::<Named<StageKind>>(text).is_ok();
    registry().scope(|| {
        Registry::default().scope(|| assert!(!read("Interpolate(())")));
        let panicked = std::panic::catch_unwind(|| Registry::default().scope(|| panic!("on purpose")));
        assert!(panicked.is_err());
        assert!(read("Interpolate(())"));
    });
    assert!(!read("Interpolate(())"));
}

#[test]
fn the_later_of_two_components_of_one_name_wins_and_keeps_the_place() {
    let registry = registry().register::<StageKind, ScalarShift>("Shift");
    assert_eq!(registry.names::<StageKind>(), super::registry().names::<StageKind>());
    let stage: Named<StageKind> = registry.parse(&Source::new("a", "Shift(direction: PositiveUp)")).unwrap();
    assert_eq!(stage.name(), "Shift");
    assert_eq!(
        registry.kinds()[6],
        ("stages", vec!["Content", "Interpolate", "Shift", "ScalarShift", "Sharpen"])
    );
}

#[test]
fn components_are_read_by_other_formats_too() {
    let json = r#"{"Shift": {"range": 2}}"#;
    let stage: Named<StageKind> = registry().scope(|| serde_json::from_str(json)).unwrap();
    assert_eq!(stage, Named::new("Shift", Shift { range: 2, ..Shift::default() }));
}
