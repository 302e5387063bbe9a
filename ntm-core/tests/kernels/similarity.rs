//! Keys against slots.
use super::*;
use ntm_core::kernels::similarity::{Key, norms, similarity, similarity_vjp};
use ntm_core::kernels::slots::sums_len;
use ntm_core::{EpsilonAt, Shape, Similarity};

const KINDS: [Similarity; 10] = [
    Similarity::Cosine { epsilon: 1e-3, at: EpsilonAt::Denominator },
    Similarity::Dot {},
    Similarity::Cosine { epsilon: 1e-8, at: EpsilonAt::Floor },
    // so high that some products of norms lie below it and some above
    Similarity::Cosine { epsilon: 0.9, at: EpsilonAt::Floor },
    Similarity::Cosine { epsilon: 1e-3, at: EpsilonAt::Norms },
    // so high that the norms hardly matter
    Similarity::Cosine { epsilon: 0.9, at: EpsilonAt::Norms },
    Similarity::Cosine { epsilon: 1e-6, at: EpsilonAt::InsideRoot },
    Similarity::Cosine { epsilon: 0.9, at: EpsilonAt::InsideRoot },
    Similarity::Cosine { epsilon: 0.0, at: EpsilonAt::Denominator },
    Similarity::Cosine { epsilon: 0.0, at: EpsilonAt::InsideRoot },
];
const PLACES: [EpsilonAt; 4] =
    [EpsilonAt::Denominator, EpsilonAt::Floor, EpsilonAt::Norms, EpsilonAt::InsideRoot];

/// Row `slot` of a memory
fn row(memory: &[f64], shape: Shape, slot: usize) -> Vec<f64> {
    (0..shape.width).map(|m| memory[m * shape.slots + slot]).collect()
}
/// slots x keys
fn plain(shape: Shape, memory: &[f64], numbers: &[f64], keys: &[Key]) -> Vec<f64> {
    let norm = |x: &[f64]| dot(x, x).sqrt();
    let of = |key: &Key, slot: usize| {
        let (u, v) = (&numbers[key.at..key.at + shape.width], row(memory, shape, slot));
        let (product, sizes) = (dot(u, &v), norm(u) * norm(&v));
        let Similarity::Cosine { epsilon, at } = key.similarity else { return product };
        product
            / match at {
                EpsilonAt::Denominator => sizes + epsilon,
                EpsilonAt::Floor => sizes.max(epsilon),
                EpsilonAt::Norms => (norm(u) + epsilon) * (norm(&v) + epsilon),
                EpsilonAt::InsideRoot => (dot(u, u) * dot(&v, &v) + epsilon).sqrt(),
            }
    };
    keys.iter().flat_map(|key| (0..shape.slots).map(move |slot| of(key, slot))).collect()
}

/// What the two kernels give: similarities, then d_memory and d_numbers from known starts.
struct Given<T: Real> {
    out: Fenced<T>,
    d_memory: Fenced<T>,
    d_numbers: Fenced<T>,
}
fn run<T: Real>(
    shape: Shape,
    memory: &[f64],
    numbers: &[f64],
    keys: &[Key],
    d: &[f64],
    old: &[f64],
) -> Given<T> {
    let (tm, tn) = (input::<T>(memory), input::<T>(numbers));
    let (mut sizes, mut out) = (output(shape.slots), output(shape.slots * keys.len()));
    norms(shape, &tm, &mut sizes);
    similarity(shape, &tm, &sizes, &tn, keys, &mut out);
    let (mut d_out, mut d_memory, mut d_numbers) = (onto(d), onto(old), output(numbers.len()));
    let mut sums = output(sums_len(2 * shape.width));
    similarity_vjp(shape, &tm, &sizes, &tn, keys, &out, &mut d_out, &mut d_memory, &mut d_numbers, &mut sums);
    Given { out, d_memory, d_numbers }
}

fn values<T: Real>(tol: f64) {
    for (slots, width) in pairs(SIZES.into_iter().chain([64]), [1, 3, 10]) {
        let shape = Shape { slots, width };
        for (count, first) in pairs(1..=3, 0..KINDS.len()) {
            // keys lie apart, the last one first
            let at = |q: usize| 2 + (count - 1 - q) * (width + 3);
            let keys: Vec<_> =
                (0..count).map(|q| Key { at: at(q), similarity: KINDS[(first + q) % KINDS.len()] }).collect();
            let what = format!("{shape:?}, {keys:?}");
            let memory = signed(1, shape.numbers());
            let numbers = signed(2, 2 + count * (width + 3));
            let (d, old) = (signed(3, slots * count), signed(4, shape.numbers()));
            let got = run::<T>(shape, &memory, &numbers, &keys, &d, &old);
            close(&what, &got.out, &plain(shape, &memory, &numbers, &keys), tol);
            // far from the root's bend: slots and keys of one number are compared by sign
            if width == 1 {
                continue;
            }
            let by_memory: Vec<_> = got.d_memory.iter().zip(&old).map(|(g, o)| g.to() - o).collect();
            let f = |m: &[f64], numbers: &[f64]| dot(&d, &plain(shape, m, numbers, &keys));
            is_gradient(&what, &by_memory, &memory, 10.0 * tol, |m| f(m, &numbers));
            for key in &keys {
                let r = key.at..key.at + width;
                is_gradient(&what, &got.d_numbers[r.clone()], &numbers[r.clone()], 10.0 * tol, |k| {
                    let mut numbers = numbers.clone();
                    numbers[r.clone()].copy_from_slice(k);
                    f(&memory, &numbers)
                });
            }
            let of_key = |i: usize| keys.iter().any(|k| (k.at..k.at + width).contains(&i));
            assert!(
                (0..numbers.len()).all(|i| of_key(i) || got.d_numbers[i].to().is_nan()),
                "{what}: written between keys"
            );
        }
    }
}
#[test]
fn similarities_of_any_keys_and_their_gradients_are_those_of_the_formula() {
    everywhere!(values, 1e-9, 5e-6);
}

#[test]
fn the_published_cosines_come_out() {
    let memory = [1.0, 2.0, 3.0, 0.0, 2.0, 2.0, 2.0, 2.0, 3.0, 2.0, 1.0, 4.0];
    let key = Key { at: 0, similarity: KINDS[0] };
    let shape = Shape { slots: 4, width: 3 };
    let got = run::<f64>(shape, &memory, &[2.0; 3], &[key], &[0.0; 4], &[0.0; 12]);
    let want = [0.92574867671153, 0.99991667361053, 0.92574867671153, 0.77454667246876];
    close("cosines", &got.out, &want, 1e-14);
}

fn zeros<T: Real>(_: f64) {
    for (slots, width) in [(1, 1), (5, 3), (8, 2), (19, 4), (130, 20)] {
        let shape = Shape { slots, width };
        let bare = PLACES.map(|at| Similarity::Cosine { epsilon: 0.0, at });
        let usual = PLACES.map(|at| Similarity::Cosine { epsilon: 1e-8, at });
        // so small that sums and products with it are no normal numbers
        let tiny = PLACES.map(|at| Similarity::Cosine { epsilon: 1e-37, at });
        for similarity in [&KINDS[..], &bare, &usual, &tiny].concat() {
            let keys = [Key { at: 0, similarity }, Key { at: width, similarity }];
            let one_slot: Vec<_> =
                (0..shape.numbers()).map(|i| if i % slots == slots / 2 { 0.0 } else { 0.5 }).collect();
            for memory in [vec![0.0; shape.numbers()], one_slot] {
                // a zero key, and one that is not
                let numbers = [vec![0.0; width], vec![0.7; width]].concat();
                let d = signed(1, 2 * slots);
                let got = run::<T>(shape, &memory, &numbers, &keys, &d, &vec![0.0; shape.numbers()]);
                let what = format!("{shape:?}, {similarity:?}");
                assert!(got.out[..slots].iter().all(|x| x.to() == 0.0), "{what}: a zero key is like no slot");
                for part in [&got.out, &got.d_memory, &got.d_numbers] {
                    all_finite(&what, part);
                }
                if let Similarity::Cosine { epsilon: 0.0 | 1e-37, .. } = similarity {
                    let still = got.d_numbers[..width].iter().all(|x| x.to() == 0.0);
                    assert!(still, "{what}: without epsilon a zero key has no gradient");
                    let zero = |i: &usize| (0..width).all(|m| memory[m * slots + i] == 0.0);
                    for i in (0..slots).filter(zero) {
                        assert_eq!(got.out[slots + i].to(), 0.0, "{what}: slot {i} is zero");
                        let still = (0..width).all(|m| got.d_memory[m * slots + i].to() == 0.0);
                        assert!(still, "{what}: without epsilon a zero slot has no gradient");
                    }
                }
            }
        }
    }
}
#[test]
fn zero_slots_and_zero_keys_have_finite_similarities_and_gradients() {
    everywhere!(zeros, 0.0, 0.0);
}

/// Memories fade while they are erased, through every size down to zero.
fn fading<T: Real>(_: f64) {
    let shape = Shape { slots: 19, width: 4 };
    for (epsilon, at) in pairs([0.0, 1e-37, 1e-17, 1e-8], PLACES) {
        let keys = [Key { at: 0, similarity: Similarity::Cosine { epsilon, at } }];
        for (of_slots, of_key) in pairs((0..46).map(|e| 10f64.powi(-e)), [1.0, 1e-9, 1e-18, 1e-30]) {
            let memory: Vec<_> = signed(1, shape.numbers()).iter().map(|x| x * of_slots).collect();
            let numbers: Vec<_> = draw(2, 4, 0.1, 1.0).iter().map(|x| x * of_key).collect();
            let got = run::<T>(shape, &memory, &numbers, &keys, &signed(3, 19), &vec![0.0; shape.numbers()]);
            for part in [&got.out, &got.d_memory, &got.d_numbers] {
                all_finite(&format!("{keys:?}, slots of about {of_slots:e}, key {of_key:e}"), part);
            }
            assert!(got.out.iter().all(|x| x.to().abs() < 1.001), "{keys:?}, {of_slots:e}, {of_key:e}");
        }
    }
}
#[test]
fn vectors_of_every_size_down_to_zero_have_finite_similarities_and_gradients() {
    everywhere!(fading, 0.0, 0.0);
}

fn no_epsilon<T: Real>(tol: f64) {
    for (slots, at) in pairs(SIZES, PLACES) {
        let shape = Shape { slots, width: 4 };
        let keys = [Key { at: 0, similarity: Similarity::Cosine { epsilon: 0.0, at } }];
        let (memory, numbers) = (draw(1, shape.numbers(), 0.1, 1.0), draw(2, 4, 0.1, 1.0));
        let got = run::<T>(shape, &memory, &numbers, &keys, &vec![1.0; slots], &vec![0.0; shape.numbers()]);
        let f = |k: &[f64]| plain(shape, &memory, k, &keys).iter().sum();
        is_gradient("no epsilon", &got.d_numbers, &numbers, tol, f);
    }
}
#[test]
fn without_epsilon_the_gradient_is_exact_for_vectors_that_are_not_zero() {
    everywhere!(no_epsilon, 1e-8, 2e-5);
}

fn bad_numbers<T: Real>(_: f64) {
    for (slots, similarity) in pairs([1, 5, 8, 19, 37], KINDS) {
        let (shape, keys) = (Shape { slots, width: 3 }, [Key { at: 0, similarity }]);
        for bad in BAD {
            let (mut memory, mut numbers) = (draw(1, 3 * slots, 0.1, 1.0), draw(2, 3, 0.1, 1.0));
            let zeros = (vec![0.0; slots], vec![0.0; 3 * slots]);
            memory[2 * slots - 1] = bad; // the last slot, second column
            let got = run::<T>(shape, &memory, &numbers, &keys, &zeros.0, &zeros.1);
            assert!(!got.out[slots - 1].to().is_finite(), "{bad} in a slot is swallowed by {similarity:?}");
            all_finite("other slots", &got.out[..slots - 1]);
            memory[2 * slots - 1] = 0.5;
            numbers[1] = bad;
            let got = run::<T>(shape, &memory, &numbers, &keys, &zeros.0, &zeros.1);
            assert!(
                got.out.iter().all(|x| !x.to().is_finite()),
                "{bad} in a key is swallowed by {similarity:?}"
            );
        }
    }
}
#[test]
fn bad_numbers_in_slots_and_keys_are_not_swallowed() {
    everywhere!(bad_numbers, 0.0, 0.0);
}
