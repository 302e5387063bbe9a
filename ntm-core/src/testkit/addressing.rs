//! Addressings.
use super::conform::{self, Pair};
use super::failure::{At, Failure};
use super::guarded::{Guarded, intact};
use super::part::{Draw, How, Input, Numbers, Part, Run};
use super::{Checked, SHAPES, sites};
use crate::config::{AddressingKind, Build, HeadSite};
use crate::random::Random;
use crate::traits::{Look, LookGradient};
use crate::{Addressing, Real, Shape};

/// The middle one of three heads. In go raw numbers, similarity, all previous weightings, its own state and the memory.
struct AddressingPart<'a, T> {
    addressing: &'a dyn Addressing<T>,
    site: HeadSite,
}
const HEAD: usize = 1;
const HEADS: usize = 3;

impl<T: Real> AddressingPart<'_, T> {
    fn shape(&self) -> Shape {
        self.site.shape
    }
}

impl<T: Real> Part<T> for AddressingPart<'_, T> {
    fn inputs(&self) -> Vec<Input> {
        let shape = self.shape();
        let fields = self.addressing.fields(shape);
        let keys = fields.iter().filter(|f| f.key.is_some()).count();
        vec![
            Input::of_fields(&fields),
            Input::new("similarity", keys * shape.slots, false),
            Input::new("previous", HEADS * shape.slots, true),
            Input::new("own", self.addressing.own(shape), false),
            Input::new("memory", shape.numbers(), true),
        ]
    }
    fn outputs(&self) -> Vec<(&'static str, usize)> {
        let shape = self.shape();
        vec![("weighting", shape.slots), ("own state after the step", self.addressing.own(shape))]
    }
    fn draw(&self, draw: Draw, random: &mut Random) -> Vec<Vec<f64>> {
        let (inputs, slots) = (self.inputs(), self.shape().slots);
        let own = draw.between(inputs[3].len, random).iter().map(|x| x.abs()).collect();
        vec![
            draw.raw(inputs[0].len, random),
            draw.between(inputs[1].len, random),
            (0..HEADS).flat_map(|_| draw.weighting(slots, random)).collect(),
            own,
            draw.between(inputs[4].len, random),
        ]
    }
    fn run(&self, inputs: &[Vec<T>], d_outputs: &[Vec<T>], how: How) -> Result<Run<T>, String> {
        let (addressing, shape, fill) = (self.addressing, self.shape(), how.fill);
        let numbers = Numbers::new(&addressing.fields(shape), shape, &inputs[0])?;
        let given = [
            Guarded::of("numbers", &numbers.values, fill),
            Guarded::of("similarity", &inputs[1], fill),
            Guarded::of("previous", &inputs[2], fill),
            Guarded::of("own", &inputs[3], fill),
            Guarded::of("memory", &inputs[4], fill),
        ];
        let look = Look {
            shape,
            head: HEAD,
            numbers: &given[0],
            similarity: &given[1],
            previous: &given[2],
            own: &given[3],
            memory: &given[4],
        };
        let mut trace = Guarded::filled("trace", addressing.trace(shape), fill);
        let mut own_next = Guarded::filled("own state after the step", given[3].len(), fill);
        let mut weighting = Guarded::filled("weighting", shape.slots, fill);
        addressing.forward(&look, &mut own_next, &mut trace, &mut weighting);
        intact(&[&trace, &own_next, &weighting])?;
        let mut made = Run { outputs: vec![weighting.to_vec(), own_next.to_vec()], gradients: vec![] };
        if !how.backward {
            return Ok(made);
        }
        let mut d_numbers = Guarded::filled("gradient of numbers", given[0].len(), fill);
        let mut d_similarity = Guarded::filled("gradient of similarity", given[1].len(), fill);
        let mut d_previous = Guarded::filled("gradient of previous", given[2].len(), how.base);
        let mut d_memory = Guarded::filled("gradient of memory", given[4].len(), how.base);
        let mut d_own = Guarded::of("gradient of own", &d_outputs[1], fill);
        let mut scratch = Guarded::filled("scratch", addressing.scratch(shape), fill);
        let d_weighting = Guarded::of("gradient of weighting", &d_outputs[0], fill);
        let mut d = LookGradient {
            numbers: &mut d_numbers,
            similarity: &mut d_similarity,
            previous: &mut d_previous,
            memory: &mut d_memory,
        };
        addressing.backward(&look, &mut trace, &weighting, &d_weighting, &mut d_own, &mut d, &mut scratch);
        intact(&[&trace, &d_numbers, &d_similarity, &d_previous, &d_memory, &d_own, &scratch])?;
        made.gradients = vec![
            numbers.vjp(&d_numbers),
            d_similarity.to_vec(),
            d_previous.to_vec(),
            d_own.to_vec(),
            d_memory.to_vec(),
        ];
        Ok(made)
    }
}

impl Checked for AddressingKind {
    fn check<C: Build<AddressingKind>>(settings: &C) -> Result<(), Failure> {
        let at = At::new(settings, "every shape");
        let all = SHAPES.map(|shape| HeadSite { shape, head: HEAD, heads: HEADS });
        sites::<AddressingKind, C>(&at, settings, &all, |site, double, single| {
            let shape = site.shape;
            let at = At::new(settings, format_args!("{} slots x {}", shape.slots, shape.width));
            let double = AddressingPart { addressing: double, site: *site };
            let single = AddressingPart { addressing: single, site: *site };
            conform::check(&at, &Pair { double: &double, single: &single, tolerance: 3e-4 })
        })
    }
}
