//! Reports: that a page holds what the run holds, whatever is in the run, and stays small.
use crate::place::{Place, TINY};
use ntm_cli::core::checkpoint::{Archive, Tensor};
use roxmltree::Document;
use serde_json::Value;
use std::fmt::Write as _;

/// Most bytes of a usual report.
const MOST: usize = 2_000_000;

/// A small trained run, and its report.
fn reported(place: &Place) -> String {
    place.works(&["train", "tiny.ron", "train.sequences=300", "--quiet"]);
    place.works(&["report", "--length", "2,5", "--sequences", "20"]);
    page(place, "runs/tiny/report.html")
}

/// A page, whose pictures are well-formed and whose films can be read.
fn page(place: &Place, name: &str) -> String {
    let html = String::from_utf8(place.read(name)).unwrap();
    assert!(html.len() < MOST, "{name}: {} bytes", html.len());
    for svg in html.split("<svg ").skip(1) {
        let svg = format!("<svg {}", &svg[..svg.find("</svg>").unwrap() + 6]);
        Document::parse(&svg).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    films(&html);
    html
}

/// The films of every player.
fn films(html: &str) -> Vec<Vec<Value>> {
    let parts = html.split("<script type=\"application/json\"").skip(1);
    let json = |part: &str| part[part.find('>').unwrap() + 1..part.find("</script>").unwrap()].to_owned();
    parts.map(|part| serde_json::from_str(&json(part)).unwrap()).collect()
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    plain.replace("&#39;", "'").replace("&amp;", "&")
}

/// Texts of all elements of some names, in the order of the page.
fn texts(html: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut found = vec![];
    let body = &html[html.find("<body>").unwrap()..html.find("<footer>").unwrap()];
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        if names.contains(&name) {
            found.push((name.to_owned(), unescaped(text.trim())));
        }
    }
    found
}

/// Headings, names of numbers and columns: everything that does not depend on how a run went.
fn skeleton(html: &str) -> String {
    let mut lines = String::new();
    for (name, text) in texts(html, &["h1", "h2", "h3", "a", "dt", "th", "summary", "figcaption"]) {
        writeln!(lines, "{name:<10} {text}").unwrap();
    }
    for (n, films) in films(html).iter().enumerate() {
        for film in films {
            let names = |of: &Value| {
                let names = of.as_array().unwrap().iter().map(|named| named["name"].as_str().unwrap());
                names.collect::<Vec<_>>().join(" ")
            };
            writeln!(
                lines,
                "player {}   {}, {} steps",
                n + 1,
                film["title"].as_str().unwrap(),
                film["steps"]
            )
            .unwrap();
            for head in film["heads"].as_array().unwrap() {
                let of = ["weightings", "vectors", "numbers"].map(|of| names(&head[of])).join(" | ");
                writeln!(lines, "           {}: {of}", head["name"].as_str().unwrap()).unwrap();
            }
        }
    }
    lines
}

#[test]
fn a_report_tells_what_the_run_holds() {
    let place = Place::new();
    let html = reported(&place);
    insta::assert_snapshot!("report", skeleton(&html));
    // the table is that of ntm eval, to the letter
    let said = place.works(&["eval", "--length", "2,5", "--sequences", "20"]).people();
    let numbers = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let rows = said.lines().filter(numbers).map(|line| line.split_whitespace().map(str::to_owned).collect());
    let rows: Vec<Vec<String>> = rows.collect();
    let cells: Vec<String> = texts(&html, &["td"]).into_iter().map(|(_, text)| text).collect();
    assert_eq!((rows.len(), &rows[0][..2]), (2, &["2".to_owned(), "20".to_owned()][..]), "{said}");
    assert_eq!(cells[..2 * rows[0].len()], rows.concat());
    let config = String::from_utf8(place.read("runs/tiny/config.ron")).unwrap();
    assert!(unescaped(&html).contains(config.trim_end()));
    let status: Value = serde_json::from_slice(&place.read("runs/tiny/status.json")).unwrap();
    assert_eq!(status["sequences"], 300);
    assert!(texts(&html, &["dd"]).contains(&("dd".into(), "300".into())));
    // the same report again, in its place
    place.works(&["report", "--length", "2,5", "--sequences", "20"]);
    assert!(page(&place, "runs/tiny/report.html") == html, "the same run is the same report");
}

#[test]
fn a_given_file_is_played_too() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=100", "--quiet"]);
    let mut data = Archive::default();
    let inputs: Vec<f32> = (0..9 * 4).map(|n| f32::from(n % 3 == 0)).collect();
    data.tensors.insert("inputs".into(), Tensor::new([9, 4], inputs));
    data.write(place.path("mine.safetensors")).unwrap();
    place.works(&[
        "report",
        "--length",
        "2",
        "--sequences",
        "4",
        "--inputs",
        "mine.safetensors",
        "--out",
        "r.html",
    ]);
    let films = films(&page(&place, "r.html"));
    let titles: Vec<_> =
        films[0].iter().map(|film| (film["title"].as_str().unwrap(), &film["steps"])).collect();
    assert_eq!(titles, [("length 2", &Value::from(5)), ("mine.safetensors", &Value::from(9))]);
}

#[test]
fn a_model_of_full_size_stays_below_two_megabytes_with_every_memory() {
    let place = Place::new();
    place.works(&["train", "--quiet", "--out", "run", "train.sequences=0"]);
    place.works(&["report", "run", "--sequences", "1"]);
    let html = page(&place, "run/report.html");
    let films = films(&html);
    assert_eq!(films[0].len(), 5);
    let without: Vec<_> =
        films[0].iter().filter(|film| film["memory"].is_null()).map(|film| &film["title"]).collect();
    assert!(without.is_empty(), "{without:?}, {} bytes", html.len());
    // more than fits is told
    place.works(&["report", "run", "--sequences", "1", "--length", "700,701,702", "--out", "long.html"]);
    let html = page(&place, "long.html");
    assert!(html.contains("to keep this file small"), "{} bytes", html.len());
}

#[test]
fn a_model_without_heads_has_a_report() {
    let place = Place::new();
    let model = &TINY[TINY.find("    model:").unwrap()..TINY.find("    train:").unwrap()];
    place.write("lstm.ron", TINY.replace(model, "    model: Recurrent(controller: Lstm(hidden: 12)),\n"));
    place.works(&["train", "lstm.ron", "train.sequences=100", "--quiet", "--out", "run"]);
    place.works(&["report", "run", "--length", "3", "--sequences", "4"]);
    let films = films(&page(&place, "run/report.html"));
    assert_eq!((films[0][0]["heads"].as_array().unwrap().len(), films[0][0]["memory"].is_null()), (0, true));
}

#[test]
fn an_ablation_is_its_table_its_curves_and_what_differs() {
    let place = Place::new();
    place.write(
        "shift.ron",
        "(base: \"tiny.ron\", set: [\"train.sequences=200\"], variants: {\"no <b>shift</b>\": [\"model.heads.*.addressing=\
         Chain([Content(), Interpolate(), Sharpen()])\"]}, seeds: (1, 2), measure: BitsAt(length: 3))",
    );
    place.works(&["ablate", "shift.ron", "--out", "shift"]);
    place.works(&["report", "shift"]);
    let html = page(&place, "shift/report.html");
    insta::assert_snapshot!("report_of_an_ablation", skeleton(&html));
    // the table is that of summary.md, to the letter
    let summary = String::from_utf8(place.read("shift/summary.md")).unwrap();
    let rows: Vec<Vec<String>> = summary
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    let cells: Vec<String> = texts(&html, &["td"]).into_iter().map(|(_, text)| text).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(cells[..2 * rows[0].len()], rows.concat());
    let differs = &cells[2 * rows[0].len()..][..4];
    assert_eq!(differs[..2], ["no <b>shift</b>", "model.heads.0.addressing"], "{differs:?}");
    assert!(html.contains("<polygon"), "curves with bands");
    // two of its runs beside each other
    place.works(&[
        "report",
        "shift/base/seed-1",
        "shift/base/seed-2",
        "--length",
        "2",
        "--sequences",
        "4",
        "--out",
        "two.html",
    ]);
    insta::assert_snapshot!("report_of_two_runs", skeleton(&page(&place, "two.html")));
}

/// Markup, and what would leave an attribute or a script.
const HOSTILE: &str = "</script><img src=x onerror='alert(1)'>\"";

#[test]
fn what_a_run_is_called_and_says_is_never_markup() {
    let place = Place::new();
    let name = "runs/<b>\"x'&amp;";
    place.works(&["train", "tiny.ron", "train.sequences=100", "--quiet", "--out", name]);
    let mut status: Value = serde_json::from_slice(&place.read(&format!("{name}/status.json"))).unwrap();
    status["state"] = "failed".into();
    status["message"] = HOSTILE.into();
    place.write(&format!("{name}/status.json"), status.to_string());
    let mut environment: Value =
        serde_json::from_slice(&place.read(&format!("{name}/environment.json"))).unwrap();
    environment["cpu"] = HOSTILE.into();
    place.write(&format!("{name}/environment.json"), environment.to_string());
    let config = String::from_utf8(place.read(&format!("{name}/config.ron"))).unwrap();
    place.write(&format!("{name}/config.ron"), format!("// {HOSTILE}\n{config}"));
    place.works(&["report", name, "--length", "2", "--sequences", "4", "--out", "r.html"]);
    let html = page(&place, "r.html");
    assert!(!html.contains("<img") && !html.contains("<b>"), "markup of the run's");
    assert_eq!(
        html.matches(
            &HOSTILE
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('\'', "&#39;")
                .replace('"', "&quot;")
        )
        .count(),
        3
    );
    assert_eq!(html.matches("<script").count(), 3, "one in the head, one of films, one at the end");
}

#[test]
fn a_run_that_is_not_whole_has_a_report_that_says_so() {
    let place = Place::new();
    let config = place.works(&["check", "tiny.ron"]).result();
    let line = "{\"sequences\":100,\"training_bits\":9.0,\"gradient_norm\":1.0,\"validation_bits\":8.0,\"validation_wrong_bits\":0.5}\n";
    let begun = |name: &str| {
        std::fs::create_dir(place.path(name)).unwrap();
        place.write(&format!("{name}/config.ron"), &config);
    };
    begun("empty");
    begun("young");
    place.write("young/metrics.jsonl", format!("{line}{}", &line[..40]));
    place.write("young/status.json", "{\"state\":\"running\",\"solved\":false,\"sequences_to_solved\":null,\"sequences\":100,\"seconds\":1.0,\"bits_per_sequence\":8.0}");
    begun("failed");
    place.write("failed/metrics.jsonl", line);
    place.write("failed/status.json", "{\"state\":\"failed\",\"solved\":false,\"sequences_to_solved\":null,\"sequences\":100,\"seconds\":1.0,\"bits_per_sequence\":8.0,\"message\":\"the loss is not finite at step 3\"}");
    begun("damaged");
    std::fs::create_dir(place.path("damaged/checkpoints")).unwrap();
    place.write("damaged/metrics.jsonl", format!("{{\"sequences\":1}}\n{line}"));
    place.write("damaged/status.json", "{\"state\"");
    place.write("damaged/environment.json", "[]");
    place.write("damaged/checkpoints/best.safetensors", "not tensors");
    let mut said = String::new();
    for run in ["empty", "young", "failed", "damaged"] {
        place.works(&["report", run]);
        let html = page(&place, &format!("{run}/report.html"));
        writeln!(said, "{run}:").unwrap();
        for (_, text) in texts(&html, &["span"]).into_iter().chain(notices(&html)) {
            writeln!(said, "  {text}").unwrap();
        }
    }
    insta::assert_snapshot!("reports_of_runs_that_are_not_whole", said);
}

fn notices(html: &str) -> Vec<(String, String)> {
    let parts = html.split("<p class=\"notice\">").skip(1);
    parts.map(|part| (String::new(), unescaped(&part[..part.find("</p>").unwrap()]))).collect()
}

#[test]
fn what_cannot_be_reported_is_told() {
    let place = Place::new();
    place.works(&["train", "tiny.ron", "train.sequences=100", "--quiet"]);
    place.write("mine.html", "<p>years of work");
    std::fs::create_dir_all(place.path("nothing")).unwrap();
    std::fs::create_dir_all(place.path("shift")).unwrap();
    place.write("shift/summary.json", "{\"rows\": []}");
    let mut said = String::new();
    for args in [
        &["report", "missing"][..],
        &["report", "nothing"],
        &["report", "tiny.ron"],
        &["report", "runs/tiny", "shift"],
        &["report", "shift", "--length", "3"],
        &["report", "runs/tiny", "--length", "0"],
        &["report", "runs/tiny", "--inputs", "missing.safetensors"],
        &["report", "runs/tiny", "--length", "2", "--sequences", "2", "--out", "mine.html"],
        &["report", "runs/tiny", "--length", "2", "--sequences", "2", "--out", "nothing"],
        &["report", "runs/tiny", "--length", "2", "--sequences", "2", "--out", "no/such/folder/r.html"],
    ] {
        let before = place.files();
        let ended = place.run(args);
        assert!(place.files() == before, "ntm {}: files have changed", args.join(" "));
        writeln!(said, "$ ntm {}\n{}exit code {}\n", args.join(" "), ended.people(), ended.code()).unwrap();
    }
    insta::assert_snapshot!("refused_reports", said);
}
