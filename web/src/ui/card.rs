//! Cards: an appointment as a block in the hour grid, or as a line of a list.

use std::collections::HashSet;

use appointments_client::AppointmentStatus;
use leptos::html::Button;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions};

use crate::layout::day_layout::Segment;
use crate::time::locale::labels;

/// A shorter block has room for one line only.
const SHORT_MINUTES: u32 = 45;
/// A block of this length or more has room for a title of several lines.
const TALL_MINUTES: u32 = 90;
/// The keys that move and resize a focused card.
const KEY_SHORTCUTS: &str = "Shift+ArrowUp Shift+ArrowDown Shift+ArrowLeft Shift+ArrowRight \
                             Alt+Shift+ArrowUp Alt+Shift+ArrowDown";

/// Values that all cards share. Copies share their signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CardContext {
    /// The ids of the appointments that are marked, because they caused a conflict.
    pub(crate) marked: Signal<HashSet<String>>,
    pub(crate) focus: Focus,
}

/// The id of the focused appointment. When another card replaces its card, as on another day, the
/// new card takes the focus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Focus(StoredValue<Option<String>>);

impl Focus {
    /// Starts to follow the focus.
    pub(crate) fn new() -> Self {
        let focus = Self(StoredValue::new(None));
        let target = |event: &web_sys::Event| event.target()?.dyn_into::<Element>().ok();
        let closest = |it: &Element, selector: &str| it.closest(selector).ok().flatten();
        let _ = window_event_listener(leptos::ev::focusin, move |event| {
            let Some(element) = target(&event) else { return };
            // A dialog returns the focus to the card when it closes.
            if closest(&element, "dialog").is_none() {
                let card = closest(&element, "[data-appointment]");
                focus.0.set_value(card.and_then(|it| it.get_attribute("data-appointment")));
            }
        });
        let _ = window_event_listener(leptos::ev::pointerdown, move |event| {
            if target(&event).is_some_and(|it| closest(&it, "dialog, .appointment").is_none()) {
                focus.0.set_value(None);
            }
        });
        focus
    }

    /// Focuses a card if it is of the focused appointment and nothing else has the focus.
    fn restore(self, id: &str, card: NodeRef<Button>) {
        if self.0.with_value(|it| it.as_deref() != Some(id)) {
            return;
        }
        Effect::new(move |_| {
            let is_free = document().active_element().is_none_or(|it| it.tag_name() == "BODY");
            if let Some(card) = card.get().filter(|_| is_free) {
                let options = FocusOptions::new();
                options.set_prevent_scroll(true);
                _ = card.focus_with_options(&options);
            }
        });
    }
}

/// The shape of a card.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A block in a column. The signal is the length of the column in minutes.
    Block(Signal<u32>),
    /// A line of a list.
    Line,
    /// A line with the start time only.
    Compact,
}

/// The cards of segments. A changed appointment keeps its card. Clicks are handled by the gesture
/// area around the cards.
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
    let child = move |id: String| {
        let node = NodeRef::new();
        cards.focus.restore(&id, node);
        let segment = Memo::new(move |_| {
            let is_same = |it: &&Segment| *it.appointment.id.as_str() == id;
            segments.with(|all| all.iter().find(is_same).cloned())
        });
        move || segment.get().map(|it| card(it, shape, node, cards))
    };
    view! { <For each=ids key=Clone::clone children=child /> }
}

fn card(
    segment: Segment,
    shape: Shape,
    node: NodeRef<Button>,
    cards: CardContext,
) -> impl IntoView {
    let Bounds { top, height, left, width } = match shape {
        Shape::Block(minutes) => Bounds::of(&segment, minutes.get()),
        Shape::Line | Shape::Compact => Bounds::default(),
    };
    let is_block = matches!(shape, Shape::Block(_));
    let length = segment.until - segment.from;
    let is_short = is_block && length < SHORT_MINUTES;
    let is_tall = is_block && length >= TALL_MINUTES;
    let tooltip = format!("{}, {}", segment.appointment.title, segment.time);
    let time = match segment.time.split_once('–') {
        Some((start, _)) if matches!(shape, Shape::Compact) => start.to_owned(),
        _ => segment.time.to_string(),
    };
    let Segment { appointment, color, is_pending, is_last, .. } = segment;
    let id = appointment.id.to_string();
    let title = appointment.title.clone();
    let is_cancelled = appointment.status == AppointmentStatus::Cancelled;
    let is_marked = cards.marked.with(|it| it.contains(&id));
    let can_resize = is_block && is_last && !appointment.all_day;
    let end =
        can_resize.then(|| view! { <i class="end" title=labels().resize aria-hidden="true"></i> });
    view! {
        <button
            node_ref=node
            type="button"
            class="appointment"
            class:line=!is_block
            class:short=is_short
            class:tall=is_tall
            title=tooltip
            class:pending=is_pending
            class:cancelled=is_cancelled
            class:marked=is_marked
            aria-busy=is_pending.then_some("true")
            aria-keyshortcuts=KEY_SHORTCUTS
            data-appointment=id
            style:--color=color.to_string()
            style:top=top
            style:height=height
            style:left=left
            style:width=width
        >
            <strong>{title}</strong>
            <span>{time}</span>
            {end}
        </button>
    }
}

/// The CSS position and size of a block; empty for a line.
#[derive(Default)]
struct Bounds {
    top: String,
    height: String,
    left: String,
    width: String,
}

impl Bounds {
    /// Returns the bounds of a segment in a column that is `minutes` long.
    fn of(segment: &Segment, minutes: u32) -> Self {
        let Segment { from, until, lane, .. } = segment;
        let lanes = u32::try_from(lane.count.max(1)).unwrap_or(1);
        let number = u32::try_from(lane.number).unwrap_or_default();
        Self {
            top: percent(*from, minutes),
            height: percent(until - from, minutes),
            left: percent(number, lanes),
            width: percent(1, lanes),
        }
    }
}

/// Formats a part of a whole as a CSS percentage.
pub(crate) fn percent(part: u32, whole: u32) -> String {
    format!("{:.4}%", f64::from(part) * 100.0 / f64::from(whole.max(1)))
}
