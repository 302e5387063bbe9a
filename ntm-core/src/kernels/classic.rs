//! The paper's chain (equations 5 and 7 to 9, figure 2) in one call: [`content`](super::content),
//! [`interpolate`](super::interpolate), [`shift`](super::shift) by up to one slot in a ring and
//! [`sharpen`](super::sharpen). The arithmetic is that of these kernels, operation by operation, so where slots fill
//! whole vectors the numbers are the same to the last bit.
//!
//! What is saved are six calls a head, passes over what is still in registers, and a quarter of what is kept: the
//! interpolated weighting is made again where it is needed. A trajectory does not fit the second cache, so writing and
//! reading it is a good part of the time.
use super::shift::{EDGE, ring};
use super::{kernel, ld, st, vectors};

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

kernel! {
    /// From similarities and the weighting of the step before to a weighting, written to `out`. Written too, for the
    /// gradient: `content`, `shifted` and `logs` (of the shifted weights). All have one number a slot, at least three.
    pub fn classic[V, T](
        by: Classic<T>, similarity: &'a [T], previous: &'a [T], content: &'a mut [T], shifted: &'a mut [T],
        logs: &'a mut [T], out: &'a mut [T],
    )
    check {
        let n = out.len();
        assert!(n >= 3 && similarity.len() == n && previous.len() == n);
        assert!(content.len() == n && shifted.len() == n && logs.len() == n);
    }
    run {
        let n = out.len();
        let (similar, previous, content) = (similarity.as_ptr(), previous.as_ptr(), content.as_mut_ptr());
        let out = out.as_mut_ptr();
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
        // interpolation and shift
        let (scale, gate) = (V::splat(T::of(1.0) / sum.hsum()), V::splat(by.gate));
        let taps = by.taps.map(V::splat);
        let (mut top, base) = (V::of(-1e30), V::of(by.base));
        macro_rules! moved { ($i:expr, $before:expr, $here:expr, $after:expr, $TAIL:ident, $k:expr) => {{
            let s = taps[2].fma($after, taps[1].fma($here, taps[0].fma($before, V::zero())));
            let log = V::of(LEAST).max(s.add(base)).ln();
            st::<V, $TAIL>(s, shifted.as_mut_ptr().add($i), $k);
            st::<V, $TAIL>(log, logs.as_mut_ptr().add($i), $k);
            top = top.max(log);
        }} }
        if V::LANES == 16 && n % 16 == 0 {
            const WHOLE: bool = false;
            macro_rules! mixed { ($i:expr) => {{
                let (c, p) = (V::load(content.add($i)).mul(scale), V::load(previous.add($i)));
                (c, gate.fma(c.sub(p), p))
            }} }
            let (mut last, (c, first)) = (mixed!(n - 16).1, mixed!(0));
            c.store(content);
            let mut now = first;
            for i in (0..n).step_by(16) {
                let next = if i + 16 == n { first } else {
                    let (c, next) = mixed!(i + 16);
                    c.store(content.add(i + 16));
                    next
                };
                moved!(i, last.window(now, 15), now, now.window(next, 1), WHOLE, 0);
                (last, now) = (now, next);
            }
        } else {
            // `out` holds the interpolated weighting meanwhile
            vectors!(V, n, |i, TAIL, k| {
                let c = ld::<V, TAIL>(content.add(i), k).mul(scale);
                st::<V, TAIL>(c, content.add(i), k);
                let p = ld::<V, TAIL>(previous.add(i), k);
                st::<V, TAIL>(gate.fma(c.sub(p), p), out.add(i), k);
            });
            let mut edge = [T::of(0.0); EDGE];
            vectors!(V, n, |i, TAIL, k| {
                let from = ring::<V>(out, n, i, 1, &mut edge);
                moved!(i, V::load(from), V::load(from.add(1)), V::load(from.add(2)), TAIL, k);
            });
        }
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
    /// strength, the gate, the three taps and the sharpening. `d_shifted` and `interpolated` are scratch.
    pub fn classic_vjp[V, T](
        by: Classic<T>, similarity: &'a [T], previous: &'a [T], content: &'a [T], shifted: &'a [T], logs: &'a [T],
        out: &'a [T], d_out: &'a [T], d_shifted: &'a mut [T], interpolated: &'a mut [T],
        d_previous: &'a mut [T], d_similarity: &'a mut [T], d_numbers: &'a mut [T; 6],
    )
    check {
        let n = out.len();
        assert!(n >= 3 && similarity.len() == n && previous.len() == n);
        assert!(content.len() == n && shifted.len() == n && logs.len() == n && d_out.len() == n);
        assert!(d_shifted.len() == n && interpolated.len() == n);
        assert!(d_previous.len() == n && d_similarity.len() == n);
    }
    run {
        let n = out.len();
        let (out, d_out, content, previous) = (out.as_ptr(), d_out.as_ptr(), content.as_ptr(), previous.as_ptr());
        let (d_moved, mixed) = (d_shifted.as_mut_ptr(), interpolated.as_mut_ptr());
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
        let taps = by.taps.map(V::splat);
        let (gate, rest) = (V::splat(by.gate), V::splat(T::of(1.0) - by.gate));
        let (mut d_taps, mut d_gate, mut dot) = ([V::zero(); 3], V::zero(), V::zero());
        // each of the first two: one slot before, here, one slot after
        macro_rules! back { ($i:expr, $d:expr, $mixed:expr, $c:expr, $p:expr, $TAIL:ident, $k:expr) => {{
            let ((before, here, after), (left, middle, right), c) = ($d, $mixed, $c);
            let a = taps[2].fma(before, taps[1].fma(here, taps[0].fma(after, V::zero())));
            d_taps[0] = here.fma(left, d_taps[0]);
            d_taps[1] = here.fma(middle, d_taps[1]);
            d_taps[2] = here.fma(right, d_taps[2]);
            let d_p = d_previous.as_mut_ptr().add($i);
            st::<V, $TAIL>(rest.fma(a, ld::<V, $TAIL>(d_p, $k)), d_p, $k);
            d_gate = a.fma(c.sub($p), d_gate);
            let d_c = gate.mul(a);
            dot = c.fma(d_c, dot);
            st::<V, $TAIL>(d_c, d_similarity.as_mut_ptr().add($i), $k);
        }} }
        if V::LANES == 16 && n % 16 == 0 {
            const WHOLE: bool = false;
            macro_rules! mixed { ($i:expr) => {{
                let p = V::load(previous.add($i));
                gate.fma(V::load(content.add($i)).sub(p), p)
            }} }
            let (mut last, first) = ((V::load(d_moved.add(n - 16)), mixed!(n - 16)), (V::load(d_moved), mixed!(0)));
            let mut now = first;
            for i in (0..n).step_by(16) {
                let next = if i + 16 == n { first } else { (V::load(d_moved.add(i + 16)), mixed!(i + 16)) };
                let d = (last.0.window(now.0, 15), now.0, now.0.window(next.0, 1));
                let around = (last.1.window(now.1, 15), now.1, now.1.window(next.1, 1));
                back!(i, d, around, V::load(content.add(i)), V::load(previous.add(i)), WHOLE, 0);
                (last, now) = (now, next);
            }
        } else {
            vectors!(V, n, |i, TAIL, k| {
                let (c, p) = (ld::<V, TAIL>(content.add(i), k), ld::<V, TAIL>(previous.add(i), k));
                st::<V, TAIL>(gate.fma(c.sub(p), p), mixed.add(i), k);
            });
            let (mut d_edge, mut edge) = ([T::of(0.0); EDGE], [T::of(0.0); EDGE]);
            vectors!(V, n, |i, TAIL, k| {
                // lanes beyond the end go on around the ring; they must not count
                macro_rules! kept { ($x:expr) => { if TAIL { $x.keep(k) } else { $x } } }
                let d = ring::<V>(d_moved, n, i, 1, &mut d_edge);
                let m = ring::<V>(mixed, n, i, 1, &mut edge);
                let d = (V::load(d), kept!(V::load(d.add(1))), V::load(d.add(2)));
                let around = (V::load(m), V::load(m.add(1)), V::load(m.add(2)));
                let (c, p) = (ld::<V, TAIL>(content.add(i), k), ld::<V, TAIL>(previous.add(i), k));
                back!(i, d, around, c, p, TAIL, k);
            });
        }
        // content
        let (dot, strength) = (V::splat(dot.hsum()), V::splat(by.strength));
        let mut d_strength = V::zero();
        vectors!(V, n, |i, TAIL, k| {
            let d = d_similarity.as_mut_ptr().add(i);
            let u = ld::<V, TAIL>(content.add(i), k).mul(ld::<V, TAIL>(d, k).sub(dot));
            d_strength = u.fma(ld::<V, TAIL>(similarity.as_ptr().add(i), k), d_strength);
            st::<V, TAIL>(strength.mul(u), d, k);
        });
        *d_numbers = [
            d_strength.hsum(), d_gate.hsum(), d_taps[0].hsum(), d_taps[1].hsum(), d_taps[2].hsum(),
            d_sharpening.hsum(),
        ];
    }
}
