//! Random operations against a small model: what is answered, the log, the ranges and the ledger
//! are what the model says; and what holds from one restore to the next.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use appointments_server::clock::Clock;
use appointments_server::commands::{Commands, Retention};
use appointments_server::domain::*;
use appointments_server::feed::{EventKind, Feed};
use appointments_server::queries::Queries;
use proptest::prelude::*;
use uuid::Uuid;

use crate::database::Home;
use crate::stores::Fresh;

/// Times are small numbers: tens of minutes after this.
const EPOCH: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z

/// One operation. Numbers are small, so that operations meet each other.
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
        seen: Seen,
    },
    Rename {
        id: u8,
        title: u8,
        seen: Seen,
    },
    SetBusy {
        id: u8,
        busy: bool,
    },
    Delete {
        id: u8,
        seen: Seen,
    },
    /// An earlier mutation is sent again, word for word.
    Again(usize),
    /// An earlier mutation id comes with other content.
    Stolen(usize),
}

/// Which revision the caller expects.
#[derive(Clone, Copy, Debug)]
enum Seen {
    Whatever,
    TheLast,
    AnOldOne,
}

fn operation() -> impl Strategy<Value = Operation> {
    let seen = || prop_oneof![4 => Just(Seen::Whatever), 1 => Just(Seen::TheLast), 1 => Just(Seen::AnOldOne)];
    let (id, start, length) = (|| 0..8_u8, || 0..24_u8, || 1..5_u8);
    prop_oneof![
        5 => (id(), start(), length(), prop::bool::weighted(0.8))
            .prop_map(|(id, start, length, busy)| Operation::Create { id, start, length, busy }),
        4 => (id(), start(), length(), seen())
            .prop_map(|(id, start, length, seen)| Operation::Move { id, start, length, seen }),
        2 => (id(), 0..3_u8, seen()).prop_map(|(id, title, seen)| Operation::Rename { id, title, seen }),
        2 => (id(), any::<bool>()).prop_map(|(id, busy)| Operation::SetBusy { id, busy }),
        2 => (id(), seen()).prop_map(|(id, seen)| Operation::Delete { id, seen }),
        2 => any::<usize>().prop_map(Operation::Again),
        1 => any::<usize>().prop_map(Operation::Stolen),
    ]
}

/// A calendar with REJECT, as small as it can be written.
#[derive(Default)]
struct Model {
    head: u64,
    standing: BTreeMap<u8, Small>,
    /// What each id was created as, and whether it is deleted.
    used: HashMap<u8, (Small, bool)>,
    /// Kind and id of each change.
    log: Vec<(&'static str, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Small {
    start: u8,
    length: u8,
    busy: bool,
    title: u8,
    revision: u64,
}

impl Small {
    fn overlaps(&self, other: &Self) -> bool {
        self.start < other.start + other.length && other.start < self.start + self.length
    }

    fn is_same(&self, other: &Self) -> bool {
        Self { revision: 0, ..*self } == Self { revision: 0, ..*other }
    }
}

impl Model {
    /// What a mutation comes to: the revision that it names, or the name of the refusal.
    fn create(&mut self, id: u8, new: Small) -> Result<u64, &'static str> {
        if let Some((created, deleted)) = self.used.get(&id) {
            return match self.standing.get(&id) {
                Some(it) if !deleted && (created.is_same(&new) || it.is_same(&new)) => {
                    Ok(it.revision)
                }
                _ => Err("IdAlreadyUsed"),
            };
        }
        self.take_slot(id, &new)?;
        self.used.insert(id, (new, false));
        Ok(self.put("created", id, new))
    }

    fn update(
        &mut self,
        id: u8,
        expected: Option<u64>,
        edit: impl FnOnce(&mut Small),
    ) -> Result<u64, &'static str> {
        let old = *self.standing.get(&id).ok_or("NotFound")?;
        if expected.is_some_and(|it| it != old.revision) {
            return Err("RevisionConflict");
        }
        let mut new = old;
        edit(&mut new);
        if new == old {
            return Ok(old.revision);
        }
        if !old.busy || (new.start, new.length) != (old.start, old.length) {
            self.take_slot(id, &new)?;
        }
        Ok(self.put("updated", id, new))
    }

    fn delete(&mut self, id: u8, expected: Option<u64>) -> Result<u64, &'static str> {
        let old = *self.standing.get(&id).ok_or("NotFound")?;
        if expected.is_some_and(|it| it != old.revision) {
            return Err("RevisionConflict");
        }
        self.standing.remove(&id);
        self.used.entry(id).and_modify(|it| it.1 = true);
        self.head += 1;
        self.log.push(("deleted", id));
        Ok(self.head)
    }

    fn take_slot(&self, id: u8, new: &Small) -> Result<(), &'static str> {
        let taken = |(other, it): (&u8, &Small)| *other != id && it.busy && it.overlaps(new);
        if new.busy && self.standing.iter().any(taken) { Err("TimeSlotTaken") } else { Ok(()) }
    }

    fn put(&mut self, kind: &'static str, id: u8, new: Small) -> u64 {
        self.head += 1;
        self.standing.insert(id, Small { revision: self.head, ..new });
        self.log.push((kind, id));
        self.head
    }

    fn expected(&self, id: u8, seen: Seen) -> Option<u64> {
        let last = self.standing.get(&id).map_or(0, |it| it.revision);
        match seen {
            Seen::Whatever => None,
            Seen::TheLast => Some(last),
            Seen::AnOldOne => Some(last.saturating_sub(1)),
        }
    }
}

/// A mutation as it was sent, so that it can be sent again.
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
    fresh: Fresh,
}

impl World {
    async fn new() -> Self {
        let fresh = Fresh::within(Home::any().await).await;
        let clock = Clock::from(|| Instant::from_unix(EPOCH));
        let commands = Commands::new(fresh.store.clone(), clock, Retention::default());
        let input = CreateCalendarInput {
            id: None,
            name: "it".into(),
            color: None,
            time_zone: "UTC".into(),
            overlaps: OverlapPolicy::Reject,
        };
        let made = commands.create_calendar(&Actor::Anonymous, input).await;
        let calendar = made.unwrap().unwrap().id;
        let queries = Queries::new(fresh.store.clone());
        let feed = Feed::start(Arc::clone(&fresh.store) as _);
        Self { commands, queries, feed, calendar, fresh }
    }

    /// Sends a mutation; answers the revision that it names, or the refusal's name.
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

/// The same number is the same id in every run.
fn name(id: u8) -> String {
    Uuid::from_u128(0x7000_8000_0000_0000_0000 + u128::from(id)).to_string()
}

fn create(id: u8, it: Small, mutation: &str) -> Sent {
    Sent::Create(CreateAppointmentInput {
        id: Some(name(id)),
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
        id: name(id),
        expected_revision: expected.and_then(Revision::new),
        mutation_id: Some(mutation.to_owned()),
        ..edits
    })
}

fn status(busy: bool) -> AppointmentStatus {
    if busy { AppointmentStatus::Confirmed } else { AppointmentStatus::Cancelled }
}

/// Lets one operation happen in the model; answers how it is sent, and what must come of it.
fn play(
    model: &mut Model,
    operation: &Operation,
    mutation: &str,
) -> (Sent, Result<u64, &'static str>) {
    match *operation {
        Operation::Create { id, start, length, busy } => {
            let new = Small { start, length, busy, title: 0, revision: 0 };
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
                id: name(id),
                expected_revision: expected.and_then(Revision::new),
                mutation_id: Some(mutation.to_owned()),
            };
            (Sent::Delete(sent), model.delete(id, expected))
        }
        Operation::Again(_) | Operation::Stolen(_) => unreachable!("these are not played"),
    }
}

/// The mutation with other content under the same mutation id.
fn stolen(sent: &Sent) -> Sent {
    let mutation = match sent {
        Sent::Create(it) => &it.mutation_id,
        Sent::Update(it) => &it.mutation_id,
        Sent::Delete(it) => &it.mutation_id,
    };
    let other = Small { start: 200, length: 7, busy: true, title: 99, revision: 0 };
    create(200, other, mutation.as_deref().unwrap())
}

async fn check(operations: Vec<Operation>) {
    let world = World::new().await;
    let mut model = Model::default();
    let mut ledger: Vec<(Sent, Result<u64, &'static str>)> = Vec::new();
    for (n, operation) in operations.iter().enumerate() {
        let mutation = Uuid::from_u128(0x4000_8000_0000_0000_0001 + n as u128).to_string();
        match operation {
            Operation::Again(_) | Operation::Stolen(_) if ledger.is_empty() => {}
            Operation::Again(which) => {
                let (sent, first) = ledger[which % ledger.len()].clone();
                assert_eq!(world.send(sent).await, first.map_err(str::to_owned), "again");
            }
            Operation::Stolen(which) => {
                let sent = stolen(&ledger[which % ledger.len()].0);
                assert_eq!(world.send(sent).await, Err("InvalidInput".into()), "stolen");
            }
            operation => {
                let (sent, expected) = play(&mut model, operation, &mutation);
                let found = world.send(sent.clone()).await;
                assert_eq!(found, expected.map_err(str::to_owned), "{operation:?}");
                ledger.push((sent, expected));
            }
        }
    }
    check_ranges(&world, &model).await;
    check_log(&world, &model).await;
    for (sent, first) in ledger {
        assert_eq!(world.send(sent).await, first.map_err(str::to_owned), "the ledger is exact");
    }
    world.fresh.store.close().await;
}

async fn check_ranges(world: &World, model: &Model) {
    for (start, end) in [(0, 30), (3, 9), (8, 9), (20, 40)] {
        let range = Interval::parse(&at(start), &at(end)).unwrap();
        let found = world.queries.range(&Actor::Anonymous, None, range).await.unwrap();
        assert_eq!((found.revision.get(), found.calendar.id), (model.head, world.calendar));
        let asked = Small { start, length: end - start, busy: true, title: 0, revision: 0 };
        let mut expected: Vec<_> =
            model.standing.iter().filter(|(_, it)| it.overlaps(&asked)).collect();
        expected.sort_by_key(|(id, it)| (it.start, std::cmp::Reverse(it.length), **id));
        let expected: Vec<_> = expected.iter().map(|(id, it)| (name(**id), it.revision)).collect();
        let found: Vec<_> =
            found.appointments.iter().map(|it| (it.id.to_string(), it.revision.get())).collect();
        assert_eq!(found, expected, "[{start}, {end})");
    }
}

async fn check_log(world: &World, model: &Model) {
    let (actor, start) = (Actor::Anonymous, Some(Revision::ZERO));
    let mut follower = world.feed.subscribe(&actor, world.calendar, None, start).await.unwrap();
    let mut heard = Vec::new();
    loop {
        let event = follower.next().await.unwrap().unwrap();
        match event.kind {
            EventKind::Change(held) => {
                assert_eq!(event.revision.get(), heard.len() as u64 + 1, "dense");
                heard.push(match &held.change.kind {
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
    let expected: Vec<_> = model.log.iter().map(|&(kind, id)| (kind, name(id))).collect();
    assert_eq!(heard, expected, "the log is the history");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_server_is_the_model(operations in prop::collection::vec(operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(check(operations));
    }
}

/// S8: a revision that was told after the first restore is not used again after the second.
#[tokio::test]
async fn the_same_backup_restored_twice_uses_no_revision_twice() {
    let mut heads = Vec::new();
    for second in [0, 1] {
        // The same content each time stands for the same backup.
        let World { queries, calendar, fresh, .. } = World::new().await;
        let clock = Clock::from(move || Instant::from_unix(EPOCH + second));
        let commands = Commands::new(fresh.store.clone(), clock, Retention::default());
        assert_eq!(commands.restore_bump().await.unwrap(), 1);
        let range = Interval::parse(&at(0), &at(1)).unwrap();
        let found = queries.range(&Actor::Anonymous, Some(calendar), range).await.unwrap();
        heads.push(found.revision.get());
    }
    assert!(heads[1] - heads[0] >= 1_000_000, "a million changes fit in between: {heads:?}");
}
