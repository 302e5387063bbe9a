//! Sequences, and how several of them become chunks of a batch.
use crate::buffers::{Slab, mat};
use crate::bytes::Bytes;
use crate::{Loss, Real};

/// One sequence: what goes in, what should come out, and which steps are scored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    /// Number of steps T; every list below is T rows long.
    pub steps: usize,
    /// steps x inputs, row-major.
    pub inputs: Vec<f32>,
    /// steps x outputs, row-major.
    pub targets: Vec<f32>,
    /// Weight of each step in the loss, T numbers of at least 0; 0 where it is not scored.
    pub mask: Vec<f32>,
}
impl Sequence {
    /// Makes room for `steps` steps and clears everything. Keeps what it has allocated.
    pub fn reset(&mut self, steps: usize, inputs: usize, outputs: usize) {
        self.steps = steps;
        for (list, n) in [(&mut self.inputs, inputs), (&mut self.targets, outputs), (&mut self.mask, 1)] {
            list.clear();
            list.resize(steps * n, 0.0);
        }
    }
    /// What a sequence with this room takes.
    pub(crate) fn bytes(steps: usize, inputs: usize, outputs: usize) -> u128 {
        let numbers = (steps as u128).saturating_mul((inputs + outputs + 1) as u128);
        numbers.saturating_mul(size_of::<f32>() as u128) + size_of::<Sequence>() as u128
    }
    /// An empty sequence with room for `steps` steps.
    pub fn with_room(steps: usize, inputs: usize, outputs: usize) -> Self {
        let mut sequence = Sequence::default();
        sequence.reset(steps, inputs, outputs);
        sequence
    }
}

/// Up to `capacity` sequences that run together, longest first, so that those still alive at a step are the first
/// columns. Padded steps are not computed.
#[derive(Debug)]
pub struct Chunk<T> {
    pub(crate) items: usize,
    pub(crate) capacity: usize,
    /// items alive at each step
    pub(crate) live: Vec<u32>,
    /// columns of all steps before each step; one more number than steps
    pub(crate) first: Vec<usize>,
    /// inputs x (capacity x steps)
    pub(crate) inputs: Slab<T>,
    /// outputs x columns of live items, step by step
    pub(crate) targets: Slab<T>,
    pub(crate) weights: Slab<T>,
    /// steps in which any item is scored
    pub(crate) scored: (usize, usize),
    /// how they are scored
    pub(crate) loss: Loss,
    /// which sequence of the batch each column is
    pub(crate) order: Vec<usize>,
    /// what the mask of each column is multiplied by
    shares: Vec<f64>,
}

impl<T: Real> Chunk<T> {
    /// Room for `capacity` sequences of up to `steps` steps.
    pub fn with_room(capacity: usize, steps: usize, inputs: usize, outputs: usize) -> Self {
        Chunk {
            items: 0,
            capacity,
            live: Vec::with_capacity(steps),
            first: Vec::with_capacity(steps + 1),
            inputs: Slab::new(capacity * steps * inputs),
            targets: Slab::new(capacity * steps * outputs),
            weights: Slab::new(capacity * steps * outputs),
            scored: (0, 0),
            loss: Loss::default(),
            order: Vec::with_capacity(capacity),
            shares: Vec::with_capacity(capacity),
        }
    }
    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.live.len()
    }
    /// Columns of all steps together.
    pub(crate) fn columns(&self) -> usize {
        self.first.last().copied().unwrap_or(0)
    }
    /// Inputs of a step, one column per live item.
    pub(crate) fn x(&self, step: usize, inputs: usize) -> crate::buffers::Mat<'_, T> {
        mat(&self.inputs[step * self.capacity * inputs..], inputs, self.live[step] as usize)
    }
    /// Takes the sequences `order` (indexes, longest first).
    fn fill(&mut self, sequences: &[Sequence], order: &[usize], inputs: usize, outputs: usize) {
        assert!(order.len() <= self.capacity, "a chunk holds {} sequences", self.capacity);
        self.items = order.len();
        self.order.clear();
        self.order.extend_from_slice(order);
        self.live.clear();
        self.first.clear();
        self.first.push(0);
        let steps = order.first().map_or(0, |&i| sequences[i].steps);
        self.scored = (steps, 0);
        let mut columns = 0;
        let loss = self.loss;
        let share = |s: &Sequence| loss.share(outputs, s.mask.iter().map(|&weight| f64::from(weight)).sum());
        self.shares.clear();
        self.shares.extend(order.iter().map(|&i| share(&sequences[i])));
        for t in 0..steps {
            let live = order.iter().take_while(|&&i| sequences[i].steps > t).count();
            for (column, &i) in order[..live].iter().enumerate() {
                let s = &sequences[i];
                let to = &mut self.inputs[(t * self.capacity + column) * inputs..][..inputs];
                write(&s.inputs[t * inputs..(t + 1) * inputs], to);
                let at = (columns + column) * outputs..(columns + column + 1) * outputs;
                write(&s.targets[t * outputs..(t + 1) * outputs], &mut self.targets[at.clone()]);
                self.weights[at].fill(T::of(f64::from(s.mask[t]) * self.shares[column]));
                if s.mask[t] != 0.0 {
                    self.scored = (self.scored.0.min(t), t + 1);
                }
            }
            columns += live;
            self.live.push(live as u32);
            self.first.push(columns);
        }
        if self.scored.1 == 0 {
            self.scored = (steps, steps);
        }
    }
}

fn write<T: Real>(from: &[f32], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = T::of(f64::from(*from));
    }
}

/// The sequences of one update, cut into chunks.
///
/// Sequences are sorted by length, longest first, those of one length in the order given; every `chunk` of them run
/// together. The rule is fixed, so the same sequences give the same bits whatever the number of threads.
#[derive(Debug)]
pub struct Batch<T> {
    pub(crate) chunks: Vec<Chunk<T>>,
    pub(crate) used: usize,
    pub(crate) items: usize,
    chunk: usize,
    inputs: usize,
    outputs: usize,
    order: Vec<usize>,
}

impl<T: Real> Batch<T> {
    /// Room for `items` sequences of up to `steps` steps, in chunks of at most `chunk`.
    pub fn with_room(items: usize, chunk: usize, steps: usize, inputs: usize, outputs: usize) -> Self {
        let chunk = chunk.max(1).min(items.max(1));
        let chunks =
            (0..items.div_ceil(chunk)).map(|_| Chunk::with_room(chunk, steps, inputs, outputs)).collect();
        Batch { chunks, used: 0, items: 0, chunk, inputs, outputs, order: Vec::with_capacity(items) }
    }
    /// What a batch with this room takes.
    pub fn bytes(items: usize, chunk: usize, steps: usize, inputs: usize, outputs: usize) -> Bytes {
        let chunk = chunk.max(1).min(items.max(1));
        let columns = (chunk as u128).saturating_mul(steps as u128);
        let slab = |rows: usize| Slab::<T>::bytes(columns.saturating_mul(rows as u128));
        let lists = steps as u128 * (size_of::<u32>() + size_of::<usize>()) as u128
            + (chunk * (size_of::<usize>() + size_of::<f64>())) as u128;
        let each = slab(inputs) + 2 * slab(outputs) + lists + size_of::<Chunk<T>>() as u128;
        let sequences =
            each.saturating_mul(items.div_ceil(chunk) as u128) + (items * size_of::<usize>()) as u128;
        Bytes { sequences, ..Bytes::default() }
    }
    /// The same room, for sequences that are scored in another way than bit by bit.
    #[must_use]
    pub fn scored_by(mut self, loss: Loss) -> Self {
        self.chunks.iter_mut().for_each(|chunk| chunk.loss = loss);
        self
    }
    /// Takes sequences; as many as there is room for.
    pub fn fill(&mut self, sequences: &[Sequence]) {
        self.items = sequences.len();
        self.order.clear();
        self.order.extend(0..sequences.len());
        // by length, then by place: both fixed, and no memory is allocated
        self.order.sort_unstable_by_key(|&i| (std::cmp::Reverse(sequences[i].steps), i));
        self.used = sequences.len().div_ceil(self.chunk);
        for (chunk, order) in self.chunks.iter_mut().zip(self.order.chunks(self.chunk)) {
            chunk.fill(sequences, order, self.inputs, self.outputs);
        }
    }
    /// The chunks in use.
    pub fn chunks(&self) -> &[Chunk<T>] {
        &self.chunks[..self.used]
    }
    /// Sequences per chunk.
    pub fn chunk(&self) -> usize {
        self.chunk
    }
}
