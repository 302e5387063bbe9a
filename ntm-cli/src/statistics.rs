//! The few numbers by which sets of runs are compared, and how sure they are.
//!
//! Runs of one variant differ by their seed alone. A few of them are no normal distribution: most learn, some do not, and
//! one bad run moves a mean as far as it likes. So a cost is told as its interquartile mean with a bootstrap interval,
//! and two variants are compared by how often a run of one is below a run of the other (Agarwal, Schwarzer, Castro,
//! Courville, Bellemare 2021, *Deep Reinforcement Learning at the Edge of the Statistical Precipice*). A run that failed
//! or never arrived takes part as infinity: it is worse than every other, and is never left out.
//!
//! Values are in any order; none of them may be NaN (which would count as larger than infinity).

use ntm_core::random::Random;
use rand::{Rng, SeedableRng};
use serde::Serialize;

/// Resamples of a [`bootstrap`].
pub const RESAMPLES: u64 = 2_000;
/// How many resamples lie outside of the interval on either side: 2.5 % of them.
const OUTSIDE: usize = RESAMPLES as usize / 40;

/// What lies between the 2.5th and the 97.5th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// the 2.5th percentile; never above `high`
    pub low: f64,
    /// the 97.5th percentile
    pub high: f64,
}

/// A number with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// the number itself, of all values
    pub value: f64,
    /// its 95 % interval; fewer than two runs have none
    pub interval: Option<Interval>,
}

/// The middle one of the sorted values, of an even number of them the mean of the two in the middle; `None` of none.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let (low, high) = (sorted.get((sorted.len().max(1) - 1) / 2)?, sorted.get(sorted.len() / 2)?);
    // of two infinities the mean is infinity, and of equal numbers the number itself
    Some(if low == high { *low } else { low / 2.0 + high / 2.0 })
}

/// The mean of the middle half of the sorted values x_0 … x_{n-1}; `None` of none.
///
/// ```text
/// sum_i w_i x_i / (n / 2),   w_i = length of what [i, i + 1] and [n / 4, 3 n / 4] have in common
/// ```
///
/// Where n is no multiple of four, the values at the ends of the middle half count in part. A quarter of the runs may
/// have failed, and it is still finite.
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let (from, to) = (n / 4.0, 3.0 * n / 4.0);
    let weighted = sorted(values).into_iter().enumerate().filter_map(|(i, x)| {
        let weight = to.min(i as f64 + 1.0) - from.max(i as f64);
        // not even as a factor: 0 times infinity is no number
        (weight > 0.0).then_some(weight * x)
    });
    (!values.is_empty()).then(|| weighted.sum::<f64>() / (n / 2.0))
}

/// How probable it is that a value of `these` is below one of `those`, ties counting half:
/// `P(X < Y) + P(X = Y) / 2` over all pairs; `None` if there are no pairs.
pub fn probability_below(these: &[f64], those: &[f64]) -> Option<f64> {
    let those = sorted(those);
    // twice the count, which is whole
    let score = |x: &f64| {
        let below = those.partition_point(|y| y.total_cmp(x).is_lt());
        let up_to = those.partition_point(|y| y.total_cmp(x).is_le());
        (2 * (those.len() - up_to) + (up_to - below)) as u64
    };
    let twice: u64 = these.iter().map(score).sum();
    let pairs = these.len() as f64 * those.len() as f64;
    (pairs > 0.0).then(|| twice as f64 / (2.0 * pairs))
}

/// The 95 % interval of a statistic of one or more sets of runs, by the percentile bootstrap: each set is drawn anew from
/// itself, with replacement, [`RESAMPLES`] times; the interval leaves out the 50 lowest and the 50 highest results.
///
/// Resample b is drawn from stream b of one fixed ChaCha key: the interval is a function of the values alone. `None` if a
/// set has fewer than two values, or the statistic is `None`.
pub fn bootstrap(sets: &[&[f64]], statistic: impl Fn(&[Vec<f64>]) -> Option<f64>) -> Option<Interval> {
    if sets.iter().any(|set| set.len() < 2) {
        return None;
    }
    // in an order of their own, so that it is the values that count and not the order of the runs
    let sets: Vec<Vec<f64>> = sets.iter().map(|set| sorted(set)).collect();
    let mut drawn = sets.clone();
    let mut results = Vec::with_capacity(RESAMPLES as usize);
    for resample in 0..RESAMPLES {
        let mut random = Random::from_seed(*b"ntm-cli statistics: bootstrap v1");
        random.set_stream(resample);
        for (to, from) in drawn.iter_mut().zip(&sets) {
            to.iter_mut().for_each(|x| *x = from[below(&mut random, from.len())]);
        }
        results.push(statistic(&drawn)?);
    }
    results.sort_by(f64::total_cmp);
    Some(Interval { low: results[OUTSIDE], high: results[results.len() - 1 - OUTSIDE] })
}

/// The interquartile mean with its interval.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let value = interquartile_mean(values)?;
    Some(Estimate { value, interval: bootstrap(&[values], |sets| interquartile_mean(&sets[0])) })
}

/// The probability of being below with its interval.
pub fn comparison(these: &[f64], those: &[f64]) -> Option<Estimate> {
    let value = probability_below(these, those)?;
    let interval = bootstrap(&[these, those], |sets| probability_below(&sets[0], &sets[1]));
    Some(Estimate { value, interval })
}

/// A whole number below `n`, each as probable as the next to within 2^-64 n.
fn below(random: &mut Random, n: usize) -> usize {
    ((u128::from(random.next_u64()) * n as u128) >> 64) as usize
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[1.0, INF]), Some(INF));
        assert_eq!(median(&[INF, INF]), Some(INF));
        assert_eq!(median(&[1.0, 2.0, INF]), Some(2.0));
    }

    #[test]
    fn the_interquartile_mean_is_that_of_the_middle_half() {
        assert_eq!(interquartile_mean(&[]), None);
        assert_eq!(interquartile_mean(&[5.0]), Some(5.0));
        assert_eq!(interquartile_mean(&[1.0, 3.0]), Some(2.0));
        // n = 3: the middle half is [0.75, 2.25]: 0.25 of 1, all of 2, 0.25 of 9, over 1.5
        assert_eq!(interquartile_mean(&[9.0, 2.0, 1.0]), Some((0.25 + 2.0 + 0.25 * 9.0) / 1.5));
        // n = 4: the two in the middle
        assert_eq!(interquartile_mean(&[100.0, 2.0, 4.0, -50.0]), Some(3.0));
        // n = 5: 0.75 of 2, all of 3, 0.75 of 4, over 2.5
        assert_eq!(interquartile_mean(&[1.0, 2.0, 3.0, 4.0, 100.0]), Some((1.5 + 3.0 + 3.0) / 2.5));
        // n = 8: the four in the middle
        assert_eq!(interquartile_mean(&[0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 99.0, INF]), Some(2.5));
    }

    #[test]
    fn failures_count_and_a_quarter_of_them_leaves_a_finite_mean() {
        assert_eq!(interquartile_mean(&[1.0, 1.0, 1.0, INF]), Some(1.0));
        assert_eq!(interquartile_mean(&[1.0, 1.0, INF, INF]), Some(INF));
        assert_eq!(interquartile_mean(&[INF]), Some(INF));
    }

    #[test]
    fn the_probability_counts_all_pairs_and_half_of_the_ties() {
        assert_eq!(probability_below(&[], &[1.0]), None);
        assert_eq!(probability_below(&[1.0, 2.0], &[3.0]), Some(1.0));
        assert_eq!(probability_below(&[3.0], &[1.0, 2.0]), Some(0.0));
        // pairs: 1 < 2, 1 < 3, 3 > 2, 3 = 3
        assert_eq!(probability_below(&[1.0, 3.0], &[2.0, 3.0]), Some(2.5 / 4.0));
        // who never arrives ties with who never arrives
        assert_eq!(probability_below(&[INF, 5.0], &[INF, INF]), Some((0.5 + 0.5 + 1.0 + 1.0) / 4.0));
        let (a, b) = ([1.0, 5.0, 2.0, INF], [2.0, 2.0, 7.0]);
        assert_eq!(probability_below(&a, &b).unwrap() + probability_below(&b, &a).unwrap(), 1.0);
        assert_eq!(probability_below(&a, &a), Some(0.5));
    }

    #[test]
    fn the_bootstrap_is_a_function_of_the_values() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        let mut other = values;
        other.reverse();
        assert_eq!(estimate(&values), estimate(&other));
        let Interval { low, high } = estimate(&values).unwrap().interval.unwrap();
        assert!((1.0..3.5).contains(&low) && (3.5..9.0).contains(&high), "{low} {high}");
        assert_eq!(estimate(&[2.0; 5]).unwrap().interval, Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(estimate(&[2.0]).unwrap().interval, None);
        let never = estimate(&[1.0, 1.0, 1.0, INF]).unwrap();
        assert_eq!((never.value, never.interval.unwrap().high), (1.0, INF));
    }

    #[test]
    fn the_interval_of_a_mean_is_about_as_wide_as_theory_says() {
        // 100 values of variance 1 / 12 and mean 1 / 2: 1.96 standard errors of the mean are 0.0566
        let values: Vec<f64> = (0..100).map(|i| (f64::from(i) + 0.5) / 100.0).collect();
        let mean = |sets: &[Vec<f64>]| Some(sets[0].iter().sum::<f64>() / 100.0);
        let Interval { low, high } = bootstrap(&[&values], mean).unwrap();
        assert!(
            (low - (0.5 - 0.0566)).abs() < 0.006 && (high - (0.5 + 0.0566)).abs() < 0.006,
            "{low} {high}"
        );
    }

    #[test]
    fn each_set_is_drawn_from_itself() {
        let below = comparison(&[1.0, 2.0, 3.0], &[4.0, 5.0]).unwrap();
        assert_eq!(below, Estimate { value: 1.0, interval: Some(Interval { low: 1.0, high: 1.0 }) });
        assert_eq!(comparison(&[1.0], &[4.0, 5.0]).unwrap().interval, None);
    }
}
