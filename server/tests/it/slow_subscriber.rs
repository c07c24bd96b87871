//! S6: a subscriber that does not read is behind in the log, not ahead in a queue.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;

use crate::world::{Follower, World, and, booking};

const CHANGES: u64 = 10_000;
const AT_LEAST: Duration = Duration::from_secs(10);

/// The server's own counter of the changes that it holds in memory, for everybody together.
const MOST: usize = 1024 * 1024;

/// Who does not read holds up no stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_read_is_left_behind_by_a_stop() {
    let world = World::new().await;
    let mut slow = Follower::narrow(&world.url("/graphql"), json!({})).await;
    assert_eq!(slow.told().await, "BOOKMARK 0");
    let long = json!({ "description": "x".repeat(8_000) });
    for _ in 0..500 {
        world.done("createAppointment", and(booking("it", "10:00-11:00"), long.clone())).await;
    }
    let begin = Instant::now();
    let world = world.restarted().await;
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    drop((slow, world));
}

/// A line that takes a few kilobytes and then no more, so that the server cannot send ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_read_costs_little_and_then_hears_everything() {
    let world = World::new().await;
    let mut slow = Follower::narrow(&world.url("/graphql"), json!({})).await;
    assert_eq!(slow.told().await, "BOOKMARK 0");

    let (begin, mut most) = (Instant::now(), 0);
    let text = "x".repeat(2_000); // 20 MB in all: far more than the line's buffers take
    let each = AT_LEAST / u32::try_from(CHANGES).unwrap();
    let made = stream::iter(0..u32::try_from(CHANGES).unwrap()).map(|n| {
        let world = &world;
        let input = and(booking("it", "10:00-11:00"), json!({ "description": text }));
        async move {
            tokio::time::sleep_until((begin + each * n).into()).await;
            world.done("createAppointment", input).await;
        }
    });
    let mut made = made.buffer_unordered(32);
    while made.next().await.is_some() {
        most = most.max(world.server.feed().buffered().bytes());
    }
    drop(made);
    let lasted = begin.elapsed();
    assert!(lasted >= AT_LEAST - each, "{lasted:?}");
    assert!(most < MOST, "{most} bytes were held");

    let mut last = 0;
    while last < CHANGES {
        let event = slow.event().await.expect("a change");
        last += 1;
        assert_eq!((&event["kind"], &event["revision"]), (&json!("CREATED"), &json!(last)));
    }
    println!("{CHANGES} changes in {lasted:.1?}: at most {most} bytes held, then all were heard");
}
