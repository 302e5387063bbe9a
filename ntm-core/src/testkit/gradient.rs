//! Gradients against central differences.
use super::failure::{At, Failure, Promise};
use super::part::{How, Part, Run, Values, random, run};
use rand::RngExt;

/// How far a gradient may be off, relative to max(|g|, 1e-3 of the largest).
pub(super) const TOLERANCE: f64 = 1e-6;
/// Distances of the five points. The smaller ones count where a larger one steps over a kink.
const STEPS: [f64; 4] = [1e-3, 2e-4, 3e-5, 5e-6];
/// Numbers tried per list.
const MOST: usize = 160;

/// The sum of what comes out, weighted by `d_outputs`.
fn loss(values: &Values, run: &Run<f64>) -> f64 {
    let lists = run.outputs.iter().zip(&values.d_outputs);
    lists.flat_map(|(y, d)| y.iter().zip(d)).map(|(y, d)| y * d).sum()
}

/// Which numbers of a list are tried: all, or some of them drawn.
fn chosen(n: usize, seed: u64) -> Vec<usize> {
    if n <= MOST {
        return (0..n).collect();
    }
    let mut random = random(100 + seed);
    (0..MOST).map(|i| i * n / MOST + random.random_range(0..n / MOST)).map(|i| i.min(n - 1)).collect()
}

/// Compares the gradient in f64 with five-point differences of the values.
pub(super) fn check(at: &At, part: &dyn Part<f64>, values: &Values) -> Result<(), Failure> {
    let promise = Promise::Gradient;
    let ours = run(at, promise, part, values, How::PLAIN)?;
    let most = |list: &[f64]| list.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let largest = ours.gradients.iter().map(|g| most(g)).fold(0.0, f64::max);
    let size = loss(values, &ours).abs();
    let mut worst: Option<(f64, String)> = None;
    let mut moved = values.clone();
    for (k, input) in part.inputs().iter().enumerate() {
        let gradient = &ours.gradients[k];
        // below this, rounding of the loss is all there is
        let floor = (1e-3 * most(gradient)).max(1e-6 * largest).max(1e-6 * size).max(1e-12);
        for i in chosen(gradient.len(), k as u64) {
            let Some(label) = input.label(i) else { continue };
            let (x, g) = (values.inputs[k][i], gradient[i]);
            let (mut error, mut found) = (f64::INFINITY, 0.0);
            for step in STEPS {
                let mut value = |n: f64| {
                    moved.inputs[k][i] = x + n * step;
                    run(at, promise, part, &moved, How::FORWARD).map(|r| loss(values, &r))
                };
                let near = value(1.0)? - value(-1.0)?;
                let far = value(2.0)? - value(-2.0)?;
                let d = (8.0 * near - far) / (12.0 * step);
                let off = (g - d).abs() / g.abs().max(d.abs()).max(floor);
                if off < error {
                    (error, found) = (off, d);
                }
                if error <= TOLERANCE {
                    break;
                }
            }
            moved.inputs[k][i] = x;
            if error > TOLERANCE && worst.as_ref().is_none_or(|w| error > w.0) {
                worst = Some((error, format!("by {label} it is {g}, differences say {found}")));
            }
        }
    }
    match worst {
        Some((error, what)) => Err(at.breaks(promise, format!("{what} (off by {error:.1e})"))),
        None => Ok(()),
    }
}
