//! The feed over a log that is a list, in virtual time: no database, no socket, no waiting.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use proptest::prelude::*;
use tokio::time::advance;
use uuid::Uuid;

use super::*;
use crate::domain::{
    Appointment, AppointmentContent, AppointmentId, AppointmentStatus, Change, ChangeKind, Instant,
    Zone,
};
use crate::store::{LOG_PAGE_ROWS, LogPage, OnCommit, StoreError};

/// One calendar's log, and how often it was read.
#[derive(Default)]
struct List {
    log: Mutex<(Vec<Change>, Revision, Revision, bool)>,
    wake: Mutex<Option<OnCommit>>,
    reads: AtomicUsize,
    is_away: AtomicBool,
    /// The next reading never ends.
    swallows: AtomicBool,
}

#[async_trait]
impl Log for List {
    async fn log_after(&self, _: CalendarId, after: Revision) -> Result<Option<LogPage>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await; // others may come in between, as with a database
        if self.swallows.swap(false, Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("gone fishing".into()));
        }
        let (changes, head, pruned, gone) = &*lock(&self.log);
        let changes = changes.iter().filter(|it| it.revision > after).take(LOG_PAGE_ROWS);
        let changes = changes.cloned().collect();
        Ok(Some(LogPage { head: *head, pruned: *pruned, deleted: *gone, changes }))
    }

    fn on_commit(&self, wake: OnCommit) {
        *lock(&self.wake) = Some(wake);
    }

    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
        let head = lock(&self.log).1;
        Ok(calendars.iter().map(|&it| (it, head)).collect())
    }
}

const CALENDAR: CalendarId = CalendarId(Uuid::from_u128(1));

/// A feed over an empty log.
struct World {
    log: Arc<List>,
    feed: Feed,
}

impl World {
    fn new() -> Self {
        let log = Arc::new(List::default());
        Self { feed: Feed::start(log.clone()), log }
    }

    /// Commits a change of an appointment at second `start`, and leaves a hint.
    fn commit(&self, start: i64) -> Revision {
        let head = self.commit_unheard(start);
        self.hint(head);
        head
    }

    /// Commits, and the hint is lost.
    fn commit_unheard(&self, start: i64) -> Revision {
        let mut log = lock(&self.log.log);
        log.1 = log.1.next();
        let head = log.1;
        log.0.push(change(head, start));
        head
    }

    fn hint(&self, head: Revision) {
        let wake = lock(&self.log.wake);
        wake.as_ref().unwrap()(Hint::Committed(&[(CALENDAR, head)]));
    }

    /// Forgets everything up to a revision.
    fn prune(&self, up_to: u64) {
        let mut log = lock(&self.log.log);
        log.2 = revision(up_to);
        log.0.retain(|it| it.revision > revision(up_to));
    }

    async fn follow(&self, after: Option<u64>, range: Option<(i64, i64)>) -> Subscriber {
        let range = range.map(|(start, end)| Interval {
            start: Instant::from_unix(start),
            end: Instant::from_unix(end),
        });
        let after = after.map(revision);
        self.feed.subscribe(&Actor::Anonymous, CALENDAR, range, after).await.unwrap()
    }

    /// The changes that concern [50, 150).
    fn concerned(&self) -> Vec<Revision> {
        let log = lock(&self.log.log);
        let changes = log.0.iter().filter(|it| [50, 100].contains(&it.at.unix()));
        changes.map(|it| it.revision).collect()
    }

    fn reads(&self) -> usize {
        self.log.reads.load(Ordering::Relaxed)
    }
}

fn revision(number: u64) -> Revision {
    Revision::new(number).unwrap()
}

fn change(at: Revision, start: i64) -> Change {
    let start = Instant::from_unix(start);
    let content = AppointmentContent {
        title: format!("at {at}"),
        description: None,
        location: None,
        starts_at: start,
        ends_at: start.plus(1),
        all_day: false,
        time_zone: Zone::UTC,
        status: AppointmentStatus::Confirmed,
        attendees: Vec::new(),
    };
    let appointment = Appointment {
        id: AppointmentId(Uuid::from_u128(at.get().into())),
        calendar_id: CALENDAR,
        revision: at,
        created_at: start,
        updated_at: start,
        content,
    };
    Change {
        calendar_id: CALENDAR,
        revision: at,
        kind: ChangeKind::Created(appointment),
        before: None,
        mutation_id: None,
        actor: Actor::Anonymous,
        at: start,
    }
}

/// The next event as `3>4 bookmark`: it continues 3 and ends at 4.
async fn told(subscriber: &mut Subscriber) -> String {
    let Some(event) = subscriber.next().await else { return "end".into() };
    let Event { previous, revision, kind, .. } = event.unwrap();
    let kind = match kind {
        EventKind::Change(held) => {
            assert_eq!(held.change.revision, revision);
            "change"
        }
        EventKind::Bookmark => "bookmark",
        EventKind::Reset => "reset",
        EventKind::Gone => "gone",
    };
    format!("{previous}>{revision} {kind}")
}

/// Nothing is to be told yet.
async fn is_silent(subscriber: &mut Subscriber) {
    let next = timeout(Duration::from_millis(1), subscriber.next());
    assert!(next.await.is_err(), "it was told something");
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_continues_from_its_position() {
    let world = World::new();
    for _ in 0..3 {
        world.commit(0);
    }
    let mut it = world.follow(Some(1), None).await;
    for expected in ["1>2 change", "2>3 change", "3>3 bookmark"] {
        assert_eq!(told(&mut it).await, expected);
    }
    is_silent(&mut it).await;
    world.commit(0);
    assert_eq!(told(&mut it).await, "3>4 change");
}

#[tokio::test(start_paused = true)]
async fn the_backlog_ends_where_the_log_ended_when_the_subscriber_came() {
    let world = World::new();
    world.commit(0);
    let mut it = world.follow(Some(0), None).await;
    world.commit(0);
    for expected in ["0>1 change", "1>1 bookmark", "1>2 change"] {
        assert_eq!(told(&mut it).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_hint_costs_time_and_nothing_else() {
    let world = World::new();
    let mut it = world.follow(None, None).await;
    assert_eq!(told(&mut it).await, "0>0 bookmark");
    world.commit_unheard(0);
    world.commit_unheard(0);
    is_silent(&mut it).await;
    world.feed.look().await.unwrap();
    for expected in ["0>1 change", "1>2 change"] {
        assert_eq!(told(&mut it).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_filtered_subscriber_moves_forward_by_bookmarks() {
    let world = World::new();
    let mut it = world.follow(None, Some((100, 200))).await;
    assert_eq!(told(&mut it).await, "0>0 bookmark");
    world.commit(0);
    is_silent(&mut it).await;
    advance(Duration::from_secs(9)).await;
    world.commit(0);
    is_silent(&mut it).await;
    let before = tokio::time::Instant::now();
    assert_eq!(told(&mut it).await, "0>2 bookmark", "ten seconds after the first that was passed");
    assert!(before.elapsed() <= Duration::from_secs(1));
    advance(Duration::from_secs(60)).await;
    is_silent(&mut it).await;
    world.commit(150);
    assert_eq!(told(&mut it).await, "2>3 change");
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_comes_in_the_middle_of_a_flood_that_concerns_others() {
    let world = World::new();
    let mut it = world.follow(None, Some((100, 200))).await;
    assert_eq!(told(&mut it).await, "0>0 bookmark");
    for _ in 0..12 {
        world.commit(0);
        is_silent(&mut it).await;
        advance(Duration::from_millis(900)).await;
    }
    world.commit(0);
    assert_eq!(told(&mut it).await, "0>12 bookmark");
}

#[tokio::test(start_paused = true)]
async fn a_position_outside_of_the_log_is_reset() {
    let world = World::new();
    for _ in 0..5 {
        world.commit(0);
    }
    world.prune(3);
    let mut below = world.follow(Some(2), None).await;
    assert_eq!(told(&mut below).await, "2>5 reset");
    let mut ahead = world.follow(Some(9), None).await;
    assert_eq!(told(&mut ahead).await, "9>5 reset");
    let mut at = world.follow(Some(3), None).await;
    assert_eq!(told(&mut at).await, "3>4 change");
    world.commit(0);
    assert_eq!(told(&mut below).await, "5>6 change");
    assert_eq!(told(&mut ahead).await, "5>6 change");
}

/// S7: its position, not only its first `after`.
#[tokio::test(start_paused = true)]
async fn a_subscriber_that_the_log_has_overtaken_is_reset() {
    let world = World::new();
    let mut slow = world.follow(Some(0), None).await;
    assert_eq!(told(&mut slow).await, "0>0 bookmark");
    for _ in 0..1_000 {
        world.commit(0);
    }
    assert_eq!(told(&mut slow).await, "0>1 change");
    let mut quick = world.follow(None, None).await;
    assert_eq!(told(&mut quick).await, "1000>1000 bookmark");
    world.prune(900);
    let mut last = 1;
    loop {
        match told(&mut slow).await {
            event if event.ends_with("change") => last += 1,
            event => break assert_eq!(event, format!("{last}>1000 reset")),
        }
    }
    assert!(last < 900, "{last}");
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_bump_everybody_queries_again() {
    let world = World::new();
    world.commit(0);
    let mut it = world.follow(None, None).await;
    assert_eq!(told(&mut it).await, "1>1 bookmark");
    *lock(&world.log.log) = (Vec::new(), revision(1_000), revision(1_000), false);
    world.feed.look().await.unwrap();
    assert_eq!(told(&mut it).await, "1>1000 reset");
    world.commit(0);
    assert_eq!(told(&mut it).await, "1000>1001 change");
}

/// The kill test met this: a page read from behind the tail reached further than the tail.
#[tokio::test(start_paused = true)]
async fn a_position_that_the_tail_has_not_reached_is_not_ahead_of_the_log() {
    let world = World::new();
    for _ in 0..10 {
        world.commit(0);
    }
    let _at_the_end = world.follow(None, None).await;
    world.commit_unheard(0);
    let mut it = world.follow(Some(8), None).await;
    for expected in ["8>9 change", "9>10 change", "10>10 bookmark", "10>11 change"] {
        assert_eq!(told(&mut it).await, expected);
    }
    is_silent(&mut it).await;
    world.hint(revision(11));
    is_silent(&mut it).await;
    world.commit(0);
    assert_eq!(told(&mut it).await, "11>12 change");
}

/// An older file was put in place of the log that the hint spoke of.
#[tokio::test(start_paused = true)]
async fn a_hint_of_what_is_not_there_is_forgotten() {
    let world = World::new();
    let mut it = world.follow(None, None).await;
    assert_eq!(told(&mut it).await, "0>0 bookmark");
    world.hint(revision(7));
    is_silent(&mut it).await;
    world.commit(0);
    assert_eq!(told(&mut it).await, "0>1 change");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_subscribers_cost_one_read() {
    let world = World::new();
    let mut all = Vec::new();
    for _ in 0..10_000 {
        all.push(world.follow(Some(0), None).await);
    }
    for it in &mut all {
        assert_eq!(told(it).await, "0>0 bookmark");
    }
    assert_eq!(world.reads(), 1, "the first has looked where the log ends");
    world.commit(0);
    let told = futures_util::future::join_all(all.iter_mut().map(told)).await;
    assert!(told.iter().all(|it| it == "0>1 change"));
    assert_eq!(world.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn those_who_come_back_after_a_restart_share_a_read() {
    let world = World::new();
    for _ in 0..100 {
        world.commit(0);
    }
    let mut all = Vec::new();
    for after in 50..100 {
        all.push(world.follow(Some(after), None).await);
    }
    for (after, it) in (50..).zip(&mut all) {
        assert_eq!(told(it).await, format!("{after}>{} change", after + 1));
    }
    assert_eq!(world.reads(), 1);
}

/// S6: it is behind in the log, not ahead in a queue.
#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_costs_a_page_at_the_most() {
    let world = World::new();
    let mut slow = world.follow(None, None).await;
    let mut quick = world.follow(None, None).await;
    assert_eq!(told(&mut slow).await, "0>0 bookmark");
    assert_eq!(told(&mut quick).await, "0>0 bookmark");
    for n in 0..10_000 {
        world.commit(0);
        assert_eq!(told(&mut quick).await, format!("{n}>{} change", n + 1));
        assert!(
            world.feed.buffered().bytes() < 256 * 1024,
            "{} bytes",
            world.feed.buffered().bytes()
        );
    }
    let standing = world.feed.stats();
    assert_eq!((standing.commits, standing.subscribers, standing.max_lag), (10_000, 2, 10_000));
    for n in 0..10_000 {
        assert_eq!(told(&mut slow).await, format!("{n}>{} change", n + 1));
        assert!(
            world.feed.buffered().bytes() < 256 * 1024,
            "{} bytes",
            world.feed.buffered().bytes()
        );
    }
    assert_eq!(world.feed.stats().max_lag, 0);
    drop((slow, quick));
    assert_eq!(world.feed.stats().subscribers, 0);
    assert_eq!(world.feed.buffered().bytes(), 0, "nothing is left of them");
    assert!(lock(&world.feed.hubs).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_ends_the_subscription() {
    struct Broken;

    #[async_trait]
    impl Log for Broken {
        async fn log_after(&self, _: CalendarId, after: Revision) -> Result<Option<LogPage>> {
            if after < Revision::MAX {
                return Err(StoreError::Failed("gone for good".into()));
            }
            let (head, pruned) = (revision(5), Revision::ZERO);
            Ok(Some(LogPage { head, pruned, deleted: false, changes: Vec::new() }))
        }

        fn on_commit(&self, _: OnCommit) {}

        async fn heads(&self, _: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
            Ok(Vec::new())
        }
    }

    let feed = Feed::start(Arc::new(Broken));
    let subscribe = |after| feed.subscribe(&Actor::Anonymous, CALENDAR, None, after);
    let mut first = subscribe(None).await.unwrap();
    assert_eq!(told(&mut first).await, "5>5 bookmark");
    let mut behind = subscribe(Some(revision(1))).await.unwrap();
    assert!(behind.next().await.unwrap().is_err());
    assert!(behind.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_waited_for() {
    let world = World::new();
    let mut subscriber = world.follow(None, None).await;
    assert_eq!(told(&mut subscriber).await, "0>0 bookmark");
    world.log.is_away.store(true, Ordering::Relaxed);
    world.commit(0);
    world.commit(0);
    let next = timeout(Duration::from_secs(60), subscriber.next());
    assert!(next.await.is_err(), "nothing is said meanwhile");
    world.log.is_away.store(false, Ordering::Relaxed);
    assert_eq!(told(&mut subscriber).await, "0>1 change");
    assert_eq!(told(&mut subscriber).await, "1>2 change");
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_never_ends_is_given_up() {
    let world = World::new();
    let (mut one, mut other) = (world.follow(None, None).await, world.follow(None, None).await);
    for it in [&mut one, &mut other] {
        assert_eq!(told(it).await, "0>0 bookmark");
    }
    world.log.swallows.store(true, Ordering::Relaxed);
    world.commit(0);
    let both = async { tokio::join!(told(&mut one), told(&mut other)) };
    let both = timeout(Duration::from_secs(15), both).await.expect("they do not wait for ever");
    assert_eq!(both, ("0>1 change".into(), "0>1 change".into()));
}

/// What may happen to a log and three who follow it.
#[derive(Clone, Debug)]
enum Step {
    Commit(i64),
    CommitUnheard(i64),
    Look,
    Pass(u64),
    Read(usize),
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_i64).prop_map(|it| Step::Commit(it * 50)),
        1 => (0..4_i64).prop_map(|it| Step::CommitUnheard(it * 50)),
        1 => Just(Step::Look),
        1 => (1..12_u64).prop_map(Step::Pass),
        6 => (0..3_usize).prop_map(Step::Read),
        1 => (0..3_usize).prop_map(Step::Leave),
    ]
}

/// Somebody who follows [50, 150), and what they have been told.
struct Reader {
    subscriber: Subscriber,
    last: Revision,
    heard: Vec<Revision>,
}

impl Reader {
    async fn new(world: &World, last: Revision, heard: Vec<Revision>) -> Self {
        let subscriber = world.follow(Some(last.get()), Some((50, 150))).await;
        Self { subscriber, last, heard }
    }

    async fn read(&mut self) -> bool {
        let next = timeout(Duration::from_millis(1), self.subscriber.next());
        let Ok(Some(event)) = next.await else { return false };
        let event = event.unwrap();
        assert_eq!(event.previous, self.last, "it continues the last");
        self.last = event.revision;
        if let EventKind::Change(_) = event.kind {
            self.heard.push(event.revision);
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// However commits, lost hints, pauses and reconnects fall: each is told of every change that
    /// concerns it, once, in order.
    #[test]
    fn everything_is_told_once_and_in_order(
        before in 0..300_u64,
        behind in [0..300_u64, 0..300, 0..300],
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let world = World::new();
            for n in 0..before {
                world.commit(n.cast_signed() % 4 * 50);
            }
            let mut readers = Vec::new();
            for behind in behind {
                let last = revision(before.saturating_sub(behind));
                let heard = world.concerned().into_iter().filter(|&it| it <= last).collect();
                readers.push(Reader::new(&world, last, heard).await);
            }
            for step in steps {
                match step {
                    Step::Commit(start) => drop(world.commit(start)),
                    Step::CommitUnheard(start) => drop(world.commit_unheard(start)),
                    Step::Look => world.feed.look().await.unwrap(),
                    Step::Pass(seconds) => advance(Duration::from_secs(seconds)).await,
                    Step::Read(n) => drop(readers[n].read().await),
                    Step::Leave(n) => {
                        let Reader { last, heard, .. } = readers.remove(n);
                        readers.insert(n, Reader::new(&world, last, heard).await);
                    }
                }
            }
            world.feed.look().await.unwrap();
            let concerned = world.concerned();
            for reader in &mut readers {
                while reader.read().await {}
                assert_eq!(reader.heard, concerned);
            }
        });
    }
}
