//! Sharpening: a weighting to a power, normalised (equation 9).
use super::{kernel, ld, st, vectors};

/// Weightings below this count as this, where a logarithm or a quotient is wanted.
const LEAST: f64 = 1e-30;

kernel! {
    /// out(i) = (w(i) + base)^sharpening / (sum of them + epsilon), written, as are `logs`, which keep ln(w + base) for
    /// the gradient; all slices have one number a slot. Equation 9 has neither base nor epsilon.
    ///
    /// Powers are taken relative to the largest, so that nothing underflows to 0 / 0: with epsilon 0 the result sums
    /// to one for every input, all zeros included (then it is uniform).
    pub fn sharpen[V, T](
        sharpening: T, base: f64, epsilon: f64, w: &'a [T], out: &'a mut [T], logs: &'a mut [T],
    )
    check { assert!(w.len() == out.len() && logs.len() == out.len()); }
    run {
        let (mut top, base) = (V::of(-1e30), V::of(base));
        vectors!(V, out.len(), |i, TAIL, k| {
            let log = V::of(LEAST).max(ld::<V, TAIL>(w.as_ptr().add(i), k).add(base)).ln();
            st::<V, TAIL>(log, logs.as_mut_ptr().add(i), k);
            // lanes beyond the end hold the logarithm of the base, or ln LEAST: no larger than any
            top = top.max(log);
        });
        let top = top.hmax();
        let (g, low) = (V::splat(sharpening), V::splat(-(sharpening * top)));
        let mut sum = V::zero();
        vectors!(V, out.len(), |i, TAIL, k| {
            // rounded as in `low`, so that the largest is exactly e^0 however large the power
            let u = g.mul(ld::<V, TAIL>(logs.as_ptr().add(i), k)).add(low).exp();
            sum = sum.add(if TAIL { u.keep(k) } else { u });
            st::<V, TAIL>(u, out.as_mut_ptr().add(i), k);
        });
        let mut sum = sum.hsum();
        if epsilon > 0.0 { sum += T::of(epsilon) * nalgebra::ComplexField::exp(-(sharpening * top)); }
        let scale = V::splat(T::of(1.0) / sum);
        vectors!(V, out.len(), |i, TAIL, k| {
            let p = out.as_mut_ptr().add(i);
            st::<V, TAIL>(ld::<V, TAIL>(p, k).mul(scale), p, k);
        });
    }
}

kernel! {
    /// Gradient of [`sharpen`], from what it gave with this base; writes `d_w` and `d_sharpening`. Without a base, a slot
    /// with w = 0 adds nothing to the derivative by the sharpening, and where all weights are 0, `d_w` is finite but as
    /// large as 1e30.
    pub fn sharpen_vjp[V, T](
        sharpening: T, base: f64, w: &'a [T], logs: &'a [T], out: &'a [T], d_out: &'a [T],
        d_w: &'a mut [T], d_sharpening: &'a mut T,
    )
    check {
        let n = out.len();
        assert!(w.len() == n && logs.len() == n && d_out.len() == n && d_w.len() == n);
    }
    run {
        let mut dot = V::zero();
        vectors!(V, out.len(), |i, TAIL, k| {
            dot = ld::<V, TAIL>(out.as_ptr().add(i), k).fma(ld::<V, TAIL>(d_out.as_ptr().add(i), k), dot);
        });
        let dot = V::splat(dot.hsum());
        let g = V::splat(sharpening);
        let (mut d_g, base) = (V::zero(), V::of(base));
        vectors!(V, out.len(), |i, TAIL, k| {
            let d = ld::<V, TAIL>(d_out.as_ptr().add(i), k);
            let u = ld::<V, TAIL>(out.as_ptr().add(i), k).mul(d.sub(dot));
            d_g = u.fma(ld::<V, TAIL>(logs.as_ptr().add(i), k), d_g);
            let x = V::of(LEAST).max(ld::<V, TAIL>(w.as_ptr().add(i), k).add(base));
            st::<V, TAIL>(g.mul(u).mul(x.near_recip()), d_w.as_mut_ptr().add(i), k);
        });
        *d_sharpening = d_g.hsum();
    }
}
