//! Every stage, and the paper's chain fused and stage by stage: one head, 128 slots, forward and backward.
//!
//! `cargo bench -p ntm-addressing`; `NTM_SIMD=baseline` or `avx2` limits the instruction set.
use criterion::{Criterion, criterion_group, criterion_main};
use ntm_addressing::{
    Boundary, Chain, Content, Direction, FixedShift, Interpolate, ScalarShift, Sharpen, Shift,
};
use ntm_core::traits::{Look, LookGradient, StageGradient, StageLook};
use ntm_core::{Addressing, Shape, Stage};

const SHAPE: Shape = Shape { slots: 128, width: 20 };

/// `n` different numbers in `low..high`
fn some(n: usize, low: f32, high: f32) -> Vec<f32> {
    let unit = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32;
    (0..n).map(|i| low + (high - low) * unit(i + 1)).collect()
}

fn stage(c: &mut Criterion, name: &str, stage: &dyn Stage<f32>) {
    let n = SHAPE.slots;
    let numbers = some(SHAPE.width + 6, 0.1, 0.9);
    let (similarity, incoming) = (some(n, -1.0, 1.0), some(n, 0.001, 0.015));
    let (previous, d_out) = (some(n, 0.001, 0.015), some(n, -1.0, 1.0));
    let look = StageLook {
        shape: SHAPE,
        numbers: &numbers[..ntm_core::Field::count(&stage.fields(SHAPE))],
        similarity: &similarity,
        previous: &previous,
        incoming: &incoming,
    };
    let (mut trace, mut out) = (vec![0.0; stage.trace(SHAPE)], vec![0.0; n]);
    c.bench_function(&format!("{name}, forward"), |b| b.iter(|| stage.forward(&look, &mut trace, &mut out)));
    let mut d_numbers = vec![0.0; look.numbers.len()];
    let (mut d_similarity, mut d_previous, mut d_incoming) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    c.bench_function(&format!("{name}, backward"), |b| {
        b.iter(|| {
            let mut d = StageGradient {
                numbers: &mut d_numbers,
                similarity: &mut d_similarity,
                previous: &mut d_previous,
                incoming: &mut d_incoming,
            };
            stage.backward(&look, &trace, &out, &d_out, &mut d);
        })
    });
}

fn stages(c: &mut Criterion) {
    stage(c, "Content", &Content::default());
    stage(c, "Interpolate", &Interpolate::default());
    stage(c, "Shift", &Shift::default());
    stage(c, "ScalarShift", &ScalarShift::default());
    let fixed = FixedShift::new(SHAPE, &[1.0, 0.0, 0.0], Direction::default(), Boundary::default());
    stage(c, "FixedShift", &fixed.expect("a kernel of three taps"));
    stage(c, "Sharpen", &Sharpen::default());
}

fn chain(c: &mut Criterion, name: &str, chain: &Chain<f32>) {
    let n = SHAPE.slots;
    let mut numbers = some(SHAPE.width + 6, 0.1, 0.9);
    numbers[SHAPE.width + 5] += 1.0;
    let (similarity, previous) = (some(n, -1.0, 1.0), some(n, 0.001, 0.015));
    let d_weighting = some(n, -1.0, 1.0);
    let look = Look {
        shape: SHAPE,
        head: 0,
        numbers: &numbers,
        similarity: &similarity,
        previous: &previous,
        own: &[],
        memory: &[],
    };
    let (mut trace, mut weighting) = (vec![0.0; chain.trace(SHAPE)], vec![0.0; n]);
    c.bench_function(&format!("{name}, forward"), |b| {
        b.iter(|| chain.forward(&look, &mut [], &mut trace, &mut weighting))
    });
    let mut d_numbers = vec![0.0; numbers.len()];
    let (mut d_similarity, mut d_previous) = (vec![0.0; n], vec![0.0; n]);
    let mut scratch = vec![0.0; chain.scratch(SHAPE)];
    c.bench_function(&format!("{name}, backward"), |b| {
        b.iter(|| {
            let mut d = LookGradient {
                numbers: &mut d_numbers,
                similarity: &mut d_similarity,
                previous: &mut d_previous,
                memory: &mut [],
            };
            chain.backward(&look, &mut trace, &weighting, &d_weighting, &mut [], &mut d, &mut scratch);
        })
    });
}

fn chains(c: &mut Criterion) {
    chain(c, "the paper's chain", &Chain::classic(SHAPE));
    chain(c, "the paper's chain, stage by stage", &Chain::classic(SHAPE).stage_by_stage());
}

criterion_group!(benches, stages, chains);
criterion_main!(benches);
