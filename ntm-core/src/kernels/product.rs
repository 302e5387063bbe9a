//! Products of small matrices without packing: one register tile serves all of them.
//!
//! A weight matrix is column-major, outputs x inputs: the outputs of one input are contiguous.
use super::{Vector, kernel, ld, st, vectors};
use crate::buffers::{Mat, MatMut, Steps};

/// One addend of a product: sum over (o, p) of A(i, o, p) * B(o, p, j), from the last o to the first; j contiguous.
#[derive(Clone, Copy)]
struct Addend<T> {
    a: *const T,
    /// strides of A along i, p and o
    a_row: usize,
    a_col: isize,
    a_outer: usize,
    b: *const T,
    /// strides of B along p and o
    b_row: isize,
    b_outer: usize,
    inner: usize,
    outer: usize,
    /// p at each o, where they differ
    live: *const u32,
}

#[derive(Clone, Copy)]
enum Init<T> {
    Zero,
    Row(*const T),
    Add,
}

#[inline(always)]
unsafe fn tile<V: Vector, const MR: usize, const NV: usize, const TAIL: bool>(
    addends: &[Addend<V::S>],
    i: usize,
    j: usize,
    rest: usize,
    init: Init<V::S>,
    c: *mut V::S,
    ldc: usize,
) {
    let c = c.add(i * ldc + j);
    macro_rules! load {
        ($p:expr, $n:expr) => {
            if TAIL && $n == NV - 1 { V::load_part($p, rest) } else { V::load($p) }
        };
    }
    let mut r = [[V::zero(); NV]; MR];
    match init {
        Init::Zero => {}
        Init::Row(row) => {
            for m in 0..MR {
                for n in 0..NV {
                    r[m][n] = load!(row.add(j + n * V::LANES), n);
                }
            }
        }
        Init::Add => {
            for m in 0..MR {
                for n in 0..NV {
                    r[m][n] = load!(c.add(m * ldc + n * V::LANES), n);
                }
            }
        }
    }
    for s in addends {
        for o in (0..s.outer).rev() {
            let mut a = s.a.add(i * s.a_row + o * s.a_outer);
            let mut b = s.b.add(j + o * s.b_outer);
            let inner = if s.live.is_null() { s.inner } else { *s.live.add(o) as usize };
            // masked loads are slow without AVX-512: but for the row that is last in memory, the numbers after a row's
            // end belong to the next row, and what they make is not stored
            let open = if !TAIL {
                0..inner
            } else if V::LANES < 16 && s.b_row.unsigned_abs() + rest >= V::LANES {
                if s.b_row < 0 { 1..inner } else { 0..inner.saturating_sub(1) }
            } else {
                0..0
            };
            for p in 0..inner {
                let masked = TAIL && !(open.start <= p && p < open.end);
                let mut v = [V::zero(); NV];
                for n in 0..NV {
                    let from = b.add(n * V::LANES);
                    v[n] = if masked && n == NV - 1 { V::load_part(from, rest) } else { V::load(from) };
                }
                for m in 0..MR {
                    let x = V::splat(*a.add(m * s.a_row));
                    for n in 0..NV {
                        r[m][n] = x.fma(v[n], r[m][n]);
                    }
                }
                a = a.wrapping_offset(s.a_col);
                b = b.wrapping_offset(s.b_row);
            }
        }
    }
    for m in 0..MR {
        for n in 0..NV {
            let p = c.add(m * ldc + n * V::LANES);
            if TAIL && n == NV - 1 { r[m][n].store_part(p, rest) } else { r[m][n].store(p) }
        }
    }
}

/// The last one or two vectors of a row of C, each as `PARTS` sums that are added up at the end.
#[inline(always)]
unsafe fn thin<V: Vector, const NV: usize, const PARTS: usize>(
    addends: &[Addend<V::S>],
    rest: usize,
    init: Init<V::S>,
    c: *mut V::S,
    j: usize,
) {
    let tail = if rest > 0 { rest } else { V::LANES };
    macro_rules! load {
        ($p:expr, $n:expr) => {
            if $n == NV - 1 && tail < V::LANES { V::load_part($p, tail) } else { V::load($p) }
        };
    }
    let mut r = [[V::zero(); NV]; PARTS];
    for n in 0..NV {
        match init {
            Init::Zero => {}
            Init::Row(row) => r[0][n] = load!(row.add(j + n * V::LANES), n),
            Init::Add => r[0][n] = load!(c.add(n * V::LANES), n),
        }
    }
    for s in addends {
        for o in 0..s.outer {
            let (a, b) = (s.a.add(o * s.a_outer), s.b.add(o * s.b_outer + j));
            let inner = if s.live.is_null() { s.inner } else { *s.live.add(o) as usize };
            macro_rules! one {
                ($p:expr, $part:expr) => {
                    let x = V::splat(*a.wrapping_offset($p as isize * s.a_col));
                    let row = b.wrapping_offset($p as isize * s.b_row);
                    for n in 0..NV {
                        r[$part][n] = x.fma(load!(row.add(n * V::LANES), n), r[$part][n]);
                    }
                };
            }
            let mut p = 0;
            while p + PARTS <= inner {
                for part in 0..PARTS {
                    one!(p + part, part);
                }
                p += PARTS;
            }
            while p < inner {
                one!(p, 0);
                p += 1;
            }
        }
    }
    for n in 0..NV {
        let mut sum = r[0][n];
        for part in 1..PARTS {
            sum = sum.add(r[part][n]);
        }
        let p = c.add(n * V::LANES);
        if n == NV - 1 && tail < V::LANES { sum.store_part(p, tail) } else { sum.store(p) }
    }
}

/// One row of C that is too long for registers: four rows of B at a time go by from end to end, as memory likes it, and
/// the sums stay in the first cache.
#[inline(always)]
unsafe fn long_row<V: Vector>(n: usize, addends: &[Addend<V::S>], init: Init<V::S>, c: *mut V::S) {
    match init {
        Init::Zero => vectors!(V, n, |i, TAIL, k| { st::<V, TAIL>(V::zero(), c.add(i), k) }),
        Init::Row(row) => {
            vectors!(V, n, |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(row.add(i), k), c.add(i), k) })
        }
        Init::Add => {}
    }
    for s in addends {
        for o in (0..s.outer).rev() {
            let (a, b) = (s.a.add(o * s.a_outer), s.b.add(o * s.b_outer));
            let inner = if s.live.is_null() { s.inner } else { *s.live.add(o) as usize };
            macro_rules! rows {
                ($from:expr, $count:literal) => {{
                    let mut x = [V::zero(); $count];
                    for r in 0..$count {
                        x[r] = V::splat(*a.wrapping_offset(($from + r) as isize * s.a_col));
                    }
                    vectors!(V, n, |i, TAIL, k| {
                        let mut sum = ld::<V, TAIL>(c.add(i), k);
                        for r in 0..$count {
                            let row = b.wrapping_offset(($from + r) as isize * s.b_row);
                            sum = x[r].fma(ld::<V, TAIL>(row.add(i), k), sum);
                        }
                        st::<V, TAIL>(sum, c.add(i), k);
                    });
                }};
            }
            let mut p = 0;
            while p + 4 <= inner {
                rows!(p, 4);
                p += 4;
            }
            while p < inner {
                rows!(p, 1);
                p += 1;
            }
        }
    }
}

/// C (m rows of n contiguous numbers) = init + addends.
#[allow(unused_assignments)] // the last group of columns advances `j` too
#[inline(always)]
unsafe fn product<V: Vector>(
    m: usize,
    n: usize,
    addends: &[Addend<V::S>],
    init: Init<V::S>,
    c: *mut V::S,
    ldc: usize,
) {
    let full = n / V::LANES;
    let rest = n % V::LANES;
    let nv = full + (rest > 0) as usize;
    macro_rules! t {
        ($mr:literal, $nv:literal, $i:expr, $j:expr) => {
            if rest > 0 && $j + $nv == nv {
                tile::<V, $mr, $nv, true>(addends, $i, $j * V::LANES, rest, init, c, ldc)
            } else {
                tile::<V, $mr, $nv, false>(addends, $i, $j * V::LANES, rest, init, c, ldc)
            }
        };
    }
    let mut j = 0;
    if m == 1 && V::LANES > 1 && nv > if V::LANES == 16 { 25 } else { 16 } {
        return long_row::<V>(n, addends, init, c);
    }
    if m == 1 && V::LANES > 1 {
        if V::LANES == 16 && full == 25 && rest == 0 {
            tile::<V, 1, 25, false>(addends, 0, 0, 0, init, c, ldc);
            return;
        }
        // tiles of at least four sums, or they would wait for each other; where there are fewer, each is made in parts, but
        // not over steps, whose sums are the same in one go and in several
        let parts = addends.iter().all(|s| s.b_outer == 0);
        while j < nv {
            let left = nv - j;
            let take = match left {
                1..=8 => left,
                9..12 => left / 2,
                _ if V::LANES == 16 && left >= 20 => 16,
                _ => 8,
            };
            match take {
                1 if parts => thin::<V, 1, 4>(addends, rest, init, c.add(j * V::LANES), j * V::LANES),
                2 if parts => thin::<V, 2, 2>(addends, rest, init, c.add(j * V::LANES), j * V::LANES),
                1 => t!(1, 1, 0, j),
                2 => t!(1, 2, 0, j),
                3 => t!(1, 3, 0, j),
                4 => t!(1, 4, 0, j),
                5 => t!(1, 5, 0, j),
                6 => t!(1, 6, 0, j),
                7 => t!(1, 7, 0, j),
                8 => t!(1, 8, 0, j),
                _ => t!(1, 16, 0, j),
            }
            j += take;
        }
        return;
    }
    if V::LANES == 16 {
        macro_rules! rows {
            ($nv:literal) => {{
                let mut i = 0;
                while i + 8 <= m {
                    t!(8, $nv, i, j);
                    i += 8;
                }
                if i + 4 <= m {
                    t!(4, $nv, i, j);
                    i += 4;
                }
                if i + 2 <= m {
                    t!(2, $nv, i, j);
                    i += 2;
                }
                if i < m {
                    t!(1, $nv, i, j);
                }
                j += $nv;
            }};
        }
        while j + 3 <= nv {
            if nv - j == 4 {
                break;
            }
            rows!(3);
        }
        while j + 2 <= nv {
            rows!(2);
        }
        if j < nv {
            rows!(1);
        }
    } else {
        // 16 registers: 6x2 tiles
        macro_rules! rows {
            ($nv:literal) => {{
                let mut i = 0;
                while i + 6 <= m && i + 8 != m {
                    t!(6, $nv, i, j);
                    i += 6;
                }
                while i + 4 <= m {
                    t!(4, $nv, i, j);
                    i += 4;
                }
                if i + 2 <= m {
                    t!(2, $nv, i, j);
                    i += 2;
                }
                if i < m {
                    t!(1, $nv, i, j);
                }
                j += $nv;
            }};
        }
        while j + 2 <= nv {
            rows!(2);
        }
        if j < nv {
            rows!(1);
        }
    }
}

/// What a product is put onto.
#[derive(Clone, Copy)]
pub enum Onto<'a, T> {
    /// the product is written
    Nothing,
    /// the product is added
    Sum,
    /// bias + product is written
    Bias(&'a [T]),
}

/// Checks that `w` holds `rows` x `cols` (column stride `ld`).
fn covers<T>(w: &[T], rows: usize, cols: usize, ld: usize) {
    assert!(
        cols == 0 || w.len() >= (cols - 1).saturating_mul(ld).saturating_add(rows),
        "a matrix is longer than its slice"
    )
}

fn apart<T>(m: &Mat<'_, T>) -> usize {
    m.strides().1
}

kernel! {
    /// y = W x, onto what [`Onto`] says: y is outputs x items, x inputs x items, W outputs x inputs, its columns `ldw`
    /// numbers apart. Gaps between the columns of y are left alone.
    pub fn linear[V, T](w: &'a [T], ldw: usize, x: Mat<'a, T>, onto: Onto<'a, T>, y: MatMut<'a, T>)
    check { covers(w, y.nrows(), x.nrows(), ldw); assert_eq!(x.ncols(), y.ncols()); if let Onto::Bias(b) = onto { assert!(b.len() >= y.nrows()) } }
    run {
        let mut y = y;
        let ldc = y.strides().1;
        let one = [addend(w, ldw, &x)];
        product::<V>(y.ncols(), y.nrows(), &one, init(onto), y.as_mut_ptr(), ldc)
    }
}

kernel! {
    /// y = W x + U h in one pass, onto what [`Onto`] says: a recurrent layer. W is outputs x inputs and U outputs x
    /// hidden, both without gaps; y, x and h have a column an item.
    pub fn linear2[V, T](w: &'a [T], x: Mat<'a, T>, u: &'a [T], h: Mat<'a, T>, onto: Onto<'a, T>, y: MatMut<'a, T>)
    check {
        covers(w, y.nrows(), x.nrows(), y.nrows());
        covers(u, y.nrows(), h.nrows(), y.nrows());
        assert!(x.ncols() == y.ncols() && h.ncols() == y.ncols());
        if let Onto::Bias(b) = onto { assert!(b.len() >= y.nrows()) }
    }
    run {
        let mut y = y;
        let (n, ldc) = (y.nrows(), y.strides().1);
        let two = [addend(w, n, &x), addend(u, n, &h)];
        product::<V>(y.ncols(), n, &two, init(onto), y.as_mut_ptr(), ldc)
    }
}

fn init<T>(onto: Onto<'_, T>) -> Init<T> {
    match onto {
        Onto::Nothing => Init::Zero,
        Onto::Sum => Init::Add,
        Onto::Bias(b) => Init::Row(b.as_ptr()),
    }
}

fn addend<T>(w: &[T], ldw: usize, x: &Mat<'_, T>) -> Addend<T> {
    Addend {
        a: x.as_ptr(),
        a_row: apart(x),
        a_col: 1,
        a_outer: 0,
        b: w.as_ptr(),
        b_row: ldw as isize,
        b_outer: 0,
        inner: x.nrows(),
        outer: 1,
        live: std::ptr::null(),
    }
}

kernel! {
    /// dW += sum over all steps and live items of dz x^T; dW is rows of dz x rows of x, column-major. Both have the
    /// same items and steps; where fewer are live, `x` says how many. Steps are added from the last to the first, so that
    /// parts of a run, last part first, give the bits of the whole.
    pub fn outer_sum[V, T](x: Steps<'a, T>, dz: Steps<'a, T>, dw: &'a mut [T])
    check {
        assert!((x.items, x.steps()) == (dz.items, dz.steps()));
        covers(dw, dz.rows, x.rows, dz.rows);
    }
    run {
        let mut one = Addend {
            a: x.as_ptr(), a_row: 1, a_col: x.item_stride as isize, a_outer: x.step_stride,
            b: dz.as_ptr(), b_row: dz.item_stride as isize, b_outer: dz.step_stride, inner: x.items, outer: x.steps(), live: x.live_ptr(),
        };
        if x.items == 1 && one.live.is_null() && x.steps() > 0 {
            // steps are the only index
            let last = x.steps() - 1;
            (one.a, one.b) = (one.a.add(last * x.step_stride), one.b.add(last * dz.step_stride));
            (one.a_col, one.b_row) = (-(x.step_stride as isize), -(dz.step_stride as isize));
            (one.inner, one.outer) = (x.steps(), 1);
        }
        product::<V>(x.rows, dz.rows, &[one], Init::Add, dw.as_mut_ptr(), dz.rows)
    }
}

kernel! {
    /// db += sum over all steps and live items of dz, row by row; steps in the order of [`outer_sum`].
    pub fn row_sum[V, T](dz: Steps<'a, T>, db: &'a mut [T])
    check { assert!(db.len() >= dz.rows); }
    run {
        let ones = [T::of(1.0)];
        let one = [Addend { a: ones.as_ptr(), a_row: 0, a_col: 0, a_outer: 0, b: dz.as_ptr(), b_row: dz.item_stride as isize, b_outer: dz.step_stride, inner: dz.items, outer: dz.steps(), live: dz.live_ptr() }];
        product::<V>(1, dz.rows, &one, Init::Add, db.as_mut_ptr(), dz.rows)
    }
}

kernel! {
    /// dx = W^T dz, written, or added where `add`: the backward product of one item without a transposed copy. W is
    /// `rows` x length of dx, without gaps.
    pub fn dots[V, T](w: &'a [T], rows: usize, dz: &'a [T], add: bool, dx: &'a mut [T])
    check { covers(w, rows, dx.len(), rows); assert!(dz.len() >= rows && V_MAX >= 16); }
    run {
        let (l, cols) = (V::LANES, dx.len());
        let (wp, z) = (w.as_ptr(), dz.as_ptr());
        let mut sums = [T::of(0.0); V_MAX * V_MAX];
        let mut j = 0;
        while j + l <= cols {
            // short columns all at once; of long ones four, since more lie too far apart for cache and prefetching
            macro_rules! columns { ($first:expr, $count:expr) => {{
                let mut a = [V::zero(); V_MAX];
                vectors!(V, rows, |p, TAIL, k| {
                    let v = ld::<V, TAIL>(z.add(p), k);
                    for r in 0..$count { a[r] = ld::<V, TAIL>(wp.add((j + $first + r) * rows + p), k).fma(v, a[r]); }
                });
                for r in 0..$count { a[r].store(sums.as_mut_ptr().add(($first + r) * l)); }
            }} }
            if rows < 512 || l < 4 { columns!(0, l) } else { for first in (0..l).step_by(4) { columns!(first, 4) } }
            let out = dx.as_mut_ptr().add(j);
            let s = V::reduce(sums.as_ptr());
            (if add { s.add(V::load(out)) } else { s }).store(out);
            j += l;
        }
        while j < cols {
            let mut a = V::zero();
            vectors!(V, rows, |p, TAIL, k| { a = ld::<V, TAIL>(wp.add(j * rows + p), k).fma(ld::<V, TAIL>(z.add(p), k), a); });
            let out = &mut *dx.as_mut_ptr().add(j);
            *out = if add { *out + a.hsum() } else { a.hsum() };
            j += 1;
        }
    }
}
/// Widest vector of any back end.
pub(crate) const V_MAX: usize = 16;

/// `out` (columns x rows, its columns `stride` apart) = transpose of `w` (rows x columns), both column-major; written,
/// but for the gaps between its columns.
pub fn transpose<T: Copy>(w: &[T], rows: usize, columns: usize, stride: usize, out: &mut [T]) {
    if rows == 0 || columns == 0 {
        return;
    }
    let end = (rows - 1).saturating_mul(stride).saturating_add(columns);
    assert!(stride >= columns && w.len() >= rows.saturating_mul(columns) && out.len() >= end);
    let (from, to) = (w.as_ptr(), out.as_mut_ptr());
    // a few rows along all columns: read and written lines are used whole, and where the number of rows is a power of two
    // columns do not push each other out of cache
    const SIDE: usize = 8;
    for r0 in (0..rows).step_by(SIDE) {
        for c in 0..columns {
            for r in r0..(r0 + SIDE).min(rows) {
                // SAFETY: r < rows and c < columns, and both slices were found long enough
                unsafe { *to.add(r * stride + c) = *from.add(c * rows + r) };
            }
        }
    }
}
