//! The order of a run's records, which only somebody else can have broken: each after the one before, and none missing.
use super::super::out;
use crate::run_files::MAX_LINES;
use ntm_core::train::TrainSettings;

/// The longest line that a record can take: the names of its numbers, 20 digits of a count and 24 characters of each number.
const LONGEST: u64 = 209;

/// Bytes that `metrics.jsonl` has at most when a run of these settings ends, if it is stopped nowhere before.
pub(crate) fn most_bytes(settings: &TrainSettings) -> u64 {
    match Order::of(settings).most {
        0 => 0,
        most => settings.sequences.div_ceil(most).saturating_mul(LONGEST).min(MAX_LINES),
    }
}

/// Looks at records in their order, by the sequences that each is from after.
#[derive(Debug)]
pub(crate) struct Order {
    /// Sequences from one validation to the next. They are fewer where a run came to an end, which may have been moved since.
    most: u64,
    before: u64,
}

impl Order {
    pub(crate) fn of(settings: &TrainSettings) -> Order {
        // as many whole batches as it takes
        let batch = settings.batch.max(1) as u64;
        Order { most: settings.validate_every.div_ceil(batch).saturating_mul(batch), before: 0 }
    }

    /// What is wrong with a record as the next one, if anything.
    pub(crate) fn wrong(&mut self, sequences: u64) -> Option<String> {
        let before = std::mem::replace(&mut self.before, sequences);
        let (here, there) = (out::count(sequences), out::count(before));
        if sequences <= before {
            return Some(format!("a record from after {here} sequences comes after one from after {there}"));
        }
        (sequences - before > self.most).then(|| {
            format!(
                "there is no record between {there} and {here} sequences, and validations are {} apart",
                out::count(self.most)
            )
        })
    }

    /// Sequences of the last record that was looked at, 0 if there was none.
    pub(crate) fn last(&self) -> u64 {
        self.before
    }
    /// Whether a run that goes on from here is validated at no more sequences than these, unless it ends.
    pub(crate) fn ends_at(&self, sequences: u64) -> bool {
        sequences > self.before && sequences - self.before < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ntm_core::train::Record;

    fn first_wrong(settings: &TrainSettings, records: &[u64]) -> Option<(u64, String)> {
        let mut order = Order::of(settings);
        records.iter().find_map(|&n| order.wrong(n).map(|why| (n, why)))
    }

    #[test]
    fn records_grow_and_none_is_missing() {
        let settings = TrainSettings { batch: 16, validate_every: 100, ..TrainSettings::default() };
        for fine in [&[][..], &[112, 224, 336], &[112, 200, 312], &[40, 152]] {
            assert_eq!(first_wrong(&settings, fine), None, "{fine:?}");
        }
        for (bad, at, why) in [
            (&[0, 112][..], 0, "comes after one from after 0"),
            (&[112, 112], 112, "comes after one from after 112"),
            (&[112, 224, 112], 112, "comes after one from after 224"),
            (&[113], 113, "no record between 0 and 113 sequences, and validations are 112 apart"),
            (&[112, 336], 336, "no record between 112 and 336"),
        ] {
            let (found, said) = first_wrong(&settings, bad).unwrap();
            assert!(found == at && said.contains(why), "{bad:?}: {said}");
        }
        let never = TrainSettings { validate_every: 0, ..settings };
        assert!(first_wrong(&never, &[16]).is_some());
        let absurd = TrainSettings { validate_every: u64::MAX, ..never };
        assert_eq!(first_wrong(&absurd, &[u64::MAX]), None);
    }

    #[test]
    fn no_record_takes_more_than_is_said() {
        let longest = -f64::MIN_POSITIVE;
        let record = Record {
            sequences: u64::MAX,
            training_bits: longest,
            gradient_norm: longest,
            validation_bits: longest,
            validation_wrong_bits: longest,
        };
        assert_eq!(serde_json::to_string(&longest).unwrap().len(), 24, "or it is not as long as one can be");
        // with its line end
        assert!((serde_json::to_string(&record).unwrap().len() as u64) < LONGEST);
        let settings =
            TrainSettings { batch: 16, validate_every: 100, sequences: 640, ..TrainSettings::default() };
        assert_eq!(most_bytes(&settings), 6 * LONGEST);
        assert_eq!(most_bytes(&TrainSettings { validate_every: 0, ..settings.clone() }), 0);
        assert_eq!(
            most_bytes(&TrainSettings { sequences: u64::MAX, validate_every: 1, ..settings }),
            MAX_LINES
        );
    }
}
