//! What is to be run, checked to the last variant before anything is.
use super::file::Measure;
use crate::commands::{Failure, memory, train};
use ntm_core::config::{ConfigError, Experiment, Loaded, Registry, Source, to_ron};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// At most so many runs: a product of a few ranges is larger than one thinks.
pub(crate) const MAX_RUNS: usize = 10_000;
/// A folder's name is at most so many bytes; what is longer is cut and gets a number of its own.
const LONGEST_SLUG: usize = 80;
/// A trained model is measured on at most so many sequences.
const MOST_MEASURED: usize = 1 << 20;
/// What the runs of the base itself are called.
pub(crate) const BASE: &str = "base";

/// Who made a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ablation,
    Sweep,
}

/// A base, variants of it, seeds for each.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Where its runs go.
    pub(crate) folder: PathBuf,
    /// The base as it was read.
    pub(crate) source: Source,
    /// What the user wrote: the ablation file, or the words of the sweep.
    pub(crate) text: String,
    /// The base with what is set for all variants; of a sweep as its file has it.
    pub(crate) base: Experiment,
    pub(crate) variants: Vec<Variant>,
    /// Those of every variant that has none of its own.
    pub(crate) seeds: Vec<u64>,
    /// What they are compared by, if they are compared with the base.
    pub(crate) measure: Option<Measure>,
}

/// A list of overrides under a name.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) name: String,
    /// The name of its folder.
    pub(crate) slug: String,
    /// All that is applied to the base's text, but the seed.
    pub(crate) overrides: Vec<String>,
    pub(crate) experiment: Experiment,
    pub(crate) seeds: Vec<u64>,
    /// What one of its runs takes.
    bytes: u128,
}

impl Variant {
    /// The resolved config of a run.
    pub(crate) fn config(&self, seed: u64) -> String {
        with_seed(&self.experiment, seed)
    }
    /// Where a run lies in the folder.
    pub(crate) fn run(&self, seed: u64) -> String {
        format!("{}/seed-{seed}", self.slug)
    }
}

impl Plan {
    /// The base's own variant, if it is one of them.
    pub(crate) fn base_variant(&self) -> Option<&Variant> {
        self.variants.iter().find(|variant| self.kind == Kind::Ablation && variant.name == BASE)
    }
    pub(crate) fn runs(&self) -> usize {
        self.variants.iter().map(|variant| variant.seeds.len()).sum()
    }
    /// Bytes of as many runs at a time as there are jobs, the largest ones.
    pub(crate) fn bytes(&self, jobs: usize) -> u128 {
        self.variants.iter().map(|variant| variant.bytes).max().unwrap_or(0) * jobs.min(self.runs()) as u128
    }
}

/// Refuses plans whose runs do not fit side by side.
pub(crate) fn require_memory(plans: &[Plan], jobs: usize) -> Result<(), Failure> {
    let most = plans.iter().max_by_key(|plan| plan.bytes(jobs));
    most.map_or(Ok(()), |plan| {
        let what = format!("{}: training {jobs} at a time", plan.name);
        memory::require(&what, plan.bytes(jobs), "--jobs, or the sizes of the model, the task or the batch,")
    })
}

/// The resolved config with a seed.
pub(crate) fn with_seed(experiment: &Experiment, seed: u64) -> String {
    let mut experiment = experiment.clone();
    experiment.train.seed = seed;
    to_ron(&experiment)
}

/// Builds variants of one base. Their names are checked before, by [`check_names`].
pub(crate) struct Planner<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) source: &'a Source,
    pub(crate) measure: Option<Measure>,
    /// Says of a measure that cannot be taken where it is asked for.
    pub(crate) blame_measure: &'a dyn Fn(String) -> Failure,
}

impl Planner<'_> {
    /// Reads and builds a variant, which has no seeds yet. `blame` says of a config's error where in the user's words its reason stands.
    pub(crate) fn variant(
        &self,
        name: &str,
        overrides: Vec<String>,
        blame: &dyn Fn(ConfigError) -> Failure,
    ) -> Result<Variant, Failure> {
        let loaded = self.registry.load::<Experiment>(self.source, &overrides).map_err(blame)?;
        let plan = loaded.value.plan(1).map_err(|e| blame(loaded.locate(e)))?;
        let smaller = "the sizes of the model, task.length, train.batch or train.validation_sequences";
        memory::require(&format!("training variant {name:?}"), plan.most_bytes(), smaller)?;
        let named = |failure: Failure| Failure {
            message: format!("variant {name:?}: {}", failure.message),
            ..failure
        };
        train::first_model(&loaded, None).map_err(named)?;
        self.check_measure(name, &loaded)?;
        let slug = slug(name).unwrap_or_default();
        Ok(Variant {
            name: name.to_owned(),
            slug,
            overrides,
            experiment: loaded.value,
            seeds: vec![],
            bytes: plan.most_bytes(),
        })
    }

    /// Refuses a measure that runs of this variant would not have.
    fn check_measure(&self, name: &str, loaded: &Loaded<Experiment>) -> Result<(), Failure> {
        let Some(measure) = self.measure else { return Ok(()) };
        if let Some((length, sequences)) = measure.evaluation() {
            if sequences == 0 || sequences > MOST_MEASURED {
                return Err((self.blame_measure)(format!(
                    "{measure}: {sequences} sequences; must be 1 to {MOST_MEASURED}"
                )));
            }
            let task = loaded.value.task().map_err(|e| loaded.locate(e))?;
            task.steps(Some(length)).map_err(|e| {
                (self.blame_measure)(format!("{measure}: variant {name:?} cannot be measured so: {e}"))
            })?;
        } else if loaded.value.train.validate_every == 0 {
            return Err((self.blame_measure)(format!(
                "{measure}: variant {name:?} has train.validate_every=0, and without validation a run has \
                 neither; set train.validate_every, or measure BitsAt(length: …)"
            )));
        }
        Ok(())
    }
}

/// A name as a folder is called: letters, digits, dots and underscores; anything else becomes a dash. `None` if nothing
/// is left.
pub(crate) fn slug(name: &str) -> Option<String> {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_alphanumeric() || matches!(c, '_' | '.') => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let whole = slug.trim_matches(['-', '.']);
    if !whole.contains(char::is_alphanumeric) {
        return None;
    }
    if whole.len() <= LONGEST_SLUG {
        return Some(whole.to_owned());
    }
    let end = (0..=LONGEST_SLUG).rev().find(|&end| whole.is_char_boundary(end)).unwrap_or(0);
    let number = name.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    Some(format!("{}-{number:08x}", whole[..end].trim_end_matches('-')))
}

/// What a variant of a sweep is called: its values, each behind the shortest end of its path that no other path has.
pub(crate) fn variant_name(paths: &[&str], values: &[&str]) -> String {
    let short = |path: &&str| -> String {
        let steps: Vec<&str> = path.split('.').map(str::trim).collect();
        let ends = |count: usize| steps[steps.len() - count..].join(".");
        let alone = |end: &String| {
            let ending = format!(".{end}");
            paths.iter().filter(|other| *other == end || other.ends_with(&ending)).count() < 2
        };
        (1..=steps.len()).map(ends).find(alone).unwrap_or_else(|| path.to_string())
    };
    let parts = paths.iter().zip(values).map(|(path, value)| format!("{}={value}", short(path)));
    parts.collect::<Vec<_>>().join(", ")
}

/// Names that cannot stand side by side: which one, and why.
pub(crate) fn check_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), (&'a str, String)> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let Some(slug) = slug(name) else {
            let why =
                format!("variant {name:?}: a name needs a letter or a digit, its folder is called after it");
            return Err((name, why));
        };
        let Some(other) = seen.insert(slug.clone(), name) else { continue };
        let why = match other == name {
            true => format!("there are two variants {name:?}; each needs a name of its own"),
            false => format!(
                "the variants {other:?} and {name:?} would share the folder {slug:?}; rename one of them"
            ),
        };
        return Err((name, why));
    }
    Ok(())
}

/// More runs than anybody means.
pub(crate) fn check_count(what: &str, variants: u128, seeds: u128) -> Result<(), Failure> {
    let runs = variants.saturating_mul(seeds);
    if runs <= MAX_RUNS as u128 {
        return Ok(());
    }
    Err(Failure::wrong(format!(
        "{what}: {variants} variants with {seeds} seeds each are {runs} runs; at most {MAX_RUNS} are allowed"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_called_after_variants() {
        assert_eq!(slug("no sharpening").as_deref(), Some("no-sharpening"));
        assert_eq!(slug("rate 0.5, (batch: 2)").as_deref(), Some("rate-0.5-batch-2"));
        assert_eq!(slug("../Up").as_deref(), Some("up"));
        assert_eq!(slug("Größe=3").as_deref(), Some("größe-3"));
        assert_eq!((slug("-.-"), slug("")), (None, None));
        let (long, other) = ("x".repeat(200), "x".repeat(201));
        assert!(slug(&long).unwrap().len() <= LONGEST_SLUG + 9);
        assert_ne!(slug(&long), slug(&other));
    }

    #[test]
    fn variants_of_a_sweep_are_called_by_what_differs() {
        assert_eq!(variant_name(&["model.memory.slots", "train.batch"], &["8", "2"]), "slots=8, batch=2");
        assert_eq!(
            variant_name(&["model.heads.0.range", "model.heads.1.range"], &["1", "2"]),
            "0.range=1, 1.range=2"
        );
        assert_eq!(variant_name(&["a"], &["[1, 2]"]), "a=[1, 2]");
    }
}
