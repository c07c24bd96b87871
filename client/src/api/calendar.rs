//! [`CalendarHandle`]: mutations and watches of one calendar.

use std::fmt;
use std::sync::Arc;

use cynic_cache::Status;
use futures_channel::oneshot;

use super::pending_mutation::PendingMutation;
use super::range_watch::RangeWatch;
use super::shared::Inner;
use crate::model::appointment::{Appointment, AppointmentStatus};
use crate::model::id::{AppointmentId, CalendarId};
use crate::model::input::{AppointmentChanges, NewAppointment, Precondition};
use crate::model::refusal::Refusal;
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::MutationInput;
use crate::optimistic;
use crate::runtime;

/// A handle to a calendar: it watches ranges and mutates appointments. Cheap to clone.
///
/// Every mutation is visible in all watches before the method returns, and goes to the outbox. See
/// [`PendingMutation`] for what happens then.
#[derive(Clone)]
pub struct CalendarHandle {
    inner: Arc<Inner>,
    id: CalendarId,
}

impl CalendarHandle {
    pub(crate) fn new(inner: Arc<Inner>, id: CalendarId) -> Self {
        Self { inner, id }
    }

    /// Returns the id of the calendar.
    pub fn id(&self) -> &CalendarId {
        &self.id
    }

    /// Watches the appointments that overlap the range from `start` (inclusive) to `end`
    /// (exclusive).
    ///
    /// The client fetches the parts of the range that are not cached, and subscribes to the
    /// calendar's changes as long as the program runs. Further watches of a fetched range send no
    /// request.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// let monday = "2026-11-23T00:00:00Z".parse()?;
    /// let next_monday = "2026-11-30T00:00:00Z".parse()?;
    /// let mut week = client.calendar("team").watch(monday, next_monday);
    /// while let Some(view) = week.next().await {
    ///     println!("{} appointments, complete: {}", view.appointments.len(), view.is_complete);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn watch(&self, start: DateTime, end: DateTime) -> RangeWatch {
        RangeWatch::new(self.inner.clone(), self.id.clone(), start, end)
    }

    /// Creates an appointment.
    ///
    /// ```no_run
    /// use appointments_client::{NewAppointment, Refusal};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// # let calendar = client.calendar("team");
    /// let start = "2026-11-23T09:00:00Z".parse()?;
    /// let end = "2026-11-23T10:00:00Z".parse()?;
    /// match calendar.create(NewAppointment::new("Dentist", start, end)).await {
    ///     Ok(appointment) => println!("saved at revision {}", appointment.revision),
    ///     Err(Refusal::SlotTaken { message, .. }) => println!("{message}"),
    ///     Err(refusal) => println!("not saved: {refusal}"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn create(&self, appointment: NewAppointment) -> PendingMutation<Appointment> {
        let id = self.inner.engine().new_id(runtime::wall_time()).into();
        self.mutate(id, MutationInput::Create(Box::new(appointment)), appointment_or_refusal)
    }

    /// Changes fields of an appointment. Fields that `changes` does not set keep their values.
    ///
    /// ```no_run
    /// use appointments_client::{AppointmentChanges, Refusal};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// # let calendar = client.calendar("team");
    /// # let id = "0199aa00-0000-7000-8000-000000000001".into();
    /// let changes = AppointmentChanges::new().title("Dentist, again").if_unchanged();
    /// match calendar.update(&id, changes).await {
    ///     Ok(appointment) => println!("now {}", appointment.title),
    ///     Err(Refusal::Conflict { current, .. }) => println!("changed to {}", current.title),
    ///     Err(refusal) => println!("not changed: {refusal}"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn update(
        &self,
        id: &AppointmentId,
        changes: AppointmentChanges,
    ) -> PendingMutation<Appointment> {
        self.mutate(id.clone(), MutationInput::Update(Box::new(changes)), appointment_or_refusal)
    }

    /// Sets the status of an appointment to [`AppointmentStatus::Cancelled`]: it stays listed, and
    /// its time is free again.
    pub fn cancel(&self, id: &AppointmentId) -> PendingMutation<Appointment> {
        self.update(id, AppointmentChanges::new().status(AppointmentStatus::Cancelled))
    }

    /// Deletes an appointment.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// # let id = "0199aa00-0000-7000-8000-000000000001".into();
    /// client.calendar("team").delete(&id).await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, id: &AppointmentId) -> PendingMutation<()> {
        self.delete_if(id, Precondition::None)
    }

    /// Deletes an appointment if it is as the client shows it now. Otherwise the mutation fails
    /// with [`Refusal::Conflict`].
    pub fn delete_if_unchanged(&self, id: &AppointmentId) -> PendingMutation<()> {
        self.delete_if(id, Precondition::AsSeen)
    }

    /// Deletes an appointment if it is as this revision left it. Otherwise the mutation fails with
    /// [`Refusal::Conflict`].
    pub fn delete_if_revision(
        &self,
        id: &AppointmentId,
        revision: Revision,
    ) -> PendingMutation<()> {
        self.delete_if(id, Precondition::Revision(revision))
    }

    /// Returns whether the server has confirmed what the client shows of an appointment.
    pub fn status(&self, id: &AppointmentId) -> Status {
        self.inner.cache().status(&optimistic::key(id))
    }

    fn delete_if(&self, id: &AppointmentId, precondition: Precondition) -> PendingMutation<()> {
        self.mutate(id.clone(), MutationInput::Delete(precondition), |_| Ok(()))
    }

    fn mutate<T>(
        &self,
        appointment: AppointmentId,
        input: MutationInput,
        convert: fn(Option<Appointment>) -> Result<T, Refusal>,
    ) -> PendingMutation<T> {
        let (sender, result) = oneshot::channel();
        let now = runtime::wall_time();
        let mutation = self.inner.engine().mutate(now, &self.id, &appointment, input, sender);
        self.inner.wake();
        PendingMutation::new(self.inner.clone(), mutation, appointment, result, convert)
    }
}

/// Converts the result of a create or update. It has no appointment only if a later deletion of
/// this client replaced the update.
fn appointment_or_refusal(appointment: Option<Appointment>) -> Result<Appointment, Refusal> {
    appointment.ok_or(Refusal::BeingDeleted)
}

impl fmt::Debug for CalendarHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CalendarHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
