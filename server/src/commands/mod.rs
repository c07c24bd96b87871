//! The six mutations: each is one transaction on one screen. Load, decide, write; the store logs,
//! commits and wakes.
//!
//! A command answers `Ok(Ok(_))` when it is done, `Ok(Err(refusal))` when the domain says no, and
//! `Err(_)` when the store could not be reached, so that nobody mistakes one for another.

mod create_appointment;
mod create_calendar;
mod delete_appointment;
mod delete_calendar;
mod idempotency;
mod maintenance;
mod new_id;
mod preconditions;
mod update_appointment;
mod update_calendar;

use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::{
    Actor, Appointment, Calendar, CalendarId, CreateAppointmentInput, CreateCalendarInput,
    DeleteAppointmentInput, DeleteCalendarInput, Problem, Refusal, UpdateAppointmentInput,
    UpdateCalendarInput,
};
use crate::store::{self, Store, StoreError};

pub use delete_appointment::DeletedAppointment;
use idempotency::{Command, LoggedCommand};
pub use maintenance::Retention;

/// Done or refused, unless the store could not be reached.
pub type CommandResult<T> = Result<Result<T, Refusal>, StoreError>;

/// The mutations, over one store.
#[derive(Clone)]
pub struct Commands {
    store: Arc<dyn Store>,
    clock: Clock,
    retention: Retention,
}

impl Commands {
    /// The mutations over `store`.
    pub fn new(store: Arc<dyn Store>, clock: Clock, retention: Retention) -> Self {
        Self { store, clock, retention }
    }

    /// `createAppointment`.
    pub async fn create_appointment(
        &self,
        actor: &Actor,
        input: CreateAppointmentInput,
    ) -> CommandResult<Appointment> {
        self.run(actor, input.check()).await
    }

    /// `updateAppointment`.
    pub async fn update_appointment(
        &self,
        actor: &Actor,
        input: UpdateAppointmentInput,
    ) -> CommandResult<Appointment> {
        self.run(actor, input.check()).await
    }

    /// `deleteAppointment`.
    pub async fn delete_appointment(
        &self,
        actor: &Actor,
        input: DeleteAppointmentInput,
    ) -> CommandResult<DeletedAppointment> {
        self.run(actor, input.check()).await
    }

    /// `createCalendar`.
    pub async fn create_calendar(
        &self,
        actor: &Actor,
        input: CreateCalendarInput,
    ) -> CommandResult<Calendar> {
        self.run(actor, input.check()).await
    }

    /// `updateCalendar`.
    pub async fn update_calendar(
        &self,
        actor: &Actor,
        input: UpdateCalendarInput,
    ) -> CommandResult<Calendar> {
        self.run(actor, input.check()).await
    }

    /// `deleteCalendar`.
    pub async fn delete_calendar(
        &self,
        actor: &Actor,
        input: DeleteCalendarInput,
    ) -> CommandResult<CalendarId> {
        self.run(actor, input.check()).await
    }

    async fn run<M: Command>(
        &self,
        actor: &Actor,
        checked: Result<M, Vec<Problem>>,
    ) -> CommandResult<M::Output> {
        let mutation = match checked {
            Ok(mutation) => mutation,
            Err(problems) => return Ok(Err(Refusal::InvalidInput(problems))),
        };
        let now = self.clock.now();
        if let Some(id) = mutation.mutation_id() {
            tracing::Span::current().record("mutation_id", tracing::field::display(id));
        }
        let oldest = self.retention.ledger_from(now);
        store::write(&*self.store, LoggedCommand::new(mutation, actor.clone(), now, oldest)).await
    }
}
