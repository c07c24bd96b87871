//! A loan is created: shown at once, confirmed as it was, and nobody is told twice.

#![allow(clippy::print_stdout, reason = "an example speaks to its reader")]

mod library;

use cynic::{MutationBuilder, QueryBuilder};
use cynic_cache::{Cache, EntityKey, Prediction};
use library::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::new(Library)?;
    let at = |day: u32| DateTime(format!("2026-11-{day}T00:00:00Z"));
    let during = During { start: at(23), end: at(30) };
    let week = LoansQuery::build(LoansVariables { shelf: "s1".into(), during });
    let mut week = cache.watch(&cache.prepare(&week)?);
    println!("before:    {:?}", week.view().data());

    // The client names new entities, so no temporary id is ever swapped.
    let loan = Loan {
        id: "l1".into(),
        shelf_id: "s1".into(),
        title: "Persuasion".into(),
        from: DateTime("2026-11-24T10:00:00Z".into()),
        until: DateTime("2026-11-24T11:00:00Z".into()),
    };
    let input = LoanInput {
        id: loan.id.clone(),
        shelf_id: Some(loan.shelf_id.clone()),
        title: Some(loan.title.clone()),
        from: Some(loan.from.clone()),
        until: Some(loan.until.clone()),
    };
    let create = cache.prepare(&CreateLoan::build(CreateVariables { input }))?;
    println!("to send:   {}", create.body());

    // What the mutation is expected to answer, as a value of its own fragment.
    let expected = CreateLoan { create_loan: LoanPayload { loan: Some(loan), error: None } };
    let request = cache.begin(&create);
    cache.predict("m1", Prediction::response(&create, &expected))?;
    let id = EntityKey::new("Loan", "l1");
    println!("predicted: {:?} {:?}", cache.status(&id), week.view().data());
    week.delta();

    let answer = br#"{"data": {"createLoan": {"__typename": "LoanPayload", "error": null, "loan":
        {"__typename": "Loan", "id": "l1", "shelfId": "s1", "title": "Persuasion", "revision": 1,
         "from": "2026-11-24T10:00:00Z", "until": "2026-11-24T11:00:00Z"}}}}"#;
    cache.update(|batch| {
        batch.apply_response(&request, &create, answer)?;
        batch.settle("m1");
        Ok::<(), cynic_cache::ResponseError>(())
    })?;
    println!("confirmed: {:?}, {:?}", cache.status(&id), week.delta());
    Ok(())
}
