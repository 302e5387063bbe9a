//! Associative recall: items are shown, then one of them again; say the one that followed it (section 4.3 of the paper).
//!
//! ```text
//! step      each item: 0        1 .. 1 + V     query: 0    1 .. 1 + V     1 + V       answer: V steps
//! in        0, 1, 0             vector, 0, 0   0, 0, 1     vector, 0, 0   0, 0, 1     0, 0, 0
//! target    -                   -              -           -              -           the next item's vectors; scored
//! ```
//!
//! An item is V vectors. The last two input channels are the item delimiter and the query delimiter. An item stands between two
//! delimiters: its own and that of what comes next; the query has one on either side. The query is never the last item, and no other
//! item is like it, so that there is one right answer. Chance costs V x width bits, however many items there are.
//!
//! From the paper: items of three 6-bit vectors, bounded by delimiters, 2 to 6 of them. From its *figure* 12: one channel for item
//! delimiters, one for query delimiters. Implied: the query has a next item. Not known: whether equal items were ruled out.
use crate::Curriculum;
use crate::marks::flagged;
use crate::range::{LONGEST, Wrong, asked, check_range, check_width, valid};
use ntm_core::Sequence;
use ntm_core::random::{Purpose, Random, between, bits, stream};
use ntm_core::train::{Mark, Task, TaskError};

/// Items of random bit vectors, one of them again, then the one after it as target. The size is the number of items.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields, default))]
pub struct AssociativeRecall {
    /// Bits of a vector, 1 to 65_536; each is a channel of inputs and targets.
    pub width: usize,
    /// Vectors of an item, 1 to 65_536; the paper has 3.
    pub vectors: usize,
    /// Fewest and most items in training; both are drawn, and all between, with the same probability. At least 2: one to ask for and
    /// one to answer with.
    pub items: (usize, usize),
    /// How numbers of items come in the course of training.
    pub curriculum: Curriculum,
}

impl Default for AssociativeRecall {
    /// The paper's: 2 to 6 items of three 6-bit vectors.
    fn default() -> Self {
        AssociativeRecall { width: 6, vectors: 3, items: (2, 6), curriculum: Curriculum::Uniform }
    }
}

/// Most vectors of an item.
const VECTORS: usize = 1 << 16;

impl AssociativeRecall {
    /// What is wrong with the settings, if anything: the field, and why.
    ///
    /// # Errors
    /// The first field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), Wrong> {
        check_width(self.width)?;
        if self.vectors == 0 || self.vectors > VECTORS {
            return Err(("vectors", format!("{} vectors in an item; must be 1 to {VECTORS}", self.vectors)));
        }
        check_range("items", self.items, ["fewest", "most"], (2, self.most()))?;
        self.curriculum.check()
    }

    /// Steps of that many items, with query and answer.
    fn steps_of(&self, items: usize) -> usize {
        items * (self.vectors + 1) + 2 + 2 * self.vectors
    }
    /// The most items whose steps can still be counted.
    fn most(&self) -> usize {
        (LONGEST - self.steps_of(0)) / (self.vectors + 1)
    }

    fn size(&self, size: Option<u64>) -> Result<usize, TaskError> {
        valid(self.check())?;
        match size {
            None => Ok(self.items.1),
            Some(size) => asked("associative recall", "items", size, (2, self.most())),
        }
    }

    /// The vectors of an item among the inputs, delimiter channels included.
    fn item<'a>(&self, inputs: &'a [f32], item: usize) -> &'a [f32] {
        let each = self.inputs();
        &inputs[(item * (self.vectors + 1) + 1) * each..][..self.vectors * each]
    }

    /// Draws the vectors that begin at a step.
    fn fill(&self, random: &mut Random, inputs: &mut [f32], step: usize) {
        let each = self.inputs();
        for vector in inputs[step * each..].chunks_exact_mut(each).take(self.vectors) {
            bits(random, &mut vector[..self.width]);
        }
    }

    /// A sequence of as many items as asked for, or of a number `within`.
    fn make(
        &self,
        random: &mut Random,
        size: Option<u64>,
        within: (usize, usize),
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let most = self.size(size)?;
        let items = if size.is_some() { most } else { between(random, within.0, within.1) };
        let (width, inputs, vectors) = (self.width, self.inputs(), self.vectors);
        let asked_for = between(random, 0, items - 2);
        to.reset(self.steps_of(items), inputs, width);
        let at = |item: usize| item * (vectors + 1);
        for item in 0..items {
            to.inputs[at(item) * inputs + width] = 1.0;
            self.fill(random, &mut to.inputs, at(item) + 1);
        }
        for item in (0..items).filter(|&item| item != asked_for) {
            while self.item(&to.inputs, item) == self.item(&to.inputs, asked_for) {
                self.fill(random, &mut to.inputs, at(item) + 1);
            }
        }
        let query = at(items);
        for delimiter in [query, query + vectors + 1] {
            to.inputs[delimiter * inputs + width + 1] = 1.0;
        }
        let shown = (at(asked_for) + 1) * inputs;
        to.inputs.copy_within(shown..shown + vectors * inputs, (query + 1) * inputs);
        let answer = query + vectors + 2;
        let next = self.item(&to.inputs, asked_for + 1);
        for (vector, target) in
            next.chunks_exact(inputs).zip(to.targets[answer * width..].chunks_exact_mut(width))
        {
            target.copy_from_slice(&vector[..width]);
        }
        to.mask[answer..].fill(1.0);
        Ok(())
    }
}

impl Task for AssociativeRecall {
    fn inputs(&self) -> usize {
        self.width + 2
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn steps(&self, size: Option<u64>) -> Result<usize, TaskError> {
        Ok(self.steps_of(self.size(size)?))
    }
    fn sequence(
        &self,
        (purpose, seed): (Purpose, u64),
        n: u64,
        size: Option<u64>,
        to: &mut Sequence,
    ) -> Result<(), TaskError> {
        let within = self.curriculum.within(purpose, n, self.items);
        self.make(&mut stream(purpose, seed, n), size, within, to)
    }
    fn draw(&self, random: &mut Random, size: Option<u64>, to: &mut Sequence) -> Result<(), TaskError> {
        self.make(random, size, self.items, to)
    }
    /// V x width, the bits of one item.
    fn chance_bits(&self, _: Option<u64>) -> Option<f64> {
        Some((self.vectors * self.width) as f64)
    }
    fn size_name(&self) -> &'static str {
        "items"
    }
    /// Delimiters of items and of the query.
    fn marks(&self, sequence: &Sequence) -> Vec<Mark> {
        flagged(
            sequence,
            self.inputs(),
            &[(self.width, "item delimiter"), (self.width + 1, "query delimiter")],
        )
    }
    fn trained_sizes(&self) -> Option<(u64, u64)> {
        Some((self.items.0 as u64, self.items.1 as u64))
    }
    fn usual_sizes(&self) -> Vec<u64> {
        vec![6, 10, 12, 15, 20]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture;
    use crate::tests::{drawn, rows, scored};
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashMap};

    /// The bits of steps `from ..`, as text.
    fn word(inputs: &[&[f32]], from: usize, task: &AssociativeRecall) -> String {
        let bit = |&x: &f32| if x == 1.0 { '1' } else { '0' };
        inputs[from..from + task.vectors].iter().flat_map(|x| x[..task.width].iter().map(bit)).collect()
    }

    /// A dictionary from each item to the next, made by listening for delimiters; and the query.
    fn heard(task: &AssociativeRecall, sequence: &Sequence) -> (HashMap<String, Vec<String>>, String, usize) {
        let inputs = rows(&sequence.inputs, task.inputs());
        let with = |channel: usize| -> Vec<usize> {
            (0..inputs.len()).filter(|&step| inputs[step][task.width + channel] == 1.0).collect()
        };
        let (items, query) = (with(0), with(1));
        assert_eq!((query.len(), query[1] - query[0]), (2, task.vectors + 1));
        let words: Vec<String> = items.iter().map(|step| word(&inputs, step + 1, task)).collect();
        let mut next: HashMap<String, Vec<String>> = HashMap::new();
        for (i, item) in words.iter().enumerate() {
            // the last item has no next one, but would be a second place where the query is found
            next.entry(item.clone()).or_default().push(words.get(i + 1).cloned().unwrap_or_default());
        }
        (next, word(&inputs, query[0] + 1, task), query[1] + 1)
    }

    proptest! {
        #[test]
        fn the_target_is_what_a_dictionary_says_of_the_query(
            width in 1_usize..5, vectors in 1_usize..4, items in 2_u64..9, n in 0_u64..10_000
        ) {
            let task = AssociativeRecall { width, vectors, ..AssociativeRecall::default() };
            let sequence = drawn(&task, Some(items), n);
            let (next, query, answer) = heard(&task, &sequence);
            prop_assert_eq!(next[&query].len(), 1, "the query stands at one place");
            let bit = |&x: &f32| if x == 1.0 { '1' } else { '0' };
            let said: String = sequence.targets[answer * width..].iter().map(bit).collect();
            prop_assert_eq!(&next[&query][0], &said);
            prop_assert_eq!(scored(&sequence), (answer..sequence.steps).collect::<Vec<_>>());
            prop_assert_eq!(sequence.steps, answer + vectors);
            prop_assert!(sequence.inputs[answer * (width + 2)..].iter().all(|&x| x == 0.0));
            prop_assert!(sequence.targets[..answer * width].iter().all(|&x| x == 0.0));
        }
    }

    #[test]
    fn every_item_but_the_last_is_asked_for() {
        let task = AssociativeRecall::default();
        let mut seen = BTreeSet::new();
        for n in 0..200 {
            let sequence = drawn(&task, Some(5), n);
            let inputs = rows(&sequence.inputs, 8);
            let query = word(&inputs, 21, &task);
            seen.extend((0..5).find(|item| word(&inputs, 4 * item + 1, &task) == query));
        }
        assert_eq!(seen, (0..4).collect());
    }

    #[test]
    fn chance_is_the_bits_of_one_item() {
        let task = AssociativeRecall::default();
        assert_eq!([None, Some(2), Some(20)].map(|size| task.chance_bits(size)), [Some(18.0); 3]);
    }

    #[test]
    fn its_picture_shows_items_query_and_answer() {
        let task = AssociativeRecall::default();
        insta::assert_snapshot!("associative_recall", picture(&task, &drawn(&task, Some(4), 1)));
    }
}
