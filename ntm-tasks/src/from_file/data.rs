//! The tensors of a data file, read without trust: one set of checks for training, measuring and tracing.
use ntm_core::Loss;
use ntm_core::checkpoint::{Data, Foreign, Stored};
use ntm_core::config::near_miss;
use std::path::Path;

/// Longest sequence that is taken: its steps still count in a `u32`, in chunks of many.
const LONGEST: usize = 1 << 24;
/// The tensors that are looked for.
const NAMES: [&str; 3] = ["inputs", "targets", "mask"];

/// What a file of sequences holds, known to be finite, of shapes that fit, with weights of at least 0 and targets that
/// the loss compares with.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// How many sequences there are.
    pub items: usize,
    /// Steps of each, padding included.
    pub steps: usize,
    /// Whether the tensors have an axis of items; always, where [`DataFile::of_items`] read them.
    pub batch: bool,
    /// Items x steps x inputs.
    pub inputs: Values,
    /// Items x steps x outputs.
    pub targets: Option<Values>,
    /// Items x steps: the weight of each step in the loss.
    pub mask: Option<Values>,
}

/// Numbers, row-major.
#[derive(Clone, Debug)]
pub struct Values {
    /// In single precision.
    pub single: Vec<f32>,
    /// As the file holds them, where that is double precision.
    pub double: Option<Vec<f64>>,
}

/// What the tensors of a file should be.
#[derive(Clone, Copy)]
struct Wanted {
    inputs: usize,
    outputs: usize,
    loss: Loss,
    /// an axis of items, and targets; without: both may be absent
    whole: bool,
}

impl DataFile {
    /// Reads what [`FromFile`](crate::FromFile) takes: `inputs` and `targets` of items x steps x channels, and perhaps a
    /// `mask`.
    ///
    /// # Errors
    /// A message for people that begins with the path: the file cannot be read, or does not hold what it should.
    pub fn of_items(path: &Path, inputs: usize, outputs: usize, loss: Loss) -> Result<Self, String> {
        Self::read(path, Wanted { inputs, outputs, loss, whole: true })
    }
    /// As [`DataFile::of_items`], but the axis of items and `targets` may be absent: what can be traced.
    ///
    /// # Errors
    /// As there.
    pub fn of_any(path: &Path, inputs: usize, outputs: usize, loss: Loss) -> Result<Self, String> {
        Self::read(path, Wanted { inputs, outputs, loss, whole: false })
    }

    fn read(path: &Path, wanted: Wanted) -> Result<Self, String> {
        let file = Foreign::read(path).map_err(|e| e.to_string())?;
        Self::checked(file, wanted).map_err(|why| format!("{}: {why}", path.display()))
    }

    fn checked(mut file: Foreign, wanted: Wanted) -> Result<Self, String> {
        let Wanted { inputs, outputs, loss, whole } = wanted;
        misspelt(&file)?;
        let names = named(&file);
        let mut take = |name: &str| file.tensors.remove(name);
        let missing = |name: &str| format!("there is no tensor `{name}`; it holds {names}");
        let x = take("inputs").ok_or_else(|| missing("inputs"))?;
        let y = take("targets");
        if whole && y.is_none() {
            return Err(missing("targets"));
        }
        let mask = take("mask");
        let shape = &x.shape;
        let (batch, items, steps, channels) = match shape[..] {
            [items, steps, channels] => (true, items, steps, channels),
            [steps, channels] if !whole => (false, 1, steps, channels),
            _ if whole => {
                return Err(format!(
                    "`inputs` has shape {shape:?}, and it should be items x steps x {inputs}"
                ));
            }
            _ => {
                return Err(format!(
                    "`inputs` has shape {shape:?}, and the model takes steps x {inputs}, or items x steps x {inputs}"
                ));
            }
        };
        if channels != inputs {
            return Err(format!(
                "`inputs` has {channels} channels (shape {shape:?}), and the config says inputs: {inputs}"
            ));
        }
        if items == 0 || steps == 0 {
            return Err(format!("`inputs` has shape {shape:?}: there are no sequences in it"));
        }
        if steps > LONGEST {
            return Err(format!("`inputs` has {steps} steps (shape {shape:?}), at most {LONGEST} are taken"));
        }
        let rows = if batch { vec![items, steps] } else { vec![steps] };
        let full = [&rows[..], &[outputs]].concat();
        if let Some(y) = y.as_ref().filter(|y| y.shape != full) {
            return Err(format!(
                "`targets` has shape {:?}; beside these inputs, and with outputs: {outputs} in the config, it should be \
                 {full:?}",
                y.shape
            ));
        }
        if let Some(mask) = mask.as_ref().filter(|mask| mask.shape != rows) {
            return Err(format!(
                "`mask` has shape {:?}, and beside these inputs it should be {rows:?}",
                mask.shape
            ));
        }
        let mask = mask.map(|mask| numbers("mask", mask)).transpose()?;
        let inputs = numbers("inputs", x)?;
        let targets = y.map(|y| numbers("targets", y)).transpose()?;
        let file = DataFile { items, steps, batch, inputs, targets, mask };
        file.check_mask()?;
        file.check_targets(outputs, loss)?;
        Ok(file)
    }

    fn check_mask(&self) -> Result<(), String> {
        let Some(mask) = &self.mask else { return Ok(()) };
        match mask.single.iter().position(|weight| *weight < 0.0) {
            None => Ok(()),
            Some(at) => {
                Err(format!("`mask` holds {} at {}; weights are at least 0", mask.single[at], self.place(at)))
            }
        }
    }

    fn check_targets(&self, outputs: usize, loss: Loss) -> Result<(), String> {
        let Some(targets) = &self.targets else { return Ok(()) };
        for (at, row) in targets.single.chunks_exact(outputs).enumerate() {
            if self.mask.as_ref().is_none_or(|mask| mask.single[at] != 0.0) {
                loss.check(row).map_err(|why| format!("`targets` at {}: {why}", self.place(at)))?;
            }
        }
        Ok(())
    }

    fn place(&self, at: usize) -> String {
        let (item, step) = (at / self.steps, at % self.steps);
        if self.batch { format!("item {item}, step {step}") } else { format!("step {step}") }
    }

    /// Steps of each item up to its last that is scored; `None` for an item of which nothing is.
    pub fn lengths(&self) -> Vec<Option<usize>> {
        match &self.mask {
            None => vec![Some(self.steps); self.items],
            Some(mask) => {
                let last = |mask: &[f32]| Some(1 + mask.iter().rposition(|weight| *weight > 0.0)?);
                mask.single.chunks_exact(self.steps).map(last).collect()
            }
        }
    }
}

/// Refuses a name that is almost one of ours where that one is absent: its tensor would be passed over in silence.
fn misspelt(file: &Foreign) -> Result<(), String> {
    for name in NAMES.into_iter().filter(|name| !file.tensors.contains_key(*name)) {
        let alike = |given: &&String| {
            let first =
                given.chars().next().is_some_and(|first| name.starts_with(first.to_ascii_lowercase()));
            // names with dots are of parameters and of traces
            first && !given.contains('.') && near_miss(given, [name]).is_some()
        };
        let others = file.tensors.keys().filter(|given| !NAMES.contains(&given.as_str()));
        if let Some(given) = others.into_iter().find(alike) {
            return Err(format!(
                "there is a tensor {given:.60?} and no `{name}`; did you mean `{name}`? Rename it, or leave it out"
            ));
        }
    }
    Ok(())
}

/// The names in a file, some of them.
fn named(file: &Foreign) -> String {
    let names: Vec<String> = file.tensors.keys().take(8).map(|name| format!("{name:.60?}")).collect();
    match (names.is_empty(), file.tensors.len() > names.len()) {
        (true, _) => "none".to_owned(),
        (_, false) => names.join(", "),
        (_, true) => format!("{} and {} more", names.join(", "), file.tensors.len() - names.len()),
    }
}

/// The numbers of a tensor, all of them finite in single precision.
fn numbers(name: &str, tensor: Stored) -> Result<Values, String> {
    let values = match tensor.data {
        Some(Data::F32(single)) => Values { single, double: None },
        Some(Data::F64(double)) => {
            Values { single: double.iter().map(|&x| x as f32).collect(), double: Some(double) }
        }
        _ => {
            return Err(format!(
                "`{name}` is of type {}; allowed are F32, F64, U8 and BOOL; convert it, for example in NumPy with \
                 .astype(\"float32\")",
                tensor.dtype
            ));
        }
    };
    let Some(at) = values.single.iter().position(|x| !x.is_finite()) else { return Ok(values) };
    let mut place = vec![];
    let mut rest = at;
    for axis in tensor.shape.iter().rev() {
        place.insert(0, rest % axis);
        rest /= axis;
    }
    Err(match values.double.map(|double| double[at]).filter(|x| x.is_finite()) {
        Some(x) => format!("`{name}` holds {x:e} at {place:?}, which is too large for single precision"),
        None => format!("`{name}` holds {} at {place:?}; all numbers must be finite", values.single[at]),
    })
}
