//! `ntm trace`: everything that happens inside a model.
use super::experiment::{Trained, parted_one};
use super::{Failure, memory, out};
use crate::pictures::progress::Working;
use ntm_core::checkpoint::{Archive, Data, Tensor};
use ntm_core::config::{Precision, Registry};
use ntm_core::engine::{Exact, inspect_scored};
use ntm_core::random::Purpose;
use ntm_core::train::Task;
use ntm_core::{Cell, Sequence};
use ntm_tasks::{DataFile, Values};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run directory or a checkpoint [default: the newest run under runs/]
    #[arg(value_name = "RUN|path=value", value_hint = clap::ValueHint::AnyPath)]
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
    let work = Working::new("tracing", 0, "");
    let archive = if args.f64 { trace::<f64>(&trained, args)? } else { trace::<f32>(&trained, args)? };
    let count = archive.tensors.len();
    archive.write(&args.out)?;
    drop(work);
    let shown = args.out.display();
    out::people(&format!("{shown}: {count} tensors of {}", trained.name));
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let plot = out::command(&[&["plot"][..], &words, &["--kind", "weights"]].concat());
    out::people(&format!(
        "Try next:\n  python3 -c 'from safetensors.numpy import load_file; print({{k: v.shape for k, v in \
         load_file(\"{shown}\").items()}})'\n  {} {plot}",
        out::program()
    ));
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
    let file = args.inputs.as_deref().map(|path| read(path, &*trained.task)).transpose()?;
    let (items, steps) = match &file {
        Some(file) => (file.items, file.steps),
        None => (1, trained.task.steps_for(Purpose::Evaluation(size.unwrap_or(0)), size)?),
    };
    // kept once by the engine, once by name, once as it is written
    let model =
        trained.model::<T>(&format!("a trace of {items} x {steps} steps"), |cell: &dyn Cell<T>| {
            3 * items as u128 * steps as u128 * memory::of_step(cell)
                + memory::of_sequences(items, steps, inputs, outputs)
        })?;
    if let (Some(file), Some(path)) = (&file, args.inputs.as_deref())
        && file.targets.is_some()
    {
        say_unscored(file, path);
    }
    let given = match file {
        Some(file) => from_file::<T>(file, (inputs, outputs)),
        None => drawn::<T>(trained, size, args.seed)?,
    };

    // one that is drawn may be shorter than the longest
    let steps = if given.inputs.is_some() { steps } else { given.sequences[0].steps };
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

/// The data in a file, known to be what the task's loss takes.
fn read(path: &Path, task: &dyn Task) -> Result<DataFile, Failure> {
    DataFile::of_any(path, task.inputs(), task.outputs(), task.loss()).map_err(Failure::wrong)
}

/// The first sequence of a file; where it has no targets, they are zeros.
pub(crate) fn first_of_file(path: &Path, task: &dyn Task) -> Result<Sequence, Failure> {
    let given = from_file::<f32>(read(path, task)?, (task.inputs(), task.outputs()));
    Ok(given.sequences.into_iter().next().unwrap_or_default())
}

/// What is to be known of a loss of which a part, or all, is 0.
fn say_unscored(file: &DataFile, path: &Path) {
    let (shown, lengths) = (path.display(), file.lengths());
    let unscored = lengths.iter().filter(|length| length.is_none()).count();
    if unscored == file.items {
        out::people(&format!(
            "{shown}: `mask` is 0 everywhere: nothing is scored, so that the loss and every gradient are 0"
        ));
    } else if unscored > 0 {
        out::people(&format!(
            "{shown}: {unscored} of {} items have a `mask` of zeros and are not scored",
            file.items
        ));
    }
}

/// Sequences of a file. A batch needs padding, and its mask says where: from an item's last scored step on.
fn from_file<T: Precision>(file: DataFile, (inputs, outputs): (usize, usize)) -> Given<T> {
    let steps = file.steps;
    let part = |data: Option<&Values>, item: usize, each: usize, taken: usize, otherwise: f32| -> Vec<f32> {
        data.map_or(vec![otherwise; taken * each], |data| {
            data.single[item * steps * each..][..taken * each].to_vec()
        })
    };
    let sequence = |(item, length): (usize, Option<usize>)| {
        let taken = length.filter(|_| file.batch).unwrap_or(steps);
        Sequence {
            steps: taken,
            inputs: part(Some(&file.inputs), item, inputs, taken, 0.0),
            targets: part(file.targets.as_ref(), item, outputs, taken, 0.0),
            mask: part(file.mask.as_ref(), item, 1, taken, 1.0),
        }
    };
    let exact = |values: Values| -> Vec<T> {
        match values.double {
            Some(double) => double.into_iter().map(T::of).collect(),
            None => values.single.into_iter().map(|x| T::of(f64::from(x))).collect(),
        }
    };
    Given {
        sequences: file.lengths().into_iter().enumerate().map(sequence).collect(),
        batch: file.batch,
        targets: file.targets.is_some(),
        inputs: Some(exact(file.inputs)),
        exact_targets: file.targets.map(exact),
        mask: file.mask.map(exact),
    }
}
