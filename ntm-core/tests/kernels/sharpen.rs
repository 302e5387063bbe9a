//! Sharpening: a weighting to a power, normalised.
use super::*;
use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};

/// What is added: to each weight, to the sum.
const ADDED: [(f64, f64); 6] =
    [(0.0, 0.0), (0.0, 1e-16), (0.0, 0.01), (1e-16, 0.0), (0.01, 0.0), (0.01, 0.01)];

fn plain(g: f64, (base, epsilon): (f64, f64), w: &[f64]) -> Vec<f64> {
    let powers: Vec<_> = w.iter().map(|w| (w + base).powf(g)).collect();
    powers.iter().map(|p| p / (powers.iter().sum::<f64>() + epsilon)).collect()
}

/// (out, d_w, d_sharpening)
fn run<T: Real>(g: f64, (base, epsilon): (f64, f64), w: &[f64], d: &[f64]) -> (Fenced<T>, Fenced<T>, T) {
    let (n, tw) = (w.len(), input::<T>(w));
    let (mut out, mut logs, mut d_w, mut d_g) = (output(n), output(n), output(n), T::of(f64::NAN));
    sharpen(T::of(g), base, epsilon, &tw, &mut out, &mut logs);
    sharpen_vjp(T::of(g), base, &tw, &logs, &out, &input(d), &mut d_w, &mut d_g);
    (out, d_w, d_g)
}

fn values<T: Real>(tol: f64) {
    for (n, g) in pairs(SIZES, [1.0, 1.7, 5.0]) {
        for added in ADDED {
            let (w, d) = (weighting(1, n), signed(2, n));
            let what = format!("{n} slots, power {g}, base and epsilon {added:?}");
            let (out, d_w, d_g) = run::<T>(g, added, &w, &d);
            close(&what, &out, &plain(g, added, &w), tol);
            if added.1 == 0.0 {
                sums_to_one(&what, &out, 2e-6);
            }
            is_gradient(&what, &d_w, &w, 10.0 * tol, |w| dot(&d, &plain(g, added, w)));
            is_gradient(&what, &[d_g], &[g], 10.0 * tol, |g| dot(&d, &plain(g[0], added, &w)));
        }
    }
}
#[test]
fn sharpening_and_its_gradient_are_those_of_the_formula() {
    everywhere!(values, 1e-8, 5e-6);
}

fn extremes<T: Real>(_: f64) {
    for n in SIZES {
        let w = weighting(1, n);
        let some_zero: Vec<_> =
            w.iter().enumerate().map(|(i, w)| if i % 2 == 0 { *w } else { 0.0 }).collect();
        let one_hot: Vec<_> = (0..n).map(|i| (i == n - 1) as usize as f64).collect();
        let (zeros, tiny) = (vec![0.0; n], vec![1e-25; n]);
        for (w, g) in pairs(&[w, some_zero, one_hot, zeros, tiny], [1.0, 20.0, 100.0, 1e4]) {
            for added in [(0.0, 0.0), (0.0, 1e-16), (1e-16, 0.0)] {
                let what = format!("{n} slots, power {g}, base and epsilon {added:?}, {w:?}");
                let (out, d_w, d_g) = run::<T>(g, added, w, &signed(2, n));
                if added.1 == 0.0 {
                    sums_to_one(&what, &out, 1e-5);
                    assert!(
                        w.iter().any(|&x| x > 0.0)
                            || out.iter().all(|x| (x.to() * n as f64 - 1.0).abs() < 1e-6)
                    );
                }
                for part in [&out[..], &d_w[..], &[d_g]] {
                    all_finite(&what, part);
                }
                let zero_stays = |(w, out): (&f64, &T)| *w > 0.0 || out.to() < 1e-25;
                assert!(
                    added.0 > 0.0 || w.iter().all(|w| *w == 0.0) || w.iter().zip(out.iter()).all(zero_stays),
                    "{what}: {:?}",
                    wide(&out)
                );
            }
        }
    }
}
#[test]
fn any_power_of_any_weighting_sums_to_one_without_epsilon_and_is_finite_with_its_gradient() {
    everywhere!(extremes, 0.0, 0.0);
}

fn zeros_with_a_base<T: Real>(tol: f64) {
    // far from the bend of the power at 0, so that differences see the slope there
    for (n, g) in pairs(SIZES, [1.0, 1.7, 5.0]) {
        let w: Vec<_> =
            weighting(1, n).iter().enumerate().map(|(i, w)| if i % 3 == 0 { 0.0 } else { *w }).collect();
        let (added, d) = ((0.01, 0.0), signed(2, n));
        let (out, d_w, d_g) = run::<T>(g, added, &w, &d);
        close("zeros", &out, &plain(g, added, &w), tol);
        is_gradient("by zeros", &d_w, &w, 20.0 * tol, |w| dot(&d, &plain(g, added, w)));
        is_gradient("by the power", &[d_g], &[g], 20.0 * tol, |g| dot(&d, &plain(g[0], added, &w)));
    }
}
#[test]
fn with_a_base_weights_of_zero_have_values_and_gradients_as_any_other() {
    everywhere!(zeros_with_a_base, 1e-8, 1e-5);
}

fn bad_numbers<T: Real>(_: f64) {
    for (n, bad) in pairs([1, 5, 8, 19], [f64::NAN, f64::INFINITY]) {
        for at in [0, n / 2, n - 1] {
            let mut w = weighting(1, n);
            w[at] = bad;
            let (out, ..) = run::<T>(2.0, (0.0, 0.0), &w, &vec![0.0; n]);
            assert!(out.iter().any(|x| !x.to().is_finite()), "{bad} at {at} of {n} is swallowed");
        }
        let (out, ..) = run::<T>(bad, (0.0, 0.0), &weighting(1, n), &vec![0.0; n]);
        assert!(out.iter().any(|x| !x.to().is_finite()), "power {bad} is swallowed");
    }
}
#[test]
fn bad_numbers_are_not_swallowed() {
    everywhere!(bad_numbers, 0.0, 0.0);
}
