//! Addressing drawn as text, so that a reviewer sees the weighting move: one column per slot, the darker the more.
//!
//! Snapshots are in `snapshots/`; `cargo insta review`, or `INSTA_UPDATE=always cargo test -p ntm-addressing`.
use ntm_addressing::kernels::{Key, norms, similarity};
use ntm_addressing::{
    Boundary, Chain, Content, Direction, FixedShift, Interpolate, ScalarDirection, ScalarShift, Sharpen,
    SharpenEpsilonAt, Shift, ShiftKernel,
};
use ntm_core::kernels::activation::{activate, softmax};
use ntm_core::traits::{Look, StageLook};
use ntm_core::{Addressing, EpsilonAt, Shape, Similarity, Stage};
use std::fmt::Write;

const SHAPE: Shape = Shape { slots: 16, width: 4 };

/// Weight on slot 3.
fn one_hot() -> Vec<f64> {
    (0..SHAPE.slots).map(|i| f64::from(u8::from(i == 3))).collect()
}
/// Weight around slot 12, more to its left.
fn blurred() -> Vec<f64> {
    let mut w = vec![0.0; SHAPE.slots];
    w[10..15].copy_from_slice(&[0.1, 0.25, 0.4, 0.2, 0.05]);
    w
}

/// Slots with different contents; slot i and slot i + 8 are alike, but not the same.
fn memory() -> Vec<f64> {
    // eighths of a circle, written out, so that every platform has the same numbers
    const R: f64 = 0.707;
    const CIRCLE: [[f64; 2]; 8] =
        [[1.0, 0.0], [R, R], [0.0, 1.0], [-R, R], [-1.0, 0.0], [-R, -R], [0.0, -1.0], [R, -R]];
    let row = |i: usize| [CIRCLE[i % 8][0], CIRCLE[i % 8][1], if i < 8 { 0.5 } else { -0.5 }, 0.2];
    (0..SHAPE.width).flat_map(|m| (0..SHAPE.slots).map(move |i| row(i)[m])).collect()
}
fn slot(i: usize) -> Vec<f64> {
    (0..SHAPE.width).map(|m| memory()[m * SHAPE.slots + i]).collect()
}
fn compare(key: &[f64]) -> Vec<f64> {
    let (memory, mut sizes, mut out) = (memory(), vec![0.0; SHAPE.slots], vec![0.0; SHAPE.slots]);
    norms(SHAPE, &memory, &mut sizes);
    let keys = [Key { at: 0, similarity: Similarity::default() }];
    similarity(SHAPE, &memory, &sizes, key, &keys, &mut out);
    out
}

/// A line: what it is, the weighting, where most of it is and how much.
fn line(to: &mut String, label: &str, w: &[f64]) {
    const RAMP: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];
    let shade = |x: &f64| match *x {
        x if x.is_nan() => '?',
        x if x < 0.0 => '!',
        x if x < 5e-4 => ' ',
        x => RAMP[1 + ((x * 9.0 + 1e-9) as usize).min(8)],
    };
    let picture: String = w.iter().map(shade).collect();
    let most = w.iter().fold(0.0, |a: f64, b| a.max(*b));
    let top = w.iter().position(|x| *x > most - 1e-9).unwrap_or(0); // the first of equals
    let sum: f64 = w.iter().sum();
    writeln!(to, "{label:<28}|{picture}| {:.3} on slot {top:>2}, sum {sum:.3}", w[top]).unwrap();
}

/// What a stage with these activated numbers makes of a weighting.
fn stage(stage: &dyn Stage<f64>, numbers: &[f64], incoming: &[f64], previous: &[f64]) -> Vec<f64> {
    let key = numbers.get(..SHAPE.width).map(compare).unwrap_or_default();
    let look = StageLook { shape: SHAPE, numbers, similarity: &key, previous, incoming };
    let (mut trace, mut out) = (vec![0.0; stage.trace(SHAPE)], vec![0.0; SHAPE.slots]);
    stage.forward(&look, &mut trace, &mut out);
    out
}

/// A stage with several settings of its numbers, on both weightings.
fn both(rows: &[(String, &dyn Stage<f64>, Vec<f64>)]) -> String {
    let mut text = String::new();
    for (name, incoming) in [("one-hot", one_hot()), ("blurred", blurred())] {
        line(&mut text, name, &incoming);
        for (label, s, numbers) in rows {
            line(&mut text, &format!("  {label}"), &stage(*s, numbers, &incoming, &incoming));
        }
    }
    text
}

#[test]
fn content_finds_the_slot_of_its_key() {
    let mut text = String::new();
    for (name, key) in [
        ("slot 5", slot(5)),
        ("slots 5 and 6", { slot(5).iter().zip(slot(6)).map(|(a, b)| a + b).collect() }),
    ] {
        for strength in [1.0, 5.0, 50.0] {
            let numbers = [&key[..], &[strength]].concat();
            let w = stage(&Content::default(), &numbers, &one_hot(), &one_hot());
            line(&mut text, &format!("{name}, strength {strength}"), &w);
        }
    }
    insta::assert_snapshot!("content", text);
}

#[test]
fn interpolation_goes_from_the_previous_weighting_to_the_new_one() {
    let mut text = String::new();
    line(&mut text, "previous", &one_hot());
    line(&mut text, "incoming", &blurred());
    for gate in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let w = stage(&Interpolate::default(), &[gate], &blurred(), &one_hot());
        line(&mut text, &format!("  gate {gate}"), &w);
    }
    insta::assert_snapshot!("interpolate", text);
}

#[test]
fn each_tap_shifts_by_whole_slots() {
    let mut text = String::new();
    for direction in [Direction::FirstForward, Direction::LastForward] {
        for range in [1, 2] {
            let shift = Shift { range, direction, ..Shift::default() };
            let tap = |j: usize| (0..shift.taps()).map(|i| f64::from(u8::from(i == j))).collect();
            let mut rows: Vec<(String, &dyn Stage<f64>, Vec<f64>)> =
                (0..shift.taps()).map(|j| (format!("tap {j}"), &shift as _, tap(j))).collect();
            let even = vec![1.0 / shift.taps() as f64; shift.taps()];
            rows.push(("every tap the same".into(), &shift, even));
            writeln!(text, "{direction:?}, range {range}").unwrap();
            text += &both(&rows);
        }
    }
    insta::assert_snapshot!("shift", text);
}

#[test]
fn a_scalar_shift_shares_between_two_slots() {
    let mut text = String::new();
    for direction in [ScalarDirection::PositiveUp, ScalarDirection::PositiveDown] {
        let shift = ScalarShift { direction };
        let fields = Stage::<f64>::fields(&shift, SHAPE);
        let row = |raw: f64| -> (String, &dyn Stage<f64>, Vec<f64>) {
            let mut number = vec![raw];
            activate(&fields[0].activation, &mut number); // which also says the direction
            (format!("raw {raw}"), &shift, number)
        };
        let rows = [-50.0, -1.0, 0.0, 0.5, 1.0, 50.0].map(row);
        writeln!(text, "{direction:?}").unwrap();
        text += &both(&rows);
    }
    insta::assert_snapshot!("scalar_shift", text);
}

#[test]
fn a_shift_goes_round_at_the_ends() {
    let (mut text, shift) = (String::new(), Shift::default());
    for (label, taps) in [("forward", [1.0, 0.0, 0.0]), ("backward", [0.0, 0.0, 1.0])] {
        let mut w = vec![0.0; SHAPE.slots];
        w[if label == "forward" { 14 } else { 1 }] = 1.0;
        for step in 0..4 {
            line(&mut text, &format!("{label}, step {step}"), &w);
            w = stage(&shift, &taps, &w, &w);
        }
    }
    insta::assert_snapshot!("shift_round", text);
}

#[test]
fn sharpening_gathers_what_is_blurred() {
    let sharpen = Sharpen::default();
    let rows: Vec<(String, &dyn Stage<f64>, Vec<f64>)> =
        [1.0, 2.0, 10.0].map(|g| (format!("sharpening {g}"), &sharpen as _, vec![g])).into();
    insta::assert_snapshot!("sharpen", both(&rows));
}

#[test]
fn an_epsilon_keeps_the_sharpening_of_nothing_finite_in_two_ways() {
    let flat = vec![1.0 / SHAPE.slots as f64; SHAPE.slots];
    let mut text = String::new();
    for (epsilon, epsilon_at) in [
        (0.0, SharpenEpsilonAt::Denominator),
        (1e-16, SharpenEpsilonAt::Denominator),
        (1e-16, SharpenEpsilonAt::Base),
        (0.2, SharpenEpsilonAt::Denominator),
        (0.2, SharpenEpsilonAt::Base),
    ] {
        writeln!(text, "epsilon {epsilon:?}, {epsilon_at:?}").unwrap();
        let sharpen = Sharpen { epsilon, epsilon_at, ..Sharpen::default() };
        for (name, w) in [
            ("blurred", blurred()),
            ("every slot the same", flat.clone()),
            ("nothing", vec![0.0; SHAPE.slots]),
        ] {
            for sharpening in [2.0, 20.0] {
                let label = format!("  {name}, {sharpening}");
                line(&mut text, &label, &stage(&sharpen, &[sharpening], &w, &w));
            }
        }
    }
    insta::assert_snapshot!("sharpen_epsilon", text);
}

#[test]
fn what_leaves_at_an_end_comes_back_or_is_lost() {
    let mut text = String::new();
    for boundary in [Boundary::Circular, Boundary::Zero] {
        let shift = Shift { boundary, ..Shift::default() };
        for (label, taps) in [("forward", [0.8, 0.2, 0.0]), ("backward", [0.0, 0.2, 0.8])] {
            let mut w = vec![0.0; SHAPE.slots];
            w[if label == "forward" { 13 } else { 2 }] = 1.0;
            writeln!(text, "{boundary:?}, {label} with 0.8").unwrap();
            for step in 0..6 {
                line(&mut text, &format!("  step {step}"), &w);
                w = stage(&shift, &taps, &w, &w);
            }
        }
    }
    insta::assert_snapshot!("shift_boundary", text);
}

#[test]
fn raw_numbers_become_taps_by_a_softmax() {
    let mut text = String::new();
    for kernel in [ShiftKernel::Softmax, ShiftKernel::SoftmaxOfRelu] {
        let shift = Shift { kernel, ..Shift::default() };
        let field = &Stage::<f64>::fields(&shift, SHAPE)[0];
        assert!(field.softmax);
        writeln!(text, "{kernel:?}").unwrap();
        for raw in [[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [3.0, -3.0, -3.0], [-9.0, -9.0, 9.0]] {
            let mut taps = raw.to_vec();
            activate(&field.activation, &mut taps);
            softmax(&mut taps);
            let label = format!("  raw {raw:?}");
            line(&mut text, &label, &stage(&shift, &taps, &one_hot(), &one_hot()));
        }
    }
    insta::assert_snapshot!("shift_kernel", text);
}

#[test]
fn a_fixed_shift_always_does_the_same() {
    let mut text = String::new();
    let kernels: [&[f64]; 5] =
        [&[1.0], &[0.0, 1.0, 0.0], &[1.0, 0.0, 0.0], &[0.25, 0.5, 0.25], &[0.5, 0.3, 0.2, 0.0, 0.0]];
    for direction in [Direction::FirstForward, Direction::LastForward] {
        for boundary in [Boundary::Circular, Boundary::Zero] {
            writeln!(text, "{direction:?}, {boundary:?}").unwrap();
            for (name, w) in [("one-hot", one_hot()), ("blurred", blurred())] {
                line(&mut text, name, &w);
                for kernel in kernels {
                    let shift = FixedShift::new(SHAPE, kernel, direction, boundary).unwrap();
                    assert!(Stage::<f64>::fields(&shift, SHAPE).is_empty());
                    line(&mut text, &format!("  {kernel:?}"), &stage(&shift, &[], &w, &w));
                }
            }
        }
    }
    insta::assert_snapshot!("fixed_shift", text);
}

#[test]
fn a_kernel_that_cannot_be_says_why() {
    let shape = Shape { slots: 4, width: 2 };
    let mut text = String::new();
    for kernel in [&[][..], &[0.5, 0.5], &[0.0, f64::NAN, 0.0], &[1e300], &[0.2; 5]] {
        let refused = FixedShift::<f64>::new(shape, kernel, Direction::default(), Boundary::default());
        writeln!(text, "{kernel:?}: {}", refused.unwrap_err()).unwrap();
    }
    assert!(FixedShift::<f64>::new(shape, &[0.2; 3], Direction::default(), Boundary::default()).is_ok());
    insta::assert_snapshot!("fixed_shift_refused", text);
}

/// What each similarity makes of slots that point where the key does, but are short or long.
#[test]
fn a_cosine_does_not_see_how_long_a_slot_is_but_for_its_epsilon() {
    const LENGTHS: [f64; 7] = [0.0, 1e-8, 1e-4, 0.01, 0.1, 1.0, 10.0];
    let cosine = |epsilon, at| Similarity::Cosine { epsilon, at };
    let shape = Shape { slots: LENGTHS.len(), width: 2 };
    let memory: Vec<f64> = [0.6, 0.8].iter().flat_map(|u| LENGTHS.map(|length| length * u)).collect();
    let mut sizes = vec![0.0; shape.slots];
    norms(shape, &memory, &mut sizes);
    let lengths: String = LENGTHS.iter().map(|x| format!("{x:>9?}")).collect();
    let mut text = format!("{:<20}{lengths}\n", "length of the slot");
    let mut row = |label: &str, xs: &[f64]| {
        let cells: String = xs.iter().map(|x| format!("{x:>9.4}")).collect();
        writeln!(text, "{}", format!("{label:<20}{cells}").trim_end()).unwrap();
    };
    for (name, key) in [("key of length 1", [0.6, 0.8]), ("opposite", [-0.6, -0.8]), ("zero key", [0.0, 0.0])]
    {
        row(name, &[]);
        for (label, kind) in [
            ("Dot", Similarity::Dot {}),
            ("Cosine, no epsilon", cosine(0.0, EpsilonAt::Denominator)),
            ("Denominator, 1e-8", Similarity::default()),
            ("Denominator, 0.1", cosine(0.1, EpsilonAt::Denominator)),
            ("Floor, 0.1", cosine(0.1, EpsilonAt::Floor)),
            ("Norms, 0.1", cosine(0.1, EpsilonAt::Norms)),
            ("InsideRoot, 0.01", cosine(0.01, EpsilonAt::InsideRoot)),
        ] {
            let mut out = vec![0.0; shape.slots];
            similarity(shape, &memory, &sizes, &key, &[Key { at: 0, similarity: kind }], &mut out);
            row(&format!("  {label}"), &out);
        }
    }
    insta::assert_snapshot!("similarity", text);
}

/// Stages with their activated numbers, over several steps: every stage of the first step, then the weighting after
/// each. Where there is a content stage it comes first, so that its key is the first of the numbers.
fn steps(stages: Vec<Box<dyn Stage<f64>>>, numbers: &[Vec<f64>]) -> String {
    let chain = Chain::new(SHAPE, stages);
    let keys = chain.fields(SHAPE).iter().filter(|f| f.key.is_some()).count();
    let (mut text, mut w) = (String::new(), one_hot());
    line(&mut text, "before", &w);
    for (t, numbers) in numbers.iter().enumerate() {
        let similarity = if keys == 0 { vec![] } else { compare(&numbers[..SHAPE.width]) };
        let memory = memory();
        let look = Look {
            shape: SHAPE,
            head: 0,
            numbers,
            similarity: &similarity,
            previous: &w,
            own: &[],
            memory: &memory,
        };
        let mut trace = vec![0.0; chain.trace(SHAPE)];
        let mut next = vec![0.0; SHAPE.slots];
        chain.forward(&look, &mut [], &mut trace, &mut next);
        if t == 0 {
            chain.show(&look, &trace, &next, &mut |q| line(&mut text, &format!("  {}", q.name), q.values));
        }
        w = next;
        line(&mut text, &format!("after step {t}"), &w);
    }
    text
}

/// Activated numbers of the classic chain: key, strength, gate, taps, sharpening.
struct Step {
    key: Vec<f64>,
    strength: f64,
    gate: f64,
    taps: [f64; 3],
    sharpening: f64,
}

/// The paper's chain.
fn chain(list: &[Step]) -> String {
    let stages: Vec<Box<dyn Stage<f64>>> = vec![
        Box::new(Content::default()),
        Box::new(Interpolate::default()),
        Box::new(Shift::default()),
        Box::new(Sharpen::default()),
    ];
    let numbers = |s: &Step| [&s.key[..], &[s.strength, s.gate], &s.taps, &[s.sharpening]].concat();
    steps(stages, &list.iter().map(numbers).collect::<Vec<_>>())
}

#[test]
fn mode_1_content_alone() {
    let step = |i| Step { key: slot(i), strength: 50.0, gate: 1.0, taps: [0.0, 1.0, 0.0], sharpening: 1.0 };
    insta::assert_snapshot!("mode_1_content", chain(&[step(9), step(2)]));
}

#[test]
fn mode_2_content_then_a_shift() {
    let step = |i| Step { key: slot(i), strength: 50.0, gate: 1.0, taps: [1.0, 0.0, 0.0], sharpening: 1.0 };
    insta::assert_snapshot!("mode_2_content_and_shift", chain(&[step(9), step(15)]));
}

#[test]
fn mode_3_rotation_of_the_previous_weighting() {
    // the taps blur a little, sharpening keeps the focus
    let step = || Step { key: slot(9), strength: 1.0, gate: 0.0, taps: [0.9, 0.08, 0.02], sharpening: 3.0 };
    let steps: Vec<Step> = (0..6).map(|_| step()).collect();
    let blunt: Vec<Step> = (0..6).map(|_| Step { sharpening: 1.0, ..step() }).collect();
    let text = format!("sharpening 3\n{}sharpening 1\n{}", chain(&steps), chain(&blunt));
    insta::assert_snapshot!("mode_3_rotation", text);
}

#[test]
fn content_only_forgets_where_it_was() {
    let stages: Vec<Box<dyn Stage<f64>>> = vec![Box::new(Content::default())];
    let numbers = [(9, 50.0), (2, 5.0), (9, 50.0)].map(|(i, strength)| [&slot(i)[..], &[strength]].concat());
    insta::assert_snapshot!("content_only", steps(stages, &numbers));
}

#[test]
fn location_only_moves_what_it_has() {
    let stages: Vec<Box<dyn Stage<f64>>> = vec![Box::new(Shift::default()), Box::new(Sharpen::default())];
    let numbers = [[0.9, 0.1, 0.0, 2.0], [0.9, 0.1, 0.0, 2.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.2, 0.8, 5.0]];
    insta::assert_snapshot!("location_only", steps(stages, &numbers.map(|n| n.to_vec())));
}

#[test]
fn without_sharpening_the_focus_blurs_while_it_moves() {
    let stages: Vec<Box<dyn Stage<f64>>> =
        vec![Box::new(Content::default()), Box::new(Interpolate::default()), Box::new(Shift::default())];
    let numbers = |gate: f64| [&slot(9)[..], &[50.0, gate, 0.7, 0.2, 0.1]].concat();
    let numbers: Vec<_> = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5].map(numbers).into();
    insta::assert_snapshot!("no_sharpening", steps(stages, &numbers));
}
