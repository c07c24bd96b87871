//! Preconditions of the commands: they lock what a command changes, or refuse the command.

use super::idempotency::{CommandError, Context};
use crate::domain::{
    Appointment, AppointmentId, Calendar, CalendarId, EntityId, EntityKind, Interval,
    OverlapPolicy, Refusal, Revision,
};
use crate::store::{CalendarRow, Transaction};

/// Locks a calendar that exists and that the actor may change.
pub(super) async fn lock_calendar(
    tx: &mut dyn Transaction,
    context: &Context,
    id: CalendarId,
) -> Result<CalendarRow, CommandError> {
    let kind = EntityKind::Calendar;
    let Some(row) = tx.lock_calendar(id).await? else {
        return Err(not_found(kind, id.into(), None, None).into());
    };
    if !context.actor.may_change(id) {
        return Err(not_found(kind, id.into(), None, None).into());
    }
    if row.deleted.is_some() {
        return Err(not_found(kind, id.into(), Some(id), row.deleted).into());
    }
    Ok(row)
}

/// Locks the calendar of an appointment that exists and that the actor may change.
pub(super) async fn lock_appointment(
    tx: &mut dyn Transaction,
    context: &Context,
    id: AppointmentId,
) -> Result<(CalendarRow, Appointment), CommandError> {
    let kind = EntityKind::Appointment;
    let entry = tx.locate(id.into()).await?.filter(|it| {
        let is_calendar = EntityId::from(it.calendar_id) == id.into();
        !is_calendar && context.actor.may_change(it.calendar_id)
    });
    let Some(entry) = entry else {
        return Err(not_found(kind, id.into(), None, None).into());
    };
    let calendar_id = entry.calendar_id;
    let row = tx.lock_calendar(calendar_id).await?;
    let (Some(row), None) = (row, entry.deleted) else {
        return Err(not_found(kind, id.into(), Some(calendar_id), entry.deleted).into());
    };
    match tx.appointment(calendar_id, id).await? {
        Some(appointment) => Ok((row, appointment)),
        None => Err(not_found(kind, id.into(), Some(calendar_id), None).into()),
    }
}

/// Refuses a time that is taken, in a calendar that allows no overlaps (S12). The appointment
/// `except` does not count.
pub(super) async fn ensure_slot_free(
    tx: &mut dyn Transaction,
    calendar: &Calendar,
    slot: Interval,
    except: Option<AppointmentId>,
) -> Result<(), CommandError> {
    if calendar.content.overlaps == OverlapPolicy::Allow {
        return Ok(());
    }
    let found = tx.find_conflicts(calendar.id, slot, except).await?;
    if found.count == 0 {
        return Ok(());
    }
    Err(Refusal::TimeSlotTaken { conflicts: found.earliest, count: found.count }.into())
}

fn not_found(
    kind: EntityKind,
    id: EntityId,
    calendar_id: Option<CalendarId>,
    revision: Option<Revision>,
) -> Refusal {
    Refusal::NotFound { kind, id, calendar_id, revision }
}
