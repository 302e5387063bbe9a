//! What a stage refuses, to the number, what its result is called, and what a chain without stages does.
use ntm_addressing::{
    Boundary, Chain, Content, Direction, FixedShift, Interpolate, ScalarShift, Sharpen, Shift,
};
use ntm_core::config::{AddressingKind, HeadSite, Named, Registry, Source, StageKind};
use ntm_core::traits::{Look, LookGradient};
use ntm_core::{Activation, Addressing, Operations, Shape, Stage};

fn shape(slots: usize) -> Shape {
    Shape { slots, width: 2 }
}

#[test]
fn a_shift_is_at_most_as_wide_as_the_ring() {
    for (slots, most) in [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (16, 7), (17, 8), (129, 64), (1000, 64)] {
        for range in 0..80 {
            let shift = Shift { range, ..Shift::default() };
            assert_eq!(shift.check(shape(slots)).is_ok(), range <= most, "range {range}, {slots} slots");
        }
    }
    let (field, why) = Shift { range: 2, ..Shift::default() }.check(shape(4)).unwrap_err();
    assert_eq!(field, "range");
    assert!(why.starts_with("2 makes 5 taps, too wide for 4 slots; at most 1 is possible"), "{why}");
    let widest = Shift { range: usize::MAX, ..Shift::default() }.check(shape(usize::MAX)).unwrap_err();
    assert_eq!(widest.0, "range");
}

#[test]
fn a_fixed_shift_has_an_odd_number_of_finite_taps_as_many_as_slots_at_most() {
    let of = |slots, taps: &[f64]| {
        FixedShift::<f32>::new(shape(slots), taps, Direction::default(), Boundary::Circular)
    };
    for slots in 1..8 {
        for taps in 0..10 {
            let allowed = taps % 2 == 1 && taps <= slots;
            assert_eq!(of(slots, &vec![0.1; taps]).is_ok(), allowed, "{taps} taps, {slots} slots");
        }
    }
    let why = of(4, &[0.2; 5]).unwrap_err();
    assert!(why.starts_with("5 taps, too wide for 4 slots; at most 3 are possible"), "{why}");
    let why = of(5, &[0.0, 1.0, 1e300]).unwrap_err();
    assert!(why.starts_with("tap 2 is 1e300"), "{why}");
}

#[test]
fn a_fixed_shift_keeps_the_sum_where_its_taps_are_a_distribution_and_none_are_lost() {
    let keeps = |taps: &[f64], boundary| {
        let stage = FixedShift::<f64>::new(shape(5), taps, Direction::default(), boundary).unwrap();
        Stage::<f64>::keeps_sum(&stage)
    };
    assert!(keeps(&[0.25, 0.5, 0.25], Boundary::Circular));
    assert!(keeps(&[1.0], Boundary::Zero));
    for taps in [[-0.5, 1.0, 0.5], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]] {
        assert!(!keeps(&taps, Boundary::Circular), "{taps:?}");
    }
    assert!(!keeps(&[0.25, 0.5, 0.25], Boundary::Zero));
}

#[test]
fn every_stage_says_what_its_result_is_called() {
    let fixed = FixedShift::<f32>::new(shape(5), &[1.0], Direction::default(), Boundary::Zero).unwrap();
    let shows = |stage: &dyn Stage<f32>| stage.shows();
    assert_eq!(shows(&Content::default()), Some("content"));
    assert_eq!(shows(&Interpolate::default()), Some("interpolated"));
    assert_eq!(shows(&Shift::default()), Some("shifted"));
    assert_eq!(shows(&ScalarShift::default()), Some("shifted"));
    assert_eq!(shows(&fixed), Some("shifted"));
    // the last stage as a rule: what it makes is the weighting
    assert_eq!(shows(&Sharpen::default()), None);
}

#[test]
fn a_chain_without_stages_keeps_the_previous_weighting_and_adds_its_gradient() {
    let chain = Chain::<f64>::new(shape(3), vec![]);
    let previous = [9.0, 9.0, 9.0, 0.25, 0.5, 0.25];
    let look = Look {
        shape: shape(3),
        head: 1,
        numbers: &[],
        similarity: &[],
        previous: &previous,
        own: &[],
        memory: &[],
    };
    let mut weighting = [f64::NAN; 3];
    let mut trace = vec![0.0; chain.trace(shape(3))];
    chain.forward(&look, &mut [], &mut trace, &mut weighting);
    assert_eq!(weighting, previous[3..]);
    let mut d_previous = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let mut d =
        LookGradient { numbers: &mut [], similarity: &mut [], previous: &mut d_previous, memory: &mut [] };
    let mut scratch = vec![0.0; chain.scratch(shape(3))];
    chain.backward(&look, &mut trace, &weighting, &[0.5, 0.25, -1.0], &mut [], &mut d, &mut scratch);
    assert_eq!(d_previous, [1.0, 2.0, 3.0, 4.5, 5.25, 5.0]);
}

#[test]
fn operations_are_counted_by_slot_and_tap() {
    let fixed =
        FixedShift::<f32>::new(shape(10), &[0.0, 0.0, 1.0, 0.0, 0.0], Direction::default(), Boundary::Zero);
    let stages: [(Box<dyn Stage<f32>>, usize, usize); 6] = [
        (Box::new(Content::default()), 6, 7),
        (Box::new(Interpolate::default()), 3, 6),
        // a product and a sum for each tap, and again for its gradient
        (Box::new(Shift { range: 2, ..Shift::default() }), 10, 20),
        (Box::new(ScalarShift::default()), 3, 6),
        (Box::new(fixed.unwrap()), 10, 10),
        (Box::new(Sharpen::default()), 7, 8),
    ];
    let (mut forward, mut backward) = (0, 0);
    for (stage, f, b) in &stages {
        assert_eq!(stage.operations(shape(10)), Some(Operations::new(10 * f, 10 * b)));
        (forward, backward) = (forward + 10 * f, backward + 10 * b);
    }
    let chain = Chain::new(shape(10), stages.into_iter().map(|(stage, ..)| stage).collect());
    assert_eq!(chain.operations(shape(10)), Some(Operations::new(forward, backward)));
}

#[test]
fn what_a_setting_may_not_be_is_told_at_its_field() {
    let registry = ntm_addressing::register(Registry::default());
    let refused = |text: &str| -> Option<String> {
        let stage: Named<StageKind> = registry.parse(&Source::new("a stage", text)).unwrap();
        let site = HeadSite { shape: shape(5), head: 0, heads: 1 };
        stage.build::<f32>(&site).err().map(|e| e.path)
    };
    for (text, field) in [
        ("Sharpen(epsilon: -1e-9)", "epsilon"),
        ("Sharpen(epsilon: inf)", "epsilon"),
        ("Sharpen(epsilon: NaN)", "epsilon"),
        ("Sharpen(power: Clip(min: 1, max: 0))", "power"),
        ("Content(similarity: Cosine(epsilon: -1e-9))", "similarity.epsilon"),
        ("Content(similarity: Cosine(epsilon: inf))", "similarity.epsilon"),
        ("Content(key: Clip(min: 1, max: 0))", "key"),
        ("Content(strength: Clip(min: 1, max: 0))", "strength"),
        ("Interpolate(gate: Clip(min: 1, max: 0))", "gate"),
        ("Shift(range: 3)", "range"),
        ("FixedShift(kernel: [1, 0])", "kernel"),
    ] {
        assert_eq!(refused(text).as_deref(), Some(field), "{text}");
    }
    for text in ["Sharpen(epsilon: 0)", "Content(similarity: Cosine(epsilon: 0))", "Shift(range: 2)"] {
        assert_eq!(refused(text), None, "{text}");
    }
    let chain: Named<AddressingKind> = registry.parse(&Source::new("a chain", "Chain([])")).unwrap();
    assert!(chain.build::<f32>(&HeadSite { shape: shape(5), head: 0, heads: 1 }).is_err());
}

#[test]
fn a_gate_between_none_and_all_keeps_the_sum() {
    let keeps = |gate| Stage::<f32>::keeps_sum(&Interpolate { gate });
    assert!(keeps(Activation::Sigmoid) && keeps(Activation::HardSigmoid));
    assert!(!keeps(Activation::Relu) && !keeps(Activation::Tanh) && !keeps(Activation::Linear));
}

#[test]
fn a_shift_keeps_the_sum_where_nothing_leaves_the_memory() {
    let keeps = |range, boundary| Stage::<f32>::keeps_sum(&Shift { range, boundary, ..Shift::default() });
    assert!(keeps(1, Boundary::Circular) && keeps(0, Boundary::Circular) && keeps(0, Boundary::Zero));
    assert!(!keeps(1, Boundary::Zero));
}
