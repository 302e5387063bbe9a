//! What came of many runs, as tables: for people, for spreadsheets, for programs.
//!
//! All but [`times`] is a function of the runs' results: no time, no place, no order in which they ended.
use super::file::Measure;
use super::results::{Outcome, RunResult};
use crate::commands::out;
use crate::pictures::table;
use crate::statistics::{Estimate, comparison, estimate, median};
use serde::Serialize;
use serde_json::{Value, json};

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Md,
    Csv,
    Json,
}

/// One run of a group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Which one, to be named where it failed.
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) result: RunResult,
}

/// Runs that differ by their seed alone, or that one wants to see together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) members: Vec<Member>,
}

/// Groups side by side.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// What the groups are, such as `variant`.
    pub(crate) of: String,
    pub(crate) groups: Vec<Group>,
    /// What they are compared by.
    pub(crate) measure: Option<Measure>,
    /// The group that the others are compared with.
    pub(crate) base: Option<usize>,
}

/// The middle and the ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Spread> {
        let (min, max) =
            (values.iter().copied().min_by(f64::total_cmp)?, values.iter().copied().max_by(f64::total_cmp)?);
        Some(Spread { median: median(values)?, min, max })
    }
}

/// What is said of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    name: String,
    n: usize,
    failed: usize,
    solved: usize,
    sequences_to_solved: Option<Spread>,
    final_bits: Option<Estimate>,
    measured: Option<Estimate>,
    /// runs without one wrong bit, where wrong bits are measured
    clean: Option<usize>,
    better_than_base: Option<Estimate>,
}

/// The values of a group, if every run has one.
fn values(group: &Group, of: impl Fn(&RunResult) -> Option<f64>) -> Option<Vec<f64>> {
    group.members.iter().map(|member| of(&member.result)).collect()
}

impl Summary {
    /// By what two groups are compared: less is better.
    fn compared(&self, group: &Group) -> Option<Vec<f64>> {
        match self.measure? {
            Measure::SequencesToSolved => values(group, |run| Some(run.sequences_to_solved())),
            Measure::FinalBits => values(group, RunResult::final_bits),
            Measure::BitsAt { .. } | Measure::WrongBitsAt { .. } => values(group, RunResult::measured),
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        let base = self.base.and_then(|base| self.compared(self.groups.get(base)?));
        let row = |(place, group): (usize, &Group)| {
            let count =
                |outcome| group.members.iter().filter(|member| member.result.outcome == outcome).count();
            let better = base.as_ref().filter(|_| self.base != Some(place));
            Row {
                name: group.name.clone(),
                n: group.members.len(),
                failed: count(Outcome::Failed),
                solved: count(Outcome::Solved),
                sequences_to_solved: values(group, |run| Some(run.sequences_to_solved()))
                    .and_then(|values| Spread::of(&values)),
                final_bits: values(group, RunResult::final_bits).and_then(|values| estimate(&values)),
                measured: self
                    .measure
                    .and_then(Measure::evaluation)
                    .and_then(|_| values(group, RunResult::measured).and_then(|values| estimate(&values))),
                clean: self.measures_wrong_bits().then(|| {
                    group.members.iter().filter(|member| member.result.measured() == Some(0.0)).count()
                }),
                better_than_base: better.and_then(|base| comparison(&self.compared(group)?, base)),
            }
        };
        self.groups.iter().enumerate().map(row).collect()
    }

    fn measures_wrong_bits(&self) -> bool {
        matches!(self.measure, Some(Measure::WrongBitsAt { .. }))
    }

    fn measured_name(&self) -> Option<String> {
        match self.measure? {
            Measure::BitsAt { length, .. } => Some(format!("bits at length {length}")),
            Measure::WrongBitsAt { length, .. } => Some(format!("wrong bits at length {length}")),
            Measure::SequencesToSolved | Measure::FinalBits => None,
        }
    }

    /// The table for people, in Markdown or set for a terminal.
    pub(crate) fn table(&self, markdown: bool) -> String {
        let measured = self.measured_name().map(|name| format!("{name}, IQM [95 %]"));
        let mut header = vec![
            self.of.as_str(),
            "n",
            "failed",
            "solved",
            "sequences to solved, median [range]",
            "final bits, IQM [95 %]",
        ];
        header.extend(measured.as_deref());
        header.extend(self.measures_wrong_bits().then_some("no wrong bit"));
        header.extend(self.base.map(|_| "better than base, P [95 %]"));
        let missing = || "-".to_owned();
        let cells = |row: &Row| {
            let count = |x: f64| if x.is_finite() { out::count(x.round() as u64) } else { x.to_string() };
            let spread = |s: &Spread| format!("{} [{}, {}]", count(s.median), count(s.min), count(s.max));
            let mut cells = vec![
                row.name.clone(),
                row.n.to_string(),
                row.failed.to_string(),
                format!("{} of {}", row.solved, row.n),
                row.sequences_to_solved.as_ref().map_or_else(missing, spread),
                row.final_bits.as_ref().map_or_else(missing, |e| told(e, out::bits)),
            ];
            if measured.is_some() {
                cells.push(row.measured.as_ref().map_or_else(missing, |e| told(e, out::bits)));
            }
            cells.extend(row.clean.map(|clean| format!("{clean} of {}", row.n)));
            if self.base.is_some() {
                let percent = |x: f64| format!("{x:.2}");
                cells.push(row.better_than_base.as_ref().map_or_else(missing, |e| told(e, percent)));
            }
            cells
        };
        table(&header, &self.rows().iter().map(cells).collect::<Vec<_>>(), markdown)
    }

    /// The runs that failed, one line each.
    pub(crate) fn failures(&self) -> Vec<String> {
        let members = self.groups.iter().flat_map(|group| &group.members);
        let failed = members.filter(|member| member.result.failed());
        failed
            .map(|member| {
                let why = member.result.message.as_deref().unwrap_or("no reason was kept");
                format!("{}: {why}", member.name)
            })
            .collect()
    }

    /// The table with all that is needed to read it.
    pub(crate) fn markdown(&self, title: &str, about: &str) -> String {
        let mut text = format!("# {title}\n\n{about}\n\n{}\n{}", self.table(true), self.legend());
        let failures = self.failures();
        if !failures.is_empty() {
            text += "\nFailed runs:\n\n";
            failures.iter().for_each(|line| text += &format!("- {line}\n"));
        }
        text
    }

    fn legend(&self) -> String {
        let mut text = "n counts every run, failed ones too: they rank worst, as `inf`. `inf` sequences: not solved. IQM is \
                        the mean\nof the middle half of the runs; [95 %] is its percentile bootstrap interval (2000 \
                        resamples, fixed seed).\n"
            .to_owned();
        if let (Some(measure), Some(_)) = (self.measure, self.base) {
            text += &format!(
                "Better than base is P(X < B) + P(X = B) / 2 over all pairs of a run and a run of the base, by \
                 {measure}.\n"
            );
        }
        text
    }

    /// One line per group.
    pub(crate) fn csv(&self) -> String {
        let mut header = vec![
            self.of.as_str(),
            "n",
            "failed",
            "solved",
            "sequences_to_solved_median",
            "sequences_to_solved_min",
            "sequences_to_solved_max",
            "final_bits_iqm",
            "final_bits_low",
            "final_bits_high",
        ];
        let measured = self.measured_name().map(|name| name.replace(' ', "_"));
        let more: Vec<String> = measured
            .iter()
            .flat_map(|name| ["iqm", "low", "high"].map(|end| format!("{name}_{end}")))
            .collect();
        header.extend(more.iter().map(String::as_str));
        header.extend(self.measures_wrong_bits().then_some("runs_without_a_wrong_bit"));
        if self.base.is_some() {
            header.extend(["better_than_base", "better_than_base_low", "better_than_base_high"]);
        }
        let estimate = |e: Option<Estimate>| -> [String; 3] {
            let interval = e.and_then(|e| e.interval);
            let numbers = [e.map(|e| e.value), interval.map(|i| i.low), interval.map(|i| i.high)];
            numbers.map(|x| x.map_or_else(String::new, |x| x.to_string()))
        };
        let line = |row: Row| {
            let mut cells = vec![row.name, row.n.to_string(), row.failed.to_string(), row.solved.to_string()];
            let spread = row.sequences_to_solved;
            let spread = [spread.map(|s| s.median), spread.map(|s| s.min), spread.map(|s| s.max)];
            cells.extend(spread.map(|x| x.map_or_else(String::new, |x| x.to_string())));
            cells.extend(estimate(row.final_bits));
            if measured.is_some() {
                cells.extend(estimate(row.measured));
            }
            cells.extend(row.clean.map(|clean| clean.to_string()));
            if self.base.is_some() {
                cells.extend(estimate(row.better_than_base));
            }
            csv_line(&cells)
        };
        let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
        csv_line(&header) + &self.rows().into_iter().map(line).collect::<String>()
    }

    /// Rows and runs. What is infinite is `null` there, since JSON has no infinity; `solved` and `failed` say why.
    pub(crate) fn json(&self) -> Value {
        let run = |group: &Group, member: &Member| {
            let result = &member.result;
            json!({
                "group": group.name,
                "run": member.name,
                "seed": member.seed,
                "outcome": result.outcome,
                "sequences": result.sequences,
                "sequences_to_solved": result.solved_at,
                "final_bits": result.final_bits(),
                "best_bits": result.best_bits,
                "measured": result.measured(),
                "message": result.message,
            })
        };
        let runs: Vec<Value> =
            self.groups.iter().flat_map(|group| group.members.iter().map(|m| run(group, m))).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "of": self.of,
            "measure": self.measure.map(|measure| measure.to_string()),
            "base": self.base.and_then(|base| self.groups.get(base)).map(|group| &group.name),
            "rows": self.rows(),
            "runs": runs,
        })
    }

    /// In one of the formats.
    pub(crate) fn written(&self, format: Format) -> String {
        match format {
            Format::Md => {
                let failures: String = self.failures().iter().map(|line| format!("- {line}\n")).collect();
                let failures =
                    if failures.is_empty() { failures } else { format!("\nFailed runs:\n\n{failures}") };
                format!("{}\n{}{failures}", self.table(true), self.legend())
            }
            Format::Csv => self.csv(),
            Format::Json => format!("{}\n", self.json()),
        }
    }
}

fn told(estimate: &Estimate, number: impl Fn(f64) -> String) -> String {
    match estimate.interval {
        Some(interval) => {
            format!("{} [{}, {}]", number(estimate.value), number(interval.low), number(interval.high))
        }
        None => number(estimate.value),
    }
}

/// A line of CSV as RFC 4180 has it, but for the line end.
fn csv_line(cells: &[String]) -> String {
    let quoted = |cell: &String| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

/// How long runs took.
#[derive(Serialize)]
struct Times<'a> {
    name: &'a str,
    n: usize,
    seconds: Option<Spread>,
    total_seconds: f64,
    sequences_per_second: f64,
}

impl Times<'_> {
    fn of(group: &Group) -> Times<'_> {
        let seconds: Vec<f64> = group.members.iter().map(|member| member.result.seconds).collect();
        let total_seconds: f64 = seconds.iter().sum();
        let sequences: u64 = group.members.iter().map(|member| member.result.sequences).sum();
        let sequences_per_second = sequences as f64 / total_seconds.max(1e-9);
        let n = group.members.len();
        Times { name: &group.name, n, seconds: Spread::of(&seconds), total_seconds, sequences_per_second }
    }
}

/// How long the runs took: a table of its own, since no two machines and no two days agree on it.
pub(crate) fn times_table(of: &str, groups: &[Group], markdown: bool) -> String {
    let header = [of, "n", "seconds, median [range]", "seconds in all", "sequences/s"];
    let cells = |group: &Group| {
        let row = Times::of(group);
        let spread = |s: Spread| format!("{:.1} [{:.1}, {:.1}]", s.median, s.min, s.max);
        vec![
            row.name.to_owned(),
            row.n.to_string(),
            row.seconds.map_or_else(|| "-".into(), spread),
            format!("{:.1}", row.total_seconds),
            out::count(row.sequences_per_second as u64),
        ]
    };
    table(&header, &groups.iter().map(cells).collect::<Vec<_>>(), markdown)
}

/// As [`times_table`], in one of the formats.
pub(crate) fn times(of: &str, groups: &[Group], format: Format) -> String {
    let rows = groups.iter().map(Times::of);
    match format {
        Format::Md => times_table(of, groups, true),
        Format::Csv => {
            let ends = [
                "n",
                "seconds_median",
                "seconds_min",
                "seconds_max",
                "total_seconds",
                "sequences_per_second",
            ];
            let header: Vec<String> = std::iter::once(of).chain(ends).map(str::to_owned).collect();
            let line = |row: Times<'_>| {
                let spread =
                    [row.seconds.map(|s| s.median), row.seconds.map(|s| s.min), row.seconds.map(|s| s.max)];
                let mut cells = vec![row.name.to_owned(), row.n.to_string()];
                cells.extend(spread.map(|x| x.map_or_else(String::new, |x| x.to_string())));
                cells.extend([row.total_seconds.to_string(), row.sequences_per_second.to_string()]);
                csv_line(&cells)
            };
            csv_line(&header) + &rows.map(line).collect::<String>()
        }
        Format::Json => format!("{}\n", json!({ "of": of, "rows": rows.collect::<Vec<_>>() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, runs: &[(Outcome, u64, f64)]) -> Group {
        let member = |(seed, &(outcome, sequences, bits)): (usize, &(Outcome, u64, f64))| Member {
            name: format!("{name}/seed-{seed}"),
            seed: seed as u64,
            result: RunResult {
                outcome,
                sequences,
                solved_at: (outcome == Outcome::Solved).then_some(sequences),
                last_bits: Some(bits),
                best_bits: Some(bits),
                measured: None,
                seconds: 1.0,
                message: (outcome == Outcome::Failed).then(|| "the loss is not finite".into()),
            },
        };
        Group { name: name.into(), members: runs.iter().enumerate().map(member).collect() }
    }

    fn summary() -> Summary {
        use Outcome::{Failed, NotSolved, Solved};
        Summary {
            of: "variant".into(),
            groups: vec![
                group("base", &[(Solved, 1000, 0.001), (Solved, 3000, 0.002), (Solved, 2000, 0.003)]),
                group("a, \"b\"", &[(Solved, 1500, 0.001), (NotSolved, 9000, 20.0), (Failed, 70, 30.0)]),
                group("none", &[]),
            ],
            measure: Some(Measure::SequencesToSolved),
            base: Some(0),
        }
    }

    #[test]
    fn the_table_counts_every_run() {
        insta::assert_snapshot!("summary", summary().markdown("shift", "Two variants."));
    }

    #[test]
    fn programs_read_the_same_numbers() {
        insta::assert_snapshot!("summary_csv", summary().csv());
        let json = summary().json();
        assert_eq!(json["rows"][1]["failed"], 1);
        // pairs with 1000, 2000, 3000: 1500 is below two of them, who never arrives below none
        let (wins, pairs) = (2.0, 9.0);
        assert_eq!(json["rows"][1]["better_than_base"]["value"], wins / pairs);
        assert_eq!(json["rows"][1]["sequences_to_solved"]["median"], Value::Null);
        assert_eq!(
            json["runs"][5]["final_bits"],
            Value::Null,
            "what it cost before it failed is not its result"
        );
        assert_eq!(json["runs"].as_array().unwrap().len(), 6);
    }
}
