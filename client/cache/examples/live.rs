//! Live updates: two watches of one shelf, a change by another client, and a refused mutation.

#![allow(clippy::print_stdout, reason = "the output is the purpose of the example")]

mod library;

use cynic::{QueryBuilder, SubscriptionBuilder};
use cynic_cache::{Cache, Patch, Prepared, Scope, Watch};
use library::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::new(Library)?;
    let shelf = Scope::new("Loan", "s1");
    let monday = day(&cache, 23)?;
    let tuesday = day(&cache, 24)?;
    let mut readers = [("Monday", cache.watch(&monday)), ("Tuesday", cache.watch(&tuesday))];

    // The server responds to both queries at revision 7. Then the cache follows the shelf.
    for (query, items) in [(&monday, EMMA), (&tuesday, "")] {
        let request = cache.begin(query);
        let loans = format!(r#"{{"__typename": "Loans", "revision": 7, "items": [{items}]}}"#);
        let response = format!(r#"{{"data": {{"loans": {loans}}}}}"#);
        cache.apply_response(&request, query, response.as_bytes())?;
    }
    cache.update(|batch| batch.follow(&shelf));
    show("responses of both queries", &mut readers);

    // Another client moves the loan to Tuesday: one event updates both watches.
    let changes = cache.prepare(&LoanChanges::build(ChangesVariables { shelf: "s1".into() }))?;
    let moved = EMMA.replace("-23T", "-24T").replace(r#""revision": 5"#, r#""revision": 8"#);
    let event = format!(
        r#"{{"data": {{"loanChanges": {{"revision": 8, "loan": {moved}, "deletedId": null}}}}}}"#
    );
    cache.update(|batch| batch.apply_event(&shelf, 8, &changes, event.as_bytes()))?;
    show("moved by another client", &mut readers);

    // We move it back. The change is shown before the server responds …
    let back = Patch::of("Loan", "l1")
        .set("from", "2026-11-23T15:00:00Z")
        .set("until", "2026-11-23T16:00:00Z");
    cache.predict("my-mutation", back)?;
    show("moved back, pending", &mut readers);

    // … and is removed when the server refuses it.
    cache.roll_back("my-mutation");
    show("refused", &mut readers);
    Ok(())
}

const EMMA: &str = r#"{"__typename": "Loan", "id": "l1", "shelfId": "s1", "title": "Emma",
    "revision": 5, "from": "2026-11-23T10:00:00Z", "until": "2026-11-23T11:00:00Z"}"#;

fn day(cache: &Cache, day: u32) -> Result<Prepared<LoansQuery>, cynic_cache::OperationError> {
    let at = |day: u32| DateTime(format!("2026-11-{day}T00:00:00Z"));
    let during = During { start: at(day), end: at(day + 1) };
    cache.prepare(&LoansQuery::build(LoansVariables { shelf: "s1".into(), during }))
}

fn show(what: &str, readers: &mut [(&str, Watch<LoansQuery>)]) {
    println!("{what}:");
    for (name, watch) in readers {
        let delta = watch.delta();
        let view = watch.view();
        let loans = view.data().map(|it| &it.loans.items[..]).unwrap_or_default();
        let loans: Vec<_> = loans.iter().map(|it| format!("{} {}", it.title, it.from.0)).collect();
        let changes =
            (delta.added.len(), delta.moved.len(), delta.changed.len(), delta.removed.len());
        println!("  {name:7} {loans:?}  (added, moved, changed, removed: {changes:?})");
    }
}
