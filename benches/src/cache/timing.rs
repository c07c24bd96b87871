//! Measures the time of calls.

use std::hint::black_box;
use std::time::{Duration, Instant};

use appointments_bench::median;

/// The median times of the cache and of its baseline.
pub(crate) struct Pair {
    pub(crate) cache: Duration,
    pub(crate) baseline: Duration,
}

/// Repeats two measurements in turns. What they return is dropped outside the measured time.
pub(crate) fn measure_pair<A, B>(
    repeats: usize,
    mut cache: impl FnMut() -> (Duration, A),
    mut baseline: impl FnMut() -> (Duration, B),
) -> Pair {
    let mut cache_times = Vec::new();
    let mut baseline_times = Vec::new();
    for _ in 0..repeats {
        let (time, result) = cache();
        cache_times.push(time);
        drop(black_box(result));
        let (time, result) = baseline();
        baseline_times.push(time);
        drop(black_box(result));
    }
    Pair { cache: median(cache_times), baseline: median(baseline_times) }
}

/// Returns the time of a call, and its result.
pub(crate) fn measure<R>(call: impl FnOnce() -> R) -> (Duration, R) {
    let start = Instant::now();
    let result = black_box(call());
    (start.elapsed(), result)
}
