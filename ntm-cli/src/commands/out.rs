//! The two ways out: results on stdout, everything for people on stderr.
//!
//! A reader that has closed its end is no error. Who no longer reads results wants no more of them, so the program
//! ends; who no longer reads messages may still want the result.
use super::Failure;
use std::io::{ErrorKind, IsTerminal, Write};

/// Writes a result. Ends the program quietly if nobody reads it.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        other => other.map_err(|e| Failure::stopped(format!("the result cannot be written: {e}"))),
    }
}

/// Writes a result as one line of JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string(value).map_err(|e| Failure::stopped(format!("the result is no JSON: {e}")))?;
    result(&(text + "\n"))
}

/// The rows of a table as JSON.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Rows<'a, R> {
    pub(crate) rows: &'a [R],
}

/// Writes for people, and a line end. What others wrote may stand in it, such as a piece of a file: control characters are shown, where
/// a terminal would obey them.
pub(crate) fn people(text: &str) {
    drawing(&quoted(text));
}

/// As [`people`], with the colours of a drawing.
pub(crate) fn drawing(text: &str) {
    // nobody may be reading any more
    let _ = std::io::stderr().lock().write_all(format!("{}\n", text.trim_end_matches('\n')).as_bytes());
}

/// Text without control characters but line ends, and without those that turn the direction of what follows.
fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(c.escape_unicode()),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// What to try next, as commands of this program: the end of every command.
pub(crate) fn next(commands: &[String]) {
    people(&next_text(commands));
}

/// The same as text.
pub(crate) fn next_text(commands: &[String]) -> String {
    let program = program();
    let lines: Vec<String> = commands.iter().map(|command| format!("  {program} {command}")).collect();
    format!("Try next:\n{}", lines.join("\n"))
}

/// A word as a shell takes it.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./=:,+@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A command of several words, those of the user among them.
pub(crate) fn command(words: &[&str]) -> String {
    words.iter().map(|text| word(text)).collect::<Vec<_>>().join(" ")
}

/// How a drawing may look on stderr.
pub(crate) fn style() -> crate::pictures::Style {
    let terminal = std::io::stderr().is_terminal();
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let width = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
    crate::pictures::Style {
        color: terminal && !set("NO_COLOR") && !dumb,
        width: width.unwrap_or(80),
        unicode: !dumb,
    }
}

/// How this program was called, for commands to try next.
pub(crate) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "ntm".into())
}

/// A count with its digits in groups of three.
pub(crate) fn count(n: u64) -> String {
    crate::pictures::progress::thousands(n as f64)
}

/// A number of bytes.
pub(crate) fn bytes(n: u128) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1 << 10 {
        return format!("{n} bytes");
    }
    let mut size = n as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(size < 99.95);
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// A cost in bits, with as many digits as mean something.
pub(crate) fn bits(x: f64) -> String {
    let decimals = if x.abs() < 10.0 { 4 } else { 1 };
    format!("{x:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_does_nothing_to_a_terminal() {
        let hostile = "a.ron:1:\n\u{1b}]0;title\u{7} gr\u{f6}\u{df}er \u{9b}2J\r\u{7f}\u{202e}";
        assert_eq!(
            quoted(hostile),
            "a.ron:1:\n\\u{1b}]0;title\\u{7} gr\u{f6}\u{df}er \\u{9b}2J\\r\\u{7f}\\u{202e}"
        );
    }

    #[test]
    fn words_come_through_a_shell_as_they_are() {
        assert_eq!(command(&["train", "runs/a b", "train.seed=2"]), "train 'runs/a b' train.seed=2");
        assert_eq!(word("model.controller=Mlp(hidden: [100])"), "'model.controller=Mlp(hidden: [100])'");
        assert_eq!([word(""), word("it's")], ["''", "'it'\\''s'"]);
    }
}
