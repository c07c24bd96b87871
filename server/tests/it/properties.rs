//! Property tests: random operations on the server and on a small model must give equal results,
//! logs, ranges and ledgers. Also tests revisions after repeated restores.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use appointments_server::clock::Clock;
use appointments_server::commands::{Commands, Retention};
use appointments_server::domain::*;
use appointments_server::feed::{EventKind, Feed};
use appointments_server::queries::Queries;
use proptest::prelude::*;
use uuid::Uuid;

use crate::database::TestDatabase;
use crate::stores::TestStore;

/// The start of the model's time, which counts in units of ten minutes.
const EPOCH: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z

/// One operation. Numbers are small, so that operations interact.
#[derive(Clone, Debug)]
enum Operation {
    Create {
        id: u8,
        start: u8,
        length: u8,
        busy: bool,
    },
    Move {
        id: u8,
        start: u8,
        length: u8,
        seen: Expected,
    },
    Rename {
        id: u8,
        title: u8,
        seen: Expected,
    },
    SetBusy {
        id: u8,
        busy: bool,
    },
    Delete {
        id: u8,
        seen: Expected,
    },
    /// Sends an earlier mutation again, unchanged.
    Retry(usize),
    /// Sends other content under an earlier mutation id.
    Reuse(usize),
}

/// The revision that the caller expects.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Any,
    Current,
    Stale,
}

fn operation() -> impl Strategy<Value = Operation> {
    let seen = || {
        prop_oneof![
            4 => Just(Expected::Any),
            1 => Just(Expected::Current),
            1 => Just(Expected::Stale),
        ]
    };
    let id = || 0..8_u8;
    let start = || 0..24_u8;
    let length = || 1..5_u8;
    prop_oneof![
        5 => (id(), start(), length(), prop::bool::weighted(0.8))
            .prop_map(|(id, start, length, busy)| Operation::Create { id, start, length, busy }),
        4 => (id(), start(), length(), seen())
            .prop_map(|(id, start, length, seen)| Operation::Move { id, start, length, seen }),
        2 => (id(), 0..3_u8, seen())
            .prop_map(|(id, title, seen)| Operation::Rename { id, title, seen }),
        2 => (id(), any::<bool>()).prop_map(|(id, busy)| Operation::SetBusy { id, busy }),
        2 => (id(), seen()).prop_map(|(id, seen)| Operation::Delete { id, seen }),
        2 => any::<usize>().prop_map(Operation::Retry),
        1 => any::<usize>().prop_map(Operation::Reuse),
    ]
}

/// A minimal implementation of a calendar with REJECT.
#[derive(Default)]
struct Model {
    head: u64,
    appointments: BTreeMap<u8, ModelAppointment>,
    /// Each id's original content, and whether it is deleted.
    used: HashMap<u8, (ModelAppointment, bool)>,
    /// The kind and id of each change.
    log: Vec<(&'static str, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct ModelAppointment {
    start: u8,
    length: u8,
    busy: bool,
    title: u8,
    revision: u64,
}

impl ModelAppointment {
    fn overlaps(&self, other: &Self) -> bool {
        self.start < other.start + other.length && other.start < self.start + self.length
    }

    fn has_same_content(&self, other: &Self) -> bool {
        Self { revision: 0, ..*self } == Self { revision: 0, ..*other }
    }
}

impl Model {
    /// Creates an appointment. Returns its revision, or the name of the refusal.
    fn create(&mut self, id: u8, new: ModelAppointment) -> Result<u64, &'static str> {
        if let Some((created, deleted)) = self.used.get(&id) {
            return match self.appointments.get(&id) {
                Some(it)
                    if !deleted
                        && (created.has_same_content(&new) || it.has_same_content(&new)) =>
                {
                    Ok(it.revision)
                }
                _ => Err("IdAlreadyUsed"),
            };
        }
        self.check_slot(id, &new)?;
        self.used.insert(id, (new, false));
        Ok(self.put("created", id, new))
    }

    fn update(
        &mut self,
        id: u8,
        expected: Option<u64>,
        edit: impl FnOnce(&mut ModelAppointment),
    ) -> Result<u64, &'static str> {
        let old = *self.appointments.get(&id).ok_or("NotFound")?;
        if expected.is_some_and(|it| it != old.revision) {
            return Err("RevisionConflict");
        }
        let mut new = old;
        edit(&mut new);
        if new == old {
            return Ok(old.revision);
        }
        if !old.busy || (new.start, new.length) != (old.start, old.length) {
            self.check_slot(id, &new)?;
        }
        Ok(self.put("updated", id, new))
    }

    fn delete(&mut self, id: u8, expected: Option<u64>) -> Result<u64, &'static str> {
        let old = *self.appointments.get(&id).ok_or("NotFound")?;
        if expected.is_some_and(|it| it != old.revision) {
            return Err("RevisionConflict");
        }
        self.appointments.remove(&id);
        self.used.entry(id).and_modify(|it| it.1 = true);
        self.head += 1;
        self.log.push(("deleted", id));
        Ok(self.head)
    }

    fn check_slot(&self, id: u8, new: &ModelAppointment) -> Result<(), &'static str> {
        let taken =
            |(other, it): (&u8, &ModelAppointment)| *other != id && it.busy && it.overlaps(new);
        if new.busy && self.appointments.iter().any(taken) { Err("TimeSlotTaken") } else { Ok(()) }
    }

    fn put(&mut self, kind: &'static str, id: u8, new: ModelAppointment) -> u64 {
        self.head += 1;
        self.appointments.insert(id, ModelAppointment { revision: self.head, ..new });
        self.log.push((kind, id));
        self.head
    }

    fn expected(&self, id: u8, seen: Expected) -> Option<u64> {
        let last = self.appointments.get(&id).map_or(0, |it| it.revision);
        match seen {
            Expected::Any => None,
            Expected::Current => Some(last),
            Expected::Stale => Some(last.saturating_sub(1)),
        }
    }
}

/// A mutation, kept so that it can be sent again.
#[derive(Clone)]
enum Sent {
    Create(CreateAppointmentInput),
    Update(UpdateAppointmentInput),
    Delete(DeleteAppointmentInput),
}

struct World {
    commands: Commands,
    queries: Queries,
    feed: Feed,
    calendar: CalendarId,
    test: TestStore,
}

impl World {
    async fn new() -> Self {
        let test = TestStore::on(TestDatabase::selected().await).await;
        let clock = Clock::from(|| Instant::from_unix(EPOCH));
        let commands = Commands::new(test.store.clone(), clock, Retention::default());
        let input = CreateCalendarInput {
            id: None,
            name: "it".into(),
            color: None,
            time_zone: "UTC".into(),
            overlaps: OverlapPolicy::Reject,
        };
        let made = commands.create_calendar(&Actor::Anonymous, input).await;
        let calendar = made.unwrap().unwrap().id;
        let queries = Queries::new(test.store.clone());
        let feed = Feed::start(Arc::clone(&test.store) as _);
        Self { commands, queries, feed, calendar, test }
    }

    /// Sends a mutation. Returns the resulting revision, or the name of the refusal.
    async fn send(&self, sent: Sent) -> Result<u64, String> {
        let actor = &Actor::Anonymous;
        let revision = match sent {
            Sent::Create(input) => {
                let made = self.commands.create_appointment(actor, input).await.unwrap();
                made.map(|it| it.revision)
            }
            Sent::Update(input) => {
                let made = self.commands.update_appointment(actor, input).await.unwrap();
                made.map(|it| it.revision)
            }
            Sent::Delete(input) => {
                let made = self.commands.delete_appointment(actor, input).await.unwrap();
                made.map(|it| it.revision)
            }
        };
        revision.map(Revision::get).map_err(|refusal| {
            let text = format!("{refusal:?}");
            text.chars().take_while(char::is_ascii_alphanumeric).collect()
        })
    }
}

fn at(time: u8) -> String {
    Instant::from_unix(EPOCH + i64::from(time) * 600).to_string()
}

/// Derives an id from a number.
fn entity_id(id: u8) -> String {
    Uuid::from_u128(0x7000_8000_0000_0000_0000 + u128::from(id)).to_string()
}

fn create(id: u8, it: ModelAppointment, mutation: &str) -> Sent {
    Sent::Create(CreateAppointmentInput {
        id: Some(entity_id(id)),
        calendar_id: None,
        title: format!("{}", it.title),
        description: None,
        location: None,
        starts_at: at(it.start),
        ends_at: at(it.start + it.length),
        all_day: false,
        time_zone: None,
        status: status(it.busy),
        attendees: Vec::new(),
        mutation_id: Some(mutation.to_owned()),
    })
}

fn update(id: u8, expected: Option<u64>, mutation: &str, edits: UpdateAppointmentInput) -> Sent {
    Sent::Update(UpdateAppointmentInput {
        id: entity_id(id),
        expected_revision: expected.and_then(Revision::new),
        mutation_id: Some(mutation.to_owned()),
        ..edits
    })
}

fn status(busy: bool) -> AppointmentStatus {
    if busy { AppointmentStatus::Confirmed } else { AppointmentStatus::Cancelled }
}

/// Applies an operation to the model. Returns the mutation to send, and the expected result.
fn apply_to_model(
    model: &mut Model,
    operation: &Operation,
    mutation: &str,
) -> (Sent, Result<u64, &'static str>) {
    match *operation {
        Operation::Create { id, start, length, busy } => {
            let new = ModelAppointment { start, length, busy, title: 0, revision: 0 };
            (create(id, new, mutation), model.create(id, new))
        }
        Operation::Move { id, start, length, seen } => {
            let expected = model.expected(id, seen);
            let edits = UpdateAppointmentInput {
                starts_at: Maybe::Set(at(start)),
                ends_at: Maybe::Set(at(start + length)),
                ..UpdateAppointmentInput::default()
            };
            let done = model.update(id, expected, |it| (it.start, it.length) = (start, length));
            (update(id, expected, mutation, edits), done)
        }
        Operation::Rename { id, title, seen } => {
            let expected = model.expected(id, seen);
            let edits = UpdateAppointmentInput {
                title: Maybe::Set(title.to_string()),
                ..UpdateAppointmentInput::default()
            };
            let done = model.update(id, expected, |it| it.title = title);
            (update(id, expected, mutation, edits), done)
        }
        Operation::SetBusy { id, busy } => {
            let edits = UpdateAppointmentInput {
                status: Maybe::Set(status(busy)),
                ..UpdateAppointmentInput::default()
            };
            let done = model.update(id, None, |it| it.busy = busy);
            (update(id, None, mutation, edits), done)
        }
        Operation::Delete { id, seen } => {
            let expected = model.expected(id, seen);
            let sent = DeleteAppointmentInput {
                id: entity_id(id),
                expected_revision: expected.and_then(Revision::new),
                mutation_id: Some(mutation.to_owned()),
            };
            (Sent::Delete(sent), model.delete(id, expected))
        }
        Operation::Retry(_) | Operation::Reuse(_) => unreachable!("the caller handles these"),
    }
}

/// Returns a mutation with other content under the same mutation id.
fn reuse_mutation_id(sent: &Sent) -> Sent {
    let mutation = match sent {
        Sent::Create(it) => &it.mutation_id,
        Sent::Update(it) => &it.mutation_id,
        Sent::Delete(it) => &it.mutation_id,
    };
    let other = ModelAppointment { start: 200, length: 7, busy: true, title: 99, revision: 0 };
    create(200, other, mutation.as_deref().unwrap())
}

async fn check(operations: Vec<Operation>) {
    let world = World::new().await;
    let mut model = Model::default();
    let mut ledger: Vec<(Sent, Result<u64, &'static str>)> = Vec::new();
    for (n, operation) in operations.iter().enumerate() {
        let mutation = Uuid::from_u128(0x4000_8000_0000_0000_0001 + n as u128).to_string();
        match operation {
            Operation::Retry(_) | Operation::Reuse(_) if ledger.is_empty() => {}
            Operation::Retry(which) => {
                let (sent, first) = ledger[which % ledger.len()].clone();
                assert_eq!(world.send(sent).await, first.map_err(str::to_owned), "retry");
            }
            Operation::Reuse(which) => {
                let sent = reuse_mutation_id(&ledger[which % ledger.len()].0);
                assert_eq!(
                    world.send(sent).await,
                    Err("InvalidInput".into()),
                    "reused mutation id"
                );
            }
            operation => {
                let (sent, expected) = apply_to_model(&mut model, operation, &mutation);
                let found = world.send(sent.clone()).await;
                assert_eq!(found, expected.map_err(str::to_owned), "{operation:?}");
                ledger.push((sent, expected));
            }
        }
    }
    check_ranges(&world, &model).await;
    check_log(&world, &model).await;
    for (sent, first) in ledger {
        assert_eq!(
            world.send(sent).await,
            first.map_err(str::to_owned),
            "a retry returns the first result"
        );
    }
    world.test.store.close().await;
}

async fn check_ranges(world: &World, model: &Model) {
    for (start, end) in [(0, 30), (3, 9), (8, 9), (20, 40)] {
        let range = Interval::parse(&at(start), &at(end)).unwrap();
        let found = world.queries.range(&Actor::Anonymous, None, range).await.unwrap();
        assert_eq!((found.revision.get(), found.calendar.id), (model.head, world.calendar));
        let range =
            ModelAppointment { start, length: end - start, busy: true, title: 0, revision: 0 };
        let mut expected: Vec<_> =
            model.appointments.iter().filter(|(_, it)| it.overlaps(&range)).collect();
        expected.sort_by_key(|(id, it)| (it.start, std::cmp::Reverse(it.length), **id));
        let expected: Vec<_> =
            expected.iter().map(|(id, it)| (entity_id(**id), it.revision)).collect();
        let found: Vec<_> =
            found.appointments.iter().map(|it| (it.id.to_string(), it.revision.get())).collect();
        assert_eq!(found, expected, "[{start}, {end})");
    }
}

async fn check_log(world: &World, model: &Model) {
    let (actor, start) = (Actor::Anonymous, Some(Revision::ZERO));
    let mut subscription = world.feed.subscribe(&actor, world.calendar, None, start).await.unwrap();
    let mut changes = Vec::new();
    loop {
        let event = subscription.next().await.unwrap().unwrap();
        match event.kind {
            EventKind::Change(held) => {
                assert_eq!(event.revision.get(), changes.len() as u64 + 1, "dense");
                changes.push(match &held.change.kind {
                    ChangeKind::Created(it) => ("created", it.id.to_string()),
                    ChangeKind::Updated(it) => ("updated", it.id.to_string()),
                    ChangeKind::Deleted(id) => ("deleted", id.to_string()),
                    other => panic!("{other:?}"),
                });
            }
            EventKind::Bookmark => break,
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<_> = model.log.iter().map(|&(kind, id)| (kind, entity_id(id))).collect();
    assert_eq!(changes, expected, "the log is the history");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_server_matches_the_model(operations in prop::collection::vec(operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(check(operations));
    }
}

/// S8: a revision used after the first restore is not used again after the second.
#[tokio::test]
async fn restoring_a_backup_twice_reuses_no_revision() {
    let mut heads = Vec::new();
    for second in [0, 1] {
        // Equal content represents the same backup.
        let World { queries, calendar, test, .. } = World::new().await;
        let clock = Clock::from(move || Instant::from_unix(EPOCH + second));
        let commands = Commands::new(test.store.clone(), clock, Retention::default());
        assert_eq!(commands.restore_bump().await.unwrap(), 1);
        let range = Interval::parse(&at(0), &at(1)).unwrap();
        let found = queries.range(&Actor::Anonymous, Some(calendar), range).await.unwrap();
        heads.push(found.revision.get());
    }
    assert!(heads[1] - heads[0] >= 1_000_000, "a million changes fit in between: {heads:?}");
}
