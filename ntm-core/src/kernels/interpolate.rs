//! Interpolation between the incoming and the previous weighting (equation 7).
use super::{kernel, ld, st, vectors};

kernel! {
    /// out = gate w + (1 - gate) previous, written; all slices have one number a slot.
    pub fn interpolate[V, T](gate: T, w: &'a [T], previous: &'a [T], out: &'a mut [T])
    check { assert!(w.len() == out.len() && previous.len() == out.len()); }
    run {
        let g = V::splat(gate);
        vectors!(V, out.len(), |i, TAIL, k| {
            let p = ld::<V, TAIL>(previous.as_ptr().add(i), k);
            st::<V, TAIL>(g.fma(ld::<V, TAIL>(w.as_ptr().add(i), k).sub(p), p), out.as_mut_ptr().add(i), k);
        });
    }
}

kernel! {
    /// Gradient of [`interpolate`]: d_w = gate d_out and d_gate = (w - previous) . d_out are written,
    /// (1 - gate) d_out is added to `d_previous`.
    pub fn interpolate_vjp[V, T](
        gate: T, w: &'a [T], previous: &'a [T], d_out: &'a [T],
        d_w: &'a mut [T], d_previous: &'a mut [T], d_gate: &'a mut T,
    )
    check {
        let n = d_out.len();
        assert!(w.len() == n && previous.len() == n && d_w.len() == n && d_previous.len() == n);
    }
    run {
        let (g, h) = (V::splat(gate), V::splat(T::of(1.0) - gate));
        let mut d_g = V::zero();
        vectors!(V, d_out.len(), |i, TAIL, k| {
            let d = ld::<V, TAIL>(d_out.as_ptr().add(i), k);
            let (pw, pp) = (d_w.as_mut_ptr().add(i), d_previous.as_mut_ptr().add(i));
            st::<V, TAIL>(g.mul(d), pw, k);
            st::<V, TAIL>(h.fma(d, ld::<V, TAIL>(pp, k)), pp, k);
            let p = ld::<V, TAIL>(previous.as_ptr().add(i), k);
            d_g = d.fma(ld::<V, TAIL>(w.as_ptr().add(i), k).sub(p), d_g);
        });
        *d_gate = d_g.hsum();
    }
}
