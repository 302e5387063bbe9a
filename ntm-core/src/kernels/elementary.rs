//! Elementary functions of many numbers, in place, for stages and cells written by hand.
//!
//! In `f64` they are those of the standard library. In `f32` the errors below hold for every instruction set, and tests
//! hold them to these on a million and a half numbers spread over all bits of `f32`, and on its ends. What is not a number stays so.
use super::{Real, kernel, ld, st, vectors};

kernel! {
    /// xs = e^xs. From -87 to 88 the relative error is at most 2.5e-7. Below -87, minus infinity included, the result is
    /// e^-87 (1.6e-38), so that no product with it is slow; above 88 it may be infinite, and is from 88.73 on.
    pub fn exp[V, T](xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        vectors!(V, xs.len(), |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(p.add(i), k).exp(), p.add(i), k); });
    }
}

kernel! {
    /// xs = 1 / (1 + e^-xs). The error is at most 2e-7, and from -87 on at most 4e-7 of the value.
    pub fn sigmoid[V, T](xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        vectors!(V, xs.len(), |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(p.add(i), k).sigmoid(), p.add(i), k); });
    }
}

kernel! {
    /// xs = tanh xs. The error is at most 2.5e-7: of a very small argument no digit need be right.
    pub fn tanh[V, T](xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        vectors!(V, xs.len(), |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(p.add(i), k).tanh(), p.add(i), k); });
    }
}

/// xs = ln xs. The error is at most 1.5e-7 between 0.5 and 2 and at most 3e-7 of the value elsewhere; of 0 it is minus
/// infinity, of infinity infinity, and of what is negative not a number.
pub fn ln<T: Real>(xs: &mut [T]) {
    by_chunks(xs, ln_normal, |x| normal(x), |x| nalgebra::ComplexField::ln(x));
}

/// xs = xs^power. The relative error is at most 3e-7 (1 + |power ln x|) where the result lies between e^-87 and e^88;
/// below, it is between 0 and e^-87, above it may be infinite. Zeros, infinities and negative numbers are raised as by
/// the standard library.
pub fn pow<T: Real>(xs: &mut [T], power: T) {
    let exact = |x: T| x.powf(power);
    match power.is_finite() {
        true => by_chunks(xs, |xs| pow_normal(power, xs), |x| normal(x), exact),
        false => xs.iter_mut().for_each(|x| *x = exact(*x)),
    }
}

/// Whether it is positive, finite and not so small that digits are missing.
fn normal<T: Real>(x: T) -> bool {
    x >= T::of(f64::from(f32::MIN_POSITIVE)) && x.is_finite()
}

/// Many at a time with `fast`, and once more with `exact` where that is not `right` for the argument.
fn by_chunks<T: Real>(
    xs: &mut [T],
    fast: impl Fn(&mut [T]),
    right: impl Fn(T) -> bool,
    exact: impl Fn(T) -> T,
) {
    let mut arguments = [T::of(0.0); 64];
    for xs in xs.chunks_mut(64) {
        arguments[..xs.len()].copy_from_slice(xs);
        fast(xs);
        for (x, &argument) in xs.iter_mut().zip(&arguments) {
            if !right(argument) {
                *x = exact(argument);
            }
        }
    }
}

kernel! {
    fn ln_normal[V, T](xs: &'a mut [T])
    check {}
    run {
        let p = xs.as_mut_ptr();
        vectors!(V, xs.len(), |i, TAIL, k| { st::<V, TAIL>(ld::<V, TAIL>(p.add(i), k).ln(), p.add(i), k); });
    }
}

kernel! {
    fn pow_normal[V, T](power: T, xs: &'a mut [T])
    check {}
    run {
        let (p, power) = (xs.as_mut_ptr(), V::splat(power));
        vectors!(V, xs.len(), |i, TAIL, k| {
            st::<V, TAIL>(ld::<V, TAIL>(p.add(i), k).ln().mul(power).exp(), p.add(i), k);
        });
    }
}
