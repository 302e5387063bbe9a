//! Optimisers on flat slabs.
use super::*;
use ntm_core::kernels::optimizer::{AdamStep, GradientChange, RmsPropStep};
use ntm_core::kernels::optimizer::{accumulate, adam, rmsprop, sum_of_squares};

const AS_IS: GradientChange = GradientChange { scale: 1.0, limit: f64::INFINITY };
const CHANGES: [GradientChange; 3] =
    [AS_IS, GradientChange { scale: 0.5, limit: f64::INFINITY }, GradientChange { scale: 3.0, limit: 0.7 }];
const GRAVES: RmsPropStep = RmsPropStep { rate: 1e-4, decay: 0.95, momentum: 0.9, epsilon: 1e-4 };

fn published<T: Real>(tol: f64) {
    // n, g, D, w and gradient before; n, g, D, w after
    const CASES: [([f64; 5], [f64; 4]); 3] = [
        ([10.3, 1.8, 3.7, 1.1, 2.7], [10.1495, 1.845, 3.329896, 4.429896]),
        ([14.3, 2.1, 1.7, 1.2, 1.9], [13.7655, 2.09, 1.529938, 2.729938]),
        ([12.3, 0.8, 8.1, 0.9, 1.3], [11.7695, 0.825, 7.289961, 8.189961]),
    ];
    for copies in [1, 7] {
        let all = |k: usize| (0..3 * copies).map(|i| CASES[i % 3].0[k]).collect::<Vec<_>>();
        let [mut n, mut g, mut d, mut w] = [0, 1, 2, 3].map(|k| onto::<T>(&all(k)));
        rmsprop(GRAVES, AS_IS, &input(&all(4)), &mut n, &mut g, &mut d, &mut w);
        for (k, got) in [n, g, d, w].iter().enumerate() {
            close("update", got, &(0..3 * copies).map(|i| CASES[i % 3].1[k]).collect::<Vec<_>>(), tol);
        }
    }
}
#[test]
fn rmsprop_gives_the_published_updates() {
    everywhere!(published, 6e-7, 6e-7);
}

fn steps<T: Real>(tol: f64) {
    for (n, change) in pairs(SIZES, CHANGES) {
        let changed = |e: &f64| (e * change.scale).clamp(-change.limit, change.limit);
        for centred in [true, false] {
            let step = RmsPropStep { rate: 0.01, ..GRAVES };
            let (mut squares, mut deltas) = (onto::<T>(&vec![0.0; n]), onto::<T>(&vec![0.0; n]));
            let (mut means, start) = (onto::<T>(&vec![0.0; if centred { n } else { 0 }]), signed(9, n));
            let mut params = onto::<T>(&start);
            let (mut s, mut m, mut d, mut p) = (vec![0.0; n], vec![0.0; n], vec![0.0; n], start);
            for time in 0..4 {
                let e = draw(time, n, -2.0, 2.0);
                rmsprop(step, change, &input(&e), &mut squares, &mut means, &mut deltas, &mut params);
                for (i, e) in e.iter().map(changed).enumerate() {
                    s[i] = 0.95 * s[i] + 0.05 * e * e;
                    m[i] = if centred { 0.95 * m[i] + 0.05 * e } else { 0.0 };
                    d[i] = 0.9 * d[i] - 0.01 * e / (s[i] - m[i] * m[i] + 1e-4).sqrt();
                    p[i] += d[i];
                }
            }
            close("rmsprop squares", &squares, &s, tol);
            close("rmsprop deltas", &deltas, &d, tol);
            close("rmsprop parameters", &params, &p, tol);
            if centred {
                close("rmsprop means", &means, &m, tol)
            }
        }
        let (mut means, mut squares) = (onto::<T>(&vec![0.0; n]), onto::<T>(&vec![0.0; n]));
        let start = signed(9, n);
        let mut params = onto::<T>(&start);
        let (mut v, mut m, mut p) = (vec![0.0; n], vec![0.0; n], start);
        for time in 1..5 {
            let e = draw(time, n, -2.0, 2.0);
            let (fade1, fade2) = (1.0 - 0.9f64.powi(time as i32), 1.0 - 0.99f64.powi(time as i32));
            let step = AdamStep {
                rate: 0.01 / fade1,
                beta1: 0.9,
                beta2: 0.99,
                root_scale: 1.0 / fade2.sqrt(),
                epsilon: 1e-8,
            };
            adam(step, change, &input(&e), &mut means, &mut squares, &mut params);
            for (i, e) in e.iter().map(changed).enumerate() {
                m[i] = 0.9 * m[i] + 0.1 * e;
                v[i] = 0.99 * v[i] + 0.01 * e * e;
                p[i] -= 0.01 * (m[i] / fade1) / ((v[i] / fade2).sqrt() + 1e-8);
            }
        }
        for (got, want) in [(&means, &m), (&squares, &v), (&params, &p)] {
            close("adam", got, want, tol);
        }
    }
}
#[test]
fn rmsprop_and_adam_take_the_steps_of_their_formulas_on_scaled_and_cut_gradients() {
    everywhere!(steps, 1e-13, 3e-6);
}

fn sums<T: Real>(tol: f64) {
    for n in SIZES.into_iter().chain([0, 64, 65, 1000]) {
        let (x, y) = (signed(1, n), signed(2, n));
        let mut sum = 2.0;
        sum_of_squares(&input::<T>(&x), &mut sum);
        close("sum of squares", &[sum], &[2.0 + dot(&x, &x)], tol);
        let mut to = onto::<T>(&y);
        accumulate(&input(&x), &mut to);
        close("sum", &to, &x.iter().zip(&y).map(|(x, y)| x + y).collect::<Vec<_>>(), tol);
        for bad in [f64::NAN, f64::INFINITY] {
            if n > 0 {
                let mut x = onto::<T>(&x);
                x[n - 1] = T::of(bad);
                sum_of_squares(&x, &mut sum);
                assert!(!sum.is_finite());
                let mut p = onto::<T>(&y);
                let [mut n1, mut n2, mut n3] =
                    [(); 3].map(|_| onto::<T>(&y.iter().map(|y| y * y).collect::<Vec<_>>()));
                rmsprop(GRAVES, AS_IS, &x, &mut n1, &mut n2, &mut n3, &mut p);
                assert!(!n1[n - 1].to().is_finite(), "{bad} leaves no trace in the optimiser");
            }
        }
    }
}
#[test]
fn sums_are_added_and_bad_gradients_are_not_swallowed() {
    everywhere!(sums, 1e-13, 2e-6);
}
