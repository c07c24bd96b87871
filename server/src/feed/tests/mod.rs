//! Tests of the feed in virtual time, over a log in memory.

mod delivery;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{advance, timeout};

use super::{Feed, FeedStats, lock};
use crate::domain::{Actor, CalendarId, Revision};
use crate::store::{Log, LogPage, OnCommit, Result, StoreError};
use world::{CALENDAR, LogState, World, expect_no_event, next_event, revision};

#[tokio::test(start_paused = true)]
async fn a_subscriber_continues_from_its_position() {
    let world = World::new();
    for _ in 0..3 {
        world.commit(0);
    }
    let mut it = world.subscribe(Some(1), None).await;
    for expected in ["1>2 change", "2>3 change", "3>3 bookmark"] {
        assert_eq!(next_event(&mut it).await, expected);
    }
    expect_no_event(&mut it).await;
    world.commit(0);
    assert_eq!(next_event(&mut it).await, "3>4 change");
}

#[tokio::test(start_paused = true)]
async fn the_backlog_ends_at_the_head_at_the_time_of_subscribing() {
    let world = World::new();
    world.commit(0);
    let mut it = world.subscribe(Some(0), None).await;
    world.commit(0);
    for expected in ["0>1 change", "1>1 bookmark", "1>2 change"] {
        assert_eq!(next_event(&mut it).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_hint_only_delays_events() {
    let world = World::new();
    let mut it = world.subscribe(None, None).await;
    assert_eq!(next_event(&mut it).await, "0>0 bookmark");
    world.commit_without_hint(0);
    world.commit_without_hint(0);
    expect_no_event(&mut it).await;
    world.feed.poll().await.unwrap();
    for expected in ["0>1 change", "1>2 change"] {
        assert_eq!(next_event(&mut it).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_of_a_range_advances_by_bookmarks() {
    let world = World::new();
    let mut it = world.subscribe(None, Some((100, 200))).await;
    assert_eq!(next_event(&mut it).await, "0>0 bookmark");
    world.commit(0);
    expect_no_event(&mut it).await;
    advance(Duration::from_secs(9)).await;
    world.commit(0);
    expect_no_event(&mut it).await;
    let before = tokio::time::Instant::now();
    assert_eq!(
        next_event(&mut it).await,
        "0>2 bookmark",
        "ten seconds after the first skipped change"
    );
    assert!(before.elapsed() <= Duration::from_secs(1));
    advance(Duration::from_secs(60)).await;
    expect_no_event(&mut it).await;
    world.commit(150);
    assert_eq!(next_event(&mut it).await, "2>3 change");
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_arrives_amid_many_changes_outside_the_range() {
    let world = World::new();
    let mut it = world.subscribe(None, Some((100, 200))).await;
    assert_eq!(next_event(&mut it).await, "0>0 bookmark");
    for _ in 0..12 {
        world.commit(0);
        expect_no_event(&mut it).await;
        advance(Duration::from_millis(900)).await;
    }
    world.commit(0);
    assert_eq!(next_event(&mut it).await, "0>12 bookmark");
}

#[tokio::test(start_paused = true)]
async fn a_position_outside_the_log_is_reset() {
    let world = World::new();
    for _ in 0..5 {
        world.commit(0);
    }
    world.prune(3);
    let mut below = world.subscribe(Some(2), None).await;
    assert_eq!(next_event(&mut below).await, "2>5 reset");
    let mut ahead = world.subscribe(Some(9), None).await;
    assert_eq!(next_event(&mut ahead).await, "9>5 reset");
    let mut at = world.subscribe(Some(3), None).await;
    assert_eq!(next_event(&mut at).await, "3>4 change");
    world.commit(0);
    assert_eq!(next_event(&mut below).await, "5>6 change");
    assert_eq!(next_event(&mut ahead).await, "5>6 change");
}

/// The position is checked at every read, not only at the first one (S7).
#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_is_reset_when_its_position_is_pruned() {
    let world = World::new();
    let mut slow = world.subscribe(Some(0), None).await;
    assert_eq!(next_event(&mut slow).await, "0>0 bookmark");
    for _ in 0..1_000 {
        world.commit(0);
    }
    assert_eq!(next_event(&mut slow).await, "0>1 change");
    let mut quick = world.subscribe(None, None).await;
    assert_eq!(next_event(&mut quick).await, "1000>1000 bookmark");
    world.prune(900);
    let mut last = 1;
    loop {
        match next_event(&mut slow).await {
            event if event.ends_with("change") => last += 1,
            event => break assert_eq!(event, format!("{last}>1000 reset")),
        }
    }
    assert!(last < 900, "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_restore_bump_resets_every_subscriber() {
    let world = World::new();
    world.commit(0);
    let mut it = world.subscribe(None, None).await;
    assert_eq!(next_event(&mut it).await, "1>1 bookmark");
    *lock(&world.log.state) =
        LogState { changes: Vec::new(), head: revision(1_000), pruned: revision(1_000) };
    world.feed.poll().await.unwrap();
    assert_eq!(next_event(&mut it).await, "1>1000 reset");
    world.commit(0);
    assert_eq!(next_event(&mut it).await, "1000>1001 change");
}

/// A page that is read before the tail may end after it, because a hint is still on its way. The
/// crash test found this.
#[tokio::test(start_paused = true)]
async fn a_position_after_the_tail_is_not_reset() {
    let world = World::new();
    for _ in 0..10 {
        world.commit(0);
    }
    let _at_the_end = world.subscribe(None, None).await;
    world.commit_without_hint(0);
    let mut it = world.subscribe(Some(8), None).await;
    for expected in ["8>9 change", "9>10 change", "10>10 bookmark", "10>11 change"] {
        assert_eq!(next_event(&mut it).await, expected);
    }
    expect_no_event(&mut it).await;
    world.hint(revision(11));
    expect_no_event(&mut it).await;
    world.commit(0);
    assert_eq!(next_event(&mut it).await, "11>12 change");
}

/// The log can end before the hint if an older file replaces the database.
#[tokio::test(start_paused = true)]
async fn a_hint_beyond_the_log_is_lowered() {
    let world = World::new();
    let mut it = world.subscribe(None, None).await;
    assert_eq!(next_event(&mut it).await, "0>0 bookmark");
    world.hint(revision(7));
    expect_no_event(&mut it).await;
    world.commit(0);
    assert_eq!(next_event(&mut it).await, "0>1 change");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_subscribers_cost_one_read() {
    let world = World::new();
    let mut all = Vec::new();
    for _ in 0..10_000 {
        all.push(world.subscribe(Some(0), None).await);
    }
    for it in &mut all {
        assert_eq!(next_event(it).await, "0>0 bookmark");
    }
    assert_eq!(world.reads(), 1, "only the first subscriber reads the head");
    world.commit(0);
    let events = futures_util::future::join_all(all.iter_mut().map(next_event)).await;
    assert!(events.iter().all(|it| it == "0>1 change"));
    assert_eq!(world.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn subscribers_that_reconnect_share_a_read() {
    let world = World::new();
    for _ in 0..100 {
        world.commit(0);
    }
    let mut all = Vec::new();
    for after in 50..100 {
        all.push(world.subscribe(Some(after), None).await);
    }
    for (after, it) in (50..).zip(&mut all) {
        assert_eq!(next_event(it).await, format!("{after}>{} change", after + 1));
    }
    assert_eq!(world.reads(), 1);
}

/// A slow subscriber lags in the log and has no queue (S6).
#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_buffers_at_most_one_page() {
    let world = World::new();
    let mut slow = world.subscribe(None, None).await;
    let mut quick = world.subscribe(None, None).await;
    assert_eq!(next_event(&mut slow).await, "0>0 bookmark");
    assert_eq!(next_event(&mut quick).await, "0>0 bookmark");
    for n in 0..10_000 {
        world.commit(0);
        assert_eq!(next_event(&mut quick).await, format!("{n}>{} change", n + 1));
        assert!(
            world.feed.buffered().bytes() < 256 * 1024,
            "{} bytes",
            world.feed.buffered().bytes()
        );
    }
    let expected = FeedStats { commits: 10_000, subscribers: 2, max_lag: 10_000 };
    assert_eq!(world.feed.stats(), expected);
    for n in 0..10_000 {
        assert_eq!(next_event(&mut slow).await, format!("{n}>{} change", n + 1));
        assert!(
            world.feed.buffered().bytes() < 256 * 1024,
            "{} bytes",
            world.feed.buffered().bytes()
        );
    }
    assert_eq!(world.feed.stats().max_lag, 0);
    drop((slow, quick));
    assert_eq!(world.feed.stats().subscribers, 0);
    assert_eq!(world.feed.buffered().bytes(), 0, "everything is released");
    assert!(lock(&world.feed.hubs).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_store_ends_the_subscription() {
    struct FailingLog;

    #[async_trait]
    impl Log for FailingLog {
        async fn log_after(&self, _: CalendarId, after: Revision) -> Result<Option<LogPage>> {
            if after < Revision::MAX {
                return Err(StoreError::Failed("the disk is broken".into()));
            }
            let (head, pruned) = (revision(5), Revision::ZERO);
            Ok(Some(LogPage { head, pruned, deleted: false, changes: Vec::new() }))
        }

        fn on_commit(&self, _: OnCommit) {}

        async fn heads(&self, _: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
            Ok(Vec::new())
        }
    }

    let feed = Feed::start(Arc::new(FailingLog));
    let subscribe = |after| feed.subscribe(&Actor::Anonymous, CALENDAR, None, after);
    let mut first = subscribe(None).await.unwrap();
    assert_eq!(next_event(&mut first).await, "5>5 bookmark");
    let mut lagging = subscribe(Some(revision(1))).await.unwrap();
    assert!(lagging.next().await.unwrap().is_err());
    assert!(lagging.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_store_only_delays_events() {
    let world = World::new();
    let mut subscriber = world.subscribe(None, None).await;
    assert_eq!(next_event(&mut subscriber).await, "0>0 bookmark");
    world.log.is_unavailable.store(true, Ordering::Relaxed);
    world.commit(0);
    world.commit(0);
    let next = timeout(Duration::from_secs(60), subscriber.next());
    assert!(next.await.is_err(), "there is no event while the store is unavailable");
    world.log.is_unavailable.store(false, Ordering::Relaxed);
    assert_eq!(next_event(&mut subscriber).await, "0>1 change");
    assert_eq!(next_event(&mut subscriber).await, "1>2 change");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_hangs_is_repeated() {
    let world = World::new();
    let (mut one, mut other) =
        (world.subscribe(None, None).await, world.subscribe(None, None).await);
    for it in [&mut one, &mut other] {
        assert_eq!(next_event(it).await, "0>0 bookmark");
    }
    world.log.hangs_once.store(true, Ordering::Relaxed);
    world.commit(0);
    let both = async { tokio::join!(next_event(&mut one), next_event(&mut other)) };
    let both = timeout(Duration::from_secs(15), both).await.expect("both get their event");
    assert_eq!(both, ("0>1 change".into(), "0>1 change".into()));
}
