//! Heads: their effect alone, and the head at work in a dense memory.
use super::conform::{self, Pair};
use super::failure::{At, Failure};
use super::guarded::{Guarded, intact};
use super::part::{Draw, How, Input, Numbers, Part, Run};
use super::{Checked, cells, plain, sites};
use crate::config::{Build, HeadKind, HeadSite, Precision};
use crate::memory::{Arrangement, Dense, Order};
use crate::random::Random;
use crate::start::MemoryStart;
use crate::traits::Action;
use crate::{Field, Head, Real, Shape};

/// From raw numbers to erase and add vectors.
struct Effect<'a, T> {
    head: &'a dyn Head<T>,
    shape: Shape,
}

impl<T: Real> Part<T> for Effect<'_, T> {
    fn inputs(&self) -> Vec<Input> {
        vec![Input::of_fields(&self.head.fields(self.shape))]
    }
    fn outputs(&self) -> Vec<(&'static str, usize)> {
        vec![("erase", self.shape.width), ("add", self.shape.width)]
    }
    fn draw(&self, draw: Draw, random: &mut Random) -> Vec<Vec<f64>> {
        vec![draw.raw(Field::count(&self.head.fields(self.shape)), random)]
    }
    fn run(&self, inputs: &[Vec<T>], d_outputs: &[Vec<T>], how: How) -> Result<Run<T>, String> {
        let (head, width) = (self.head, self.shape.width);
        let numbers = Numbers::new(&head.fields(self.shape), self.shape, &inputs[0])?;
        let given = Guarded::of("numbers", &numbers.values, how.fill);
        let mut erase = Guarded::filled("erase", width, how.fill);
        let mut add = Guarded::filled("add", width, how.fill);
        head.effect(&given, &mut erase, &mut add);
        intact(&[&erase, &add])?;
        let mut made = Run { outputs: vec![erase.to_vec(), add.to_vec()], gradients: vec![] };
        if how.backward {
            let d_erase = Guarded::of("gradient of erase", &d_outputs[0], how.fill);
            let d_add = Guarded::of("gradient of add", &d_outputs[1], how.fill);
            let mut d = Guarded::filled("gradient of numbers", given.len(), how.fill);
            head.effect_vjp(&given, &d_erase, &d_add, &mut d);
            intact(&[&d])?;
            made.gradients = vec![numbers.vjp(&d)];
        }
        Ok(made)
    }
}

/// A memory in which the head works beside one of the kit that does the opposite.
fn at_work<T: Precision>(head: Box<dyn Head<T>>, shape: Shape, order: Order) -> Dense<T> {
    let other = plain::opposite::<T>(head.action());
    let arrangement = Arrangement { order, ..Arrangement::default() };
    Dense::new(shape, vec![head, other], arrangement, MemoryStart::Learned)
}

impl Checked for HeadKind {
    fn check<C: Build<HeadKind>>(settings: &C) -> Result<(), Failure> {
        let at = At::new(settings, "every shape");
        let shapes = [(3, 2), (6, 3), (19, 5)];
        let all = shapes.map(|(slots, width)| HeadSite { shape: Shape { slots, width }, head: 0, heads: 2 });
        sites::<HeadKind, C>(&at, settings, &all, |site, double, single| {
            let shape = site.shape;
            let at = At::new(settings, format_args!("{} slots x {}", shape.slots, shape.width));
            if double.action() == Action::Write {
                let (double, single) = (Effect { head: double, shape }, Effect { head: single, shape });
                conform::check(&at, &Pair { double: &double, single: &single, tolerance: 1e-5 })?;
            }
            if shape.slots > 16 {
                return Ok(()); // a memory of this size would add time and nothing else
            }
            for order in [Order::ReadThenWrite, Order::WriteThenRead] {
                let at = at.with(format_args!("in a memory, {order:?}"));
                let build = |e| at.breaks(super::Promise::Builds, e);
                let double = at_work::<f64>(settings.build(site).map_err(build)?, shape, order);
                let single = at_work::<f32>(settings.build(site).map_err(build)?, shape, order);
                cells::memory(&at, (&double, &single), &[])?;
            }
            Ok(())
        })
    }
}
