//! Calendars against the real server: create, change, delete and watch them.

use std::time::Duration;

use appointments_server::clock::Clock;
use chrono::TimeDelta;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::RealServer;
use crate::{
    CalendarChanges, CalendarError, CalendarsWatch, Client, DateTime, NewAppointment, NewCalendar,
    OverlapPolicy, Refusal,
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Waits until the watch has these names and colors.
async fn wait_for(watch: &mut CalendarsWatch, expected: &str) {
    let mut seen = String::new();
    let shown = async {
        while seen != expected {
            let all = watch.next().await.unwrap().unwrap_or_default();
            let all = all.iter().map(|it| format!("{} {}", it.name, it.color));
            seen = all.collect::<Vec<_>>().join(", ");
        }
    };
    let result = timeout(TIMEOUT, shown).await;
    assert!(result.is_ok(), "expected {expected}, found {seen}");
}

#[tokio::test]
async fn all_clients_see_created_and_changed_calendars() {
    let server = RealServer::start(Clock::system()).await;
    let client = || Client::builder(server.url()).build().unwrap();
    let (mine, other) = (client(), client());
    let first = other.calendars().await.unwrap()[0].clone();
    let team = NewCalendar::new("Team").color("#aa3300").overlaps(OverlapPolicy::Reject);
    let team = mine.create_calendar(team).await.unwrap();
    assert_eq!((team.color.as_str(), team.overlaps), ("#aa3300", OverlapPolicy::Reject));
    mine.delete_calendar(&first.id).await.unwrap();
    let mut list = mine.watch_calendars();
    wait_for(&mut list, "Team #aa3300").await;

    // A watch of a range makes the calendar itself live too.
    other.calendars().await.unwrap();
    let mut list = other.watch_calendars();
    let now = DateTime::from_timestamp(1_795_392_000, 0).unwrap();
    let mut range = other.calendar(&team.id).watch(now, now + TimeDelta::days(1));
    let complete = async { while !range.next().await.unwrap().is_complete {} };
    timeout(TIMEOUT, complete).await.expect("the range is complete in time");
    let changes = CalendarChanges::new().name("Crew").color("#0033aa");
    mine.update_calendar(&team.id, changes).await.unwrap();
    wait_for(&mut list, "Crew #0033aa").await;

    let wrong = mine.update_calendar(&team.id, CalendarChanges::new().color("red")).await;
    let Err(CalendarError::Refused(Refusal::Invalid { problems, .. })) = wrong else {
        panic!("{wrong:?}")
    };
    assert_eq!(problems[0].field, "color");
    let created = mine.calendar(&team.id);
    let end = now + TimeDelta::hours(1);
    created.create(NewAppointment::new("One", now, end)).await.unwrap();
    let full = mine.delete_calendar(&team.id).await;
    assert!(matches!(full, Err(CalendarError::NotEmpty { appointments: 1, .. })), "{full:?}");
    mine.delete_calendar_with_appointments(&team.id).await.unwrap();
    assert_eq!(mine.calendars().await.unwrap(), []);
    server.stop().await;
}
