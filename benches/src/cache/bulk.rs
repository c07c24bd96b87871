//! Everything at once: writing a whole answer, and reading it.

use serde_json::Value;

use crate::Result;
use crate::data;
use crate::fragments::{Answer, Range};
use crate::results::Report;
use crate::timing::{middle, paired, time};
use crate::world::World;

/// Writing and reading `n` appointments.
pub(crate) fn measure(report: &mut Report, n: usize) -> Result<()> {
    let answer = data::answer(n, 1);
    let bytes = answer.as_bytes();
    let times = report.times((200_000 / n).clamp(5, 101));
    if report.wants("write") {
        let worlds = (0..times).map(|_| World::empty()).collect::<Result<Vec<_>>>()?;
        let mut worlds = worlds.into_iter();
        let done = paired(
            times,
            || {
                let world = worlds.next();
                let (took, done) = time(|| world.as_ref().map(|it| it.tell(&answer)));
                (took, (done.is_some_and(|it| it.is_ok()), world))
            },
            || time(|| serde_json::from_slice::<Value>(bytes)),
        );
        report.ratio("write", n, &done, 1.0);
    }
    let world = World::told(&answer)?;
    if report.wants("same answer") {
        let done = paired(
            times,
            || time(|| world.tell(&answer).is_ok()),
            || time(|| serde_json::from_slice::<Value>(bytes)),
        );
        report.ratio("same answer", n, &done, 1.0);
    }
    if report.wants("read") {
        let done = paired(
            times,
            || time(|| world.cache.read(&world.all)),
            || time(|| serde_json::from_slice::<Answer<Range>>(bytes).map(|it| it.data)),
        );
        report.ratio("read", n, &done, 0.6);
    }
    if report.wants("again") {
        let mut watch = world.cache.watch(&world.all);
        if !watch.view().is_complete() {
            return Err("the view should be complete".into());
        }
        let again = (0..report.times(10_001)).map(|_| time(|| watch.view()).0).collect();
        report.time("again", n, middle(again), 1_000);
    }
    Ok(())
}
