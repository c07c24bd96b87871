//! The world of most tests: one shelf with a log, and a watch of one day of it.
//!
//! A loan is written `id:title@hour`, an hour long, and with `#revision` where that matters; a list of
//! loans is such words with blanks between them.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use cynic::{MutationBuilder, QueryBuilder, SubscriptionBuilder};
use cynic_cache::{
    Cache, Delta, EntityKey, InFlight, Patch, Prediction, Prepared, Scope, Status, View, Watch,
    WriteOutcome,
};
use futures_util::Stream;

use crate::library::*;

/// A cache that follows shelf `s1`, and a watch of the 23rd, from hour to hour.
pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) shelf: Scope,
    pub(crate) watch: Watcher,
    changes: Prepared<LoanChanges>,
    mutations: HashMap<String, (InFlight, Prepared<CreateLoan>)>,
}

/// A watch, and how often it was woken.
pub(crate) struct Watcher {
    pub(crate) query: Prepared<LoansQuery>,
    pub(crate) watch: Watch<LoansQuery>,
    wakes: Arc<Wakes>,
}

/// Counts wake-ups.
#[derive(Default)]
pub(crate) struct Wakes(pub(crate) AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl World {
    /// A day that was answered at revision 1, and is followed since.
    pub(crate) fn with(loans: &str) -> Self {
        let world = Self::unfollowed(loans);
        world.follow();
        world
    }

    /// A day that was answered at revision 1; whatever happens since is not heard.
    pub(crate) fn unfollowed(loans: &str) -> Self {
        let mut world = Self::empty();
        let request = world.ask();
        world.answer(&request, 1, loans);
        world.watch.rest();
        world
    }

    /// Nothing is known yet, and nothing is followed.
    pub(crate) fn empty() -> Self {
        let cache = Cache::new(Library).expect("policy and schema fit");
        let watch = Watcher::over(&cache, 0, 24);
        let shelf = Scope::new("Loan", "s1");
        let changes = LoanChanges::build(ChangesVariables { shelf: "s1".into() });
        let changes = cache.prepare(&changes).expect("it is in the schema");
        Self { cache, shelf, watch, changes, mutations: HashMap::new() }
    }

    pub(crate) fn follow(&self) {
        self.cache.update(|batch| batch.follow(&self.shelf));
    }

    pub(crate) fn ask(&self) -> InFlight {
        self.cache.begin(&self.watch.query)
    }

    /// The answer to a query of the whole day, read at a revision.
    pub(crate) fn answer(&self, request: &InFlight, at: u64, loans: &str) -> WriteOutcome {
        self.answer_to(request, &self.watch.query, at, loans)
    }

    pub(crate) fn answer_to(
        &self,
        request: &InFlight,
        query: &Prepared<LoansQuery>,
        at: u64,
        loans: &str,
    ) -> WriteOutcome {
        let answer = range_json(at, loans);
        self.cache.apply_response(request, query, answer.as_bytes()).expect("it fits").outcome
    }

    /// Somebody creates or updates a loan: an event of the log.
    pub(crate) fn event(&self, revision: u64, loan: &str) {
        self.cache.update(|batch| self.event_in(batch, revision, loan));
    }

    pub(crate) fn event_in(&self, batch: &mut cynic_cache::Batch<'_>, revision: u64, loan: &str) {
        let loan = loan_json(&format!("{loan}#{revision}"));
        let event = format!(
            r#"{{"data":{{"loanChanges":{{"revision":{revision},"loan":{loan},"deletedId":null}}}}}}"#
        );
        batch.apply_event(&self.shelf, revision, &self.changes, event.as_bytes()).expect("it fits");
    }

    /// Somebody deletes a loan: an event of the log.
    pub(crate) fn deleted(&self, revision: u64, id: &str) {
        self.cache.update(|batch| {
            batch.delete(&EntityKey::new("Loan", id), Some(revision));
            batch.advance(&self.shelf, revision);
        });
    }

    /// I create a loan; it is predicted as a value of the mutation's fragment.
    pub(crate) fn create(&mut self, by: &str, loan: &str) {
        let mutation = self.mutation(by);
        let expected =
            CreateLoan { create_loan: LoanPayload { loan: Some(loan_of(loan)), error: None } };
        self.cache.predict(by, Prediction::response(&mutation, &expected)).expect("it fits");
    }

    /// I change the title of a loan.
    pub(crate) fn rename(&mut self, by: &str, id: &str, title: &str) {
        self.mutation(by);
        self.cache.predict(by, Patch::of("Loan", id).set("title", title)).expect("it fits");
    }

    /// I move a loan to another hour.
    pub(crate) fn shift(&mut self, by: &str, id: &str, to: u32) {
        self.mutation(by);
        let patch = Patch::of("Loan", id).set("from", at(to)).set("until", at(to + 1));
        self.cache.predict(by, patch).expect("it fits");
    }

    /// I delete a loan.
    pub(crate) fn delete(&mut self, by: &str, id: &str) {
        self.mutation(by);
        self.cache.predict(by, Patch::of("Loan", id).delete()).expect("it fits");
    }

    pub(crate) fn mutation(&mut self, by: &str) -> Prepared<CreateLoan> {
        let input =
            LoanInput { id: by.into(), shelf_id: None, title: None, from: None, until: None };
        let mutation = CreateLoan::build(CreateVariables { input });
        let mutation = self.cache.prepare(&mutation).expect("it is in the schema");
        self.mutations.insert(by.to_owned(), (self.cache.begin(&mutation), mutation.clone()));
        mutation
    }

    /// The server answers my mutation with the loan as it left it.
    pub(crate) fn accepted(&mut self, by: &str, loan: &str) {
        let (request, mutation) = self.mutations.remove(by).expect("it was sent");
        let answer = payload_json(&loan_json(loan));
        self.cache.update(|batch| {
            batch.apply_response(&request, &mutation, answer.as_bytes()).expect("it fits");
            batch.settle(by);
        });
    }

    /// The event of my own mutation: it settles it, whether the answer came or not.
    pub(crate) fn echo(&self, by: &str, revision: u64, loan: &str) {
        self.cache.update(|batch| {
            self.event_in(batch, revision, loan);
            batch.settle(by);
        });
    }

    pub(crate) fn refused(&mut self, by: &str) {
        self.mutations.remove(by);
        self.cache.roll_back(by);
    }

    pub(crate) fn status(&self, id: &str) -> Status {
        self.cache.status(&EntityKey::new("Loan", id))
    }

    #[track_caller]
    pub(crate) fn shows(&mut self, expected: &str) {
        self.watch.shows(expected);
    }
}

impl Watcher {
    /// Watches the 23rd from one hour to another.
    pub(crate) fn over(cache: &Cache, from: u32, until: u32) -> Self {
        let during = During { start: at(from), end: at(until) };
        let query = LoansQuery::build(LoansVariables { shelf: "s1".into(), during });
        let query = cache.prepare(&query).expect("it is in the schema");
        let mut watcher = Self { watch: cache.watch(&query), query, wakes: Arc::default() };
        watcher.rest();
        watcher
    }

    /// Takes what is new, and waits for more.
    pub(crate) fn rest(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        let mut context = Context::from_waker(&waker);
        self.watch.delta();
        while Pin::new(&mut self.watch).poll_next(&mut context).is_ready() {}
        self.wakes.0.store(0, Ordering::Relaxed);
    }

    /// How often it was woken since it rested last. It rests again.
    pub(crate) fn woken(&mut self) -> usize {
        let woken = self.wakes.0.load(Ordering::Relaxed);
        self.rest();
        woken
    }

    pub(crate) fn view(&mut self) -> View<LoansQuery> {
        self.watch.view()
    }

    pub(crate) fn seen(&mut self) -> String {
        let view = self.view();
        let loans = view.data().map(|it| &it.loans.items[..]).unwrap_or_default();
        let words =
            loans.iter().map(|it| format!("{}:{}@{}", it.id.inner(), it.title, hour(&it.from)));
        words.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub(crate) fn shows(&mut self, expected: &str) {
        assert_eq!(self.seen(), expected);
    }

    /// What changed since it was asked last: `+` added, `>` moved, `~` changed, `-` removed.
    pub(crate) fn changes(&mut self) -> String {
        let Delta { added, moved, changed, removed, needs_full_view, .. } = self.watch.delta();
        let marks = [('+', added), ('>', moved), ('~', changed), ('-', removed)];
        let marks = marks
            .into_iter()
            .flat_map(|(mark, keys)| keys.into_iter().map(move |it| format!("{mark}{}", it.key)));
        marks.chain(needs_full_view.then(|| "*".to_owned())).collect::<Vec<_>>().join(" ")
    }
}

/// An hour of the 23rd.
pub(crate) fn at(hour: u32) -> DateTime {
    DateTime(format!("2026-11-{:02}T{:02}:00:00Z", 23 + hour / 24, hour % 24))
}

pub(crate) fn hour(at: &DateTime) -> u32 {
    let number =
        |range| at.0.get(range).and_then(|it: &str| it.parse::<u32>().ok()).expect("a time");
    (number(8..10) - 23) * 24 + number(11..13)
}

/// Id, title, hour and revision of `id:title@hour#revision`.
fn parts(word: &str) -> (&str, &str, u32, u64) {
    let (word, revision) = word.split_once('#').unwrap_or((word, "1"));
    let (id, rest) = word.split_once(':').expect("id:title@hour");
    let (title, hour) = rest.split_once('@').expect("title@hour");
    (id, title, hour.parse().expect("an hour"), revision.parse().expect("a revision"))
}

fn loan_of(word: &str) -> Loan {
    let (id, title, hour, _) = parts(word);
    Loan {
        id: id.into(),
        shelf_id: "s1".into(),
        title: title.to_owned(),
        from: at(hour),
        until: at(hour + 1),
    }
}

/// A loan as a server answers it.
pub(crate) fn loan_json(word: &str) -> String {
    let (id, title, hour, revision) = parts(word);
    let (from, until) = (at(hour).0, at(hour + 1).0);
    format!(
        r#"{{"__typename":"Loan","id":"{id}","shelfId":"s1","title":"{title}","from":"{from}","until":"{until}","revision":{revision}}}"#
    )
}

/// The answer to a query of loans.
pub(crate) fn range_json(at: u64, loans: &str) -> String {
    let items: Vec<String> = loans.split_whitespace().map(loan_json).collect();
    let items = items.join(",");
    format!(r#"{{"data":{{"loans":{{"__typename":"Loans","revision":{at},"items":[{items}]}}}}}}"#)
}

/// The answer to a mutation.
pub(crate) fn payload_json(loan: &str) -> String {
    format!(
        r#"{{"data":{{"createLoan":{{"__typename":"LoanPayload","loan":{loan},"error":null}}}}}}"#
    )
}

/// Polls a stream once.
pub(crate) fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}
