//! Pictures of runs: that they hold the numbers they should, can be read, and come out the same.
use crate::place::{Place, TINY};
use ntm_cli::core::checkpoint::{Archive, Tensor};
use roxmltree::{Document, Node};
use std::fmt::Write as _;

/// A run directory with given records, as if it had been trained.
fn run(place: &Place, name: &str, costs: &[f64], solved: bool) {
    std::fs::create_dir_all(place.path(name)).unwrap();
    let config = place.works(&["check", "tiny.ron"]).result();
    place.write(&format!("{name}/config.ron"), config);
    let mut metrics = String::new();
    for (n, cost) in (1..).zip(costs) {
        let (sequences, training) = (100 * n, 2.0 * cost);
        writeln!(
            metrics,
            "{{\"sequences\":{sequences},\"training_bits\":{training},\"gradient_norm\":1.0,\"validation_bits\":{cost},\
             \"validation_wrong_bits\":0.5}}"
        )
        .unwrap();
    }
    place.write(&format!("{name}/metrics.jsonl"), metrics);
    let sequences = 100 * costs.len();
    let at = if solved { "300" } else { "null" };
    let status = format!(
        "{{\"state\":\"finished\",\"solved\":{solved},\"sequences_to_solved\":{at},\"sequences\":{sequences},\
         \"seconds\":1.0,\"bits_per_sequence\":{}}}",
        costs.last().unwrap()
    );
    place.write(&format!("{name}/status.json"), status);
}

/// An ablation of two variants and five runs.
fn ablation(place: &Place) {
    run(place, "shift/base/seed-1", &[8.0, 4.0, 2.0, 1.0], false);
    run(place, "shift/base/seed-2", &[6.0, 1.0, 0.001], true);
    run(place, "shift/base/seed-10", &[7.0, 6.0], false);
    run(place, "shift/a, other/seed-1", &[8.0, 8.0, 7.5, 7.0], false);
    run(place, "shift/a, other/seed-2", &[9.0, 8.0, 6.5, 6.0], false);
}

/// Both files of a picture, which must be good: the SVG as text.
fn picture(place: &Place, name: &str) -> String {
    let svg = String::from_utf8(place.read(&format!("{name}.svg"))).unwrap();
    let document = Document::parse(&svg).unwrap_or_else(|e| panic!("{name}.svg: {e}"));
    let size = |name: &str| document.root_element().attribute(name).unwrap().parse::<u32>().unwrap();
    let (width, height) = (size("width"), size("height"));
    let image = image::load_from_memory(&place.read(&format!("{name}.png"))).unwrap().to_rgb8();
    assert_eq!(image.dimensions(), (width, height), "{name}");
    let inked = image.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
    assert!(
        inked > 1000 && inked < (width * height) as usize * 9 / 10,
        "{name}: {inked} pixels of {width}x{height}"
    );
    // nothing touches the edge, where it would be cut
    for (x, y, pixel) in image.enumerate_pixels() {
        let edge = x < 8 || y < 8 || x + 8 >= width || y + 8 >= height;
        assert!(!edge || pixel.0 == [255; 3], "{name}: ink at {x}, {y} of {width}x{height}");
    }
    for text in document.descendants().filter(|node| node.has_tag_name("text")) {
        let (letters, x) = (text.text().unwrap_or("").chars().count() as f64, text.attribute("x"));
        let Some(x) = x.map(|x| x.parse::<f64>().unwrap()) else { continue };
        // the letters of the usual fonts are at most as wide as those of the image
        let (left, right) = match text.attribute("text-anchor") {
            Some("middle") => (x - 8.0 * letters, x + 8.0 * letters),
            Some("end") => (x - 16.0 * letters, x),
            _ => (x, x + 16.0 * letters),
        };
        assert!(left >= 0.0 && right <= f64::from(width), "{name}: {:?} is cut", text.text());
    }
    svg
}

fn numbers(node: Node, name: &str) -> Vec<f64> {
    node.attribute(name).unwrap().split(' ').map(|x| x.parse().unwrap()).collect()
}

/// Name, x and y as numbers, and places.
type Line = (String, Vec<f64>, Vec<f64>, Vec<(f64, f64)>);

/// The lines of an SVG that stand for numbers: name, x, y, and the places they are drawn at.
fn lines(svg: &str) -> Vec<Line> {
    let document = Document::parse(svg).unwrap();
    let lines = document.descendants().filter(|node| node.attribute("data-x").is_some());
    let place = |pair: &str| {
        let (x, y) = pair.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    let line = |node: Node| {
        let title = node.first_element_child().and_then(|title| title.text()).unwrap_or("").to_owned();
        let places = node.attribute("points").unwrap().split(' ').map(place).collect();
        (title, numbers(node, "data-x"), numbers(node, "data-y"), places)
    };
    lines.map(line).collect()
}

#[test]
fn a_curve_holds_the_numbers_of_the_metrics_at_their_places() {
    let place = Place::new();
    let costs = [9.25, 3.5, 0.125, 0.0078125];
    run(&place, "runs/tiny", &costs, false);
    let said = place.works(&["plot"]).people();
    assert!(said.contains("runs/tiny/curves.svg") && said.contains("runs/tiny/curves.csv"), "{said}");
    let svg = picture(&place, "runs/tiny/curves");
    let lines = lines(&svg);
    assert_eq!(lines.iter().map(|line| &line.0[..]).collect::<Vec<_>>(), ["validation", "training"]);
    assert_eq!((&lines[0].1[..], &lines[0].2[..]), (&[100.0, 200.0, 300.0, 400.0][..], &costs[..]));
    assert_eq!(lines[1].2, costs.map(|cost| 2.0 * cost));
    // as far apart as they should be: evenly along x, by their logarithms along y
    let (_, x, y, at) = &lines[0];
    for n in 1..4 {
        let share = |of: &dyn Fn(usize) -> f64| (of(n) - of(0)) / (of(3) - of(0));
        assert!((share(&|n| at[n].0) - share(&|n| x[n])).abs() < 1e-3, "x of {n}");
        assert!((share(&|n| at[n].1) - share(&|n| y[n].ln())).abs() < 1e-3, "y of {n}");
    }
    // the same bytes again, elsewhere
    place.works(&["plot", "runs/tiny", "--out", "again"]);
    for kind in ["svg", "png", "csv"] {
        let (a, b) =
            (place.read(&format!("runs/tiny/curves.{kind}")), place.read(&format!("again/curves.{kind}")));
        assert!(a == b, "curves.{kind}");
    }
}

#[test]
fn runs_of_a_variant_are_a_band_of_those_that_got_so_far() {
    let place = Place::new();
    ablation(&place);
    place.works(&["plot", "shift"]);
    let table = String::from_utf8(place.read("shift/curves.csv")).unwrap();
    insta::assert_snapshot!("curves_table", table);
    let svg = picture(&place, "shift/curves");
    let lines = lines(&svg);
    let names: Vec<&str> = lines.iter().map(|line| &line.0[..]).collect();
    assert_eq!(names, ["base", "a, other", "base", "a, other"]);
    // the solved run keeps 0.001, the third is gone after 200
    assert_eq!(lines[0].2, [7.0, 4.0, (2.0 + 0.001) / 2.0, (1.0 + 0.001) / 2.0]);
    assert_eq!(
        svg.matches("<polygon").count(),
        4 + 2,
        "a band for each line, and one in each entry of the legend"
    );
    let said: String = Document::parse(&svg)
        .unwrap()
        .descendants()
        .filter_map(|node| node.text())
        .collect::<Vec<_>>()
        .join(" ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["3 to 200, 2 to 400 sequences", "1 of 3 was solved and stopped; it keeps its last value"] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    // one folder a group, in the order given; runs of other names stand for themselves
    run(&place, "runs/tiny", &[3.0], false);
    place.works(&["plot", "shift/a, other", "runs/tiny", "--out", "two"]);
    let svg = picture(&place, "two/curves");
    let names: Vec<String> = self::lines(&svg).into_iter().map(|line| line.0).collect();
    assert_eq!(names, ["a, other", "tiny", "a, other", "tiny"]);
}

#[test]
fn a_trained_run_is_drawn_in_every_kind() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=200", "--quiet"]);
    for (args, name) in [
        (&["--kind", "weights", "--length", "5"][..], "weights"),
        (&["--kind", "memory"], "memory"),
        (&["--kind", "generalisation", "--length", "2,4", "--sequences", "20"], "generalisation"),
        (&["--kind", "curves"], "curves"),
    ] {
        place.works(&[&["plot"], args].concat());
        picture(&place, &format!("runs/tiny/{name}"));
    }
    let svg = picture(&place, "runs/tiny/weights");
    assert!(svg.contains("11 steps") && svg.contains("write weightings") && svg.contains("read vectors"));
    let memory = picture(&place, "runs/tiny/memory");
    assert!(memory.contains("after step 0<") && memory.contains(">width<") && memory.contains("targets"));

    // what is drawn is what ntm eval says
    let args = ["eval", "--length", "2,4", "--sequences", "20", "--json"];
    let rows = place.works(&args).json()["rows"].as_array().unwrap().clone();
    let lines = lines(&picture(&place, "runs/tiny/generalisation"));
    let names = ["bits_per_sequence", "chance_bits_per_sequence", "wrong_bits_per_sequence"];
    assert_eq!(lines.len(), names.len());
    for (line, name) in lines.iter().zip(names) {
        assert_eq!(line.1, [2.0, 4.0]);
        // through the picture's logarithmic axis and back
        for (drawn, row) in line.2.iter().zip(&rows) {
            let said = row[name].as_f64().unwrap();
            assert!((drawn - said).abs() <= 1e-12 * said, "{name}: {drawn} is drawn, {said} was said");
        }
        assert_eq!(line.2.len(), rows.len());
    }

    // a checkpoint, and a memory that was not trained
    let checkpoint = "runs/tiny/checkpoints/last.safetensors";
    place.works(&["plot", checkpoint, "--kind", "memory", "model.memory.slots=40", "--length", "20"]);
    assert!(picture(&place, "plots/memory").contains("of 40"));
    place.works(&["plot", checkpoint, "--out", "of-run"]);
    let of = |name: &str| self::lines(&picture(&place, name));
    assert_eq!(of("of-run/curves"), of("runs/tiny/curves"));
}

/// The words of a picture, without the numbers of its axes.
fn words(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts =
        document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text());
    texts.filter(|text| text.parse::<f64>().is_err()).map(str::to_owned).collect()
}

#[test]
fn every_task_of_the_paper_has_the_paper_s_figure() {
    let tasks = [
        ("copy", "Copy(width: 3, length: (1, 3))"),
        ("repeat", "RepeatCopy(width: 2, length: (1, 2), repeats: (1, 2))"),
        ("recall", "AssociativeRecall(width: 3, vectors: 2, items: (2, 3))"),
        ("grams", "DynamicNGrams(context: 2, length: (12, 12))"),
        ("sort", "PrioritySort(width: 3, vectors: (6, 6), answers: 4)"),
    ];
    for (name, task) in tasks {
        let place = Place::new();
        place.write("tiny.ron", TINY.replace("Copy(width: 3, length: (1, 3))", task));
        place.works(&["train", "tiny.ron", "train.sequences=40", "--quiet"]);
        let size = if name == "repeat" { ["--length", "3"] } else { ["--length", "6"] };
        let more = if name == "repeat" { &["task.repeats=(2, 2)"][..] } else { &[] };
        place.works(&[&["plot", "--kind", "paper", "--out", "drawn"], &size[..], more].concat());
        let svg = picture(&place, "drawn/paper");
        match name {
            // its words hold numbers that weights decide
            "sort" => sorted(&place, &svg),
            "recall" => {
                let words = words(&svg);
                let count = |wanted: &str| words.iter().filter(|word| *word == wanted).count();
                assert_eq!([count("item delimiter"), count("query delimiter")], [1, 1], "{words:?}");
                // two panels of inputs and outputs, two of vectors, two of weightings: six items and two delimiters in
                // each, and the legend
                assert_eq!(svg.matches("<polygon").count(), 6 * 8 + 2);
                assert!(
                    words.join(" ").contains("at the first answer, step 22, it looks at slot"),
                    "{words:?}"
                );
            }
            _ => {
                let slots = |word: &String| !word.contains("slots ");
                let words: Vec<_> = words(&svg).into_iter().filter(slots).collect();
                insta::assert_debug_snapshot!(format!("paper_{name}"), words);
            }
        }
        let refused = place.run(&["plot", "--kind", "paper", "--sequences", "3"]);
        assert_eq!(refused.code(), if name == "sort" { 0 } else { 2 }, "{}", refused.people());
    }
}

/// Figure 17: points of six vectors and four answers of twenty sequences, and a line in each panel.
fn sorted(place: &Place, svg: &str) {
    let lines = lines(svg);
    let of = |name: &str| lines.iter().filter(|line| line.0 == name).collect::<Vec<_>>();
    assert_eq!([of("write locations").len(), of("read locations").len()], [20 * 6, 20 * 4]);
    assert_eq!(of("straight line").len(), 2);
    assert!(of("write locations").iter().all(|point| point.1[0].abs() <= 1.0));
    let answers: Vec<f64> = of("read locations").iter().take(4).map(|point| point.1[0]).collect();
    assert_eq!(answers, [1.0, 2.0, 3.0, 4.0]);
    // what is drawn is what the heads did: the table's slots are those of a trace
    let table = String::from_utf8(place.read("drawn/paper.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 20 * 6 + 20 * 4);
    place.works(&["trace", "--length", "6", "--out", "t.safetensors"]);
    let trace = Archive::read(place.path("t.safetensors")).unwrap();
    let weighting = &trace.tensors["heads.1.weighting"];
    let ntm_cli::core::checkpoint::Data::F32(numbers) = &weighting.data else { panic!() };
    let slots = weighting.shape[1];
    for (step, row) in table.lines().skip(1).take(6).enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        let of_step = &numbers[step * slots..(step + 1) * slots];
        let slot: usize = cells[3].parse().unwrap();
        assert_eq!(cells[..2], ["write", "0"]);
        assert!(of_step.iter().all(|&w| w <= of_step[slot] + 1e-5), "step {step}: {row}");
    }
}

#[test]
fn numbers_read_off_a_figure_are_rings_beside_the_runs() {
    let place = Place::new();
    ablation(&place);
    let file = "# Read off figure 3 by eye.\ngroup,sequences,bits\nbase,100000,4.8\nother, one,200,0\nbase,1000000,0.5\n";
    place.write("read.csv", file);
    place.works(&["plot", "shift", "--readings", "read.csv", "--out", "out"]);
    let svg = picture(&place, "out/curves");
    let lines = lines(&svg);
    let read = |name: &str| -> Vec<(f64, f64)> {
        lines.iter().filter(|line| line.0 == name).map(|line| (line.1[0], line.2[0])).collect()
    };
    assert_eq!(read("base, as read"), [(100_000.0, 4.8), (1_000_000.0, 0.5)]);
    assert_eq!(read("other, one, as read"), [(200.0, 0.0)]);
    assert!(svg.contains("Read off figure 3 by eye."));
    // beside validation alone; x by its logarithm
    assert_eq!(lines.iter().filter(|line| line.0 == "base").count(), 1);
    let base = lines.iter().find(|line| line.0 == "base").unwrap();
    let share = |n: usize| base.3[n].0 - base.3[0].0;
    assert!((share(1) / share(3) - 0.5).abs() < 1e-2, "100, 200 and 400 are evenly apart");

    place.works(&["train", "tiny.ron", "train.sequences=20", "--quiet"]);
    place.write("sizes.csv", "group,length,bits\ntiny,4,3.5\n");
    let args = ["plot", "runs/tiny", "--kind", "generalisation", "--length", "2,4", "--sequences", "8"];
    place.works(&[&args[..], &["--readings", "sizes.csv", "--out", "out"]].concat());
    let read: Vec<_> = self::lines(&picture(&place, "out/generalisation"))
        .into_iter()
        .filter(|l| l.0 == "tiny, as read")
        .collect();
    assert_eq!((read.len(), &read[0].1[..], &read[0].2[..]), (1, &[4.0][..], &[3.5][..]));
}

#[test]
fn an_imported_run_is_drawn_from_a_file() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=0", "train.validate_every=0", "--quiet"]);
    let mut weights = Archive::read(place.path("runs/tiny/checkpoints/last.safetensors")).unwrap();
    weights.tensors.retain(|name, _| !name.starts_with("optim."));
    weights.metadata = None;
    weights.write(place.path("weights.safetensors")).unwrap();
    place.write(
        "model.ron",
        TINY.replace("Copy(width: 3, length: (1, 3))", "FromFile(inputs: 4, outputs: 3)"),
    );
    place.works(&["import", "model.ron", "weights.safetensors", "--out", "run"]);

    for (args, said) in [
        (&["plot", "run", "--kind", "weights"][..], "--inputs FILE, which holds `inputs` of steps x 4"),
        (&["plot", "run"], "holds imported weights"),
        (&["plot", "run", "--kind", "generalisation"], "task.validation="),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code(), 2, "{args:?}: {}", ended.people());
        assert!(ended.people().contains(said), "{args:?}: {}", ended.people());
    }
    let mut data = Archive::default();
    let inputs: Vec<f32> = (0..6 * 4).map(|n| f32::from(n % 3 == 0)).collect();
    data.tensors.insert("inputs".into(), Tensor::new([6, 4], inputs));
    data.write(place.path("data.safetensors")).unwrap();
    for kind in ["weights", "memory"] {
        place.works(&["plot", "run", "--kind", kind, "--inputs", "data.safetensors"]);
        assert!(picture(&place, &format!("run/{kind}")).contains("6 steps"));
    }
}

const SUMMARY: &str = r#"{
  "version": "0.1.0", "of": "variant", "measure": "BitsAt(length: 120)", "base": "base",
  "rows": [
    {"name": "base", "n": 5, "failed": 0, "solved": 5, "sequences_to_solved": {"median": 300.0, "min": 200.0, "max": 400.0},
     "final_bits": {"value": 0.02, "interval": {"low": 0.01, "high": 0.5}}, "measured": {"value": 12.0, "interval": null},
     "better_than_base": null},
    {"name": "no <shift> & a name that goes on for longer than it should", "n": 5, "failed": 3, "solved": 0, "sequences_to_solved": null,
     "final_bits": {"value": null, "interval": {"low": 4.0, "high": null}}, "measured": null,
     "better_than_base": {"value": 0.04, "interval": {"low": 0.0, "high": 0.2}}}
  ], "runs": []
}"#;

#[test]
fn an_ablation_is_drawn_as_intervals_from_its_summary() {
    let place = Place::new();
    std::fs::create_dir(place.path("shift")).unwrap();
    place.write("shift/summary.json", SUMMARY);
    place.works(&["plot", "shift", "--kind", "intervals"]);
    let svg = picture(&place, "shift/intervals");
    insta::assert_snapshot!("intervals_table", String::from_utf8(place.read("shift/intervals.csv")).unwrap());
    for words in ["no &lt;shift&gt; &amp;", ">inf<", "final bits per sequence", "BitsAt(length: 120)"] {
        assert!(svg.contains(words), "{words}");
    }
    assert_eq!(svg.matches("<circle").count(), 3);
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let place = Place::new();
    run(&place, "runs/tiny", &[3.0, 2.0], false);
    run(&place, "empty", &[3.0], false);
    place.write("empty/metrics.jsonl", "");
    run(&place, "damaged", &[3.0], false);
    place.write("damaged/metrics.jsonl", "{\"sequences\":1}\n{\"sequences\":2}\n");
    run(&place, "young", &[3.0], false);
    std::fs::remove_file(place.path("young/metrics.jsonl")).unwrap();
    std::fs::create_dir(place.path("nothing")).unwrap();
    std::fs::create_dir(place.path("broken")).unwrap();
    place.write("broken/summary.json", "{\"rows\": 3}");
    place.write("header.csv", "# a note\nname,x,y\n");
    place.write("number.csv", "group,sequences,bits\nLSTM,many,3\n");
    place.write("none.csv", "# a note\ngroup,sequences,bits\n");
    let mut said = String::new();
    for args in [
        &["plot", "missing"][..],
        &["plot", "nothing"],
        &["plot", "tiny.ron"],
        &["plot", "runs/tiny", "empty"],
        &["plot", "young"],
        &["plot", "damaged"],
        &["plot", "--kind", "wieghts"],
        &["plot", "--kind", "curves", "--length", "3"],
        &["plot", "train.seed=3"],
        &["plot", "runs/tiny", "empty", "--kind", "memory"],
        &["plot", "--kind", "weights"],
        &["plot", "--kind", "weights", "--length", "3,4"],
        &["plot", "--kind", "intervals"],
        &["plot", "nothing", "--kind", "intervals"],
        &["plot", "broken", "--kind", "intervals"],
        &["plot", "--out", "tiny.ron"],
        &["plot", "--readings", "missing.csv"],
        &["plot", "--readings", "header.csv"],
        &["plot", "--readings", "number.csv"],
        &["plot", "--readings", "none.csv"],
        &["plot", "--kind", "weights", "--readings", "none.csv"],
        &["plot", "--sequences", "3"],
        &["plot", "--kind", "paper"],
    ] {
        let before = place.files();
        let ended = place.run(args);
        assert!(place.files() == before, "ntm {}: files have changed", args.join(" "));
        writeln!(said, "$ ntm {}\n{}exit code {}\n", args.join(" "), ended.people(), ended.code()).unwrap();
    }
    insta::assert_snapshot!("refused_plots", said);
}
