//! Tests of PostgreSQL alone: hints to other replicas, the exclusion constraint, query plans.

use std::time::Duration;

use appointments_server::store::OpenOptions;

use super::*;
use crate::process;
use crate::world::TEST_TIMEOUT;

/// S5: a store sends its last hints before it closes. Nothing polls here, so a lost hint stays
/// lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_sends_its_hints_before_it_closes() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let test = TestStore::on(database).await;
    create_calendar(&test, CALENDAR, "it").await;
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    test.store.on_commit(Box::new(move |hint| {
        if let Hint::Remote(heads) = hint {
            heads.iter().for_each(|it| sender.send(*it).unwrap());
        }
    }));
    // Commits once, and closes at once.
    let commit_and_close = async |number| {
        let tasks = TaskTracker::new();
        let other = store::open(&test.database.open_options(), &tasks).await.unwrap();
        let body = ChangeKind::Created(appointment(number, 0, 1));
        let work = work(move |tx| {
            let body = body.clone();
            Box::pin(async move { apply_next(tx, body).await })
        });
        let change = store::write(&*other, work).await.unwrap();
        other.close().await;
        (CALENDAR, change.revision)
    };
    // Repeat until the store listens.
    let mut number = 0;
    let mut wait = Duration::from_millis(100);
    loop {
        number += 1;
        let expected = commit_and_close(number).await;
        if tokio::time::timeout(wait, received.recv()).await == Ok(Some(expected)) {
            break;
        }
        wait *= 2;
    }
    for number in number + 1..number + 11 {
        let expected = commit_and_close(number).await;
        let received = tokio::time::timeout(TEST_TIMEOUT, received.recv()).await;
        assert_eq!(received.expect("a hint"), Some(expected));
    }
}

/// The pool pings a returned connection. If the connection is dead, the pool must not wait for it:
/// it is the only one.
#[tokio::test]
async fn a_connection_that_dies_during_its_return_is_replaced() {
    let Some(direct) = TestDatabase::postgres().await else { return };
    let (proxy, url) = process::proxy_to(&direct.location()).await;
    let Ok(database) = url.to_str().unwrap().parse();
    let options = OpenOptions { database, connections: 1, ..direct.open_options() };
    let store = store::open(&options, &TaskTracker::new()).await.unwrap();
    store.ready().await.unwrap();
    // On one thread, background tasks have not run yet.
    proxy.blackhole();
    let recovers = async { while store.ready().await.is_err() {} };
    assert!(tokio::time::timeout(TEST_TIMEOUT, recovers).await.is_ok());
}

/// S12: a constraint backs up the lock that prevents overlaps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_constraint_prevents_overlaps() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let test = TestStore::on(database).await;
    let calendar = create_calendar(&test, CALENDAR, "it").await;
    let with = |overlaps| {
        let content = CalendarContent { overlaps, ..calendar.content.clone() };
        ChangeKind::CalendarUpdated(Calendar { content, ..calendar.clone() })
    };
    let busy = |number, start, seconds| {
        let mut it = appointment(number, start, seconds);
        it.content.status = AppointmentStatus::Confirmed;
        it
    };
    // The commands would reject all of these.
    let try_one = async |it: Appointment| {
        let body = ChangeKind::Created(it);
        in_transaction!(test, |tx, body| apply_next(tx, body).await).map(|_| ())
    };
    try_one(busy(1, 0, 100)).await.unwrap();
    try_one(busy(2, 50, 100)).await.unwrap();
    let strict = with(OverlapPolicy::Reject);
    assert!(
        in_transaction!(test, |tx, strict| apply_next(tx, strict).await).is_err(),
        "two overlap"
    );
    commit(&test, ChangeKind::Deleted(appointment(2, 0, 0).id)).await;
    commit(&test, strict.clone()).await;
    assert!(try_one(busy(3, 99, 10)).await.is_err());
    try_one(busy(4, 100, 10)).await.unwrap();
    let mut cancelled = busy(5, 0, 100);
    cancelled.content.status = AppointmentStatus::Cancelled;
    try_one(cancelled.clone()).await.unwrap();
    cancelled.content.status = AppointmentStatus::Confirmed;
    let revived = ChangeKind::Updated(cancelled);
    assert!(in_transaction!(test, |tx, revived| apply_next(tx, revived).await).is_err());
    commit(&test, with(OverlapPolicy::Allow)).await;
    try_one(busy(6, 0, 100)).await.unwrap();
}

/// S17: no query of a user scans the whole table, although the planner would prefer it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_range_reads_the_whole_table() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let mut test = TestStore::on(database).await;
    create_calendar(&test, CALENDAR, "it").await;
    let fill = "insert into appointments (calendar_id, id, revision, created_at, updated_at,
            title, starts_at, ends_at, span, all_day, time_zone, status, attendees, exclusive)
        select '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 0, now(), now(), 'it',
            to_timestamp(n * 3600), to_timestamp(n * 3600 + 1800), 11, false, 'UTC', 'CONFIRMED',
            '[]', false
        from generate_series(1, 20000) n";
    test.database.cluster().execute(fill).await;
    // Without statistics, and then with them.
    for round in 0..20 {
        if round == 10 {
            test.database.cluster().execute("analyze").await;
        }
        let range = Interval {
            start: Instant::from_unix(9_000 * 3_600),
            end: Instant::from_unix(9_100 * 3_600),
        };
        let found = test.store.range(CALENDAR, range, 10_000).await.unwrap().unwrap();
        assert_eq!(found.appointments.len(), 100);
        let conflicts_with =
            in_transaction!(test, |tx| tx.find_conflicts(CALENDAR, range, None).await).unwrap();
        assert_eq!((conflicts_with.count, conflicts_with.earliest.len()), (100, 10));
    }
    // A connection reports its counters when it ends.
    test.store.close().await;
    let read = test
        .database
        .cluster()
        .query_number("select seq_tup_read from pg_stat_user_tables where relname = 'appointments'")
        .await;
    let by_index = test
        .database
        .cluster()
        .query_number(
            "select idx_tup_fetch from pg_stat_user_tables where relname = 'appointments'",
        )
        .await;
    assert!(by_index >= 2_000, "{by_index} rows were read by an index");
    assert_eq!(read, 0, "no sequential scan");
}
