//! Files that are taken, and files that are refused.
use super::*;
use ntm_core::checkpoint::{Archive, Tensor};
use ntm_core::config::{Registry, Source};
use ntm_core::random::stream;
use std::path::PathBuf;

fn tensor(shape: &[usize], of: impl Fn(usize) -> f32) -> Tensor {
    let n = shape.iter().product();
    Tensor::new(shape, (0..n).map(of).collect::<Vec<f32>>())
}

/// Items are told apart by their first input.
fn archive(items: usize, steps: usize) -> Archive {
    let mut archive = Archive::default();
    archive.tensors.insert("inputs".into(), tensor(&[items, steps, 3], |i| (i / (3 * steps)) as f32));
    archive.tensors.insert("targets".into(), tensor(&[items, steps, 2], |i| (i % 2) as f32));
    archive
}

struct Files(PathBuf);
impl Files {
    fn new(name: &str) -> Files {
        let path = std::env::temp_dir().join(format!("ntm-from-file-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Files(path)
    }
    fn task(&self, more: &str) -> FromFile {
        let text = format!("(inputs: 3, outputs: 2, {more})");
        Registry::default().parse(&Source::new("task", text).beside(self.0.join("a.ron"))).unwrap()
    }
    fn write(&self, archive: &Archive) -> FromFile {
        archive.write(self.0.join("a.safetensors")).unwrap();
        self.task("train: \"a.safetensors\", validation: \"a.safetensors\"")
    }
    fn refusal(&self, change: impl FnOnce(&mut Archive)) -> String {
        let mut archive = archive(3, 4);
        change(&mut archive);
        let said = self.write(&archive).steps(None).unwrap_err().to_string();
        assert!(said.contains("a.safetensors: "), "{said}");
        said.split_once("a.safetensors: ").unwrap().1.to_owned()
    }
}
impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_pass_trains_on_every_item_once_and_validation_keeps_the_order() {
    let files = Files::new("passes");
    let task = files.write(&archive(7, 4));
    let item = |purpose, seed, n| {
        let mut to = Sequence::default();
        task.sequence((purpose, seed), n, None, &mut to).unwrap();
        assert_eq!((to.steps, &to.mask[..]), (4, &[1.0; 4][..]));
        to.inputs[0] as u64
    };
    let pass =
        |seed, pass: u64| (0..7).map(|n| item(Purpose::Training, seed, 7 * pass + n)).collect::<Vec<_>>();
    for n in 0..5 {
        let mut items = pass(1, n);
        items.sort_unstable();
        assert!(items.into_iter().eq(0..7));
    }
    assert!((1..5).any(|n| pass(1, n) != pass(1, 0)) && (2..5).any(|seed| pass(seed, 0) != pass(1, 0)));
    for purpose in [Purpose::Validation, Purpose::Evaluation(0)] {
        assert!((0..7).all(|n| item(purpose, n, n) == n), "{purpose:?}");
        assert_eq!(task.count(purpose), Some(7));
    }
}

#[test]
fn an_item_ends_with_its_last_scored_step() {
    let files = Files::new("padding");
    let mut given = archive(2, 4);
    // numbers in the padding do not matter
    given
        .tensors
        .insert("mask".into(), Tensor::new([2, 4], vec![0.0, 0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0_f32]));
    let task = files.write(&given);
    let mut to = Sequence::default();
    task.sequence((Purpose::Validation, 0), 0, None, &mut to).unwrap();
    assert_eq!((to.steps, &to.mask[..], to.inputs.len(), to.targets.len()), (2, &[0.0, 0.5][..], 6, 4));
    task.sequence((Purpose::Validation, 0), 1, None, &mut to).unwrap();
    assert_eq!((to.steps, &to.mask[..]), (4, &[1.0, 0.0, 0.0, 2.0][..]));
    assert_eq!(task.steps(None), Ok(4));
}

#[test]
fn files_that_do_not_fit_are_refused_with_what_is_wrong() {
    let files = Files::new("refused");
    let set = |archive: &mut Archive, name: &str, shape: &[usize], x: f32| {
        archive.tensors.insert(name.into(), tensor(shape, |_| x));
    };
    type Case<'a> = (&'a str, Box<dyn Fn(&mut Archive) + 'a>);
    let cases: [Case<'_>; 13] = [
        ("no tensor `inputs`", Box::new(|a| drop(a.tensors.remove("inputs")))),
        ("no tensor `targets`; it holds \"inputs\"", Box::new(|a| drop(a.tensors.remove("targets")))),
        ("it holds none", Box::new(|a| a.tensors.clear())),
        ("shape [4, 3], and it should be items x steps x 3", Box::new(|a| set(a, "inputs", &[4, 3], 0.0))),
        ("has 5 channels", Box::new(|a| set(a, "inputs", &[3, 4, 5], 0.0))),
        ("it should be [3, 4, 2]", Box::new(|a| set(a, "targets", &[3, 4, 1], 0.0))),
        ("no sequences", Box::new(|a| set(a, "inputs", &[0, 4, 3], 0.0))),
        ("`mask` has shape [3], and", Box::new(|a| set(a, "mask", &[3], 1.0))),
        ("at least 0", Box::new(|a| set(a, "mask", &[3, 4], -1.0))),
        ("no step of item 0 is scored", Box::new(|a| set(a, "mask", &[3, 4], 0.0))),
        ("holds NaN at [0, 0, 0]", Box::new(|a| set(a, "inputs", &[3, 4, 3], f32::NAN))),
        ("`mask` holds inf", Box::new(|a| set(a, "mask", &[3, 4], f32::INFINITY))),
        ("item 0, step 0: 7, and Bits takes", Box::new(|a| set(a, "targets", &[3, 4, 2], 7.0))),
    ];
    for (wanted, change) in cases {
        let said = files.refusal(change);
        assert!(said.contains(wanted), "{said}, not {wanted}");
    }
    std::fs::write(files.0.join("a.safetensors"), "hello").unwrap();
    assert!(files.task("train: \"a.safetensors\"").steps(None).is_err());
    let absent = files.task("train: \"b.safetensors\"").steps(None).unwrap_err().to_string();
    assert!(absent.contains("b.safetensors"), "{absent}");
}

#[test]
fn targets_are_what_the_loss_takes() {
    let files = Files::new("losses");
    let mut given = archive(3, 4);
    files.write(&given);
    let both = "train: \"a.safetensors\"";
    // one of two channels is 1 in every step
    assert_eq!(files.task(&format!("{both}, loss: CrossEntropy")).steps(None), Ok(4));
    given.tensors.insert("targets".into(), tensor(&[3, 4, 2], |_| -3.0));
    files.write(&given);
    assert_eq!(files.task(&format!("{both}, loss: MeanSquare")).steps(None), Ok(4));
    assert!(files.task(&format!("{both}, loss: CrossEntropy")).steps(None).is_err());
}

#[test]
fn without_files_a_task_is_whole_but_cannot_give_sequences() {
    let task = FromFile::new(3, 2, Loss::Bits);
    assert_eq!((task.steps(None), task.count(Purpose::Training)), (Ok(0), Some(0)));
    assert!(task.steps(Some(3)).unwrap_err().to_string().contains("leave the length out"));
    let mut to = Sequence::default();
    for (purpose, word) in [
        (Purpose::Training, "task.train"),
        (Purpose::Validation, "validate_every"),
        (Purpose::Evaluation(0), "measure"),
    ] {
        let said = task.sequence((purpose, 0), 0, None, &mut to).unwrap_err().to_string();
        assert!(said.contains(word), "{said}");
    }
    assert!(task.draw(&mut stream(Purpose::Training, 0, 0), None, &mut to).is_err());
    assert!(FromFile::new(0, 2, Loss::Bits).check().is_err());
}
