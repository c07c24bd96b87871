//! The six mutations. Each command loads, decides and writes in one transaction; the store appends
//! to the log, commits and notifies subscribers.

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

use std::fmt;
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

/// The result of a command. The outer error means that the store failed, so nothing is decided; the
/// inner one means that the domain refused the command.
pub type CommandResult<T> = Result<Result<T, Refusal>, StoreError>;

/// Runs the mutations on one store.
#[derive(Clone)]
pub struct Commands {
    store: Arc<dyn Store>,
    clock: Clock,
    retention: Retention,
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands").finish_non_exhaustive()
    }
}

impl Commands {
    /// Creates the commands of `store`.
    pub fn new(store: Arc<dyn Store>, clock: Clock, retention: Retention) -> Self {
        Self { store, clock, retention }
    }

    /// Runs the mutation `createAppointment`.
    pub async fn create_appointment(
        &self,
        actor: &Actor,
        input: CreateAppointmentInput,
    ) -> CommandResult<Appointment> {
        self.run(actor, input.check()).await
    }

    /// Runs the mutation `updateAppointment`.
    pub async fn update_appointment(
        &self,
        actor: &Actor,
        input: UpdateAppointmentInput,
    ) -> CommandResult<Appointment> {
        self.run(actor, input.check()).await
    }

    /// Runs the mutation `deleteAppointment`.
    pub async fn delete_appointment(
        &self,
        actor: &Actor,
        input: DeleteAppointmentInput,
    ) -> CommandResult<DeletedAppointment> {
        self.run(actor, input.check()).await
    }

    /// Runs the mutation `createCalendar`.
    pub async fn create_calendar(
        &self,
        actor: &Actor,
        input: CreateCalendarInput,
    ) -> CommandResult<Calendar> {
        self.run(actor, input.check()).await
    }

    /// Runs the mutation `updateCalendar`.
    pub async fn update_calendar(
        &self,
        actor: &Actor,
        input: UpdateCalendarInput,
    ) -> CommandResult<Calendar> {
        self.run(actor, input.check()).await
    }

    /// Runs the mutation `deleteCalendar`.
    pub async fn delete_calendar(
        &self,
        actor: &Actor,
        input: DeleteCalendarInput,
    ) -> CommandResult<CalendarId> {
        self.run(actor, input.check()).await
    }

    async fn run<C: Command>(
        &self,
        actor: &Actor,
        checked: Result<C, Vec<Problem>>,
    ) -> CommandResult<C::Output> {
        let command = match checked {
            Ok(command) => command,
            Err(problems) => return Ok(Err(Refusal::InvalidInput(problems))),
        };
        let now = self.clock.now();
        if let Some(id) = command.mutation_id() {
            tracing::Span::current().record("mutation_id", tracing::field::display(id));
        }
        let ledger_start = self.retention.ledger_start(now);
        let command = LoggedCommand::new(command, actor.clone(), now, ledger_start);
        store::write(&*self.store, command).await
    }
}
