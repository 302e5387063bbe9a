//! What a run directory promises.
use std::fs::OpenOptions;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::run_files::Kept;

/// A fresh directory to be used in place of `runs`.
fn root() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("runs");
    (directory, root)
}

fn run_in(root: &Path, name: &str) -> RunWriter {
    let run = RunDirectory::create_under(root, None, name).unwrap();
    run.write_config("()").unwrap();
    run
}

fn set_time(path: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    OpenOptions::new().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn names_in(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_same_command_twice_gives_two_runs() {
    let (_directory, root) = root();
    let paths: Vec<_> = (0..3).map(|_| run_in(&root, "copy").path().to_path_buf()).collect();
    assert_eq!(paths, ["copy", "copy-2", "copy-3"].map(|name| root.join(name)));
}

#[test]
fn processes_that_start_together_get_different_directories() {
    let (_directory, root) = root();
    let barrier = Barrier::new(8);
    let mut paths: Vec<_> = thread::scope(|scope| {
        let start = || {
            barrier.wait();
            RunDirectory::create_under(&root, None, "copy").unwrap().path().to_path_buf()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 8);
}

#[test]
fn one_of_several_that_want_the_same_directory_gets_it() {
    let (_directory, root) = root();
    let barrier = Barrier::new(8);
    let started: Vec<_> = thread::scope(|scope| {
        let start = || {
            barrier.wait();
            let run = RunDirectory::create_under(&root, Some(&root.join("mine")), "copy")?;
            run.write_config("()").map(|()| run)
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(started.iter().filter(|run| run.is_ok()).count(), 1);
    for error in started.into_iter().filter_map(Result::err) {
        assert!(matches!(error, RunError::Locked { .. } | RunError::HoldsRun { .. }), "{error}");
    }
}

#[test]
fn out_is_the_run_directory_itself() {
    let (_directory, root) = root();
    let out = root.join("deep").join("mine");
    let run = RunDirectory::create_under(&root, Some(&out), "copy").unwrap();
    assert_eq!(run.path(), out);
    run.write_config("(a: 1)").unwrap();
    assert_eq!(names_in(&out), ["config.ron", "lock"]);
    assert_eq!(run.config().unwrap(), "(a: 1)");
}

#[test]
fn out_with_a_run_names_resume_and_changes_nothing() {
    let (_directory, root) = root();
    let out = run_in(&root, "copy").path().to_path_buf();
    let error = RunDirectory::create_under(&root, Some(&out), "copy").unwrap_err();
    assert!(matches!(error, RunError::HoldsRun { .. }));
    assert!(error.to_string().contains(&format!("--resume {}", out.display())));
}

#[test]
fn out_with_other_files_is_left_alone() {
    let (_directory, root) = root();
    fs::create_dir(&root).unwrap();
    fs::write(root.join("thesis.tex"), "years").unwrap();
    let error = RunDirectory::create_under(&root, Some(&root), "copy").unwrap_err();
    assert!(error.to_string().contains("thesis.tex"), "{error}");
    assert_eq!(names_in(&root), ["thesis.tex"]);
    for file in [root.join("thesis.tex"), root.join("thesis.tex").join("run")] {
        let error = RunDirectory::create_under(&root, Some(&file), "copy").unwrap_err();
        assert!(matches!(error, RunError::NotADirectory { .. }), "{error}");
    }
}

#[test]
fn out_of_a_process_killed_at_its_start_can_be_used_again() {
    let (_directory, root) = root();
    let out = root.join("mine");
    drop(RunDirectory::create_under(&root, Some(&out), "copy").unwrap());
    fs::write(out.join(".config.ron.tmp"), "(ha").unwrap();
    let run = RunDirectory::create_under(&root, Some(&out), "copy").unwrap();
    run.write_config("()").unwrap();
    assert_eq!(names_in(&out), ["config.ron", "lock"]);
}

#[test]
fn one_writer_at_a_time() {
    let (_directory, root) = root();
    let run = run_in(&root, "copy");
    let path = run.path().to_path_buf();
    let error = RunWriter::resume(&path).unwrap_err();
    assert!(matches!(error, RunError::Locked { .. }) && error.to_string().contains("copy"), "{error}");
    // Readers do not mind.
    assert_eq!(RunDirectory::open_under(&root, Some(&path)).unwrap().config().unwrap(), "()");
    drop(run);
    RunWriter::resume(&path).unwrap();
}

#[test]
fn the_lock_of_a_killed_process_is_gone() {
    // The test runs itself: with the variable set it locks the run, says so and waits to be killed.
    const VARIABLE: &str = "NTM_TEST_LOCK";
    if let Some(path) = std::env::var_os(VARIABLE) {
        let _run = RunWriter::resume(Path::new(&path)).unwrap();
        fs::write(Path::new(&path).join("locked"), "").unwrap();
        thread::sleep(Duration::from_secs(600));
        return;
    }
    let (_directory, root) = root();
    let path = run_in(&root, "copy").path().to_path_buf();
    let (_, module) = module_path!().split_once("::").unwrap();
    let test = format!("{module}::the_lock_of_a_killed_process_is_gone");
    let mut other = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&test, "--exact", "--nocapture"])
        .env(VARIABLE, &path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut waited = 0;
    while !path.join("locked").exists() && waited < 12_000 {
        thread::sleep(Duration::from_millis(10));
        waited += 1;
    }
    let while_it_lives = RunWriter::resume(&path);
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(matches!(while_it_lives, Err(RunError::Locked { .. })), "{while_it_lives:?}");
    RunWriter::resume(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_in_a_run_leads_no_writer_out_of_it() {
    use std::os::unix::fs::symlink;
    let (directory, root) = root();
    let theirs = directory.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("letter"), "dear").unwrap();
    for name in [
        "metrics.jsonl",
        "timing.jsonl",
        "status.json",
        "lock",
        "checkpoints",
        "checkpoints/last.safetensors",
    ] {
        let run = run_in(&root, "copy").path().to_path_buf();
        let link = run.join(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&link);
        symlink(if name == "checkpoints" { theirs.clone() } else { theirs.join("letter") }, &link).unwrap();
        let error = RunWriter::resume(&run).unwrap_err();
        assert!(matches!(&error, RunError::Link { path } if *path == link), "{name}: {error}");
    }
    // a lock is never opened through a link, not even between looking and opening
    let lock = root.join("lock");
    symlink(theirs.join("letter"), &lock).unwrap();
    assert!(matches!(open_lock(&lock), Err(RunError::Link { .. })));
    let begun = root.join("begun");
    fs::create_dir(&begun).unwrap();
    symlink(theirs.join("new"), begun.join("lock")).unwrap();
    let error = RunDirectory::create_under(&root, Some(&begun), "copy").unwrap_err();
    assert!(matches!(error, RunError::Link { .. }), "{error}");
    assert_eq!(fs::read_to_string(theirs.join("letter")).unwrap(), "dear");
    assert_eq!(names_in(&theirs), ["letter"]);
    // the whole run may lie elsewhere
    let run = run_in(&root, "copy").path().to_path_buf();
    symlink(&run, root.join("linked")).unwrap();
    RunWriter::resume(&root.join("linked")).unwrap();
}

#[test]
fn a_name_cannot_leave_the_runs() {
    let (_directory, root) = root();
    for name in ["", ".", "..", "../x", "a/b", "a\\b", "a\nb", ".hidden", "C:", &"x".repeat(101)] {
        let error = RunDirectory::create_under(&root, None, name).unwrap_err();
        assert!(matches!(error, RunError::Name { .. }), "{name:?}: {error}");
    }
    assert!(!root.exists());
    run_in(&root, "priority sort, größer");
}

#[test]
fn without_a_reference_the_run_written_last_is_taken() {
    let (_directory, root) = root();
    for (name, seconds) in [("a", 300), ("b", 200), ("c", 100)] {
        set_time(&run_in(&root, name).file(CONFIG), seconds);
    }
    let newest = || RunDirectory::open_under(&root, None).unwrap().path().file_name().unwrap().to_owned();
    assert_eq!(newest(), "a");
    let oldest = RunWriter::resume(&root.join("c")).unwrap();
    oldest.write_status(&json!({"sequences": 5})).unwrap();
    set_time(&oldest.file(STATUS), 400);
    assert_eq!(newest(), "c");
    fs::create_dir(root.join("no run")).unwrap();
    assert_eq!(RunDirectory::list(&root).unwrap().len(), 3);
    (0..10).for_each(|_| set_time(&run_in(&root, "same").file(CONFIG), 500));
    assert_eq!(newest(), "same-10");
}

#[test]
fn a_reference_is_a_run_or_a_checkpoint() {
    let (_directory, root) = root();
    let run = run_in(&root, "copy");
    let found = RunDirectory::find_under(&root, Some(run.path())).unwrap();
    assert_eq!(found, RunReference::Directory(run.run.clone()));
    let checkpoint = run.new_checkpoint(Checkpoint::Best).unwrap();
    fs::write(&checkpoint, "").unwrap();
    assert!(checkpoint.ends_with("copy/checkpoints/best.safetensors"));
    assert_eq!(
        RunDirectory::find_under(&root, Some(&checkpoint)).unwrap(),
        RunReference::File(checkpoint.clone())
    );
    let error = RunDirectory::open_under(&root, Some(&checkpoint)).unwrap_err().to_string();
    assert!(error.contains("a directory is needed"), "{error}");
}

#[test]
fn what_is_not_a_run_is_told_what_it_lacks_and_what_there_is() {
    let (directory, root) = root();
    let error = RunDirectory::find_under(&root, None).unwrap_err().to_string();
    assert!(error.contains("ntm train") && error.contains("runs"), "{error}");
    let told = |path: &Path| RunDirectory::find_under(&root, Some(path)).unwrap_err().to_string();
    assert!(told(directory.path()).contains("no config.ron; start one"), "{}", told(directory.path()));
    (0..10).for_each(|_| drop(run_in(&root, "copy")));
    let notes = directory.path().join("notes.txt");
    fs::write(&notes, "").unwrap();
    assert!(told(&notes).contains(".safetensors") && told(&notes).contains("copy-10"), "{}", told(&notes));
    let missing = told(&directory.path().join("nowhere"));
    assert!(missing.contains("no such") && missing.contains("and 2 older ones"), "{missing}");
}

#[test]
fn a_resumed_run_goes_on_where_its_checkpoint_stands() {
    let (_directory, root) = root();
    let run = run_in(&root, "copy");
    let path = run.path().to_path_buf();
    let cut = run.metrics_cut(0).unwrap();
    assert_eq!(cut.kept(), Kept::default());
    let mut metrics = run.metrics_from(cut).unwrap();
    let (mut timing, _) = run.timing_from(0).unwrap();
    for sequences in [500, 1000, 1500] {
        metrics.push(&json!({"sequences": sequences})).unwrap();
        timing.push(&json!({"sequences": sequences, "seconds": 0.1})).unwrap();
    }
    assert_eq!(run.status::<Value>().unwrap(), None);
    run.write_status(&json!({"sequences": 1000})).unwrap();
    run.write_environment(crate::run_files::environment()).unwrap();
    drop((run, metrics, timing));

    let run = RunWriter::resume(&path).unwrap();
    assert_eq!(run.status::<Value>().unwrap(), Some(json!({"sequences": 1000})));
    let cut = run.metrics_cut(1000).unwrap();
    assert_eq!(cut.kept(), Kept { records: 2, dropped: 1, sequences: Some(1000) });
    let mut metrics = run.metrics_from(cut).unwrap();
    metrics.push(&json!({"sequences": 1500})).unwrap();
    let records: Vec<Value> = run.metrics().unwrap().map(Result::unwrap).collect();
    assert_eq!(records, [500, 1000, 1500].map(|sequences| json!({"sequences": sequences})));
    assert_eq!(run.timing::<Value>().unwrap().count(), 3);
    assert_eq!(
        names_in(&path),
        ["config.ron", "environment.json", "lock", "metrics.jsonl", "status.json", "timing.jsonl"]
    );
}

#[test]
fn times_that_cannot_be_read_are_kept_aside() {
    use crate::run_files::{MAX_LINE, read_jsonl};
    let (_directory, root) = root();
    let run = run_in(&root, "copy");
    let timing = run.file("timing.jsonl");
    let damaged = ["{\"sequences\":1}\n???\n".to_owned(), "x".repeat(MAX_LINE + 2)];
    for (text, name) in damaged.iter().zip(["timing.damaged.jsonl", "timing.damaged-2.jsonl"]) {
        fs::write(&timing, text).unwrap();
        let (mut lines, aside) = run.timing_from(1000).unwrap();
        lines.push(&json!({"sequences": 1500, "seconds": 0.5})).unwrap();
        assert_eq!(aside, Some(run.file(name)));
        assert_eq!(fs::read_to_string(run.file(name)).unwrap(), *text);
        assert_eq!(read_jsonl::<Value>(&timing).unwrap().count(), 1);
    }
    assert_eq!(run.timing_from(2000).unwrap().1, None);
}

#[test]
fn weights_that_a_process_killed_at_its_start_left_are_not_those_of_the_next_run() {
    let (_directory, root) = root();
    let out = root.join("mine");
    let begun = RunDirectory::create_under(&root, Some(&out), "copy").unwrap();
    let first = begun.new_checkpoint(Checkpoint::First).unwrap();
    fs::write(&first, "weights").unwrap();
    drop(begun);
    drop(RunDirectory::create_under(&root, Some(&out), "copy").unwrap());
    assert!(!first.exists());

    // other people's checkpoints stay
    fs::write(out.join("checkpoints").join("mine.safetensors"), "years").unwrap();
    let refused = RunDirectory::create_under(&root, Some(&out), "copy").unwrap_err();
    assert!(matches!(refused, RunError::NotEmpty { .. }), "{refused}");
    fs::remove_file(out.join("lock")).unwrap();
    fs::rename(out.join("checkpoints").join("mine.safetensors"), &first).unwrap();
    let refused = RunDirectory::create_under(&root, Some(&out), "copy").unwrap_err();
    assert!(matches!(refused, RunError::NotEmpty { .. }), "{refused}");
    assert_eq!(fs::read(&first).unwrap(), b"years");
}

#[test]
fn a_run_that_goes_on_elsewhere_says_so() {
    let (_directory, root) = root();
    let run = run_in(&root, "copy");
    assert!(run.environment().unwrap().is_none());
    let here = crate::run_files::environment();
    run.write_environment(here.clone()).unwrap();
    run.write_environment(here.clone()).unwrap();
    assert_eq!(run.environment().unwrap().unwrap(), here);
    let there = crate::run_files::Environment { version: "0.0.0".into(), ..here.clone() };
    for environment in [&there, &there, &here] {
        run.write_environment(environment.clone()).unwrap();
    }
    let all = run.environment().unwrap().unwrap();
    assert_eq!(all.later, [there, here]);
}
