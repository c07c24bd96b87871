//! Writes and reads a whole response.

use appointments_bench::{Result, median};
use serde_json::Value;

use crate::data;
use crate::fragments::{Range, Response};
use crate::results::Results;
use crate::timing::{measure as time, measure_pair};
use crate::world::World;

/// Measures a response with `n` appointments.
pub(crate) fn measure(results: &mut Results, n: usize) -> Result<()> {
    let response = data::response(n, 1);
    let bytes = response.as_bytes();
    let repeats = results.repeats((200_000 / n).clamp(5, 101));
    if results.is_selected("write") {
        let worlds = (0..repeats).map(|_| World::empty()).collect::<Result<Vec<_>>>()?;
        let mut worlds = worlds.into_iter();
        let pair = measure_pair(
            repeats,
            || {
                let world = worlds.next();
                let (time, result) = time(|| world.as_ref().map(|it| it.write(&response)));
                (time, (result.is_some_and(|it| it.is_ok()), world))
            },
            || time(|| serde_json::from_slice::<Value>(bytes)),
        );
        results.add_ratio("write", n, &pair, 1.0);
    }
    let world = World::with(&response)?;
    if results.is_selected("same response") {
        let pair = measure_pair(
            repeats,
            || time(|| world.write(&response).is_ok()),
            || time(|| serde_json::from_slice::<Value>(bytes)),
        );
        results.add_ratio("same response", n, &pair, 1.0);
    }
    if results.is_selected("read") {
        let pair = measure_pair(
            repeats,
            || time(|| world.cache.read(&world.all)),
            || time(|| serde_json::from_slice::<Response<Range>>(bytes).map(|it| it.data)),
        );
        results.add_ratio("read", n, &pair, 0.6);
    }
    if results.is_selected("again") {
        let mut watch = world.cache.watch(&world.all);
        if !watch.view().is_complete() {
            return Err("the view should be complete".into());
        }
        let times = (0..results.repeats(10_001)).map(|_| time(|| watch.view()).0).collect();
        results.add_time("again", n, median(times), 1_000);
    }
    Ok(())
}
