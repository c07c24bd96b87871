//! The contract's type `Mutation`: each field runs one command, and returns its result or refusal.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::appointment::Appointment;
use super::calendar::Calendar;
use super::error;
use super::input::{
    CreateAppointmentInput, CreateCalendarInput, DeleteAppointmentInput, DeleteCalendarInput,
    UpdateAppointmentInput, UpdateCalendarInput,
};
use super::refusal::MutationError;
use super::scalar::Revision;
use crate::commands::{CommandResult, Commands};
use crate::domain::Actor;
use crate::metrics::Metrics;

pub(super) struct MutationRoot;

#[Object(name = "Mutation")]
impl MutationRoot {
    async fn create_appointment(
        &self,
        ctx: &Context<'_>,
        input: CreateAppointmentInput,
    ) -> Result<CreateAppointmentPayload> {
        let (commands, actor) = command(ctx)?;
        let (done, error) = split(ctx, commands.create_appointment(actor, input.into()).await)?;
        Ok(CreateAppointmentPayload { appointment: done.map(Into::into), error })
    }

    async fn update_appointment(
        &self,
        ctx: &Context<'_>,
        input: UpdateAppointmentInput,
    ) -> Result<UpdateAppointmentPayload> {
        let (commands, actor) = command(ctx)?;
        let (done, error) = split(ctx, commands.update_appointment(actor, input.into()).await)?;
        Ok(UpdateAppointmentPayload { appointment: done.map(Into::into), error })
    }

    /// Deletes the appointment permanently. To cancel it and keep it listed, update its status to
    /// CANCELLED.
    async fn delete_appointment(
        &self,
        ctx: &Context<'_>,
        input: DeleteAppointmentInput,
    ) -> Result<DeleteAppointmentPayload> {
        let (commands, actor) = command(ctx)?;
        let (done, error) = split(ctx, commands.delete_appointment(actor, input.into()).await)?;
        Ok(DeleteAppointmentPayload {
            deleted_appointment_id: done.map(|it| it.id.to_string().into()),
            calendar_id: done.map(|it| it.calendar_id.to_string().into()),
            revision: done.map(|it| Revision(it.revision)),
            error,
        })
    }

    async fn create_calendar(
        &self,
        ctx: &Context<'_>,
        input: CreateCalendarInput,
    ) -> Result<CreateCalendarPayload> {
        let (commands, actor) = command(ctx)?;
        let (done, error) = split(ctx, commands.create_calendar(actor, input.into()).await)?;
        Ok(CreateCalendarPayload { calendar: done.map(Into::into), error })
    }

    async fn update_calendar(
        &self,
        ctx: &Context<'_>,
        input: UpdateCalendarInput,
    ) -> Result<UpdateCalendarPayload> {
        let (commands, actor) = command(ctx)?;
        let (done, error) = split(ctx, commands.update_calendar(actor, input.into()).await)?;
        Ok(UpdateCalendarPayload { calendar: done.map(Into::into), error })
    }

    /// Deletes the calendar and, if `withAppointments` is true, all its appointments.
    async fn delete_calendar(
        &self,
        ctx: &Context<'_>,
        input: DeleteCalendarInput,
    ) -> Result<DeleteCalendarPayload> {
        let (commands, actor) = command(ctx)?;
        let (done, error) = split(ctx, commands.delete_calendar(actor, input.into()).await)?;
        let deleted_calendar_id = done.map(|it| it.to_string().into());
        Ok(DeleteCalendarPayload { deleted_calendar_id, error })
    }
}

fn command<'c>(ctx: &Context<'c>) -> Result<(&'c Commands, &'c Actor)> {
    Ok((ctx.data::<Commands>()?, ctx.data::<Actor>()?))
}

/// Splits a command's result into the two fields of a payload: exactly one of them is set.
///
/// # Errors
/// Fails if the store failed.
fn split<T>(
    ctx: &Context<'_>,
    result: CommandResult<T>,
) -> Result<(Option<T>, Option<MutationError>)> {
    match result.map_err(error::store)? {
        Ok(done) => Ok((Some(done), None)),
        Err(refusal) => {
            ctx.data::<Metrics>()?.count_refusal(ctx.field().name(), refusal.name());
            Ok((None, Some(refusal.into())))
        }
    }
}

/// Exactly one of the two fields is set.
#[derive(SimpleObject)]
#[graphql(serial)]
struct CreateAppointmentPayload {
    appointment: Option<Appointment>,
    error: Option<MutationError>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct UpdateAppointmentPayload {
    appointment: Option<Appointment>,
    error: Option<MutationError>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct DeleteAppointmentPayload {
    deleted_appointment_id: Option<ID>,
    calendar_id: Option<ID>,
    /// The revision of the deletion.
    revision: Option<Revision>,
    error: Option<MutationError>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct CreateCalendarPayload {
    calendar: Option<Calendar>,
    error: Option<MutationError>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct UpdateCalendarPayload {
    calendar: Option<Calendar>,
    error: Option<MutationError>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct DeleteCalendarPayload {
    deleted_calendar_id: Option<ID>,
    error: Option<MutationError>,
}
