//! The world of most tests: one shelf with a change log, and a watch of one day of it.
//!
//! A loan is written `id:title@hour`, or `id:title@hour#revision`, and is one hour long. A list of
//! loans is written with blanks between them.

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

/// A cache with the shelf `s1`, and a watch of the 23rd.
pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) shelf: Scope,
    pub(crate) watch: Watcher,
    changes: Prepared<LoanChanges>,
    mutations: HashMap<String, (InFlight, Prepared<CreateLoan>)>,
}

/// A watch that counts how often it is woken.
pub(crate) struct Watcher {
    pub(crate) query: Prepared<LoansQuery>,
    pub(crate) watch: Watch<LoansQuery>,
    wakes: Arc<Wakes>,
}

/// A waker that counts its calls.
#[derive(Default)]
pub(crate) struct Wakes(pub(crate) AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl World {
    /// Creates a world with the loans of the day at revision 1, which follows the shelf.
    pub(crate) fn with(loans: &str) -> Self {
        let world = Self::unfollowed(loans);
        world.follow();
        world
    }

    /// Creates a world with the loans of the day at revision 1, which follows nothing.
    pub(crate) fn unfollowed(loans: &str) -> Self {
        let mut world = Self::empty();
        let request = world.begin_request();
        world.respond(&request, 1, loans);
        world.watch.drain();
        world
    }

    /// Creates a world that knows no loans and follows nothing.
    pub(crate) fn empty() -> Self {
        let cache = Cache::new(Library).expect("policy and schema fit");
        let watch = Watcher::over(&cache, 0, 24);
        let shelf = Scope::new("Loan", "s1");
        let changes = LoanChanges::build(ChangesVariables { shelf: "s1".into() });
        let changes = cache.prepare(&changes).expect("the schema has it");
        Self { cache, shelf, watch, changes, mutations: HashMap::new() }
    }

    /// Follows the shelf.
    pub(crate) fn follow(&self) {
        self.cache.update(|batch| batch.follow(&self.shelf));
    }

    /// Begins a request for the whole day.
    pub(crate) fn begin_request(&self) -> InFlight {
        self.cache.begin(&self.watch.query)
    }

    /// Delivers the response to a request for the whole day, read at the revision `at`.
    pub(crate) fn respond(&self, request: &InFlight, at: u64, loans: &str) -> WriteOutcome {
        self.respond_to(request, &self.watch.query, at, loans)
    }

    /// Delivers the response to a request for `query`, read at the revision `at`.
    pub(crate) fn respond_to(
        &self,
        request: &InFlight,
        query: &Prepared<LoansQuery>,
        at: u64,
        loans: &str,
    ) -> WriteOutcome {
        let response = range_json(at, loans);
        self.cache.apply_response(request, query, response.as_bytes()).expect("it fits").outcome
    }

    /// Delivers an event of the log: another client has created or updated a loan.
    pub(crate) fn deliver_event(&self, revision: u64, loan: &str) {
        self.cache.update(|batch| self.deliver_event_in(batch, revision, loan));
    }

    /// Delivers an event within a batch.
    pub(crate) fn deliver_event_in(
        &self,
        batch: &mut cynic_cache::Batch<'_>,
        revision: u64,
        loan: &str,
    ) {
        let loan = loan_json(&format!("{loan}#{revision}"));
        let event = format!(
            r#"{{"data":{{"loanChanges":
                {{"revision":{revision},"loan":{loan},"deletedId":null}}}}}}"#
        );
        batch.apply_event(&self.shelf, revision, &self.changes, event.as_bytes()).expect("it fits");
    }

    /// Delivers an event of the log: another client has deleted a loan.
    pub(crate) fn deliver_deletion(&self, revision: u64, id: &str) {
        self.cache.update(|batch| {
            batch.delete(&EntityKey::new("Loan", id), Some(revision));
            batch.advance(&self.shelf, revision);
        });
    }

    /// Predicts the creation of a loan, as a value of the mutation's fragment.
    pub(crate) fn create(&mut self, by: &str, loan: &str) {
        let mutation = self.send_mutation(by);
        let expected =
            CreateLoan { create_loan: LoanPayload { loan: Some(loan_of(loan)), error: None } };
        self.cache.predict(by, Prediction::response(&mutation, &expected)).expect("it fits");
    }

    /// Predicts a new title of a loan.
    pub(crate) fn rename(&mut self, by: &str, id: &str, title: &str) {
        self.send_mutation(by);
        self.cache.predict(by, Patch::of("Loan", id).set("title", title)).expect("it fits");
    }

    /// Predicts that a loan moves to another hour.
    pub(crate) fn shift(&mut self, by: &str, id: &str, to: u32) {
        self.send_mutation(by);
        let patch = Patch::of("Loan", id).set("from", at(to)).set("until", at(to + 1));
        self.cache.predict(by, patch).expect("it fits");
    }

    /// Predicts that a loan is deleted.
    pub(crate) fn delete(&mut self, by: &str, id: &str) {
        self.send_mutation(by);
        self.cache.predict(by, Patch::of("Loan", id).delete()).expect("it fits");
    }

    /// Begins the request of the mutation `by`.
    pub(crate) fn send_mutation(&mut self, by: &str) -> Prepared<CreateLoan> {
        let input =
            LoanInput { id: by.into(), shelf_id: None, title: None, from: None, until: None };
        let mutation = CreateLoan::build(CreateVariables { input });
        let mutation = self.cache.prepare(&mutation).expect("the schema has it");
        self.mutations.insert(by.to_owned(), (self.cache.begin(&mutation), mutation.clone()));
        mutation
    }

    /// Delivers the server's response to a mutation, with the new content of the loan.
    pub(crate) fn confirm(&mut self, by: &str, loan: &str) {
        let (request, mutation) = self.mutations.remove(by).expect("it was sent");
        let response = payload_json(&loan_json(loan));
        self.cache.update(|batch| {
            batch.apply_response(&request, &mutation, response.as_bytes()).expect("it fits");
            batch.settle(by);
        });
    }

    /// Delivers the event of the client's own mutation, which settles the mutation.
    pub(crate) fn deliver_own_event(&self, by: &str, revision: u64, loan: &str) {
        self.cache.update(|batch| {
            self.deliver_event_in(batch, revision, loan);
            batch.settle(by);
        });
    }

    /// Rolls a mutation back, because the server has refused it.
    pub(crate) fn refuse(&mut self, by: &str) {
        self.mutations.remove(by);
        self.cache.roll_back(by);
    }

    pub(crate) fn status(&self, id: &str) -> Status {
        self.cache.status(&EntityKey::new("Loan", id))
    }

    #[track_caller]
    pub(crate) fn expect_view(&mut self, expected: &str) {
        self.watch.expect_view(expected);
    }
}

impl Watcher {
    /// Watches the loans between two hours of the 23rd.
    pub(crate) fn over(cache: &Cache, from: u32, until: u32) -> Self {
        let during = During { start: at(from), end: at(until) };
        let query = LoansQuery::build(LoansVariables { shelf: "s1".into(), during });
        let query = cache.prepare(&query).expect("the schema has it");
        let mut watcher = Self { watch: cache.watch(&query), query, wakes: Arc::default() };
        watcher.drain();
        watcher
    }

    /// Consumes all notifications of the watch, and waits for more.
    pub(crate) fn drain(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        let mut context = Context::from_waker(&waker);
        self.watch.delta();
        while Pin::new(&mut self.watch).poll_next(&mut context).is_ready() {}
        self.wakes.0.store(0, Ordering::Relaxed);
    }

    /// Returns how often the watch was woken since the last call, and consumes its
    /// notifications.
    pub(crate) fn take_wake_count(&mut self) -> usize {
        let woken = self.wakes.0.load(Ordering::Relaxed);
        self.drain();
        woken
    }

    pub(crate) fn view(&mut self) -> View<LoansQuery> {
        self.watch.view()
    }

    /// Returns the loans of the view, as words.
    pub(crate) fn shown_loans(&mut self) -> String {
        let view = self.view();
        let loans = view.data().map(|it| &it.loans.items[..]).unwrap_or_default();
        let words =
            loans.iter().map(|it| format!("{}:{}@{}", it.id.inner(), it.title, hour_of(&it.from)));
        words.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub(crate) fn expect_view(&mut self, expected: &str) {
        assert_eq!(self.shown_loans(), expected);
    }

    /// Returns the delta since the last call: `+` added, `>` moved, `~` changed, `-` removed, and
    /// `*` if the full view is needed.
    pub(crate) fn take_delta(&mut self) -> String {
        let Delta { added, moved, changed, removed, needs_full_view, .. } = self.watch.delta();
        let marks = [('+', added), ('>', moved), ('~', changed), ('-', removed)];
        let marks = marks
            .into_iter()
            .flat_map(|(mark, keys)| keys.into_iter().map(move |it| format!("{mark}{}", it.key)));
        marks.chain(needs_full_view.then(|| "*".to_owned())).collect::<Vec<_>>().join(" ")
    }
}

/// Returns the time of an hour, counted from the start of the 23rd.
pub(crate) fn at(hour: u32) -> DateTime {
    DateTime(format!("2026-11-{:02}T{:02}:00:00Z", 23 + hour / 24, hour % 24))
}

/// Returns the hour of a time, counted from the start of the 23rd.
pub(crate) fn hour_of(at: &DateTime) -> u32 {
    let number =
        |range| at.0.get(range).and_then(|it: &str| it.parse::<u32>().ok()).expect("a time");
    (number(8..10) - 23) * 24 + number(11..13)
}

/// Returns id, title, hour and revision of `id:title@hour#revision`.
fn parse_loan(word: &str) -> (&str, &str, u32, u64) {
    let (word, revision) = word.split_once('#').unwrap_or((word, "1"));
    let (id, rest) = word.split_once(':').expect("id:title@hour");
    let (title, hour) = rest.split_once('@').expect("title@hour");
    (id, title, hour.parse().expect("an hour"), revision.parse().expect("a revision"))
}

fn loan_of(word: &str) -> Loan {
    let (id, title, hour, _) = parse_loan(word);
    Loan {
        id: id.into(),
        shelf_id: "s1".into(),
        title: title.to_owned(),
        from: at(hour),
        until: at(hour + 1),
    }
}

/// Returns the JSON of a loan in a response.
pub(crate) fn loan_json(word: &str) -> String {
    let (id, title, hour, revision) = parse_loan(word);
    let (from, until) = (at(hour).0, at(hour + 1).0);
    format!(
        r#"{{"__typename":"Loan","id":"{id}","shelfId":"s1","title":"{title}",
            "from":"{from}","until":"{until}","revision":{revision}}}"#
    )
}

/// Returns the response to a query of loans, read at the revision `at`.
pub(crate) fn range_json(at: u64, loans: &str) -> String {
    let items: Vec<String> = loans.split_whitespace().map(loan_json).collect();
    let items = items.join(",");
    format!(r#"{{"data":{{"loans":{{"__typename":"Loans","revision":{at},"items":[{items}]}}}}}}"#)
}

/// Returns the response to a mutation.
pub(crate) fn payload_json(loan: &str) -> String {
    format!(
        r#"{{"data":{{"createLoan":{{"__typename":"LoanPayload","loan":{loan},"error":null}}}}}}"#
    )
}

/// Polls a stream once.
pub(crate) fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}
