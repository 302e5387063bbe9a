//! Binary cross-entropy.
use super::*;
use ntm_core::kernels::loss::cross_entropy;

fn plain(z: f64, y: f64) -> f64 {
    z.max(0.0) - z * y + (-z.abs()).exp().ln_1p()
}

fn values<T: Real>(tol: f64) {
    for n in SIZES {
        let (z, y) = (draw(1, n, -9.0, 9.0), draw(2, n, 0.0, 1.0));
        let weights: Vec<_> = signed(3, n).into_iter().map(|w| w.max(0.0)).collect();
        let (mut logits, mut loss) = (onto::<T>(&z), 10.0);
        cross_entropy(0.25, &mut logits, &input(&y), &input(&weights), &mut loss);
        let total = |z: &[f64]| (0..n).map(|i| weights[i] * plain(z[i], y[i])).sum::<f64>();
        close("loss", &[loss], &[10.0 + total(&z)], tol * (n as f64).sqrt());
        is_gradient("gradient", &logits, &z, tol, |z| 0.25 * total(z));
    }
}
#[test]
fn the_loss_is_added_and_the_logits_become_the_scaled_gradient() {
    everywhere!(values, 1e-9, 2e-6);
}

fn extremes<T: Real>(tol: f64) {
    for z in [0.0, 1.0, 30.0, 90.0, 1000.0, 1e30] {
        for (z, y) in [(z, 0.0), (z, 1.0), (-z, 0.0), (-z, 1.0)] {
            let (mut logits, mut loss) = (onto::<T>(&[z; 9]), 0.0);
            cross_entropy(1.0, &mut logits, &input(&[y; 9]), &input(&[1.0; 9]), &mut loss);
            close("loss", &[loss], &[9.0 * plain(z, y)], 9.0 * tol);
            close("gradient", &logits, &[1.0 / (1.0 + (-z).exp()) - y; 9], tol);
        }
    }
    for (n, bad) in pairs([1, 5, 8, 19], BAD) {
        for y in [0.0, 0.5, 1.0] {
            let (mut logits, mut loss) = (onto::<T>(&vec![0.5; n]), 0.0);
            logits[n - 1] = T::of(bad);
            cross_entropy(1.0, &mut logits, &input(&vec![y; n]), &input(&vec![1.0; n]), &mut loss);
            assert!(!loss.is_finite(), "the loss of {bad} for target {y} is {loss}");
        }
    }
}
#[test]
fn large_logits_do_not_overflow_and_bad_ones_are_not_swallowed() {
    everywhere!(extremes, 1e-14, 2e-7);
}
