//! An appointment, as it is seen: a card where its time is, or a line of a list.

use std::collections::HashSet;
use std::sync::Arc;

use appointments_client::{Appointment, AppointmentStatus, Shared};
use leptos::html::Button;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions};

use crate::days::Piece;
use crate::locale::labels;

/// What all cards have in common. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Cards {
    pub(crate) on_open: Callback<Shared<Appointment>>,
    /// The ids of those that are pointed at, since they are in the way of something.
    pub(crate) marked: Signal<HashSet<String>>,
    pub(crate) focus: Focus,
}

/// Which appointment has the focus, if one has it. A change makes another card of it, which takes over.
#[derive(Clone, Copy)]
pub(crate) struct Focus(StoredValue<Option<String>>);

impl Focus {
    /// Follows the focus from now on.
    pub(crate) fn new() -> Self {
        let focus = Self(StoredValue::new(None));
        let target = |event: &web_sys::Event| event.target()?.dyn_into::<Element>().ok();
        let is_in = |it: &Element, what: &str| it.closest(what).ok().flatten();
        let _ = window_event_listener(leptos::ev::focusin, move |event| {
            let Some(element) = target(&event) else { return };
            // (When a dialog is over, the focus goes back to where it was.)
            if is_in(&element, "dialog").is_none() {
                let card = is_in(&element, "[data-appointment]");
                focus.0.set_value(card.and_then(|it| it.get_attribute("data-appointment")));
            }
        });
        let _ = window_event_listener(leptos::ev::pointerdown, move |event| {
            if target(&event).is_some_and(|it| is_in(&it, "dialog, .appointment").is_none()) {
                focus.0.set_value(None);
            }
        });
        focus
    }

    /// Gives it to the card of an appointment, if it is its.
    fn pass(self, id: &str, card: NodeRef<Button>) {
        if self.0.with_value(|it| it.as_deref() != Some(id)) {
            return;
        }
        Effect::new(move |_| {
            let nobody = document().active_element().is_none_or(|it| it.tag_name() == "BODY");
            if let Some(card) = card.get().filter(|_| nobody) {
                let options = FocusOptions::new();
                options.set_prevent_scroll(true);
                _ = card.focus_with_options(&options);
            }
        });
    }
}

/// The same as long as all that is seen of a piece is the same, so that only what is other is drawn anew.
pub(crate) fn key(it: &Piece) -> impl Eq + std::hash::Hash + use<> {
    let Piece { appointment, hours, color, is_pending, from, until, is_last, lane } = it;
    let (id, title) = (appointment.id.inner().to_owned(), appointment.title.clone());
    let is_cancelled = is_cancelled(appointment);
    let place = (*from, *until, *is_last, lane.number, lane.of);
    (id, title, is_cancelled, hours.clone(), color.clone(), *is_pending, place)
}

/// A card in a column of hours, or above it; `minutes` are how long the column is.
#[component]
pub(crate) fn Card(piece: Piece, minutes: u32, cards: Cards) -> impl IntoView {
    let Piece { from, until, lane, .. } = piece;
    let of = u32::try_from(lane.of.max(1)).unwrap_or(1);
    let number = u32::try_from(lane.number).unwrap_or_default();
    let rows = (percent(from, minutes), percent(until - from, minutes));
    let columns = (percent(number, of), percent(1, of));
    let hours = piece.hours.clone();
    entry(piece, hours, cards, Some((rows, columns)))
}

/// A line in a list; with `is_brief`, no more of its hours than the first.
#[component]
pub(crate) fn Line(piece: Piece, cards: Cards, is_brief: bool) -> impl IntoView {
    let hours = piece.hours.clone();
    let hours = match hours.split_once('–') {
        Some((start, _)) if is_brief => start.into(),
        _ => hours,
    };
    entry(piece, hours, cards, None)
}

/// Where something begins, and how large it is; in both directions.
type Position = ((String, String), (String, String));

fn entry(piece: Piece, hours: Arc<str>, cards: Cards, position: Option<Position>) -> impl IntoView {
    let Piece { appointment, color, is_pending, is_last, .. } = piece;
    let Cards { on_open, marked, focus } = cards;
    let card = NodeRef::new();
    let is_cancelled = is_cancelled(&appointment);
    let (id, title) = (appointment.id.inner().to_owned(), appointment.title.clone());
    let (is_line, can_grow) = (position.is_none(), is_last && !appointment.all_day);
    let ((top, height), (left, width)) = position.unwrap_or_default();
    focus.pass(&id, card);
    let known = id.clone();
    let end = (can_grow && !is_line)
        .then(|| view! { <i class="end" title=labels().resize aria-hidden="true"></i> });
    view! {
        <button
            node_ref=card
            type="button"
            class="appointment"
            class:line=is_line
            class:pending=is_pending
            class:cancelled=is_cancelled
            class:marked=move || marked.with(|it| it.contains(&known))
            aria-busy=is_pending.then_some("true")
            aria-keyshortcuts="Shift+ArrowUp Shift+ArrowDown Shift+ArrowLeft Shift+ArrowRight Alt+Shift+ArrowUp Alt+Shift+ArrowDown"
            data-appointment=id
            style:--color=color.to_string()
            style:top=top
            style:height=height
            style:left=left
            style:width=width
            on:click=move |_| on_open.run(appointment.clone())
        >
            <strong>{title}</strong>
            <span>{hours.to_string()}</span>
            {end}
        </button>
    }
}

fn is_cancelled(appointment: &Appointment) -> bool {
    appointment.status == AppointmentStatus::Cancelled
}

/// A part of a whole, as styles have it.
pub(crate) fn percent(part: u32, whole: u32) -> String {
    format!("{:.4}%", f64::from(part) * 100.0 / f64::from(whole.max(1)))
}
