//! The element-wise part of an LSTM layer.
use super::*;
use ntm_core::buffers::{mat_apart, mat_apart_mut};
use ntm_core::kernels::lstm::{lstm, lstm_vjp};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
/// (c, tanh c, h) from the raw gates i, f, g, o and the old c
fn plain(x: &[f64]) -> [f64; 3] {
    let c = sigmoid(x[1]) * x[4] + sigmoid(x[0]) * x[2].tanh();
    [c, c.tanh(), sigmoid(x[3]) * c.tanh()]
}

fn cells<T: Real>(tol: f64, tol_vjp: f64) {
    for (hidden, items) in pairs(SIZES, [1, 2, 3, 8]) {
        let (what, n, ldy) = (format!("{hidden} x {items}"), hidden * items, hidden + 3);
        let (raw, c_old) = (draw(1, 4 * n, -4.0, 4.0), draw(2, n, -2.0, 2.0));
        let numbers = |k: usize| {
            let gates = col(&raw, 4 * hidden, k / hidden);
            let gate = |g: usize| gates[g * hidden + k % hidden];
            [gate(0), gate(1), gate(2), gate(3), c_old[k]]
        };
        let want: Vec<_> = (0..n).map(|k| plain(&numbers(k))).collect();
        let (mut gates, old) = (onto::<T>(&raw), input::<T>(&c_old));
        let [mut c, mut tanh_c, mut h] = [(); 3].map(|_| output::<T>(n));
        let mut y = output::<T>((items - 1) * ldy + hidden);
        let view = mat_apart_mut(&mut y, hidden, items, ldy);
        lstm(hidden, items, &mut gates, &old, &mut c, &mut tanh_c, &mut h, view);
        for (part, got) in [&c, &tanh_c, &h].into_iter().enumerate() {
            close(&what, got, &want.iter().map(|w| w[part]).collect::<Vec<_>>(), tol);
        }
        for (i, &y) in y.iter().enumerate() {
            let (item, row) = (i / ldy, i % ldy);
            assert!(
                if row < hidden { y == h[item * hidden + row] } else { y.to().is_nan() },
                "{what}: y is not h"
            );
        }
        // the gradient by h is d_h + d_y; that by the new cell comes in d_c
        let (d_h, d_c_new) = (signed(3, n), signed(4, n));
        let d_y = signed(5, y.len());
        let (td_h, td_y, mut d_c) = (input(&d_h), input(&d_y), onto::<T>(&d_c_new));
        let d_y_view = mat_apart(&td_y, hidden, items, ldy);
        lstm_vjp(hidden, items, &mut gates, &old, &tanh_c, &td_h, d_y_view, &mut d_c);
        for k in 0..n {
            let (item, i) = (k / hidden, k % hidden);
            let by_h = d_h[k] + d_y[item * ldy + i];
            let gate = |g: usize| gates[item * 4 * hidden + g * hidden + i];
            let got = [gate(0), gate(1), gate(2), gate(3), d_c[k]];
            is_gradient(&what, &got, &numbers(k), tol_vjp, |x| {
                let [c, _, h] = plain(x);
                d_c_new[k] * c + by_h * h
            });
        }
    }
}
fn values<T: Real>(tol: f64) {
    cells::<T>(tol, tol.max(1e-8))
}
#[test]
fn the_cell_and_its_gradient_are_those_of_the_formula() {
    everywhere!(values, 1e-14, 2e-6);
}

fn bad_numbers<T: Real>(_: f64) {
    for (hidden, bad) in pairs([1, 5, 8, 21], [f64::NAN, f64::INFINITY]) {
        for gate in 0..5 {
            let (mut gates, mut old) = (onto::<T>(&vec![0.3; 4 * hidden]), onto::<T>(&vec![0.5; hidden]));
            let at = hidden - 1;
            if gate < 4 {
                gates[gate * hidden + at] = T::of(bad)
            } else {
                old[at] = T::of(bad)
            }
            let [mut c, mut tanh_c, mut h, mut y] = [(); 4].map(|_| output::<T>(hidden));
            let view = mat_apart_mut(&mut y, hidden, 1, hidden);
            lstm(hidden, 1, &mut gates, &old, &mut c, &mut tanh_c, &mut h, view);
            // gates have limits at infinity, the cell has not
            let lost = c[at].to().is_finite() && h[at].to().is_finite();
            assert_eq!(lost, bad.is_infinite() && gate < 4, "{bad} in {gate} gives {}, {}", c[at], h[at]);
            assert!((0..at).all(|i| h[i].to().is_finite()), "a neighbour is not finite");
        }
    }
}
#[test]
fn bad_numbers_are_not_swallowed() {
    everywhere!(bad_numbers, 0.0, 0.0);
}
