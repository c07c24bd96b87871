//! Gestures: what a pointer or the keys do to appointments, told as [`Drag`]s. It knows where things are on screen, and nothing
//! of what becomes of them.

use appointments_client::{Appointment, Shared};
use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Main;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::drag::{Drag, Grip, STEP, Spot};
use crate::sight::Sight;

/// A pointer that has not moved so many pixels has not moved.
const STILL: i32 = 4;
/// So near to its upper or lower edge a view begins to scroll, and by so much at once.
const EDGE: f64 = 24.0;

/// What gestures are made of and lead to. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Gestures {
    /// What is dragged, if anything.
    pub(crate) drag: RwSignal<Option<Drag>>,
    pub(crate) sight: Signal<Sight>,
    /// What an appointment is, by id.
    pub(crate) find: Callback<String, Option<Shared<Appointment>>>,
    /// The calendar that something new is meant for.
    pub(crate) calendar: Callback<(), Option<String>>,
    pub(crate) on_open: Callback<Shared<Appointment>>,
    pub(crate) on_drop: Callback<Drag>,
}

/// What is shown, and can be dragged. (Fingers scroll; they have the dialog.)
#[component]
pub(crate) fn Gestured(gestures: Gestures, children: Children) -> impl IntoView {
    let main = NodeRef::<Main>::new();
    // Where a pointer went down, and what it would drag if it moved.
    let pressed = StoredValue::new(None::<((i32, i32), Drag)>);
    let lets_go = move || {
        pressed.set_value(None);
        gestures.drag.set(None);
    };
    let down = move |event: PointerEvent| {
        // Whoever takes hold of something else has let go of what keys held.
        gestures.drag.set(None);
        let is_plain = event.button() == 0 && event.pointer_type() != "touch";
        let drag = is_plain.then(|| gestures.grip(&event)).flatten();
        pressed.set_value(drag.map(|drag| ((event.client_x(), event.client_y()), drag)));
    };
    let moves = move |event: PointerEvent| {
        let Some(((x, y), drag)) = pressed.get_value() else { return };
        // It was released where nobody has heard of it.
        if event.buttons() & 1 == 0 {
            return lets_go();
        }
        let (to_x, to_y) = (event.client_x(), event.client_y());
        if gestures.drag.with_untracked(Option::is_none) {
            if (to_x - x).abs() < STILL && (to_y - y).abs() < STILL {
                return;
            }
            // From now on a release is no click on what is there.
            _ = main.get_untracked().map(|it| it.set_pointer_capture(event.pointer_id()));
        }
        if let Some((at, element)) = spot(to_x, to_y) {
            let drag = gestures.sight.with_untracked(|it| drag.over(at, it));
            if gestures.drag.with_untracked(|it| it.as_ref() != Some(&drag)) {
                gestures.drag.set(Some(drag));
            }
            scroll(&element, to_y);
        }
    };
    let up = move |_: PointerEvent| {
        pressed.set_value(None);
        gestures.drops();
    };
    let focusout = move |event: FocusEvent| {
        // Who drags with keys and goes elsewhere has let go; a pointer holds on, and a card that is drawn anew goes nowhere.
        if pressed.with_value(Option::is_none) && event.related_target().is_some() {
            lets_go();
        }
    };
    // (Wherever the focus is; and the page is never left.)
    let _ = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" {
            lets_go();
        }
    });
    view! {
        <main
            node_ref=main
            class:dragging=move || gestures.drag.with(Option::is_some)
            on:pointerdown=down
            on:pointermove=moves
            on:pointerup=up
            on:pointercancel=move |_| lets_go()
            on:click=move |event| gestures.on_click(&event)
            on:keydown=move |event| gestures.on_key(&event)
            on:focusout=focusout
        >
            {children()}
        </main>
    }
}

impl Gestures {
    /// What a pointer would drag from where it went down.
    fn grip(self, event: &PointerEvent) -> Option<Drag> {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let (at, _) = spot(event.client_x(), event.client_y())?;
        let grip = match appointment(&target) {
            Some((id, _)) => {
                let it = self.find.run(id)?;
                let is_end = target.class_list().contains("end");
                if is_end { Grip::End(it) } else { Grip::Whole(it) }
            }
            None if target.class_list().contains("day") => Grip::Slot(self.calendar.run(())?),
            None => return None,
        };
        Some(self.sight.with_untracked(|it| Drag::new(grip, at, it)))
    }

    /// A click on an appointment opens it.
    fn on_click(self, event: &MouseEvent) {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let clicked = target.as_ref().and_then(appointment);
        if let Some(it) = clicked.and_then(|(id, _)| self.find.run(id)) {
            self.on_open.run(it);
        }
    }

    /// Shift and arrows move what has the focus, by days and quarters of an hour; with Alt its end. Enter lets it go.
    fn on_key(self, event: &KeyboardEvent) {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let Some((id, card)) = target.as_ref().and_then(appointment) else { return };
        let dragged = self.drag.get_untracked();
        let dragged = dragged.filter(|it| it.of().is_some_and(|it| it.id.inner() == id));
        let (days, minutes) = match event.key().as_str() {
            "Enter" if dragged.is_some() => {
                event.prevent_default();
                return self.drops();
            }
            "ArrowLeft" => (-1, 0),
            "ArrowRight" => (1, 0),
            "ArrowUp" => (0, -STEP),
            "ArrowDown" => (0, STEP),
            _ => return,
        };
        if !event.shift_key() {
            return;
        }
        event.prevent_default();
        let Some(it) =
            dragged.as_ref().and_then(|it| it.of().cloned()).or_else(|| self.find.run(id))
        else {
            return;
        };
        // Lists have no hours: there the day alone can be seen to change.
        let can_end = !it.all_day && !card.class_list().contains("line");
        let grip = |it| if event.alt_key() && can_end { Grip::End(it) } else { Grip::Whole(it) };
        let drag = self.sight.with_untracked(|sight| {
            let begin = || {
                let spot = Spot { date: sight.date(it.starts_at), minute: None };
                Drag::new(grip(it.clone()), spot, sight)
            };
            dragged
                .map_or_else(begin, |drag| drag.held_by(grip(it.clone())))
                .by(days, minutes, sight)
        });
        self.drag.set(Some(drag));
    }

    fn drops(self) {
        if let Some(drag) = self.drag.get_untracked() {
            self.on_drop.run(drag);
            self.drag.set(None);
        }
    }
}

/// The card that an element is part of, and whose it is.
fn appointment(element: &Element) -> Option<(String, Element)> {
    let card = element.closest("[data-appointment]").ok().flatten()?;
    Some((card.get_attribute("data-appointment")?, card))
}

/// What is at a point of the window: a day, and where there are hours, the minute of it.
fn spot(x: i32, y: i32) -> Option<(Spot, Element)> {
    let element = document().element_from_point(x as f32, y as f32)?;
    let day = element.closest("[data-day]").ok().flatten()?;
    let date = day.get_attribute("data-day")?.parse().ok()?;
    let minutes: Option<f64> = day.get_attribute("data-minutes").and_then(|it| it.parse().ok());
    let minute = minutes.map(|minutes| {
        let place = day.get_bounding_client_rect();
        let part = (f64::from(y) - place.top()) / place.height().max(1.0);
        (part.clamp(0.0, 1.0) * minutes) as u32
    });
    Some((Spot { date, minute }, day))
}

/// Shows more of the hours, if a pointer is at their edge.
fn scroll(day: &Element, y: i32) {
    let Ok(Some(scrolls)) = day.closest(".scrolls") else { return };
    let (place, y) = (scrolls.get_bounding_client_rect(), f64::from(y));
    let by = if y < place.top() + EDGE {
        -EDGE
    } else if y > place.bottom() - EDGE {
        EDGE
    } else {
        return;
    };
    scrolls.set_scroll_top(scrolls.scroll_top() + by as i32);
}
