//! A snapshot: a restarted program shows its data before it has sent a request.

#![allow(clippy::print_stdout, reason = "the output is the purpose of the example")]

mod library;

use cynic::QueryBuilder;
use cynic_cache::{Cache, Patch};
use library::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let at = |day: u32| DateTime(format!("2026-11-{day}T00:00:00Z"));
    let during = During { start: at(23), end: at(30) };
    let week = LoansQuery::build(LoansVariables { shelf: "s1".into(), during });

    let cache = Cache::new(Library)?;
    let query = cache.prepare(&week)?;
    let request = cache.begin(&query);
    let response = br#"{"data": {"loans": {"__typename": "Loans", "revision": 7, "items": [
        {"__typename": "Loan", "id": "l1", "shelfId": "s1", "title": "Emma", "revision": 5,
         "from": "2026-11-23T10:00:00Z", "until": "2026-11-23T11:00:00Z"}]}}}"#;
    cache.apply_response(&request, &query, response)?;
    // A snapshot never contains predictions.
    cache.predict("m1", Patch::of("Loan", "l1").set("title", "Emma, corrected"))?;
    println!("shown:    {:?}", cache.read(&query));
    let bytes = cache.snapshot();

    let cache = Cache::new(Library)?;
    cache.restore(&bytes)?;
    let query = cache.prepare(&week)?;
    println!("restored: {:?}", cache.read(&query));
    println!("missing:  {:?}", cache.missing_ranges(&query));
    println!("damaged:  {}", cache.restore(&bytes[1..]).unwrap_err());
    Ok(())
}
