//! An appointment, as it is seen: a card where its time is, or a line of a list.

use std::collections::HashSet;

use appointments_client::{Appointment, AppointmentStatus};
use leptos::html::Button;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions};

use crate::layout::day_layout::Segment;
use crate::time::locale::labels;

/// What is shorter than so many minutes has room for one line.
const SHORT_MINUTES: u32 = 45;
/// What is as long has room for a title that goes on.
const TALL_MINUTES: u32 = 90;

/// What all cards have in common. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct CardContext {
    /// The ids of those that are pointed at, since they are in the way of something.
    pub(crate) marked: Signal<HashSet<String>>,
    pub(crate) focus: Focus,
}

/// Which appointment has the focus, if one has it. On another day, or laid out otherwise, it has another card, which takes over.
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

/// How an appointment is drawn.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Where its time is, in something that lasts so many minutes.
    Block(Signal<u32>),
    /// A line of a list.
    Line,
    /// A line that says no more of its hours than the first.
    Compact,
}

/// Pieces of appointments, a card for each. What changes of one is changed in its card. (A click on it is heard where gestures
/// are.)
#[component]
pub(crate) fn Cards(
    segments: Memo<Vec<Segment>>,
    shape: Shape,
    cards: CardContext,
) -> impl IntoView {
    let ids = move || {
        let id = |it: &Segment| it.appointment.id.to_string();
        segments.with(|all| all.iter().map(id).collect::<Vec<_>>())
    };
    let entry = move |id: String| {
        let card = NodeRef::new();
        cards.focus.pass(&id, card);
        let segment = Memo::new(move |_| {
            let is_it = |it: &&Segment| *it.appointment.id.as_str() == id;
            segments.with(|all| all.iter().find(is_it).cloned())
        });
        move || segment.get().map(|it| entry(it, shape, card, cards))
    };
    view! { <For each=ids key=Clone::clone children=entry /> }
}

fn entry(
    segment: Segment,
    shape: Shape,
    card: NodeRef<Button>,
    cards: CardContext,
) -> impl IntoView {
    let ((top, height), (left, width)) = match shape {
        Shape::Block(minutes) => position(&segment, minutes.get()),
        Shape::Line | Shape::Compact => Default::default(),
    };
    let is_line = !matches!(shape, Shape::Block(_));
    let length = segment.until - segment.from;
    let (is_short, is_tall) =
        (!is_line && length < SHORT_MINUTES, !is_line && length >= TALL_MINUTES);
    let told = format!("{}, {}", segment.appointment.title, segment.hours);
    let Segment { appointment, hours, color, is_pending, is_last, .. } = segment;
    let hours = match hours.split_once('–') {
        Some((start, _)) if matches!(shape, Shape::Compact) => start.to_owned(),
        _ => hours.to_string(),
    };
    let is_cancelled = is_cancelled(&appointment);
    let (id, title) = (appointment.id.to_string(), appointment.title.clone());
    let is_marked = cards.marked.with(|it| it.contains(&id));
    let end = (!is_line && is_last && !appointment.all_day)
        .then(|| view! { <i class="end" title=labels().resize aria-hidden="true"></i> });
    view! {
        <button
            node_ref=card
            type="button"
            class="appointment"
            class:line=is_line
            class:short=is_short
            class:tall=is_tall
            title=told
            class:pending=is_pending
            class:cancelled=is_cancelled
            class:marked=is_marked
            aria-busy=is_pending.then_some("true")
            aria-keyshortcuts="Shift+ArrowUp Shift+ArrowDown Shift+ArrowLeft Shift+ArrowRight Alt+Shift+ArrowUp Alt+Shift+ArrowDown"
            data-appointment=id
            style:--color=color.to_string()
            style:top=top
            style:height=height
            style:left=left
            style:width=width
        >
            <strong>{title}</strong>
            <span>{hours}</span>
            {end}
        </button>
    }
}

/// Where something begins, and how large it is; in both directions.
type Position = ((String, String), (String, String));

fn position(segment: &Segment, minutes: u32) -> Position {
    let Segment { from, until, lane, .. } = segment;
    let of = u32::try_from(lane.of.max(1)).unwrap_or(1);
    let number = u32::try_from(lane.number).unwrap_or_default();
    let rows = (percent(*from, minutes), percent(until - from, minutes));
    (rows, (percent(number, of), percent(1, of)))
}

fn is_cancelled(appointment: &Appointment) -> bool {
    appointment.status == AppointmentStatus::Cancelled
}

/// A part of a whole, as styles have it.
pub(crate) fn percent(part: u32, whole: u32) -> String {
    format!("{:.4}%", f64::from(part) * 100.0 / f64::from(whole.max(1)))
}
