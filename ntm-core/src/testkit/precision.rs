//! f32 against f64, on every instruction set.
use super::conform::Names;
use super::failure::{At, Failure, Promise};
use super::part::{Part, Run, beyond};
use crate::Real;
use crate::kernels::InstructionSet;
use std::sync::Mutex;

/// Which instruction set is in use belongs to the process, so only one check may change it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Calls `check` with every instruction set of this machine in use, one after another; the former is back afterwards.
pub(super) fn on_every_set(
    mut check: impl FnMut(InstructionSet) -> Result<(), Failure>,
) -> Result<(), Failure> {
    struct Restore(InstructionSet);
    impl Drop for Restore {
        fn drop(&mut self) {
            InstructionSet::limit(self.0);
        }
    }
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let _restore = Restore(InstructionSet::current());
    for set in InstructionSet::ALL {
        if InstructionSet::limit(set) == set {
            check(set)?;
        }
    }
    Ok(())
}

/// The worst number of each list, relative to the largest of the list.
pub(super) fn compare(
    at: &At,
    part: &dyn Part<f64>,
    exact: &Run<f64>,
    single: &Run<f32>,
    tolerance: f64,
) -> Result<(), Failure> {
    let names = Names::of(part);
    let most = |list: &[f64]| list.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let lists = |gradient: bool| {
        let (a, b) =
            if gradient { (&exact.gradients, &single.gradients) } else { (&exact.outputs, &single.outputs) };
        let all = a.iter().map(|l| most(l)).fold(1e-3, f64::max);
        a.iter().zip(b).enumerate().map(move |(k, (a, b))| (k, gradient, a, b, all))
    };
    for (k, gradient, a, b, all) in lists(false).chain(lists(true)) {
        let scale = most(a).max(1e-3 * all);
        let off = |i: usize| (a[i] - b[i].to()).abs() / scale;
        let Some(i) = (0..a.len()).max_by(|&i, &j| off(i).total_cmp(&off(j))) else { continue };
        if beyond(off(i), tolerance) {
            let label = if gradient { names.gradient(k, i) } else { names.output(k, i) };
            let what = format!(
                "{label} is {} in f32 and {} in f64 (off by {:.1e} of the largest; {tolerance:.0e} is allowed)",
                b[i],
                a[i],
                off(i)
            );
            return Err(at.breaks(Promise::Precision, what));
        }
    }
    Ok(())
}
