//! All that the screen shows, as plain numbers.
use super::About;
use super::curve::Curve;
use crate::pictures::progress::{Sample, Update};

/// What the run is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Training,
    /// so many sequences of so many
    Validating(u64, u64),
    Paused,
    /// the last update is being made, then the run is saved
    Saving,
    Failed(String),
}

/// What is to be seen.
#[derive(Debug)]
pub(super) struct View {
    pub(super) about: About,
    pub(super) color: bool,
    pub(super) doing: Doing,
    pub(super) update: Option<Update>,
    /// the largest since the screen was last fed
    pub(super) gradient_norm: f64,
    pub(super) training: Curve,
    pub(super) validation: Curve,
    pub(super) sample: Option<Sample>,
}

impl View {
    pub(super) fn new(about: About, color: bool) -> Self {
        let (mut training, mut validation) = (Curve::default(), Curve::default());
        for &(sequences, trained, validated) in &about.history {
            training.push(sequences as f64, trained);
            validation.push(sequences as f64, validated);
        }
        let (doing, update, sample) = (Doing::Training, None, None);
        View { about, color, doing, update, gradient_norm: 0.0, training, validation, sample }
    }

    /// Takes what happened since it was last fed: the mean cost in training, and the largest norm.
    pub(super) fn take(&mut self, update: &Update, bits: f64, gradient_norm: f64) {
        let before = self.update.map(|update| update.validated_at);
        if let Some(validation) = update.validation
            && before != Some(update.validated_at)
            && self.validation.last_x() != Some(update.validated_at as f64)
        {
            self.validation.push(update.validated_at as f64, validation);
        }
        self.training.push(update.sequences as f64, bits);
        (self.update, self.gradient_norm) = (Some(*update), gradient_norm);
        if let Doing::Validating(..) = self.doing {
            self.doing = Doing::Training;
        }
    }
}
