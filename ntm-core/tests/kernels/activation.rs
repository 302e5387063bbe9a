//! Activations, their derivatives from their values, and softmax.
use super::*;
use ntm_core::Activation::{self, *};
use ntm_core::kernels::activation::{activate, activate_vjp, softmax, softmax_vjp};

fn plain(kind: &Activation, x: f64) -> f64 {
    match kind {
        Linear => x,
        Tanh => x.tanh(),
        Relu => x.max(0.0),
        Sigmoid => 1.0 / (1.0 + (-x).exp()),
        HardSigmoid => (0.2 * x + 0.5).clamp(0.0, 1.0),
        Exp => x.exp(),
        Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        OnePlusSoftplus => 1.0 + plain(&Softplus, x),
        OnePlusRelu => 1.0 + x.max(0.0),
        TenSigmoid => 10.0 * plain(&Sigmoid, x),
        Clip { min, max } => x.clamp(*min, *max),
        Affine { scale, offset, of } => scale * plain(of, x) + offset,
    }
}
fn affine(scale: f64, offset: f64, of: Activation) -> Activation {
    Affine { scale, offset, of: Box::new(of) }
}
fn simple() -> Vec<Activation> {
    let clip = Clip { min: -0.75, max: 1.3 };
    vec![
        Linear,
        Tanh,
        Relu,
        Sigmoid,
        HardSigmoid,
        Exp,
        Softplus,
        OnePlusSoftplus,
        OnePlusRelu,
        TenSigmoid,
        clip,
    ]
}
fn all() -> Vec<Activation> {
    let scaled = |a, b| simple().into_iter().map(move |kind| affine(a, b, kind));
    let nested = simple().into_iter().map(|kind| affine(0.5, -1.0, affine(-3.0, 0.7, kind)));
    simple().into_iter().chain(scaled(3.0, 0.1)).chain(scaled(-0.3, -0.7)).chain(nested).collect()
}

fn values<T: Real>(tol: f64) {
    for (kind, n) in pairs(&all(), SIZES) {
        let what = format!("{kind:?}, {n} numbers");
        let x = draw(n, n, -6.0, 6.0);
        let mut y = onto::<T>(&x);
        activate(kind, &mut y);
        close(&what, &y, &x.iter().map(|&x| plain(kind, x)).collect::<Vec<_>>(), tol);
        let (d, d_y) = (signed(n + 1, n), onto::<T>(&signed(n + 1, n)));
        let (mut d_y, mut y) = (d_y, y);
        activate_vjp(kind, &mut y, &mut d_y);
        is_gradient(&what, &d_y, &x, tol, |x| x.iter().zip(&d).map(|(&x, d)| d * plain(kind, x)).sum());
    }
}
#[test]
fn every_activation_and_its_derivative_are_those_of_the_formula() {
    everywhere!(values, 1e-8, 3e-5);
}

fn flat_parts<T: Real>(_: f64) {
    for (scale, offset) in [(1.0, 0.0), (3.0, 0.1), (0.7, 0.3), (-0.3, 0.7), (9.0, 1.0), (-1.9, -0.77)] {
        for kind in [Relu, OnePlusRelu, HardSigmoid, Clip { min: -0.7, max: 1.3 }] {
            // below the low end, and above the high one where there is one
            let other = if matches!(kind, Relu | OnePlusRelu) { -2.0 } else { 50.0 };
            let kind = affine(scale, offset, kind);
            let mut y = onto::<T>(&[[-50.0; 19], [other; 19]].concat());
            let mut d = onto::<T>(&[3.0; 38]);
            activate(&kind, &mut y);
            activate_vjp(&kind, &mut y, &mut d);
            assert!(d.iter().all(|d| d.to() == 0.0), "{kind:?}: {:?}", wide(&d));
        }
    }
}
#[test]
fn what_is_cut_off_has_derivative_zero_under_any_scale_and_offset() {
    everywhere!(flat_parts, 0.0, 0.0);
}

fn bad_numbers<T: Real>(_: f64) {
    for kind in all() {
        for (n, bad) in pairs([1, 5, 8, 13, 16, 37], BAD) {
            let want = if bad.is_nan() { bad } else { plain(&kind, bad) }; // max and clamp swallow NaN
            for at in [0, n / 2, n - 1] {
                let mut x = vec![0.5; n];
                x[at] = bad;
                let mut y = onto::<T>(&x);
                activate(&kind, &mut y);
                let got = y[at].to();
                assert!(
                    if want.is_finite() { (got - want).abs() < 1e-6 } else { !got.is_finite() },
                    "{kind:?} of {bad} is {got}, not {want}"
                );
                assert!(
                    (0..n).all(|i| i == at || y[i].to().is_finite()),
                    "{kind:?}: a neighbour is not finite"
                );
            }
        }
    }
}
#[test]
fn nan_stays_nan_and_infinity_stays_unless_the_function_has_a_limit_there() {
    everywhere!(bad_numbers, 0.0, 0.0);
}

fn soft<T: Real>(tol: f64) {
    let plain = |x: &[f64]| {
        let e: Vec<_> = x.iter().map(|x| x.exp()).collect();
        e.iter().map(|x| x / e.iter().sum::<f64>()).collect::<Vec<_>>()
    };
    for n in [1, 2, 3, 5, 9, 37] {
        let (x, d) = (draw(n, n, -4.0, 4.0), signed(n + 1, n));
        let (mut y, mut d_x) = (onto::<T>(&x), onto::<T>(&d));
        softmax(&mut y);
        close("softmax", &y, &plain(&x), tol);
        softmax_vjp(&y, &mut d_x);
        is_gradient("softmax_vjp", &d_x, &x, tol, |x| dot(&d, &plain(x)));
        for bad in [f64::NAN, f64::INFINITY] {
            for at in [0, n / 2, n - 1] {
                let mut y = onto::<T>(&x);
                y[at] = T::of(bad);
                softmax(&mut y);
                assert!(y.iter().all(|y| y.to().is_nan()), "softmax of {bad} among {n}");
            }
        }
        let mut y = onto::<T>(&vec![1e30; n]);
        softmax(&mut y);
        sums_to_one("softmax of large numbers", &y, 1e-6);
    }
}
#[test]
fn softmax_is_exact_survives_large_numbers_and_does_not_swallow_bad_ones() {
    everywhere!(soft, 1e-9, 1e-6);
}
