//! A program ends, starts again, and shows what it knew before it has asked anybody.

#![allow(clippy::print_stdout, reason = "an example speaks to its reader")]

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
    let answer = br#"{"data": {"loans": {"__typename": "Loans", "revision": 7, "items": [
        {"__typename": "Loan", "id": "l1", "shelfId": "s1", "title": "Emma", "revision": 5,
         "from": "2026-11-23T10:00:00Z", "until": "2026-11-23T11:00:00Z"}]}}}"#;
    cache.apply_response(&request, &query, answer)?;
    // What is only expected is never in a snapshot.
    cache.predict("m1", Patch::of("Loan", "l1").set("title", "Emma, corrected"))?;
    println!("shown:    {:?}", cache.read(&query));
    let bytes = cache.snapshot();

    let cache = Cache::new(Library)?;
    cache.restore(&bytes)?;
    let query = cache.prepare(&week)?;
    println!("restored: {:?}", cache.read(&query));
    println!("wanted:   {:?}", cache.missing_ranges(&query));
    println!("damaged:  {}", cache.restore(&bytes[1..]).unwrap_err());
    Ok(())
}
