//! The conformance suite of the trait `Store`, run once for each store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use appointments_server::domain::*;
use appointments_server::store::{
    self, Hint, LOG_PAGE_BYTES, LOG_PAGE_ROWS, Store, StoreError, Transaction, Work,
};
use async_trait::async_trait;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::database::TestDatabase;

/// An empty store.
pub struct TestStore {
    pub store: Arc<dyn Store>,
    pub tasks: TaskTracker,
    pub database: TestDatabase,
}

impl TestStore {
    pub async fn on(database: TestDatabase) -> Self {
        let tasks = TaskTracker::new();
        let store = store::open(&database.open_options(), &tasks).await.unwrap();
        Self { store, tasks, database }
    }

    /// Closes the store, and opens its database again.
    async fn reopen(self) -> Self {
        self.store.close().await;
        self.tasks.close();
        self.tasks.wait().await;
        Self::on(self.database).await
    }
}

/// Defines each test for each store.
macro_rules! conformance {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(super::TestStore::on(super::TestDatabase::sqlite()).await).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let Some(database) = super::TestDatabase::postgres().await else { return };
                    super::$test(super::TestStore::on(database).await).await;
                }
            )*
        }
    };
}

conformance! {
    a_change_updates_the_state_and_the_log
    a_change_that_does_not_follow_the_head_is_rejected
    an_id_can_be_claimed_only_once
    a_decision_is_recorded_once
    failed_work_is_rolled_back_alone
    many_writers_lose_nothing
    commits_send_hints
    ranges_equal_a_brute_force_filter
    an_empty_interval_is_in_exactly_one_of_two_adjacent_ranges
    conflicts_exclude_cancelled_and_the_appointment_itself
    a_page_of_the_log_is_dense_and_bounded
    a_deleted_calendar_keeps_its_log
    pruning_removes_the_start_of_a_log
    a_restore_bump_leaves_a_gap_in_every_log
    calendars_are_listed_by_name
    a_closed_store_is_unavailable
}

/// Work that runs a closure.
struct ClosureWork<F>(F);

#[async_trait]
impl<T, F> Work for ClosureWork<F>
where
    T: Send + 'static,
    F: for<'t> Fn(&'t mut dyn Transaction) -> BoxFuture<'t, Result<T, StoreError>>
        + Send
        + Sync
        + 'static,
{
    type Output = T;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<T, StoreError> {
        (self.0)(tx).await
    }
}

type BoxFuture<'t, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 't>>;

fn work<T, F>(run: F) -> ClosureWork<F>
where
    F: for<'t> Fn(&'t mut dyn Transaction) -> BoxFuture<'t, Result<T, StoreError>>,
{
    ClosureWork(run)
}

/// Runs `$body` in a transaction of `$test`, with clones of the variables `$name`.
macro_rules! in_transaction {
    ($test:expr, |$tx:ident $(, $name:ident)*| $body:expr) => {{
        $(let $name = $name.clone();)*
        let work = work(move |$tx| {
            $(let $name = $name.clone();)*
            Box::pin(async move { $body })
        });
        store::write(&*$test.store, work).await
    }};
}

mod only_postgres;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

const CALENDAR: CalendarId = CalendarId(Uuid::from_u128(1));
const OTHER: CalendarId = CalendarId(Uuid::from_u128(2));
const CREATED_AS: Fingerprint = Fingerprint([7; 32]);

fn calendar(id: CalendarId, name: &str) -> Calendar {
    let content = CalendarContent {
        name: name.into(),
        color: None,
        time_zone: Zone::UTC,
        overlaps: OverlapPolicy::Allow,
    };
    Calendar { id, revision: Revision::ZERO, is_default: id == CALENDAR, content }
}

async fn create_calendar(test: &TestStore, id: CalendarId, name: &str) -> Calendar {
    let calendar = calendar(id, name);
    in_transaction!(test, |tx, calendar| {
        assert!(tx.claim_id(calendar.id.into(), calendar.id, CREATED_AS).await?);
        tx.insert_calendar(&calendar).await
    })
    .unwrap();
    calendar
}

fn appointment(number: u128, start: i64, seconds: i64) -> Appointment {
    let start = Instant::from_unix(start);
    Appointment {
        id: AppointmentId(id(1_000 + number)),
        calendar_id: CALENDAR,
        revision: Revision::ZERO,
        created_at: Instant::from_unix(5),
        updated_at: Instant::from_unix(6),
        content: AppointmentContent {
            title: format!("№ {number}"),
            description: Some("“so”\n".into()),
            location: None,
            starts_at: start,
            ends_at: start.plus(seconds),
            all_day: false,
            time_zone: Zone::parse("Europe/Berlin").unwrap(),
            status: AppointmentStatus::NoShow,
            attendees: vec![Attendee {
                email: "ada@example.org".into(),
                name: Some("Ada".into()),
                response: AttendeeResponse::Declined,
            }],
        },
    }
}

/// Applies `body` as the calendar's next change, with its revision and a claimed id.
async fn apply_next(tx: &mut dyn Transaction, body: ChangeKind) -> Result<Change, StoreError> {
    let row = tx.lock_calendar(CALENDAR).await?.expect("the calendar");
    let revision = row.head.next();
    let before = match &body {
        ChangeKind::Updated(Appointment { id, .. }) | ChangeKind::Deleted(id) => {
            tx.appointment(CALENDAR, *id).await?.map(|it| it.content.interval())
        }
        _ => None,
    };
    let body = match body {
        ChangeKind::Created(it) => {
            assert!(tx.claim_id(it.id.into(), CALENDAR, CREATED_AS).await?);
            ChangeKind::Created(Appointment { revision, ..it })
        }
        ChangeKind::Updated(it) => ChangeKind::Updated(Appointment { revision, ..it }),
        ChangeKind::CalendarUpdated(it) => ChangeKind::CalendarUpdated(Calendar { revision, ..it }),
        other => other,
    };
    let change = Change {
        calendar_id: CALENDAR,
        revision,
        kind: body,
        before,
        mutation_id: Some(MutationId(id(9))),
        actor: Actor::Anonymous,
        at: Instant::from_unix(i64::try_from(revision.get()).unwrap()),
    };
    tx.apply(&change).await?;
    Ok(change)
}

async fn commit(test: &TestStore, body: ChangeKind) -> Change {
    in_transaction!(test, |tx, body| apply_next(tx, body).await).unwrap()
}

async fn log(test: &TestStore, after: u64) -> Vec<Change> {
    let page = test.store.log_after(CALENDAR, Revision::new(after).unwrap()).await.unwrap();
    page.unwrap().changes
}

async fn a_change_updates_the_state_and_the_log(test: TestStore) {
    let calendar = create_calendar(&test, CALENDAR, "it").await;
    let first = appointment(1, 100, 10);
    let mut second = first.clone();
    second.content.starts_at = Instant::from_unix(90);
    second.content.attendees.clear();
    let renamed = Calendar {
        content: CalendarContent { name: "new".into(), ..calendar.content.clone() },
        ..calendar
    };
    let mut changes = Vec::new();
    for body in [
        ChangeKind::Created(first.clone()),
        ChangeKind::Updated(second),
        ChangeKind::CalendarUpdated(renamed),
        ChangeKind::Deleted(first.id),
    ] {
        let change = commit(&test, body).await;
        match &change.kind {
            ChangeKind::Created(it) | ChangeKind::Updated(it) => {
                assert_eq!(test.store.appointment(it.id).await.unwrap().as_ref(), Some(it));
            }
            ChangeKind::CalendarUpdated(it) => {
                assert_eq!(&test.store.calendars(&[CALENDAR]).await.unwrap()[0].calendar, it);
            }
            _ => assert_eq!(test.store.appointment(first.id).await.unwrap(), None),
        }
        changes.push(change);
    }
    assert_eq!(changes[3].before.unwrap().start, Instant::from_unix(90));
    let test = test.reopen().await;
    assert_eq!(log(&test, 0).await, changes);
    assert_eq!(
        test.store.heads(&[CALENDAR, OTHER]).await.unwrap(),
        [(CALENDAR, changes[3].revision)]
    );
}

async fn a_change_that_does_not_follow_the_head_is_rejected(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let mut change = commit(&test, ChangeKind::Created(appointment(1, 0, 1))).await;
    for wrong in [1, 3] {
        change.revision = Revision::new(wrong).unwrap();
        change.kind = ChangeKind::Updated(appointment(1, 50, 1));
        let refused = in_transaction!(test, |tx, change| tx.apply(&change).await);
        assert!(matches!(refused, Err(StoreError::Failed(_))));
    }
    let found = test.store.appointment(appointment(1, 0, 1).id).await.unwrap().unwrap();
    assert_eq!(found.content.starts_at, Instant::from_unix(0));
    assert_eq!(log(&test, 0).await.len(), 1);
}

async fn an_id_can_be_claimed_only_once(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    create_calendar(&test, OTHER, "other").await;
    let it = appointment(1, 0, 1);
    commit(&test, ChangeKind::Created(it.clone())).await;
    let deleted = commit(&test, ChangeKind::Deleted(it.id)).await;
    for (taken, place) in
        [(CALENDAR.into(), OTHER), (it.id.into(), CALENDAR), (it.id.into(), OTHER)]
    {
        let claimed = in_transaction!(test, |tx| tx.claim_id(taken, place, CREATED_AS).await);
        assert!(!claimed.unwrap());
    }
    let place = in_transaction!(test, |tx, it| tx.locate(it.id.into()).await).unwrap().unwrap();
    assert_eq!((place.calendar_id, place.created_as), (CALENDAR, CREATED_AS));
    assert_eq!(place.deleted, Some(deleted.revision));
    let unknown = in_transaction!(test, |tx| tx.locate(EntityId(id(77))).await).unwrap();
    assert_eq!(unknown, None);
}

async fn a_decision_is_recorded_once(test: TestStore) {
    let mutation = MutationId(id(5));
    let ask = async |test: &TestStore| {
        in_transaction!(test, |tx| tx.find_decision(mutation).await).unwrap()
    };
    assert_eq!(ask(&test).await, None);
    let at = Instant::from_unix(1);
    in_transaction!(test, |tx| tx.record_decision(mutation, CREATED_AS, "{\"Ok\":1}", at).await)
        .unwrap();
    let again =
        in_transaction!(test, |tx| tx.record_decision(mutation, CREATED_AS, "{}", at).await);
    assert!(again.is_err(), "a decision cannot be replaced");
    let test = test.reopen().await;
    assert_eq!(ask(&test).await, Some((CREATED_AS, "{\"Ok\":1}".into())));
}

async fn failed_work_is_rolled_back_alone(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let test = Arc::new(test);
    // They run concurrently, so that they may share a transaction.
    let all = (0..60).map(|n| {
        let test = test.clone();
        async move {
            in_transaction!(test, |tx| {
                apply_next(tx, ChangeKind::Created(appointment(n, 0, 1))).await?;
                match n % 3 {
                    0 => Ok(()),
                    1 => Err(StoreError::Failed("no".into())),
                    _ => panic!("a bug"),
                }
            })
        }
    });
    let done = futures_util::future::join_all(all).await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 20);
    let log = log(&test, 0).await;
    assert_eq!(log.len(), 20);
    assert!((1..).zip(&log).all(|(n, it)| it.revision.get() == n), "dense");
}

async fn many_writers_lose_nothing(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let test = Arc::new(test);
    let all = (0..100).map(|n| {
        let test = test.clone();
        tokio::task::spawn(
            async move { commit(&test, ChangeKind::Created(appointment(n, 0, 1))).await },
        )
    });
    let mut seen: Vec<_> = Vec::new();
    for done in futures_util::future::join_all(all).await {
        seen.push(done.unwrap().revision.get());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    let test = Arc::into_inner(test).unwrap().reopen().await;
    assert_eq!(log(&test, 0).await.len(), 100);
}

async fn commits_send_hints(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let (hints, head) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Revision::ZERO)));
    let (counter, latest) = (hints.clone(), head.clone());
    test.store.on_commit(Box::new(move |hint| {
        let Hint::Committed(heads) = hint else { return };
        counter.fetch_add(heads.len(), Ordering::SeqCst);
        for &(calendar, head) in heads {
            assert_eq!(calendar, CALENDAR);
            let mut latest = latest.lock().unwrap();
            // Hints may arrive out of order.
            *latest = head.max(*latest);
        }
    }));
    let all = (0..100).map(|n| commit(&test, ChangeKind::Created(appointment(n, 0, 1))));
    futures_util::future::join_all(all).await;
    // A transaction that changes nothing sends no hint.
    in_transaction!(test, |tx| tx.lock_calendar(CALENDAR).await.map(|_| ())).unwrap();
    let last = commit(&test, ChangeKind::Created(appointment(100, 0, 1))).await;
    tokio::time::timeout(crate::world::TEST_TIMEOUT, async {
        while *head.lock().unwrap() < last.revision {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("a hint of the last commit");
    let hints = hints.load(Ordering::SeqCst);
    assert!((2..=101).contains(&hints), "{hints} hints");
}

async fn ranges_equal_a_brute_force_filter(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let mut runner = TestRunner::deterministic();
    let interval =
        || (-400_000..400_000_i64, prop_oneof![0..5_i64, 0..5_000_i64, 0..31_622_400_i64]);
    let all = proptest::collection::vec(interval(), 300);
    let all = all.new_tree(&mut runner).unwrap().current();
    let all: Vec<_> =
        (0..).zip(all).map(|(n, (start, seconds))| appointment(n, start, seconds)).collect();
    for it in all.clone() {
        commit(&test, ChangeKind::Created(it)).await;
    }
    for _ in 0..200 {
        let (start, seconds) = interval().new_tree(&mut runner).unwrap().current();
        let start = Instant::from_unix(start);
        let range = Interval { start, end: start.plus(seconds + 1) };
        let mut expected: Vec<_> =
            all.iter().filter(|it| it.content.interval().touches(&range)).collect();
        expected
            .sort_by_key(|it| (it.content.starts_at, std::cmp::Reverse(it.content.ends_at), it.id));
        let found = test.store.range(CALENDAR, range, 10_000).await.unwrap().unwrap();
        let ids = |them: &[Appointment]| them.iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(&found.appointments), expected.iter().map(|it| it.id).collect::<Vec<_>>());
        assert_eq!((found.revision.get(), found.calendar.id), (300, CALENDAR));
        let few = test.store.range(CALENDAR, range, 3).await.unwrap().unwrap();
        assert_eq!(few.appointments.len(), found.appointments.len().min(3));
        assert!(few.appointments.iter().all(|it| found.appointments.contains(it)));
    }
    let range = Interval { start: Instant::from_unix(0), end: Instant::from_unix(1) };
    assert_eq!(test.store.range(OTHER, range, 10).await.unwrap(), None);
}

/// Case 4 of the domain: only an import can create one.
async fn an_empty_interval_is_in_exactly_one_of_two_adjacent_ranges(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    commit(&test, ChangeKind::Created(appointment(1, 100, 0))).await;
    let count = async |start, end| {
        let range = Interval { start: Instant::from_unix(start), end: Instant::from_unix(end) };
        test.store.range(CALENDAR, range, 10).await.unwrap().unwrap().appointments.len()
    };
    assert_eq!((count(100, 200).await, count(0, 100).await), (1, 0));
    assert_eq!((count(50, 150).await, count(101, 200).await), (1, 0));
}

async fn conflicts_exclude_cancelled_and_the_appointment_itself(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    for n in 0..15 {
        commit(&test, ChangeKind::Created(appointment(n, i64::try_from(n).unwrap() * 10, 10)))
            .await;
    }
    let mut off = appointment(99, 0, 150);
    off.content.status = AppointmentStatus::Cancelled;
    commit(&test, ChangeKind::Created(off)).await;
    let ask = async |start, end, except: Option<AppointmentId>| {
        let slot = Interval { start: Instant::from_unix(start), end: Instant::from_unix(end) };
        let found =
            in_transaction!(test, |tx| tx.find_conflicts(CALENDAR, slot, except).await).unwrap();
        (found.earliest.len(), found.count)
    };
    assert_eq!(ask(0, 150, None).await, (10, 15));
    assert_eq!(ask(10, 20, None).await, (1, 1));
    assert_eq!(ask(10, 20, Some(appointment(1, 0, 0).id)).await, (0, 0));
    assert_eq!(ask(150, 160, None).await, (0, 0));
    let overlapping =
        async || in_transaction!(test, |tx| tx.find_overlaps(CALENDAR).await).unwrap();
    assert_eq!(overlapping().await, store::Conflicts::default());
    commit(&test, ChangeKind::Created(appointment(50, 95, 10))).await;
    let found = overlapping().await;
    let starts: Vec<_> = found.earliest.iter().map(|it| it.content.starts_at.unix()).collect();
    assert_eq!((starts, found.count), (vec![90, 95, 100], 3));
    assert_eq!(in_transaction!(test, |tx| tx.count_appointments(CALENDAR).await).unwrap(), 17);
}

async fn a_page_of_the_log_is_dense_and_bounded(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let mut large = appointment(0, 0, 1);
    for n in 0..200 {
        // Deletions have no state. They must not be skipped between two large changes.
        large.id = AppointmentId(id(2_000 + n));
        large.content.description = Some("x".repeat(if n % 10 == 0 { 60_000 } else { 1 }));
        commit(&test, ChangeKind::Created(large.clone())).await;
        commit(&test, ChangeKind::Deleted(large.id)).await;
    }
    let mut position = 0;
    while position < 400 {
        let page = log(&test, position).await;
        assert!(!page.is_empty() && page.len() <= LOG_PAGE_ROWS, "{} changes", page.len());
        let bytes: usize = page.iter().map(|it| state_size(&it.kind)).sum();
        assert!(bytes <= LOG_PAGE_BYTES + 70_000, "{bytes} bytes");
        for change in page {
            position += 1;
            assert_eq!(change.revision.get(), position);
        }
    }
    assert_eq!(log(&test, 400).await, []);
    assert!(test.store.log_after(OTHER, Revision::ZERO).await.unwrap().is_none());
}

fn state_size(body: &ChangeKind) -> usize {
    match body {
        ChangeKind::Created(it) | ChangeKind::Updated(it) => {
            serde_json::to_string(it).unwrap().len()
        }
        _ => 0,
    }
}

async fn a_deleted_calendar_keeps_its_log(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    let it = appointment(1, 0, 1);
    commit(&test, ChangeKind::Created(it.clone())).await;
    let gone = commit(&test, ChangeKind::CalendarGone).await;
    let page = test.store.log_after(CALENDAR, Revision::ZERO).await.unwrap().unwrap();
    assert!(page.deleted && page.head == gone.revision && page.changes.len() == 2);
    assert_eq!(test.store.appointment(it.id).await.unwrap(), None);
    assert_eq!(test.store.default_calendar().await.unwrap(), None);
    assert_eq!(test.store.calendars_by_name(None, 10).await.unwrap(), []);
    assert_eq!(test.store.calendars(&[CALENDAR]).await.unwrap()[0].deleted, Some(gone.revision));
    let range = Interval { start: Instant::from_unix(0), end: Instant::from_unix(9) };
    assert_eq!(test.store.range(CALENDAR, range, 10).await.unwrap(), None);
    for claimed in [EntityId::from(CALENDAR), it.id.into()] {
        let place = in_transaction!(test, |tx| tx.locate(claimed).await).unwrap().unwrap();
        assert_eq!(place.deleted, Some(gone.revision));
    }
    let more = in_transaction!(test, |tx| apply_next(tx, ChangeKind::CalendarGone).await);
    assert!(more.is_err(), "no change follows");
}

async fn pruning_removes_the_start_of_a_log(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    for n in 0..10 {
        commit(&test, ChangeKind::Created(appointment(n, 0, 1))).await; // at second n + 1
        let (mutation, at) = (MutationId(id(n)), Instant::from_unix(i64::try_from(n).unwrap()));
        in_transaction!(test, |tx| tx.record_decision(mutation, CREATED_AS, "{}", at).await)
            .unwrap();
    }
    let prune = async |changes, ledger, batch| {
        let (changes, ledger) = (Instant::from_unix(changes), Instant::from_unix(ledger));
        in_transaction!(test, |tx| tx.prune(changes, ledger, batch).await).unwrap()
    };
    let reaches = async || in_transaction!(test, |tx| tx.ledger_start().await).unwrap().unix();
    assert_eq!((prune(0, 0, 100).await, reaches().await), (0, 0));
    assert_eq!(prune(6, 0, 2).await, 2, "in small batches");
    assert_eq!(prune(6, 0, 100).await, 3);
    let page = test.store.log_after(CALENDAR, Revision::ZERO).await.unwrap().unwrap();
    assert_eq!((page.pruned.get(), page.head.get(), page.changes.len()), (5, 10, 5));
    assert_eq!(prune(0, 4, 100).await, 4, "the ledger has a time of its own");
    assert_eq!((prune(0, 2, 100).await, reaches().await), (0, 4), "it does not go back");
    let known = async |n| {
        in_transaction!(test, |tx| tx.find_decision(MutationId(id(n))).await).unwrap().is_some()
    };
    assert!(!known(3).await && known(4).await);
    assert_eq!(prune(1_000, 1_000, 100).await, 5 + 6);
    let last = commit(&test, ChangeKind::Created(appointment(20, 0, 1))).await;
    assert_eq!(last.revision.get(), 11, "no revision is used again");
}

async fn a_restore_bump_leaves_a_gap_in_every_log(test: TestStore) {
    create_calendar(&test, CALENDAR, "it").await;
    create_calendar(&test, OTHER, "other").await;
    let it = appointment(1, 0, 1);
    commit(&test, ChangeKind::Created(it.clone())).await;
    in_transaction!(test, |tx| tx
        .record_decision(MutationId(id(1)), CREATED_AS, "{}", Instant::from_unix(0))
        .await)
    .unwrap();
    assert_eq!(in_transaction!(test, |tx| tx.restore_bump(1_000, 0).await).unwrap(), 2);
    let page = test.store.log_after(CALENDAR, Revision::ZERO).await.unwrap().unwrap();
    assert_eq!((page.head.get(), page.pruned.get(), page.changes.len()), (1_001, 1_001, 0));
    let stamped = test.store.appointment(it.id).await.unwrap().unwrap();
    assert_eq!(stamped.revision.get(), 1_001);
    for row in test.store.calendars(&[CALENDAR, OTHER]).await.unwrap() {
        assert_eq!(row.calendar.revision, row.head);
    }
    assert!(
        in_transaction!(test, |tx| tx.find_decision(MutationId(id(1))).await).unwrap().is_some()
    );
    assert_eq!(commit(&test, ChangeKind::Deleted(it.id)).await.revision.get(), 1_002);
    in_transaction!(test, |tx| tx.restore_bump(1_000, 50_000).await).unwrap();
    let heads = test.store.heads(&[CALENDAR, OTHER]).await.unwrap();
    assert!(heads.iter().all(|it| it.1.get() == 50_000), "{heads:?}");
    in_transaction!(test, |tx| tx.restore_bump(1_000, 50_000).await).unwrap();
    let heads = test.store.heads(&[CALENDAR, OTHER]).await.unwrap();
    assert!(heads.iter().all(|it| it.1.get() == 51_000), "{heads:?}");
}

async fn calendars_are_listed_by_name(test: TestStore) {
    for (n, name) in [(3, "b"), (4, "a"), (5, "b"), (6, "c")] {
        create_calendar(&test, CalendarId(id(n)), name).await;
    }
    let page = async |after: Option<(&str, u128)>, limit| {
        let after = after.map(|(name, n)| (name, CalendarId(id(n))));
        let found = test.store.calendars_by_name(after, limit).await.unwrap();
        found.iter().map(|it| it.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 10).await, [4, 3, 5, 6]);
    assert_eq!(page(None, 2).await, [4, 3]);
    assert_eq!(page(Some(("b", 3)), 10).await, [5, 6]);
    assert_eq!(page(Some(("bb", 0)), 10).await, [6]);
    assert_eq!(test.store.default_calendar().await.unwrap(), None);
    create_calendar(&test, CALENDAR, "z").await;
    assert_eq!(test.store.default_calendar().await.unwrap(), Some(CALENDAR));
}

async fn a_closed_store_is_unavailable(test: TestStore) {
    assert!(in_transaction!(test, |tx| tx.lock_first_calendar().await).unwrap());
    create_calendar(&test, CALENDAR, "it").await;
    assert!(!in_transaction!(test, |tx| tx.lock_first_calendar().await).unwrap());
    test.store.ready().await.unwrap();
    test.store.close().await;
    test.tasks.close();
    test.tasks.wait().await;
    let late = in_transaction!(test, |tx| tx.lock_calendar(CALENDAR).await.map(|_| ()));
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
    assert!(matches!(test.store.ready().await, Err(StoreError::Unavailable(_))));
}
