//! One step of each controller, forward and backward: 29 inputs, 100 units, 1 and 8 items.
//!
//! `cargo bench -p ntm-controllers`; `NTM_SIMD=baseline` or `avx2` limits the instruction set.
use criterion::{Criterion, criterion_group, criterion_main};
use ntm_controllers::{Gru, Lstm, Mlp};
use ntm_core::buffers::{Slab, block, mat, mat_mut};
use ntm_core::start::ControllerStart;
use ntm_core::traits::{Backward, Forward};
use ntm_core::{Activation, Cell};

const INPUTS: usize = 29;
const UNITS: usize = 100;
/// Of the inputs, those that were read.
const ASKED: usize = 20;

fn step(c: &mut Criterion, name: &str, cell: &dyn Cell<f32>) {
    for items in [1, 8] {
        let needs = cell.needs(items);
        let numbers = cell.parameters().iter().map(|p| block(p.numbers(), 1)).sum();
        let (mut params, mut prepared) = (Slab::new(numbers), Slab::new(needs.prepared));
        params.iter_mut().enumerate().for_each(|(i, x)| *x = ((i * 7919 % 997) as f32 / 997.0 - 0.5) * 0.2);
        cell.prepare(&params, &mut prepared);
        let prepared: &[f32] = if items > 1 { &prepared } else { &[] };
        let (mut state, mut next) = (Slab::new(needs.state), Slab::new(needs.state));
        cell.start(&params, items, &mut state);
        let (mut trace, mut scratch) = (Slab::new(needs.trace), Slab::new(needs.scratch));
        let x: Vec<f32> = (0..INPUTS * items).map(|i| (i % 3) as f32 - 1.0).collect();
        let mut y = vec![0.0; cell.outputs() * items];
        c.bench_function(&format!("{name}, {items} items, forward"), |b| {
            b.iter(|| {
                let step = Forward {
                    items,
                    capacity: items,
                    params: &params,
                    prepared,
                    state: &state,
                    next: &mut next,
                    trace: &mut trace,
                    scratch: &mut scratch,
                };
                cell.forward(mat(&x, INPUTS, items), step, mat_mut(&mut y, cell.outputs(), items));
            })
        });
        let made = trace.clone();
        let (mut d_state, d_y) = (Slab::new(needs.state), vec![0.01; y.len()]);
        let mut d_x = vec![0.0; ASKED * items];
        c.bench_function(&format!("{name}, {items} items, backward"), |b| {
            b.iter(|| {
                // `backward` uses the trace up
                trace.copy_from_slice(&made);
                let step = Backward {
                    items,
                    capacity: items,
                    params: &params,
                    prepared,
                    state: &state,
                    next: &next,
                    trace: &mut trace,
                    d_state: &mut d_state,
                    scratch: &mut scratch,
                };
                let d_y = mat(&d_y, cell.outputs(), items);
                cell.backward(mat(&x, INPUTS, items), step, d_y, Some(mat_mut(&mut d_x, ASKED, items)));
            })
        });
    }
}

fn controllers(c: &mut Criterion) {
    step(c, "LSTM", &Lstm::new(INPUTS, UNITS, 1, false, ControllerStart::Learned));
    step(c, "GRU", &Gru::new(INPUTS, UNITS, 1, ControllerStart::Learned));
    step(c, "MLP", &Mlp::new(INPUTS, &[UNITS], Activation::Tanh));
}

criterion_group!(benches, controllers);
criterion_main!(benches);
