//! Activations in place, many numbers at a time.
use super::product::V_MAX;
use super::{Real, Vector, kernel, ld, st, vectors};
use crate::Activation;

/// Applies an activation to every number, in place.
pub fn activate<T: Real>(kind: &Activation, xs: &mut [T]) {
    if let Activation::Affine { scale, offset, of } = kind {
        activate(of, xs);
        affine(T::of(*scale), T::of(*offset), xs);
    } else {
        simple(kind, xs);
    }
}

/// Multiplies `ds` by the derivative, found from the values `ys` that [`activate`] gave, as many as `ds`. Where the
/// function is cut off, and at its bends, the derivative is 0. `ys` may be used up.
pub fn activate_vjp<T: Real>(kind: &Activation, ys: &mut [T], ds: &mut [T]) {
    if let Some((ends, slope)) = ramp(kind) {
        ramp_vjp(ends, slope, ys, ds);
    } else if let Activation::Affine { scale, offset, of } = kind {
        let back = T::of(1.0) / T::of(*scale);
        affine(back, -T::of(*offset) * back, ys);
        affine(T::of(*scale), T::of(0.0), ds);
        activate_vjp(of, ys, ds);
    } else {
        simple_vjp(kind, ys, ds);
    }
}

/// For what is linear between two ends and flat beyond them: its values at the ends, and its slope between them. The
/// ends of an `Affine` are rounded as [`activate`] rounds them, so that a value that was cut off equals an end.
fn ramp<T: Real>(kind: &Activation) -> Option<([T; 2], T)> {
    let (low, high, slope) = match *kind {
        Activation::Relu => (0.0, f64::INFINITY, 1.0),
        Activation::OnePlusRelu => (1.0, f64::INFINITY, 1.0),
        Activation::HardSigmoid => (0.0, 1.0, 0.2),
        Activation::Clip { min, max } => (min, max, 1.0),
        Activation::Affine { scale, offset, ref of } => {
            let (mut ends, slope) = ramp(of)?;
            affine(T::of(scale), T::of(offset), &mut ends);
            if scale < 0.0 {
                ends.reverse();
            }
            return Some((ends, slope * T::of(scale)));
        }
        _ => return None,
    };
    Some(([T::of(low), T::of(high)], T::of(slope)))
}

kernel! {
    /// scale * x + offset, in place.
    fn affine[V, T](scale: T, offset: T, xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        vectors!(V, xs.len(), |i, TAIL, k| {
            let x = V::splat(scale).fma(ld::<V, TAIL>(p.add(i), k), V::splat(offset));
            st::<V, TAIL>(x, p.add(i), k);
        });
    }
}

/// An activation of each lane; an `Affine` is left as it is.
#[inline(always)]
fn value<V: Vector>(kind: &Activation, x: V) -> V {
    // constants come first in max and min: those pass on what is not a number
    macro_rules! softplus {
        () => {{
            let negative = x.min(V::zero().sub(x));
            V::zero().max(x).add(negative.exp().add(V::of(1.0)).ln())
        }};
    }
    macro_rules! clip {
        ($low:expr, $high:expr, $x:expr) => {
            V::of($high).min(V::of($low).max($x))
        };
    }
    match *kind {
        Activation::Linear | Activation::Affine { .. } => x,
        Activation::Sigmoid => x.sigmoid(),
        Activation::TenSigmoid => x.sigmoid().mul(V::of(10.0)),
        Activation::Tanh => x.tanh(),
        Activation::Relu => V::zero().max(x),
        Activation::OnePlusRelu => V::zero().max(x).add(V::of(1.0)),
        Activation::Exp => x.exp(),
        Activation::Softplus => softplus!(),
        Activation::OnePlusSoftplus => softplus!().add(V::of(1.0)),
        Activation::HardSigmoid => clip!(0.0, 1.0, V::of(0.2).fma(x, V::of(0.5))),
        Activation::Clip { min, max } => clip!(min, max, x),
    }
}

/// Derivative of an activation that has no [`ramp`] and is not `Affine`, from its value; 1 of any other.
#[inline(always)]
fn slope<V: Vector>(kind: &Activation, y: V) -> V {
    let one = V::of(1.0);
    match *kind {
        Activation::Sigmoid => y.mul(one.sub(y)),
        Activation::TenSigmoid => y.mul(V::of(0.1).fnma(y, one)),
        Activation::Tanh => y.fnma(y, one),
        Activation::Exp => y,
        Activation::Softplus => one.sub(V::zero().sub(y).exp()),
        Activation::OnePlusSoftplus => one.sub(one.sub(y).exp()),
        _ => one,
    }
}

kernel! {
    /// Any activation but `Affine`, in place.
    fn simple[V, T](kind: &'a Activation, xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        vectors!(V, xs.len(), |i, TAIL, k| {
            st::<V, TAIL>(value::<V>(kind, ld::<V, TAIL>(p.add(i), k)), p.add(i), k);
        });
    }
}

kernel! {
    /// Multiplies `ds` by `slope` where `ys` lies between the ends, by 0 elsewhere.
    fn ramp_vjp[V, T](ends: [T; 2], slope: T, ys: &'a [T], ds: &'a mut [T])
    check { assert_eq!(ys.len(), ds.len()); }
    run {
        let [low, high] = ends;
        for (d, y) in ds.iter_mut().zip(ys) {
            *d = if *y <= low || *y >= high { T::of(0.0) } else { *d * slope };
        }
    }
}

kernel! {
    /// Multiplies `ds` by the derivative of an activation that has no [`ramp`] and is not `Affine`.
    fn simple_vjp[V, T](kind: &'a Activation, ys: &'a [T], ds: &'a mut [T])
    check { assert_eq!(ys.len(), ds.len()); }
    run {
        let (p, d) = (ys.as_ptr(), ds.as_mut_ptr());
        vectors!(V, ds.len(), |i, TAIL, k| {
            let by = slope::<V>(kind, ld::<V, TAIL>(p.add(i), k));
            st::<V, TAIL>(ld::<V, TAIL>(d.add(i), k).mul(by), d.add(i), k);
        });
    }
}

/// Rows of a block that share an activation: runs of several, as (first, count), and single ones.
#[derive(Debug)]
pub(crate) struct Together {
    pub(crate) activation: Activation,
    pub(crate) runs: Vec<(usize, usize)>,
    pub(crate) singles: Vec<usize>,
}
impl Together {
    /// Whether an activation is one for which the gradient needs no room of its own.
    pub(crate) fn takes(activation: &Activation) -> bool {
        ramp::<f64>(activation).is_none() && !matches!(activation, Activation::Affine { .. })
    }
    fn fit(&self, rows: usize) -> bool {
        self.runs.iter().all(|(at, count)| at + count <= rows) && self.singles.iter().all(|&at| at < rows)
    }
}

/// Stores the first lane.
#[inline(always)]
unsafe fn one_lane<V: Vector>(x: V, to: *mut V::S) {
    if V::LANES == 1 { x.store(to) } else { x.store_part(to, 1) }
}

/// Runs a body over the places of the single rows in every column, a vector full at a time: `|place of a lane, lanes|`.
macro_rules! singles {
    ($v:ident, $rows:expr, $columns:expr, $singles:expr, |$places:ident, $count:ident| $body:block) => {
        let singles = $singles.as_slice();
        let all = $columns * singles.len();
        let ($places, mut next, mut column) = (&mut [0; V_MAX], 0, 0);
        let mut done = 0;
        while done < all {
            let $count = $v::LANES.min(all - done);
            for place in &mut $places[..$count] {
                *place = column * $rows + singles[next];
                next += 1;
                if next == singles.len() {
                    (next, column) = (0, column + 1);
                }
            }
            $body
            done += $count;
        }
    };
}

kernel! {
    /// Applies the activations of groups of rows to a block of columns of `rows` numbers, in place.
    pub(crate) fn activate_groups[V, T](rows: usize, groups: &'a [Together], xs: &'a mut [T])
    check { assert!(rows > 0 && groups.iter().all(|g| g.fit(rows))); }
    run {
        let (p, columns) = (xs.as_mut_ptr(), xs.len() / rows);
        for group in groups {
            let kind = &group.activation;
            for &(at, count) in &group.runs { for column in 0..columns {
                let p = p.add(column * rows + at);
                vectors!(V, count, |i, TAIL, k| {
                    st::<V, TAIL>(value::<V>(kind, ld::<V, TAIL>(p.add(i), k)), p.add(i), k);
                });
            } }
            if columns == 1 {
                // bringing a few numbers together would take longer
                for &at in &group.singles { one_lane(value::<V>(kind, V::splat(*p.add(at))), p.add(at)); }
                continue;
            }
            let mut lanes = [T::of(0.0); V_MAX];
            singles!(V, rows, columns, group.singles, |places, count| {
                for (lane, place) in lanes.iter_mut().zip(&places[..count]) { *lane = *p.add(*place); }
                value::<V>(kind, V::load(lanes.as_ptr())).store(lanes.as_mut_ptr());
                for (lane, place) in lanes.iter().zip(&places[..count]) { *p.add(*place) = *lane; }
            });
        }
    }
}

kernel! {
    /// Gradient of [`activate_groups`], from the values that it gave: multiplies `ds` by the derivatives.
    pub(crate) fn activate_groups_vjp[V, T](rows: usize, groups: &'a [Together], ys: &'a [T], ds: &'a mut [T])
    check { assert!(rows > 0 && ys.len() == ds.len() && groups.iter().all(|g| g.fit(rows))); }
    run {
        let (p, d, columns) = (ys.as_ptr(), ds.as_mut_ptr(), ds.len() / rows);
        for group in groups {
            let kind = &group.activation;
            for &(at, count) in &group.runs { for column in 0..columns {
                let (p, d) = (p.add(column * rows + at), d.add(column * rows + at));
                vectors!(V, count, |i, TAIL, k| {
                    let by = slope::<V>(kind, ld::<V, TAIL>(p.add(i), k));
                    st::<V, TAIL>(ld::<V, TAIL>(d.add(i), k).mul(by), d.add(i), k);
                });
            } }
            if columns == 1 {
                for &at in &group.singles {
                    one_lane(slope::<V>(kind, V::splat(*p.add(at))).mul(V::splat(*d.add(at))), d.add(at));
                }
                continue;
            }
            let mut lanes = [T::of(0.0); V_MAX];
            singles!(V, rows, columns, group.singles, |places, count| {
                for (lane, place) in lanes.iter_mut().zip(&places[..count]) { *lane = *p.add(*place); }
                slope::<V>(kind, V::load(lanes.as_ptr())).store(lanes.as_mut_ptr());
                for (lane, place) in lanes.iter().zip(&places[..count]) { *d.add(*place) *= *lane; }
            });
        }
    }
}

/// xs = e^xs / (sum of them), in place, for short lists such as shift taps; at least one number. The largest is
/// subtracted first, so nothing overflows.
pub fn softmax<T: Real>(xs: &mut [T]) {
    softmax_rows(xs.len(), &[(0, xs.len())], xs);
}

/// Turns `ds` from the gradient by the values `ys` of a [`softmax`] into that by its arguments, in place:
/// ds = ys (ds - ys . ds).
pub fn softmax_vjp<T: Real>(ys: &[T], ds: &mut [T]) {
    softmax_rows_vjp(ds.len(), &[(0, ds.len())], ys, ds);
}

kernel! {
    /// As [`softmax`], of each of some runs of rows, (first, count), of each column of `rows` numbers.
    pub(crate) fn softmax_rows[V, T](rows: usize, runs: &'a [(usize, usize)], xs: &'a mut [T])
    check { assert!(rows > 0 && runs.iter().all(|(at, count)| *count > 0 && at + count <= rows)); }
    run {
        for column in xs.chunks_exact_mut(rows) { for &(at, count) in runs {
            let xs = &mut column[at..at + count];
            let top = V::splat(xs.iter().fold(xs[0], |a, &b| if b > a { b } else { a }));
            let (p, mut sum) = (xs.as_mut_ptr(), V::zero());
            vectors!(V, count, |i, TAIL, k| {
                let e = ld::<V, TAIL>(p.add(i), k).sub(top).exp();
                sum = sum.add(if TAIL { e.keep(k) } else { e });
                st::<V, TAIL>(e, p.add(i), k);
            });
            let sum = V::splat(sum.hsum());
            vectors!(V, count, |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(p.add(i), k).div(sum), p.add(i), k); });
        } }
    }
}

kernel! {
    /// As [`softmax_vjp`], of each of some runs of rows of each column of two blocks alike.
    pub(crate) fn softmax_rows_vjp[V, T](rows: usize, runs: &'a [(usize, usize)], ys: &'a [T], ds: &'a mut [T])
    check { assert!(rows > 0 && ys.len() == ds.len() && runs.iter().all(|(at, count)| at + count <= rows)); }
    run {
        for (y, d) in ys.chunks_exact(rows).zip(ds.chunks_exact_mut(rows)) { for &(at, count) in runs {
            let (y, d) = (y.as_ptr().add(at), d.as_mut_ptr().add(at));
            let mut dot = V::zero();
            vectors!(V, count, |i, TAIL, k| {
                dot = ld::<V, TAIL>(y.add(i), k).fma(ld::<V, TAIL>(d.add(i), k), dot);
            });
            let dot = V::splat(dot.hsum());
            vectors!(V, count, |i, TAIL, k| {
                let p = d.add(i);
                st::<V, TAIL>(ld::<V, TAIL>(y.add(i), k).mul(ld::<V, TAIL>(p, k).sub(dot)), p, k);
            });
        } }
    }
}
