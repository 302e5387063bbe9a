//! The paper's chain in one call, against its four stages' kernels and against plain loops.
use super::*;
use ntm_core::kernels::classic::{
    AT_ONCE, Classic, ClassicHead, NUMBERS, classic, classic_vjp, scratch_len, trace_len,
};
use ntm_core::kernels::content::{content, content_vjp};
use ntm_core::kernels::interpolate::{interpolate, interpolate_vjp};
use ntm_core::kernels::sharpen::{sharpen, sharpen_vjp};
use ntm_core::kernels::shift::{shift, shift_vjp};

/// Sizes that a shift of one slot goes around.
fn sizes() -> impl Iterator<Item = usize> + Clone {
    SIZES.into_iter().filter(|&n| n >= 3).chain([48, 256])
}

/// One head: strength, gate, three taps, sharpening; what is added to each weight and to the sum; similarities, the
/// weighting of the step before, and the gradient by the new one.
#[derive(Clone, Debug)]
struct Case {
    numbers: [f64; 6],
    added: (f64, f64),
    similarity: Vec<f64>,
    previous: Vec<f64>,
    d_out: Vec<f64>,
}
impl Case {
    fn of(n: usize, gate: f64, sharpening: f64, added: (f64, f64)) -> Case {
        Case {
            numbers: [2.5, gate, 0.25, 0.5, 0.25, sharpening],
            added,
            similarity: signed(1, n),
            previous: weighting(2, n),
            d_out: signed(3, n),
        }
    }
}

/// The new weighting and the gradients by similarity, by the weighting before, and by the six numbers.
type Made<T> = [Vec<T>; 4];

fn fused<T: Real>(case: &Case) -> Made<T> {
    let [made] = at_once([case]);
    made
}

/// Heads in falling order of their columns, with other numbers between theirs.
fn at_once<T: Real, const H: usize>(cases: [&Case; H]) -> [Made<T>; H] {
    let n = cases[0].d_out.len();
    let (each, trace_each) = (NUMBERS + 3, trace_len(n) + 5);
    let heads: Vec<ClassicHead> = cases
        .iter()
        .enumerate()
        .map(|(q, case)| ClassicHead {
            classic: Classic { base: case.added.0, epsilon: case.added.1 },
            head: H - 1 - q,
            numbers: 3 + q * each,
            key: q,
            trace: q * trace_each,
        })
        .collect();
    let columns = |of: fn(&Case) -> &Vec<f64>, reversed: bool| -> Vec<f64> {
        let of_head = |q: usize| of(cases[if reversed { H - 1 - q } else { q }]).iter().copied();
        (0..H).flat_map(of_head).collect()
    };
    let numbers: Vec<f64> =
        cases.iter().flat_map(|case| [f64::NAN; 3].into_iter().chain(case.numbers)).collect();
    let (numbers, similarity) = (input::<T>(&numbers), input::<T>(&columns(|c| &c.similarity, false)));
    let (previous, d_out) =
        (input::<T>(&columns(|c| &c.previous, true)), input(&columns(|c| &c.d_out, true)));
    let (mut trace, mut out) = (output(H * trace_each), output(H * n));
    classic(n, &heads, &numbers, &similarity, &previous, &mut trace, &mut out);
    let (mut d_previous, mut d_similarity) = (onto(&vec![0.5; H * n]), output(H * n));
    let (mut d_numbers, mut scratch) = (output(H * each), output(H.min(AT_ONCE) * scratch_len(n)));
    classic_vjp(
        n,
        &heads,
        &numbers,
        &similarity,
        &previous,
        &trace,
        &out,
        &d_out,
        &mut d_previous,
        &mut d_similarity,
        &mut d_numbers,
        &mut scratch,
    );
    let others = d_numbers.chunks(each).flat_map(|numbers| &numbers[..3]);
    assert!(others.into_iter().all(|x| x.to().is_nan()), "numbers of others are written");
    std::array::from_fn(|q| {
        let of_head = |all: &[T], column: usize| all[column * n..][..n].to_vec();
        let (head, at) = (heads[q].head, heads[q].numbers);
        let d_numbers = d_numbers[at..at + NUMBERS].to_vec();
        [of_head(&out, head), of_head(&d_similarity, q), of_head(&d_previous, head), d_numbers]
    })
}

fn by_stages<T: Real>(case: &Case) -> Made<T> {
    let (n, bad) = (case.d_out.len(), T::of(f64::NAN));
    let [strength, gate, a, b, c, sharpening] = case.numbers.map(T::of);
    let (taps, (base, epsilon)) = ([a, b, c], case.added);
    let (similarity, previous) = (input::<T>(&case.similarity), input::<T>(&case.previous));
    let list = || vec![bad; n];
    let (mut made, mut mixed, mut shifted, mut out, mut logs) = (list(), list(), list(), list(), list());
    content(strength, &similarity, &mut made);
    interpolate(gate, &made, &previous, &mut mixed);
    shift(&taps, true, &mixed, &mut shifted);
    sharpen(sharpening, base, epsilon, &shifted, &mut out, &mut logs);
    let (mut d_shifted, mut d_mixed, mut d_made, mut d_similarity) = (list(), list(), list(), list());
    let (mut d_previous, mut d) = (vec![T::of(0.5); n], [bad; 6]);
    let d_out = input(&case.d_out);
    sharpen_vjp(sharpening, base, &shifted, &logs, &out, &d_out, &mut d_shifted, &mut d[5]);
    shift_vjp(&taps, true, &mixed, &d_shifted, &mut d_mixed, &mut d[2..5]);
    let [d_strength, d_gate, ..] = &mut d;
    interpolate_vjp(gate, &made, &previous, &d_mixed, &mut d_made, &mut d_previous, d_gate);
    content_vjp(strength, &similarity, &made, &d_made, &mut d_similarity, d_strength);
    [out, d_similarity, d_previous, d.to_vec()]
}

/// The formulas: equations 5, 7, 8 and 9.
fn plain(case: &Case) -> Vec<f64> {
    let ([strength, gate, forward, stay, backward, sharpening], n) = (case.numbers, case.d_out.len());
    let powers: Vec<f64> = case.similarity.iter().map(|k| (strength * k).exp()).collect();
    let sum: f64 = powers.iter().sum();
    let mixed: Vec<f64> =
        powers.iter().zip(&case.previous).map(|(e, w)| gate * e / sum + (1.0 - gate) * w).collect();
    let shifted =
        (0..n).map(|i| forward * mixed[(i + n - 1) % n] + stay * mixed[i] + backward * mixed[(i + 1) % n]);
    let sharp: Vec<f64> = shifted.map(|w| (w + case.added.0).powf(sharpening)).collect();
    sharp.iter().map(|w| w / (sharp.iter().sum::<f64>() + case.added.1)).collect()
}

fn values<T: Real>(tol: f64) {
    for (n, (gate, power)) in pairs(sizes(), pairs([0.0, 0.3, 1.0], [1.0, 1.7, 5.0])) {
        for added in [(0.0, 0.0), (0.0, 0.01), (0.01, 0.0)] {
            let case = Case::of(n, gate, power, added);
            let what = format!("{n} slots, gate {gate}, power {power}, base and epsilon {added:?}");
            let [out, d_similarity, d_previous, d_numbers] = fused::<T>(&case);
            close(&what, &out, &plain(&case), tol);
            let loss = |case: &Case| dot(&case.d_out, &plain(case));
            is_gradient(&what, &d_similarity, &case.similarity, 10.0 * tol, |x| {
                loss(&Case { similarity: x.to_vec(), ..case.clone() })
            });
            let added_to: Vec<T> = d_previous.iter().map(|d| *d - T::of(0.5)).collect();
            is_gradient(&what, &added_to, &case.previous, 20.0 * tol, |x| {
                loss(&Case { previous: x.to_vec(), ..case.clone() })
            });
            is_gradient(&what, &d_numbers, &case.numbers, 20.0 * tol, |x| {
                loss(&Case { numbers: std::array::from_fn(|i| x[i]), ..case.clone() })
            });
        }
    }
}
#[test]
fn the_chain_and_its_gradient_are_those_of_the_formulas() {
    everywhere!(values, 1e-8, 1e-5);
}

fn extremes<T: Real>(tol: f64) {
    let lanes = InstructionSet::current() != InstructionSet::Baseline && tol > 1e-9; // f32, by vectors
    for n in sizes() {
        let one_hot: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == n - 1))).collect();
        let gaps: Vec<f64> =
            weighting(2, n).iter().enumerate().map(|(i, w)| if i % 2 == 0 { *w } else { 0.0 }).collect();
        let previous = [weighting(2, n), one_hot, gaps, vec![0.0; n], vec![1e-25; n]];
        for (previous, (gate, power)) in
            pairs(&previous, pairs([0.0, 1e-6, 0.5, 1.0], [1.0, 20.0, 100.0, 1e4]))
        {
            for (taps, strength) in pairs([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], [0.0, 60.0]) {
                let mut case = Case::of(n, gate, power, (0.0, 0.0));
                case.numbers[0] = strength;
                case.numbers[2..5].copy_from_slice(&taps);
                case.previous.clone_from(previous);
                let what = format!("{n} slots, {case:?}");
                let (made, wanted) = (fused::<T>(&case), by_stages::<T>(&case));
                sums_to_one(&what, &made[0], 1e-5);
                let whole = lanes && n % 16 == 0;
                for (i, (made, wanted)) in made.iter().zip(&wanted).enumerate() {
                    all_finite(&what, made);
                    // what is divided by next to nothing is rounding, in either
                    if !whole && i > 0 && previous.iter().any(|w| *w < 1e-20) {
                        continue;
                    }
                    let largest = wide(wanted).iter().fold(1.0f64, |a, x| a.max(x.abs()));
                    // elsewhere the ends of the ring are rounded in another order, which the power makes larger
                    let most = if whole { 0.0 } else { tol * (1.0 + power) * largest };
                    for (made, wanted) in wide(made).iter().zip(wide(wanted)) {
                        assert!((made - wanted).abs() <= most, "{what}: {made} is not {wanted}");
                    }
                }
            }
        }
    }
}
#[test]
fn at_every_extreme_the_chain_is_its_stages_and_finite() {
    everywhere!(extremes, 1e-12, 2e-6);
}

fn bad_numbers<T: Real>(_: f64) {
    for (n, bad) in pairs([3, 8, 16, 19, 48], BAD) {
        for at in [0, n / 2, n - 1] {
            let swallowed = |case: &Case| fused::<T>(case)[0].iter().all(|x| x.to().is_finite());
            let mut case = Case::of(n, 0.5, 2.0, (0.0, 0.0));
            case.previous[at] = bad;
            // a weighting is never below zero: what is, counts as nothing where it is sharpened
            assert!(bad == -f64::INFINITY || !swallowed(&case), "{bad} at {at} of {n} before");
            let mut case = Case::of(n, 0.5, 2.0, (0.0, 0.0));
            case.similarity[at] = bad;
            // minus infinity is a similarity that nothing has
            assert!(bad == -f64::INFINITY || !swallowed(&case), "{bad} at {at} of {n} similar");
        }
    }
}
#[test]
fn bad_numbers_are_not_swallowed() {
    everywhere!(bad_numbers, 0.0, 0.0);
}

fn heads<T: Real>(_: f64) {
    for n in sizes() {
        let case = |q: usize| {
            let mut case = Case::of(n, 0.1 + 0.2 * q as f64, 1.0 + q as f64, (0.0, 0.01 * q as f64));
            (case.similarity, case.previous, case.d_out) =
                (signed(7 + q, n), weighting(17 + q, n), signed(27 + q, n));
            case
        };
        let cases: [Case; AT_ONCE + 2] = std::array::from_fn(case);
        let together = at_once::<T, _>(cases.each_ref());
        for (q, (case, together)) in cases.iter().zip(&together).enumerate() {
            assert_eq!(*together, fused::<T>(case), "head {q}, {n} slots");
        }
    }
}
#[test]
fn heads_at_once_are_each_alone_to_the_last_bit() {
    everywhere!(heads, 0.0, 0.0);
}

#[test]
fn heads_beyond_their_slices_are_refused() {
    let n = 16;
    let refused = |spoil: fn(&mut ClassicHead)| {
        let mut head = ClassicHead::default();
        spoil(&mut head);
        let run = move || {
            let (numbers, similarity, previous) = ([0.5f64; NUMBERS], vec![0.5; n], vec![0.5; n]);
            let (mut trace, mut out) = (vec![0.0; trace_len(n)], vec![0.0; n]);
            classic(n, &[head], &numbers, &similarity, &previous, &mut trace, &mut out);
        };
        std::panic::catch_unwind(run).is_err()
    };
    assert!(!refused(|_| ()));
    assert!(refused(|h| h.numbers = 1) && refused(|h| h.numbers = usize::MAX - 5));
    assert!(refused(|h| h.head = 1) && refused(|h| h.head = usize::MAX));
    assert!(refused(|h| h.key = 1) && refused(|h| h.key = usize::MAX));
    assert!(refused(|h| h.trace = 1) && refused(|h| h.trace = usize::MAX - 47));
}
