//! Interpolation with the previous weighting.
use super::*;
use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};

fn plain(gate: f64, w: &[f64], previous: &[f64]) -> Vec<f64> {
    w.iter().zip(previous).map(|(w, p)| gate * w + (1.0 - gate) * p).collect()
}

fn values<T: Real>(tol: f64) {
    for (n, gate) in pairs(SIZES, [0.0, 0.25, 1.0]) {
        let (w, previous, d) = (weighting(1, n), weighting(2, n), signed(3, n));
        let (tw, tp, mut out) = (input(&w), input(&previous), output::<T>(n));
        interpolate(T::of(gate), &tw, &tp, &mut out);
        close("interpolated", &out, &plain(gate, &w, &previous), tol);
        let old = signed(4, n);
        let (mut d_w, mut d_previous, mut d_gate) = (output(n), onto(&old), T::of(f64::NAN));
        interpolate_vjp(T::of(gate), &tw, &tp, &input(&d), &mut d_w, &mut d_previous, &mut d_gate);
        close("d_w", &d_w, &d.iter().map(|d| gate * d).collect::<Vec<_>>(), tol);
        let want: Vec<_> = d.iter().zip(&old).map(|(d, old)| old + (1.0 - gate) * d).collect();
        close("d_previous", &d_previous, &want, tol);
        is_gradient("d_gate", &[d_gate], &[gate], tol, |g| dot(&d, &plain(g[0], &w, &previous)));
    }
}
#[test]
fn interpolation_is_written_and_the_previous_weighting_gets_its_gradient_added() {
    everywhere!(values, 1e-9, 1e-6);
}
