//! What a checkpoint says of where training stood, held to what can be.
use crate::train::Numbers;

impl Numbers {
    /// Whether a run can have come here; a checkpoint may say anything.
    ///
    /// # Errors
    /// The first number that goes with none of the others.
    pub fn check(&self) -> Result<(), String> {
        let Numbers {
            sequences,
            updates,
            streak,
            streak_began,
            solved_at,
            best_bits,
            best_at,
            since,
            validated_at,
        } = *self;
        let counts = [
            ("updates", updates),
            ("streak", streak.into()),
            ("streak_began", streak_began),
            ("solved_at", solved_at.unwrap_or(0)),
            ("best_at", best_at),
            ("since", since.0),
            ("validated_at", validated_at),
        ];
        if let Some((name, count)) = counts.into_iter().find(|(_, count)| *count > sequences) {
            return Err(format!("{name} is {count} after {sequences} sequences, and can be as many at most"));
        }
        if streak == u32::MAX {
            return Err(format!("streak is {streak}, and can grow no more"));
        }
        match best_bits {
            Some(bits) if !bits.is_finite() => Err(format!("best_bits is {bits}, and must be finite")),
            _ if !(since.1.is_finite() && since.2.is_finite()) => {
                Err("since holds a number that is not finite".into())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::train::Numbers;

    #[test]
    fn numbers_of_a_run_go_together() {
        let run = Numbers {
            sequences: 300,
            updates: 150,
            streak: 3,
            streak_began: 100,
            solved_at: Some(100),
            best_bits: Some(0.5),
            best_at: 300,
            since: (100, 0.25, f64::MAX),
            validated_at: 200,
        };
        assert_eq!(run.check(), Ok(()));
        assert_eq!(Numbers::default().check(), Ok(()));
        for (wrong, name) in [
            (Numbers { updates: 301, ..run }, "updates"),
            (Numbers { streak: 301, ..run }, "streak"),
            (Numbers { streak: u32::MAX, sequences: u64::MAX, ..run }, "streak"),
            (Numbers { streak_began: 301, ..run }, "streak_began"),
            (Numbers { solved_at: Some(301), ..run }, "solved_at"),
            (Numbers { best_at: 301, ..run }, "best_at"),
            (Numbers { since: (301, 0.0, 0.0), ..run }, "since"),
            (Numbers { validated_at: u64::MAX, ..run }, "validated_at"),
            (Numbers { best_bits: Some(f64::NAN), ..run }, "best_bits"),
            (Numbers { since: (0, f64::NAN, 0.0), ..run }, "since"),
            (Numbers { since: (0, 0.0, f64::NAN), ..run }, "since"),
            (Numbers { since: (0, f64::INFINITY, 0.0), ..run }, "since"),
            (Numbers { since: (0, 0.0, f64::INFINITY), ..run }, "since"),
        ] {
            assert!(wrong.check().unwrap_err().starts_with(name), "{wrong:?}");
        }
    }
}
