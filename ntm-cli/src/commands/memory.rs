//! What something takes, compared with what there is, before anything is allocated.
use super::{Failure, out};
use ntm_core::Real;
use ntm_core::traits::Cell;

/// Bytes that this machine can still give.
fn available() -> u128 {
    const UNKNOWN: u128 = 64 << 30;
    let kib = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?.to_owned();
        line.split_whitespace().nth(1)?.parse::<u128>().ok()
    });
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u128>().ok();
    // a container may have less than its host
    let limit = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    kib.map_or(UNKNOWN, |kib| kib << 10).min(limit.unwrap_or(u128::MAX))
}

/// Refuses what does not fit; `smaller` says what could be made smaller.
pub(crate) fn require(what: &str, bytes: u128, smaller: &str) -> Result<(), Failure> {
    let available = available();
    if bytes <= available {
        return Ok(());
    }
    Err(Failure::wrong(format!(
        "{what} needs {} of memory ({bytes} bytes), and {} are available; nothing was started. Make {smaller} smaller",
        out::bytes(bytes),
        out::bytes(available)
    )))
}

/// Bytes of a model's numbers.
pub(crate) fn of_parameters<T: Real>(cell: &dyn Cell<T>, outputs: usize) -> u128 {
    let cells: u128 = cell.parameters().iter().map(|p| p.rows as u128 * p.columns as u128).sum();
    (cells + (cell.outputs() as u128 + 1) * outputs as u128) * size_of::<T>() as u128
}

/// Bytes of one item at one step: state and trace.
pub(crate) fn of_step<T: Real>(cell: &dyn Cell<T>) -> u128 {
    let needs = cell.needs(1);
    (needs.state as u128 + needs.trace as u128) * size_of::<T>() as u128
}

/// Bytes of sequences, in themselves and in a batch.
pub(crate) fn of_sequences(items: usize, steps: usize, inputs: usize, outputs: usize) -> u128 {
    items as u128 * steps as u128 * (inputs as u128 + 2 * outputs as u128) * 2 * size_of::<f32>() as u128
}
