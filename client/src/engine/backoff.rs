//! How long to wait before another try: twice as long each time up to half a minute, and never the
//! same as others (full jitter above a half).

use super::Millis;
use fastrand::Rng;

const FIRST: Millis = 250;
const LONGEST: Millis = 30_000;

/// The wait after so many tries that failed.
pub(super) fn after(tries: u32, rng: &mut Rng) -> Millis {
    let whole = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST);
    whole / 2 + rng.u64(..=whole / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_up_to_a_bound_and_is_never_quite_the_same() {
        let mut rng = Rng::with_seed(1);
        for (tries, bounds) in
            [(1, 125..=250), (2, 250..=500), (8, 15_000..=30_000), (99, 15_000..=30_000)]
        {
            for _ in 0..100 {
                assert!(bounds.contains(&after(tries, &mut rng)));
            }
        }
    }
}
