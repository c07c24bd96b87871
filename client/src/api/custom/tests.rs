//! Operations of the caller's own, against the real server.

use appointments_server::clock::Clock;
use chrono::TimeDelta;
use cynic::SubscriptionBuilder;
use futures_util::StreamExt;

use super::*;
use crate::model::input::NewAppointment;
use crate::model::scalars::{DateTime, Revision};
use crate::schema;
use crate::tests::{CALENDAR, Duel, Place, Real};

fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000, 0).unwrap() + TimeDelta::hours(hour)
}

#[derive(cynic::QueryVariables)]
struct Of {
    calendar: cynic::Id,
    after: Option<Revision>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(schema = "appointments", graphql_type = "Subscription", variables = "Of")]
struct Revisions {
    #[arguments(calendarId: $calendar, after: $after)]
    appointment_changes: Position,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(schema = "appointments", graphql_type = "AppointmentChange")]
struct Position {
    revision: Revision,
}

#[tokio::test]
async fn the_server_is_heard_and_says_no() {
    let server = Real::start(Clock::system()).await;
    let client = Client::builder(server.url()).build().unwrap();
    let id = client.calendars().await.unwrap()[0].id.clone();
    let mine = client.calendar(id.inner());
    let of = |after| Revisions::build(Of { calendar: id.clone(), after });
    let mut events = client.subscribe(&of(Some(0))).unwrap();
    for hour in 0..3 {
        mine.create(NewAppointment::new("One", at(hour), at(hour + 1))).await.unwrap();
    }
    let mut heard = 0;
    while heard < 3 {
        heard = events.next().await.unwrap().unwrap().appointment_changes.revision;
    }
    let nonsense = Revisions::build(Of { calendar: "nobody".into(), after: None });
    let refused = client.subscribe(&nonsense).unwrap().next().await;
    assert!(matches!(refused, Some(Err(QueryError::Server(_)))), "{refused:?}");
    // Who does not listen any more is told of nothing, and nobody else is.
    drop(events);
    mine.create(NewAppointment::new("One", at(3), at(4))).await.unwrap();
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_the_line_and_goes_on() {
    let mut duel = Duel::new().await;
    let of = |after| Revisions::build(Of { calendar: CALENDAR.into(), after: Some(after) });
    let mut events = duel.client.subscribe(&of(0)).unwrap();
    duel.settle().await;
    duel.hears();
    let first = events.next().await.unwrap().unwrap();
    assert_eq!(first.appointment_changes.revision, 1);
    duel.there(Place::cut);
    assert!(matches!(events.next().await, Some(Err(QueryError::Line(_)))));
    assert!(events.next().await.is_none(), "only who listens knows from where to go on");
    duel.somebody("2", "two", 11);
    let mut events = duel.client.subscribe(&of(1)).unwrap();
    duel.later().await;
    duel.hears();
    assert_eq!(events.next().await.unwrap().unwrap().appointment_changes.revision, 2);
}
