//! An appointment, as it is seen: a card where its time is, or a line of a list.

use appointments_client::{Appointment, AppointmentStatus, Shared};
use leptos::prelude::*;

use crate::days::{DAY, Piece};
use crate::zone;

/// The same as long as all that is seen of a piece is the same, so that only what is other is drawn anew.
pub(crate) fn key(it: &Piece) -> impl Eq + std::hash::Hash + use<> {
    let Piece { appointment, color, is_pending, from, until, lane } = it;
    let (id, title) = (appointment.id.inner().to_owned(), appointment.title.clone());
    let is_cancelled = is_cancelled(appointment);
    let at = (appointment.starts_at, appointment.ends_at, appointment.all_day);
    let place = (*from, *until, lane.number, lane.of);
    (id, title, is_cancelled, at, color.clone(), *is_pending, place)
}

/// A card in a column of hours, or above it.
#[component]
pub(crate) fn Card(piece: Piece, on_open: Callback<Shared<Appointment>>) -> impl IntoView {
    let Piece { from, until, lane, .. } = piece;
    let of = u32::try_from(lane.of.max(1)).unwrap_or(1);
    let number = u32::try_from(lane.number).unwrap_or_default();
    let hours = hours(&piece.appointment);
    let rows = (percent(from, DAY), percent(until - from, DAY));
    let columns = (percent(number, of), percent(1, of));
    entry(piece, hours, on_open, Some((rows, columns)))
}

/// A line in a list; with `is_brief`, no more of its hours than the first.
#[component]
pub(crate) fn Line(
    piece: Piece,
    on_open: Callback<Shared<Appointment>>,
    is_brief: bool,
) -> impl IntoView {
    let hours = hours(&piece.appointment);
    let hours = match hours.split_once('–') {
        Some((start, _)) if is_brief => start.to_owned(),
        _ => hours,
    };
    entry(piece, hours, on_open, None)
}

/// Where something begins, and how large it is; in both directions.
type Position = ((String, String), (String, String));

fn entry(
    piece: Piece,
    hours: String,
    on_open: Callback<Shared<Appointment>>,
    position: Option<Position>,
) -> impl IntoView {
    let Piece { appointment, color, is_pending, .. } = piece;
    let is_cancelled = is_cancelled(&appointment);
    let (id, title) = (appointment.id.inner().to_owned(), appointment.title.clone());
    let is_line = position.is_none();
    let ((top, height), (left, width)) = position.unwrap_or_default();
    view! {
        <button
            type="button"
            class="appointment"
            class:line=is_line
            class:pending=is_pending
            class:cancelled=is_cancelled
            aria-busy=is_pending.then_some("true")
            data-appointment=id
            style:--color=color.to_string()
            style:top=top
            style:height=height
            style:left=left
            style:width=width
            on:click=move |_| on_open.run(appointment.clone())
        >
            <strong>{title}</strong>
            <span>{hours}</span>
        </button>
    }
}

fn is_cancelled(appointment: &Appointment) -> bool {
    appointment.status == AppointmentStatus::Cancelled
}

/// `09:00–10:30`, as clocks on the wall show it.
fn hours(it: &Appointment) -> String {
    if it.all_day {
        return "all day".to_owned();
    }
    let (start, end) = (zone::wall(it.starts_at), zone::wall(it.ends_at));
    format!("{}–{}", start.format("%H:%M"), end.format("%H:%M"))
}

/// A part of a whole, as styles have it.
pub(crate) fn percent(part: u32, whole: u32) -> String {
    format!("{:.4}%", f64::from(part) * 100.0 / f64::from(whole))
}
