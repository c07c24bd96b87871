//! Queries and subscriptions of the caller against the real server.

use appointments_server::clock::Clock;
use chrono::TimeDelta;
use cynic::SubscriptionBuilder;
use futures_util::StreamExt;

use super::{CALENDAR, RealServer, Scenario};
use crate::{CalendarId, Client, DateTime, NewAppointment, QueryError, Revision, schema};

fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000, 0).unwrap() + TimeDelta::hours(hour)
}

#[derive(cynic::QueryVariables)]
struct Variables {
    calendar: CalendarId,
    after: Option<Revision>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(schema = "appointments", graphql_type = "Subscription", variables = "Variables")]
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
async fn a_subscription_receives_events_and_errors() {
    let server = RealServer::start(Clock::system()).await;
    let client = Client::builder(server.url()).build().unwrap();
    let id = client.calendars().await.unwrap()[0].id.clone();
    let mine = client.calendar(&id);
    let of = |after| Revisions::build(Variables { calendar: id.clone(), after });
    let mut events = client.subscribe(&of(Some(0))).unwrap();
    for hour in 0..3 {
        mine.create(NewAppointment::new("One", at(hour), at(hour + 1))).await.unwrap();
    }
    let mut received = 0;
    while received < 3 {
        received = events.next().await.unwrap().unwrap().appointment_changes.revision;
    }
    let unknown = Revisions::build(Variables { calendar: "nobody".into(), after: None });
    let refused = client.subscribe(&unknown).unwrap().next().await;
    assert!(matches!(refused, Some(Err(QueryError::Server(_)))), "{refused:?}");
    // After the subscription is dropped, mutations still work.
    drop(events);
    mine.create(NewAppointment::new("One", at(3), at(4))).await.unwrap();
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_its_connection_and_can_be_resumed() {
    let mut scenario = Scenario::new().await;
    let of = |after| Revisions::build(Variables { calendar: CALENDAR.into(), after: Some(after) });
    let mut events = scenario.client.subscribe(&of(0)).unwrap();
    scenario.run().await;
    scenario.deliver_next_event();
    let first = events.next().await.unwrap().unwrap();
    assert_eq!(first.appointment_changes.revision, 1);
    scenario.disconnect();
    assert!(matches!(events.next().await, Some(Err(QueryError::Transport(_)))));
    assert!(events.next().await.is_none(), "only the caller knows where to resume");
    scenario.other_client_writes("2", "two", 11);
    let mut events = scenario.client.subscribe(&of(1)).unwrap();
    scenario.wait_a_minute().await;
    scenario.deliver_next_event();
    assert_eq!(events.next().await.unwrap().unwrap().appointment_changes.revision, 2);
}
