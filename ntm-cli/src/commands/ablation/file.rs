//! An ablation file: a base, named variants, seeds, a measure.
use super::plan::{BASE, Kind, Plan, Planner, Variant, check_count, check_names};
use crate::commands::Failure;
use crate::commands::experiment;
use crate::commands::measure::SEQUENCES;
use ntm_core::config::{ConfigError, Loaded, Registry, Source};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a file such as `configs/ablations/shift.ron` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AblationFile {
    /// The config that the variants are made from, relative to this file.
    base: String,
    /// Overrides for all variants, the base included.
    #[serde(default)]
    set: Vec<String>,
    variants: Variants,
    /// First and last, both included.
    seeds: (u64, u64),
    /// Variants that have seeds of their own, such as a slow one with fewer.
    #[serde(default)]
    seeds_of: BTreeMap<String, (u64, u64)>,
    #[serde(default)]
    measure: Measure,
}

/// What the variants are compared by; less is better in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Measure {
    /// Training sequences until the task is solved; who does not get there is last.
    #[default]
    SequencesToSolved,
    /// Cost of the last validation, bits per sequence.
    FinalBits,
    /// Cost of the best checkpoint at a size, bits per sequence.
    BitsAt {
        length: u64,
        /// how many sequences it is the mean of
        #[serde(default = "usual")]
        sequences: usize,
    },
    /// Wrong bits per sequence of the best checkpoint at a size.
    WrongBitsAt {
        length: u64,
        /// as in [`Measure::BitsAt`]; many show what goes wrong rarely
        #[serde(default = "usual")]
        sequences: usize,
    },
}

fn usual() -> usize {
    SEQUENCES
}

impl Measure {
    /// The size that trained models are measured at, and on how many sequences.
    pub(crate) fn evaluation(self) -> Option<(u64, usize)> {
        match self {
            Measure::SequencesToSolved | Measure::FinalBits => None,
            Measure::BitsAt { length, sequences } | Measure::WrongBitsAt { length, sequences } => {
                Some((length, sequences))
            }
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Measure::SequencesToSolved => f.write_str("SequencesToSolved"),
            Measure::FinalBits => f.write_str("FinalBits"),
            Measure::BitsAt { length, sequences } => written(f, "BitsAt", *length, *sequences),
            Measure::WrongBitsAt { length, sequences } => written(f, "WrongBitsAt", *length, *sequences),
        }
    }
}

fn written(f: &mut fmt::Formatter<'_>, name: &str, length: u64, sequences: usize) -> fmt::Result {
    match sequences {
        SEQUENCES => write!(f, "{name}(length: {length})"),
        _ => write!(f, "{name}(length: {length}, sequences: {sequences})"),
    }
}

/// Names with their overrides, in the order of the file. That no name stands twice is checked later, where its place is known.
#[derive(Clone, Debug, PartialEq)]
struct Variants(Vec<(String, Vec<String>)>);

impl Serialize for Variants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, overrides)| map.serialize_entry(name, overrides))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Variants;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("variants: {\"name\": [\"path=value\", …], …}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Variants, A::Error> {
                let mut variants: Vec<(String, Vec<String>)> = vec![];
                while let Some((name, overrides)) = map.next_entry::<String, Vec<String>>()? {
                    variants.push((name, overrides));
                }
                Ok(Variants(variants))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads a file, its base, and every variant. `overrides` are for all variants, after their own.
pub(crate) fn plan(
    registry: &Registry,
    path: &Path,
    overrides: &[String],
    folder: impl FnOnce(&str) -> PathBuf,
) -> Result<Plan, Failure> {
    let (source, name) = experiment::source(Some(path))?;
    let file =
        registry.load::<AblationFile>(&source, &[]).map_err(|e| not_an_ablation(registry, &source, e))?;
    let AblationFile { base, set, variants, seeds, seeds_of, measure } = &file.value;
    let at = |steps: &[&str], message: String| Failure::from(file.locate_steps(steps, None, message));

    let range = |&(first, last): &(u64, u64), place: &[&str]| {
        if first > last {
            let message = format!("({first}, {last}) holds no seed; write (first, last), both included");
            return Err(at(place, message));
        }
        let count = u128::from(last) - u128::from(first) + 1;
        check_count("", variants.0.len() as u128 + 1, count)
            .map_err(|e| at(place, e.message.trim_start_matches(": ").to_owned()))?;
        Ok((first..=last).collect::<Vec<u64>>())
    };
    let seeds = range(seeds, &["seeds"])?;
    let mut own_seeds = BTreeMap::new();
    for (name, of) in seeds_of {
        let place = ["seeds_of", name.as_str()];
        if name != BASE && !variants.0.iter().any(|(variant, _)| variant == name) {
            let names: Vec<String> = variants.0.iter().map(|(variant, _)| format!("{variant:?}")).collect();
            let message = format!("there is no variant {name:?}; there are \"base\", {}", names.join(", "));
            return Err(at(&place, message));
        }
        own_seeds.insert(name.as_str(), range(of, &place)?);
    }
    if variants.0.is_empty() {
        let message =
            "there are no variants; write \"name\": [\"path=value\", …], or train the base with ntm train";
        return Err(at(&["variants"], message.into()));
    }
    let names = variants.0.iter().map(|(name, _)| name.as_str()).filter(|name| *name != BASE);
    check_names(std::iter::once(BASE).chain(names)).map_err(|(name, why)| at(&["variants", name], why))?;
    for (name, changes) in &variants.0 {
        let place = ["variants", name.as_str()];
        if name == BASE {
            let message = "the base itself is variant \"base\"; choose another name, or put overrides for it into `set`";
            return Err(at(&place, message.into()));
        }
        if changes.is_empty() {
            return Err(at(
                &place,
                format!("variant {name:?} changes nothing; give it at least one \"path=value\""),
            ));
        }
    }
    let written = |list: &[String], of: &[&str]| seeds_are_given(&file, list, of);
    written(set, &["set"])?;
    variants.0.iter().try_for_each(|(name, changes)| written(changes, &["variants", name]))?;
    if let Some(seed) = overrides.iter().find(|written| path_of(written) == "train.seed") {
        return Err(Failure::wrong(format!(
            "`{seed}`: an ablation runs every variant with the seeds of its file; change `seeds` in {}",
            path.display()
        )));
    }

    let beside = path.parent().unwrap_or(Path::new("")).join(base);
    let (base_source, _) =
        experiment::source(Some(&beside)).map_err(|e| at(&["base"], format!("the base: {}", e.message)))?;
    let blame_measure = |message| at(&["measure"], message);
    let planner =
        Planner { registry, source: &base_source, measure: Some(*measure), blame_measure: &blame_measure };
    let built = |name: &str, changes: &[String]| -> Result<Variant, Failure> {
        let seeds = own_seeds.get(name).unwrap_or(&seeds);
        let seed = format!("train.seed={}", seeds[0]);
        let all = [set.as_slice(), changes, overrides].concat();
        // the seed goes last in every run; here it is one of them, since a seed can be wrong too
        let blame = |e| blame(&file, name, (set, changes), e);
        let mut variant = planner.variant(name, [all, vec![seed]].concat(), &blame)?;
        variant.seeds = seeds.clone();
        variant.overrides.pop();
        Ok(variant)
    };
    let base_variant = built(BASE, &[])?;
    let base = base_variant.experiment.clone();
    let others = variants.0.iter().map(|(name, changes)| built(name, changes));
    let variants = std::iter::once(Ok(base_variant)).chain(others).collect::<Result<Vec<_>, _>>()?;
    Ok(Plan {
        kind: Kind::Ablation,
        folder: folder(&name),
        name,
        source: base_source,
        text: source.text,
        base,
        variants,
        seeds,
        measure: Some(*measure),
    })
}

/// A config given where an ablation file is wanted is the usual mistake.
fn not_an_ablation(registry: &Registry, source: &Source, e: ConfigError) -> Failure {
    match registry.parse::<ntm_core::config::Experiment>(source) {
        Ok(_) => Failure::wrong(format!(
            "{}: this is a config of one run; ntm ablate takes a file with `base`, `variants` and `seeds` (and ntm \
             sweep a config with lists of values)",
            source.name
        )),
        Err(_) => e.into(),
    }
}

/// The path of an override.
pub(crate) fn path_of(written: &str) -> &str {
    written.split('=').next().unwrap_or("").trim()
}

/// Refuses overrides of the seed.
fn seeds_are_given(file: &Loaded<AblationFile>, list: &[String], of: &[&str]) -> Result<(), Failure> {
    let Some(place) = list.iter().position(|written| path_of(written) == "train.seed") else { return Ok(()) };
    let index = place.to_string();
    let message = "every variant runs with the same seeds; leave train.seed out, and say them in `seeds`";
    Err(file.locate_steps(&[of, &[&index]].concat(), None, message.into()).into())
}

/// Tells an error at the override in the file that is its reason, if one is.
fn blame(
    file: &Loaded<AblationFile>,
    name: &str,
    (set, changes): (&[String], &[String]),
    e: ConfigError,
) -> Failure {
    let of = |list: &[String]| {
        list.iter()
            .rposition(|written| e.source_name() == format!("override {written:?}"))
            .map(|i| i.to_string())
    };
    let place = of(changes).map(|i| vec!["variants".into(), name.to_owned(), i]);
    let place = place.or_else(|| of(set).map(|i| vec!["set".into(), i]));
    let Some(place) = place else {
        return Failure::wrong(match name {
            BASE => e.to_string(),
            _ => format!("variant {name:?}: {e}"),
        });
    };
    let steps: Vec<&str> = place.iter().map(String::as_str).collect();
    let whose = if place[0] == "set" { String::new() } else { format!("variant {name:?}: ") };
    let path = e.path().map(|path| format!("{path}: ")).unwrap_or_default();
    file.locate_steps(&steps, None, format!("{whose}{path}{}", e.message())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ntm_core::config::to_ron;

    #[test]
    fn a_file_is_written_as_it_was_read() {
        let text = r#"(
            base: "x.ron",
            variants: {"b": ["train.batch=2"], "a": []},
            seeds: (1, 3),
            measure: BitsAt(length: 120),
        )"#;
        let registry = Registry::default();
        let file: AblationFile = registry.parse(&Source::new("a.ron", text)).unwrap();
        assert_eq!(file.variants.0[0].0, "b", "in the order of the file");
        assert_eq!(file.measure.to_string(), "BitsAt(length: 120)");
        assert_eq!(registry.parse::<AblationFile>(&Source::new("b.ron", to_ron(&file))).unwrap(), file);
    }
}
