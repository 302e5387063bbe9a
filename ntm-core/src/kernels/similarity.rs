//! Keys against slots: every key of a step in one pass over the memory of an item.
//!
//! Memory is slots x width, column-major, so slots are contiguous.
use super::slots::{blocks, holds, norm, reduce, sums_len};
use super::{Real, Vector, kernel, ld, st, vectors};
use crate::similarity::EpsilonAt;
use crate::{Shape, Similarity};

/// Norms below this count as those of zero vectors where there is no epsilon, and nothing is divided by less: squares of
/// what is shorter, and quotients
/// by it, leave the range of `f32`.
const LEAST: f64 = 1e-18;

/// How the product of two vectors becomes a similarity: settings, with what is as good as no epsilon told apart.
#[derive(Clone, Copy)]
enum Divisor {
    /// 1
    Nothing,
    /// |u| |v|; and 0 comes out where one of the vectors is as good as zero
    Bare,
    /// with an epsilon at its place
    With(f64, EpsilonAt),
}

impl Divisor {
    #[inline(always)]
    fn of(similarity: Similarity) -> Divisor {
        match similarity {
            Similarity::Dot {} => Divisor::Nothing,
            Similarity::Cosine { epsilon, at: EpsilonAt::InsideRoot } if epsilon < LEAST * LEAST => {
                Divisor::Bare
            }
            Similarity::Cosine { epsilon, at } if at != EpsilonAt::InsideRoot && epsilon < LEAST => {
                Divisor::Bare
            }
            Similarity::Cosine { epsilon, at } => Divisor::With(epsilon, at),
        }
    }
}

/// 1 where a norm counts, 0 where it is that of a vector as good as zero.
#[inline(always)]
fn counts<V: Vector>(norm: V) -> V {
    norm.sub(V::of(LEAST)).mul(V::of(1e30)).max(V::zero()).min(V::of(1.0))
}

/// 1 / (|u| |v|), or 0 where one of them is as good as zero.
#[inline(always)]
fn bare<V: Vector>(one: V, slot: V) -> V {
    V::of(LEAST * LEAST).max(one.mul(slot)).near_recip().mul(counts(one)).mul(counts(slot))
}

/// One key: where it starts among an item's numbers, and how it is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// index of its first number
    pub at: usize,
    /// how it is compared with each slot, equation 6
    pub similarity: Similarity,
}

pub(super) fn check<T>(
    shape: Shape,
    keys: &[Key],
    memory: &[T],
    norms: &[T],
    numbers: &[T],
    similarity: &[T],
) {
    shape.check(memory);
    assert!(norms.len() >= shape.slots && similarity.len() >= shape.slots.saturating_mul(keys.len()));
    for key in keys {
        assert!(holds(numbers.len(), key.at, shape.width), "a key is missing");
    }
}

kernel! {
    /// Euclidean norm of every slot, written.
    pub fn norms[V, T](shape: Shape, memory: &'a [T], norms: &'a mut [T])
    check { shape.check(memory); assert!(norms.len() >= shape.slots); }
    run {
        vectors!(V, shape.slots, |i, TAIL, k| {
            let mut a = V::zero();
            for m in 0..shape.width { let x = ld::<V, TAIL>(memory.as_ptr().add(m * shape.slots + i), k); a = x.fma(x, a); }
            st::<V, TAIL>(a.sqrt(), norms.as_mut_ptr().add(i), k);
        });
    }
}

kernel! {
    /// Similarity of several keys with every slot (equation 6). `memory` is slots x width, `numbers` holds the keys,
    /// `out` is slots x keys, written. `norms` are those of the slots, from [`norms`].
    ///
    /// A cosine without epsilon (or with less than 1e-18; 1e-36 inside the root) is 0, and so is its gradient, where a
    /// vector is zero or shorter than 1e-18.
    pub fn similarity[V, T](
        shape: Shape, memory: &'a [T], norms: &'a [T], numbers: &'a [T], keys: &'a [Key], out: &'a mut [T],
    )
    check {
        check(shape, keys, memory, norms, numbers, out);
    }
    run { similar::<T, V>(shape, memory, norms, numbers, keys, out) }
}

/// The body of [`similarity`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn similar<T: Real, V: Vector<S = T>>(
    shape: Shape,
    memory: &[T],
    norms: &[T],
    numbers: &[T],
    keys: &[Key],
    out: &mut [T],
) {
    let n = shape.slots;
    let mut p = 0;
    while p < keys.len() {
        let out = out.as_mut_ptr().add(p * n);
        macro_rules! pass {
            ($P:literal) => {{
                let mut key = [numbers.as_ptr(); $P];
                for q in 0..$P {
                    key[q] = key[q].add(keys[p + q].at);
                }
                blocks!(V, n, 8, 4, |i, J, TAIL, k| {
                    let mut dot = [[V::zero(); J]; $P];
                    for m in 0..shape.width {
                        let column = memory.as_ptr().add(m * n + i);
                        let mut x = [V::zero(); $P];
                        for q in 0..$P {
                            x[q] = V::splat(*key[q].add(m));
                        }
                        for j in 0..J {
                            let v = ld::<V, TAIL>(column.add(j * V::LANES), k);
                            for q in 0..$P {
                                dot[q][j] = x[q].fma(v, dot[q][j]);
                            }
                        }
                    }
                    for q in 0..$P {
                        for j in 0..J {
                            st::<V, TAIL>(dot[q][j], out.add(q * n + i + j * V::LANES), k);
                        }
                    }
                });
                for q in 0..$P {
                    let one = V::splat(norm::<V>(&numbers[keys[p + q].at..][..shape.width]));
                    macro_rules! scale {
                        (|$slot:ident| $by:expr) => {
                            vectors!(V, n, |i, TAIL, k| {
                                let $slot = ld::<V, TAIL>(norms.as_ptr().add(i), k);
                                let o = out.add(q * n + i);
                                st::<V, TAIL>(ld::<V, TAIL>(o, k).mul($by), o, k);
                            })
                        };
                    }
                    match Divisor::of(keys[p + q].similarity) {
                        Divisor::Nothing => {}
                        Divisor::Bare => scale!(|slot| bare(one, slot)),
                        Divisor::With(epsilon, at) => {
                            let epsilon = V::of(epsilon);
                            match at {
                                EpsilonAt::Denominator => scale!(|slot| one.fma(slot, epsilon).near_recip()),
                                EpsilonAt::Floor => scale!(|slot| one.mul(slot).max(epsilon).near_recip()),
                                EpsilonAt::Norms => {
                                    scale!(|slot| one.add(epsilon).mul(slot.add(epsilon)).near_recip())
                                }
                                EpsilonAt::InsideRoot => scale!(|slot| {
                                    let product = one.mul(slot);
                                    product.fma(product, epsilon).sqrt().near_recip()
                                }),
                            }
                        }
                    }
                }
                p += $P;
            }};
        }
        if p + 2 <= keys.len() { pass!(2) } else { pass!(1) }
    }
}

kernel! {
    /// Gradient of [`similarity`], the norms' share included. Adds to `d_memory` (slots x width), writes the keys of
    /// `d_numbers` and nothing else of it; `d_similarity` is used up. The derivative of a norm at the zero vector is 0.
    /// `sums` is scratch of [`sums_len`]`(2 * width)`.
    pub fn similarity_vjp[V, T](
        shape: Shape, memory: &'a [T], norms: &'a [T], numbers: &'a [T], keys: &'a [Key], similarity: &'a [T],
        d_similarity: &'a mut [T], d_memory: &'a mut [T], d_numbers: &'a mut [T], sums: &'a mut [T],
    )
    check {
        check(shape, keys, memory, norms, numbers, similarity);
        check(shape, keys, d_memory, norms, d_numbers, d_similarity);
        assert!(sums.len() >= sums_len(shape.width.saturating_mul(2)));
    }
    run { similar_vjp::<T, V>(shape, memory, norms, numbers, keys, similarity, d_similarity, d_memory, d_numbers, sums) }
}

/// The body of [`similarity_vjp`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn similar_vjp<T: Real, V: Vector<S = T>>(
    shape: Shape,
    memory: &[T],
    norms: &[T],
    numbers: &[T],
    keys: &[Key],
    similarity: &[T],
    d_similarity: &mut [T],
    d_memory: &mut [T],
    d_numbers: &mut [T],
    sums: &mut [T],
) {
    let (n, width, l) = (shape.slots, shape.width, V::LANES);
    let sums = sums.as_mut_ptr();
    let mut p = 0;
    while p < keys.len() {
        macro_rules! pass { ($P:literal) => {{
            let mut key = [numbers.as_ptr(); $P];
            let mut size = [T::of(0.0); $P];
            let mut pull = [V::zero(); $P]; // - gradient by the key's norm
            for q in 0..$P {
                key[q] = key[q].add(keys[p + q].at);
                size[q] = norm::<V>(&numbers[keys[p + q].at..][..width]);
            }
            let (sim, d_sim) = (similarity.as_ptr().add(p * n), d_similarity.as_mut_ptr().add(p * n));
            blocks!(V, n, 8, 2, |i, J, TAIL, k| {
                let mut c = [[V::zero(); J]; $P]; // gradient by the dot product
                let mut radial = [V::zero(); J]; // - gradient by the slot's norm, divided by that norm
                for q in 0..$P {
                    let one = V::splat(size[q]);
                    // each arm gives the gradient by the dot product, and a number whose products with the next
                    // two are the - gradients by the norm of the key and by that of the slot
                    macro_rules! each { (|$d:ident, $slot:ident, $s:ident| $body:expr) => { for j in 0..J {
                        let o = i + j * l;
                        let $slot = ld::<V, TAIL>(norms.as_ptr().add(o), k);
                        let $d = ld::<V, TAIL>(d_sim.add(q * n + o), k);
                        let $s = ld::<V, TAIL>(sim.add(q * n + o), k);
                        let (by_dot, t, by_key, by_slot) = $body;
                        c[q][j] = by_dot;
                        pull[q] = t.fma(by_key, pull[q]);
                        radial[j] = t.fma(by_slot, radial[j]);
                    } } }
                    // without epsilon, lanes beyond the end hold 0 / 0
                    macro_rules! kept { ($x:expr) => { if TAIL { $x.keep(k) } else { $x } } }
                    match Divisor::of(keys[p + q].similarity) {
                        Divisor::Nothing => for j in 0..J { c[q][j] = ld::<V, TAIL>(d_sim.add(q * n + i + j * l), k); },
                        Divisor::Bare => each!(|d, slot, s| {
                            let c = kept!(d.mul(bare(one, slot)));
                            (c, c.mul(s), slot, one)
                        }),
                        Divisor::With(epsilon, at) => {
                            let epsilon = V::of(epsilon);
                            match at {
                                EpsilonAt::Denominator => each!(|d, slot, s| {
                                    let c = kept!(d.mul(one.fma(slot, epsilon).near_recip()));
                                    (c, c.mul(s), slot, one)
                                }),
                                EpsilonAt::Floor => each!(|d, slot, s| {
                                    let product = one.mul(slot);
                                    let c = kept!(d.mul(product.max(epsilon).near_recip()));
                                    // 1 where the product counts, 0 where the floor does
                                    let above = product.sub(epsilon).mul(V::of(1e30)).max(V::zero()).min(V::of(1.0));
                                    (c, c.mul(s).mul(above), slot, one)
                                }),
                                EpsilonAt::Norms => each!(|d, slot, s| {
                                    let (one, slot) = (one.add(epsilon), slot.add(epsilon));
                                    let c = kept!(d.mul(one.mul(slot).near_recip()));
                                    (c, c.mul(s), slot, one)
                                }),
                                EpsilonAt::InsideRoot => each!(|d, slot, s| {
                                    let product = one.mul(slot);
                                    let below = product.fma(product, epsilon).sqrt().near_recip();
                                    let c = kept!(d.mul(below));
                                    (c, c.mul(s).mul(product.mul(below)), slot, one)
                                }),
                            }
                        }
                    }
                }
                for j in 0..J {
                    let slot = ld::<V, TAIL>(norms.as_ptr().add(i + j * l), k);
                    radial[j] = radial[j].mul(slot.max(V::of(LEAST)).near_recip());
                }
                for m in 0..width {
                    let (column, d_column) = (memory.as_ptr().add(m * n + i), d_memory.as_mut_ptr().add(m * n + i));
                    let mut x = [V::zero(); $P];
                    let mut s = [V::zero(); $P];
                    for q in 0..$P { x[q] = V::splat(*key[q].add(m)); }
                    for j in 0..J {
                        let v = ld::<V, TAIL>(column.add(j * l), k);
                        let mut d = radial[j].fnma(v, ld::<V, TAIL>(d_column.add(j * l), k));
                        for q in 0..$P { s[q] = c[q][j].fma(v, s[q]); d = x[q].fma(c[q][j], d); }
                        st::<V, TAIL>(d, d_column.add(j * l), k);
                    }
                    for q in 0..$P {
                        let at = sums.add((q * width + m) * l);
                        (if i == 0 { s[q] } else { s[q].add(V::load(at)) }).store(at);
                    }
                }
            });
            reduce::<V>(sums, $P * width);
            for q in 0..$P {
                let least = T::of(LEAST);
                let pull = pull[q].hsum() / if size[q] > least { size[q] } else { least };
                let d = d_numbers.as_mut_ptr().add(keys[p + q].at);
                for m in 0..width { *d.add(m) = *sums.add(q * width + m) - pull * *key[q].add(m); }
            }
            p += $P;
        }} }
        if p + 2 <= keys.len() { pass!(2) } else { pass!(1) }
    }
}
