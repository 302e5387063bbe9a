//! The paper's chain (equations 5 and 7 to 9, figure 2) of any number of heads in one call: [`content`](super::content),
//! [`interpolate`](super::interpolate), [`shift`](super::shift) by up to one slot in a ring and
//! [`sharpen`](super::sharpen). The arithmetic is that of these kernels, operation by operation, so where slots fill
//! whole vectors the numbers are the same to the last bit.
//!
//! Heads go through the stages side by side: while one waits for a sum over slots, another works. What is saved besides
//! are six calls a head, passes over what is still in registers, and a quarter of what is kept: the
//! interpolated weighting is made again where it is needed. A trajectory does not fit the second cache, so writing and
//! reading it is a good part of the time.
use super::shift::{EDGE, ring};
use super::slots::{has_column, holds};
use super::{Real, Vector, kernel, ld, st, vectors};
use crate::buffers::block;

/// Weightings below this count as this, as in [`sharpen`](super::sharpen).
const LEAST: f64 = 1e-30;

/// What is left of the four stages' settings once their numbers are activated and similarities made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Classic {
    /// added to each weight before it is sharpened; 0 in equation 9
    pub base: f64,
    /// added to the sum of the sharpened weights; 0 in equation 9
    pub epsilon: f64,
}

/// Activated numbers of a head besides its key: the strength of the content (equation 5; above 0), the gate of the
/// interpolation (7; 0 to 1), three taps of the shift (8; the first one forward; they sum to 1), the power of the
/// sharpening (9; at least 1).
pub const NUMBERS: usize = 6;

/// One head: its settings, and where its things are within an item.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassicHead {
    /// its settings
    pub classic: Classic,
    /// its column among the weightings
    pub head: usize,
    /// index of its first number after the key, of [`NUMBERS`]
    pub numbers: usize,
    /// its column among the similarities
    pub key: usize,
    /// index of its first number in the trace, of [`trace_len`]
    pub trace: usize,
}

/// Numbers that [`classic`] keeps for [`classic_vjp`]: content, shifted weighting and its logarithm, for each slot.
pub fn trace_len(slots: usize) -> usize {
    block(slots, 1).saturating_mul(3)
}

/// Numbers that [`classic_vjp`] needs and nobody keeps, for each of at most [`AT_ONCE`] heads.
pub fn scratch_len(slots: usize) -> usize {
    block(slots, 1).saturating_mul(2)
}

/// Numbers that [`classic_vjp`] needs for this many heads.
pub(crate) fn scratch_for(slots: usize, heads: usize) -> usize {
    scratch_len(slots).saturating_mul(heads.min(AT_ONCE))
}

/// Heads that go through the stages side by side: while one waits for its sum over slots, another works.
pub const AT_ONCE: usize = 4;

/// The content and the shifted weighting (`slots` numbers each) in a head's part of the trace: for pictures.
///
/// # Panics
/// If the part is shorter than [`trace_len`].
pub fn content_and_shifted<T>(trace: &[T], slots: usize) -> [&[T]; 2] {
    let part = &trace[..trace_len(slots)];
    [&part[..slots], &part[block(slots, 1)..][..slots]]
}

#[derive(Clone, Copy)]
struct Numbers<T> {
    strength: T,
    gate: T,
    taps: [T; 3],
    sharpening: T,
}

impl<T: Real> Numbers<T> {
    #[inline(always)]
    unsafe fn of(head: &ClassicHead, numbers: *const T) -> Self {
        let at = |i| *numbers.add(head.numbers + i);
        Numbers { strength: at(0), gate: at(1), taps: [at(2), at(3), at(4)], sharpening: at(5) }
    }
}

pub(super) fn check<T>(
    slots: usize,
    heads: &[ClassicHead],
    numbers: &[T],
    similarity: &[T],
    weightings: [&[T]; 2],
    trace: &[T],
) {
    assert!(slots >= 3, "a shift around a ring wants three slots");
    for head in heads {
        assert!(holds(numbers.len(), head.numbers, NUMBERS), "a head's numbers are missing");
        assert!(has_column(similarity.len(), slots, head.key), "a similarity is missing");
        assert!(holds(trace.len(), head.trace, trace_len(slots)), "no room for the trace");
        assert!(weightings.iter().all(|w| has_column(w.len(), slots, head.head)), "a weighting is missing");
    }
}

kernel! {
    /// From similarities (slots x keys), each head's [`NUMBERS`] and the weightings of the step before to the weightings of
    /// these heads, equations 5 and 7 to 9, written to their columns of `out` (both slots x heads). What the gradient wants
    /// is written to their parts of `trace`. No two heads share a column, numbers or trace; at least three slots.
    pub fn classic[V, T](
        slots: usize, heads: &'a [ClassicHead], numbers: &'a [T], similarity: &'a [T], previous: &'a [T],
        trace: &'a mut [T], out: &'a mut [T],
    )
    check { check(slots, heads, numbers, similarity, [previous, out], trace); }
    run { weigh::<V>(slots, heads, numbers.as_ptr(), similarity.as_ptr(), previous.as_ptr(), trace.as_mut_ptr(), out.as_mut_ptr()) }
}

/// Runs a stage for each head: its place among those at once, the head, its numbers.
macro_rules! each {
    ($heads:ident, $numbers:ident, |$q:ident, $head:ident, $by:ident| $body:block) => {
        for ($q, $head) in $heads.iter().enumerate() {
            let $by = Numbers::of($head, $numbers);
            $body
        }
    };
}

/// The body of [`classic`].
#[inline(always)]
pub(super) unsafe fn weigh<V: Vector>(
    n: usize,
    heads: &[ClassicHead],
    numbers: *const V::S,
    similarity: *const V::S,
    previous: *const V::S,
    trace: *mut V::S,
    out: *mut V::S,
) {
    let step = block(n, 1);
    for heads in heads.chunks(AT_ONCE) {
        macro_rules! similar {
            ($head:ident) => {
                similarity.add($head.key * n)
            };
        }
        macro_rules! content {
            ($head:ident) => {
                trace.add($head.trace)
            };
        }
        macro_rules! shifted {
            ($head:ident) => {
                trace.add($head.trace + step)
            };
        }
        macro_rules! logs {
            ($head:ident) => {
                trace.add($head.trace + 2 * step)
            };
        }
        macro_rules! out {
            ($head:ident) => {
                out.add($head.head * n)
            };
        }
        let (mut tops, mut sums) = ([V::zero(); AT_ONCE], [V::zero(); AT_ONCE]);
        // content
        each!(heads, numbers, |q, head, by| {
            let (similar, strength) = (similar!(head), V::splat(by.strength));
            let mut top = V::of(-1e30);
            vectors!(V, n, |i, TAIL, k| {
                let x = strength.mul(ld::<V, TAIL>(similar.add(i), k));
                top = top.max(if TAIL { x.sub(V::of(1e30).sub(V::of(1e30).keep(k))) } else { x });
            });
            tops[q] = top;
        });
        each!(heads, numbers, |q, head, by| {
            let (similar, strength, content) = (similar!(head), V::splat(by.strength), content!(head));
            let low = V::splat(-tops[q].hmax());
            let mut sum = V::zero();
            vectors!(V, n, |i, TAIL, k| {
                let e = strength.mul(ld::<V, TAIL>(similar.add(i), k)).add(low).exp();
                sum = sum.add(if TAIL { e.keep(k) } else { e });
                st::<V, TAIL>(e, content.add(i), k);
            });
            sums[q] = sum;
        });
        // interpolation and shift
        each!(heads, numbers, |q, head, by| {
            let (content, previous, out) = (content!(head), previous.add(head.head * n), out!(head));
            let (shifted, logs) = (shifted!(head), logs!(head));
            let (scale, gate) = (V::splat(V::S::of(1.0) / sums[q].hsum()), V::splat(by.gate));
            let taps = by.taps.map(V::splat);
            let (mut top, base) = (V::of(-1e30), V::of(head.classic.base));
            macro_rules! moved {
                ($i:expr, $before:expr, $here:expr, $after:expr, $TAIL:ident, $k:expr) => {{
                    let s = taps[2].fma($after, taps[1].fma($here, taps[0].fma($before, V::zero())));
                    let log = V::of(LEAST).max(s.add(base)).ln();
                    st::<V, $TAIL>(s, shifted.add($i), $k);
                    st::<V, $TAIL>(log, logs.add($i), $k);
                    top = top.max(log);
                }};
            }
            if V::LANES == 16 && n.is_multiple_of(16) {
                const WHOLE: bool = false;
                macro_rules! mixed {
                    ($i:expr) => {{
                        let (c, p) = (V::load(content.add($i)).mul(scale), V::load(previous.add($i)));
                        (c, gate.fma(c.sub(p), p))
                    }};
                }
                let (mut last, (c, first)) = (mixed!(n - 16).1, mixed!(0));
                c.store(content);
                let mut now = first;
                for i in (0..n).step_by(16) {
                    let next = if i + 16 == n {
                        first
                    } else {
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
                let mut edge = [V::S::of(0.0); EDGE];
                vectors!(V, n, |i, TAIL, k| {
                    let from = ring::<V>(out, n, i, 1, &mut edge);
                    moved!(i, V::load(from), V::load(from.add(1)), V::load(from.add(2)), TAIL, k);
                });
            }
            tops[q] = top;
        });
        // sharpening
        each!(heads, numbers, |q, head, by| {
            let (logs, out) = (logs!(head), out!(head));
            let lowest = -(by.sharpening * tops[q].hmax());
            let (g, low) = (V::splat(by.sharpening), V::splat(lowest));
            let mut sum = V::zero();
            vectors!(V, n, |i, TAIL, k| {
                let u = g.mul(ld::<V, TAIL>(logs.add(i), k)).add(low).exp();
                sum = sum.add(if TAIL { u.keep(k) } else { u });
                st::<V, TAIL>(u, out.add(i), k);
            });
            (tops[q], sums[q]) = (low, sum);
        });
        each!(heads, numbers, |q, head, _by| {
            let out = out!(head);
            let mut sum = sums[q].hsum();
            let epsilon = head.classic.epsilon;
            if epsilon > 0.0 {
                sum += V::S::of(epsilon) * nalgebra::ComplexField::exp(tops[q].hmax());
            }
            let scale = V::splat(V::S::of(1.0) / sum);
            vectors!(V, n, |i, TAIL, k| {
                st::<V, TAIL>(ld::<V, TAIL>(out.add(i), k).mul(scale), out.add(i), k);
            });
        });
    }
}

kernel! {
    /// Gradient of [`classic`], from what it gave. Adds to `d_previous`; writes the columns of `d_similarity` and the
    /// numbers of `d_numbers` that are these heads'. `scratch` has [`scratch_len`] for each head, of at most [`AT_ONCE`].
    pub fn classic_vjp[V, T](
        slots: usize, heads: &'a [ClassicHead], numbers: &'a [T], similarity: &'a [T], previous: &'a [T],
        trace: &'a [T], out: &'a [T], d_out: &'a [T], d_previous: &'a mut [T], d_similarity: &'a mut [T],
        d_numbers: &'a mut [T], scratch: &'a mut [T],
    )
    check {
        check(slots, heads, numbers, similarity, [previous, out], trace);
        check(slots, heads, d_numbers, d_similarity, [d_previous, d_out], trace);
        assert!(scratch.len() >= scratch_for(slots, heads.len()), "no room to work in");
    }
    run {
        weigh_vjp::<V, false>(
            slots, heads, numbers.as_ptr(), similarity.as_ptr(), previous.as_ptr(), trace.as_ptr(), out.as_ptr(),
            d_out.as_ptr(), d_previous.as_mut_ptr(), d_similarity.as_mut_ptr(), d_numbers.as_mut_ptr(),
            scratch.as_mut_ptr(),
        )
    }
}

/// The body of [`classic_vjp`]. Where `TURNS`, `d_previous` is written instead of added to, and may be `d_out`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn weigh_vjp<V: Vector, const TURNS: bool>(
    n: usize,
    heads: &[ClassicHead],
    numbers: *const V::S,
    similarity: *const V::S,
    previous: *const V::S,
    trace: *const V::S,
    out: *const V::S,
    d_out: *const V::S,
    d_previous: *mut V::S,
    d_similarity: *mut V::S,
    d_numbers: *mut V::S,
    scratch: *mut V::S,
) {
    let step = block(n, 1);
    for heads in heads.chunks(AT_ONCE) {
        macro_rules! of_head {
            ($all:ident, $head:ident) => {
                $all.add($head.head * n)
            };
        }
        macro_rules! content {
            ($head:ident) => {
                trace.add($head.trace)
            };
        }
        macro_rules! d_moved {
            ($q:ident) => {
                scratch.add(2 * $q * step)
            };
        }
        let mut dots = [V::zero(); AT_ONCE];
        // sharpening
        each!(heads, numbers, |q, head, _by| {
            let (out, d_out) = (of_head!(out, head), of_head!(d_out, head));
            let mut dot = V::zero();
            vectors!(V, n, |i, TAIL, k| {
                dot = ld::<V, TAIL>(out.add(i), k).fma(ld::<V, TAIL>(d_out.add(i), k), dot);
            });
            dots[q] = dot;
        });
        each!(heads, numbers, |q, head, by| {
            let (out, d_out, d_moved) = (of_head!(out, head), of_head!(d_out, head), d_moved!(q));
            let (shifted, logs) = (trace.add(head.trace + step), trace.add(head.trace + 2 * step));
            let (dot, g, base) =
                (V::splat(dots[q].hsum()), V::splat(by.sharpening), V::of(head.classic.base));
            let mut d_sharpening = V::zero();
            vectors!(V, n, |i, TAIL, k| {
                let u = ld::<V, TAIL>(out.add(i), k).mul(ld::<V, TAIL>(d_out.add(i), k).sub(dot));
                d_sharpening = u.fma(ld::<V, TAIL>(logs.add(i), k), d_sharpening);
                let x = V::of(LEAST).max(ld::<V, TAIL>(shifted.add(i), k).add(base));
                st::<V, TAIL>(g.mul(u).mul(x.near_recip()), d_moved.add(i), k);
            });
            *d_numbers.add(head.numbers + 5) = d_sharpening.hsum();
        });
        // shift and interpolation
        each!(heads, numbers, |q, head, by| {
            let (content, previous, d_moved) = (content!(head), of_head!(previous, head), d_moved!(q));
            let (d_previous, d_similarity) = (of_head!(d_previous, head), d_similarity.add(head.key * n));
            let taps = by.taps.map(V::splat);
            let (gate, rest) = (V::splat(by.gate), V::splat(V::S::of(1.0) - by.gate));
            let (mut d_taps, mut d_gate, mut dot) = ([V::zero(); 3], V::zero(), V::zero());
            // each of the first two: one slot before, here, one slot after
            macro_rules! back {
                ($i:expr, $d:expr, $mixed:expr, $c:expr, $p:expr, $TAIL:ident, $k:expr) => {{
                    let ((before, here, after), (left, middle, right), c) = ($d, $mixed, $c);
                    let a = taps[2].fma(before, taps[1].fma(here, taps[0].fma(after, V::zero())));
                    d_taps[0] = here.fma(left, d_taps[0]);
                    d_taps[1] = here.fma(middle, d_taps[1]);
                    d_taps[2] = here.fma(right, d_taps[2]);
                    let d_p = d_previous.add($i);
                    st::<V, $TAIL>(
                        rest.fma(a, if TURNS { V::zero() } else { ld::<V, $TAIL>(d_p, $k) }),
                        d_p,
                        $k,
                    );
                    d_gate = a.fma(c.sub($p), d_gate);
                    let d_c = gate.mul(a);
                    dot = c.fma(d_c, dot);
                    st::<V, $TAIL>(d_c, d_similarity.add($i), $k);
                }};
            }
            if V::LANES == 16 && n.is_multiple_of(16) {
                const WHOLE: bool = false;
                macro_rules! mixed {
                    ($i:expr) => {{
                        let p = V::load(previous.add($i));
                        gate.fma(V::load(content.add($i)).sub(p), p)
                    }};
                }
                let (mut last, first) =
                    ((V::load(d_moved.add(n - 16)), mixed!(n - 16)), (V::load(d_moved), mixed!(0)));
                let mut now = first;
                for i in (0..n).step_by(16) {
                    let next =
                        if i + 16 == n { first } else { (V::load(d_moved.add(i + 16)), mixed!(i + 16)) };
                    let d = (last.0.window(now.0, 15), now.0, now.0.window(next.0, 1));
                    let around = (last.1.window(now.1, 15), now.1, now.1.window(next.1, 1));
                    back!(i, d, around, V::load(content.add(i)), V::load(previous.add(i)), WHOLE, 0);
                    (last, now) = (now, next);
                }
            } else {
                let mixed = d_moved.add(step);
                vectors!(V, n, |i, TAIL, k| {
                    let (c, p) = (ld::<V, TAIL>(content.add(i), k), ld::<V, TAIL>(previous.add(i), k));
                    st::<V, TAIL>(gate.fma(c.sub(p), p), mixed.add(i), k);
                });
                let (mut d_edge, mut edge) = ([V::S::of(0.0); EDGE], [V::S::of(0.0); EDGE]);
                vectors!(V, n, |i, TAIL, k| {
                    // lanes beyond the end go on around the ring; they must not count
                    macro_rules! kept {
                        ($x:expr) => {
                            if TAIL { $x.keep(k) } else { $x }
                        };
                    }
                    let d = ring::<V>(d_moved, n, i, 1, &mut d_edge);
                    let m = ring::<V>(mixed, n, i, 1, &mut edge);
                    let d = (V::load(d), kept!(V::load(d.add(1))), V::load(d.add(2)));
                    let around = (V::load(m), V::load(m.add(1)), V::load(m.add(2)));
                    let (c, p) = (ld::<V, TAIL>(content.add(i), k), ld::<V, TAIL>(previous.add(i), k));
                    back!(i, d, around, c, p, TAIL, k);
                });
            }
            for (tap, d_tap) in d_taps.into_iter().enumerate() {
                *d_numbers.add(head.numbers + 2 + tap) = d_tap.hsum();
            }
            *d_numbers.add(head.numbers + 1) = d_gate.hsum();
            dots[q] = dot;
        });
        // content
        each!(heads, numbers, |q, head, by| {
            let (content, d) = (content!(head), d_similarity.add(head.key * n));
            let similar = similarity.add(head.key * n);
            let (dot, strength) = (V::splat(dots[q].hsum()), V::splat(by.strength));
            let mut d_strength = V::zero();
            vectors!(V, n, |i, TAIL, k| {
                let d = d.add(i);
                let u = ld::<V, TAIL>(content.add(i), k).mul(ld::<V, TAIL>(d, k).sub(dot));
                d_strength = u.fma(ld::<V, TAIL>(similar.add(i), k), d_strength);
                st::<V, TAIL>(strength.mul(u), d, k);
            });
            *d_numbers.add(head.numbers) = d_strength.hsum();
        });
    }
}
