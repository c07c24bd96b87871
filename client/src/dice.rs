//! Chance, from a seed: for ids and for jitter, and the same again in a simulation.

/// A generator of numbers (splitmix64, twice). Not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: [u64; 2],
    turn: usize,
}

impl Dice {
    /// What follows from a seed.
    pub(crate) fn new(seed: u128) -> Self {
        let halves = [seed as u64, (seed >> 64) as u64];
        Self { state: halves, turn: 0 }
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.turn ^= 1;
        let state = &mut self.state[self.turn];
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = *state;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}
