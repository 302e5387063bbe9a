//! Shift: a convolution of a weighting with a short kernel (equation 8).
use super::{Vector, kernel, ld, st, vectors};

/// The slot from which tap j of 2 range + 1 brings weight to slot i: tap j moves the focus by range - j.
fn source(i: usize, j: usize, range: usize, n: usize, circular: bool) -> Option<usize> {
    let from = (i + j).checked_sub(range);
    match from {
        Some(s) if s < n => Some(s),
        Some(s) if circular => Some(s - n),
        None if circular => Some(i + j + n - range),
        _ => None,
    }
}

/// The vector `here`, moved so that lane i holds what lies at i + j - range.
#[inline(always)]
fn around<V: Vector>(before: V, here: V, after: V, j: usize, range: usize) -> V {
    if j < range {
        before.window(here, V::LANES + j - range)
    } else if j == range {
        here
    } else {
        here.window(after, j - range)
    }
}

/// Room for a vector and its neighbours.
pub(super) const EDGE: usize = 3 * super::product::V_MAX;

/// Where to read the numbers from `first - range` on, for one vector starting at `first`: in place, or where that would
/// cross an end of the ring, from a copy in `edge`.
#[inline(always)]
pub(super) unsafe fn ring<V: Vector>(
    w: *const V::S,
    n: usize,
    first: usize,
    range: usize,
    edge: &mut [V::S; EDGE],
) -> *const V::S {
    let count = V::LANES + 2 * range;
    if first >= range && first + V::LANES + range <= n {
        return w.add(first - range);
    }
    let mut from = (first + n - range) % n;
    for to in &mut edge[..count] {
        *to = *w.add(from);
        from = if from + 1 == n { 0 } else { from + 1 };
    }
    edge.as_ptr()
}

kernel! {
    /// out(i) = sum over j of taps(j) w(i - (range - j)) with 2 range + 1 taps, written: the first tap moves the focus
    /// forward, to the next higher slot. Circular, or what leaves at one end is lost. An odd number of taps, at most as
    /// many as slots.
    pub fn shift[V, T](taps: &'a [T], circular: bool, w: &'a [T], out: &'a mut [T])
    check { assert!(taps.len() % 2 == 1 && taps.len() <= out.len() && w.len() == out.len()); }
    run {
        let (n, range) = (out.len(), taps.len() / 2);
        if circular && V::LANES == 16 && n % V::LANES == 0 && range <= V::LANES {
            let vectors = n / V::LANES;
            let at = |i: usize| w.as_ptr().wrapping_add(i * V::LANES);
            macro_rules! inner { ($K:expr) => {{
                let (mut before, mut here) = (V::load(at(vectors - 1)), V::load(at(0)));
                for i in 0..vectors {
                    let after = V::load(at(if i + 1 == vectors { 0 } else { i + 1 }));
                    let mut a = V::zero();
                    for j in 0..$K {
                        a = V::splat(*taps.as_ptr().add(j)).fma(around(before, here, after, j, range), a);
                    }
                    a.store(out.as_mut_ptr().add(i * V::LANES));
                    (before, here) = (here, after);
                }
            }} }
            if taps.len() == 3 { inner!(3) } else { inner!(taps.len()) }
            return;
        }
        if circular && matches!(V::LANES, 4 | 8) && n % V::LANES == 0 && range <= V::LANES {
            // 16 registers and slow moves across halves: loads from memory are cheaper
            let mut edge = [T::of(0.0); EDGE];
            macro_rules! inner { ($K:expr) => { for i in (0..n).step_by(V::LANES) {
                let from = ring::<V>(w.as_ptr(), n, i, range, &mut edge);
                let mut a = V::zero();
                for j in 0..$K { a = V::splat(*taps.as_ptr().add(j)).fma(V::load(from.add(j)), a); }
                a.store(out.as_mut_ptr().add(i));
            } } }
            if taps.len() == 3 { inner!(3) } else { inner!(taps.len()) }
            return;
        }
        macro_rules! inner { ($K:expr) => { vectors!(V, n - 2 * range, |i, TAIL, k| {
            let mut a = V::zero();
            for j in 0..$K {
                a = V::splat(*taps.as_ptr().add(j)).fma(ld::<V, TAIL>(w.as_ptr().add(i + j), k), a);
            }
            st::<V, TAIL>(a, out.as_mut_ptr().add(range + i), k);
        }) } }
        if taps.len() == 3 { inner!(3) } else { inner!(taps.len()) }
        for i in (0..range).chain(n - range..n) {
            let mut a = T::of(0.0);
            for (j, &t) in taps.iter().enumerate() {
                if let Some(s) = source(i, j, range, n, circular) { a += t * w[s]; }
            }
            out[i] = a;
        }
    }
}

kernel! {
    /// Gradient of [`shift`]: d_w(s) = sum over j of taps(j) d_out(s + range - j) and d_taps(j) = sum over i of
    /// d_out(i) w(i - (range - j)), both written.
    pub fn shift_vjp[V, T](
        taps: &'a [T], circular: bool, w: &'a [T], d_out: &'a [T], d_w: &'a mut [T], d_taps: &'a mut [T],
    )
    check {
        let n = d_out.len();
        assert!(taps.len() % 2 == 1 && taps.len() <= n && d_taps.len() == taps.len());
        assert!(w.len() == n && d_w.len() == n);
    }
    run {
        let (n, range, count) = (d_out.len(), taps.len() / 2, taps.len());
        if circular && matches!(V::LANES, 4 | 8) && n % V::LANES == 0 && count == 3 {
            let (mut d_edge, mut w_edge) = ([T::of(0.0); EDGE], [T::of(0.0); EDGE]);
            let mut s = [V::zero(); 3];
            for i in (0..n).step_by(V::LANES) {
                let d = ring::<V>(d_out.as_ptr(), n, i, 1, &mut d_edge);
                let w = ring::<V>(w.as_ptr(), n, i, 1, &mut w_edge);
                let here = V::load(d.add(1));
                let mut a = V::zero();
                for j in 0..3 {
                    a = V::splat(*taps.as_ptr().add(j)).fma(V::load(d.add(2 - j)), a);
                    s[j] = here.fma(V::load(w.add(j)), s[j]);
                }
                a.store(d_w.as_mut_ptr().add(i));
            }
            for j in 0..3 { d_taps[j] = s[j].hsum(); }
            return;
        }
        if circular && V::LANES == 16 && n % V::LANES == 0 && count == 3 {
            let vectors = n / V::LANES;
            let at = |p: *const T, i: usize| V::load(p.wrapping_add((i % vectors) * V::LANES));
            let (d, w) = (d_out.as_ptr(), w.as_ptr());
            let (mut d0, mut d1) = (at(d, vectors - 1), at(d, 0));
            let (mut w0, mut w1) = (at(w, vectors - 1), at(w, 0));
            let mut s = [V::zero(); 3];
            for i in 0..vectors {
                let next = if i + 1 == vectors { 0 } else { i + 1 };
                let (d2, w2) = (V::load(d.add(next * V::LANES)), V::load(w.add(next * V::LANES)));
                let mut a = V::zero();
                for j in 0..3 {
                    a = V::splat(*taps.as_ptr().add(j)).fma(around(d0, d1, d2, 2 - j, 1), a);
                    s[j] = d1.fma(around(w0, w1, w2, j, 1), s[j]);
                }
                a.store(d_w.as_mut_ptr().add(i * V::LANES));
                (d0, d1, w0, w1) = (d1, d2, w1, w2);
            }
            for j in 0..3 { d_taps[j] = s[j].hsum(); }
            return;
        }
        // d_w(s) = sum over taps of taps(j) d_out(s + range - j)
        macro_rules! inner { ($K:expr) => { vectors!(V, n - 2 * range, |i, TAIL, k| {
            let p = d_w.as_mut_ptr().add(range + i);
            let mut a = V::zero();
            for j in 0..$K {
                let d = ld::<V, TAIL>(d_out.as_ptr().add(i + 2 * range - j), k);
                a = V::splat(*taps.as_ptr().add(j)).fma(d, a);
            }
            st::<V, TAIL>(a, p, k);
        }) } }
        if count == 3 {
            inner!(3);
            let mut s = [V::zero(); 3];
            vectors!(V, n - 2, |i, TAIL, k| {
                let d = ld::<V, TAIL>(d_out.as_ptr().add(1 + i), k);
                for j in 0..3 { s[j] = d.fma(ld::<V, TAIL>(w.as_ptr().add(i + j), k), s[j]); }
            });
            for j in 0..3 { d_taps[j] = s[j].hsum(); }
        } else {
            inner!(count);
            for j in 0..count {
                let mut s = V::zero();
                vectors!(V, n - 2 * range, |i, TAIL, k| {
                    let d = ld::<V, TAIL>(d_out.as_ptr().add(range + i), k);
                    s = d.fma(ld::<V, TAIL>(w.as_ptr().add(i + j), k), s);
                });
                d_taps[j] = s.hsum();
            }
        }
        for i in (0..range).chain(n - range..n) { d_w[i] = T::of(0.0); for j in 0..count {
            if let Some(s) = source(i, j, range, n, circular) { d_taps[j] += d_out[i] * w[s]; }
            if let Some(s) = source(i, 2 * range - j, range, n, circular) { d_w[i] += taps[j] * d_out[s]; }
        } }
    }
}
