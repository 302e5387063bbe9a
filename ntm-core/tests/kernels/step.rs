//! A whole step of the memory in one call, against the calls that it is made of.
use super::*;
use ntm_core::buffers::{mat_apart, mat_apart_mut};
use ntm_core::kernels::classic::{
    AT_ONCE, Classic, ClassicHead, NUMBERS, classic, classic_vjp, scratch_len, trace_len,
};
use ntm_core::kernels::read_write::{Roles, Writer, read_write, read_write_vjp};
use ntm_core::kernels::similarity::{Key, similarity, similarity_vjp};
use ntm_core::kernels::slots::sums_len;
use ntm_core::kernels::step::{Plan, step, step_vjp};
use ntm_core::{Shape, Similarity};

const ITEMS: usize = 3;

/// Heads stand in falling order of their columns, with numbers and traces of nobody between theirs.
fn check<T: Real>(shape: Shape, together: bool) {
    let Shape { slots, width } = shape;
    let what = format!("{shape:?}, together {together}");
    let count = 2;
    // a gap, a key, the other numbers of a head
    let of_head = 2 + width + NUMBERS;
    // the heads, then a gap and the erase and add vectors of the one that writes
    let many = count * of_head + 1 + 2 * width;
    let kept = count * (trace_len(slots) + 3);
    let keys: Vec<Key> =
        (0..count).map(|key| Key { at: key * of_head + 2, similarity: Similarity::default() }).collect();
    let heads: Vec<ClassicHead> = (0..count)
        .map(|key| ClassicHead {
            classic: Classic::default(),
            head: count - 1 - key,
            numbers: key * of_head + 2 + width,
            key,
            trace: (count - 1 - key) * (trace_len(slots) + 3) + 3,
        })
        .collect();
    let writer = Writer { head: 0, effect: count * of_head + 1 };
    let roles = Roles { readers: &[1], writers: &[writer], together };
    let plan = Plan::new(shape, &keys, &heads, roles, many, kept).unwrap();

    let size = shape.numbers();
    let memory = input::<T>(&signed(1, ITEMS * size));
    let norms = input::<T>(&draw(2, ITEMS * slots, 0.5, 2.0));
    let mut numbers = signed(3, ITEMS * many);
    for head in numbers.chunks_mut(many).flat_map(|item| item[..count * of_head].chunks_mut(of_head)) {
        head[2 + width..].copy_from_slice(&[3.0, 0.25, 0.25, 0.5, 0.25, 1.5]);
    }
    let numbers = input::<T>(&numbers);
    let previous: Vec<f64> = (0..ITEMS * count).flat_map(|i| weighting(4 + i, slots)).collect();
    let previous = input::<T>(&previous);
    let new = || {
        (
            (
                output::<T>(ITEMS * slots * count),
                output::<T>(ITEMS * kept),
                output::<T>(ITEMS * slots * count),
            ),
            (output::<T>(ITEMS * size), output::<T>(ITEMS * slots)),
        )
    };
    // what is read has gaps between its columns
    let (rows, apart) = (width, width + 2);
    let mut sums = output::<T>(sums_len(2 * width * count));

    let ((mut sim, mut trace, mut weights), (mut next, mut next_norms)) = new();
    let mut reads = output::<T>(ITEMS * apart);
    let columns = mat_apart_mut(&mut reads, rows, ITEMS, apart);
    step(
        &plan,
        &memory,
        &norms,
        &numbers,
        &previous,
        &mut sim,
        &mut trace,
        &mut weights,
        &mut next,
        &mut next_norms,
        columns,
        &mut sums,
    );
    let ((mut sim_1, mut trace_1, mut weights_1), (mut next_1, mut next_norms_1)) = new();
    let mut reads_1 = output::<T>(ITEMS * apart);
    macro_rules! of {
        ($all:expr, $each:expr, $b:expr) => {
            $all[$b * $each..($b + 1) * $each]
        };
    }
    for b in 0..ITEMS {
        let (memory, numbers) = (&of!(memory, size, b), &of!(numbers, many, b));
        let sim = &mut of!(sim_1, slots * count, b);
        similarity(shape, memory, &of!(norms, slots, b), numbers, &keys, sim);
        let (trace, weights) = (&mut of!(trace_1, kept, b), &mut of!(weights_1, slots * count, b));
        classic(slots, &heads, numbers, sim, &of!(previous, slots * count, b), trace, weights);
        let (next, next_norms) = (&mut of!(next_1, size, b), &mut of!(next_norms_1, slots, b));
        let reads = &mut reads_1[b * apart..][..rows];
        read_write(shape, roles, memory, weights, numbers, next, next_norms, reads, &mut sums);
    }
    let same = |name: &str, a: &[T], b: &[T]| {
        let same =
            |(a, b): (&T, &T)| a.to().to_bits() == b.to().to_bits() || (a.to().is_nan() && b.to().is_nan());
        assert!(a.iter().zip(b).all(same), "{what}: {name}");
    };
    same("similarity", &sim, &sim_1);
    same("trace", &trace, &trace_1);
    same("weightings", &weights, &weights_1);
    same("next", &next, &next_1);
    same("norms", &next_norms, &next_norms_1);
    same("reads", &reads, &reads_1);
    all_finite(&what, &weights);

    let (d_reads, d_apart) = (input::<T>(&signed(60, ITEMS * apart)), many + 3);
    let after = (signed(61, ITEMS * size), signed(62, ITEMS * slots * count));
    let work = || (output::<T>(slots * count), output::<T>(count.min(AT_ONCE) * scratch_len(slots)));
    let (mut d_memory, mut d_weights, mut d_numbers) =
        (onto::<T>(&after.0), onto::<T>(&after.1), output::<T>(ITEMS * d_apart));
    let (mut d_sim, mut scratch) = work();
    step_vjp(
        &plan,
        &memory,
        &norms,
        &numbers,
        &previous,
        &sim,
        &trace,
        &weights,
        mat_apart(&d_reads, rows, ITEMS, apart),
        &mut d_memory,
        &mut d_weights,
        mat_apart_mut(&mut d_numbers, many, ITEMS, d_apart),
        &mut d_sim,
        &mut scratch,
        &mut sums,
    );
    let (mut d_memory_1, mut d_new, mut d_previous, mut d_numbers_1) = (
        onto::<T>(&after.0),
        onto::<T>(&after.1),
        onto::<T>(&vec![0.0; ITEMS * slots * count]),
        output::<T>(ITEMS * d_apart),
    );
    let (mut d_sim, mut scratch) = work();
    for b in 0..ITEMS {
        let (memory, numbers) = (&of!(memory, size, b), &of!(numbers, many, b));
        let (weights, sim) = (&of!(weights, slots * count, b), &of!(sim, slots * count, b));
        let d_memory = &mut of!(d_memory_1, size, b);
        let d_new = &mut of!(d_new, slots * count, b);
        let d_numbers = &mut d_numbers_1[b * d_apart..][..many];
        let d_reads = &d_reads[b * apart..][..rows];
        read_write_vjp(
            shape, roles, memory, weights, numbers, d_reads, d_memory, d_new, d_numbers, &mut sums,
        );
        let (previous, trace) = (&of!(previous, slots * count, b), &of!(trace, kept, b));
        let d_previous = &mut of!(d_previous, slots * count, b);
        classic_vjp(
            slots,
            &heads,
            numbers,
            sim,
            previous,
            trace,
            weights,
            d_new,
            d_previous,
            &mut d_sim,
            d_numbers,
            &mut scratch,
        );
        let norms = &of!(norms, slots, b);
        similarity_vjp(shape, memory, norms, numbers, &keys, sim, &mut d_sim, d_memory, d_numbers, &mut sums);
    }
    same("gradient by memory", &d_memory, &d_memory_1);
    same("gradient by weightings", &d_weights, &d_previous);
    same("gradient by numbers", &d_numbers, &d_numbers_1);
    let written = |i: usize| {
        let of_keys = keys.iter().any(|k| (k.at..k.at + width + NUMBERS).contains(&i));
        of_keys || (writer.effect..writer.effect + 2 * width).contains(&i)
    };
    for item in d_numbers.chunks(d_apart) {
        assert!((0..d_apart).all(|i| item[i].to().is_finite() == written(i)), "{what}: numbers of nobody");
    }
}

fn sizes<T: Real>(_: f64) {
    for (slots, width) in pairs([3, 7, 16, 37, 128], [1, 10]) {
        for together in [true, false] {
            check::<T>(Shape { slots, width }, together);
        }
    }
}
#[test]
fn a_step_is_its_kernels_one_after_another_to_the_last_bit() {
    everywhere!(sizes, 0.0, 0.0);
}

/// What a plan is made of, to be spoiled.
#[derive(Clone)]
struct Parts {
    shape: Shape,
    keys: Vec<Key>,
    heads: Vec<ClassicHead>,
    readers: Vec<usize>,
    writers: Vec<Writer>,
    numbers: usize,
    trace: usize,
}
impl Parts {
    /// One head that reads and one that writes.
    fn good() -> Parts {
        let shape = Shape { slots: 16, width: 2 };
        let head = |h: usize| ClassicHead {
            head: h,
            key: h,
            numbers: 2 + 8 * h,
            trace: 48 * h,
            ..ClassicHead::default()
        };
        Parts {
            shape,
            keys: [0, 8].map(|at| Key { at, similarity: Similarity::default() }).to_vec(),
            heads: vec![head(0), head(1)],
            readers: vec![0],
            writers: vec![Writer { head: 1, effect: 16 }],
            numbers: 20,
            trace: 96,
        }
    }
    fn plan(&self) -> Option<Plan> {
        let roles = Roles { readers: &self.readers, writers: &self.writers, together: true };
        Plan::new(self.shape, &self.keys, &self.heads, roles, self.numbers, self.trace)
    }
}

#[test]
fn a_plan_that_leaves_an_item_or_is_not_for_a_pair_of_heads_is_none() {
    assert!(Parts::good().plan().is_some());
    type Spoil = (&'static str, fn(&mut Parts));
    let spoils: [Spoil; 25] = [
        ("no heads", |p| p.heads.clear()),
        ("no writers", |p| p.writers.clear()),
        ("no readers", |p| p.readers.clear()),
        ("two that write", |p| p.writers.push(p.writers[0])),
        ("three heads", |p| p.heads.push(p.heads[0])),
        ("two slots", |p| p.shape.slots = 2),
        ("a wide memory", |p| p.shape.width = usize::MAX),
        ("few numbers", |p| p.numbers = 19),
        ("a short trace", |p| p.trace = 95),
        ("a key too far", |p| p.keys[1].at = 19),
        ("a key that wraps", |p| p.keys[1].at = usize::MAX - 1),
        ("no such key", |p| p.heads[1].key = 2),
        ("a key's column that wraps", |p| p.heads[1].key = usize::MAX),
        ("numbers too far", |p| p.heads[1].numbers = 15),
        ("numbers that wrap", |p| p.heads[1].numbers = usize::MAX - 5),
        ("no such column", |p| p.heads[1].head = 2),
        ("a column that wraps", |p| p.heads[1].head = usize::MAX),
        ("a column twice", |p| p.heads[1].head = 0),
        ("a trace that wraps", |p| p.heads[1].trace = usize::MAX - 47),
        ("a reader of nothing", |p| p.readers[0] = 2),
        ("a reader that wraps", |p| p.readers[0] = usize::MAX),
        ("a writer of nothing", |p| p.writers[0].head = usize::MAX),
        ("reads and writes", |p| p.readers[0] = 1),
        ("vectors too far", |p| p.writers[0].effect = 17),
        ("vectors that wrap", |p| p.writers[0].effect = usize::MAX - 3),
    ];
    for (what, spoil) in spoils {
        let mut parts = Parts::good();
        spoil(&mut parts);
        assert!(parts.plan().is_none(), "{what}");
    }
}

#[test]
fn a_step_without_room_is_refused() {
    let parts = Parts::good();
    let plan = parts.plan().unwrap();
    // memory, norms, numbers, previous, similarity, trace, weightings, next, its norms, sums; then items and what is read
    let sizes = [64, 32, 40, 64, 64, 192, 64, 64, 32, sums_len(8)];
    let run = |sizes: [usize; 10], items: usize, rows: usize| {
        let mut all = sizes.map(|n| vec![0.5f64; n]);
        let mut reads = vec![0.0; items.min(4) * rows];
        let columns = mat_apart_mut(&mut reads, rows, items, rows);
        let [memory, norms, numbers, previous, similarity, trace, weightings, next, next_norms, sums] =
            &mut all;
        step(
            &plan, memory, norms, numbers, previous, similarity, trace, weightings, next, next_norms,
            columns, sums,
        );
    };
    let refused = |sizes, items, rows| std::panic::catch_unwind(|| run(sizes, items, rows)).is_err();
    assert!(!refused(sizes, 2, 2) && !refused(sizes, 0, 2) && !refused([sizes[9]; 10], 2, 2));
    for i in 0..sizes.len() {
        let mut short = sizes;
        short[i] -= 1;
        assert!(refused(short, 2, 2), "block {i}");
    }
    assert!(refused(sizes, 3, 2) && refused(sizes, 2, 1) && refused(sizes, 1 << 60, 0));
}
