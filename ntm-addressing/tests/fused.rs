//! The paper's chain has a kernel of its own: it gives what the stages one after another give, forward and backward, on
//! every instruction set of this machine. To the last bit where slots fill whole vectors; elsewhere the ends of the ring
//! are rounded in another order.
use ntm_addressing::{Chain, Content, Interpolate, Sharpen, SharpenEpsilonAt, Shift};
use ntm_core::kernels::InstructionSet;
use ntm_core::kernels::activation::softmax;
use ntm_core::traits::{Look, LookGradient};
use ntm_core::{Addressing, Real, Shape, Stage};

const WIDTH: usize = 2;
/// Heads of the memory, of which the second is looked at.
const HEADS: usize = 2;

fn draw<T: Real>(seed: usize, n: usize, low: f64, high: f64) -> Vec<T> {
    let unit = |i: usize| ((i * 7919 + seed * 104_729) % 9973) as f64 / 9973.0;
    (0..n).map(|i| T::of(low + (high - low) * unit(i))).collect()
}

/// weighting, then gradients by numbers, similarity, and all previous weightings
fn run<T: Real>(chain: &Chain<T>, shape: Shape) -> Vec<(&'static str, Vec<T>)> {
    let n = shape.slots;
    let mut numbers = draw::<T>(1, WIDTH + 6, 0.1, 1.0);
    softmax(&mut numbers[WIDTH + 2..WIDTH + 5]);
    numbers[WIDTH] *= T::of(9.0);
    numbers[WIDTH + 5] += T::of(1.5);
    let (similarity, previous) = (draw::<T>(2, n, -1.0, 1.0), draw::<T>(3, HEADS * n, 0.0, 0.3));
    let d_weighting = draw::<T>(4, n, -1.0, 1.0);
    let look = Look {
        shape,
        head: 1,
        numbers: &numbers,
        similarity: &similarity,
        previous: &previous,
        own: &[],
        memory: &[],
    };
    let bad = T::of(f64::NAN);
    let mut trace = vec![bad; chain.trace(shape)];
    let mut weighting = vec![bad; n];
    chain.forward(&look, &mut [], &mut trace, &mut weighting);
    let mut shown = vec![];
    chain.show(&look, &trace, &weighting, &mut |q| shown.extend_from_slice(q.values));
    let (mut d_numbers, mut d_similarity) = (vec![bad; numbers.len()], vec![bad; n]);
    let (mut d_previous, mut scratch) = (draw::<T>(5, HEADS * n, -1.0, 1.0), vec![bad; chain.scratch(shape)]);
    let mut d = LookGradient {
        numbers: &mut d_numbers,
        similarity: &mut d_similarity,
        previous: &mut d_previous,
        memory: &mut [],
    };
    chain.backward(&look, &mut trace, &weighting, &d_weighting, &mut [], &mut d, &mut scratch);
    vec![
        ("weighting", weighting),
        ("what is shown", shown),
        ("gradient by numbers", d_numbers),
        ("gradient by similarity", d_similarity),
        ("gradient by previous weightings", d_previous),
    ]
}

fn as_its_stages<T: Real>(lanes: usize, tolerance: f64) {
    let sharpens = [(0.0, SharpenEpsilonAt::Denominator), (1e-3, SharpenEpsilonAt::Denominator)];
    let sharpens = sharpens.into_iter().chain([(1e-3, SharpenEpsilonAt::Base)]);
    for (epsilon, epsilon_at) in sharpens {
        for slots in [3, 4, 7, 8, 9, 15, 16, 17, 32, 37, 48, 80, 128, 130, 256] {
            let shape = Shape { slots, width: WIDTH };
            let stages = || -> Vec<Box<dyn Stage<T>>> {
                let sharpen = Sharpen { epsilon, epsilon_at, ..Sharpen::default() };
                vec![
                    Box::new(Content::default()),
                    Box::new(Interpolate::default()),
                    Box::new(Shift::default()),
                    Box::new(sharpen),
                ]
            };
            let fused = Chain::new(shape, stages());
            let plain = Chain::new(shape, stages()).stage_by_stage();
            assert!(fused.trace(shape) < plain.trace(shape), "nothing is fused");
            for ((what, got), (_, want)) in run(&fused, shape).into_iter().zip(run(&plain, shape)) {
                assert_eq!(got.len(), want.len());
                for (got, want) in got.iter().zip(&want) {
                    let off = (got.to() - want.to()).abs();
                    let most = if slots % lanes == 0 { 0.0 } else { tolerance * want.to().abs().max(1.0) };
                    assert!(off <= most, "{slots} slots, epsilon {epsilon}: {what}: {got} is not {want}");
                }
            }
        }
    }
}

#[test]
fn the_fused_chain_is_its_stages() {
    // one lane goes round the ring in another order than the stage does, however many slots there are
    as_its_stages::<f64>(usize::MAX, 1e-14);
    for set in InstructionSet::ALL {
        if InstructionSet::limit(set) == set {
            as_its_stages::<f32>(if set == InstructionSet::Baseline { usize::MAX } else { 16 }, 1e-5);
        }
    }
}

#[test]
fn a_chain_of_other_stages_is_left_alone() {
    let shape = Shape { slots: 16, width: WIDTH };
    let wide = Shift { range: 2, ..Shift::default() };
    let stages: Vec<Box<dyn Stage<f32>>> = vec![
        Box::new(Content::default()),
        Box::new(Interpolate::default()),
        Box::new(wide),
        Box::new(Sharpen::default()),
    ];
    let chain = Chain::new(shape, stages);
    let trace = chain.trace(shape);
    assert_eq!(trace, chain.stage_by_stage().trace(shape));
}
