//! Keys against slots: every key of a step in one pass over the memory of an item.
//!
//! Memory is slots x width, column-major, so slots are contiguous.
use super::slots::{blocks, norm, reduce, sums_len};
use super::{kernel, ld, st, vectors};
use crate::similarity::EpsilonAt;
use crate::{Shape, Similarity};

/// One key: where it starts among an item's numbers, and how it is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// index of its first number
    pub at: usize,
    /// how it is compared with each slot
    pub similarity: Similarity,
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
    pub fn similarity[V, T](
        shape: Shape, memory: &'a [T], norms: &'a [T], numbers: &'a [T], keys: &'a [Key], out: &'a mut [T],
    )
    check {
        shape.check(memory);
        assert!(norms.len() >= shape.slots && out.len() >= shape.slots * keys.len());
        for key in keys { assert!(numbers.len() >= key.at + shape.width); }
    }
    run {
        let n = shape.slots;
        let mut p = 0;
        while p < keys.len() {
            let out = out.as_mut_ptr().add(p * n);
            macro_rules! pass { ($P:literal) => {{
                let mut key = [numbers.as_ptr(); $P];
                for q in 0..$P { key[q] = key[q].add(keys[p + q].at); }
                blocks!(V, n, 8, 4, |i, J, TAIL, k| {
                    let mut dot = [[V::zero(); J]; $P];
                    for m in 0..shape.width {
                        let column = memory.as_ptr().add(m * n + i);
                        let mut x = [V::zero(); $P];
                        for q in 0..$P { x[q] = V::splat(*key[q].add(m)); }
                        for j in 0..J {
                            let v = ld::<V, TAIL>(column.add(j * V::LANES), k);
                            for q in 0..$P { dot[q][j] = x[q].fma(v, dot[q][j]); }
                        }
                    }
                    for q in 0..$P { for j in 0..J {
                        st::<V, TAIL>(dot[q][j], out.add(q * n + i + j * V::LANES), k);
                    } }
                });
                for q in 0..$P {
                    if let Similarity::Cosine { epsilon, at } = keys[p + q].similarity {
                        let size = V::splat(norm::<V>(&numbers[keys[p + q].at..][..shape.width]));
                        let epsilon = V::of(epsilon);
                        vectors!(V, n, |i, TAIL, k| {
                            let slot = ld::<V, TAIL>(norms.as_ptr().add(i), k);
                            let below = match at {
                                EpsilonAt::Denominator => size.fma(slot, epsilon),
                                EpsilonAt::Floor => size.mul(slot).max(epsilon),
                            };
                            let o = out.add(q * n + i);
                            st::<V, TAIL>(ld::<V, TAIL>(o, k).mul(below.recip()), o, k);
                        });
                    }
                }
                p += $P;
            }} }
            if p + 2 <= keys.len() { pass!(2) } else { pass!(1) }
        }
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
        shape.check(memory); shape.check(d_memory);
        let all = shape.slots * keys.len();
        assert!(norms.len() >= shape.slots && similarity.len() >= all && d_similarity.len() >= all);
        assert!(sums.len() >= sums_len(2 * shape.width));
        for key in keys { assert!(numbers.len() >= key.at + shape.width && d_numbers.len() >= key.at + shape.width); }
    }
    run {
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
                        match keys[p + q].similarity {
                            Similarity::Dot {} => for j in 0..J { c[q][j] = ld::<V, TAIL>(d_sim.add(q * n + i + j * l), k); },
                            Similarity::Cosine { epsilon, at } => for j in 0..J {
                                let o = i + j * l;
                                let slot = ld::<V, TAIL>(norms.as_ptr().add(o), k);
                                let epsilon = V::of(epsilon);
                                let d = ld::<V, TAIL>(d_sim.add(q * n + o), k);
                                let t = match at {
                                    EpsilonAt::Denominator => {
                                        c[q][j] = d.mul(one.fma(slot, epsilon).recip());
                                        // without epsilon, lanes beyond the end hold 0 / 0
                                        if TAIL { c[q][j] = c[q][j].keep(k) }
                                        c[q][j].mul(ld::<V, TAIL>(sim.add(q * n + o), k))
                                    }
                                    EpsilonAt::Floor => {
                                        let product = one.mul(slot);
                                        c[q][j] = d.mul(product.max(epsilon).recip());
                                        if TAIL { c[q][j] = c[q][j].keep(k) }
                                        // 1 where the product counts, 0 where the floor does
                                        let above = product.sub(epsilon).mul(V::of(1e30)).max(V::zero()).min(V::of(1.0));
                                        c[q][j].mul(ld::<V, TAIL>(sim.add(q * n + o), k)).mul(above)
                                    }
                                };
                                pull[q] = t.fma(slot, pull[q]);
                                radial[j] = t.fma(one, radial[j]);
                            },
                        }
                    }
                    for j in 0..J {
                        let slot = ld::<V, TAIL>(norms.as_ptr().add(i + j * l), k);
                        radial[j] = radial[j].mul(slot.max(V::of(1e-30)).recip());
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
                for q in 0..$P {
                    reduce::<V>(sums.add(q * width * l), width);
                    let least = T::of(1e-30);
                    let pull = pull[q].hsum() / if size[q] > least { size[q] } else { least };
                    let d = d_numbers.as_mut_ptr().add(keys[p + q].at);
                    for m in 0..width { *d.add(m) = *sums.add(q * width * l + m) - pull * *key[q].add(m); }
                }
                p += $P;
            }} }
            if p + 2 <= keys.len() { pass!(2) } else { pass!(1) }
        }
    }
}
