//! `ntm import`: a run of weights that were trained elsewhere.
use super::experiment::{parted, source};
use super::train::Status;
use super::{Failure, memory, out};
use crate::run_directory::{Checkpoint as Which, RunDirectory};
use crate::run_files::environment;
use ntm_core::Model;
use ntm_core::TensorInfo;
use ntm_core::checkpoint::{ArchiveError, Checkpoint, Data, Foreign, Stored};
use ntm_core::config::{Experiment, Loaded, Precision, Registry, to_ron};
use ntm_core::random::Purpose;
use ntm_core::train::Numbers;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A config that describes the model in full
    #[arg(value_name = "CONFIG.ron")]
    config: PathBuf,
    /// A safetensors file with every weight of it, f32 or f64, row-major, under the names that `ntm trace` writes
    #[arg(value_name = "WEIGHTS.safetensors")]
    weights: PathBuf,
    /// Overrides such as model.memory.slots=64
    #[arg(value_name = "path=value")]
    overrides: Vec<String>,
    /// Where the run goes: a new or empty directory [default: runs/NAME, where NAME is the config's]
    #[arg(long, value_name = "RUN")]
    out: Option<PathBuf>,
}

/// What a file may hold beside weights: data and reference values.
const OTHERS: [&str; 4] = ["inputs", "targets", "mask", "loss"];
const OTHER_GROUPS: [&str; 2] = ["grad.", "trace."];
/// Tensors that are listed, so that a file of a million names is no flood.
const LISTED: usize = 500;

pub(crate) fn run(registry: &Registry, args: &Args) -> Result<ExitCode, Failure> {
    if let Some(path) = parted(&args.overrides).0.first() {
        let path = path.display();
        return Err(Failure::wrong(format!(
            "`{path}`: allowed are a config, a file of weights, and overrides such as model.memory.slots=64"
        )));
    }
    let (source, name) = source(Some(&args.config))?;
    let loaded = registry.load::<Experiment>(&source, &args.overrides)?;
    let train = &loaded.value.train;
    train.check().map_err(|(field, why)| {
        loaded.locate(ntm_core::config::BuildError::new(field, why).under("train"))
    })?;
    let tensors = weights(&args.weights)?;
    let config = to_ron(&loaded.value);
    // weights in double precision keep it
    let double = tensors.values().any(|tensor| matches!(tensor.data, Some(Data::F64(_))));
    let checkpoint = match double {
        true => checkpoint::<f64>(&loaded, tensors, &args.weights, &config)?,
        false => checkpoint::<f32>(&loaded, tensors, &args.weights, &config)?,
    };

    let writer = RunDirectory::create(args.out.as_deref(), &name)?;
    // the config makes it a run, and a run has the weights
    checkpoint.clone().write(writer.new_checkpoint(Which::Last)?)?;
    writer.write_config(&config)?;
    writer.write_environment(environment())?;
    writer.write_status(&Status::imported())?;
    let (run, program) = (writer.path().display(), out::program());
    // without files of its own the task wants to be told of some, or the commands below end at once
    let task = loaded.value.task().map_err(|e| loaded.locate(e))?;
    let wants = |purpose| task.count(purpose) == Some(0);
    let given =
        |wanted: bool, field| if wanted { format!(" 'task.{field}=\"FILE\"'") } else { String::new() };
    let validation = given(wants(Purpose::Evaluation(0)), "validation");
    let train = given(wants(Purpose::Training), "train");
    out::people(&format!(
        "{run}: {} tensors of {}, in {} precision. Try next:\n  {program} eval {run}{validation}\n  {program} trace {run} --inputs FILE \
         --out trace.safetensors\n  {program} train --from {run}{train}{validation}",
        checkpoint.tensors.len(),
        args.weights.display(),
        if double { "double" } else { "single" },
    ));
    Ok(ExitCode::SUCCESS)
}

/// The tensors of a file that are not data or reference values.
fn weights(path: &Path) -> Result<BTreeMap<String, Stored>, Failure> {
    let other =
        |name: &str| OTHERS.contains(&name) || OTHER_GROUPS.iter().any(|group| name.starts_with(group));
    let file = Foreign::read(path).map_err(|e| match &e {
        // the file is the user's choice; that a disk fails is not
        ArchiveError::InFile { error, .. } if matches!(**error, ArchiveError::Io { .. }) => {
            Failure::stopped(e)
        }
        _ => Failure::wrong(e),
    });
    let mut tensors = file?.tensors;
    tensors.retain(|name, _| !other(name));
    Ok(tensors)
}

/// A checkpoint of the weights, once they are known to be those of the model.
fn checkpoint<T: Precision>(
    loaded: &Loaded<Experiment>,
    tensors: BTreeMap<String, Stored>,
    path: &Path,
    config: &str,
) -> Result<Checkpoint, Failure>
where
    Data: From<Vec<T>>,
{
    let task = loaded.value.task().map_err(|e| loaded.locate(e))?;
    let cell = loaded.value.cell::<T>(&*task).map_err(|e| loaded.locate(e))?;
    let bytes = 2 * memory::of_parameters(&*cell, task.outputs());
    memory::require("this model", bytes, "the sizes of the model")?;
    let mut model = loaded.value.model::<T>(&*task).map_err(|e| loaded.locate(e))?;
    let wrong = differences(&model.tensors(), &tensors);
    if !wrong.is_empty() {
        let (config, lines) = (loaded.value.model.name(), wrong.len());
        let shown: String = wrong.iter().take(LISTED).map(|line| format!("\n  {line}")).collect();
        let more = if lines > LISTED { format!("\n  and {} more", lines - LISTED) } else { String::new() };
        return Err(Failure::wrong(format!(
            "{}: {} not those of the {config} in the config:{shown}{more}",
            path.display(),
            if lines == 1 { "1 tensor is".into() } else { format!("{lines} tensors are") },
        )));
    }
    for (name, tensor) in &tensors {
        set(&mut model, name, tensor)
            .map_err(|why| Failure::wrong(format!("{}: `{name}` {why}", path.display())))?;
    }
    Ok(Checkpoint::of_weights(config, &model, &model.params, Numbers::default()))
}

fn set<T: Precision>(model: &mut Model<T>, name: &str, tensor: &Stored) -> Result<(), String> {
    let numbers: Vec<T> = match &tensor.data {
        Some(Data::F32(data)) => data.iter().map(|&x| T::of(f64::from(x))).collect(),
        Some(Data::F64(data)) => data.iter().map(|&x| T::of(x)).collect(),
        _ => return Err(format!("is {}, and weights are F32 or F64", tensor.dtype)),
    };
    if let Some(at) = numbers.iter().position(|x| !x.is_finite()) {
        return Err(format!(
            "holds {} as its number {at}, row-major; all weights must be finite",
            numbers[at]
        ));
    }
    model.set(name, &tensor.shape, &numbers).map_err(|e| e.to_string())
}

/// Every tensor on which a model and a file disagree, in words.
fn differences(model: &[TensorInfo], file: &BTreeMap<String, Stored>) -> Vec<String> {
    let mut lines = vec![];
    for TensorInfo { path, shape, .. } in model {
        match file.get(path) {
            None => {
                let parts = ["_ih", "_hh"].map(|end| format!("{path}{end}"));
                let halves = parts.iter().all(|part| file.contains_key(part));
                let hint = match halves {
                    true => format!("; it is the sum of `{}` and `{}`", parts[0], parts[1]),
                    false => String::new(),
                };
                lines.push(format!(
                    "missing: `{path}` has shape {shape:?} in the model, and is not in the file{hint}"
                ));
            }
            Some(tensor) if tensor.shape != *shape => lines.push(format!(
                "misshapen: `{path}` has shape {:?} in the file, and {shape:?} in the model",
                tensor.shape
            )),
            Some(tensor) if !matches!(&*tensor.dtype, "F32" | "F64") => lines.push(format!(
                "mistyped: `{path}` is {} in the file, and weights are F32 or F64; in NumPy: .astype(\"float32\")",
                tensor.dtype
            )),
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = model.iter().map(|info| info.path.as_str()).collect();
    for (name, tensor) in file.iter().filter(|(name, _)| !known.contains(name.as_str())) {
        // a name from a file may hold anything
        let short: String = name.chars().take(120).flat_map(char::escape_debug).collect();
        let shape = &tensor.shape;
        let dtype = match &*tensor.dtype {
            "F32" | "F64" => String::new(),
            other => format!(" ({other})"),
        };
        lines.push(format!(
            "extra: `{short}`{dtype} has shape {shape:?} in the file, and is not in the model"
        ));
    }
    lines
}
