//! The learning rate in the course of training.

/// What the optimiser's rate is multiplied by. Only the number of sequences seen decides, never what a model has learned: so a run is
/// the same after any resume. A lower rate at the end lets a cost settle that noise keeps up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields))]
pub enum Schedule {
    /// 1 throughout
    #[default]
    Constant,
    /// 1 up to sequence `from`, `to` after sequence `until`, and a straight line between them
    Linear {
        /// the last sequence with the whole rate
        from: u64,
        /// the first sequence with the last rate; above `from`
        until: u64,
        /// the last rate as a share of the whole; at least 0
        to: f64,
    },
}

impl Schedule {
    /// The factor after `sequences` sequences.
    pub fn factor(self, sequences: u64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear { from, .. } if sequences <= from => 1.0,
            Schedule::Linear { until, to, .. } if sequences >= until => to,
            Schedule::Linear { from, until, to } => {
                1.0 + (to - 1.0) * (sequences - from) as f64 / (until - from) as f64
            }
        }
    }

    /// What is wrong with it, if anything: the field, and why.
    ///
    /// # Errors
    /// The field that is out of range, and what would be allowed.
    pub fn check(self) -> Result<(), (String, String)> {
        match self {
            Schedule::Linear { from, until, .. } if until <= from => {
                Err(("until".into(), format!("{until}; must be above `from`, which is {from}")))
            }
            Schedule::Linear { to, .. } if !(to.is_finite() && to >= 0.0) => {
                Err(("to".into(), format!("{to}; must be a number, at least 0")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_whole_then_falls_in_a_straight_line_then_stays() {
        let linear = Schedule::Linear { from: 100, until: 200, to: 0.2 };
        let at = |n| linear.factor(n);
        assert_eq!((at(0), at(100), at(200), at(u64::MAX)), (1.0, 1.0, 0.2, 0.2));
        assert!((at(150) - 0.6).abs() < 1e-15 && at(101) < 1.0 && at(199) > 0.2);
        assert_eq!(Schedule::Constant.factor(7), 1.0);
    }

    #[test]
    fn a_line_that_goes_nowhere_is_refused() {
        let check = |from, until, to| Schedule::Linear { from, until, to }.check();
        assert_eq!(check(5, 5, 0.1).unwrap_err().0, "until");
        assert_eq!(check(0, 5, -0.1).unwrap_err().0, "to");
        assert_eq!(check(0, 5, f64::NAN).unwrap_err().0, "to");
        assert!(check(0, u64::MAX, 0.0).is_ok() && Schedule::Constant.check().is_ok());
    }
}
