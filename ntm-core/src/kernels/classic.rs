//! The paper's chain (equations 5 and 7 to 9, figure 2) in one call: [`content`](super::content),
//! [`interpolate`](super::interpolate), [`shift`](super::shift) by up to one slot in a ring and
//! [`sharpen`](super::sharpen). The arithmetic is that of these kernels, operation by operation, so where slots fill
//! whole vectors the numbers are the same to the last bit; what is saved are six calls a head, and passes over what is
//! still in registers.
use super::{kernel, ld, st, vectors};

/// Room before and after a weighting that is read around the ring: a cache line of `f32`.
pub const EDGE: usize = 16;

/// Weightings below this count as this, as in [`sharpen`](super::sharpen).
const LEAST: f64 = 1e-30;

/// Activated numbers and settings of the four stages.
#[derive(Clone, Copy, Debug)]
pub struct Classic<T> {
    /// strength of the content, equation 5; above 0
    pub strength: T,
    /// gate of the interpolation, equation 7; 0 to 1
    pub gate: T,
    /// taps of the shift, equation 8, the first one forward; they sum to 1
    pub taps: [T; 3],
    /// power of the sharpening, equation 9; at least 1
    pub sharpening: T,
    /// added to each weight before it is sharpened; 0 in equation 9
    pub base: f64,
    /// added to the sum of the sharpened weights; 0 in equation 9
    pub epsilon: f64,
}

/// Runs a body with each vector of two rings and its neighbours, one slot before and one after: `|offset, (before, here,
/// after), (before, here, after), TAIL, lanes left|`. Before and after each ring stands the number of the other end.
macro_rules! around {
    ($v:ident, $n:expr, $p:expr, $q:expr, |$i:ident, $one:pat, $two:pat, $tail:ident, $k:ident| $body:block) => {
        let (p, q, n): (*const $v::S, *const $v::S, usize) = ($p, $q, $n);
        if $v::LANES == 16 && n % 16 == 0 {
            // neighbours come from registers: a load across two vectors just stored would wait for both
            const $tail: bool = false;
            let $k = 0;
            let mut last = ($v::load(p.add(n - 16)), $v::load(q.add(n - 16)));
            let mut now = ($v::load(p), $v::load(q));
            for $i in (0..n).step_by(16) {
                let to = if $i + 16 == n { 0 } else { $i + 16 };
                let next = ($v::load(p.add(to)), $v::load(q.add(to)));
                let $one = (last.0.window(now.0, 15), now.0, now.0.window(next.0, 1));
                let $two = (last.1.window(now.1, 15), now.1, now.1.window(next.1, 1));
                $body(last, now) = (now, next);
            }
        } else {
            vectors!($v, n, |$i, $tail, $k| {
                macro_rules! three {
                    ($from:expr) => {
                        (
                            ld::<$v, $tail>($from.sub(1), $k),
                            ld::<$v, $tail>($from, $k),
                            ld::<$v, $tail>($from.add(1), $k),
                        )
                    };
                }
                let $one = three!(p.add($i));
                let $two = three!(q.add($i));
                $body
            });
        }
    };
}

kernel! {
    /// From similarities and the weighting of the step before to a weighting, written to `out`. Written too, for the
    /// gradient: `content`, `interpolated`, `shifted` and `logs` (of the shifted weights). All have one number a slot, at
    /// least three; `interpolated` has [`EDGE`] more on both sides.
    pub fn classic[V, T](
        by: Classic<T>, similarity: &'a [T], previous: &'a [T], content: &'a mut [T], interpolated: &'a mut [T],
        shifted: &'a mut [T], logs: &'a mut [T], out: &'a mut [T],
    )
    check {
        let n = out.len();
        assert!(n >= 3 && similarity.len() == n && previous.len() == n && content.len() == n);
        assert!(interpolated.len() == n + 2 * EDGE && shifted.len() == n && logs.len() == n);
    }
    run {
        let n = out.len();
        let (similar, previous, content) = (similarity.as_ptr(), previous.as_ptr(), content.as_mut_ptr());
        let (mixed, out) = (interpolated.as_mut_ptr().add(EDGE), out.as_mut_ptr());
        // content
        let strength = V::splat(by.strength);
        let mut top = V::of(-1e30);
        vectors!(V, n, |i, TAIL, k| {
            let x = strength.mul(ld::<V, TAIL>(similar.add(i), k));
            top = top.max(if TAIL { x.sub(V::of(1e30).sub(V::of(1e30).keep(k))) } else { x });
        });
        let low = V::splat(-top.hmax());
        let mut sum = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            let e = strength.mul(ld::<V, TAIL>(similar.add(i), k)).add(low).exp();
            sum = sum.add(if TAIL { e.keep(k) } else { e });
            st::<V, TAIL>(e, content.add(i), k);
        });
        // interpolation
        let (scale, gate) = (V::splat(T::of(1.0) / sum.hsum()), V::splat(by.gate));
        vectors!(V, n, |i, TAIL, k| {
            let c = ld::<V, TAIL>(content.add(i), k).mul(scale);
            st::<V, TAIL>(c, content.add(i), k);
            let p = ld::<V, TAIL>(previous.add(i), k);
            st::<V, TAIL>(gate.fma(c.sub(p), p), mixed.add(i), k);
        });
        // shift; the backward pass reads around the ring too, whatever vectors it is made for
        (*mixed.sub(1), *mixed.add(n)) = (*mixed.add(n - 1), *mixed);
        let taps = by.taps.map(V::splat);
        let (mut top, base) = (V::of(-1e30), V::of(by.base));
        around!(V, n, mixed, mixed, |i, (before, here, after), _, TAIL, k| {
            let s = taps[2].fma(after, taps[1].fma(here, taps[0].fma(before, V::zero())));
            let log = V::of(LEAST).max(s.add(base)).ln();
            st::<V, TAIL>(s, shifted.as_mut_ptr().add(i), k);
            st::<V, TAIL>(log, logs.as_mut_ptr().add(i), k);
            top = top.max(log);
        });
        // sharpening
        let top = top.hmax();
        let (g, low) = (V::splat(by.sharpening), V::splat(-(by.sharpening * top)));
        let mut sum = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            let u = g.mul(ld::<V, TAIL>(logs.as_ptr().add(i), k)).add(low).exp();
            sum = sum.add(if TAIL { u.keep(k) } else { u });
            st::<V, TAIL>(u, out.add(i), k);
        });
        let mut sum = sum.hsum();
        if by.epsilon > 0.0 { sum += T::of(by.epsilon) * nalgebra::ComplexField::exp(-(by.sharpening * top)); }
        let scale = V::splat(T::of(1.0) / sum);
        vectors!(V, n, |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(out.add(i), k).mul(scale), out.add(i), k); });
    }
}

kernel! {
    /// Gradient of [`classic`], from what it gave. Adds to `d_previous`; writes `d_similarity` and `d_numbers`: by the
    /// strength, the gate, the three taps and the sharpening. `d_shifted` is scratch, with [`EDGE`] more numbers on both
    /// sides.
    pub fn classic_vjp[V, T](
        by: Classic<T>, similarity: &'a [T], previous: &'a [T], content: &'a [T], interpolated: &'a [T],
        shifted: &'a [T], logs: &'a [T], out: &'a [T], d_out: &'a [T], d_shifted: &'a mut [T],
        d_previous: &'a mut [T], d_similarity: &'a mut [T], d_numbers: &'a mut [T; 6],
    )
    check {
        let n = out.len();
        assert!(n >= 3 && similarity.len() == n && previous.len() == n && content.len() == n);
        assert!(interpolated.len() == n + 2 * EDGE && shifted.len() == n && logs.len() == n);
        assert!(d_out.len() == n && d_shifted.len() == n + 2 * EDGE);
        assert!(d_previous.len() == n && d_similarity.len() == n);
    }
    run {
        let n = out.len();
        let (out, d_out) = (out.as_ptr(), d_out.as_ptr());
        let d_moved = d_shifted.as_mut_ptr().add(EDGE);
        let mixed = interpolated.as_ptr().add(EDGE);
        // sharpening
        let mut dot = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            dot = ld::<V, TAIL>(out.add(i), k).fma(ld::<V, TAIL>(d_out.add(i), k), dot);
        });
        let (dot, g, base) = (V::splat(dot.hsum()), V::splat(by.sharpening), V::of(by.base));
        let mut d_sharpening = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            let u = ld::<V, TAIL>(out.add(i), k).mul(ld::<V, TAIL>(d_out.add(i), k).sub(dot));
            d_sharpening = u.fma(ld::<V, TAIL>(logs.as_ptr().add(i), k), d_sharpening);
            let x = V::of(LEAST).max(ld::<V, TAIL>(shifted.as_ptr().add(i), k).add(base));
            st::<V, TAIL>(g.mul(u).mul(x.near_recip()), d_moved.add(i), k);
        });
        // shift and interpolation
        (*d_moved.sub(1), *d_moved.add(n)) = (*d_moved.add(n - 1), *d_moved);
        let taps = by.taps.map(V::splat);
        let (gate, rest) = (V::splat(by.gate), V::splat(T::of(1.0) - by.gate));
        let (mut d_taps, mut d_gate, mut dot) = ([V::zero(); 3], V::zero(), V::zero());
        around!(V, n, d_moved, mixed, |i, (before, here, after), (left, middle, right), TAIL, k| {
            let a = taps[2].fma(before, taps[1].fma(here, taps[0].fma(after, V::zero())));
            d_taps[0] = here.fma(left, d_taps[0]);
            d_taps[1] = here.fma(middle, d_taps[1]);
            d_taps[2] = here.fma(right, d_taps[2]);
            let (c, p) = (ld::<V, TAIL>(content.as_ptr().add(i), k), ld::<V, TAIL>(previous.as_ptr().add(i), k));
            let d_p = d_previous.as_mut_ptr().add(i);
            st::<V, TAIL>(rest.fma(a, ld::<V, TAIL>(d_p, k)), d_p, k);
            d_gate = a.fma(c.sub(p), d_gate);
            let d_c = gate.mul(a);
            dot = c.fma(d_c, dot);
            st::<V, TAIL>(d_c, d_similarity.as_mut_ptr().add(i), k);
        });
        // content
        let (dot, strength) = (V::splat(dot.hsum()), V::splat(by.strength));
        let mut d_strength = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            let d = d_similarity.as_mut_ptr().add(i);
            let u = ld::<V, TAIL>(content.as_ptr().add(i), k).mul(ld::<V, TAIL>(d, k).sub(dot));
            d_strength = u.fma(ld::<V, TAIL>(similarity.as_ptr().add(i), k), d_strength);
            st::<V, TAIL>(strength.mul(u), d, k);
        });
        *d_numbers = [
            d_strength.hsum(), d_gate.hsum(), d_taps[0].hsum(), d_taps[1].hsum(), d_taps[2].hsum(),
            d_sharpening.hsum(),
        ];
    }
}
