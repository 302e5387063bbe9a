//! Layer 0: free functions on slices, in pairs `x` / `x_vjp` (vector-Jacobian product).
//!
//! A kernel is a safe function. It checks the lengths of its slices, packs its arguments in a struct and hands that
//! to [`Real::run`], which enters a `#[target_feature]` function for the best instruction set of the machine and
//! runs the body there, written once over [`Vector`]. So dispatch costs one relaxed load a call, one binary serves
//! every x86-64 machine, and there is no table to extend.
//!
//! Where a doc says *written*, old contents do not matter; where it says *added*, the kernel adds to what is there.
//!
//! This module holds all of the workspace's `unsafe` code. `ntm-addressing` re-exports the weighting kernels.
#![allow(unsafe_code)]
// indexes name lanes, rows and heads of register tiles; iterators would hide what is unrolled
#![allow(clippy::needless_range_loop, clippy::reversed_empty_ranges, clippy::out_of_bounds_indexing)]

pub mod activation;
pub mod classic;
pub mod content;
pub mod elementary;
mod four;
pub mod interpolate;
pub mod loss;
pub mod lstm;
pub mod optimizer;
pub mod peak;
pub mod product;
pub mod read_write;
pub mod sharpen;
pub mod shift;
pub mod similarity;
pub mod slots;
pub mod step;
mod vector;
pub mod views;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
pub use vector::{One, Vector};

/// A number the system computes in: `f32` for training, `f64` for gradient checks and snapshots.
pub trait Real: nalgebra::RealField + Copy {
    /// The nearest number of this type.
    fn of(x: f64) -> Self;
    /// As `f64`, exactly.
    fn to(self) -> f64;
    /// Runs a kernel with the widest vectors of this machine.
    fn run<K: Kernel<Self>>(kernel: K);
}

/// The body of a kernel. `run` must be `#[inline(always)]`, or it is not compiled for the vectors it is given.
pub trait Kernel<T: Real> {
    /// Does the work with vectors of type `V`.
    fn run<V: Vector<S = T>>(self);
}

impl Real for f64 {
    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn to(self) -> f64 {
        self
    }
    fn run<K: Kernel<f64>>(kernel: K) {
        kernel.run::<One<f64>>()
    }
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn to(self) -> f64 {
        self as f64
    }
    #[inline]
    fn run<K: Kernel<f32>>(kernel: K) {
        // its address is handed on: moved, it would be loaded in larger pieces than it was just stored in, which a
        // processor cannot forward, so every call would wait until the stores had reached the cache
        let kernel = ManuallyDrop::new(kernel);
        let kernel = &raw const *kernel;
        // SAFETY: each takes the kernel from its place, once; the level was set from what the processor reports
        unsafe {
            match LEVEL.load(Relaxed) {
                #[cfg(target_arch = "x86_64")]
                AVX512 => run_avx512(kernel),
                #[cfg(target_arch = "x86_64")]
                AVX2 => run_avx2(kernel),
                BASELINE => run_baseline(kernel),
                _ => detect_and_run(kernel),
            }
        }
    }
}

const UNKNOWN: u8 = 0;
const BASELINE: u8 = 1;
const AVX2: u8 = 2;
const AVX512: u8 = 3;
static LEVEL: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Instruction sets that kernels of `f32` are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// Plain Rust, for any processor.
    Baseline,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

impl InstructionSet {
    /// Every set, narrowest first.
    pub const ALL: [InstructionSet; 3] =
        [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512];

    /// The widest set of this machine.
    pub fn best() -> InstructionSet {
        #[cfg(target_arch = "x86_64")]
        {
            // all that `run_avx2` and `run_avx512` are compiled for: a virtual machine may hide any of them
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi2");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw");
            match (avx2, avx512) {
                (true, true) => return InstructionSet::Avx512,
                (true, false) => return InstructionSet::Avx2,
                _ => {}
            }
        }
        InstructionSet::Baseline
    }

    /// The set that `NTM_SIMD` asks for (`avx512`, `avx2` or `baseline`), or the best of this machine if it is not set.
    ///
    /// # Errors
    /// If there is no such set, or this machine does not have it.
    pub fn wanted() -> Result<InstructionSet, InstructionSetError> {
        match std::env::var_os("NTM_SIMD") {
            Some(given) if !given.is_empty() => {
                InstructionSet::named(&given.to_string_lossy(), InstructionSet::best())
            }
            _ => Ok(InstructionSet::best()),
        }
    }

    /// The set of this name, on a machine whose widest is `best`.
    fn named(given: &str, best: InstructionSet) -> Result<InstructionSet, InstructionSetError> {
        match InstructionSet::ALL.into_iter().find(|set| set.name() == given) {
            Some(set) if set <= best => Ok(set),
            Some(wanted) => Err(InstructionSetError::Missing { wanted, best }),
            None => Err(InstructionSetError::Unknown { given: given.into() }),
        }
    }

    /// The set in use: [`InstructionSet::wanted`], unless it was [limited](InstructionSet::limit). What `NTM_SIMD` asks
    /// for in vain is told once on stderr, and the best set used; a program that would rather stop asks `wanted` first.
    pub fn current() -> InstructionSet {
        match LEVEL.load(Relaxed) {
            UNKNOWN => {
                let wanted = InstructionSet::wanted().unwrap_or_else(|e| {
                    let best = InstructionSet::best();
                    eprintln!("warning: {e}; going on with {}", best.name());
                    best
                });
                InstructionSet::limit(wanted)
            }
            BASELINE => InstructionSet::Baseline,
            AVX2 => InstructionSet::Avx2,
            _ => InstructionSet::Avx512,
        }
    }

    /// Uses at most `limit` from now on, in the whole process; returns what is used. For comparisons and tests:
    /// numbers differ in the last bits between sets.
    pub fn limit(limit: InstructionSet) -> InstructionSet {
        let used = InstructionSet::best().min(limit);
        let level = match used {
            InstructionSet::Baseline => BASELINE,
            InstructionSet::Avx2 => AVX2,
            InstructionSet::Avx512 => AVX512,
        };
        LEVEL.store(level, Relaxed);
        used
    }

    /// `avx512`, `avx2` or `baseline`.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Baseline => "baseline",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Avx512 => "avx512",
        }
    }
}

/// Why `NTM_SIMD` cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstructionSetError {
    /// It names no instruction set.
    #[error(
        "NTM_SIMD is {given:?}; allowed are avx512, avx2 and baseline, or leave it unset for the best of this machine"
    )]
    Unknown {
        /// what it says
        given: String,
    },
    /// This machine does not have the set.
    #[error("NTM_SIMD is {}, which this machine does not have; the widest that it has is {}", .wanted.name(), .best.name())]
    Missing {
        /// what it asks for
        wanted: InstructionSet,
        /// the widest of this machine
        best: InstructionSet,
    },
}

#[cold]
unsafe fn detect_and_run<K: Kernel<f32>>(kernel: *const K) {
    InstructionSet::current();
    f32::run(kernel.read())
}
// not inlined: `f32::run` would set aside its room on the stack at every call, also where another one runs
#[inline(never)]
unsafe fn run_baseline<K: Kernel<f32>>(kernel: *const K) {
    kernel.read().run::<four::Four>()
}
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,bmi2")]
unsafe fn run_avx512<K: Kernel<f32>>(kernel: *const K) {
    kernel.read().run::<x86::V16>()
}
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi2")]
unsafe fn run_avx2<K: Kernel<f32>>(kernel: *const K) {
    kernel.read().run::<x86::V8>()
}

/// Declares a kernel: a safe function that checks its arguments, then runs the body with vectors `$v` of `$t`.
macro_rules! kernel {
    ($(#[$meta:meta])* $visible:vis fn $name:ident[$v:ident, $t:ident]($($arg:ident: $type:ty),* $(,)?)
     check $check:block run $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $visible fn $name<'a, $t: $crate::kernels::Real>($($arg: $type),*) {
            struct Arguments<'a, $t> { $($arg: $type,)* life: std::marker::PhantomData<&'a $t> }
            impl<'a, $t: $crate::kernels::Real> $crate::kernels::Kernel<$t> for Arguments<'a, $t> {
                #[inline(always)]
                fn run<$v: $crate::kernels::Vector<S = $t>>(self) {
                    let Arguments { $($arg,)* .. } = self;
                    #[allow(unused_unsafe)]
                    // SAFETY: `check` has compared every length with what the body touches
                    unsafe { $body }
                }
            }
            $check
            $t::run(Arguments { $($arg,)* life: std::marker::PhantomData })
        }
    };
}
pub(crate) use kernel;

/// Loads `LANES` numbers, or the first `k` where `TAIL`.
#[inline(always)]
unsafe fn ld<V: Vector, const TAIL: bool>(p: *const V::S, k: usize) -> V {
    if TAIL { V::load_part(p, k) } else { V::load(p) }
}
/// Stores `LANES` numbers, or the first `k` where `TAIL`.
#[inline(always)]
unsafe fn st<V: Vector, const TAIL: bool>(v: V, p: *mut V::S, k: usize) {
    if TAIL { v.store_part(p, k) } else { v.store(p) }
}

/// Runs a body over whole vectors, then over the rest: `|offset, TAIL, lanes left|`.
macro_rules! vectors {
    ($v:ident, $n:expr, |$i:ident, $tail:ident, $k:ident| $body:block) => {{
        let n = $n;
        let mut $i = 0;
        {
            const $tail: bool = false;
            let $k = $v::LANES;
            while $i + $v::LANES <= n {
                $body
                $i += $v::LANES;
            }
        }
        if $i < n {
            const $tail: bool = true;
            let $k = n - $i;
            $body
        }
    }};
}
pub(crate) use vectors;

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Counts how often it is dropped.
    struct Owned<'a> {
        dropped: &'a mut usize,
        fails: bool,
    }
    impl Drop for Owned<'_> {
        fn drop(&mut self) {
            *self.dropped += 1;
        }
    }
    impl<T: Real> Kernel<T> for Owned<'_> {
        #[inline(always)]
        fn run<V: Vector<S = T>>(self) {
            assert!(!self.fails, "as asked");
        }
    }

    #[test]
    fn a_kernel_is_dropped_once_also_where_it_fails() {
        for fails in [false, true] {
            let (mut single, mut double) = (0, 0);
            let run =
                |dropped| catch_unwind(AssertUnwindSafe(|| f32::run(Owned { dropped, fails }))).is_err();
            assert_eq!(run(&mut single), fails);
            let run =
                |dropped| catch_unwind(AssertUnwindSafe(|| f64::run(Owned { dropped, fails }))).is_err();
            assert_eq!(run(&mut double), fails);
            // the first call of a process looks for the instruction set, later ones know it
            assert_eq!((single, double), (1, 1));
        }
    }

    #[test]
    fn a_set_that_is_not_known_or_not_there_is_told_with_what_is_allowed() {
        use InstructionSet::{Avx2, Avx512, Baseline};
        assert_eq!(InstructionSet::named("baseline", Avx2), Ok(Baseline));
        assert_eq!(InstructionSet::named("avx2", Avx2), Ok(Avx2));
        let said = InstructionSet::named("sse", Avx2).unwrap_err().to_string();
        assert!(said.starts_with("NTM_SIMD is \"sse\"; allowed are avx512, avx2 and baseline"), "{said}");
        let said = InstructionSet::named("avx512", Avx2).unwrap_err().to_string();
        assert!(said.ends_with("does not have; the widest that it has is avx2"), "{said}");
        assert!(InstructionSet::named("AVX512", Avx512).is_err());
    }
}
