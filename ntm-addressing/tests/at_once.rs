//! A memory whose heads all have the paper's chain makes their weightings at once, and where it can the whole step in
//! one call. The numbers are those of the same memory that asks its heads one by one.
use ntm_addressing::Chain;
use ntm_core::buffers::{block, mat, mat_mut};
use ntm_core::heads::{Erase, Read, Write};
use ntm_core::kernels::InstructionSet;
use ntm_core::memory::{Arrangement, Dense, Order, Step, Writes};
use ntm_core::start::{MemoryStart, WeightingStart};
use ntm_core::traits::{Action, Backward, Cell, Forward, Head, Look, LookGradient, Memory, Using};
use ntm_core::{Addressing, Field, Real, Shape};

const ITEMS: usize = 3;
const STEPS: usize = 4;

/// The chain, to be asked head by head.
#[derive(Debug)]
struct Asked<T: Real>(Chain<T>);
impl<T: Real> Addressing<T> for Asked<T> {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        self.0.fields(shape)
    }
    fn trace(&self, shape: Shape) -> usize {
        self.0.trace(shape)
    }
    fn scratch(&self, shape: Shape) -> usize {
        self.0.scratch(shape)
    }
    fn forward(&self, look: &Look<'_, T>, own: &mut [T], trace: &mut [T], weighting: &mut [T]) {
        self.0.forward(look, own, trace, weighting);
    }
    fn backward(
        &self,
        look: &Look<'_, T>,
        trace: &mut [T],
        weighting: &[T],
        d_weighting: &[T],
        d_own: &mut [T],
        d: &mut LookGradient<'_, T>,
        scratch: &mut [T],
    ) {
        self.0.backward(look, trace, weighting, d_weighting, d_own, d, scratch);
    }
}

/// A head whose vectors are to be asked for.
#[derive(Debug)]
struct Copied<T: Real>(Write<T>);
impl<T: Real> Head<T> for Copied<T> {
    fn action(&self) -> Action {
        self.0.action()
    }
    fn addressing(&self) -> &dyn Addressing<T> {
        self.0.addressing()
    }
    fn using(&self) -> Using {
        self.0.using()
    }
    fn weighting_start(&self) -> WeightingStart {
        self.0.weighting_start()
    }
    fn fields(&self, shape: Shape) -> Vec<Field> {
        self.0.fields(shape)
    }
    fn effect(&self, numbers: &[T], erase: &mut [T], add: &mut [T]) {
        self.0.effect(numbers, erase, add);
    }
    fn effect_vjp(&self, numbers: &[T], d_erase: &[T], d_add: &[T], d_numbers: &mut [T]) {
        self.0.effect_vjp(numbers, d_erase, d_add, d_numbers);
    }
}

/// Which heads, and how they come together.
#[derive(Clone, Debug)]
struct Case {
    heads: Vec<(Action, Using, Erase)>,
    arrangement: Arrangement,
    shape: Shape,
}

/// Its chains, and its erase and add vectors, asked for or not.
fn memory<T: Real>(case: &Case, asked: bool, copied: bool) -> Dense<T> {
    let addressing = || -> Box<dyn Addressing<T>> {
        let chain = Chain::classic(case.shape);
        if asked { Box::new(Asked(chain)) } else { Box::new(chain) }
    };
    let head = |(action, using, erase): &(Action, Using, Erase)| -> Box<dyn Head<T>> {
        let (using, erase) = (*using, erase.clone());
        match action {
            Action::Read => {
                Box::new(Read { addressing: addressing(), using, ..Read::new(Chain::classic(case.shape)) })
            }
            Action::Write => {
                let chain = Chain::classic(case.shape);
                let write = Write { addressing: addressing(), using, erase, ..Write::new(chain) };
                if copied { Box::new(Copied(write)) } else { Box::new(write) }
            }
        }
    };
    let heads = case.heads.iter().map(head).collect();
    Dense::new(case.shape, heads, case.arrangement, MemoryStart::Learned)
}

fn draw<T: Real>(seed: usize, n: usize) -> Vec<T> {
    let unit = |i: usize| ((i * 7919 + seed * 104_729) % 9973) as f64 / 9973.0;
    (0..n).map(|i| T::of(2.0 * unit(i) - 1.0)).collect()
}

/// What is read at every step, the last state, and the gradients by every step's numbers and by the first state.
fn run<T: Real>(cell: &Dense<T>) -> Vec<(String, Vec<T>)> {
    let (needs, inputs, outputs) = (cell.needs(ITEMS), cell.inputs(), cell.outputs());
    let numbers: usize = cell.parameters().iter().map(|p| block(p.numbers(), 1)).sum();
    let params = draw::<T>(9, numbers);
    let (turns, zero) = (cell.turns(), T::of(0.0));
    let mut states = vec![vec![zero; needs.state]; STEPS + 1];
    let mut traces = vec![vec![zero; needs.trace]; STEPS];
    let mut scratch = vec![zero; needs.scratch];
    let mut made = vec![];
    cell.start(&params, ITEMS, &mut states[0]);
    let numbers: Vec<Vec<T>> = (0..STEPS).map(|t| draw(t, inputs * ITEMS)).collect();
    for t in 0..STEPS {
        let (old, new) = states.split_at_mut(t + 1);
        let mut s = Forward {
            items: ITEMS,
            capacity: ITEMS,
            params: &params,
            prepared: &[],
            state: &old[t],
            next: &mut new[0],
            trace: &mut traces[t],
            scratch: &mut scratch,
        };
        let mut reads = vec![zero; outputs * ITEMS];
        if turns.before {
            cell.before(mat(&numbers[t], inputs, ITEMS), s.again(), mat_mut(&mut reads, outputs, ITEMS));
        }
        if turns.after {
            cell.forward(mat(&numbers[t], inputs, ITEMS), s, mat_mut(&mut reads, outputs, ITEMS));
        }
        made.push((format!("read at {t}"), reads));
    }
    made.push(("last state".into(), states[STEPS].clone()));
    let mut d_state = draw::<T>(50, needs.state);
    for t in (0..STEPS).rev() {
        let d_reads = draw::<T>(60 + t, outputs * ITEMS);
        let mut d = vec![zero; inputs * ITEMS];
        let mut s = Backward {
            items: ITEMS,
            capacity: ITEMS,
            params: &params,
            prepared: &[],
            state: &states[t],
            next: &states[t + 1],
            trace: &mut traces[t],
            d_state: &mut d_state,
            scratch: &mut scratch,
        };
        let (x, d_y) = (mat(&numbers[t], inputs, ITEMS), mat(&d_reads, outputs, ITEMS));
        if turns.after {
            cell.backward(x, s.again(), d_y, Some(mat_mut(&mut d, inputs, ITEMS)));
            made.push((format!("gradient by numbers after, at {t}"), d.clone()));
        }
        if turns.before {
            cell.before_vjp(x, s, d_y, mat_mut(&mut d, inputs, ITEMS));
            made.push((format!("gradient by numbers before, at {t}"), d));
        }
    }
    made.push(("gradient by the first state".into(), d_state));
    made
}

fn same<T: Real>(case: &Case) {
    let at_once = run(&memory::<T>(case, false, false));
    for (asked, copied) in [(true, false), (false, true), (true, true)] {
        let other = run(&memory::<T>(case, asked, copied));
        assert_eq!(at_once.len(), other.len());
        for ((what, at_once), (_, other)) in at_once.iter().zip(&other) {
            assert_eq!(at_once.len(), other.len());
            for (i, (a, b)) in at_once.iter().zip(other).enumerate() {
                let bits = a.to().to_bits() == b.to().to_bits();
                assert!(bits, "{what}, number {i}: {a} is not {b}; asked {asked}, copied {copied}, {case:?}");
            }
        }
    }
}

#[test]
fn heads_at_once_are_heads_one_by_one_to_the_last_bit() {
    let own = Erase::Own(ntm_core::Activation::Sigmoid);
    let (read, write) =
        ((Action::Read, Using::Current, own.clone()), (Action::Write, Using::Current, own.clone()));
    let coupled = (Action::Write, Using::Current, Erase::Coupled);
    let before = (Action::Read, Using::Previous, own.clone());
    let writes_before = (Action::Write, Using::Previous, own);
    let lists = [
        vec![read.clone(), write.clone()],
        vec![write.clone(), read.clone()],
        vec![write.clone(), read.clone(), write.clone(), read.clone()],
        vec![read.clone(), coupled.clone()],
        vec![write.clone(), coupled],
        vec![before, write.clone()],
        vec![read.clone(), writes_before],
        vec![read.clone()],
        [vec![read; 3], vec![write; 4]].concat(),
    ];
    let arrangement = Arrangement::default();
    let arrangements = [
        arrangement,
        Arrangement { order: Order::WriteThenRead, ..arrangement },
        Arrangement { order: Order::Listed, ..arrangement },
        Arrangement { writes: Writes::Sequential, ..arrangement },
        Arrangement { step: Step::MemoryThenController, ..arrangement },
    ];
    let shapes = [Shape { slots: 16, width: 3 }, Shape { slots: 21, width: 5 }];
    let mut cases = vec![];
    for heads in lists {
        for arrangement in arrangements {
            cases.extend(shapes.map(|shape| Case { heads: heads.clone(), arrangement, shape }));
        }
    }
    for set in InstructionSet::ALL {
        if InstructionSet::limit(set) == set {
            cases.iter().for_each(same::<f32>);
        }
    }
}
