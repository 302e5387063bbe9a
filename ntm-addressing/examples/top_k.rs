//! A sparse read: look at the k most similar slots only, and leave the others alone.
//!
//! ```sh
//! cargo run -p ntm-addressing --no-default-features --example top_k
//! ```
//!
//! A dense read costs and moves every slot. Sparse access (Rae et al. 2016) takes the softmax over the k slots that are
//! most like the key. Here the softmax is this crate's `content` kernel, on k similarities instead of all: nothing in the
//! kernel knows the difference, and its gradient comes the same way.
use ntm_addressing::kernels::{Key, content, content_vjp, norms, similarity};
use ntm_addressing::{Shape, Similarity};

const SHAPE: Shape = Shape { slots: 24, width: 6 };

/// Memory is slots x width, column-major: the numbers of one column of all slots lie side by side.
fn memory() -> Vec<f64> {
    (0..SHAPE.numbers()).map(|i| ((i * 37 + i * i * 11) % 101) as f64 / 50.0 - 1.0).collect()
}

/// Similarity of a key with every slot.
fn compare(memory: &[f64], key: &[f64]) -> Vec<f64> {
    let (mut sizes, mut out) = (vec![0.0; SHAPE.slots], vec![0.0; SHAPE.slots]);
    norms(SHAPE, memory, &mut sizes);
    let keys = [Key { at: 0, similarity: Similarity::default() }];
    similarity(SHAPE, memory, &sizes, key, &keys, &mut out);
    out
}

/// The k slots most similar to the key, in the order in which they lie in memory.
fn nearest(similarity: &[f64], k: usize) -> Vec<usize> {
    let mut slots: Vec<usize> = (0..similarity.len()).collect();
    slots.sort_by(|&a, &b| similarity[b].total_cmp(&similarity[a]));
    slots.truncate(k);
    slots.sort_unstable();
    slots
}

/// A weighting over some slots: which, and how much of each.
struct Sparse {
    slots: Vec<usize>,
    weights: Vec<f64>,
}

impl Sparse {
    fn new(strength: f64, similarity: &[f64], k: usize) -> Sparse {
        let slots = nearest(similarity, k);
        let mut weights = vec![0.0; k];
        content(strength, &gather(similarity, &slots), &mut weights);
        Sparse { slots, weights }
    }
    /// What is read: k rows are touched, however many slots there are.
    fn read(&self, memory: &[f64]) -> Vec<f64> {
        let column = |m: usize| &memory[m * SHAPE.slots..][..SHAPE.slots];
        let of = |m| self.slots.iter().zip(&self.weights).map(|(&i, w)| w * column(m)[i]).sum();
        (0..SHAPE.width).map(of).collect()
    }
    /// The same weighting with a number for every slot.
    fn dense(&self) -> Vec<f64> {
        let mut all = vec![0.0; SHAPE.slots];
        self.slots.iter().zip(&self.weights).for_each(|(&i, w)| all[i] = *w);
        all
    }
    /// Gradient by the strength, where `d_weights` is the gradient by the weighting of every slot.
    fn strength_vjp(&self, strength: f64, similarity: &[f64], d_weights: &[f64]) -> f64 {
        let (mut d_similarity, mut d_strength) = (vec![0.0; self.slots.len()], 0.0);
        let (near, d) = (gather(similarity, &self.slots), gather(d_weights, &self.slots));
        content_vjp(strength, &near, &self.weights, &d, &mut d_similarity, &mut d_strength);
        d_strength
    }
}

fn gather(all: &[f64], slots: &[usize]) -> Vec<f64> {
    slots.iter().map(|&i| all[i]).collect()
}
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}
fn picture(weights: &[f64]) -> String {
    let shade = |w: &f64| b" .:-=+*#%@"[((w * 30.0) as usize + usize::from(*w > 0.0)).min(9)] as char;
    weights.iter().map(shade).collect()
}

pub(crate) fn main() {
    let (memory, strength) = (memory(), 4.0);
    // a key near slot 9
    let key: Vec<f64> = (0..SHAPE.width).map(|m| memory[m * SHAPE.slots + 9] + 0.2).collect();
    let similarity = compare(&memory, &key);

    // the dense read: the same softmax over all slots
    let mut dense = vec![0.0; SHAPE.slots];
    content(strength, &similarity, &mut dense);
    let all = Sparse { slots: (0..SHAPE.slots).collect(), weights: dense.clone() };
    let dense_read = all.read(&memory);

    println!("{:>8} weighting over the slots  off by", "");
    println!("{:>8}|{}|", "dense", picture(&dense));
    let mut before = f64::INFINITY;
    for k in [1, 2, 4, 8, 16, SHAPE.slots] {
        let sparse = Sparse::new(strength, &similarity, k);
        let weighting = sparse.dense();
        let sum: f64 = weighting.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12, "the weighting of {k} slots sums to {sum}");

        // the weights left out are shared among the k: the error is twice what was left out, so it falls with k
        let off = distance(&weighting, &dense);
        let left_out = 1.0 - gather(&dense, &sparse.slots).iter().sum::<f64>();
        assert!((off - 2.0 * left_out).abs() < 1e-12);
        assert!(off < before, "with {k} slots the weighting is off by {off}, before by {before}");
        before = off;

        // what is read is off by no more than that, because no number of the memory is above 1
        let read_off = distance(&sparse.read(&memory), &dense_read) / SHAPE.width as f64;
        assert!(read_off <= off + 1e-12);
        println!("{:>8}|{}| {off:.4}; the read {read_off:.4}", format!("k = {k}"), picture(&weighting));

        // the gradient is that of the k slots: compared with a difference quotient
        let d: Vec<f64> = (0..SHAPE.slots).map(|i| (i as f64).sin()).collect();
        let loss = |strength: f64| -> f64 {
            Sparse::new(strength, &similarity, k).dense().iter().zip(&d).map(|(w, d)| w * d).sum()
        };
        let (got, want) = (
            sparse.strength_vjp(strength, &similarity, &d),
            (loss(strength + 1e-5) - loss(strength - 1e-5)) / 2e-5,
        );
        assert!((got - want).abs() < 1e-8, "gradient {got}, difference quotient {want}");

        if k == SHAPE.slots {
            assert_eq!(weighting, dense, "all slots: the dense weighting, to the bit");
            assert_eq!(sparse.read(&memory), dense_read);
        }
    }
}
