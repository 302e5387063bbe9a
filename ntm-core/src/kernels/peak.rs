//! What the processor can do at most: fused multiplications and additions without any memory, to compare with.
use super::kernel;

/// Sums that do not wait for each other: enough for two units of four cycles each.
const SUMS: usize = 16;
/// Turns of a call.
const TURNS: usize = 4096;

kernel! {
    /// Sixteen independent sums, each turned into sum * factor + factor some thousand times; what all their lanes hold is added to
    /// `result`, and the number of floating-point operations made is added to `operations`.
    pub fn multiply_add[V, T](factor: T, result: &'a mut T, operations: &'a mut f64)
    check {}
    run {
        let factor = V::splat(factor);
        let mut sums = [V::zero(); SUMS];
        for j in 0..SUMS { sums[j] = V::of(j as f64); }
        for _ in 0..TURNS { for j in 0..SUMS { sums[j] = sums[j].fma(factor, factor); } }
        let mut all = V::zero();
        for j in 0..SUMS { all = all.add(sums[j]); }
        *result += all.hsum();
        *operations += (2 * SUMS * TURNS * V::LANES) as f64;
    }
}
