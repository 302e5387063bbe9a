//! Which sizes are drawn at which point of training.
use crate::range::Wrong;
use ntm_core::random::Purpose;

/// Which sizes of a task's range training sequence number n may have. Only n decides, never what a model has learned: so a run is
/// the same on any number of threads and after any resume. Validation and evaluation always draw from the whole range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields))]
pub enum Curriculum {
    /// The whole range from the first sequence on.
    #[default]
    Uniform,
    /// Sizes from the least to a level, each with the same probability. The level is low + floor((high - low + 1) n / until): it begins
    /// at the least size, each lasts as long, and the last of them, which is the whole range, goes on after sequence `until`.
    Growing {
        /// The sequence by which the whole range has come; at least 1.
        until: u64,
    },
}

impl Curriculum {
    /// The part of `range` that sequence `n` of a purpose is drawn from; both ends belong to it.
    pub fn within(self, purpose: Purpose, n: u64, (low, high): (usize, usize)) -> (usize, usize) {
        match self {
            Curriculum::Growing { until } if purpose == Purpose::Training && n < until => {
                let levels = high.saturating_sub(low) as u128 + 1;
                let level = levels * u128::from(n) / u128::from(until);
                (low, low + level as usize)
            }
            _ => (low, high),
        }
    }

    /// What is wrong with the settings, if anything: the field, and why.
    pub(crate) fn check(self) -> Result<(), Wrong> {
        match self {
            Curriculum::Growing { until: 0 } => {
                let why = "Growing(until: 0) has no level to begin with; give the sequence by which the whole range is drawn, such as \
                           Growing(until: 20000), or use Uniform";
                Err(("curriculum", why.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRAINING: Purpose = Purpose::Training;

    #[test]
    fn every_level_lasts_as_long_and_the_whole_range_comes_in_the_end() {
        let growing = Curriculum::Growing { until: 100 };
        let levels: Vec<_> = (0..120).map(|n| growing.within(TRAINING, n, (1, 5)).1).collect();
        assert!((1..5).all(|level| levels.iter().filter(|&&l| l == level).count() == 20), "{levels:?}");
        assert!(levels.is_sorted() && levels[..20] == [1; 20] && levels[80..] == [5; 40]);
        assert_eq!(growing.within(TRAINING, 7, (3, 3)), (3, 3));
    }

    #[test]
    fn what_a_model_is_measured_on_does_not_grow() {
        let growing = Curriculum::Growing { until: 100 };
        for purpose in [Purpose::Validation, Purpose::Evaluation(3)] {
            assert_eq!(growing.within(purpose, 0, (1, 20)), (1, 20));
        }
        assert_eq!(Curriculum::Uniform.within(TRAINING, 0, (1, 20)), (1, 20));
    }

    #[test]
    fn a_curriculum_without_levels_is_refused() {
        assert!(Curriculum::Growing { until: 0 }.check().unwrap_err().1.contains("Uniform"));
        assert!(Curriculum::Growing { until: 1 }.check().is_ok() && Curriculum::Uniform.check().is_ok());
    }

    proptest! {
        #[test]
        fn a_level_lies_in_the_range_and_never_falls(
            low in 0_usize..1000, more in 0_usize..1000, until in 1_u64.., n: u64, later: u64
        ) {
            let (range, growing) = ((low, low + more), Curriculum::Growing { until });
            let (a, b) = (growing.within(TRAINING, n.min(later), range), growing.within(TRAINING, n.max(later), range));
            prop_assert!(a.0 == low && b.0 == low && low <= a.1 && a.1 <= b.1 && b.1 <= range.1);
            prop_assert_eq!(growing.within(TRAINING, until, range), range);
        }
    }
}
