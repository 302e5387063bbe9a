//! One vector trait, four back ends: AVX-512, AVX2 and four lanes of plain Rust for `f32`, one lane for `f64`.
//!
//! Everything is `inline(always)` so that it melts into the `#[target_feature]` function of
//! [`Real::run`](super::Real::run).
use super::Real;

/// `LANES` numbers of type `S`.
pub trait Vector: Copy + Send + Sync + 'static {
    /// The number of a lane.
    type S: Real;
    /// How many numbers a vector holds.
    const LANES: usize;
    /// The same number in every lane.
    fn splat(s: Self::S) -> Self;
    /// # Safety
    /// `LANES` readable numbers at `p`.
    unsafe fn load(p: *const Self::S) -> Self;
    /// # Safety
    /// `LANES` writable numbers at `p`.
    unsafe fn store(self, p: *mut Self::S);
    /// The first `k < LANES` numbers at `p`, zeros after them.
    /// # Safety
    /// `k` readable numbers at `p`.
    unsafe fn load_part(p: *const Self::S, k: usize) -> Self;
    /// # Safety
    /// `k` writable numbers at `p`.
    unsafe fn store_part(self, p: *mut Self::S, k: usize);
    /// Zeros from lane `k` on.
    fn keep(self, k: usize) -> Self;
    /// self + b
    fn add(self, b: Self) -> Self;
    /// self - b
    fn sub(self, b: Self) -> Self;
    /// self * b
    fn mul(self, b: Self) -> Self;
    /// self / b
    fn div(self, b: Self) -> Self;
    /// self * b + c
    fn fma(self, b: Self, c: Self) -> Self;
    /// c - self * b
    fn fnma(self, b: Self, c: Self) -> Self;
    /// The larger; `b` where one is not a number.
    fn max(self, b: Self) -> Self;
    /// The smaller; `b` where one is not a number.
    fn min(self, b: Self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// 1 / x.
    #[inline(always)]
    fn recip(self) -> Self {
        Self::of(1.0).div(self)
    }
    /// 1 / x within 2e-7 of it, for x and 1 / x that are finite and normal.
    #[inline(always)]
    fn near_recip(self) -> Self {
        self.recip()
    }
    /// 1 / sqrt(x) within 2e-7 of it, for finite normal x above 0.
    #[inline(always)]
    fn near_rsqrt(self) -> Self {
        Self::of(1.0).div(self.sqrt())
    }
    /// Lanes o.. of (self, next), o <= LANES: a shifted vector without a load across two stores.
    #[inline(always)]
    fn window(self, next: Self, o: usize) -> Self {
        let mut both = [Self::S::of(0.0); 32];
        // SAFETY: two vectors of at most 16 lanes
        unsafe {
            self.store(both.as_mut_ptr());
            next.store(both.as_mut_ptr().add(Self::LANES));
            Self::load(both.as_ptr().add(o))
        }
    }
    /// Sum of the lanes.
    fn hsum(self) -> Self::S;
    /// Largest lane.
    fn hmax(self) -> Self::S;
    /// e to the power of each lane; errors, ends and what is not a number as for [`exp`](super::elementary::exp).
    fn exp(self) -> Self;
    /// Natural logarithm of a positive normal number, with the errors of [`ln`](super::elementary::ln); what is not a
    /// number stays so.
    fn ln(self) -> Self;
    /// `LANES` vectors at `p` to one vector whose lane i is the sum of vector i.
    /// # Safety
    /// `LANES * LANES` readable numbers at `p`.
    unsafe fn reduce(p: *const Self::S) -> Self;
    /// Zero in every lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::of(0.0)
    }
    /// `x`, rounded, in every lane.
    #[inline(always)]
    fn of(x: f64) -> Self {
        Self::splat(Self::S::of(x))
    }
    /// 1 / (1 + exp(-x)), with the errors of [`sigmoid`](super::elementary::sigmoid)
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::of(1.0).add(Self::zero().sub(self).exp()).recip()
    }
    /// 1 - 2 / (1 + exp(2x)), with the errors of [`tanh`](super::elementary::tanh)
    #[inline(always)]
    fn tanh(self) -> Self {
        Self::of(1.0).add(self.add(self).exp()).recip().fnma(Self::of(2.0), Self::of(1.0))
    }
}

/// One lane, for `f64`.
#[derive(Clone, Copy)]
pub struct One<T>(
    /// the number
    pub T,
);
impl<T: Real> Vector for One<T> {
    type S = T;
    const LANES: usize = 1;
    #[inline(always)]
    fn splat(s: T) -> Self {
        One(s)
    }
    #[inline(always)]
    unsafe fn load(p: *const T) -> Self {
        One(*p)
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut T) {
        *p = self.0
    }
    #[inline(always)]
    unsafe fn load_part(_: *const T, _: usize) -> Self {
        unreachable!("a lane has no parts")
    }
    #[inline(always)]
    unsafe fn store_part(self, _: *mut T, _: usize) {
        unreachable!("a lane has no parts")
    }
    #[inline(always)]
    fn keep(self, _: usize) -> Self {
        self
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        One(self.0 + b.0)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        One(self.0 - b.0)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        One(self.0 * b.0)
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        One(self.0 / b.0)
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        One(self.0 * b.0 + c.0)
    }
    #[inline(always)]
    fn fnma(self, b: Self, c: Self) -> Self {
        One(c.0 - self.0 * b.0)
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        if self.0 > b.0 { self } else { b }
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        if self.0 < b.0 { self } else { b }
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        One(nalgebra::ComplexField::sqrt(self.0))
    }
    #[inline(always)]
    fn hsum(self) -> T {
        self.0
    }
    #[inline(always)]
    fn hmax(self) -> T {
        self.0
    }
    #[inline(always)]
    fn exp(self) -> Self {
        One(nalgebra::ComplexField::exp(self.0))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        One(nalgebra::ComplexField::ln(self.0))
    }
    #[inline(always)]
    unsafe fn reduce(p: *const T) -> Self {
        One(*p)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InstructionSet, Kernel};
    use super::*;

    /// Turns every number into the nearly exact 1 / x, or 1 / sqrt(x).
    struct Near<'a>(&'a mut [f32], bool);
    impl Kernel<f32> for Near<'_> {
        #[inline(always)]
        fn run<V: Vector<S = f32>>(self) {
            for x in self.0 {
                let v = V::splat(*x);
                *x = if self.1 { v.near_rsqrt() } else { v.near_recip() }.hmax();
            }
        }
    }

    #[test]
    fn what_is_nearly_exact_is_off_by_two_in_ten_million() {
        // all of a mantissa's leading bits, and exponents whose reciprocals are normal
        let bits =
            (0..1 << 14).flat_map(|m| [1u32, 40, 126, 127, 128, 200, 252].map(|e| e << 23 | m << 9 | 0x155));
        let xs: Vec<f32> = bits.map(f32::from_bits).collect();
        // only the best set: which one is in use is shared with the other tests of this process
        println!("{}", InstructionSet::current().name());
        for root in [false, true] {
            let mut ys = xs.clone();
            f32::run(Near(&mut ys, root));
            for (x, y) in xs.iter().map(|x| f64::from(*x)).zip(ys) {
                let want = if root { 1.0 / x.sqrt() } else { 1.0 / x };
                assert!((f64::from(y) / want - 1.0).abs() < 2e-7, "{x:e}: {y:e} is not {want:e}");
            }
        }
    }
}
