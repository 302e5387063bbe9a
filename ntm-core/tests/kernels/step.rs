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

/// Sizes of a plan: numbers of a head, of an item, and of an item's trace.
fn check<T: Real>(shape: Shape, readers: usize, writers: usize, together: bool) {
    let Shape { slots, width } = shape;
    let what = format!("{shape:?}, {readers} readers, {writers} writers, together {together}");
    let count = readers + writers;
    let of_head = width + NUMBERS;
    // (key, numbers) of each head, then erase and add vectors
    let many = count * of_head + writers * 2 * width;
    let kept = count * trace_len(slots);
    let keys: Vec<Key> =
        (0..count).map(|h| Key { at: h * of_head, similarity: Similarity::default() }).collect();
    let heads: Vec<ClassicHead> = (0..count)
        .map(|head| ClassicHead {
            classic: Classic::default(),
            head,
            numbers: head * of_head + width,
            key: head,
            trace: head * trace_len(slots),
        })
        .collect();
    let r: Vec<usize> = (writers..count).collect();
    let effect = |w: usize| count * of_head + w * 2 * width;
    let w: Vec<Writer> = (0..writers).rev().map(|head| Writer { head, effect: effect(head) }).collect();
    let roles = Roles { readers: &r, writers: &w, together };
    let plan = Plan { shape, keys: &keys, heads: &heads, roles, numbers: many, trace: kept };
    assert!(plan.fits());

    let size = shape.numbers();
    let memory = input::<T>(&signed(1, ITEMS * size));
    let norms = input::<T>(&draw(2, ITEMS * slots, 0.5, 2.0));
    let mut numbers = signed(3, ITEMS * many);
    for head in numbers.chunks_mut(many).flat_map(|item| item[..count * of_head].chunks_mut(of_head)) {
        head[width..].copy_from_slice(&[3.0, 0.25, 0.25, 0.5, 0.25, 1.5]);
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
    let (rows, apart) = (readers * width, readers * width + 2);
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
        let same = |(a, b): (&T, &T)| a == b || (a.to().is_nan() && b.to().is_nan());
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
    for item in d_numbers.chunks(d_apart) {
        all_finite(&what, &item[..many]);
    }
}

fn sizes<T: Real>(_: f64) {
    for (slots, width) in pairs([3, 7, 16, 37, 128], [1, 10]) {
        for (readers, writers, together) in
            [(1, 1, true), (0, 1, true), (2, 2, true), (2, 2, false), (0, 4, true), (1, 2, false)]
        {
            check::<T>(Shape { slots, width }, readers, writers, together);
        }
    }
}
#[test]
fn a_step_is_its_kernels_one_after_another_to_the_last_bit() {
    everywhere!(sizes, 0.0, 0.0);
}

#[test]
fn there_is_no_plan_without_heads_or_writers_or_for_more_than_one_pass() {
    let (key, head) = (Key { at: 0, similarity: Similarity::default() }, ClassicHead::default());
    let (writer, shape) = (Writer { head: 0, effect: 0 }, Shape { slots: 8, width: 2 });
    let fits = |heads: usize, readers: &[usize], writers: usize| {
        let (heads, writers) = (vec![head; heads], vec![writer; writers]);
        let roles = Roles { readers, writers: &writers, together: true };
        Plan { shape, keys: &[key], heads: &heads, roles, numbers: 20, trace: 48 }.fits()
    };
    assert!(fits(2, &[1], 1));
    assert!(!fits(0, &[1], 1) && !fits(2, &[0, 1], 0) && !fits(8, &[4, 5, 6, 7], 4));
}
