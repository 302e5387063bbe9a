//! Cells: controllers, memories and models; and that an item does not notice its neighbours.
use super::conform::{self, Pair};
use super::failure::{At, Failure, Promise};
use super::part::{Draw, How, Values, beyond, random, run};
use super::trial::{Asked, Trial};
use super::whole::Whole;
use super::{Checked, plain, precision, sites, turns};
use crate::Real;
use crate::config::{Build, ControllerKind, ControllerSite, MemoryKind, MemorySite, ModelKind, ModelSite};
use crate::memory::{Arrangement, Order, Step, Writes};
use crate::traits::{Cell, Memory, Using};

/// Lengths of the items: some end early, and one column of the blocks is never used.
const LENGTHS: [usize; 3] = [4, 3, 1];
const CAPACITY: usize = 4;
/// How near f32 and f64 should be.
const TOLERANCE: f64 = 2e-3;

/// A cell, and the memory that it is, if it is one.
#[derive(Clone, Copy)]
struct Subject<'a, T: Real> {
    cell: &'a dyn Cell<T>,
    memory: Option<&'a dyn Memory<T>>,
}
impl<'a, T: Real> Subject<'a, T> {
    fn trial(self) -> Trial<'a, T> {
        Trial {
            cell: self.cell,
            memory: self.memory,
            lengths: LENGTHS.to_vec(),
            capacity: CAPACITY,
            prepared: true,
            asked: Asked::All,
        }
    }
    fn single(self, length: usize) -> Trial<'a, T> {
        Trial { lengths: vec![length], capacity: 1, prepared: false, ..self.trial() }
    }
}

/// A memory; of each of its read heads, where they are known, whether it acts before the controller.
pub(super) fn memory(
    at: &At,
    (d, s): (&dyn Memory<f64>, &dyn Memory<f32>),
    readers: &[bool],
) -> Result<(), Failure> {
    let (double, single) = (Whole(d), Whole(s));
    check(at, Subject { cell: &double, memory: Some(d) }, Subject { cell: &single, memory: Some(s) })?;
    turns::check(&at.with("f64"), d, readers)
}

fn cell(at: &At, double: &dyn Cell<f64>, single: &dyn Cell<f32>) -> Result<(), Failure> {
    check(at, Subject { cell: double, memory: None }, Subject { cell: single, memory: None })
}

fn check(at: &At, double: Subject<'_, f64>, single: Subject<'_, f32>) -> Result<(), Failure> {
    let pair = Pair { double: &double.trial(), single: &single.trial(), tolerance: TOLERANCE };
    conform::check(at, &pair)?;
    ways(&at.with("f64"), double, 1e-9)?;
    alone(&at.with("f64"), double, 1e-9)?;
    precision::on_every_set(|set| {
        let at = at.with(format_args!("f32 ({})", set.name()));
        ways(&at, single, TOLERANCE)?;
        alone(&at, single, TOLERANCE)
    })
}

/// The worst of `ours`, relative to the largest of `wanted`.
fn near<T: Real>(what: &str, ours: &[T], wanted: &[T], tolerance: f64) -> Result<(), String> {
    let largest = wanted.iter().fold(1e-3, |a: f64, x| a.max(x.to().abs()));
    let off = |i: usize| (ours[i].to() - wanted[i].to()).abs() / largest;
    match (0..wanted.len()).max_by(|&i, &j| off(i).total_cmp(&off(j))) {
        Some(i) if beyond(off(i), tolerance) => {
            Err(format!("{what}[{i}] is {}, not {} (off by {:.1e})", ours[i], wanted[i], off(i)))
        }
        _ => Ok(()),
    }
}

/// Other ways to the same gradient: without transposed copies, and with other gradients asked for.
fn ways<T: Real>(at: &At, subject: Subject<'_, T>, tolerance: f64) -> Result<(), Failure> {
    let base = subject.trial();
    let values = Values::draw(&base, Draw::Usual);
    let wanted = run(at, Promise::Gradient, &base, &values, How::PLAIN)?;
    let inputs = subject.cell.inputs();
    let some = Asked::Last(inputs.div_ceil(2));
    for (prepared, asked) in
        [(false, Asked::All), (true, Asked::Nobody), (false, Asked::Nobody), (true, some), (false, some)]
    {
        let trial = Trial { prepared, asked, ..subject.trial() };
        let copies = if prepared { "with" } else { "without" };
        let at = at.with(match asked {
            Asked::Nobody => format!("{copies} prepared, no gradient by x asked for"),
            Asked::All => format!("{copies} prepared"),
            Asked::Last(k) => format!("{copies} prepared, gradient by the last {k} inputs asked for"),
        });
        let ours = run(&at, Promise::Gradient, &trial, &values, How::PLAIN)?;
        let mut d_x = wanted.gradients[1].clone();
        let asked = match asked {
            Asked::Nobody => 0,
            Asked::All => inputs,
            Asked::Last(k) => k,
        };
        for step in d_x.chunks_exact_mut(inputs.max(1)) {
            step[..inputs - asked].fill(T::of(0.0));
        }
        near("y", &ours.outputs[0], &wanted.outputs[0], tolerance)
            .and_then(|()| near("gradient by x", &ours.gradients[1], &d_x, tolerance))
            .and_then(|()| {
                near("gradient of parameters", &ours.gradients[0], &wanted.gradients[0], tolerance)
            })
            .map_err(|what| at.breaks(Promise::Gradient, what))?;
    }
    Ok(())
}

/// A batch equals single items, and an item has the same bits whoever is beside it.
fn alone<T: Real>(at: &At, subject: Subject<'_, T>, tolerance: f64) -> Result<(), Failure> {
    let broken = |what: String| at.breaks(Promise::Alone, what);
    let batch = subject.trial();
    let values = Values::draw(&batch, Draw::Usual);
    let together = run(at, Promise::Alone, &batch, &values, How::PLAIN)?;
    let (rows, inputs) = (subject.cell.outputs(), subject.cell.inputs());
    let of = |item: usize, each: usize| {
        batch.place(item, 0, each).start..batch.place(item, LENGTHS[item] - 1, each).end
    };
    let mut sum = vec![0.0; together.gradients[0].len()];
    for (item, &length) in LENGTHS.iter().enumerate() {
        let single = subject.single(length);
        let reads = values.d_outputs[1].get(item * rows..(item + 1) * rows).unwrap_or(&[]);
        let own = Values {
            inputs: vec![values.inputs[0].clone(), values.inputs[1][of(item, inputs)].to_vec()],
            d_outputs: vec![values.d_outputs[0][of(item, rows)].to_vec(), reads.to_vec()],
        };
        let apart = run(at, Promise::Alone, &single, &own, How::PLAIN)?;
        let name = |what: &str| format!("item {item} of {} beside the others, {what}", LENGTHS.len());
        near(&name("y"), &together.outputs[0][of(item, rows)], &apart.outputs[0], tolerance)
            .map_err(broken)?;
        let d_x = &together.gradients[1][of(item, inputs)];
        near(&name("gradient by x"), d_x, &apart.gradients[1], tolerance).map_err(broken)?;
        sum.iter_mut().zip(&apart.gradients[0]).for_each(|(s, g)| *s += g.to());
    }
    let sum: Vec<T> = sum.iter().map(|x| T::of(*x)).collect();
    let what = "gradient of parameters, against the sum over single items,";
    near(what, &together.gradients[0], &sum, tolerance).map_err(broken)?;

    for changed in 0..LENGTHS.len() {
        let mut values = values.clone();
        let other = Draw::Usual.raw(values.inputs[1].len(), &mut random(2 + changed as u64));
        values.inputs[1][of(changed, inputs)].copy_from_slice(&other[of(changed, inputs)]);
        let ours = run(at, Promise::Alone, &batch, &values, How::PLAIN)?;
        for item in (0..LENGTHS.len()).filter(|&i| i != changed) {
            let bits = |list: &[T]| list.iter().map(|x| x.to().to_bits()).collect::<Vec<_>>();
            let pairs = [
                ("y", &ours.outputs[0], &together.outputs[0], rows),
                ("the gradient by x", &ours.gradients[1], &together.gradients[1], inputs),
            ];
            for (what, a, b, each) in pairs {
                if bits(&a[of(item, each)]) != bits(&b[of(item, each)]) {
                    let what = format!("{what} of item {item} changes with the inputs of item {changed}");
                    return Err(broken(what));
                }
            }
        }
    }
    Ok(())
}

/// The cell state is among the outputs, and only where it is asked for.
fn cell_state(at: &At, cell: &dyn Cell<f64>, asked: bool) -> Result<(), Failure> {
    let (shown, outputs) = (cell.cell_outputs(), cell.outputs());
    let what = match (shown > outputs, shown > 0 && !asked) {
        (true, _) => format!("`cell_outputs` says {shown}, more than the {outputs} outputs there are"),
        (_, true) => format!("`cell_outputs` says {shown}, but no cell state is asked for"),
        _ => return Ok(()),
    };
    Err(at.breaks(Promise::Sizes, what))
}

impl Checked for ControllerKind {
    fn check<C: Build<ControllerKind>>(settings: &C) -> Result<(), Failure> {
        let all = [(1, false), (5, false), (18, false), (5, true)];
        let all = all.map(|(inputs, cell)| ControllerSite { inputs, cell });
        sites::<ControllerKind, C>(
            &At::new(settings, "every site"),
            settings,
            &all,
            |site, double, single| {
                let asked = if site.cell { ", cell state asked for" } else { "" };
                let at = At::new(settings, format_args!("{} inputs{asked}", site.inputs));
                cell_state(&at, double, site.cell)?;
                cell(&at, double, single)
            },
        )
    }
}

impl Checked for ModelKind {
    fn check<C: Build<ModelKind>>(settings: &C) -> Result<(), Failure> {
        let all = [1, 4].map(|inputs| ModelSite { inputs });
        sites::<ModelKind, C>(&At::new(settings, "every site"), settings, &all, |site, double, single| {
            cell(&At::new(settings, format_args!("{} inputs", site.inputs)), double, single)
        })
    }
}

impl Checked for MemoryKind {
    fn check<C: Build<MemoryKind>>(settings: &C) -> Result<(), Failure> {
        let (now, before) = (Using::Current, Using::Previous);
        let (one, two, early) = (plain::heads(&[now]), plain::heads(&[now; 2]), plain::heads(&[before]));
        let mixed = plain::heads(&[now, before]);
        let paper = Arrangement::default();
        let (writers_first, listed) = (
            Arrangement { order: Order::WriteThenRead, ..paper },
            Arrangement { order: Order::Listed, ..paper },
        );
        let sequential = Arrangement { writes: Writes::Sequential, ..paper };
        let memory_first = Arrangement { step: Step::MemoryThenController, ..paper };
        let none = vec![]; // for memories that are driven by numbers of their own
        let all = [
            (&one, paper),
            (&one, writers_first),
            (&two, listed),
            (&two, sequential),
            (&one, memory_first),
            (&early, paper),
            (&mixed, paper),
            (&none, paper),
        ]
        .map(|(heads, arrangement)| MemorySite { heads, arrangement });
        sites::<MemoryKind, C>(&At::new(settings, "every site"), settings, &all, |site, double, single| {
            if double.interface().is_empty() {
                return Ok(()); // nothing would drive it, and no model takes it
            }
            let (at, readers) = (memory_at(settings, site), turns::readers(site, double));
            if std::ptr::eq(site.heads, mixed.as_slice()) {
                return turns::check(&at.with("f64"), double, &readers); // its gradients add time and nothing else
            }
            memory(&at, (double, single), &readers)
        })
    }
}

/// Who is checked where.
pub(super) fn memory_at<C: Build<MemoryKind>>(settings: &C, site: &MemorySite<'_>) -> At {
    let heads: Vec<_> = site.heads.iter().map(|h| h.name()).collect();
    if heads.is_empty() {
        return At::new(settings, "no heads");
    }
    At::new(settings, format_args!("heads {}, {:?}", heads.join(", "), site.arrangement))
}
