//! The sequences of one file, read without trust.
use ntm_core::checkpoint::{Archive, Data, Tensor};
use ntm_core::{Loss, Sequence};
use std::path::Path;

/// Longest sequence that is taken: its steps still count in a `u32`, in chunks of many.
const LONGEST: usize = 1 << 24;

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
        let archive = Archive::read(path).map_err(|e| e.to_string())?;
        Items::of(archive, inputs, outputs, loss).map_err(|why| format!("{}: {why}", path.display()))
    }

    fn of(mut archive: Archive, inputs: usize, outputs: usize, loss: Loss) -> Result<Items, String> {
        let names = named(&archive);
        let mut take = |name: &str| archive.tensors.remove(name);
        let missing = |name: &str| format!("there is no tensor `{name}`; it holds {names}");
        let x = take("inputs").ok_or_else(|| missing("inputs"))?;
        let y = take("targets").ok_or_else(|| missing("targets"))?;
        let mask = take("mask");
        let [items, steps, channels] = x.shape[..] else {
            let shape = &x.shape;
            return Err(format!("`inputs` has shape {shape:?}, and it should be items x steps x {inputs}"));
        };
        if channels != inputs {
            return Err(format!(
                "`inputs` has {channels} channels (shape {:?}), and the config says inputs: {inputs}",
                x.shape
            ));
        }
        if items == 0 || steps == 0 {
            return Err(format!("`inputs` has shape {:?}: there are no sequences in it", x.shape));
        }
        if steps > LONGEST {
            return Err(format!(
                "`inputs` has {steps} steps (shape {:?}), at most {LONGEST} are taken",
                x.shape
            ));
        }
        if y.shape != [items, steps, outputs] {
            return Err(format!(
                "`targets` has shape {:?}; beside these inputs, and with outputs: {outputs} in the config, it should be \
                 {:?}",
                y.shape,
                [items, steps, outputs]
            ));
        }
        if let Some(mask) = mask.as_ref().filter(|mask| mask.shape != [items, steps]) {
            let wanted = [items, steps];
            return Err(format!(
                "`mask` has shape {:?}, and beside these inputs it should be {wanted:?}",
                mask.shape
            ));
        }
        let mask = mask.map(|mask| numbers("mask", mask)).transpose()?;
        let mut all = Items {
            steps,
            inputs: numbers("inputs", x)?,
            targets: numbers("targets", y)?,
            mask,
            lengths: vec![steps; items],
        };
        all.find_lengths()?;
        all.check_targets(outputs, loss)?;
        Ok(all)
    }

    fn find_lengths(&mut self) -> Result<(), String> {
        let Some(mask) = &self.mask else { return Ok(()) };
        if let Some(at) = mask.iter().position(|weight| *weight < 0.0) {
            let (item, step) = (at / self.steps, at % self.steps);
            return Err(format!(
                "`mask` holds {} at item {item}, step {step}; weights are at least 0",
                mask[at]
            ));
        }
        for (item, (mask, length)) in mask.chunks_exact(self.steps).zip(&mut self.lengths).enumerate() {
            let last = mask.iter().rposition(|weight| *weight > 0.0);
            *length = 1 + last.ok_or_else(|| {
                format!("no step of item {item} is scored: its `mask` is 0 everywhere; leave the item out")
            })?;
        }
        Ok(())
    }

    fn check_targets(&self, outputs: usize, loss: Loss) -> Result<(), String> {
        for item in 0..self.lengths.len() {
            for step in 0..self.lengths[item] {
                let at = item * self.steps + step;
                if self.mask.as_ref().is_some_and(|mask| mask[at] == 0.0) {
                    continue;
                }
                loss.check(&self.targets[at * outputs..(at + 1) * outputs])
                    .map_err(|why| format!("`targets` at item {item}, step {step}: {why}"))?;
            }
        }
        Ok(())
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

/// The names in a file, some of them.
fn named(archive: &Archive) -> String {
    let names: Vec<String> = archive.tensors.keys().take(8).map(|name| format!("{name:.60?}")).collect();
    match (names.is_empty(), archive.tensors.len() > names.len()) {
        (true, _) => "none".to_owned(),
        (_, false) => names.join(", "),
        (_, true) => format!("{} and {} more", names.join(", "), archive.tensors.len() - names.len()),
    }
}

/// The numbers of a tensor in single precision, all of them finite.
fn numbers(name: &str, tensor: Tensor) -> Result<Vec<f32>, String> {
    let numbers = match tensor.data {
        Data::F32(data) => data,
        Data::F64(data) => data.into_iter().map(|x| x as f32).collect(),
        Data::U64(data) => data.into_iter().map(|x| x as f32).collect(),
    };
    if let Some(at) = numbers.iter().position(|x| !x.is_finite()) {
        let mut place = vec![];
        let mut rest = at;
        for axis in tensor.shape.iter().rev() {
            place.insert(0, rest % axis);
            rest /= axis;
        }
        return Err(format!("`{name}` holds {} at {place:?}; all numbers must be finite", numbers[at]));
    }
    Ok(numbers)
}
