//! How fast a run goes and how far it is: what there is to show after an update.
use crate::pictures::progress::Update;
use ntm_core::train::{Record, Trainer};
use std::time::{Duration, Instant};

/// Time between two looks at the clock's rate.
const RATE_EVERY: Duration = Duration::from_millis(500);

/// The pace of one sitting. Pauses do not count.
pub(super) struct Pace {
    began: Instant,
    /// when the rate was last taken, and where the run was
    mark: (Instant, u64),
    rate: f64,
    /// cost in training when nothing was trained since the validation
    bits: f64,
    /// sequences at the last validation, and its cost
    validation: Option<(u64, f64)>,
}

impl Pace {
    pub(super) fn new(trainer: &Trainer<f32>) -> Self {
        let (now, numbers) = (Instant::now(), trainer.numbers());
        let validation = numbers.best_bits.map(|bits| (numbers.best_at, bits));
        Pace { began: now, mark: (now, numbers.sequences), rate: 0.0, bits: 0.0, validation }
    }
    /// Takes a validation.
    pub(super) fn validated(&mut self, record: &Record) {
        self.validation = Some((record.sequences, record.validation_bits));
        self.bits = record.training_bits;
    }
    /// Leaves a pause out.
    pub(super) fn waited(&mut self, pause: Duration) {
        self.began += pause;
        self.mark.0 += pause;
    }
    /// Seconds of training in this sitting.
    pub(super) fn seconds(&self, now: Instant) -> f64 {
        (now - self.began).as_secs_f64()
    }
    /// Where the run is.
    pub(super) fn update(&mut self, trainer: &Trainer<f32>, now: Instant) -> Update {
        let (numbers, last) = (trainer.numbers(), trainer.last_update());
        let (sequences, total) = (numbers.sequences, trainer.settings().sequences);
        if self.rate == 0.0 || now - self.mark.0 >= RATE_EVERY {
            let seconds = (now - self.mark.0).as_secs_f64();
            self.rate = (sequences - self.mark.1) as f64 / seconds.max(1e-9);
            if seconds >= RATE_EVERY.as_secs_f64() {
                self.mark = (now, sequences);
            }
        }
        if numbers.since.0 > 0 {
            self.bits = trainer.recent_bits();
        }
        let told = now - self.began > RATE_EVERY;
        Update {
            sequences,
            total,
            sequences_per_second: self.rate,
            unit: trainer.task().loss().unit(),
            bits_per_sequence: self.bits,
            last_bits: last.bits,
            gradient_norm: last.gradient_norm,
            validation: self.validation.map(|(_, bits)| bits),
            validated_at: self.validation.map_or(0, |(at, _)| at),
            best: numbers.best_bits,
            solved_at: numbers.solved_at,
            seconds: self.seconds(now),
            seconds_left: told.then(|| (total - sequences) as f64 / self.rate),
        }
    }
}
