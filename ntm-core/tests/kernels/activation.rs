//! Activations, their derivatives from their values, softmax, and how exact the elementary functions are.
use super::*;
use ntm_core::Activation::{self, *};
use ntm_core::kernels::activation::{activate, activate_vjp, softmax, softmax_vjp};
use ntm_core::kernels::sharpen::sharpen;

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

/// Largest error of `f` in f32 from `low` to `high`: absolute, and relative to the value.
fn worst(low: f64, high: f64, f: impl Fn(&mut [f32]), exact: impl Fn(f64) -> f64) -> (f64, f64) {
    let x: Vec<f32> = (0..=60_003).map(|i| (low + (high - low) * i as f64 / 60_003.0) as f32).collect();
    let mut y = x.clone();
    f(&mut y);
    let error = |(&x, &y): (&f32, &f32)| {
        let want = exact(x as f64);
        let off = (y as f64 - want).abs();
        (off, if want == 0.0 { 0.0 } else { off / want.abs() })
    };
    x.iter().zip(&y).map(error).fold((0.0, 0.0), |a, b| (b.0.max(a.0), b.1.max(a.1)))
}

/// Stated for every instruction set: exp and ln relative (ln absolute near 1), the others absolute, as their
/// formulas cancel where the value is near 0.
#[test]
fn elementary_functions_are_exact_to_a_few_units_in_the_last_place() {
    on_every_set(|| {
        let of = |kind: Activation| move |x: &mut [f32]| activate(&kind, x);
        let exp = worst(-87.0, 88.0, of(Exp), f64::exp).1;
        let sigmoid = worst(-100.0, 100.0, of(Sigmoid), |x| plain(&Sigmoid, x)).0;
        let sigmoid_low = worst(-80.0, 0.0, of(Sigmoid), |x| plain(&Sigmoid, x)).1;
        let tanh = worst(-50.0, 50.0, of(Tanh), f64::tanh).0.max(worst(-1.0, 1.0, of(Tanh), f64::tanh).0);
        let softplus = worst(-90.0, 90.0, of(Softplus), |x| plain(&Softplus, x));
        let near = worst(-5.0, 5.0, of(Softplus), |x| plain(&Softplus, x)).0;
        // what sharpen keeps is the logarithm, here of e^x: over the whole range, and near 1
        let ln = |x: &mut [f32]| {
            let w = x.to_vec();
            sharpen(1.0, 0.0, 0.0, &w, &mut vec![0.0; w.len()], x)
        };
        let near_one = worst(0.5, 2.0, ln, f64::ln).0;
        let mut low_ln = 0f64;
        for p in -99..0 {
            let from = 2f64.powi(p);
            low_ln = low_ln.max(worst(from, 1.99 * from, ln, f64::ln).1);
        }
        println!(
            "exp {exp:.1e}, ln {low_ln:.1e} relative, {near_one:.1e} near 1, sigmoid {sigmoid:.1e} ({sigmoid_low:.1e} \
             relative below 0), tanh {tanh:.1e}, softplus {:.1e} relative above 5, {near:.1e} absolute below",
            worst(5.0, 90.0, of(Softplus), |x| plain(&Softplus, x)).1
        );
        assert!(softplus.0 < 8e-6 && near < 6e-7, "softplus is off by {softplus:?}, {near:e}");
        assert!(exp < 2.5e-7, "exp is off by {exp:e}, relative");
        assert!(near_one < 1e-7, "ln is off by {near_one:e} between 0.5 and 2");
        assert!(low_ln < 3e-7, "ln is off by {low_ln:e}, relative, below 1");
        assert!(sigmoid < 2e-7 && sigmoid_low < 4e-7, "sigmoid is off by {sigmoid:e}, {sigmoid_low:e}");
        assert!(tanh < 2.5e-7, "tanh is off by {tanh:e}");
    });
}
