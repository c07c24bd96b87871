//! Chance from a seed.

/// Numbers that look like chance, and are the same for the same seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: usize) -> Self {
        let mut chance = Self(seed as u64 ^ 0x2545_f491_4f6c_dd1d);
        // (The first of neighbours are neighbours.)
        (0..8).for_each(|_| _ = chance.next());
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0 >> 33
    }

    /// A number below another.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}
