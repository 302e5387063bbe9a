//! Elementary functions against the standard library in `f64`: over all numbers that `f32` has, and at its ends.
use super::*;
use ntm_core::Activation;
use ntm_core::kernels::activation::activate;
use ntm_core::kernels::elementary::{exp, ln, pow, sigmoid, tanh};

/// A million and a half of the numbers of `f32`, evenly over all that its bits can be, in an order that puts large,
/// small and bad ones side by side.
fn everything() -> Vec<f32> {
    (0..1_500_000u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b1))).collect()
}
/// Evenly from `low` to `high`, both included.
fn between(low: f64, high: f64) -> Vec<f32> {
    (0..=200_003).map(|i| (low + (high - low) * f64::from(i) / 200_003.0) as f32).collect()
}
const EXTREMES: [f32; 18] = [
    0.0,
    -0.0,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    f32::EPSILON,
    1.0,
    -1.0,
    88.0,
    88.8,
    -87.0,
    -104.0,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

/// Compares `f` with `exact` number by number; `holds` is told argument, result and what is wanted.
fn hold(
    name: &str,
    xs: &[f32],
    f: &dyn Fn(&mut [f32]),
    exact: &dyn Fn(f64) -> f64,
    holds: &dyn Fn(f64, f64, f64) -> bool,
) {
    let mut ys = xs.to_vec();
    f(&mut ys);
    for (&x, &y) in xs.iter().zip(&ys) {
        let (x, y) = (f64::from(x), f64::from(y));
        let want = exact(x);
        // a signalling NaN to the power 0 is one still, but was quiet in f64
        let right = if want.is_nan() || x.is_nan() { y.is_nan() || y == want } else { holds(x, y, want) };
        assert!(right, "{name} of {x:e} is {y:e}, not {want:e}: off by {:e}", (y - want).abs());
    }
}
/// As [`hold`], on everything, the extremes and a dense range.
fn over(
    name: &str,
    (low, high): (f64, f64),
    f: &dyn Fn(&mut [f32]),
    exact: &dyn Fn(f64) -> f64,
    holds: &dyn Fn(f64, f64, f64) -> bool,
) {
    for xs in [everything(), EXTREMES.to_vec(), between(low, high)] {
        hold(name, &xs, f, exact, holds);
    }
    // in the last vector, which is not full, too
    for n in 1..EXTREMES.len() {
        hold(name, &EXTREMES[EXTREMES.len() - n..], f, exact, holds);
    }
}

fn relative(y: f64, want: f64, most: f64) -> bool {
    y == want || (y - want).abs() <= most * want.abs()
}
/// As the documentation of `exp` says, with another relative error and another floor where they are asked for.
fn as_exp(power: f64, y: f64, want: f64, most: f64, floor: f64) -> bool {
    match power {
        p if p < -87.0 => (floor..=1.7e-38).contains(&y),
        p if p > 88.0 => y == f64::INFINITY || (p < 88.73 && relative(y, want, most)),
        _ => relative(y, want, most),
    }
}

#[test]
fn exp_has_six_digits_and_a_floor_at_e_to_minus_87() {
    on_every_set(|| {
        over("exp", (-90.0, 90.0), &|xs| exp(xs), &f64::exp, &|x, y, want| {
            as_exp(x, y, want, 2.5e-7, 1.5e-38)
        });
    });
}

#[test]
fn sigmoid_and_tanh_are_off_by_a_few_units_in_the_last_place_of_one() {
    let exact = |x: f64| 1.0 / (1.0 + (-x).exp());
    on_every_set(|| {
        over("sigmoid", (-100.0, 30.0), &|xs| sigmoid(xs), &exact, &|x, y, want| {
            (y - want).abs() <= 2e-7 && (x < -87.0 || relative(y, want, 4e-7))
        });
        over("tanh", (-20.0, 20.0), &|xs| tanh(xs), &f64::tanh, &|_, y, want| (y - want).abs() <= 2.5e-7);
    });
}

#[test]
fn ln_has_six_digits_or_seven_after_the_point_and_knows_zero_infinity_and_what_is_negative() {
    on_every_set(|| {
        over("ln", (0.25, 4.0), &|xs| ln(xs), &f64::ln, &|x, y, want| {
            if (0.5..=2.0).contains(&x) { (y - want).abs() <= 1.5e-7 } else { relative(y, want, 3e-7) }
        });
    });
}

#[test]
fn a_power_is_as_exact_as_its_logarithm_is_large() {
    on_every_set(|| {
        for power in [0.0, 0.5, 1.0, 2.0, -1.0, 3.7, 20.0, -50.0, 1e4, 1e30] {
            let name = format!("the power {power}");
            let power = f64::from(power as f32);
            over(&name, (0.0, 3.0), &|xs| pow(xs, power as f32), &|x| x.powf(power), &|x, y, want| {
                let log = power * x.ln();
                if x > 0.0 && log.is_finite() {
                    // at the ends of the range, the error of the logarithm decides on which side a result falls
                    let edge = 3e-7 * (1.0 + log.abs());
                    return [log, log - edge, log + edge]
                        .iter()
                        .any(|&log| as_exp(log, y, want, 3e-7 * (1.0 + log.abs()), 0.0));
                }
                y == want || (want.abs() > f64::from(f32::MAX) && y.abs() == f64::INFINITY) || {
                    // a negative number to a whole power: as the standard library has it in f32
                    f64::from((x as f32).powf(power as f32)) == y
                }
            });
        }
        for power in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            let mut ys = EXTREMES.to_vec();
            pow(&mut ys, power);
            for (x, y) in EXTREMES.iter().zip(ys) {
                let want = x.powf(power);
                assert!(y == want || (y.is_nan() && want.is_nan()), "{x}^{power} is {y}, not {want}");
            }
        }
    });
}

/// Softplus is made of exp and ln, and has an error of its own.
#[test]
fn softplus_is_off_by_six_digits_or_a_unit_in_the_last_place_of_four() {
    let exact = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    let f = |xs: &mut [f32]| activate(&Activation::Softplus, xs);
    on_every_set(|| {
        over("softplus", (-30.0, 30.0), &f, &exact, &|_, y, want| {
            (y - want).abs() <= 6e-7 || relative(y, want, 2e-7)
        });
    });
}

fn in_f64<T: Real>(_: f64) {
    let xs = [0.1, 0.7, 3.0, 1e-30, -2.0, 40.0];
    let with = |f: &dyn Fn(&mut [T])| {
        let mut ys = onto::<T>(&xs);
        f(&mut ys);
        wide(&ys)
    };
    let same = |got: Vec<f64>, exact: &dyn Fn(f64) -> f64| {
        for (y, x) in got.iter().zip(xs) {
            let want = exact(x);
            assert!((y.is_nan() && want.is_nan()) || (y - want).abs() <= 1e-15 * want.abs().max(1.0));
        }
    };
    same(with(&|xs| exp(xs)), &f64::exp);
    same(with(&|xs| ln(xs)), &f64::ln);
    same(with(&|xs| sigmoid(xs)), &|x| 1.0 / (1.0 + (-x).exp()));
    same(with(&|xs| tanh(xs)), &f64::tanh);
    same(with(&|xs| pow(xs, T::of(2.5))), &|x| x.powf(2.5));
}
#[test]
fn in_double_precision_they_are_those_of_the_standard_library() {
    in_f64::<f64>(0.0);
}
