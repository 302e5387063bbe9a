//! `ntm trace`: everything that happens inside a model.
use super::experiment::{Trained, parted_one};
use super::{Failure, memory, out};
use ntm_core::checkpoint::{Archive, Data, Tensor};
use ntm_core::config::{Precision, Registry};
use ntm_core::engine::{Exact, inspect_scored};
use ntm_core::random::Purpose;
use ntm_core::{Cell, Sequence};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run directory or a checkpoint [default: the newest run under runs/]
    #[arg(value_name = "RUN|path=value")]
    words: Vec<String>,
    /// Trace one sequence of this size [default: the smallest of the task's usual ones]
    #[arg(long, value_name = "N", conflicts_with = "inputs")]
    length: Option<u64>,
    /// Trace what a file holds: `inputs` of steps x channels, or items x steps x channels; with `targets` (and `mask`)
    /// also the loss and every gradient. An item of a batch ends with its last scored step; from there on it is zeros
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// The sequence is drawn from this seed [default: train.eval_seed]
    #[arg(long, value_name = "N", conflicts_with = "inputs")]
    seed: Option<u64>,
    /// Compute in double precision
    #[arg(long)]
    f64: bool,
    /// The last checkpoint instead of the best
    #[arg(long)]
    last: bool,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What goes in.
struct Given<T> {
    sequences: Vec<Sequence>,
    /// items x steps x inputs, where a file gives them
    inputs: Option<Vec<T>>,
    /// items x steps x outputs, likewise
    exact_targets: Option<Vec<T>>,
    /// items x steps, likewise
    mask: Option<Vec<T>>,
    /// whether tensors have an axis of items
    batch: bool,
    /// whether there are targets
    targets: bool,
}

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    let (run, overrides) = parted_one(&args.words, "run directory or checkpoint")?;
    if args.out.exists() {
        let out = args.out.display();
        return Err(Failure::wrong(format!(
            "{out} already exists and is left as it is; give another --out, or remove it"
        )));
    }
    let trained = Trained::open(registry, run.as_deref(), args.last, &overrides)?;
    let archive = if args.f64 { trace::<f64>(&trained, args)? } else { trace::<f32>(&trained, args)? };
    let count = archive.tensors.len();
    archive.write(&args.out)?;
    out::people(&format!("{}: {count} tensors of {}", args.out.display(), trained.name));
    Ok(ExitCode::SUCCESS)
}

fn trace<T: Precision>(trained: &Trained, args: &Args) -> Result<Archive, Failure>
where
    Data: From<Vec<T>>,
{
    let (inputs, outputs) = (trained.task.inputs(), trained.task.outputs());
    let size = match args.length {
        Some(size) => Some(size),
        None => trained.task.usual_sizes().into_iter().min(),
    };
    let file = args.inputs.as_deref().map(Archive::read).transpose()?;
    let (items, steps) = match (&file, args.inputs.as_deref()) {
        (Some(file), Some(path)) => shape_of(file, path, inputs)?,
        _ => (1, trained.task.steps_for(Purpose::Evaluation(size.unwrap_or(0)), size)?),
    };
    // kept once by the engine, once by name, once as it is written
    let model =
        trained.model::<T>(&format!("a trace of {items} x {steps} steps"), |cell: &dyn Cell<T>| {
            3 * items as u128 * steps as u128 * memory::of_step(cell)
                + memory::of_sequences(items, steps, inputs, outputs)
        })?;
    let given = match (&file, args.inputs.as_deref()) {
        (Some(file), Some(path)) => from_file::<T>(file, path, (items, steps), (inputs, outputs))?,
        _ => drawn::<T>(trained, size, args.seed)?,
    };

    // one that is drawn may be shorter than the longest
    let steps = if file.is_some() { steps } else { given.sequences[0].steps };
    let exact = Exact {
        steps,
        inputs: given.inputs.as_deref(),
        targets: given.exact_targets.as_deref(),
        mask: given.mask.as_deref(),
    };
    let found = inspect_scored(&model, trained.task.loss(), &given.sequences, exact);
    let mut tensors = BTreeMap::new();
    let mut add = |name: &str, shape: &[usize], data: Vec<T>| {
        tensors.insert(name.to_owned(), Tensor::new(shape, data));
    };
    let inner = |shape: &[usize]| if given.batch { shape.to_vec() } else { shape[1..].to_vec() };
    for (name, (shape, data)) in found.trace {
        add(&name, &inner(&shape), data);
    }
    if given.targets {
        add("loss", &[], vec![T::of(found.loss)]);
        add("grad.inputs", &inner(&[items, steps, inputs]), found.d_inputs);
        for info in model.tensors() {
            let gradient = model.read(&found.gradient, &info.path).map_err(Failure::stopped)?;
            add(&format!("grad.{}", info.path), &info.shape, gradient);
        }
    }
    if args.inputs.is_none() {
        let all = |of: fn(&Sequence) -> &[f32]| -> Vec<T> {
            given.sequences.iter().flat_map(of).map(|&x| T::of(f64::from(x))).collect()
        };
        add("inputs", &inner(&[items, steps, inputs]), all(|s| &s.inputs));
        add("targets", &inner(&[items, steps, outputs]), all(|s| &s.targets));
        add("mask", &inner(&[items, steps]), all(|s| &s.mask));
    }
    Ok(Archive { tensors, metadata: None })
}

/// A sequence of the task.
fn drawn<T>(trained: &Trained, size: Option<u64>, seed: Option<u64>) -> Result<Given<T>, Failure> {
    let seed = seed.unwrap_or(trained.loaded.value.train.eval_seed);
    let mut sequence = Sequence::default();
    let purpose = Purpose::Evaluation(size.unwrap_or(0));
    trained.task.sequence((purpose, seed), 0, size, &mut sequence)?;
    let (inputs, exact_targets, mask) = (None, None, None);
    Ok(Given { sequences: vec![sequence], inputs, exact_targets, mask, batch: false, targets: true })
}

/// Items and steps of a file's inputs.
fn shape_of(file: &Archive, path: &Path, inputs: usize) -> Result<(usize, usize), Failure> {
    let shown = path.display();
    let Some(tensor) = file.tensors.get("inputs") else {
        let names: Vec<&str> = file.tensors.keys().map(String::as_str).take(8).collect();
        return Err(Failure::wrong(format!(
            "{shown}: there is no tensor `inputs`; it holds {}",
            names.join(", ")
        )));
    };
    match tensor.shape[..] {
        [steps, channels] if channels == inputs && steps > 0 => Ok((1, steps)),
        [items, steps, channels] if channels == inputs && items > 0 && steps > 0 => Ok((items, steps)),
        _ => Err(Failure::wrong(format!(
            "{shown}: `inputs` has shape {:?}, and the model takes steps x {inputs}, or items x steps x {inputs}",
            tensor.shape
        ))),
    }
}

/// The first sequence of a file; where it has no targets, they are zeros.
pub(crate) fn first_of_file(
    file: &Archive,
    path: &Path,
    (inputs, outputs): (usize, usize),
) -> Result<Sequence, Failure> {
    let shape = shape_of(file, path, inputs)?;
    let given = from_file::<f32>(file, path, shape, (inputs, outputs))?;
    let mut sequence = given.sequences.into_iter().next().unwrap_or_default();
    if !given.targets {
        sequence.targets = vec![0.0; sequence.steps * outputs];
    }
    Ok(sequence)
}

/// Sequences of a file, all of the same length.
fn from_file<T: Precision>(
    file: &Archive,
    path: &Path,
    (items, steps): (usize, usize),
    (inputs, outputs): (usize, usize),
) -> Result<Given<T>, Failure> {
    let batch = file.tensors.get("inputs").is_some_and(|t| t.shape.len() == 3);
    let tensor = |name: &str, channels: &[usize]| -> Result<Option<Vec<f64>>, Failure> {
        let Some(tensor) = file.tensors.get(name) else { return Ok(None) };
        let all = [&[items, steps], channels].concat();
        let wanted = if batch { &all[..] } else { &all[1..] };
        if tensor.shape != wanted {
            return Err(Failure::wrong(format!(
                "{}: `{name}` has shape {:?}, and beside these inputs it should be {wanted:?}",
                path.display(),
                tensor.shape
            )));
        }
        Ok(Some(match &tensor.data {
            Data::F32(data) => data.iter().map(|&x| f64::from(x)).collect(),
            Data::F64(data) => data.clone(),
            Data::U64(data) => data.iter().map(|&x| x as f64).collect(),
        }))
    };
    let x = tensor("inputs", &[inputs])?.unwrap_or_default();
    let targets = tensor("targets", &[outputs])?;
    let mask = tensor("mask", &[])?;
    let exact = |data: Option<Vec<f64>>| -> Option<Vec<T>> { Some(data?.into_iter().map(T::of).collect()) };
    let part = |data: Option<&Vec<f64>>, item: usize, each: usize, otherwise: f32| -> Vec<f32> {
        let n = steps * each;
        data.map_or(vec![otherwise; n], |data| {
            data[item * n..(item + 1) * n].iter().map(|&x| x as f32).collect()
        })
    };
    // a batch needs padding, and its mask says where: from an item's last scored step on
    let length = |item: usize| {
        let scored = mask.as_ref().filter(|_| batch).map(|mask| &mask[item * steps..(item + 1) * steps]);
        scored.and_then(|mask| mask.iter().rposition(|&weight| weight != 0.0)).map_or(steps, |last| last + 1)
    };
    let sequence = |item| {
        let mut sequence = Sequence {
            steps: length(item),
            inputs: part(Some(&x), item, inputs, 0.0),
            targets: part(targets.as_ref(), item, outputs, 0.0),
            mask: part(mask.as_ref(), item, 1, 1.0),
        };
        sequence.inputs.truncate(sequence.steps * inputs);
        sequence.targets.truncate(sequence.steps * outputs);
        sequence.mask.truncate(sequence.steps);
        sequence
    };
    Ok(Given {
        sequences: (0..items).map(sequence).collect(),
        batch,
        targets: targets.is_some(),
        inputs: exact(Some(x)),
        exact_targets: exact(targets),
        mask: exact(mask),
    })
}
