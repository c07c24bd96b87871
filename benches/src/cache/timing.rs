//! How long something takes: the middle of many times, taken in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Times of two things that were done in turns.
pub(crate) struct Paired {
    pub(crate) ours: Duration,
    pub(crate) floor: Duration,
}

/// Does both `times` times, in turns; what they return is dropped outside of the time.
pub(crate) fn paired<A, B>(
    times: usize,
    mut ours: impl FnMut() -> (Duration, A),
    mut floor: impl FnMut() -> (Duration, B),
) -> Paired {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let (time, kept) = ours();
        one.push(time);
        drop(black_box(kept));
        let (time, kept) = floor();
        other.push(time);
        drop(black_box(kept));
    }
    Paired { ours: middle(one), floor: middle(other) }
}

/// The time of one call, and what it returned.
pub(crate) fn time<R>(act: impl FnOnce() -> R) -> (Duration, R) {
    let begin = Instant::now();
    let done = black_box(act());
    (begin.elapsed(), done)
}

/// The middle one.
pub(crate) fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
