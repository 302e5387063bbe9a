//! Content addressing: a softmax of similarities.
use super::*;
use ntm_core::kernels::content::{content, content_vjp};
use ntm_core::kernels::sharpen::sharpen;
use ntm_core::kernels::similarity::{Key, norms, similarity};
use ntm_core::{Shape, Similarity};

fn plain(strength: f64, x: &[f64]) -> Vec<f64> {
    let top = x.iter().map(|x| strength * x).fold(f64::MIN, f64::max);
    let e: Vec<_> = x.iter().map(|x| (strength * x - top).exp()).collect();
    e.iter().map(|x| x / e.iter().sum::<f64>()).collect()
}

/// (out, d_similarity, d_strength)
fn run<T: Real>(strength: f64, x: &[f64], d: &[f64]) -> (Fenced<T>, Fenced<T>, T) {
    let (n, b, tx) = (x.len(), T::of(strength), input::<T>(x));
    let (mut out, mut d_x, mut d_b) = (output(n), output(n), T::of(f64::NAN));
    content(b, &tx, &mut out);
    content_vjp(b, &tx, &out, &input(d), &mut d_x, &mut d_b);
    (out, d_x, d_b)
}

fn values<T: Real>(tol: f64) {
    for (n, strength) in pairs(SIZES, [0.0, 1.0, 6.5, -2.0]) {
        let (x, d) = (signed(1, n), signed(2, n));
        let what = format!("{n} slots, strength {strength}");
        let (out, d_x, d_b) = run::<T>(strength, &x, &d);
        close(&what, &out, &plain(strength, &x), tol);
        is_gradient(&what, &d_x, &x, tol, |x| dot(&d, &plain(strength, x)));
        is_gradient(&what, &[d_b], &[strength], tol, |b| dot(&d, &plain(b[0], &x)));
    }
}
#[test]
fn the_softmax_and_its_gradient_are_those_of_the_formula() {
    everywhere!(values, 1e-9, 2e-6);
}

fn extremes<T: Real>(_: f64) {
    for (n, strength) in pairs(SIZES, [0.0, 1e4, 1e20]) {
        for x in [signed(1, n), vec![0.0; n], vec![-1.0; n], draw(1, n, -1e4, -1.0)] {
            let what = format!("{n} slots, strength {strength}");
            let (out, d_x, d_b) = run::<T>(strength, &x, &signed(2, n));
            sums_to_one(&what, &out, 1e-5);
            for part in [&out[..], &d_x[..], &[d_b]] {
                all_finite(&what, part);
            }
            if strength == 0.0 {
                close(&what, &out, &vec![1.0 / n as f64; n], 1e-6)
            }
        }
    }
    for (n, bad) in pairs([1, 5, 8, 19, 33], [f64::NAN, f64::INFINITY]) {
        for at in [0, n / 2, n - 1] {
            let mut x = signed(1, n);
            x[at] = bad;
            let (out, ..) = run::<T>(2.0, &x, &vec![0.0; n]);
            assert!(out.iter().any(|x| !x.to().is_finite()), "{bad} at {at} of {n} is swallowed");
        }
        let (out, ..) = run::<T>(bad, &signed(1, n), &vec![0.0; n]);
        assert!(out.iter().any(|x| !x.to().is_finite()), "strength {bad} is swallowed");
    }
}
#[test]
fn any_strength_gives_a_weighting_and_bad_numbers_are_not_swallowed() {
    everywhere!(extremes, 0.0, 0.0);
}

fn one_hot<T: Real>(tol: f64) {
    for slots in [4, 8, 19, 128] {
        let shape = Shape { slots, width: 6 };
        let memory = signed(5, shape.numbers());
        for row in [0, slots / 2, slots - 1] {
            let numbers: Vec<_> = (0..6).map(|m| memory[m * slots + row]).collect();
            let (tm, keys) = (input::<T>(&memory), [Key { at: 0, similarity: Similarity::default() }]);
            let [mut sizes, mut like, mut w, mut out, mut logs] = [(); 5].map(|_| output::<T>(slots));
            norms(shape, &tm, &mut sizes);
            similarity(shape, &tm, &sizes, &input(&numbers), &keys, &mut like);
            content(T::of(100.0), &like, &mut w);
            sharpen(T::of(100.0), 0.0, 0.0, &w, &mut out, &mut logs);
            let want: Vec<_> = (0..slots).map(|i| (i == row) as usize as f64).collect();
            close(&format!("row {row} of {slots}"), &out, &want, tol);
        }
    }
}
#[test]
fn a_key_equal_to_a_row_is_one_hot_at_strength_and_sharpening_100() {
    everywhere!(one_hot, 1e-6, 1e-6);
}
