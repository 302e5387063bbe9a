//! Runs of one group at one place: the median and the quartiles.

/// The middle half of some runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) runs: usize,
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

impl Spread {
    /// `None` of none.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        Some(Spread { runs: values.len(), low: low?, median: median?, high: high? })
    }

    /// As cells of a table.
    pub(super) fn cells(&self) -> [String; 4] {
        [self.runs.to_string(), self.low.to_string(), self.median.to_string(), self.high.to_string()]
    }
}

/// A quantile of sorted values: linear between the two nearest, which are at 0, 1 / (n - 1), … 1.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().max(1) - 1) as f64;
    let (below, rest) = (*sorted.get(place as usize)?, place.fract());
    match sorted.get(place as usize + 1) {
        // an infinity beside it is not touched, not even as a factor
        Some(above) if rest > 0.0 => Some(below * (1.0 - rest) + above * rest),
        _ => Some(below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_values() {
        let spread = |values: &[f64]| {
            let s = Spread::of(values.to_vec()).unwrap();
            (s.runs, s.low, s.median, s.high)
        };
        assert_eq!(spread(&[7.0]), (1, 7.0, 7.0, 7.0));
        assert_eq!(spread(&[3.0, 1.0]), (2, 1.5, 2.0, 2.5));
        assert_eq!(spread(&[5.0, 1.0, 2.0, 4.0, 3.0]), (5, 2.0, 3.0, 4.0));
        assert_eq!(spread(&[1.0, 2.0, 3.0, 4.0, f64::INFINITY]), (5, 2.0, 3.0, 4.0));
        assert_eq!(Spread::of(vec![]), None);
    }
}
