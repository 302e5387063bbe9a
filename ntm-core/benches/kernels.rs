//! Every kernel at the sizes of a copy model: memory 128 x 20, hidden layer 100, gates 400 x 130 numbers, 8 items.
//!
//! `cargo bench -p ntm-core --bench kernels`; `NTM_SIMD=baseline` or `avx2` limits the instruction set.

use criterion::{Criterion, criterion_group, criterion_main};
use ntm_core::buffers::{Track, mat, mat_mut};
use ntm_core::kernels::InstructionSet;
use ntm_core::kernels::activation::{activate, activate_vjp, softmax, softmax_vjp};
use ntm_core::kernels::classic::{ClassicHead, classic, classic_vjp, scratch_len, trace_len};
use ntm_core::kernels::content::{content, content_vjp};
use ntm_core::kernels::elementary::{exp, ln, pow, sigmoid, tanh};
use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};
use ntm_core::kernels::loss::cross_entropy;
use ntm_core::kernels::lstm::{lstm, lstm_vjp};
use ntm_core::kernels::optimizer::{AdamStep, GradientChange, RmsPropStep};
use ntm_core::kernels::optimizer::{accumulate, adam, rmsprop, sum_of_squares};
use ntm_core::kernels::product::{Onto, dots, linear, linear2, outer_sum, row_sum, transpose};
use ntm_core::kernels::read_write::{Roles, Writer, read_write, read_write_vjp};
use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
use ntm_core::kernels::shift::{shift, shift_vjp};
use ntm_core::kernels::similarity::{Key, norms, similarity, similarity_vjp};
use ntm_core::kernels::slots::sums_len;
use ntm_core::{Activation, Shape, Similarity};

const SHAPE: Shape = Shape { slots: 128, width: 20 };
const HIDDEN: usize = 100;
const GATES: usize = 4 * HIDDEN;
/// bits and delimiter, what was read, one more
const INPUTS: usize = 30;
const ITEMS: usize = 8;
const STEPS: usize = 40;
const PARAMETERS: usize = 65_536;

/// `n` different numbers in `low..high`
fn some(n: usize, low: f32, high: f32) -> Vec<f32> {
    let unit = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32;
    (0..n).map(|i| low + (high - low) * unit(i + 1)).collect()
}
fn weightings(n: usize) -> Vec<f32> {
    some(n, 0.001, 0.015)
}

fn products(c: &mut Criterion) {
    let (w, u) = (some(GATES * INPUTS, -0.1, 0.1), some(GATES * HIDDEN, -0.1, 0.1));
    let (x, h, dz) =
        (some(INPUTS * ITEMS, -1., 1.), some(HIDDEN * ITEMS, -1., 1.), some(GATES * ITEMS, -1., 1.));
    let (bias, mut y, mut d_h) = (some(GATES, -1., 1.), vec![0.; GATES * ITEMS], vec![0.; HIDDEN * ITEMS]);
    let mut turned = vec![0.; GATES * HIDDEN];
    for items in [1, ITEMS] {
        c.bench_function(&format!("linear2 400 x 130, {items} items"), |b| {
            b.iter(|| {
                let (x, h) = (mat(&x, INPUTS, items), mat(&h, HIDDEN, items));
                linear2(&w, x, &u, h, Onto::Bias(&bias), mat_mut(&mut y, GATES, items))
            })
        });
        transpose(&u, GATES, HIDDEN, HIDDEN, &mut turned);
        c.bench_function(&format!("linear 100 x 400, {items} items"), |b| {
            b.iter(|| {
                let dz = mat(&dz, GATES, items);
                linear(&turned, HIDDEN, dz, Onto::Sum, mat_mut(&mut d_h, HIDDEN, items))
            })
        });
    }
    c.bench_function("transpose 400 x 100", |b| b.iter(|| transpose(&u, GATES, HIDDEN, HIDDEN, &mut turned)));
    c.bench_function("dots 400 x 100", |b| b.iter(|| dots(&u, GATES, &dz, false, &mut d_h[..HIDDEN])));
    let len = (GATES + HIDDEN) * ITEMS;
    let (data, live) = (some(len * STEPS, -1., 1.), [ITEMS as u32; STEPS]);
    let track = Track::new(&data, len, len, &live, ITEMS);
    let (dzs, hs) =
        (track.part(0..GATES * ITEMS).matrix(GATES), track.part(GATES * ITEMS..len).matrix(HIDDEN));
    let (mut d_u, mut d_b) = (vec![0.; GATES * HIDDEN], vec![0.; GATES]);
    c.bench_function("outer_sum 400 x 100, 40 steps of 8", |b| b.iter(|| outer_sum(hs, dzs, &mut d_u)));
    c.bench_function("row_sum 400, 40 steps of 8", |b| b.iter(|| row_sum(dzs, &mut d_b)));
}

fn layers(c: &mut Criterion) {
    let n = HIDDEN * ITEMS;
    let (raw, c_old) = (some(4 * n, -3., 3.), some(n, -1., 1.));
    let (mut gates, [mut new, mut tanh_c, mut h, mut y]) = (raw.clone(), [(); 4].map(|_| vec![0.; n]));
    c.bench_function("lstm 100, 8 items", |b| {
        b.iter(|| {
            gates.copy_from_slice(&raw);
            let y = mat_mut(&mut y, HIDDEN, ITEMS);
            lstm(HIDDEN, ITEMS, &mut gates, &c_old, &mut new, &mut tanh_c, &mut h, y)
        })
    });
    let (activated, d_y, mut d_c) = (gates.clone(), some(n, -1., 1.), vec![0.; n]);
    c.bench_function("lstm_vjp 100, 8 items", |b| {
        b.iter(|| {
            gates.copy_from_slice(&activated);
            let d_y = mat(&d_y, HIDDEN, ITEMS);
            lstm_vjp(HIDDEN, ITEMS, &mut gates, &c_old, &tanh_c, &h, d_y, &mut d_c)
        })
    });
    for kind in [Activation::Sigmoid, Activation::Tanh, Activation::Softplus, Activation::Relu] {
        let mut xs = raw.clone();
        c.bench_function(&format!("activate {kind:?} 3200"), |b| {
            b.iter(|| {
                xs.copy_from_slice(&raw);
                activate(&kind, &mut xs)
            })
        });
        let mut ds = raw.clone();
        c.bench_function(&format!("activate_vjp {kind:?} 3200"), |b| {
            b.iter(|| {
                ds.copy_from_slice(&raw);
                activate_vjp(&kind, &mut xs, &mut ds)
            })
        });
    }
    let (targets, weights, mut loss) = (some(3200, 0., 1.), vec![1.; 3200], 0.);
    c.bench_function("cross_entropy 3200", |b| {
        b.iter(|| {
            gates.copy_from_slice(&raw);
            cross_entropy(1., &mut gates, &targets, &weights, &mut loss)
        })
    });
}

fn weighting_kernels(c: &mut Criterion) {
    let n = SHAPE.slots;
    let (like, w, previous, d) = (some(n, -1., 1.), weightings(n), weightings(n), some(n, -1., 1.));
    let [mut out, mut logs, mut d_w, mut d_previous] = [(); 4].map(|_| vec![0.; n]);
    let (taps, mut d_taps, mut d_1) = ([0.2, 0.7, 0.1], [0.; 3], 0.);
    c.bench_function("content 128", |b| b.iter(|| content(5., &like, &mut out)));
    c.bench_function("content_vjp 128", |b| {
        b.iter(|| content_vjp(5., &like, &w, &d, &mut d_w, &mut d_1));
    });
    c.bench_function("interpolate 128", |b| b.iter(|| interpolate(0.3, &w, &previous, &mut out)));
    c.bench_function("interpolate_vjp 128", |b| {
        b.iter(|| interpolate_vjp(0.3, &w, &previous, &d, &mut d_w, &mut d_previous, &mut d_1))
    });
    c.bench_function("shift 128", |b| b.iter(|| shift(&taps, true, &w, &mut out)));
    c.bench_function("shift_vjp 128", |b| b.iter(|| shift_vjp(&taps, true, &w, &d, &mut d_w, &mut d_taps)));
    c.bench_function("sharpen 128", |b| b.iter(|| sharpen(2.5, 0., 0., &w, &mut out, &mut logs)));
    c.bench_function("sharpen_vjp 128", |b| {
        b.iter(|| sharpen_vjp(2.5, 0., &w, &logs, &out, &d, &mut d_w, &mut d_1));
    });
}

fn chain(c: &mut Criterion) {
    let n = SHAPE.slots;
    let (like, previous, d) = (some(n, -1., 1.), weightings(n), some(n, -1., 1.));
    // one head, and two of the same at once
    let heads =
        [0, 1].map(|h| ClassicHead { head: h, key: h, trace: h * trace_len(n), ..ClassicHead::default() });
    let numbers = [5., 0.3, 0.2, 0.7, 0.1, 2.5];
    let (like, previous, d) = (like.repeat(2), previous.repeat(2), d.repeat(2));
    let [mut out, mut d_previous, mut d_like] = [(); 3].map(|_| vec![0.; 2 * n]);
    let (mut trace, mut scratch) = (vec![0.; 2 * trace_len(n)], vec![0.; 2 * scratch_len(n)]);
    let mut d_numbers = [0.; 6];
    for count in [1, 2] {
        let heads = &heads[..count];
        c.bench_function(&format!("classic 128, {count} heads"), |b| {
            b.iter(|| classic(n, heads, &numbers, &like, &previous, &mut trace, &mut out))
        });
        c.bench_function(&format!("classic_vjp 128, {count} heads"), |b| {
            b.iter(|| {
                classic_vjp(
                    n,
                    heads,
                    &numbers,
                    &like,
                    &previous,
                    &trace,
                    &out,
                    &d,
                    &mut d_previous,
                    &mut d_like,
                    &mut d_numbers,
                    &mut scratch,
                )
            })
        });
    }
}

fn elementary(c: &mut Criterion) {
    let (from, mut xs) = (some(3200, 0.1, 2.), vec![0.; 3200]);
    type Function = fn(&mut [f32]);
    let functions: [(&str, Function); 7] = [
        ("exp", |xs| exp(xs)),
        ("ln", |xs| ln(xs)),
        ("sigmoid", |xs| sigmoid(xs)),
        ("tanh", |xs| tanh(xs)),
        ("pow 2.5", |xs| pow(xs, 2.5)),
        ("softmax", |xs| softmax(xs)),
        ("softmax of threes", |xs| xs.chunks_exact_mut(3).for_each(softmax)),
    ];
    for (name, function) in functions {
        c.bench_function(&format!("{name} 3200"), |b| {
            b.iter(|| {
                xs.copy_from_slice(&from);
                function(&mut xs)
            })
        });
    }
    softmax(&mut xs);
    let (ys, d) = (xs.clone(), some(3200, -1., 1.));
    c.bench_function("softmax_vjp 3200", |b| {
        b.iter(|| {
            xs.copy_from_slice(&d);
            softmax_vjp(&ys, &mut xs)
        })
    });
}

fn memory(c: &mut Criterion) {
    let (n, width) = (SHAPE.slots, SHAPE.width);
    let (memory, numbers) = (some(SHAPE.numbers(), -1., 1.), some(2 * width, -1., 1.));
    let keys = [0, width].map(|at| Key { at, similarity: Similarity::default() });
    let (mut sizes, mut out, mut sums) = (vec![0.; n], vec![0.; 2 * n], vec![0.; sums_len(4 * width)]);
    c.bench_function("norms 128 x 20", |b| b.iter(|| norms(SHAPE, &memory, &mut sizes)));
    c.bench_function("similarity 128 x 20, 2 keys", |b| {
        b.iter(|| similarity(SHAPE, &memory, &sizes, &numbers, &keys, &mut out))
    });
    let d = some(2 * n, -1., 1.);
    let (mut d_out, mut d_memory, mut d_numbers) =
        (d.clone(), vec![0.; SHAPE.numbers()], vec![0.; 2 * width]);
    c.bench_function("similarity_vjp 128 x 20, 2 keys", |b| {
        b.iter(|| {
            d_out.copy_from_slice(&d);
            similarity_vjp(
                SHAPE,
                &memory,
                &sizes,
                &numbers,
                &keys,
                &out,
                &mut d_out,
                &mut d_memory,
                &mut d_numbers,
                &mut sums,
            )
        })
    });
    let (weights, effects) = (weightings(2 * n), some(2 * width, 0., 1.));
    let roles = Roles { readers: &[0], writers: &[Writer { head: 1, effect: 0 }], together: true };
    let (mut next, mut reads) = (memory.clone(), vec![0.; width]);
    c.bench_function("read_write 128 x 20, 1 reader, 1 writer", |b| {
        b.iter(|| {
            read_write(
                SHAPE, roles, &memory, &weights, &effects, &mut next, &mut sizes, &mut reads, &mut sums,
            )
        })
    });
    let (mut d_weights, mut d_effects) = (vec![0.; 2 * n], vec![0.; 2 * width]);
    d_memory.fill(0.);
    c.bench_function("read_write_vjp 128 x 20, 1 reader, 1 writer", |b| {
        b.iter(|| {
            read_write_vjp(
                SHAPE,
                roles,
                &memory,
                &weights,
                &effects,
                &numbers,
                &mut d_memory,
                &mut d_weights,
                &mut d_effects,
                &mut sums,
            )
        })
    });
}

fn optimizers(c: &mut Criterion) {
    let gradients = some(PARAMETERS, -0.1, 0.1);
    let [mut squares, mut means, mut deltas, mut params] = [(); 4].map(|_| vec![0f32; PARAMETERS]);
    let (change, mut sum) = (GradientChange { scale: 1., limit: 10. }, 0.);
    let step = RmsPropStep { rate: 1e-4, decay: 0.95, momentum: 0.9, epsilon: 1e-4 };
    c.bench_function("sum_of_squares 65536", |b| b.iter(|| sum_of_squares(&gradients, &mut sum)));
    c.bench_function("accumulate 65536", |b| b.iter(|| accumulate(&gradients, &mut deltas)));
    deltas.fill(0.);
    c.bench_function("rmsprop 65536", |b| {
        b.iter(|| rmsprop(step, change, &gradients, &mut squares, &mut means, &mut deltas, &mut params))
    });
    let step = AdamStep { rate: 1e-3, beta1: 0.9, beta2: 0.999, root_scale: 1., epsilon: 1e-8 };
    c.bench_function("adam 65536", |b| {
        b.iter(|| adam(step, change, &gradients, &mut means, &mut squares, &mut params))
    });
}

fn all(c: &mut Criterion) {
    println!("instruction set: {}", InstructionSet::current().name());
    products(c);
    layers(c);
    elementary(c);
    weighting_kernels(c);
    chain(c);
    memory(c);
    optimizers(c);
}
criterion_group! {
    name = kernels;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(500))
        .sample_size(20);
    targets = all
}
criterion_main!(kernels);
