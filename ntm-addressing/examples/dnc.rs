//! The other half of a Differentiable Neural Computer, beside this crate's content lookup.
//!
//! ```sh
//! cargo run -p ntm-addressing --no-default-features --example dnc
//! ```
//!
//! A DNC (Graves et al. 2016) finds slots in three ways: by content, as a Neural Turing Machine does; by *usage*, so that
//! it writes where nothing is needed; and by *links*, so that it reads in the order in which it wrote. Content lookup is
//! two kernels of this crate; the other two are the plain loops below. Equations are those of the paper's methods.
use ntm_addressing::kernels::{Key, content, norms, similarity};
use ntm_addressing::{Shape, Similarity};

const SHAPE: Shape = Shape { slots: 8, width: 4 };
const N: usize = SHAPE.slots;
type Weighting = [f64; N];

/// Content weighting: softmax over slots of strength * cosine(key, slot). Memory is slots x width, column-major.
fn lookup(memory: &[f64], key: &[f64], strength: f64) -> Weighting {
    let (mut sizes, mut alike, mut out) = ([0.0; N], [0.0; N], [0.0; N]);
    norms(SHAPE, memory, &mut sizes);
    similarity(SHAPE, memory, &sizes, key, &[Key { at: 0, similarity: Similarity::default() }], &mut alike);
    content(strength, &alike, &mut out);
    out
}

/// Usage after a step: (u + w - u w) psi, where w is what was written and the retention psi is the product over read
/// heads of (1 - free gate * what was read).
fn usage(before: &Weighting, written: &Weighting, reads: &[(f64, Weighting)]) -> Weighting {
    std::array::from_fn(|i| {
        let retention: f64 = reads.iter().map(|(free, read)| 1.0 - free * read[i]).product();
        (before[i] + written[i] - before[i] * written[i]) * retention
    })
}

/// Allocation: from the least used slot on, each takes (1 - its usage) of what is left.
fn allocation(usage: &Weighting) -> Weighting {
    let mut order: [usize; N] = std::array::from_fn(|i| i);
    order.sort_by(|&a, &b| usage[a].total_cmp(&usage[b]));
    let (mut out, mut left) = ([0.0; N], 1.0);
    for i in order {
        out[i] = (1.0 - usage[i]) * left;
        left *= usage[i];
    }
    out
}

/// Temporal links: `links[i][j]` is how much slot i was written right after slot j.
#[derive(Default)]
struct Links {
    links: [Weighting; N],
    /// where was written last
    precedence: Weighting,
}

impl Links {
    fn write(&mut self, w: &Weighting) {
        for i in 0..N {
            for j in (0..N).filter(|&j| j != i) {
                self.links[i][j] = (1.0 - w[i] - w[j]) * self.links[i][j] + w[i] * self.precedence[j];
            }
        }
        let sum: f64 = w.iter().sum();
        self.precedence = std::array::from_fn(|i| (1.0 - sum) * self.precedence[i] + w[i]);
    }
    /// Where was written after what `read` points at.
    fn forward(&self, read: &Weighting) -> Weighting {
        std::array::from_fn(|i| (0..N).map(|j| self.links[i][j] * read[j]).sum())
    }
    /// Where was written before it.
    fn backward(&self, read: &Weighting) -> Weighting {
        std::array::from_fn(|j| (0..N).map(|i| self.links[i][j] * read[i]).sum())
    }
    fn check(&self) {
        for i in 0..N {
            assert_eq!(self.links[i][i], 0.0, "no slot follows itself");
            for list in [self.links[i], self.links.map(|row| row[i])] {
                assert!(list.iter().all(|x| (0.0..=1.0).contains(x)), "row or column {i}: {list:?}");
                assert!(list.iter().sum::<f64>() <= 1.0 + 1e-12, "row or column {i}: {list:?}");
            }
        }
    }
}

fn focus(w: &Weighting) -> usize {
    (0..N).fold(0, |best, i| if w[i] > w[best] { i } else { best })
}
fn show(label: &str, w: &Weighting) {
    let picture: String =
        w.iter().map(|w| b" .:-=+*#%@"[(w * 9.0).clamp(0.0, 9.0) as usize] as char).collect();
    println!("{label:<24}|{picture}|");
}

pub(crate) fn main() {
    // write a list, each item where nothing is in use; slot 1 is taken already, so that the list has a gap
    let (mut memory, mut used, mut links) = (vec![0.0; SHAPE.numbers()], [0.0; N], Links::default());
    used[1] = 1.0;
    let mut places = vec![];
    for t in 0..SHAPE.width {
        let w = allocation(&used);
        show(&format!("write item {t}"), &w);
        for (i, x) in memory.iter_mut().enumerate() {
            let (slot, item) = (i % N, f64::from(u8::from(i / N == t))); // item t is 1 at number t
            *x = (1.0 - w[slot]) * *x + w[slot] * item;
        }
        used = usage(&used, &w, &[]);
        assert_eq!(used[focus(&w)], 1.0, "a full write uses a slot exactly");
        links.write(&w);
        links.check();
        places.push(focus(&w));
    }
    assert_eq!(places, [0, 2, 3, 4]);

    // find one item by content, then walk the list from there, both ways
    let mut read = lookup(&memory, &[0.1, 0.9, 0.0, 0.1], 50.0);
    show("find item 1 by content", &read);
    assert_eq!(focus(&read), places[1]);
    for (there, t) in [(true, 2), (true, 3), (false, 2), (false, 1), (false, 0)] {
        read = if there { links.forward(&read) } else { links.backward(&read) };
        show(&format!("  {} item {t}", if there { "forward to" } else { "back to" }), &read);
        assert_eq!(focus(&read), places[t]);
    }

    // free a slot that was read, and it is the first to be written again
    let read: Weighting = std::array::from_fn(|i| f64::from(u8::from(i == places[2])));
    used = usage(&used, &[0.0; N], &[(1.0, read)]);
    assert_eq!(used[places[2]], 0.0, "a full free leaves a slot exactly unused");
    show("usage, item 2 freed", &used);
    show("write next", &allocation(&used));
    assert_eq!(allocation(&used), read);

    // what holds for sharp weightings holds for blurred ones
    let (mut used, mut links) = ([0.0; N], Links::default());
    for t in 0..200 {
        let blurred = |seed: usize, sum: f64| -> Weighting {
            let raw: Weighting = std::array::from_fn(|i| ((i * 7 + t * 13 + seed * 29 + i * t) % 17) as f64);
            raw.map(|x| sum * x / raw.iter().sum::<f64>())
        };
        let written = blurred(1, (t % 5) as f64 / 4.0);
        used = usage(&used, &written, &[(0.7, blurred(2, 1.0)), (0.2, blurred(3, 1.0))]);
        assert!(used.iter().all(|u| (0.0..=1.0).contains(u)), "{used:?}");
        let w = allocation(&used);
        assert!(w.iter().sum::<f64>() <= 1.0 + 1e-12 && w.iter().all(|w| *w >= 0.0));
        assert!(used.iter().all(|u| *u >= used[focus(&w)]), "allocation is largest where usage is least");
        links.write(&written);
        links.check();
    }
    show("blurred: usage", &used);
    show("blurred: allocation", &allocation(&used));
}
