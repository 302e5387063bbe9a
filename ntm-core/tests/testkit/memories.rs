//! A memory with one fault.
use crate::breaks;
use ntm_core::config::{HeadSite, MemoryKind};
use ntm_core::kernels::views::{column, column_mut};
use ntm_core::memory::Step;
use ntm_core::prelude::*;
use ntm_core::testkit::{self, Promise};
use ntm_core::traits::Using;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    ForgetsStartReads,
    AssignsStartReads,
    ReadsNothing,
    TurnsItsOutput,
    Neighbour,
    NeedsItsState,
    IgnoresUsing,
}

/// Keeps one list, whatever the heads, as long as they act after the controller; what is read before the first step is a parameter.
#[derive(Clone, Copy, Debug)]
struct Slate(Fault);

/// slate' = 0.5 slate + numbers, read = slate'
#[derive(Debug)]
struct SlateMemory {
    width: usize,
    fault: Fault,
}

impl<T: Real> Cell<T> for SlateMemory {
    fn inputs(&self) -> usize {
        self.width
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::vector("start.heads.0.read", &[self.width], Initial::Constant(0.0))]
    }
    fn needs(&self, capacity: usize) -> Needs {
        let short = usize::from(self.fault == Fault::NeedsItsState);
        Needs { state: self.width * capacity.saturating_sub(2 * short), ..Needs::default() }
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        for item in 0..s.items {
            let place = item * self.width..(item + 1) * self.width;
            let next = &mut s.next[place.clone()];
            for (i, next) in next.iter_mut().enumerate() {
                *next = T::of(0.5) * s.state[place.start + i] + column(&x, item)[i];
            }
            if self.fault == Fault::Neighbour && item > 0 {
                next[0] += column(&x, 0)[0];
            }
            if self.fault != Fault::ReadsNothing {
                column_mut(&mut y, item).copy_from_slice(next);
            }
        }
    }
    fn backward(&self, _: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let Some(mut d_x) = d_x else { return };
        let mut others = T::of(0.0);
        for item in 0..s.items {
            let d_state = &mut s.d_state[item * self.width..(item + 1) * self.width];
            for (i, d) in d_state.iter_mut().enumerate() {
                let other = if self.fault == Fault::TurnsItsOutput { self.width - 1 - i } else { i };
                *d += column(&d_y, item)[other];
            }
            if item > 0 {
                others += d_state[0];
            }
            let asked = d_x.nrows();
            column_mut(&mut d_x, item).copy_from_slice(&d_state[self.width - asked..]);
            d_state.iter_mut().for_each(|d| *d *= T::of(0.5));
        }
        if self.fault == Fault::Neighbour && d_x.nrows() == self.width {
            column_mut(&mut d_x, 0)[0] += others; // the gradient of what it does, so that only one promise is broken
        }
    }
}
impl<T: Real> Memory<T> for SlateMemory {
    fn shape(&self) -> Shape {
        Shape { slots: 1, width: self.width }
    }
    fn interface(&self) -> Vec<Vec<Field>> {
        vec![vec![Field::new("slate", self.width, Activation::Linear)]]
    }
    fn start_reads(&self, params: &[T], capacity: usize, reads: &mut [T]) {
        (0..capacity)
            .for_each(|item| reads[item * self.width..][..self.width].copy_from_slice(&params[..self.width]));
    }
    fn start_reads_vjp(&self, _: &[T], _: usize, d_reads: &[T], d_params: &mut [T]) {
        if self.fault == Fault::AssignsStartReads {
            d_params[..self.width].fill(T::of(0.0));
        }
        if self.fault != Fault::ForgetsStartReads {
            ntm_core::buffers::add_columns(d_reads, &mut d_params[..self.width]);
        }
    }
}

impl Build<MemoryKind> for Slate {
    fn build<T: Precision>(&self, site: &MemorySite<'_>) -> Result<Box<dyn Memory<T>>, BuildError> {
        let (shape, heads) = (Shape { slots: 1, width: 3 }, site.heads.len());
        let mut early = site.arrangement.step == Step::MemoryThenController;
        for (head, settings) in site.heads.iter().enumerate() {
            early |= settings.build::<T>(&HeadSite { shape, head, heads })?.using() == Using::Previous;
        }
        if early && self.0 != Fault::IgnoresUsing {
            return Err(BuildError::new("", "a slate is read after the controller only"));
        }
        Ok(Box::new(SlateMemory { width: 3, fault: self.0 }))
    }
}

#[test]
fn every_fault_of_a_memory_is_named() {
    testkit::memory(&Slate(Fault::None));
    let of = |fault, promise| breaks::<MemoryKind, _>(&Slate(fault), promise);
    let found = of(Fault::ForgetsStartReads, Promise::Gradient);
    assert!(found.what.contains("by start.heads.0.read["), "{found}");
    let found = of(Fault::AssignsStartReads, Promise::Added);
    assert!(found.what.contains("by start.heads.0.read[0]"), "{found}");
    let found = of(Fault::ReadsNothing, Promise::Written);
    assert!(found.what.starts_with("y[0] is"), "{found}");
    of(Fault::TurnsItsOutput, Promise::Gradient);
    let found = of(Fault::IgnoresUsing, Promise::Turns);
    assert!(found.what.contains("read head 0 acts before the controller"), "{found}");
    of(Fault::NeedsItsState, Promise::Sizes);
    let found = of(Fault::Neighbour, Promise::Alone);
    assert!(found.what.starts_with("item 0 of 3") || found.what.starts_with("item 1 of 3"), "{found}");
}
