//! What the passes over the slots of one item share: how columns are cut into vectors, and sums over slots.
use super::{Vector, product::V_MAX};
use crate::Shape;

/// Scratch numbers for `columns` sums over all slots.
pub fn sums_len(columns: usize) -> usize {
    columns.saturating_add(V_MAX).saturating_mul(V_MAX)
}

/// Whether `len` numbers hold `count` from index `from` on.
#[inline(always)]
pub(super) fn holds(len: usize, from: usize, count: usize) -> bool {
    from.checked_add(count).is_some_and(|end| end <= len)
}

/// Whether `len` numbers hold column `index`, of `rows` numbers.
#[inline(always)]
pub(super) fn has_column(len: usize, rows: usize, index: usize) -> bool {
    index.checked_mul(rows).is_some_and(|from| holds(len, from, rows))
}

/// Splits 0..n into blocks of several vectors, single vectors and a masked rest, and runs the body with the constants J
/// (vectors in the block) and TAIL: `|offset, J, TAIL, lanes left|`. `$wide` vectors with AVX-512's 32 registers,
/// `$narrow` with AVX2's 16.
macro_rules! blocks {
    ($v:ident, $n:expr, $wide:literal, $narrow:literal, |$i:ident, $j:ident, $tail:ident, $k:ident| $body:block) => {{
        let n = $n;
        let mut $i = 0;
        if $v::LANES == 16 {
            const $j: usize = $wide;
            const $tail: bool = false;
            let $k = 0;
            while $i + $wide * $v::LANES <= n {
                $body
                $i += $wide * $v::LANES;
            }
        } else {
            const $j: usize = $narrow;
            const $tail: bool = false;
            let $k = 0;
            while $i + $narrow * $v::LANES <= n {
                $body
                $i += $narrow * $v::LANES;
            }
        }
        {
            const $j: usize = 1;
            const $tail: bool = false;
            let $k = 0;
            while $i + $v::LANES <= n {
                $body
                $i += $v::LANES;
            }
        }
        if $i < n {
            const $j: usize = 1;
            const $tail: bool = true;
            let $k = n - $i;
            $body
        }
    }};
}
pub(super) use blocks;

/// `count` vectors at `p` to `count` sums at `p` (whole groups; what follows is scratch too).
#[inline(always)]
pub(super) unsafe fn reduce<V: Vector>(p: *mut V::S, count: usize) {
    let mut i = 0;
    while i < count {
        V::reduce(p.add(i * V::LANES)).store(p.add(i));
        i += V::LANES;
    }
}

/// Euclidean norm of a short vector.
#[inline(always)]
pub(super) unsafe fn norm<V: Vector>(x: &[V::S]) -> V::S {
    let mut a = V::zero();
    super::vectors!(V, x.len(), |i, TAIL, k| {
        let v = super::ld::<V, TAIL>(x.as_ptr().add(i), k);
        a = v.fma(v, a);
    });
    nalgebra::ComplexField::sqrt(a.hsum())
}

impl Shape {
    pub(super) fn check<T>(self, memory: &[T]) {
        assert!(memory.len() >= self.numbers(), "memory shorter than its shape")
    }
}
