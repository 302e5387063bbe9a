//! Content addressing: a softmax of similarities (equation 5).
use super::{kernel, ld, st, vectors};

kernel! {
    /// out(i) = e^(strength similarity(i)) / (sum of them), written; all slices have one number a slot.
    ///
    /// The largest product is subtracted first, so nothing overflows; it must be above -1e30.
    pub fn content[V, T](strength: T, similarity: &'a [T], out: &'a mut [T])
    check { assert!(similarity.len() == out.len()); }
    run {
        let (from, o, n) = (similarity.as_ptr(), out.as_mut_ptr(), out.len());
        let b = V::splat(strength);
        let mut top = V::of(-1e30);
        vectors!(V, n, |i, TAIL, k| {
            let x = b.mul(ld::<V, TAIL>(from.add(i), k));
            // lanes beyond the end count as very small
            top = top.max(if TAIL { x.sub(V::of(1e30).sub(V::of(1e30).keep(k))) } else { x });
        });
        let low = V::splat(-top.hmax());
        let mut sum = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            // rounded as for `top`, so that the largest is exactly e^0 however large the strength
            let e = b.mul(ld::<V, TAIL>(from.add(i), k)).add(low).exp();
            sum = sum.add(if TAIL { e.keep(k) } else { e });
            st::<V, TAIL>(e, o.add(i), k);
        });
        let scale = V::splat(T::of(1.0) / sum.hsum());
        vectors!(V, n, |i, TAIL, k| {
            st::<V, TAIL>(ld::<V, TAIL>(o.add(i), k).mul(scale), o.add(i), k);
        });
    }
}

kernel! {
    /// Gradient of [`content`], from what it gave; writes `d_similarity` and `d_strength`.
    pub fn content_vjp[V, T](
        strength: T, similarity: &'a [T], out: &'a [T], d_out: &'a [T],
        d_similarity: &'a mut [T], d_strength: &'a mut T,
    )
    check {
        let n = out.len();
        assert!(similarity.len() == n && d_out.len() == n && d_similarity.len() == n);
    }
    run {
        let (c, d, n) = (out.as_ptr(), d_out.as_ptr(), out.len());
        let mut dot = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            dot = ld::<V, TAIL>(c.add(i), k).fma(ld::<V, TAIL>(d.add(i), k), dot);
        });
        let dot = V::splat(dot.hsum());
        let b = V::splat(strength);
        let mut d_b = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            let u = ld::<V, TAIL>(c.add(i), k).mul(ld::<V, TAIL>(d.add(i), k).sub(dot));
            d_b = u.fma(ld::<V, TAIL>(similarity.as_ptr().add(i), k), d_b);
            let p = d_similarity.as_mut_ptr().add(i);
            st::<V, TAIL>(b.mul(u), p, k);
        });
        *d_strength = d_b.hsum();
    }
}
