//! An addressing of one's own, with a state: write where nothing was read or written for longest.
//!
//! ```sh
//! cargo run -p ntm-addressing --no-default-features --example least_recently_used
//! ```
//!
//! Memory-augmented networks (Santoro et al. 2016) write either where they just read, to update what is there, or over
//! the slot used least, to keep something new:
//!
//! ```text
//! usage  = decay * usage of the step before + weighting of the reader + weighting of the writer (step before)
//! unused = 1 on the slot with the least usage, 0 elsewhere
//! out    = gate * weighting of the reader (step before) + (1 - gate) * unused
//! ```
//!
//! A chain of stages cannot say this: it keeps a number per slot between steps and looks at another head. So it implements
//! `Addressing`, which has room for both: `own`, and `previous` with the weightings of all heads.
use ntm_addressing::{Activation, Addressing, Field, Look, LookGradient, Real, Shape};

/// Settings; the numbers belong to the caller.
#[derive(Debug)]
struct LeastRecentlyUsed {
    /// Which head reads.
    reader: usize,
    /// What stays of the usage at each step, 0 to 1.
    decay: f64,
}

/// The slot with the least usage, the first of equals.
fn least<T: Real>(usage: &[T]) -> usize {
    (1..usage.len()).fold(0, |least, i| if usage[i] < usage[least] { i } else { least })
}

impl<T: Real> Addressing<T> for LeastRecentlyUsed {
    fn fields(&self, _: Shape) -> Vec<Field> {
        vec![Field::new("gate", 1, Activation::Sigmoid)]
    }
    fn own(&self, shape: Shape) -> usize {
        shape.slots // usage
    }
    fn trace(&self, _: Shape) -> usize {
        1 // which slot was used least
    }
    fn forward(&self, look: &Look<'_, T>, own_next: &mut [T], trace: &mut [T], weighting: &mut [T]) {
        let slots = look.shape.slots;
        let read = &look.previous[self.reader * slots..][..slots];
        let written = &look.previous[look.head * slots..][..slots];
        for (i, usage) in own_next.iter_mut().enumerate() {
            *usage = T::of(self.decay) * look.own[i] + read[i] + written[i];
        }
        let (unused, gate) = (least(own_next), look.numbers[0]);
        trace[0] = T::of(unused as f64);
        for (out, read) in weighting.iter_mut().zip(read) {
            *out = gate * *read;
        }
        weighting[unused] += T::of(1.0) - gate;
    }
    /// The choice of the slot is a step function: no gradient goes through it.
    fn backward(
        &self,
        look: &Look<'_, T>,
        trace: &mut [T],
        _weighting: &[T],
        d_weighting: &[T],
        d_own: &mut [T],
        d: &mut LookGradient<'_, T>,
        _scratch: &mut [T],
    ) {
        let (slots, gate) = (look.shape.slots, look.numbers[0]);
        let read = &look.previous[self.reader * slots..][..slots];
        let mut d_gate = -d_weighting[trace[0].to() as usize];
        for i in 0..slots {
            d_gate += d_weighting[i] * read[i];
            // weightings are shared with others, so added to
            d.previous[self.reader * slots + i] += gate * d_weighting[i] + d_own[i];
            d.previous[look.head * slots + i] += d_own[i];
            // from the usage after the step to that before it
            d_own[i] *= T::of(self.decay);
        }
        d.numbers[0] = d_gate;
    }
}

const SHAPE: Shape = Shape { slots: 6, width: 1 };
/// Two heads: 0 reads, 1 writes.
const WRITER: usize = 1;
const ADDRESSING: LeastRecentlyUsed = LeastRecentlyUsed { reader: 0, decay: 0.9 };

fn look<'a>(gate: &'a [f64], previous: &'a [f64], own: &'a [f64]) -> Look<'a, f64> {
    Look { shape: SHAPE, head: WRITER, numbers: gate, similarity: &[], previous, own, memory: &[0.0; 6] }
}
/// The writer's weighting, and the usage after the step.
fn step(gate: f64, previous: &[f64], own: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (mut next, mut out) = (vec![0.0; SHAPE.slots], vec![0.0; SHAPE.slots]);
    ADDRESSING.forward(&look(&[gate], previous, own), &mut next, &mut [0.0], &mut out);
    (out, next)
}
fn picture(weights: &[f64]) -> String {
    weights.iter().map(|w| b" .:-=+*#%@"[(w * 9.0).clamp(0.0, 9.0) as usize] as char).collect()
}

/// Every gradient against a difference quotient.
fn check_gradients() {
    let gate = vec![0.3];
    let previous: Vec<f64> = (0..12).map(|i| ((i * 5 + 2) % 13) as f64 / 60.0).collect();
    let usage = vec![0.9, 0.4, 1.3, 0.2, 0.8, 0.6];
    let d_out: Vec<f64> = (0..12).map(|i| (1.0 + i as f64).sin()).collect(); // by the weighting, by the usage after
    let loss = |x: &[Vec<f64>]| -> f64 {
        let (out, next) = step(x[0][0], &x[1], &x[2]);
        out.iter().chain(&next).zip(&d_out).map(|(x, d)| x * d).sum()
    };
    let (mut trace, mut next, mut out) = ([0.0], vec![0.0; 6], vec![0.0; 6]);
    let look = look(&gate, &previous, &usage);
    ADDRESSING.forward(&look, &mut next, &mut trace, &mut out);
    let (mut d_gate, mut d_previous, mut d_own) = ([0.0], vec![0.0; 12], d_out[6..].to_vec());
    let (numbers, previous_d) = (&mut d_gate, &mut d_previous);
    let mut d = LookGradient { numbers, similarity: &mut [], previous: previous_d, memory: &mut [0.0; 6] };
    ADDRESSING.backward(&look, &mut trace, &out, &d_out[..6], &mut d_own, &mut d, &mut []);
    let inputs = [gate.clone(), previous.clone(), usage.clone()];
    for (which, got) in [d_gate.to_vec(), d_previous, d_own].iter().enumerate() {
        for (i, got) in got.iter().enumerate() {
            let at = |h: f64| {
                let mut x = inputs.clone();
                x[which][i] += h;
                loss(&x)
            };
            let want = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((got - want).abs() < 1e-9, "input {which}, number {i}: {got} is not {want}");
        }
    }
}

pub(crate) fn main() {
    check_gradients();
    println!("step  read    written usage after the step");
    let (mut usage, mut previous) = (vec![0.0; 6], vec![0.0; 12]);
    // slot 0 is read again and again, and once slot 2, which is therefore passed over at step 7; the gate is closed, but
    // at step 8 the writer follows the reader
    for (t, wanted) in [0, 1, 2, 3, 4, 5, 1, 3, 0, 4].into_iter().enumerate() {
        let (written, next) = step(if t == 8 { 1.0 } else { 0.0 }, &previous, &usage);
        assert_eq!(written[wanted], 1.0, "step {t}: {written:?}");
        let mut read = vec![0.0; 6];
        read[if t == 3 { 2 } else { 0 }] = 1.0;
        println!("{t:>4} |{}| |{}| {next:.2?}", picture(&read), picture(&written));
        (usage, previous) = (next, [read, written].concat());
    }
}
