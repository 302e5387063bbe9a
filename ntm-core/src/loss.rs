//! What a sequence costs: a property of its task, asked by everything that turns logits into answers.
use crate::Real;
use crate::kernels::loss::cross_entropy;
use std::f64::consts::LN_2;

/// Targets of squared errors are at most this far from 0: the sum of a thousand million squares is still far from the end
/// of single precision.
const LARGEST: f32 = 1e12;

/// How logits z are compared with targets y on the steps that are scored. The mask m of a step is its weight.
///
/// A *cost* is what people read: bits for the first two, a squared error for the last. A *loss* is what gradients are
/// of: the same in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum Loss {
    /// Every output is a bit of its own: binary cross-entropy of sigmoid(z), sum over scored steps of
    /// m sum over outputs of -(y ln p + (1 - y) ln(1 - p)). Targets are 0 to 1. Wrong are outputs on the other side of
    /// 0.5 than their target.
    #[default]
    Bits,
    /// The outputs of a step are one choice: cross-entropy of softmax(z), sum over scored steps of
    /// m sum over outputs of -y ln p. Targets are probabilities that sum to one, usually a one and zeros. Wrong are
    /// steps whose largest output is not where the largest target is.
    CrossEntropy,
    /// The outputs are numbers: squared errors (z - y)^2, weighted by m, averaged over the outputs of all scored steps of
    /// the sequence: sum of m (z - y)^2 / (outputs x sum of m). Targets are -1e12 to 1e12. There is no right or wrong.
    MeanSquare,
}

impl Loss {
    /// What a cost counts, for messages and the headings of tables.
    pub fn unit(self) -> &'static str {
        match self {
            Loss::Bits | Loss::CrossEntropy => "bits",
            Loss::MeanSquare => "squared error",
        }
    }
    /// What wrong answers are called, where there are any.
    pub fn wrong_name(self) -> Option<&'static str> {
        match self {
            Loss::Bits => Some("wrong bits"),
            Loss::CrossEntropy => Some("wrong steps"),
            Loss::MeanSquare => None,
        }
    }
    /// A loss as a cost: nats as bits, a squared error as it is.
    pub fn cost(self, loss: f64) -> f64 {
        match self {
            Loss::Bits | Loss::CrossEntropy => loss / LN_2,
            Loss::MeanSquare => loss,
        }
    }
    /// What the mask of a sequence is multiplied by, given the sum of it.
    pub(crate) fn share(self, outputs: usize, scored: f64) -> f64 {
        match self {
            Loss::MeanSquare if scored > 0.0 => 1.0 / (scored * outputs as f64),
            _ => 1.0,
        }
    }
    /// Adds the loss of columns of `outputs` logits to `loss`; `logits` becomes `scale` times its gradient. As many
    /// targets and weights as logits; the weights of a column are equal.
    pub fn gradient<T: Real>(
        self,
        outputs: usize,
        scale: f64,
        logits: &mut [T],
        targets: &[T],
        weights: &[T],
        loss: &mut f64,
    ) {
        match self {
            Loss::Bits => cross_entropy(scale, logits, targets, weights, loss),
            Loss::CrossEntropy => {
                let n = outputs.max(1);
                let columns = targets.chunks_exact(n).zip(weights.chunks_exact(n));
                for (z, (y, w)) in logits.chunks_exact_mut(n).zip(columns) {
                    choice(scale, z, y, w[0], loss);
                }
            }
            Loss::MeanSquare => {
                let (two, scale) = (T::of(2.0), T::of(scale));
                for (z, (&y, &w)) in logits.iter_mut().zip(targets.iter().zip(weights)) {
                    if w == T::of(0.0) {
                        *z = T::of(0.0);
                        continue;
                    }
                    let error = *z - y;
                    *loss += (w * error * error).to();
                    *z = two * scale * w * error;
                }
            }
        }
    }
    /// How many answers of a column are wrong; 0 where that means nothing.
    pub fn wrong<T: Real>(self, logits: &[T], targets: &[T], weights: &[T]) -> usize {
        let zero = T::of(0.0);
        match self {
            Loss::Bits => {
                let half = T::of(0.5);
                let scored = logits.iter().zip(targets).zip(weights).filter(|(_, w)| **w != zero);
                scored.filter(|((z, y), _)| (**z >= zero) != (**y >= half)).count()
            }
            Loss::CrossEntropy => {
                let scored = weights.first().is_some_and(|w| *w != zero);
                usize::from(scored && largest(logits) != largest(targets))
            }
            Loss::MeanSquare => 0,
        }
    }
    /// What the model says with a column of logits: sigmoid of each, softmax of all, or the numbers themselves.
    pub fn answer<T: Real>(self, logits: &[T]) -> Vec<T> {
        let one = T::of(1.0);
        match self {
            Loss::Bits => logits.iter().map(|&z| one / (one + (-z).exp())).collect(),
            Loss::CrossEntropy => {
                let (most, sum) = partition(logits);
                logits.iter().map(|&z| (z - most).exp() / sum).collect()
            }
            Loss::MeanSquare => logits.to_vec(),
        }
    }
    /// What is wrong with the targets of a scored step, if anything: they are not what this loss compares with.
    ///
    /// # Errors
    /// Says which target is not allowed, and what would be.
    pub fn check(self, targets: &[f32]) -> Result<(), String> {
        match self {
            Loss::Bits => match targets.iter().find(|y| !(0.0..=1.0).contains(*y)) {
                Some(y) => Err(format!("{y}, and Bits takes targets from 0 to 1")),
                None => Ok(()),
            },
            Loss::CrossEntropy => {
                if let Some(y) = targets.iter().find(|y| !(0.0..=1.0).contains(*y)) {
                    return Err(format!("{y}, and CrossEntropy takes probabilities, 0 to 1"));
                }
                let sum: f64 = targets.iter().map(|&y| f64::from(y)).sum();
                match (sum - 1.0).abs() <= 1e-3 {
                    true => Ok(()),
                    false => Err(format!(
                        "targets that sum to {sum}, and those of a step of CrossEntropy are probabilities that sum to 1"
                    )),
                }
            }
            Loss::MeanSquare => match targets.iter().find(|y| !(-LARGEST..=LARGEST).contains(*y)) {
                Some(y) => Err(format!(
                    "{y}, and MeanSquare takes targets from -{LARGEST:e} to {LARGEST:e}, whose squares can be added up; \
                     divide them all by a common scale"
                )),
                None => Ok(()),
            },
        }
    }
}

/// The largest logit, and the sum of all e^(z - largest).
fn partition<T: Real>(logits: &[T]) -> (T, T) {
    // a logit that is not a number must come through, and `max` may drop it: the sum keeps it
    let most = logits.iter().copied().reduce(|a, b| if b > a { b } else { a }).unwrap_or(T::of(0.0));
    let sum = logits.iter().fold(T::of(0.0), |sum, &z| sum + (z - most).exp());
    (most, sum)
}

/// Cross-entropy of one column: w (sum of y ln(sum of e^z) - sum of y z), which is sum of -y ln p.
fn choice<T: Real>(scale: f64, z: &mut [T], y: &[T], w: T, loss: &mut f64) {
    if w == T::of(0.0) {
        return z.fill(T::of(0.0));
    }
    let (most, sum) = partition(z);
    let (log, scale) = (sum.ln(), T::of(scale) * w);
    let total = y.iter().fold(T::of(0.0), |sum, &y| sum + y);
    let mut nats = 0.0;
    for (z, &y) in z.iter_mut().zip(y) {
        let below = *z - most;
        // where y is 0 and z infinitely small, 0 x infinity would be no number
        nats += if y == T::of(0.0) && below <= T::of(0.0) { 0.0 } else { (y * (log - below)).to() };
        *z = scale * (total * below.exp() / sum - y);
    }
    *loss += w.to() * nats;
}

/// Where the largest number is; the first of equals.
fn largest<T: Real>(numbers: &[T]) -> usize {
    let mut at = 0;
    for (i, x) in numbers.iter().enumerate() {
        if *x > numbers[at] {
            at = i;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: [f64; 8] = [0.3, -1.2, 2.0, 0.7, -0.4, 0.1, 1.5, -2.5];
    const W: [f64; 8] = [1.0, 1.0, 1.0, 1.0, 0.25, 0.25, 0.25, 0.25];

    fn targets(loss: Loss) -> [f64; 8] {
        match loss {
            Loss::Bits => [0.0, 1.0, 1.0, 0.0, 0.5, 1.0, 0.0, 1.0],
            Loss::CrossEntropy => [0.0, 0.0, 1.0, 0.0, 0.1, 0.2, 0.3, 0.4],
            Loss::MeanSquare => [3.0, -2.0, 0.0, 0.5, 1.0, 1.0, -7.0, 0.0],
        }
    }
    /// Written from the definitions, two columns of four outputs.
    fn plain(loss: Loss, z: &[f64], y: &[f64]) -> f64 {
        let column = |c: usize| -> f64 {
            let (z, y) = (&z[4 * c..4 * c + 4], &y[4 * c..4 * c + 4]);
            let all: f64 = z.iter().map(|z| z.exp()).sum();
            let of = |i: usize| match loss {
                Loss::Bits => {
                    let p = 1.0 / (1.0 + (-z[i]).exp());
                    -(y[i] * p.ln() + (1.0 - y[i]) * (1.0 - p).ln())
                }
                Loss::CrossEntropy => -y[i] * (z[i].exp() / all).ln(),
                Loss::MeanSquare => (z[i] - y[i]).powi(2),
            };
            W[4 * c] * (0..4).map(of).sum::<f64>()
        };
        column(0) + column(1)
    }

    const ALL: [Loss; 3] = [Loss::Bits, Loss::CrossEntropy, Loss::MeanSquare];

    #[test]
    fn losses_are_those_of_their_definitions_and_gradients_their_derivatives() {
        for loss in ALL {
            let y = targets(loss);
            let (mut d, mut sum) = (Z, 10.0);
            loss.gradient(4, 0.5, &mut d, &y, &W, &mut sum);
            assert!((sum - 10.0 - plain(loss, &Z, &y)).abs() < 1e-9, "{loss:?}: {sum}");
            for i in 0..8 {
                let at = |h: f64| {
                    let mut z = Z;
                    z[i] += h;
                    plain(loss, &z, &y)
                };
                let expected = 0.5 * (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((d[i] - expected).abs() < 1e-8, "{loss:?} {i}: {} beside {expected}", d[i]);
            }
            let (mut single, mut sum_single) = (Z.map(|x| x as f32), 10.0);
            let (y, w) = (y.map(|x| x as f32), W.map(|x| x as f32));
            loss.gradient(4, 0.5, &mut single, &y, &w, &mut sum_single);
            assert!((sum - sum_single).abs() < 1e-4, "{loss:?}");
            assert!(single.iter().zip(d).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5), "{loss:?}");
        }
    }

    #[test]
    fn large_logits_do_not_overflow_and_bad_ones_are_not_swallowed() {
        for (z, cost) in [([1e30_f32, 0.0], 0.0), ([0.0, 1000.0], 1000.0), ([-1e30, 0.0], 1e30)] {
            let (mut d, mut loss) = (z, 0.0);
            Loss::CrossEntropy.gradient(2, 1.0, &mut d, &[1.0, 0.0], &[1.0; 2], &mut loss);
            assert!((loss - cost).abs() <= 1e-6 * cost && d.iter().all(|d| d.abs() <= 1.0), "{z:?}: {loss}");
        }
        for loss in ALL {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                for at in 0..2 {
                    let (mut z, mut sum) = ([0.5; 2], 0.0);
                    z[at] = bad;
                    let mut d = z;
                    let mut y = [0.0; 2];
                    y[if bad > 0.0 { 1 - at } else { at }] = 1.0;
                    loss.gradient(2, 1.0, &mut d, &y, &[1.0; 2], &mut sum);
                    assert!(!sum.is_finite(), "{loss:?} of {z:?} for {y:?} is {sum}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_scored_costs_nothing_whatever_stands_there() {
        for loss in [Loss::CrossEntropy, Loss::MeanSquare] {
            let (mut d, mut sum) = ([f64::NAN, 3.0], 0.0);
            loss.gradient(2, 1.0, &mut d, &[7.0, 7.0], &[0.0; 2], &mut sum);
            assert_eq!((d, sum), ([0.0; 2], 0.0), "{loss:?}");
            assert_eq!(loss.wrong(&[1.0, 2.0], &[1.0, 0.0], &[0.0; 2]), 0, "{loss:?}");
        }
    }

    #[test]
    fn answers_and_wrong_answers_are_those_of_the_loss() {
        let (z, y, w) = ([-1.0, 2.0, 1.0], [1.0, 1.0, 0.0], [1.0; 3]);
        assert_eq!(Loss::Bits.wrong(&z, &y, &w), 2);
        assert_eq!(Loss::CrossEntropy.wrong(&z, &[0.0, 0.0, 1.0], &w), 1);
        assert_eq!(Loss::CrossEntropy.wrong(&z, &[0.2, 0.5, 0.3], &w), 0);
        assert_eq!(Loss::MeanSquare.wrong(&z, &y, &w), 0);
        let p = Loss::CrossEntropy.answer(&z);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && (p[1] / p[2] - 1.0_f64.exp()).abs() < 1e-12);
        assert!((Loss::Bits.answer(&z)[0] - 1.0 / (1.0 + 1.0_f64.exp())).abs() < 1e-12);
        assert_eq!(Loss::MeanSquare.answer(&z), z);
    }

    #[test]
    fn targets_that_a_loss_cannot_compare_with_are_refused() {
        assert!(Loss::Bits.check(&[0.0, 0.5, 1.0]).is_ok() && Loss::Bits.check(&[1.5]).is_err());
        assert!(Loss::CrossEntropy.check(&[0.25, 0.75]).is_ok());
        assert!(
            Loss::CrossEntropy.check(&[1.0, 1.0]).is_err() && Loss::CrossEntropy.check(&[2.0, -1.0]).is_err()
        );
        assert!(Loss::MeanSquare.check(&[-70.0]).is_ok());
    }
}
