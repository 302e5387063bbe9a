//! A page of an ablation or a sweep: which variant does better, how surely, and in what they differ.
use super::page::{Page, escaped, folded, notice, paragraph, picture, table};
use super::runs::{environment_rows, learnt};
use super::sequences::{Recorded, fit, record, usual};
use super::{Args, Failure};
use crate::commands::experiment::Trained;
use crate::commands::out;
use crate::commands::plot::curves;
use crate::commands::plot::intervals::{self, Ends, Estimate, Row, Span, Summary};
use crate::commands::plot::runs::{Group, groups};
use crate::run_directory::RunReference;
use crate::run_files::read_json;
use ntm_core::config::{Registry, differences};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What is read of a folder's manifest; it holds more.
#[derive(Deserialize)]
struct Manifest {
    base: String,
    variants: Vec<Variant>,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    measure: Option<String>,
}

#[derive(Deserialize)]
struct Variant {
    name: String,
    folder: String,
    config: String,
}

/// Whether a folder holds many runs that belong together.
pub(super) fn is_folder(path: &Path) -> bool {
    let has = |name: &str| path.join(name).is_file();
    !has("config.ron") && (has("manifest.json") || has("summary.json"))
}

pub(super) fn page(registry: &Registry, args: &Args, folder: &Path) -> Result<Page, Failure> {
    if let Some(option) = [
        ("--length", !args.length.is_empty()),
        ("--sequences", args.sequences.is_some()),
        ("--inputs", !args.inputs.is_empty()),
    ]
    .iter()
    .find_map(|(option, given)| given.then_some(*option))
    {
        let shown = folder.display();
        return Err(Failure::wrong(format!(
            "{option} is for reports of runs, and {shown} is an ablation or a sweep, whose measure was taken when it was run"
        )));
    }
    let whole = std::fs::canonicalize(folder).ok();
    let name = whole.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let manifest: Result<Manifest, String> =
        read_json(&folder.join("manifest.json")).map_err(|e| e.to_string());
    let summary = Summary::read(folder).map_err(|e| e.message);
    // what the variants are called is known of the one or of the other
    let kind = match &summary {
        Ok(Summary { of: Some(of), .. }) if of != "variant" => "Sweep",
        _ => "Ablation",
    };
    let mut page = Page::new(kind, &name, &escaped(&verdict(&manifest, &summary)));
    let links = [
        ("what-it-found", "What it found"),
        ("how-they-learnt", "How they learnt"),
        ("what-they-do", "What they do"),
        ("in-what-they-differ", "In what they differ"),
        ("how-it-was-made", "How it was made"),
    ];
    page.contents(&links.map(|(id, name)| (id.to_owned(), name.to_owned())));
    page.section("what-it-found", "What it found", &found(folder, &summary));

    let path = [folder.to_path_buf()];
    let groups = groups(&path).map(|groups| in_order(groups, &manifest));
    let curves = match &groups {
        Ok(groups) => curves::made(registry, groups, None),
        Err(e) => Err(Failure { message: e.message.clone(), code: e.code }),
    };
    page.section("how-they-learnt", "How they learnt", &learnt(&name, curves));
    let groups = groups.unwrap_or_default();
    let does = does(registry, args, &mut page, &groups);
    page.section("what-they-do", "What they do", &does);
    page.section("in-what-they-differ", "In what they differ", &differ(&manifest));
    page.section("how-it-was-made", "How it was made", &made(folder, &manifest, &groups));
    Ok(page)
}

fn verdict(manifest: &Result<Manifest, String>, summary: &Result<Summary, String>) -> String {
    let Ok(manifest) = manifest else { return "Many runs of one base.".into() };
    let (variants, seeds) = (manifest.variants.len(), manifest.seeds.len());
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut text = format!("{}, {} each", plural(variants, "variant"), plural(seeds, "seed"));
    if let Some(measure) = &manifest.measure {
        text += &format!(", compared by {measure}");
    }
    match summary {
        Ok(_) => text + ".",
        Err(_) => text + ". It has not ended yet.",
    }
}

/// Groups by the names of their variants, in the order of the manifest.
fn in_order(mut groups: Vec<Group>, manifest: &Result<Manifest, String>) -> Vec<Group> {
    let Ok(manifest) = manifest else { return groups };
    let place = |name: &str| manifest.variants.iter().position(|variant| variant.folder == name);
    groups.sort_by_key(|group| place(&group.name).unwrap_or(usize::MAX));
    for group in &mut groups {
        if let Some(place) = place(&group.name) {
            group.name = manifest.variants[place].name.clone();
        }
    }
    groups
}

/// The table with intervals, and its picture.
fn found(folder: &Path, summary: &Result<Summary, String>) -> String {
    let summary = match summary {
        Ok(summary) => summary,
        Err(e) => return notice(e),
    };
    let of = summary.of.as_deref().unwrap_or("variant");
    let any = |of: fn(&Row) -> bool| summary.rows.iter().any(of);
    let measured = any(|row| row.measured.is_some())
        .then(|| format!("{}, IQM [95 %]", summary.measure.as_deref().unwrap_or("measured")));
    let compared = any(|row| row.better_than_base.is_some());
    let mut header =
        vec![of, "n", "failed", "solved", "sequences to solved, median [range]", "final bits, IQM [95 %]"];
    header.extend(measured.as_deref());
    header.extend(compared.then_some("better than base, P [95 %]"));
    let count = |x: f64| if x.is_finite() { out::count(x.round() as u64) } else { x.to_string() };
    let row = |row: &Row| {
        let mut cells = vec![
            row.name.clone(),
            row.n.to_string(),
            row.failed.to_string(),
            format!("{} of {}", row.solved, row.n),
            row.sequences_to_solved.map_or_else(missing, |span| told_span(span, count)),
            row.final_bits.map_or_else(missing, |estimate| told(estimate, out::bits)),
        ];
        if measured.is_some() {
            cells.push(row.measured.map_or_else(missing, |estimate| told(estimate, out::bits)));
        }
        if compared {
            cells.push(
                row.better_than_base.map_or_else(missing, |estimate| told(estimate, |x| format!("{x:.2}"))),
            );
        }
        cells
    };
    let rows: Vec<Vec<String>> = summary.rows.iter().map(row).collect();
    let mut html = table(&header, 1, &rows, summary.base.as_deref());
    html += &paragraph(
        "n counts every run, failed ones too: they rank worst, as inf. inf sequences: not solved. IQM is the mean of the middle \
         half of the runs; [95 %] is its percentile bootstrap interval. Better than base is P(X < B) + P(X = B) / 2 over all \
         pairs of a run and a run of the base, by the measure.",
    );
    let failed: Vec<String> = summary
        .runs
        .iter()
        .filter_map(|run| {
            Some(format!("<li>{}: {}</li>\n", escaped(&run.run), escaped(run.message.as_deref()?)))
        })
        .collect();
    if !failed.is_empty() {
        html += &format!("<h3>Failed runs</h3>\n<ul class=\"failed\">\n{}</ul>\n", failed.concat());
    }
    match intervals::made(&[PathBuf::from(folder)]) {
        Ok((made, _)) => html += &picture(&made.drawing, "The variants with their intervals", ""),
        Err(e) => html += &notice(&e.message),
    }
    html
}

fn missing() -> String {
    "-".into()
}
/// JSON has no infinity.
fn number(x: Option<f64>) -> f64 {
    x.unwrap_or(f64::INFINITY)
}
fn told_span(Span { median, min, max }: Span, say: impl Fn(f64) -> String) -> String {
    format!("{} [{}, {}]", say(number(median)), say(number(min)), say(number(max)))
}
fn told(Estimate { value, interval }: Estimate, say: impl Fn(f64) -> String) -> String {
    match interval {
        Some(Ends { low, high }) => {
            format!("{} [{}, {}]", say(number(value)), say(number(low)), say(number(high)))
        }
        None => say(number(value)),
    }
}

/// One sequence with the first run of each variant.
fn does(registry: &Registry, args: &Args, page: &mut Page, groups: &[Group]) -> String {
    let mut all = Recorded::default();
    let mut notes = String::new();
    for group in groups {
        let Some(run) = group.runs.first() else { continue };
        let path = match run {
            RunReference::Directory(run) => run.path(),
            RunReference::File(path) => path,
        };
        let seed = path.file_name().unwrap_or_default().to_string_lossy();
        let title = format!("{} ({seed})", group.name);
        let of_run = Trained::open(registry, Some(path), args.last, &[]).and_then(|trained| {
            let model = trained.model::<f32>("a model", |_| 0)?;
            Ok(record(&trained, &model, usual(&trained, title)))
        });
        match of_run {
            Ok(recorded) => all.join(recorded),
            Err(e) => notes += &notice(&format!("{}: {}", group.name, e.message)),
        }
    }
    fit(&mut all, 1);
    let about = match all.films.is_empty() {
        true => String::new(),
        false => paragraph(
            "The same sequence with one run of each variant, its first seed. Choose a variant, then play or step.",
        ),
    };
    about + &page.player(&all.films) + &all.around() + &notes
}

/// Every setting in which a variant is not the base.
fn differ(manifest: &Result<Manifest, String>) -> String {
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(e) => return notice(e),
    };
    let word = |value: Option<String>| value.unwrap_or_else(|| "(nothing)".into());
    let mut rows = vec![];
    for variant in &manifest.variants {
        let mut name = variant.name.clone();
        for difference in differences(&manifest.base, &variant.config) {
            rows.push(vec![
                std::mem::take(&mut name),
                difference.path,
                word(difference.before),
                word(difference.after),
            ]);
        }
    }
    match rows.is_empty() {
        true => paragraph("All variants are the base."),
        false => table(&["variant", "setting", "base", "variant"], 4, &rows, None),
    }
}

fn made(folder: &Path, manifest: &Result<Manifest, String>, groups: &[Group]) -> String {
    let mut html = String::new();
    if let Ok(manifest) = manifest {
        html += &folded("The config of the base, every setting written out", manifest.base.trim_end());
    }
    let mut rows = vec![("folder".to_owned(), folder.display().to_string())];
    let first = groups.iter().flat_map(|group| &group.runs).find_map(|run| match run {
        RunReference::Directory(run) => read_json(&run.file("environment.json")).ok(),
        RunReference::File(_) => None,
    });
    match first {
        Some(environment) => rows.extend(environment_rows(&environment)),
        None => html += &notice("There is no environment.json that can be read."),
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name, value]).collect();
    html + &format!("<h3>Environment of the first run</h3>\n{}", table(&["what", "which"], 2, &rows, None))
}
