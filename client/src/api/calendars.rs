//! Calendars themselves: which there are, and what becomes of them. They are changed seldom, so nothing is predicted of them
//! and nothing waits: what cannot be sent now is an error.

use std::pin::Pin;
use std::task::{Context, Poll};

use cynic::{MutationBuilder, QueryBuilder};
use cynic_cache::{OperationError, Shared, Watch};
use futures_util::Stream;

use crate::api::calendar::poll_news;
use crate::api::client::Client;
use crate::api::custom::FetchPolicy;
use crate::model::appointment::{CalendarInfo, OverlapPolicy};
use crate::model::error::{CalendarError, QueryError, Refusal};
use crate::model::scalars::TimeZone;
use crate::wire::calendar_operations::{
    CalendarMutationError, CalendarsQuery, CreateCalendarInput, CreateCalendarMutation,
    CreateCalendarVariables, DeleteCalendarInput, DeleteCalendarMutation, DeleteCalendarVariables,
    UpdateCalendarInput, UpdateCalendarMutation, UpdateCalendarVariables,
};

/// A calendar that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCalendar {
    name: String,
    color: Option<String>,
    time_zone: TimeZone,
    overlaps: OverlapPolicy,
}

impl NewCalendar {
    /// A calendar with a name, in which appointments may overlap; of UTC, in a colour that the server chooses.
    pub fn new(name: impl Into<String>) -> Self {
        let (time_zone, overlaps) = (TimeZone::new("UTC"), OverlapPolicy::Allow);
        Self { name: name.into(), color: None, time_zone, overlaps }
    }

    /// In a colour: `#rrggbb`.
    #[must_use]
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// With a zone for the appointments that name none.
    #[must_use]
    pub fn time_zone(mut self, zone: TimeZone) -> Self {
        self.time_zone = zone;
        self
    }

    /// Whether appointments may overlap in it.
    #[must_use]
    pub fn overlaps(mut self, policy: OverlapPolicy) -> Self {
        self.overlaps = policy;
        self
    }
}

/// What of a calendar is to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarChanges {
    name: Option<String>,
    color: Option<String>,
    time_zone: Option<TimeZone>,
    overlaps: Option<OverlapPolicy>,
}

impl CalendarChanges {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What people call it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Its colour: `#rrggbb`.
    #[must_use]
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// The zone of the appointments that name none, from now on.
    #[must_use]
    pub fn time_zone(mut self, zone: TimeZone) -> Self {
        self.time_zone = Some(zone);
        self
    }

    /// Whether appointments may overlap in it. It is refused to forbid that while some do.
    #[must_use]
    pub fn overlaps(mut self, policy: OverlapPolicy) -> Self {
        self.overlaps = Some(policy);
        self
    }
}

impl Client {
    /// The calendars that may be seen, by name; as the server has them now.
    ///
    /// # Errors
    ///
    /// If the server was not reached.
    pub async fn calendars(&self) -> Result<Vec<Shared<CalendarInfo>>, QueryError> {
        let all = self.query(&CalendarsQuery::build(()), FetchPolicy::NetworkOnly).await?;
        Ok(all.calendars.nodes.clone())
    }

    /// Follows the calendars, as [`Self::calendars`] has brought them: a new name or colour is seen at once, whoever gave it,
    /// of those of which a range is watched. Which ones there are is known from the last time that they were asked for.
    ///
    /// # Errors
    ///
    /// If the operation does not fit the contract, a mistake in this library.
    pub fn watch_calendars(&self) -> Result<CalendarsWatch, OperationError> {
        let cache = self.cache();
        let query = cache.prepare(&CalendarsQuery::build(()))?;
        Ok(CalendarsWatch { watch: cache.watch(&query) })
    }

    /// Makes a calendar.
    ///
    /// # Errors
    ///
    /// If the server was not reached, or says what is wrong with it.
    pub async fn create_calendar(&self, new: NewCalendar) -> Result<CalendarInfo, CalendarError> {
        let NewCalendar { name, color, time_zone, overlaps } = new;
        let input = CreateCalendarInput { name, color, time_zone, overlaps };
        let variables = CreateCalendarVariables { input };
        let made = self.mutate(&CreateCalendarMutation::build(variables)).await?.create_calendar;
        let made = decided(made.calendar, made.error)?;
        // (It is made, whether or not it can be listed now.)
        _ = self.calendars().await;
        Ok(made)
    }

    /// Changes a calendar: its name, its colour, whether appointments may overlap in it.
    ///
    /// # Errors
    ///
    /// If the server was not reached, or refuses it.
    pub async fn update_calendar(
        &self,
        id: impl Into<String>,
        changes: CalendarChanges,
    ) -> Result<CalendarInfo, CalendarError> {
        let CalendarChanges { name, color, time_zone, overlaps } = changes;
        let input = UpdateCalendarInput { id: id.into().into(), name, color, time_zone, overlaps };
        let variables = UpdateCalendarVariables { input };
        let changed = self.mutate(&UpdateCalendarMutation::build(variables)).await?;
        decided(changed.update_calendar.calendar, changed.update_calendar.error)
    }

    /// Deletes a calendar; one in which there is something only `with_appointments`.
    ///
    /// # Errors
    ///
    /// If the server was not reached, or refuses it.
    pub async fn delete_calendar(
        &self,
        id: impl Into<String>,
        with_appointments: bool,
    ) -> Result<(), CalendarError> {
        let input = DeleteCalendarInput { id: id.into().into(), with_appointments };
        let variables = DeleteCalendarVariables { input };
        let gone = self.mutate(&DeleteCalendarMutation::build(variables)).await?.delete_calendar;
        decided(gone.deleted_calendar_id, gone.error)?;
        _ = self.calendars().await;
        Ok(())
    }
}

fn decided<T>(done: Option<T>, error: Option<CalendarMutationError>) -> Result<T, CalendarError> {
    match (done, error) {
        (_, Some(error)) => Err(error.into()),
        (Some(done), None) => Ok(done),
        (None, None) => Err(CalendarError::Unanswered(QueryError::Unknown)),
    }
}

impl From<CalendarMutationError> for CalendarError {
    fn from(error: CalendarMutationError) -> Self {
        match error {
            CalendarMutationError::CalendarNotEmpty(it) => {
                Self::NotEmpty { message: it.message, appointments: it.appointment_count }
            }
            CalendarMutationError::InvalidInput(it) => {
                Self::Refused(Refusal::Invalid { message: it.message, problems: it.problems })
            }
            CalendarMutationError::NotFound(it) => {
                Self::Refused(Refusal::NotFound { message: it.message })
            }
            CalendarMutationError::TimeSlotTaken(it) => Self::Refused(Refusal::SlotTaken {
                message: it.message,
                conflicts: it.conflicts,
                count: it.conflict_count,
            }),
            CalendarMutationError::Other(it) => {
                Self::Refused(Refusal::Other { message: it.message })
            }
        }
    }
}

/// The calendars: a stream of lists, the present one first; none where they were not asked for yet.
pub struct CalendarsWatch {
    watch: Watch<CalendarsQuery>,
}

impl Stream for CalendarsWatch {
    type Item = Option<Vec<Shared<CalendarInfo>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let news = poll_news(&mut self.watch, context);
        news.map(|it| it.map(|()| self.watch.view().data().map(|it| it.calendars.nodes.clone())))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use appointments_server::clock::Clock;
    use chrono::TimeDelta;
    use futures_util::StreamExt;
    use tokio::time::timeout;

    use super::*;
    use crate::model::input::NewAppointment;
    use crate::model::scalars::DateTime;
    use crate::tests::Real;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Waits until names and colours are these.
    async fn until(watch: &mut CalendarsWatch, expected: &str) {
        let mut seen = String::new();
        let shown = async {
            while seen != expected {
                let all = watch.next().await.unwrap().unwrap_or_default();
                let all = all.iter().map(|it| format!("{} {}", it.name, it.color));
                seen = all.collect::<Vec<_>>().join(", ");
            }
        };
        let came = timeout(PATIENCE, shown).await;
        assert!(came.is_ok(), "{expected} was never seen, but {seen}");
    }

    #[tokio::test]
    async fn they_are_made_and_changed_and_everybody_sees_it() {
        let server = Real::start(Clock::system()).await;
        let client = || Client::builder(server.url()).build().unwrap();
        let (mine, other) = (client(), client());
        let first = other.calendars().await.unwrap()[0].clone();
        let team = NewCalendar::new("Team").color("#aa3300").overlaps(OverlapPolicy::Reject);
        let team = mine.create_calendar(team).await.unwrap();
        assert_eq!((team.color.as_str(), team.overlaps), ("#aa3300", OverlapPolicy::Reject));
        mine.delete_calendar(first.id.inner(), false).await.unwrap();
        let mut list = mine.watch_calendars().unwrap();
        until(&mut list, "Team #aa3300").await;

        // Who looks at a range of it is told of its name.
        other.calendars().await.unwrap();
        let mut list = other.watch_calendars().unwrap();
        let now = DateTime::from_timestamp(1_795_392_000, 0).unwrap();
        let mut range =
            other.calendar(team.id.inner()).watch(now, now + TimeDelta::days(1)).unwrap();
        let complete = async { while !range.next().await.unwrap().is_complete {} };
        timeout(PATIENCE, complete).await.expect("a range in time");
        let changes = CalendarChanges::new().name("Crew").color("#0033aa");
        mine.update_calendar(team.id.inner(), changes).await.unwrap();
        until(&mut list, "Crew #0033aa").await;

        let wrong =
            mine.update_calendar(team.id.inner(), CalendarChanges::new().color("red")).await;
        assert!(
            matches!(&wrong, Err(CalendarError::Refused(Refusal::Invalid { problems, .. })) if problems[0].field == "color"),
            "{wrong:?}"
        );
        let created = mine.calendar(team.id.inner());
        let end = now + TimeDelta::hours(1);
        created.create(NewAppointment::new("One", now, end)).await.unwrap();
        let full = mine.delete_calendar(team.id.inner(), false).await;
        assert!(matches!(full, Err(CalendarError::NotEmpty { appointments: 1, .. })), "{full:?}");
        mine.delete_calendar(team.id.inner(), true).await.unwrap();
        assert_eq!(mine.calendars().await.unwrap(), []);
        server.stop().await;
    }
}
