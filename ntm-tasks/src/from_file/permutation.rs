//! A permutation that needs no memory: where each item stands in a pass over a file.
use ntm_core::random::{Purpose, stream};
use rand::Rng;

const ROUNDS: usize = 6;

/// A permutation of 0 .. `count`, one of very many, chosen by its keys.
///
/// A Feistel network permutes the pairs of two halves of `bits` bits; what falls outside of `count` goes through it again
/// until it falls inside, fewer than four times on average.
pub(super) struct Permutation {
    count: u64,
    bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// That of one pass over `count` items.
    pub(super) fn of_pass(count: u64, seed: u64, pass: u64) -> Self {
        let mut random = stream(Purpose::Training, seed, pass);
        let bits = (64 - count.saturating_sub(1).leading_zeros()).div_ceil(2).max(1);
        Permutation { count, bits, keys: std::array::from_fn(|_| random.next_u64()) }
    }
    /// Which item stands at a place below `count`.
    pub(super) fn at(&self, place: u64) -> u64 {
        let mut at = place;
        loop {
            at = self.network(at);
            if at < self.count {
                return at;
            }
        }
    }
    fn network(&self, x: u64) -> u64 {
        let half = (1_u64 << self.bits) - 1;
        let (mut left, mut right) = (x >> self.bits, x & half);
        for key in self.keys {
            (left, right) = (right, left ^ (mixed(right ^ key) & half));
        }
        left << self.bits | right
    }
}

/// The finaliser of SplitMix64: every bit of the result depends on every bit of `x`.
fn mixed(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(count: u64, seed: u64, pass: u64) -> Vec<u64> {
        let permutation = Permutation::of_pass(count, seed, pass);
        (0..count).map(|place| permutation.at(place)).collect()
    }

    #[test]
    fn every_item_comes_once_in_every_pass() {
        for count in (1..70).chain([255, 256, 257, 1000]) {
            for n in 0..3 {
                let mut all = pass(count, 7, n);
                all.sort_unstable();
                assert!(all.into_iter().eq(0..count), "{count} items, pass {n}");
            }
        }
    }

    #[test]
    fn passes_and_seeds_differ_and_every_place_takes_every_item() {
        assert_ne!(pass(50, 1, 0), pass(50, 1, 1));
        assert_ne!(pass(50, 1, 0), pass(50, 2, 0));
        assert_eq!(pass(50, 1, 3), pass(50, 1, 3));
        // 8000 permutations of 8: each item is expected 1000 times at each place, with a deviation of 30
        let mut seen = [[0_u32; 8]; 8];
        for n in 0..8000 {
            pass(8, 3, n).into_iter().enumerate().for_each(|(place, item)| seen[place][item as usize] += 1);
        }
        assert!(seen.iter().flatten().all(|n| (850..1150).contains(n)), "{seen:?}");
    }
}
