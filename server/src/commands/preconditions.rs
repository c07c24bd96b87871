//! What a command finds: a calendar or an appointment that stands and may be changed, and whether a
//! slot is free. Whatever does not is a refusal.

use super::idempotency::{CommandError, Context};
use crate::domain::{
    Appointment, AppointmentId, Calendar, CalendarId, EntityId, EntityKind, Interval,
    OverlapPolicy, Refusal, Revision,
};
use crate::store::{CalendarRow, IdEntry, Transaction};

/// The calendar, locked, if it stands and `by` may change it.
pub(super) async fn calendar(
    tx: &mut dyn Transaction,
    context: &Context,
    id: CalendarId,
) -> Result<CalendarRow, CommandError> {
    let kind = EntityKind::Calendar;
    let unknown = Refusal::NotFound { kind, id: id.into(), calendar_id: None, revision: None };
    let Some(row) = tx.lock_calendar(id).await? else {
        return Err(unknown.into());
    };
    if !context.actor.may_change(id) {
        return Err(unknown.into());
    }
    match row.deleted {
        None => Ok(row),
        gone => Err(gone_from(kind, id.into(), id, gone).into()),
    }
}

/// An appointment and its calendar, locked, if both stand and `by` may change them.
pub(super) async fn appointment(
    tx: &mut dyn Transaction,
    context: &Context,
    id: AppointmentId,
) -> Result<(CalendarRow, Appointment), CommandError> {
    let kind = EntityKind::Appointment;
    let unknown = Refusal::NotFound { kind, id: id.into(), calendar_id: None, revision: None };
    let place = match tx.locate(id.into()).await? {
        // A calendar is in itself; it is no appointment.
        Some(place) if EntityId::from(place.calendar_id) != EntityId::from(id) => place,
        _ => return Err(unknown.into()),
    };
    if !context.actor.may_change(place.calendar_id) {
        return Err(unknown.into());
    }
    let IdEntry { calendar_id, deleted, .. } = place;
    let (Some(row), None) = (tx.lock_calendar(calendar_id).await?, deleted) else {
        return Err(gone_from(kind, id.into(), calendar_id, deleted).into());
    };
    match tx.appointment(calendar_id, id).await? {
        Some(appointment) => Ok((row, appointment)),
        None => Err(gone_from(kind, id.into(), calendar_id, None).into()),
    }
}

/// S12: nothing busy is in the way, where that matters.
pub(super) async fn slot_is_free(
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

fn gone_from(
    kind: EntityKind,
    id: EntityId,
    calendar: CalendarId,
    revision: Option<Revision>,
) -> Refusal {
    Refusal::NotFound { kind, id, calendar_id: Some(calendar), revision }
}
