//! How many threads, and running on them.
use super::Failure;

/// The option of every command that computes.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Threads {
    /// Threads to compute on; results are the same bits on any number [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Threads {
    /// One, whatever the machine has.
    pub(crate) fn one() -> Self {
        Threads { threads: Some(1) }
    }
    /// How many.
    pub(crate) fn count(&self) -> usize {
        match self.threads {
            Some(n) => usize::from(n),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
    /// Runs something in a pool of them.
    pub(crate) fn run<R: Send>(&self, run: impl FnOnce() -> R + Send) -> Result<R, Failure> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.count()).build();
        let pool =
            pool.map_err(|e| Failure::stopped(format!("{} threads cannot be started: {e}", self.count())))?;
        Ok(pool.install(run))
    }
}
