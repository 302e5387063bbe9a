use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::OnceLock;
use std::thread;

use ntm_core::kernels::InstructionSet;
use serde::{Deserialize, Serialize};

/// What a run was made with: enough to make it again, nothing that tells whose machine it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The version of this program.
    pub version: String,
    /// The commit that the program was built from: of the repository around its sources, or as `NTM_COMMIT` named it. `None`
    /// for a build without either.
    pub commit: Option<String>,
    /// Whether files that the repository knows were changed then. Unknown where `NTM_COMMIT` was named.
    pub dirty: Option<bool>,
    /// The operating system, `linux` for example.
    pub os: String,
    /// The kind of processor, `x86_64` for example.
    pub arch: String,
    /// The processor's own name, where the system tells it.
    pub cpu: Option<String>,
    /// The instruction set that the kernels used, `avx2` for example; files of earlier versions do not say.
    #[serde(default)]
    pub instruction_set: Option<String>,
    /// Threads that this process may run at the same time. Bits do not depend on them.
    pub threads: usize,
    /// The compiler, if the build recorded it.
    pub rustc: Option<String>,
    /// The target triple, if the build recorded it.
    pub target: Option<String>,
    /// Those in which the run went on, each where it is not the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<Environment>,
}

impl Environment {
    /// In what another one differs that can change bits, in a line each: what was here, and what is there. Threads cannot.
    pub fn differences(&self, other: &Environment) -> Vec<String> {
        let dirty = |e: &Environment| e.dirty.map(|dirty| if dirty { "yes" } else { "no" }.to_owned());
        let field = |name: &str, of: &dyn Fn(&Environment) -> Option<String>| {
            let (then, now) = (of(self), of(other));
            // a file may say anything
            let shown =
                |text: String| if text.chars().any(char::is_control) { format!("{text:?}") } else { text };
            let word = |value: Option<String>| value.map_or_else(|| "not known".to_owned(), shown);
            (then != now).then(|| format!("{name}: {} -> {}", word(then), word(now)))
        };
        let fields = [
            field("instruction set", &|e| e.instruction_set.clone()),
            field("version", &|e| Some(e.version.clone())),
            field("commit", &|e| e.commit.clone()),
            field("files changed since the commit", &dirty),
            field("compiler", &|e| e.rustc.clone()),
            field("target", &|e| e.target.clone()),
            field("system", &|e| Some(format!("{} on {}", e.os, e.arch))),
            field("processor", &|e| e.cpu.clone()),
        ];
        fields.into_iter().flatten().collect()
    }

    /// The one in which a run was last.
    pub fn last(&self) -> &Environment {
        self.later.last().unwrap_or(self)
    }
}

/// Looks at the machine, once in a process. What cannot be found out is `None`; nothing here can fail.
pub fn environment() -> Environment {
    static HERE: OnceLock<Environment> = OnceLock::new();
    HERE.get_or_init(look).clone()
}

fn look() -> Environment {
    Environment {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("NTM_COMMIT").map(str::to_owned),
        dirty: option_env!("NTM_DIRTY").map(|dirty| dirty == "true"),
        os: env::consts::OS.to_owned(),
        arch: env::consts::ARCH.to_owned(),
        cpu: File::open("/proc/cpuinfo").ok().and_then(|file| cpu_model(BufReader::new(file))),
        instruction_set: Some(InstructionSet::current().name().to_owned()),
        threads: thread::available_parallelism().map_or(1, usize::from),
        rustc: option_env!("NTM_RUSTC").map(str::to_owned),
        target: option_env!("NTM_TARGET").map(str::to_owned),
        later: vec![],
    }
}

/// The first processor's name in the form of Linux's `/proc/cpuinfo`.
fn cpu_model(text: impl BufRead) -> Option<String> {
    let lines = text.take(1 << 16).lines().map_while(Result::ok);
    lines
        .filter_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "model name" && !value.trim().is_empty()).then(|| value.trim().to_owned())
        })
        .next()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_environment_is_filled_in_and_comes_back_from_json() {
        let here = environment();
        assert_eq!(here.version, env!("CARGO_PKG_VERSION"));
        assert!(here.threads >= 1 && !here.os.is_empty() && !here.arch.is_empty());
        assert!(here.rustc.as_ref().is_some_and(|rustc| rustc.starts_with("rustc ")), "{here:?}");
        assert!(here.target.as_ref().is_some_and(|target| target.contains('-')), "{here:?}");
        let text = serde_json::to_string(&here).unwrap();
        assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), here);
        assert!(here.instruction_set.as_ref().is_some_and(|name| text.contains(name.as_str())), "{text}");
    }

    #[test]
    fn environments_say_in_what_they_differ() {
        let here = environment();
        assert_eq!(here.differences(&here), [] as [String; 0]);
        let there = Environment {
            instruction_set: None,
            threads: here.threads + 1,
            dirty: here.dirty.map_or(Some(true), |_| None),
            ..here.clone()
        };
        let said = here.differences(&there);
        assert_eq!(said.len(), 2, "threads change no bits: {said:?}");
        let set = here.instruction_set.clone().unwrap();
        assert_eq!(said[0], format!("instruction set: {set} -> not known"));
        assert!(said[1].starts_with("files changed since the commit: "), "{said:?}");
    }

    #[test]
    fn differences_cannot_disturb_a_terminal() {
        let here = environment();
        let hostile = Environment {
            version: "\u{1b}[2J".into(),
            commit: Some("\u{7}".into()),
            cpu: Some("a\rb".into()),
            os: "\u{9b}31m".into(),
            ..here.clone()
        };
        let said = hostile.differences(&here);
        assert!(said.len() == 4 && !said.concat().contains(char::is_control), "{said:?}");
    }

    #[test]
    fn an_environment_of_an_earlier_version_is_read() {
        let mut value = serde_json::to_value(environment()).unwrap();
        value.as_object_mut().unwrap().remove("instruction_set");
        let read: Environment = serde_json::from_value(value).unwrap();
        assert_eq!((read.instruction_set, read.later.len()), (None, 0));
    }

    #[test]
    fn the_processor_is_named_where_linux_names_it() {
        let text = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Other\n";
        assert_eq!(cpu_model(text.as_bytes()).as_deref(), Some("Some CPU @ 2 GHz"));
        assert_eq!(cpu_model("Processor: 0\nBogoMIPS: 50.00\n".as_bytes()), None);
        assert_eq!(cpu_model(&b"\xff\xfe"[..]), None);
    }

    #[test]
    fn the_commit_is_that_of_the_sources() {
        let git = |arguments: &[&str]| {
            let answer = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
            let answer = answer.ok().filter(|answer| answer.status.success());
            answer.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
        };
        // sources without a repository, or in that of something else
        if git(&["ls-files", "--error-unmatch", "build.rs"]).is_none() || environment().dirty.is_none() {
            return eprintln!("skipped: these sources are no repository's");
        }
        assert_eq!(environment().commit, git(&["rev-parse", "HEAD"]));
    }
}
