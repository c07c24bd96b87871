//! An optimistic update: a created loan is shown at once and then confirmed without a new wake-up.

#![allow(clippy::print_stdout, reason = "the output is the purpose of the example")]

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

    // The client chooses the id of a new entity, so no temporary id must be replaced.
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

    // The predicted response, as a value of the mutation's own fragment.
    let expected = CreateLoan { create_loan: LoanPayload { loan: Some(loan), error: None } };
    let request = cache.begin(&create);
    cache.predict("m1", Prediction::response(&create, &expected))?;
    let id = EntityKey::new("Loan", "l1");
    println!("predicted: {:?} {:?}", cache.status(&id), week.view().data());
    week.delta();

    let response = br#"{"data": {"createLoan": {"__typename": "LoanPayload", "error": null, "loan":
        {"__typename": "Loan", "id": "l1", "shelfId": "s1", "title": "Persuasion", "revision": 1,
         "from": "2026-11-24T10:00:00Z", "until": "2026-11-24T11:00:00Z"}}}}"#;
    cache.update(|batch| {
        batch.apply_response(&request, &create, response)?;
        batch.settle("m1");
        Ok::<(), cynic_cache::ResponseError>(())
    })?;
    println!("confirmed: {:?}, {:?}", cache.status(&id), week.delta());
    Ok(())
}
