//! One story from end to end.

use cynic::{MutationBuilder, QueryBuilder};
use cynic_cache::*;

use crate::library::*;

fn loans(cache: &Cache) -> Prepared<LoansQuery> {
    let during = During {
        start: DateTime("2026-11-23T00:00:00Z".into()),
        end: DateTime("2026-11-30T00:00:00Z".into()),
    };
    cache.prepare(&LoansQuery::build(LoansVariables { shelf: "s1".into(), during })).unwrap()
}

#[test]
fn smoke() {
    let cache = Cache::new(Library).unwrap();
    let query = loans(&cache);
    println!("{}", query.body());
    let mut watch = cache.watch(&query);
    println!("{:?}", watch.now());
    let request = cache.ask(&query);
    let answer = br#"{"data":{"loans":{"__typename":"Loans","items":[{"__typename":"Loan","id":"l1","revision":3,"shelfId":"s1","from":"2026-11-24T10:00:00Z","until":"2026-11-24T11:00:00Z","title":"Emma"}],"revision":3}}}"#;
    println!("{:?}", cache.answer(&request, &query, answer));
    println!("{:?} {:?}", watch.delta(), watch.now());
    let input = LoanInput { id: "l2".into(), shelf_id: None, title: None, from: None, until: None };
    let create = cache.prepare(&CreateLoan::build(CreateVariables { input })).unwrap();
    println!("{}", create.body());
    let loan = Loan {
        id: "l2".into(),
        shelf_id: "s1".into(),
        title: "Persuasion".into(),
        from: DateTime("2026-11-24T09:00:00Z".into()),
        until: DateTime("2026-11-24T11:00:00Z".into()),
    };
    let expected = CreateLoan { create_loan: LoanPayload { loan: Some(loan), error: None } };
    cache.predict("m1", Prediction::answer(&create, &expected)).unwrap();
    println!("{:?} {:?}", watch.delta(), watch.now());
    println!("{:?}", cache.status(&EntityKey::new("Loan", "l2")));
    cache.roll_back("m1");
    println!("{:?} {:?}", watch.delta(), watch.now());
}
