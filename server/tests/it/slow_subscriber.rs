//! S6: a subscriber that does not read falls behind in the log, and no queue grows for it.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;

use crate::world::{Subscription, World, appointment_input, merge};

const CHANGES: u64 = 10_000;
/// The time over which the changes are spread.
const MIN_DURATION: Duration = Duration::from_secs(10);

/// The limit for the changes in memory, for all subscribers together, in bytes.
const MAX_BUFFERED: usize = 1024 * 1024;

/// A subscriber that does not read must not delay a stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_subscriber_does_not_delay_a_stop() {
    let world = World::new().await;
    let mut slow = Subscription::with_small_buffer(&world.url("/graphql"), json!({})).await;
    assert_eq!(slow.next_summary().await, "BOOKMARK 0");
    let long = json!({ "description": "x".repeat(8_000) });
    for _ in 0..500 {
        world
            .mutate(
                "createAppointment",
                merge(appointment_input("it", "10:00-11:00"), long.clone()),
            )
            .await;
    }
    let begin = Instant::now();
    let world = world.restart().await;
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    drop((slow, world));
}

/// The connection buffers only a few kilobytes, so that the server cannot send ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_subscriber_uses_little_memory_and_catches_up() {
    let world = World::new().await;
    let mut slow = Subscription::with_small_buffer(&world.url("/graphql"), json!({})).await;
    assert_eq!(slow.next_summary().await, "BOOKMARK 0");

    let begin = Instant::now();
    let mut max_buffered = 0;
    // 20 MB in total, far more than the buffers of the connection.
    let text = "x".repeat(2_000);
    let each = MIN_DURATION / u32::try_from(CHANGES).unwrap();
    let made = stream::iter(0..u32::try_from(CHANGES).unwrap()).map(|n| {
        let world = &world;
        let input = merge(appointment_input("it", "10:00-11:00"), json!({ "description": text }));
        async move {
            tokio::time::sleep_until((begin + each * n).into()).await;
            world.mutate("createAppointment", input).await;
        }
    });
    let mut made = made.buffer_unordered(32);
    while made.next().await.is_some() {
        max_buffered = max_buffered.max(world.server.feed().buffered().bytes());
    }
    drop(made);
    let lasted = begin.elapsed();
    assert!(lasted >= MIN_DURATION - each, "{lasted:?}");
    assert!(max_buffered < MAX_BUFFERED, "{max_buffered} bytes in memory");

    let mut last = 0;
    while last < CHANGES {
        let event = slow.next_event().await.expect("a change");
        last += 1;
        assert_eq!((&event["kind"], &event["revision"]), (&json!("CREATED"), &json!(last)));
    }
    println!(
        "{CHANGES} changes in {lasted:.1?}: at most {max_buffered} bytes in memory, all delivered"
    );
}
