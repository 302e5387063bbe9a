//! The dashboard on a terminal, and that the terminal is given back on every way out.
//!
//! Each promise runs this program again as `ntm`, on a pseudo terminal that `script` of util-linux makes, presses keys
//! or sends signals, and reads what the terminal was told. Without `script` nothing is tested, which is said.
#![cfg_attr(not(unix), allow(unused))]
use ntm_cli::core::prelude::*;
use ntm_cli::core::random::Purpose;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The copy task, until it panics.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Panics {
    after: u64,
}
impl Task for Panics {
    fn inputs(&self) -> usize {
        9
    }
    fn outputs(&self) -> usize {
        8
    }
    fn steps(&self, _: Option<u64>) -> Result<usize, TaskError> {
        Ok(4)
    }
    fn draw(&self, _: &mut Random, _: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        to.reset(4, 9, 8);
        to.mask.fill(1.0);
        Ok(())
    }
    fn sequence(
        &self,
        (purpose, _): (Purpose, u64),
        n: u64,
        _: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        assert!(purpose != Purpose::Training || n < self.after, "the task fell over");
        to.reset(4, 9, 8);
        to.mask.fill(1.0);
        Ok(())
    }
}
ntm_cli::core::buildable!(Panics: TaskKind);

fn registry() -> Registry {
    ntm_cli::builtin().register::<TaskKind, Panics>("Panics")
}

const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
const CURSOR: &str = "\x1b[?25h";

/// A program on a terminal of 100 x 30.
struct OnTerminal {
    child: std::process::Child,
    seen: std::sync::mpsc::Receiver<Vec<u8>>,
    text: String,
    folder: tempfile::TempDir,
}

impl OnTerminal {
    fn run(words: &str, environment: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap();
        // exec, so that there is one process to send signals to, and its number
        let command = format!(
            "stty cols 100 rows 30; echo $$ > pid; exec env -u NO_COLOR TERM=xterm-256color {environment} {} {words}",
            program.display()
        );
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(folder.path())
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        let (tell, seen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(n @ 1..) = out.read(&mut some) {
                let _ = tell.send(some[..n].to_vec());
            }
        });
        OnTerminal { child, seen, text: String::new(), folder }
    }

    /// Waits until the terminal was told something.
    fn until(&mut self, what: &str) {
        let began = Instant::now();
        while !self.text.contains(what) {
            assert!(began.elapsed() < Duration::from_secs(60), "never came: {what:?}\n{}", self.text);
            if let Ok(some) = self.seen.recv_timeout(Duration::from_millis(100)) {
                self.text += &String::from_utf8_lossy(&some);
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap();
        assert!(Command::new("kill").args(["-s", signal, pid.trim()]).status().unwrap().success());
    }

    /// Waits for the end: its exit code, and all that the terminal was told.
    fn end(mut self) -> (i32, String, tempfile::TempDir) {
        // `script` would make keys of the end of its input
        let keys = self.child.stdin.take();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        drop(keys);
        while let Ok(some) = self.seen.recv_timeout(Duration::from_secs(5)) {
            self.text += &String::from_utf8_lossy(&some);
        }
        (code, self.text, self.folder)
    }
}

/// The terminal was taken and given back, and nothing was drawn after.
fn given_back(text: &str) -> &str {
    assert!(text.contains(ENTER), "the terminal was never taken:\n{text}");
    let (_, after) =
        text.rsplit_once(LEAVE).unwrap_or_else(|| panic!("the terminal was not given back:\n{text}"));
    assert!(after.contains(CURSOR), "the cursor stayed hidden:\n{text}");
    assert!(!after.contains(ENTER) && !after.contains('╭'), "drawn after it was given back:\n{after}");
    after
}

const LONG: &str = "train train.sequences=10_000_000 train.stop_when_solved=false";

fn a_run_that_ends_leaves_the_usual_words() {
    let (code, text, _) = OnTerminal::run("train train.sequences=1_500", "").end();
    let after = given_back(&text);
    assert_eq!(code, 0);
    assert!(after.contains("Not solved after 1_500 sequences") && after.contains("Try next:"), "{after}");
}

fn q_saves_and_the_run_goes_on() {
    let mut run = OnTerminal::run(LONG, "");
    run.until("sequences/s");
    run.press("q");
    let (code, text, folder) = run.end();
    assert_eq!(code, 130);
    assert!(given_back(&text).contains("and saved. Go on with"), "{text}");
    assert!(folder.path().join("runs/copy/checkpoints/last.safetensors").exists());
}

fn control_c_is_a_key_and_saves_too() {
    let mut run = OnTerminal::run(LONG, "");
    run.until("sequences/s");
    run.press("\x03");
    let (code, text, _) = run.end();
    assert_eq!((code, given_back(&text).contains("and saved")), (130, true), "{text}");
}

fn a_pause_holds_and_is_left_out_of_the_time() {
    // nothing but the pause saves
    let mut run = OnTerminal::run(&format!("{LONG} --save-every 1000000"), "");
    run.until("sequences/s");
    run.press("p");
    run.until("paused");
    run.until("go on");
    let status = run.folder.path().join("runs/copy/status.json");
    let seen = || std::fs::read_to_string(&status).unwrap_or_default();
    let of = |text: &str, name: &str| -> f64 {
        let number = text.split(&format!("\"{name}\":")).nth(1).map_or("0", str::trim);
        number.split(',').next().unwrap().trim_end().parse().unwrap()
    };
    // the screen is there before the first status
    let began = Instant::now();
    while of(&seen(), "sequences") == 0.0 {
        assert!(began.elapsed() < Duration::from_secs(60), "it never saved");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (before, began) = (seen(), Instant::now());
    std::thread::sleep(Duration::from_millis(2_000));
    assert_eq!(before, seen(), "it went on while it was paused");
    assert!(before.contains("running"), "{before}");
    let held = began.elapsed();
    run.press("p");
    std::thread::sleep(Duration::from_millis(300));
    run.press("q");
    let (code, text, folder) = run.end();
    let whole = began.elapsed();
    given_back(&text);
    let status = std::fs::read_to_string(folder.path().join("runs/copy/status.json")).unwrap();
    let counted = of(&status, "seconds") - of(&before, "seconds");
    assert!(counted <= (whole - held).as_secs_f64(), "{counted} s of {whole:?}, {held:?} of it paused");
    assert_eq!(code, 130);
}

fn signals_give_the_terminal_back() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut run = OnTerminal::run(LONG, "");
        run.until("sequences/s");
        run.signal(signal);
        let (code, text, _) = run.end();
        given_back(&text);
        assert_eq!(code, 130, "{signal}: {text}");
    }
}

fn a_panic_gives_the_terminal_back_before_it_is_told() {
    std::fs::write(std::env::temp_dir().join("ntm-panics.ron"), PANICS).unwrap();
    let config = std::env::temp_dir().join("ntm-panics.ron");
    let (code, text, _) = OnTerminal::run(&format!("train {}", config.display()), "").end();
    assert!(given_back(&text).contains("the task fell over"), "{text}");
    assert_ne!(code, 0);
}

const PANICS: &str = "(task: Panics(after: 5_000), model: Recurrent(controller: Lstm(hidden: 8)), train: (sequences: 100_000, stop_when_solved: false))";

fn a_run_that_fails_leaves_its_last_screen_and_why() {
    let (code, text, _) =
        OnTerminal::run("train 'train.optimizer=RmsProp(rate: 1e30)' train.clip=None", "").end();
    let (_, after) = text.rsplit_once(LEAVE).unwrap();
    assert!(after.contains("is not finite") && after.contains("error: "), "{text}");
    assert_eq!(code, 1, "{text}");
}

fn no_color_has_none_and_plain_has_no_screen() {
    let (_, text, _) = OnTerminal::run("train train.sequences=1_500", "NO_COLOR=1").end();
    given_back(&text);
    assert!(!text.contains("\x1b[38;5;") && !text.contains("\x1b[48;5;"), "{text}");
    let (_, text, _) = OnTerminal::run("train train.sequences=1_500 --plain", "").end();
    assert!(!text.contains(ENTER) && text.contains("Not solved"), "{text}");
    let (_, text, _) = OnTerminal::run("train train.sequences=500 --quiet", "").end();
    assert_eq!(text, "");
}

fn main() -> ExitCode {
    // not the test but the program
    if std::env::args().nth(1).is_some_and(|word| word == "train") {
        return ntm_cli::main_with(registry());
    }
    // one that lists tests, or looks for others
    if std::env::args()
        .skip(1)
        .any(|word| word == "--list" || !word.starts_with('-') && !"terminal".contains(&word))
    {
        return ExitCode::SUCCESS;
    }
    if !cfg!(unix) || Command::new("script").arg("--version").output().is_err() {
        println!("not tested: the dashboard on a terminal, because there is no `script` (util-linux)");
        return ExitCode::SUCCESS;
    }
    let promises: [(&str, fn()); 8] = [
        ("a run that ends leaves the usual words", a_run_that_ends_leaves_the_usual_words),
        ("q saves, and the run goes on", q_saves_and_the_run_goes_on),
        ("Ctrl-C is a key and saves too", control_c_is_a_key_and_saves_too),
        ("a pause holds, and is left out of the time", a_pause_holds_and_is_left_out_of_the_time),
        ("signals give the terminal back", signals_give_the_terminal_back),
        (
            "a panic gives the terminal back before it is told",
            a_panic_gives_the_terminal_back_before_it_is_told,
        ),
        ("a run that fails leaves its last screen and why", a_run_that_fails_leaves_its_last_screen_and_why),
        ("NO_COLOR has none, and --plain has no screen", no_color_has_none_and_plain_has_no_screen),
    ];
    for (name, promise) in promises {
        promise();
        println!("{name}: ok");
    }
    ExitCode::SUCCESS
}
