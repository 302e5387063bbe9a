//! What heads do to memory: read (equation 2), erase (3), add (4), with the norms of the slots that result.
//!
//! A pass over the memory serves as many heads as have registers to work in; more heads take more passes.
use super::slots::{blocks, has_column, holds, reduce, sums_len};
use super::{Real, Vector, kernel, ld, st};
use crate::Shape;

/// Most write heads that can write in one phase.
pub const MOST_WRITERS: usize = 64;

/// A head that writes, equations 3 and 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// its column of the weightings
    pub head: usize,
    /// index of its erase vector among the effects; its add vector follows. No two writers share numbers
    pub effect: usize,
}

/// Which heads read and which write; heads are columns of the item's weightings (slots x heads).
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a> {
    /// heads that read, equation 2
    pub readers: &'a [usize],
    /// heads that write; at most [`MOST_WRITERS`]
    pub writers: &'a [Writer],
    /// all erases, then all adds; otherwise writer by writer
    pub together: bool,
}

impl<'a> Roles<'a> {
    pub(super) fn check<T>(self, shape: Shape, weights: &[T], effects: &[T]) {
        for h in self.readers.iter().copied().chain(self.writers.iter().map(|w| w.head)) {
            assert!(has_column(weights.len(), shape.slots, h), "a weighting is missing");
        }
        for w in self.writers {
            let vectors = shape.width.saturating_mul(2);
            assert!(holds(effects.len(), w.effect, vectors), "an erase or add vector is missing");
        }
        assert!(self.writers.len() <= MOST_WRITERS, "at most {MOST_WRITERS} write heads in a phase");
    }
    #[inline(always)]
    fn reader(self, h: usize) -> usize {
        self.readers[h]
    }
    #[inline(always)]
    fn writer(self, h: usize) -> usize {
        self.writers[h].head
    }
    /// Where the erase vectors of the first `W` writers start.
    #[inline(always)]
    unsafe fn effects<T, const W: usize>(self, effects: *const T) -> [*const T; W] {
        std::array::from_fn(|h| effects.add(self.writers[h].effect))
    }
    /// Whether one pass serves all.
    fn fits(self) -> bool {
        let (readers, writers) = (self.readers.len(), self.writers.len());
        (writers == 0 && readers <= 4) || (readers == 0 && writers <= 4) || (writers <= 2 && readers <= 2)
    }
    fn only_readers(self) -> impl DoubleEndedIterator<Item = (usize, Roles<'a>)> {
        (0..self.readers.len()).step_by(4).map(move |at| {
            let readers = &self.readers[at..(at + 4).min(self.readers.len())];
            (at, Roles { readers, writers: &[], together: self.together })
        })
    }
    fn only_writers(self) -> Roles<'a> {
        Roles { readers: &[], ..self }
    }
}

/// Every reader reads `memory`, every writer writes it into `next`, whose norms are written too.
///
/// A read is the sum over slots i of w(i) M(i); a write makes M(i) (1 - w(i) erase) + w(i) add of M(i). With several
/// writers `together` applies all erases and then all adds; otherwise each writes to what the one before it left.
///
/// `weights` is slots x heads; `effects` holds an erase and an add vector for each writer, width each; `reads`,
/// width x readers, is written.
/// Without writers `next` and `next_norms` may be empty. `sums` is scratch of [`sums_len`]`(width * readers)`, at
/// least `width`.
#[allow(clippy::too_many_arguments)]
pub fn read_write<T: Real>(
    shape: Shape,
    roles: Roles<'_>,
    memory: &[T],
    weights: &[T],
    effects: &[T],
    next: &mut [T],
    next_norms: &mut [T],
    reads: &mut [T],
    sums: &mut [T],
) {
    if roles.fits() {
        return pass(shape, roles, memory, weights, effects, next, next_norms, reads, sums);
    }
    for (at, part) in roles.only_readers() {
        pass(shape, part, memory, weights, &[], &mut [], &mut [], &mut reads[at * shape.width..], sums);
    }
    let writers = roles.only_writers();
    if writers.fits() {
        pass(shape, writers, memory, weights, effects, next, next_norms, &mut [], sums);
    } else {
        write_many(shape, writers, memory, weights, effects, next, next_norms);
    }
}

/// Gradient of [`read_write`]. `d_memory` passes from the memory after to the memory before, in place; adds to
/// `d_weights`, slots x heads; writes the writers' vectors of `d_effects`. No head both reads and writes, or stands twice. `sums` is scratch of [`sums_len`]`(2 * width * writers)`.
#[allow(clippy::too_many_arguments)]
pub fn read_write_vjp<T: Real>(
    shape: Shape,
    roles: Roles<'_>,
    memory: &[T],
    weights: &[T],
    effects: &[T],
    d_reads: &[T],
    d_memory: &mut [T],
    d_weights: &mut [T],
    d_effects: &mut [T],
    sums: &mut [T],
) {
    if roles.fits() {
        return pass_vjp(
            shape, roles, memory, weights, effects, d_reads, d_memory, d_weights, d_effects, sums,
        );
    }
    let writers = roles.only_writers();
    if writers.fits() {
        pass_vjp(shape, writers, memory, weights, effects, &[], d_memory, d_weights, d_effects, sums);
    } else {
        write_many_vjp(shape, writers, memory, weights, effects, d_memory, d_weights, d_effects, sums);
    }
    for (at, part) in roles.only_readers() {
        let d_reads = &d_reads[at * shape.width..];
        pass_vjp(shape, part, memory, weights, &[], d_reads, d_memory, d_weights, &mut [], sums);
    }
}

/// Chooses the body for these roles, with the number of vectors in a block that AVX-512's 32 registers have room for.
macro_rules! by_roles {
    ($roles:expr, $pass:ident, $one:literal, $two:literal, $three:literal, $four:literal) => {
        match ($roles.readers.len(), $roles.writers.len()) {
            (1, 0) => $pass!(1, 0, $one),
            (2, 0) => $pass!(2, 0, $two),
            (3, 0) => $pass!(3, 0, $three),
            (4, 0) => $pass!(4, 0, $four),
            (0, 1) => $pass!(0, 1, $one),
            (1, 1) => $pass!(1, 1, $two),
            (2, 1) => $pass!(2, 1, $three),
            (0, 2) => $pass!(0, 2, $two),
            (1, 2) => $pass!(1, 2, $three),
            (2, 2) => $pass!(2, 2, $four),
            (0, 3) => $pass!(0, 3, $three),
            (0, 4) => $pass!(0, 4, $four),
            _ => {}
        }
    };
}

kernel! {
    /// One pass: every reader reads `memory`, every writer writes it into `next`; norms of the result.
    /// `reads` is width x readers.
    fn pass[V, T](
        shape: Shape, roles: Roles<'a>, memory: &'a [T], weights: &'a [T], effects: &'a [T],
        next: &'a mut [T], next_norms: &'a mut [T], reads: &'a mut [T], sums: &'a mut [T],
    )
    check {
        shape.check(memory); roles.check(shape, weights, effects);
        assert!(reads.len() >= roles.readers.len().saturating_mul(shape.width), "no room for what is read");
        assert!(roles.writers.is_empty() || (next.len() >= shape.numbers() && next_norms.len() >= shape.slots));
        assert!(sums.len() >= sums_len(roles.readers.len().saturating_mul(shape.width)));
    }
    run { act::<T, V, false>(shape, roles, memory, weights, effects, next, next_norms, reads, sums) }
}

/// The body of [`pass`]; where `PAIR`, for one reader and one writer only, which is much less to compile.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn act<T: Real, V: Vector<S = T>, const PAIR: bool>(
    shape: Shape,
    roles: Roles<'_>,
    memory: &[T],
    weights: &[T],
    effects: &[T],
    next: &mut [T],
    next_norms: &mut [T],
    reads: &mut [T],
    sums: &mut [T],
) {
    let (n, width, l) = (shape.slots, shape.width, V::LANES);
    let sums = sums.as_mut_ptr();
    macro_rules! pass {
        ($R:literal, $W:literal, $J:literal) => {{
            let effects = roles.effects::<T, $W>(effects.as_ptr());
            blocks!(V, n, $J, 2, |i, J, TAIL, k| {
                let mut r = [[V::zero(); J]; $R];
                let mut w = [[V::zero(); J]; $W];
                let mut square = [V::zero(); J];
                for j in 0..J {
                    for h in 0..$R {
                        r[h][j] = ld::<V, TAIL>(weights.as_ptr().add(roles.readers[h] * n + i + j * l), k);
                    }
                    for h in 0..$W {
                        w[h][j] =
                            ld::<V, TAIL>(weights.as_ptr().add(roles.writers[h].head * n + i + j * l), k);
                    }
                }
                for m in 0..width {
                    let mut e = [V::zero(); $W];
                    let mut a = [V::zero(); $W];
                    for h in 0..$W {
                        e[h] = V::splat(*effects[h].add(m));
                        a[h] = V::splat(*effects[h].add(width + m));
                    }
                    let mut s = [[V::zero(); 2]; $R];
                    for j in 0..J {
                        let v = ld::<V, TAIL>(memory.as_ptr().add(m * n + i + j * l), k);
                        for h in 0..$R {
                            s[h][j & 1] = r[h][j].fma(v, s[h][j & 1]);
                        }
                        if $W == 0 {
                            continue;
                        }
                        let mut x = v;
                        if $W == 1 || !roles.together {
                            for h in 0..$W {
                                x = w[h][j].fma(x.fnma(e[h], a[h]), x);
                            }
                        } else {
                            for h in 0..$W {
                                x = w[h][j].mul(e[h]).fnma(x, x);
                            }
                            for h in 0..$W {
                                x = w[h][j].fma(a[h], x);
                            }
                        }
                        st::<V, TAIL>(x, next.as_mut_ptr().add(m * n + i + j * l), k);
                        square[j] = x.fma(x, square[j]);
                    }
                    for h in 0..$R {
                        let at = sums.add((h * width + m) * l);
                        let t = s[h][0].add(s[h][1]);
                        (if i == 0 { t } else { t.add(V::load(at)) }).store(at);
                    }
                }
                if $W > 0 {
                    for j in 0..J {
                        st::<V, TAIL>(square[j].sqrt(), next_norms.as_mut_ptr().add(i + j * l), k);
                    }
                }
            });
            reduce::<V>(sums, $R * width);
            for m in 0..$R * width {
                *reads.as_mut_ptr().add(m) = *sums.add(m);
            }
        }};
    }
    if PAIR {
        pass!(1, 1, 8);
        return;
    }
    by_roles!(roles, pass, 8, 8, 4, 4)
}

kernel! {
    /// Gradient of `read_write`. `d_memory` passes from the memory after to the memory before; adds to
    /// `d_weights`; writes `d_effects`.
    fn pass_vjp[V, T](
        shape: Shape, roles: Roles<'a>, memory: &'a [T], weights: &'a [T], effects: &'a [T], d_reads: &'a [T],
        d_memory: &'a mut [T], d_weights: &'a mut [T], d_effects: &'a mut [T], sums: &'a mut [T],
    )
    check {
        shape.check(memory); shape.check(d_memory);
        roles.check(shape, weights, effects); roles.check(shape, d_weights, d_effects);
        assert!(d_reads.len() >= roles.readers.len().saturating_mul(shape.width), "a gradient of what is read is missing");
        assert!(sums.len() >= sums_len((2 * roles.writers.len()).saturating_mul(shape.width)));
    }
    run {
        act_vjp::<T, V, false>(shape, roles, memory, weights, effects, d_reads, d_memory, d_weights, d_effects, sums)
    }
}

/// The body of [`pass_vjp`], `PAIR` as in [`act`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn act_vjp<T: Real, V: Vector<S = T>, const PAIR: bool>(
    shape: Shape,
    roles: Roles<'_>,
    memory: &[T],
    weights: &[T],
    effects: &[T],
    d_reads: &[T],
    d_memory: &mut [T],
    d_weights: &mut [T],
    d_effects: &mut [T],
    sums: &mut [T],
) {
    let (n, width, l) = (shape.slots, shape.width, V::LANES);
    let sums = sums.as_mut_ptr();
    macro_rules! pass {
        ($R:literal, $W:literal, $J:literal) => {{
            let effects = roles.effects::<T, $W>(effects.as_ptr());
            blocks!(V, n, $J, 2, |i, J, TAIL, k| {
                macro_rules! columns {
                    ($name:ident, $from:ident, $head:ident, $H:literal) => {
                        let mut $name = [[V::zero(); J]; $H];
                        for h in 0..$H {
                            for j in 0..J {
                                $name[h][j] =
                                    ld::<V, TAIL>($from.as_ptr().add(roles.$head(h) * n + i + j * l), k);
                            }
                        }
                    };
                }
                columns!(r, weights, reader, $R);
                columns!(w, weights, writer, $W);
                columns!(dr, d_weights, reader, $R);
                columns!(dw, d_weights, writer, $W);
                for m in 0..width {
                    let mut g = [V::zero(); $R];
                    let mut e = [V::zero(); $W];
                    let mut a = [V::zero(); $W];
                    let mut se = [V::zero(); $W];
                    let mut sa = [V::zero(); $W];
                    for h in 0..$R {
                        g[h] = V::splat(*d_reads.as_ptr().add(h * width + m));
                    }
                    for h in 0..$W {
                        e[h] = V::splat(*effects[h].add(m));
                        a[h] = V::splat(*effects[h].add(width + m));
                    }
                    for j in 0..J {
                        let at = d_memory.as_mut_ptr().add(m * n + i + j * l);
                        let v = ld::<V, TAIL>(memory.as_ptr().add(m * n + i + j * l), k);
                        let mut d = ld::<V, TAIL>(at, k);
                        if $W == 1 {
                            let u = d.mul(w[0][j]);
                            dw[0][j] = d.fma(v.fnma(e[0], a[0]), dw[0][j]);
                            sa[0] = sa[0].add(u);
                            se[0] = u.fma(v, se[0]);
                            d = u.fnma(e[0], d);
                        } else if roles.together {
                            let mut keep = V::of(1.0);
                            for h in 0..$W {
                                let mut x = v; // what writer h erases from: the others' erasures applied
                                for o in 0..$W {
                                    if o != h {
                                        x = w[o][j].mul(e[o]).fnma(x, x);
                                    }
                                }
                                dw[h][j] = d.fma(x.fnma(e[h], a[h]), dw[h][j]);
                                let u = d.mul(w[h][j]);
                                sa[h] = sa[h].add(u);
                                se[h] = u.fma(x, se[h]);
                                keep = w[h][j].mul(e[h]).fnma(keep, keep);
                            }
                            d = d.mul(keep);
                        } else {
                            let mut x = [v; $W]; // memory as writer h finds it
                            for h in 1..$W {
                                x[h] = w[h - 1][j].fma(x[h - 1].fnma(e[h - 1], a[h - 1]), x[h - 1]);
                            }
                            for h in (0..$W).rev() {
                                dw[h][j] = d.fma(x[h].fnma(e[h], a[h]), dw[h][j]);
                                let u = d.mul(w[h][j]);
                                sa[h] = sa[h].add(u);
                                se[h] = u.fma(x[h], se[h]);
                                d = u.fnma(e[h], d);
                            }
                        }
                        for h in 0..$R {
                            dr[h][j] = g[h].fma(v, dr[h][j]);
                            d = g[h].fma(r[h][j], d);
                        }
                        st::<V, TAIL>(d, at, k);
                    }
                    for h in 0..$W {
                        let (pe, pa) =
                            (sums.add((2 * h * width + m) * l), sums.add(((2 * h + 1) * width + m) * l));
                        (if i == 0 { se[h] } else { se[h].add(V::load(pe)) }).store(pe);
                        (if i == 0 { sa[h] } else { sa[h].add(V::load(pa)) }).store(pa);
                    }
                }
                for j in 0..J {
                    for h in 0..$R {
                        st::<V, TAIL>(
                            dr[h][j],
                            d_weights.as_mut_ptr().add(roles.readers[h] * n + i + j * l),
                            k,
                        );
                    }
                    for h in 0..$W {
                        st::<V, TAIL>(
                            dw[h][j],
                            d_weights.as_mut_ptr().add(roles.writers[h].head * n + i + j * l),
                            k,
                        );
                    }
                }
            });
            reduce::<V>(sums, 2 * $W * width);
            for h in 0..$W {
                for m in 0..width {
                    *d_effects.as_mut_ptr().add(roles.writers[h].effect + m) = -*sums.add(2 * h * width + m);
                    *d_effects.as_mut_ptr().add(roles.writers[h].effect + width + m) =
                        *sums.add((2 * h + 1) * width + m);
                }
            }
        }};
    }
    if PAIR {
        pass!(1, 1, 4);
        return;
    }
    by_roles!(roles, pass, 4, 4, 2, 2)
}

kernel! {
    /// Any number of writers.
    fn write_many[V, T](
        shape: Shape, roles: Roles<'a>, memory: &'a [T], weights: &'a [T], effects: &'a [T],
        next: &'a mut [T], next_norms: &'a mut [T],
    )
    check {
        shape.check(memory); shape.check(next); roles.check(shape, weights, effects);
        assert!(next_norms.len() >= shape.slots);
    }
    run {
        let (n, width, l) = (shape.slots, shape.width, V::LANES);
        blocks!(V, n, 4, 2, |i, J, TAIL, k| {
            let mut square = [V::zero(); J];
            for m in 0..width {
                let mut x = [V::zero(); J];
                for j in 0..J { x[j] = ld::<V, TAIL>(memory.as_ptr().add(m * n + i + j * l), k); }
                macro_rules! writers { (|$h:ident, $w:ident, $j:ident| $x:expr) => {
                    for $h in 0..roles.writers.len() { for $j in 0..J {
                        let $w = ld::<V, TAIL>(weights.as_ptr().add(roles.writers[$h].head * n + i + $j * l), k);
                        x[$j] = $x;
                    } }
                } }
                macro_rules! erase { ($h:ident) => { V::splat(*effects.as_ptr().add(roles.writers[$h].effect + m)) } }
                macro_rules! add { ($h:ident) => { V::splat(*effects.as_ptr().add(roles.writers[$h].effect + width + m)) } }
                if roles.together {
                    writers!(|h, w, j| w.mul(erase!(h)).fnma(x[j], x[j]));
                    writers!(|h, w, j| w.fma(add!(h), x[j]));
                } else {
                    writers!(|h, w, j| w.fma(x[j].fnma(erase!(h), add!(h)), x[j]));
                }
                for j in 0..J {
                    st::<V, TAIL>(x[j], next.as_mut_ptr().add(m * n + i + j * l), k);
                    square[j] = x[j].fma(x[j], square[j]);
                }
            }
            for j in 0..J { st::<V, TAIL>(square[j].sqrt(), next_norms.as_mut_ptr().add(i + j * l), k); }
        });
    }
}

kernel! {
    /// Gradient of `write_many`.
    fn write_many_vjp[V, T](
        shape: Shape, roles: Roles<'a>, memory: &'a [T], weights: &'a [T], effects: &'a [T],
        d_memory: &'a mut [T], d_weights: &'a mut [T], d_effects: &'a mut [T], sums: &'a mut [T],
    )
    check {
        shape.check(memory); shape.check(d_memory);
        roles.check(shape, weights, effects); roles.check(shape, d_weights, d_effects);
        assert!(sums.len() >= sums_len((2 * roles.writers.len()).saturating_mul(shape.width)));
    }
    run {
        let (n, width, l, count) = (shape.slots, shape.width, V::LANES, roles.writers.len());
        let sums = sums.as_mut_ptr();
        super::vectors!(V, n, |i, TAIL, k| {
            for m in 0..width {
                macro_rules! erase { ($h:expr) => { V::splat(*effects.as_ptr().add(roles.writers[$h].effect + m)) } }
                macro_rules! add { ($h:expr) => { V::splat(*effects.as_ptr().add(roles.writers[$h].effect + width + m)) } }
                macro_rules! weight { ($h:expr) => { ld::<V, TAIL>(weights.as_ptr().add(roles.writers[$h].head * n + i), k) } }
                let at = d_memory.as_mut_ptr().add(m * n + i);
                let mut d = ld::<V, TAIL>(at, k);
                // before[h]: memory as writer h finds it (together: with the erases of those before it only)
                let mut before = [V::zero(); MOST_WRITERS];
                let mut x = ld::<V, TAIL>(memory.as_ptr().add(m * n + i), k);
                for h in 0..count {
                    before[h] = x;
                    x = if roles.together { weight!(h).mul(erase!(h)).fnma(x, x) }
                        else { weight!(h).fma(x.fnma(erase!(h), add!(h)), x) };
                }
                let mut rest = d; // together: times the erases of those after it
                for h in (0..count).rev() {
                    let w = weight!(h);
                    let (d_erased, d_added) = if roles.together { (rest, d) } else { (d, d) };
                    let pw = d_weights.as_mut_ptr().add(roles.writers[h].head * n + i);
                    let dw = d_added.fma(add!(h), ld::<V, TAIL>(pw, k));
                    st::<V, TAIL>(d_erased.mul(before[h]).fnma(erase!(h), dw), pw, k);
                    let (pe, pa) = (sums.add((2 * h * width + m) * l), sums.add(((2 * h + 1) * width + m) * l));
                    let (se, sa) = (d_erased.mul(w).mul(before[h]), d_added.mul(w));
                    (if i == 0 { se } else { se.add(V::load(pe)) }).store(pe);
                    (if i == 0 { sa } else { sa.add(V::load(pa)) }).store(pa);
                    let kept = d_erased.mul(w).fnma(erase!(h), d_erased);
                    if roles.together { rest = kept } else { d = kept }
                }
                st::<V, TAIL>(if roles.together { rest } else { d }, at, k);
            }
        });
        reduce::<V>(sums, 2 * count * width);
        for h in 0..count { for m in 0..width {
            *d_effects.as_mut_ptr().add(roles.writers[h].effect + m) = -*sums.add(2 * h * width + m);
            *d_effects.as_mut_ptr().add(roles.writers[h].effect + width + m) = *sums.add((2 * h + 1) * width + m);
        } }
    }
}
