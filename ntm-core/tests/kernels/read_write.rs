//! What heads do to memory.
use super::*;
use ntm_core::Shape;
use ntm_core::kernels::read_write::{Roles, Writer, read_write, read_write_vjp};
use ntm_core::kernels::slots::sums_len;

/// (memory after, norms of its slots, reads)
fn plain(shape: Shape, roles: Roles<'_>, m: &[f64], weights: &[f64], effects: &[f64]) -> [Vec<f64>; 3] {
    let Shape { slots, width } = shape;
    let w = |head: usize, slot: usize| weights[head * slots + slot];
    let effect = |h: usize, add: usize, c: usize| effects[roles.writers[h].effect + add * width + c];
    let reads = roles
        .readers
        .iter()
        .flat_map(|&head| (0..width).map(move |c| (0..slots).map(|i| w(head, i) * m[c * slots + i]).sum()))
        .collect();
    let mut next = m.to_vec();
    for (at, x) in next.iter_mut().enumerate() {
        let (c, i) = (at / slots, at % slots);
        let erase = |x: f64, h: usize| x * (1.0 - w(roles.writers[h].head, i) * effect(h, 0, c));
        let add = |x: f64, h: usize| x + w(roles.writers[h].head, i) * effect(h, 1, c);
        let writers = 0..roles.writers.len();
        *x = if roles.together {
            let erased = writers.clone().fold(*x, erase);
            writers.fold(erased, add)
        } else {
            writers.fold(*x, |x, h| add(erase(x, h), h))
        };
    }
    let norms =
        (0..slots).map(|i| (0..width).map(|c| next[c * slots + i].powi(2)).sum::<f64>().sqrt()).collect();
    [next, norms, reads]
}

fn check<T: Real>(shape: Shape, readers: usize, writers: usize, together: bool, tol: f64) {
    let Shape { slots, width } = shape;
    let what = format!("{shape:?}, {readers} readers, {writers} writers, together {together}");
    // one head in between does neither; writers stand before readers, in falling order
    let heads = readers + writers + 1;
    let (w, r): (Vec<_>, Vec<_>) = ((0..writers).rev().collect(), (writers + 1..heads).collect());
    // effects lie apart and in falling order too, among other numbers
    let each = 2 * width + 3;
    let w: Vec<_> = w.iter().map(|&head| Writer { head, effect: 1 + head * each }).collect();
    let roles = Roles { readers: &r, writers: &w, together };
    let memory = signed(1, shape.numbers());
    let (weights, effects) = (draw(2, heads * slots, 0.0, 1.0), signed(3, 1 + writers * each));
    let (tm, tw, te) = (input::<T>(&memory), input::<T>(&weights), input::<T>(&effects));
    let (mut next, mut norms, mut reads) = (output(shape.numbers()), output(slots), output(readers * width));
    let mut sums = output(sums_len(width * readers.max(1)));
    if writers == 0 {
        read_write(shape, roles, &tm, &tw, &te, &mut [], &mut [], &mut reads, &mut sums);
    } else {
        read_write(shape, roles, &tm, &tw, &te, &mut next, &mut norms, &mut reads, &mut sums);
    }
    let [want_next, want_norms, want_reads] = plain(shape, roles, &memory, &weights, &effects);
    close(&what, &reads, &want_reads, tol);
    if writers > 0 {
        close(&what, &next, &want_next, tol);
        close(&what, &norms, &want_norms, tol);
    }

    let (d_reads, d_next) = (signed(4, readers * width), signed(5, shape.numbers()));
    let old = signed(6, weights.len());
    let (mut d_memory, mut d_weights, mut d_effects) = (onto(&d_next), onto(&old), output(effects.len()));
    let mut sums = output(sums_len(2 * width * writers));
    let (dm, dw, de) = (&mut d_memory, &mut d_weights, &mut d_effects);
    read_write_vjp(shape, roles, &tm, &tw, &te, &input(&d_reads), dm, dw, de, &mut sums);
    let value = |m: &[f64], w: &[f64], e: &[f64]| {
        let [next, _, reads] = plain(shape, roles, m, w, e);
        dot(&d_next, &next) + dot(&d_reads, &reads)
    };
    is_gradient(&format!("d_memory, {what}"), &d_memory, &memory, tol, |m| value(m, &weights, &effects));
    let by_weights: Vec<_> = d_weights.iter().zip(&old).map(|(d, o)| d.to() - o).collect();
    is_gradient(&format!("d_weights, {what}"), &by_weights, &weights, tol, |w| value(&memory, w, &effects));
    for w in &w {
        let at = w.effect..w.effect + 2 * width;
        is_gradient(&format!("d_effects, {what}"), &d_effects[at.clone()], &effects[at.clone()], tol, |e| {
            let mut all = effects.clone();
            all[at.clone()].copy_from_slice(e);
            value(&memory, &weights, &all)
        });
    }
    let written = |i: usize| w.iter().any(|w| (w.effect..w.effect + 2 * width).contains(&i));
    assert!(
        (0..each * writers + 1).all(|i| written(i) || d_effects[i].to().is_nan()),
        "{what}: other numbers"
    );
}

fn heads<T: Real>(tol: f64) {
    for (readers, writers) in pairs(0..=6, 0..=5) {
        for together in [true, false] {
            for (slots, width) in [(1, 1), (9, 3), (37, 2)] {
                check::<T>(Shape { slots, width }, readers, writers, together, tol);
            }
        }
    }
}
#[test]
fn any_number_of_heads_reads_and_writes_together_or_one_after_the_other() {
    everywhere!(heads, 1e-8, 1e-5);
}

fn sizes<T: Real>(tol: f64) {
    for (slots, width) in pairs(SIZES.into_iter().chain([64, 200]), [1, 10]) {
        for (readers, writers, together) in
            [(1, 1, true), (2, 2, true), (2, 2, false), (4, 0, true), (1, 3, true)]
        {
            check::<T>(Shape { slots, width }, readers, writers, together, tol);
        }
    }
}
#[test]
fn memories_of_every_size_are_read_and_written() {
    everywhere!(sizes, 1e-8, 5e-5);
}

#[test]
fn a_full_write_replaces_a_slot_and_a_weighting_of_zeros_changes_nothing() {
    let shape = Shape { slots: 9, width: 2 };
    let (memory, mut sums) = (signed(1, 18), vec![0.0; sums_len(2)]);
    let mut weights = vec![0.0; 9];
    for focus in [None, Some(4)] {
        if let Some(i) = focus {
            weights[i] = 1.0;
        }
        let (mut next, mut norms) = (vec![0.0; 18], vec![0.0; 9]);
        let roles = Roles { readers: &[], writers: &[Writer { head: 0, effect: 0 }], together: true };
        let effects = [1.0, 1.0, 3.0, 4.0];
        read_write(shape, roles, &memory, &weights, &effects, &mut next, &mut norms, &mut [], &mut sums);
        let want = |at: usize| if Some(at % 9) == focus { [3.0, 4.0][at / 9] } else { memory[at] };
        close("next", &next, &(0..18).map(want).collect::<Vec<_>>(), 1e-15);
        assert!(focus.is_none() || (norms[4] - 5.0).abs() < 1e-15);
    }
}
