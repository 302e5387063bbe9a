//! Activations in place, many numbers at a time.
use super::{Real, kernel, ld, st, vectors};
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

kernel! {
    /// Any activation but `Affine`, in place.
    fn simple[V, T](kind: &'a Activation, xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        macro_rules! each { (|$x:ident| $y:expr) => { vectors!(V, xs.len(), |i, TAIL, k| {
            let $x = ld::<V, TAIL>(p.add(i), k);
            st::<V, TAIL>($y, p.add(i), k);
        }) } }
        // constants come first in max and min: those pass on what is not a number
        macro_rules! softplus { ($x:ident) => {{
            let negative = $x.min(V::zero().sub($x));
            V::zero().max($x).add(negative.exp().add(V::of(1.0)).ln())
        }} }
        macro_rules! clip { ($low:expr, $high:expr, $x:expr) => { V::of($high).min(V::of($low).max($x)) } }
        match *kind {
            Activation::Linear | Activation::Affine { .. } => {}
            Activation::Sigmoid => each!(|x| x.sigmoid()),
            Activation::TenSigmoid => each!(|x| x.sigmoid().mul(V::of(10.0))),
            Activation::HardSigmoid => each!(|x| clip!(0.0, 1.0, V::of(0.2).fma(x, V::of(0.5)))),
            Activation::Tanh => each!(|x| x.tanh()),
            Activation::Relu => each!(|x| V::zero().max(x)),
            Activation::OnePlusRelu => each!(|x| V::zero().max(x).add(V::of(1.0))),
            Activation::Exp => each!(|x| x.exp()),
            Activation::Softplus => each!(|x| softplus!(x)),
            Activation::OnePlusSoftplus => each!(|x| softplus!(x).add(V::of(1.0))),
            Activation::Clip { min, max } => each!(|x| clip!(min, max, x)),
        }
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
        macro_rules! each { (|$y:ident| $f:expr) => { vectors!(V, ds.len(), |i, TAIL, k| {
            let $y = ld::<V, TAIL>(p.add(i), k);
            st::<V, TAIL>(ld::<V, TAIL>(d.add(i), k).mul($f), d.add(i), k);
        }) } }
        let one = V::of(1.0);
        match *kind {
            Activation::Sigmoid => each!(|y| y.mul(one.sub(y))),
            Activation::TenSigmoid => each!(|y| y.mul(V::of(0.1).fnma(y, one))),
            Activation::Tanh => each!(|y| y.fnma(y, one)),
            Activation::Exp => each!(|y| y),
            Activation::Softplus => each!(|y| one.sub(V::zero().sub(y).exp())),
            Activation::OnePlusSoftplus => each!(|y| one.sub(one.sub(y).exp())),
            // the rest is linear, or cut off and linear between
            _ => {}
        }
    }
}

/// xs = e^xs / (sum of them), in place, for short lists such as shift taps; at least one number. The largest is
/// subtracted first, so nothing overflows.
pub fn softmax<T: Real>(xs: &mut [T]) {
    let top = xs.iter().fold(xs[0], |a, &b| if b > a { b } else { a });
    let mut sum = T::of(0.0);
    for x in xs.iter_mut() {
        *x = (*x - top).exp();
        sum += *x;
    }
    for x in xs.iter_mut() {
        *x /= sum;
    }
}

/// Turns `ds` from the gradient by the values `ys` of a [`softmax`] into that by its arguments, in place:
/// ds = ys (ds - ys . ds).
pub fn softmax_vjp<T: Real>(ys: &[T], ds: &mut [T]) {
    let dot = ys.iter().zip(ds.iter()).fold(T::of(0.0), |a, (&y, &d)| a + y * d);
    for (d, &y) in ds.iter_mut().zip(ys) {
        *d = y * (*d - dot);
    }
}
