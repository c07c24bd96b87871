//! What only this store has to be asked: its hints to others, its constraint, and its planner.

use std::time::Duration;

use appointments_server::store::OpenOptions;

use super::*;
use crate::process;
use crate::world::PATIENCE;

/// S5: a store that is closed tells first what it has committed. (Here nobody looks at the log, so a hint that is lost stays lost.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_word_of_one_that_is_closed_is_heard() {
    let Some(home) = Home::postgres().await else { return };
    let fresh = Fresh::within(home).await;
    make(&fresh, CALENDAR, "it").await;
    let (tell, mut heard) = tokio::sync::mpsc::unbounded_channel();
    fresh.store.on_commit(Box::new(move |hint| {
        if let Hint::Remote(heads) = hint {
            heads.iter().for_each(|it| tell.send(*it).unwrap());
        }
    }));
    // Whoever commits once, and is closed at once.
    let commit_and_close = async |number| {
        let tasks = TaskTracker::new();
        let other = store::open(&fresh.home.open_options(), &tasks).await.unwrap();
        let body = ChangeKind::Created(appointment(number, 0, 1));
        let work = work(move |tx| {
            let body = body.clone();
            Box::pin(async move { apply_next(tx, body).await })
        });
        let change = store::write(&*other, work).await.unwrap();
        other.close().await;
        (CALENDAR, change.revision)
    };
    // Until it listens.
    let mut number = 0;
    let mut wait = Duration::from_millis(100);
    loop {
        number += 1;
        let told = commit_and_close(number).await;
        if tokio::time::timeout(wait, heard.recv()).await == Ok(Some(told)) {
            break;
        }
        wait *= 2;
    }
    for number in number + 1..number + 11 {
        let told = commit_and_close(number).await;
        let heard = tokio::time::timeout(PATIENCE, heard.recv()).await;
        assert_eq!(heard.expect("it is heard"), Some(told));
    }
}

/// A line that dies while a connection goes back to its pool, which asks whether it is alive: it is not waited for, or the only
/// one would be gone for good.
#[tokio::test]
async fn a_connection_that_dies_on_its_way_back_is_replaced() {
    let Some(home) = Home::postgres().await else { return };
    let (proxy, url) = process::proxy_to(&home.database()).await;
    let Ok(database) = url.to_str().unwrap().parse();
    let opening = OpenOptions { database, connections: 1, ..home.open_options() };
    let store = store::open(&opening, &TaskTracker::new()).await.unwrap();
    store.ready().await.unwrap();
    // (There is one thread: nothing that was begun in the background has been asked yet.)
    proxy.blackhole();
    let recovers = async { while store.ready().await.is_err() {} };
    assert!(tokio::time::timeout(PATIENCE, recovers).await.is_ok());
}

/// S12: what the lock already keeps from happening, a constraint would refuse.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_net_hangs_behind_the_lock() {
    let Some(home) = Home::postgres().await else { return };
    let fresh = Fresh::within(home).await;
    let calendar = make(&fresh, CALENDAR, "it").await;
    let with = |overlaps| {
        let content = CalendarContent { overlaps, ..calendar.content.clone() };
        ChangeKind::CalendarUpdated(Calendar { content, ..calendar.clone() })
    };
    let busy = |number, start, seconds| {
        let mut it = appointment(number, start, seconds);
        it.content.status = AppointmentStatus::Confirmed;
        it
    };
    // (The commands would have refused all of these.)
    let try_one = async |it: Appointment| {
        let body = ChangeKind::Created(it);
        write!(fresh, |tx, body| apply_next(tx, body).await).map(|_| ())
    };
    try_one(busy(1, 0, 100)).await.unwrap();
    try_one(busy(2, 50, 100)).await.unwrap();
    let strict = with(OverlapPolicy::Reject);
    assert!(write!(fresh, |tx, strict| apply_next(tx, strict).await).is_err(), "two overlap");
    commit(&fresh, ChangeKind::Deleted(appointment(2, 0, 0).id)).await;
    commit(&fresh, strict.clone()).await;
    assert!(try_one(busy(3, 99, 10)).await.is_err());
    try_one(busy(4, 100, 10)).await.unwrap();
    let mut cancelled = busy(5, 0, 100);
    cancelled.content.status = AppointmentStatus::Cancelled;
    try_one(cancelled.clone()).await.unwrap();
    cancelled.content.status = AppointmentStatus::Confirmed;
    let revived = ChangeKind::Updated(cancelled);
    assert!(write!(fresh, |tx, revived| apply_next(tx, revived).await).is_err());
    commit(&fresh, with(OverlapPolicy::Allow)).await;
    try_one(busy(6, 0, 100)).await.unwrap();
}

/// S17: the planner would rather read all. No question of a user's looks at the whole table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_range_reads_the_whole_table() {
    let Some(home) = Home::postgres().await else { return };
    let mut fresh = Fresh::within(home).await;
    make(&fresh, CALENDAR, "it").await;
    let fill = "insert into appointments (calendar_id, id, revision, created_at, updated_at, title, starts_at, ends_at, span,
            all_day, time_zone, status, attendees, exclusive)
        select '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 0, now(), now(), 'it',
            to_timestamp(n * 3600), to_timestamp(n * 3600 + 1800), 11, false, 'UTC', 'CONFIRMED', '[]', false
        from generate_series(1, 20000) n";
    fresh.home.cluster().run(fill).await;
    // With statistics, and without.
    for round in 0..20 {
        if round == 10 {
            fresh.home.cluster().run("analyze").await;
        }
        let range = Interval {
            start: Instant::from_unix(9_000 * 3_600),
            end: Instant::from_unix(9_100 * 3_600),
        };
        let found = fresh.store.range(CALENDAR, range, 10_000).await.unwrap().unwrap();
        assert_eq!(found.appointments.len(), 100);
        let conflicts_with =
            write!(fresh, |tx| tx.find_conflicts(CALENDAR, range, None).await).unwrap();
        assert_eq!((conflicts_with.count, conflicts_with.earliest.len()), (100, 10));
    }
    // What a connection has counted is told when it ends.
    fresh.store.close().await;
    let read = fresh
        .home
        .cluster()
        .number("select seq_tup_read from pg_stat_user_tables where relname = 'appointments'")
        .await;
    let by_index = fresh
        .home
        .cluster()
        .number("select idx_tup_fetch from pg_stat_user_tables where relname = 'appointments'")
        .await;
    assert!(by_index >= 2_000, "{by_index} were read by an index");
    assert_eq!(read, 0, "and none by reading all");
}
