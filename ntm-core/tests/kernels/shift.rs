//! Shifts: convolutions with short kernels, circular or not.
use super::*;
use ntm_core::kernels::shift::{shift, shift_vjp};

/// Tap j moves the focus forward by range - j.
fn plain(taps: &[f64], circular: bool, w: &[f64]) -> Vec<f64> {
    let (n, range) = (w.len() as isize, (taps.len() / 2) as isize);
    let mut out = vec![0.0; w.len()];
    for (from, w) in w.iter().enumerate() {
        for (j, tap) in taps.iter().enumerate() {
            let to = from as isize + range - j as isize;
            if circular || (0..n).contains(&to) {
                out[to.rem_euclid(n) as usize] += tap * w;
            }
        }
    }
    out
}
fn shifted<T: Real>(taps: &[f64], circular: bool, w: &[f64]) -> Fenced<T> {
    let mut out = output(w.len());
    shift(&input(taps), circular, &input(w), &mut out);
    out
}

fn values<T: Real>(tol: f64) {
    let sizes = |range: usize| SIZES.into_iter().chain([24, 64, 2 * range + 1, 2 * range + 2]);
    for (range, circular) in pairs(0..=9, [true, false]) {
        for n in sizes(range).filter(|&n| n > 2 * range) {
            let what = format!("{n} slots, range {range}, circular {circular}");
            let (taps, w) = (weighting(1, 2 * range + 1), weighting(2, n));
            let out = shifted::<T>(&taps, circular, &w);
            close(&what, &out, &plain(&taps, circular, &w), tol);
            if circular {
                sums_to_one(&what, &out, 1e-6);
            }
            let (d, mut d_w, mut d_taps) = (signed(3, n), output::<T>(n), output::<T>(taps.len()));
            shift_vjp(&input(&taps), circular, &input(&w), &input(&d), &mut d_w, &mut d_taps);
            is_gradient(&what, &d_w, &w, tol, |w| dot(&d, &plain(&taps, circular, w)));
            is_gradient(&what, &d_taps, &taps, tol, |t| dot(&d, &plain(t, circular, &w)));
        }
    }
}
#[test]
fn shifts_of_every_range_and_their_gradients_are_those_of_the_formula() {
    everywhere!(values, 1e-9, 1e-6);
}

/// Published kernels have the last tap forward, so they are reversed here.
fn published<T: Real>(tol: f64) {
    let up_to = |n: usize| (1..=n).map(|x| x as f64).collect::<Vec<_>>();
    let cases: [(&[f64], Vec<f64>, &[f64]); 5] = [
        (&[0.0, 0.0, 1.0], up_to(7), &[7.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        (&[0.5, 0.0, 0.5], vec![0.0, 0.0, 1.0, 0.0, 0.0], &[0.0, 0.5, 0.0, 0.5, 0.0]),
        // full-length kernels s(i - j), seen around their first tap: offsets -2, -1, 0, 1, 2
        (&[0.0, 0.0, 0.0, 0.0, 1.0], up_to(5), &[4.0, 5.0, 1.0, 2.0, 3.0]),
        (&[0.0, 0.0, 1.0, 0.0, 1.0], up_to(5), &[5.0, 7.0, 4.0, 6.0, 8.0]),
        (&[0.0, 1.0, 0.0], up_to(9), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
    ];
    for (kernel, w, want) in cases {
        let taps: Vec<_> = kernel.iter().rev().copied().collect();
        close("published", &shifted::<T>(&taps, true, &w), want, tol);
    }
    // a focus in slot 5 of n moves to 6 with the first tap, to 4 with the last, and leaves a line at its ends
    for n in [8, 11, 16, 32, 37] {
        let at = |slot: usize| (0..n).map(|i| (i == slot) as usize as f64).collect::<Vec<_>>();
        for (first, to) in [(1.0, 6), (0.0, 4)] {
            close("direction", &shifted::<T>(&[first, 0.0, 1.0 - first], true, &at(5)), &at(to), tol);
        }
        close("around", &shifted::<T>(&[1.0, 0.0, 0.0], true, &at(n - 1)), &at(0), tol);
        close("lost", &shifted::<T>(&[1.0, 0.0, 0.0], false, &at(n - 1)), &vec![0.0; n], tol);
        close("lost", &shifted::<T>(&[0.0, 0.0, 1.0], false, &at(0)), &vec![0.0; n], tol);
    }
}
#[test]
fn the_first_tap_moves_the_focus_forward_and_published_convolutions_come_out() {
    everywhere!(published, 0.0, 0.0);
}

#[test]
fn more_taps_than_slots_and_even_numbers_of_taps_are_refused() {
    for (taps, slots) in [(5, 4), (3, 2), (2, 8), (0, 8)] {
        let attempt = || shift(&vec![1.0; taps], true, &vec![1.0; slots], &mut vec![0.0; slots]);
        assert!(std::panic::catch_unwind(attempt).is_err(), "{taps} taps on {slots} slots");
    }
}
