//! The test kit over every stage and addressing of this crate: each example below, and each name without one.
use ntm_core::config::{AddressingKind, Registry, StageKind};
use ntm_core::testkit::registered;

const CLASSIC: &str = "Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])";

fn names() -> Registry {
    ntm_addressing::register(Registry::default())
}

#[test]
fn stages() {
    let examples = [
        "Content()",
        "Content(key: Tanh, similarity: Cosine(at: Floor))",
        "Content(key: Relu, strength: Exp, similarity: Dot())",
        "Content(key: Clip(min: -1, max: 1), strength: OnePlusSoftplus, similarity: Cosine(epsilon: 1e-3))",
        "Content(strength: Exp)",
        "Content(key: Affine(scale: 2, offset: -1, of: Sigmoid))",
        "Content(similarity: Cosine(epsilon: 0))",
        "Content(similarity: Cosine(at: Norms))",
        "Content(similarity: Cosine(epsilon: 1e-16, at: InsideRoot))",
        "Interpolate()",
        "Interpolate(gate: HardSigmoid)",
        "Interpolate(gate: Linear)",
        "Interpolate(gate: Relu)",
        "Shift(range: 0)",
        "Shift()",
        "Shift(range: 2)",
        "Shift(direction: LastForward)",
        "Shift(range: 2, direction: LastForward, kernel: SoftmaxOfRelu)",
        "ScalarShift()",
        "ScalarShift(direction: PositiveDown)",
        "Shift(boundary: Zero)",
        "Shift(range: 2, direction: LastForward, boundary: Zero)",
        "Shift(range: 0, boundary: Zero)",
        "FixedShift(kernel: [0.0, 1.0, 0.0])",
        "FixedShift(kernel: [1])",
        "FixedShift(kernel: [0.1, 0.2, 0.4, 0, 0.3], direction: LastForward)",
        "FixedShift(kernel: [1, -2.5, 0.5], boundary: Zero)",
        "Sharpen()",
        "Sharpen(epsilon: 1e-16)",
        "Sharpen(power: OnePlusRelu)",
        "Sharpen(power: Exp)",
        "Sharpen(power: TenSigmoid, epsilon: 1e-3)",
        "Sharpen(epsilon: 1e-16, epsilon_at: Base)",
        "Sharpen(epsilon: 1e-3, epsilon_at: Base)",
    ];
    registered::<StageKind>(&names(), &examples);
}

#[test]
fn addressings() {
    let examples = [
        CLASSIC,
        "Chain([Content()])",
        "Chain([Shift(range: 1)])",
        "Chain([FixedShift(kernel: [0.2, 0.8, 0])])",
        "Chain([Content(similarity: Cosine(epsilon: 0)), Interpolate(), Shift(boundary: Zero), \
         Sharpen(epsilon: 1e-16, epsilon_at: Base)])",
        "Chain([Interpolate(), Content()])",
        "Chain([Content(), Interpolate(), ScalarShift(), Sharpen()])",
        "Chain([Content(), Content(similarity: Dot()), Interpolate()])",
        "Chain([Interpolate(), Content(), Content(similarity: Dot()), Content()])",
        "Chain([Sharpen(), Shift(range: 2, direction: LastForward), Interpolate(), Content(), Sharpen()])",
    ];
    registered::<AddressingKind>(&names(), &examples);
}
