//! The sequences of one file.
use super::DataFile;
use ntm_core::{Loss, Sequence};
use std::path::Path;

/// Items, each as long as it is scored.
#[derive(Debug)]
pub(super) struct Items {
    /// of the file's axis
    steps: usize,
    inputs: Vec<f32>,
    targets: Vec<f32>,
    mask: Option<Vec<f32>>,
    /// of each item: up to its last scored step
    lengths: Vec<usize>,
}

impl Items {
    /// Reads a file; a message for people if it does not hold what it should.
    pub(super) fn read(path: &Path, inputs: usize, outputs: usize, loss: Loss) -> Result<Items, String> {
        let file = DataFile::of_items(path, inputs, outputs, loss)?;
        let lengths = file.lengths().into_iter().enumerate().map(|(item, length)| {
            length.ok_or_else(|| {
                format!(
                    "{}: no step of item {item} is scored: its `mask` is 0 everywhere; leave the item out",
                    path.display()
                )
            })
        });
        let lengths = lengths.collect::<Result<_, _>>()?;
        let DataFile { steps, inputs, targets, mask, .. } = file;
        let targets = targets.map(|targets| targets.single).unwrap_or_default();
        Ok(Items { steps, inputs: inputs.single, targets, mask: mask.map(|mask| mask.single), lengths })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lengths.len()
    }
    /// Steps of the longest.
    pub(super) fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }
    /// Copies an item.
    pub(super) fn copy(&self, item: usize, to: &mut Sequence) {
        let rows = self.lengths.len() * self.steps;
        let (inputs, outputs, length) =
            (self.inputs.len() / rows, self.targets.len() / rows, self.lengths[item]);
        to.reset(length, inputs, outputs);
        let first = item * self.steps;
        to.inputs.copy_from_slice(&self.inputs[first * inputs..][..length * inputs]);
        to.targets.copy_from_slice(&self.targets[first * outputs..][..length * outputs]);
        match &self.mask {
            Some(mask) => to.mask.copy_from_slice(&mask[first..][..length]),
            None => to.mask.fill(1.0),
        }
    }
}
