//! A memory that works before the controller and after it, with one fault.
use crate::breaks;
use ntm_core::buffers::{of_item, of_item_mut};
use ntm_core::config::MemoryKind;
use ntm_core::kernels::views::{column, column_mut};
use ntm_core::prelude::*;
use ntm_core::testkit::{self, Promise};
use ntm_core::traits::Turns;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    ReadsLate,
    ReadsTwice,
    NamesTooMany,
    NamesTwice,
    NamesTheOthers,
    LosesStateGradient,
    ForgetsStateGradient,
}

/// Without heads; what is in it is read before the controller, and once more after it has been written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Diary(pub(crate) Fault);

const WIDTH: usize = 2;

/// Before: read (0..WIDTH) = page + numbers. After: page' = 0.5 page + numbers, read (WIDTH..) = page'.
#[derive(Debug)]
struct DiaryMemory(Fault);

impl<T: Real> Cell<T> for DiaryMemory {
    fn inputs(&self) -> usize {
        WIDTH
    }
    fn outputs(&self) -> usize {
        2 * WIDTH
    }
    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::vector("start.page", &[WIDTH], Initial::Constant(0.0))]
    }
    fn needs(&self, capacity: usize) -> Needs {
        Needs { state: WIDTH * capacity, trace: WIDTH * capacity, ..Needs::default() }
    }
    fn start(&self, params: &[T], capacity: usize, state: &mut [T]) {
        (0..capacity).for_each(|item| of_item_mut(state, WIDTH, item).copy_from_slice(&params[..WIDTH]));
    }
    fn start_vjp(&self, _: &[T], capacity: usize, d_state: &[T], d_params: &mut [T]) {
        ntm_core::buffers::add_columns(&d_state[..WIDTH * capacity], &mut d_params[..WIDTH]);
    }
    fn forward(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        for item in 0..s.items {
            let (page, next) = (of_item(s.state, WIDTH, item), of_item_mut(s.next, WIDTH, item));
            let (kept, y) = (of_item(s.trace, WIDTH, item), column_mut(&mut y, item));
            for i in 0..WIDTH {
                next[i] = T::of(0.5) * page[i] + column(&x, item)[i];
                y[WIDTH + i] = next[i];
                match self.0 {
                    Fault::ReadsLate => y[i] = kept[i],
                    Fault::ReadsTwice => y[i] = kept[i] + T::of(1e-3),
                    _ => {}
                }
            }
        }
    }
    fn backward(&self, _: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, d_x: Option<MatMut<'_, T>>) {
        let Some(mut d_x) = d_x else { return };
        for item in 0..s.items {
            let (d_page, d_x) = (of_item_mut(s.d_state, WIDTH, item), column_mut(&mut d_x, item));
            for i in 0..WIDTH {
                d_x[i] = d_page[i] + column(&d_y, item)[WIDTH + i];
                d_page[i] = T::of(0.5) * d_x[i];
            }
        }
    }
}

impl<T: Real> Memory<T> for DiaryMemory {
    fn shape(&self) -> Shape {
        Shape { slots: 1, width: WIDTH }
    }
    fn interface(&self) -> Vec<Vec<Field>> {
        vec![vec![Field::new("page", WIDTH, Activation::Linear)]]
    }
    fn turns(&self) -> Turns {
        Turns { before: true, after: true }
    }
    fn reads_before(&self) -> Vec<Range<usize>> {
        match self.0 {
            Fault::NamesTooMany => one(0..2 * WIDTH + 1),
            Fault::NamesTwice => vec![0..WIDTH, WIDTH - 1..WIDTH],
            Fault::NamesTheOthers => one(WIDTH..2 * WIDTH),
            _ => one(0..WIDTH),
        }
    }
    fn before(&self, x: Mat<'_, T>, s: Forward<'_, T>, mut y: MatMut<'_, T>) {
        for item in 0..s.items {
            let (page, kept) = (of_item(s.state, WIDTH, item), of_item_mut(s.trace, WIDTH, item));
            let y = column_mut(&mut y, item);
            for i in 0..WIDTH {
                kept[i] = page[i] + column(&x, item)[i];
                if self.0 != Fault::ReadsLate {
                    y[i] = kept[i];
                }
            }
        }
    }
    fn before_vjp(&self, _: Mat<'_, T>, s: Backward<'_, T>, d_y: Mat<'_, T>, mut d_x: MatMut<'_, T>) {
        for item in 0..s.items {
            let (d_page, d_y) = (of_item_mut(s.d_state, WIDTH, item), &column(&d_y, item)[..WIDTH]);
            column_mut(&mut d_x, item).copy_from_slice(d_y);
            match self.0 {
                Fault::LosesStateGradient => d_page.copy_from_slice(d_y),
                Fault::ForgetsStateGradient => {}
                _ => d_page.iter_mut().zip(d_y).for_each(|(d, d_y)| *d += *d_y),
            }
        }
    }
    fn start_reads(&self, _: &[T], _: usize, reads: &mut [T]) {
        reads.fill(T::of(0.0));
    }
    fn start_reads_vjp(&self, _: &[T], _: usize, _: &[T], _: &mut [T]) {}
}

impl Build<MemoryKind> for Diary {
    fn build<T: Precision>(&self, site: &MemorySite<'_>) -> Result<Box<dyn Memory<T>>, BuildError> {
        match site.heads.is_empty() {
            true => Ok(Box::new(DiaryMemory(self.0))),
            false => Err(BuildError::new("", "a diary has no heads; write heads: []")),
        }
    }
}

#[test]
fn every_fault_of_a_memory_that_works_before_the_controller_is_named() {
    testkit::memory(&Diary(Fault::None));
    let of = |fault, promise| breaks::<MemoryKind, _>(&Diary(fault), promise);
    let turns = |fault, what: &str| {
        let found = of(fault, Promise::Turns);
        assert!(found.what.contains(what), "{found}");
    };
    turns(Fault::ReadsLate, "step 0, item 0: output 0 should be written before the controller, but is not");
    turns(Fault::ReadsTwice, "output 0 should not be written after the controller, but is");
    turns(Fault::NamesTheOthers, "output 0 should not be written before the controller, but is");
    turns(Fault::NamesTooMany, "`reads_before` names outputs 0..5, of 0..4");
    turns(Fault::NamesTwice, "`reads_before` names output 1 twice");
    let found = of(Fault::LosesStateGradient, Promise::Gradient);
    assert!(found.what.starts_with("by "), "{found}");
    of(Fault::ForgetsStateGradient, Promise::Gradient);
}

/// A list of one range.
fn one(range: Range<usize>) -> Vec<Range<usize>> {
    Vec::from([range])
}
