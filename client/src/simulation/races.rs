//! The races that other clients lose (R1–R8), through the engine: what is shown at every step of each.

use cynic_cache::Watch;
use futures_channel::oneshot;
use serde_json::{Value, json};

use super::server::{Server, change};
use crate::engine::{Action, Engine, RequestNumber, SubscriptionNumber, What, range_query};
use crate::error::Outcome;
use crate::input::{Changes, NewAppointment};
use crate::operations::{RangeQuery, TimeRange};
use crate::scalars::DateTime;

/// A client that follows a calendar, and a server; nothing moves between them but by a step.
struct Duel {
    server: Server,
    engine: Engine,
    watch: Watch<RangeQuery>,
    subscription: Option<SubscriptionNumber>,
    /// What was sent and not answered, the oldest first.
    sent: Vec<(RequestNumber, Value)>,
    /// Answers that are on their way.
    answers: Vec<(RequestNumber, String)>,
    outcomes: Vec<oneshot::Receiver<Outcome>>,
    heard: u64,
}

const CALENDAR: &str = "c";

fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).unwrap_or_default()
}

fn appointment(id: &str, title: &str, hour: i64) -> Value {
    json!({"__typename": "Appointment", "id": id, "calendarId": CALENDAR, "title": title, "description": null,
           "location": null, "startsAt": at(hour), "endsAt": at(hour + 1), "allDay": false, "timeZone": "UTC",
           "status": "CONFIRMED", "attendees": [], "revision": 0})
}

impl Duel {
    /// A day with `1:one@10` in it, which is followed.
    fn new() -> Self {
        let mut server = Server::default();
        server.calendars.entry(CALENDAR.to_owned()).or_default();
        let mut engine = Engine::new(1).expect("the contract fits");
        let range = TimeRange { start: at(0), end: at(24) };
        let query = range_query(engine.cache(), CALENDAR, range).expect("it fits");
        let watch = engine.cache().watch(&query);
        engine.watch(CALENDAR, query);
        let (sent, answers, outcomes) = (Vec::new(), Vec::new(), Vec::new());
        let mut it =
            Self { server, engine, watch, subscription: None, sent, answers, outcomes, heard: 1 };
        it.somebody("1", "one", 10);
        it.act();
        it.reads(0);
        it.arrives(0);
        it.act();
        it.engine.handle_line(0, true);
        it.act();
        it.tell(&change("BOOKMARK", 1, 1, json!({})));
        it.watch.delta();
        it
    }

    /// Does what the engine wants done.
    fn act(&mut self) {
        while let Some(action) = self.engine.poll(0) {
            match action {
                Action::Send { number, body } => {
                    self.sent.push((number, serde_json::from_str(&body).expect("JSON")));
                }
                Action::Subscribe { number, .. } => self.subscription = Some(number),
                Action::Connect | Action::Unsubscribe { .. } => {}
            }
        }
    }

    fn tell(&mut self, event: &Value) {
        let number = self.subscription.expect("it is followed");
        self.engine.handle_event(0, number, event.to_string().as_bytes());
        self.act();
    }

    /// The server takes one of the requests that were sent, and answers.
    fn reads(&mut self, at: usize) {
        let (number, body) = self.sent.remove(at);
        self.answers.push((number, self.server.answer(&body).to_string()));
    }

    /// The server refuses what it takes.
    fn refuses(&mut self, at: usize) {
        let (number, _) = self.sent.remove(at);
        let error = json!({"__typename": "NotFound", "message": "no", "revision": null});
        let refused = |field: &str| json!({"data": {field: {"appointment": null, "error": error}}});
        let create = refused("createAppointment").to_string();
        // Whichever mutation it was.
        self.engine.handle_answer(0, number, Ok(create.as_bytes()));
        self.act();
    }

    /// One of the answers arrives.
    fn arrives(&mut self, at: usize) {
        let (number, answer) = self.answers.remove(at);
        self.engine.handle_answer(0, number, Ok(answer.as_bytes()));
        self.act();
    }

    /// The next event of the log arrives.
    fn hears(&mut self) {
        self.heard += 1;
        let event = self.server.event(CALENDAR, self.heard);
        self.tell(&event);
    }

    fn somebody(&mut self, id: &str, title: &str, hour: i64) {
        self.server.commit_by_others(CALENDAR, id, Some(appointment(id, title, hour)));
    }

    fn somebody_deletes(&mut self, id: &str) {
        self.server.commit_by_others(CALENDAR, id, None);
    }

    fn mutate(&mut self, id: &str, what: What) {
        let (tell, told) = oneshot::channel();
        self.outcomes.push(told);
        self.engine.mutate(at(0), &cynic::Id::new(CALENDAR), &cynic::Id::new(id), what, tell);
        self.act();
    }

    fn create(&mut self, id: &str, hour: i64) {
        self.mutate(id, What::Create(Box::new(NewAppointment::new(id, at(hour), at(hour + 1)))));
    }

    fn rename(&mut self, title: &str) {
        self.mutate("1", What::Update(Box::new(Changes::new().title(title))));
    }

    fn shift(&mut self, hour: i64) {
        let changes = Changes::new().time(at(hour), at(hour + 1));
        self.mutate("1", What::Update(Box::new(changes)));
    }

    /// The log was lost, so all is asked for again.
    fn is_reset(&mut self) {
        let head = self.server.calendars[CALENDAR].head();
        self.tell(&change("RESET", head, self.heard, json!({})));
        self.heard = head;
    }

    fn shown(&mut self) -> String {
        let view = self.watch.view();
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let word = |it: &crate::model::Appointment| {
            format!("{}@{}", it.title, (it.starts_at - at(0)).num_hours())
        };
        items.unwrap_or_default().iter().map(|it| word(it)).collect::<Vec<_>>().join(" ")
    }
}

type Step = fn(&mut Duel);

/// A race, and what must be shown after each step.
const RACES: &[(&str, &[(Step, &str)])] = &[
    (
        "R1 somebody's enters while my creation pends",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.somebody("2", "two", 11);
                    it.hears();
                },
                "one@10 two@11 mine@12",
            ),
        ],
    ),
    (
        "R2 the base changes the start while my title pends",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (
                |it| {
                    it.somebody("1", "one", 14);
                    it.hears();
                },
                "mine@14",
            ),
        ],
    ),
    (
        "R3 two creations pend, the first fails",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (|it| it.create("b", 12), "one@10 a@11 b@12"),
            (|it| it.refuses(0), "one@10 b@12"),
        ],
    ),
    (
        "R3c somebody's lands while mine pends, then mine fails",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.somebody("2", "two", 11);
                    it.hears();
                },
                "one@10 two@11 mine@12",
            ),
            (|it| it.refuses(0), "one@10 two@11"),
            (
                |it| {
                    it.somebody("1", "uno", 10);
                    it.hears();
                },
                "uno@10 two@11",
            ),
        ],
    ),
    (
        "R4 two of mine on one, and the events behind their answers",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.rename("M2"), "M2@10"),
            (
                |it| {
                    it.reads(0);
                    it.arrives(0);
                },
                "M2@10",
            ),
            (|it| it.reads(0), "M2@10"),
            (|it| it.hears(), "M2@10"),
            (|it| it.arrives(0), "M2@10"),
            (|it| it.hears(), "M2@10"),
        ],
    ),
    (
        "R5 the echo of my creation comes before its answer",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.reads(0);
                    it.hears();
                },
                "one@10 mine@12",
            ),
            (|it| it.arrives(0), "one@10 mine@12"),
        ],
    ),
    (
        "R6 a stale answer after an event",
        &[
            (
                |it| {
                    it.is_reset();
                    it.reads(0);
                },
                "one@10",
            ),
            (
                |it| {
                    it.somebody("1", "new", 10);
                    it.hears();
                },
                "new@10",
            ),
            (|it| it.arrives(0), "new@10"),
        ],
    ),
    (
        "R7 a deletion, then a stale answer with it",
        &[
            (
                |it| {
                    it.is_reset();
                    it.reads(0);
                },
                "one@10",
            ),
            (
                |it| {
                    it.somebody_deletes("1");
                    it.hears();
                },
                "",
            ),
            (|it| it.arrives(0), ""),
        ],
    ),
    (
        "R8 the server confirms exactly what was predicted",
        &[
            (|it| it.shift(12), "one@12"),
            (
                |it| {
                    it.watch.delta();
                    it.reads(0);
                    it.arrives(0);
                    it.hears();
                    assert!(it.watch.delta().is_empty(), "nobody is told again");
                },
                "one@12",
            ),
        ],
    ),
];

#[test]
fn no_race_fools_the_engine() {
    for (name, steps) in RACES {
        let mut duel = Duel::new();
        println!("{name}");
        for (step, expected) in *steps {
            step(&mut duel);
            let shown = duel.shown();
            println!("     {shown:32} must be {expected}");
            assert_eq!(shown, *expected, "{name}");
        }
    }
}
