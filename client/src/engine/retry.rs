//! Retries: when the next attempt starts. The wait doubles with each failure, up to 30 seconds. Its
//! second half is random, so that clients do not retry all at once.
//!
//! Every part of the engine that talks to the server keeps a [`Retry`], so that all of them wait
//! alike.

use fastrand::Rng;

use super::Millis;

/// The longest wait after the first failure.
const FIRST_WAIT: Millis = 250;
/// The longest wait after any number of failures.
const LONGEST_WAIT: Millis = 30_000;

/// Counts failures in a row, and knows the time of the next attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Retry {
    failures: u32,
    /// The next attempt must not start earlier. `None`: it may start at once.
    at: Option<Millis>,
}

impl Retry {
    /// Returns how many attempts have failed since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns the time of the next attempt, if it has to wait.
    pub(super) fn at(&self) -> Option<Millis> {
        self.at
    }

    pub(super) fn is_due(&self, now: Millis) -> bool {
        self.at.is_none_or(|at| at <= now)
    }

    /// Notes that an attempt starts, so that there is nothing to wait for.
    pub(super) fn start(&mut self) {
        self.at = None;
    }

    /// Counts a failure and schedules the next attempt.
    pub(super) fn fail(&mut self, now: Millis, rng: &mut Rng) {
        self.failures += 1;
        self.at = Some(now + wait_after(self.failures, rng));
    }

    /// Forgets the failures. A wait that is already scheduled stays.
    pub(super) fn succeed(&mut self) {
        self.failures = 0;
    }

    /// Schedules the next attempt, without counting a failure.
    pub(super) fn wait_until(&mut self, at: Millis) {
        self.at = Some(at);
    }

    /// Ends a scheduled wait: the next attempt is due at once.
    pub(super) fn retry_now(&mut self) {
        self.at = self.at.map(|_| 0);
    }
}

fn wait_after(failures: u32, rng: &mut Rng) -> Millis {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    longest / 2 + rng.u64(..=longest / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_are_random() {
        let mut rng = Rng::with_seed(1);
        for (failures, bounds) in
            [(1, 125..=250), (2, 250..=500), (8, 15_000..=30_000), (99, 15_000..=30_000)]
        {
            for _ in 0..100 {
                assert!(bounds.contains(&wait_after(failures, &mut rng)));
            }
        }
    }

    #[test]
    fn a_failure_delays_the_next_attempt() {
        let mut rng = Rng::with_seed(1);
        let mut retry = Retry::default();
        assert!(retry.is_due(0));
        retry.fail(1_000, &mut rng);
        assert_eq!(retry.failures(), 1);
        assert!(!retry.is_due(1_124));
        assert!(retry.is_due(1_250));
        retry.retry_now();
        assert!(retry.is_due(1_000));
        assert_eq!(retry.failures(), 1, "the failure still counts");
        retry.start();
        assert_eq!(retry.at(), None);
    }

    #[test]
    fn a_success_forgets_failures_but_not_a_scheduled_wait() {
        let mut rng = Rng::with_seed(1);
        let mut retry = Retry::default();
        retry.fail(0, &mut rng);
        let at = retry.at();
        retry.succeed();
        assert_eq!((retry.failures(), retry.at()), (0, at));
        retry.fail(0, &mut rng);
        assert!(retry.at() <= Some(FIRST_WAIT), "the wait is that of a first failure");
    }
}
