//! Every kernel against plain loops in `f64` (the step of the memory against the kernels it is made of): in `f64`, and in `f32` on every instruction set of this machine.
//!
//! Inputs lie between not-a-numbers and outputs between canaries, so a kernel that reads or writes beyond its slices
//! is found. What a kernel writes is filled with not-a-number first; what it adds to starts from known numbers.
//! Gradients are compared with central differences of the plain loops.

mod activation;
mod classic;
mod content;
mod elementary;
mod interpolate;
mod loss;
mod lstm;
mod optimizers;
mod peak;
mod products;
mod read_write;
mod sharpen;
mod shift;
mod similarity;
mod step;

use ntm_core::Real;
use ntm_core::kernels::InstructionSet;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Lengths that meet every way a slice is cut into vectors of 1, 4, 8 or 16 lanes.
const SIZES: [usize; 15] = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 37, 128, 130];

/// What must not be swallowed.
const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, -f64::INFINITY];

/// Runs `narrow` on every instruction set of this machine, narrowest first. The choice is process-global.
fn on_every_set(mut narrow: impl FnMut()) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for set in InstructionSet::ALL {
        if InstructionSet::limit(set) == set {
            assert_eq!(InstructionSet::current(), set);
            println!("f32, {}", set.name());
            narrow();
        }
    }
}

/// Runs a check in `f64`, then in `f32` on every instruction set, each with its tolerance.
macro_rules! everywhere {
    ($check:ident, $wide:expr, $narrow:expr) => {{
        println!("f64");
        $check::<f64>($wide);
        $crate::on_every_set(|| $check::<f32>($narrow));
    }};
}
use everywhere;

/// A slice with fences on both sides, which must stand when it is dropped.
struct Fenced<T: Real> {
    data: Vec<T>,
    fence: f64,
}
const FENCE: usize = 40;
const CANARY: f64 = 8.25e20;

impl<T: Real> Fenced<T> {
    fn new(inside: impl Iterator<Item = f64>, fence: f64) -> Self {
        let side = || std::iter::repeat_n(fence, FENCE);
        Fenced { data: side().chain(inside).chain(side()).map(T::of).collect(), fence }
    }
}
impl<T: Real> Deref for Fenced<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.data[FENCE..self.data.len() - FENCE]
    }
}
impl<T: Real> DerefMut for Fenced<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let end = self.data.len() - FENCE;
        &mut self.data[FENCE..end]
    }
}
impl<T: Real> Drop for Fenced<T> {
    fn drop(&mut self) {
        let (n, fence) = (self.data.len(), T::of(self.fence));
        let stands = |x: &T| *x == fence || (self.fence.is_nan() && x.to().is_nan());
        if !std::thread::panicking() {
            assert!(
                self.data[..FENCE].iter().chain(&self.data[n - FENCE..]).all(stands),
                "written beyond the slice"
            );
        }
    }
}

/// What is only read: not-a-number around it.
fn input<T: Real>(xs: &[f64]) -> Fenced<T> {
    Fenced::new(xs.iter().copied(), f64::NAN)
}
/// What is changed in place or added to.
fn onto<T: Real>(xs: &[f64]) -> Fenced<T> {
    Fenced::new(xs.iter().copied(), CANARY)
}
/// What is written: not-a-number inside.
fn output<T: Real>(n: usize) -> Fenced<T> {
    Fenced::new(std::iter::repeat_n(f64::NAN, n), CANARY)
}

/// Numbers between `low` and `high` that are exact in `f32`, the same for the same seed.
fn draw(seed: usize, n: usize, low: f64, high: f64) -> Vec<f64> {
    let number = |i: usize| {
        let mut z = ((seed as u64) << 32).wrapping_add(i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
        (low + (high - low) * unit) as f32 as f64
    };
    (0..n).map(number).collect()
}
fn signed(seed: usize, n: usize) -> Vec<f64> {
    draw(seed, n, -1.0, 1.0)
}
/// A weighting: positive numbers that sum to about one.
fn weighting(seed: usize, n: usize) -> Vec<f64> {
    let xs = draw(seed, n, 0.05, 1.0);
    let sum: f64 = xs.iter().sum();
    xs.iter().map(|x| (x / sum) as f32 as f64).collect()
}

/// Every `a` with every `b`
fn pairs<A: Copy, B>(a: impl IntoIterator<Item = A>, b: impl IntoIterator<Item = B> + Clone) -> Vec<(A, B)> {
    a.into_iter().flat_map(|a| b.clone().into_iter().map(move |b| (a, b))).collect()
}
fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
fn wide<T: Real>(xs: &[T]) -> Vec<f64> {
    xs.iter().map(|x| x.to()).collect()
}

/// Every number within `tolerance` of what is wanted, relative to the wanted number where that is above 1.
fn close<T: Real>(what: &str, got: &[T], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let error = (g.to() - w).abs();
        assert!(error <= tolerance * w.abs().max(1.0), "{what}: {g} at {i} is not {w} (off by {error:e})");
    }
}
fn all_finite<T: Real>(what: &str, xs: &[T]) {
    assert!(xs.iter().all(|x| x.to().is_finite()), "{what}: {:?}", wide(xs));
}
fn sums_to_one<T: Real>(what: &str, xs: &[T], tolerance: f64) {
    close(what, &[wide(xs).iter().sum::<f64>()], &[1.0], tolerance);
    assert!(xs.iter().all(|x| x.to() >= 0.0), "{what}: {:?}", wide(xs));
}

/// `got` against central differences of `f` at `x`: every number of a short slice, some 20 of a long one, and one
/// direction through all of them.
fn is_gradient<T: Real>(what: &str, got: &[T], x: &[f64], tolerance: f64, f: impl Fn(&[f64]) -> f64) {
    assert_eq!(got.len(), x.len(), "{what}");
    let largest = x.iter().fold(0f64, |a, x| a.max(x.abs()));
    let step = if largest > 0.0 { 1e-5f64.min(1e-4 * largest) } else { 1e-5 };
    let slope = |direction: &dyn Fn(usize) -> f64| {
        let at = |h: f64| f(&x.iter().enumerate().map(|(i, x)| x + h * direction(i)).collect::<Vec<_>>());
        (at(step) - at(-step)) / (2.0 * step)
    };
    // rounding in f, divided by the step
    let tolerance = tolerance.max(f(x).abs().max(1.0) * 1e-9);
    for i in (0..x.len()).step_by(x.len().div_ceil(20).max(1)).chain(x.len().checked_sub(1)) {
        let want = slope(&|j| (i == j) as usize as f64);
        close(&format!("{what}, number {i}"), &[got[i]], &[want], tolerance);
    }
    let signs = signed(x.len(), x.len());
    let scale = 1.0 + dot(&wide(got).iter().map(|g| g.abs()).collect::<Vec<_>>(), &vec![1.0; x.len()]);
    let error = (slope(&|i| signs[i]) - dot(&wide(got), &signs)).abs();
    assert!(error <= tolerance * scale, "{what}: off by {error:e} along a random direction");
}

/// Column `i` of a block.
fn col(xs: &[f64], rows: usize, i: usize) -> &[f64] {
    &xs[i * rows..(i + 1) * rows]
}
