//! Gestures: what a pointer or the keys do to appointments, told as [`Drag`]s. It knows where things are on screen, and nothing
//! of what becomes of them.

use appointments_client::{Appointment, Shared};
use chrono::NaiveDate;
use gloo_timers::future::TimeoutFuture;
use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent, PointerEvent, TouchEvent};
use leptos::html::Main;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::input::drag::{Drag, Handle, STEP_MINUTES, Spot};
use crate::input::hit_test::{appointment, scroll, spot};
use crate::time::display::Display;

/// A pointer that has not moved so many pixels has not moved.
const DRAG_THRESHOLD_PX: i32 = 4;
/// A finger that rests for so many milliseconds takes hold; one that does not, scrolls.
const LONG_PRESS_MS: u32 = 400;

/// What gestures are made of and lead to. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Gestures {
    /// What is dragged, if anything.
    pub(crate) drag: RwSignal<Option<Drag>>,
    pub(crate) display: Signal<Display>,
    /// What an appointment is, by id.
    pub(crate) find: Callback<String, Option<Shared<Appointment>>>,
    /// The calendar that something new is meant for.
    pub(crate) calendar: Callback<(), Option<String>>,
    /// Whether a day is seen.
    pub(crate) is_shown: Callback<NaiveDate, bool>,
    pub(crate) on_open: Callback<Shared<Appointment>>,
    pub(crate) on_drop: Callback<Drag>,
}

/// A pointer that is down, and what it would drag.
#[derive(Clone)]
struct Press {
    /// Of all presses so far.
    number: usize,
    pointer: i32,
    is_finger: bool,
    at: (i32, i32),
    drag: Drag,
}

/// What is shown, and can be dragged.
#[component]
pub(crate) fn GestureArea(gestures: Gestures, children: Children) -> impl IntoView {
    let main = NodeRef::<Main>::new();
    let pressed = StoredValue::new(None::<Press>);
    let presses = StoredValue::new(0);
    // From now on a release is no click on what is there.
    let captures =
        move |pointer| _ = main.get_untracked().map(|it| it.set_pointer_capture(pointer));
    let lets_go = move || {
        pressed.set_value(None);
        gestures.drag.set(None);
    };
    let down = move |event: PointerEvent| {
        // Whoever takes hold of something else has let go of what keys held.
        gestures.drag.set(None);
        let drag = (event.button() == 0).then(|| gestures.handle(&event)).flatten();
        let (number, is_finger) = (presses.get_value() + 1, event.pointer_type() == "touch");
        presses.set_value(number);
        let (pointer, at) = (event.pointer_id(), (event.client_x(), event.client_y()));
        pressed.set_value(drag.map(|drag| Press { number, pointer, is_finger, at, drag }));
        if is_finger {
            spawn_local(async move {
                TimeoutFuture::new(LONG_PRESS_MS).await;
                let rests = pressed.get_value().filter(|it| it.number == number);
                if let Some(Press { pointer, drag, .. }) = rests {
                    captures(pointer);
                    gestures.drag.set(Some(drag));
                }
            });
        }
    };
    let moves = move |event: PointerEvent| {
        let Some(Press { is_finger, at: (x, y), drag, .. }) = pressed.get_value() else { return };
        // It was released where nobody has heard of it.
        if event.buttons() & 1 == 0 {
            return lets_go();
        }
        let (to_x, to_y) = (event.client_x(), event.client_y());
        if gestures.drag.with_untracked(Option::is_none) {
            if (to_x - x).abs() < DRAG_THRESHOLD_PX && (to_y - y).abs() < DRAG_THRESHOLD_PX {
                return;
            }
            if is_finger {
                return lets_go();
            }
            captures(event.pointer_id());
        }
        if let Some((at, element)) = spot(to_x, to_y) {
            let drag = gestures.display.with_untracked(|it| drag.over(at, it));
            if gestures.drag.with_untracked(|it| it.as_ref() != Some(&drag)) {
                gestures.drag.set(Some(drag));
            }
            scroll(&element, to_y);
        }
    };
    // A finger that holds something does not scroll.
    let touchmove = move |event: TouchEvent| {
        if gestures.drag.with_untracked(Option::is_some) {
            event.prevent_default();
        }
    };
    let up = move |_: PointerEvent| {
        pressed.set_value(None);
        gestures.drop();
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
            on:touchmove=touchmove
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
    fn handle(self, event: &PointerEvent) -> Option<Drag> {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let (at, _) = spot(event.client_x(), event.client_y())?;
        let handle = match appointment(&target) {
            Some((id, _)) => {
                let it = self.find.run(id)?;
                let is_end = target.class_list().contains("end");
                if is_end { Handle::End(it) } else { Handle::Whole(it) }
            }
            None if target.class_list().contains("day") => Handle::Slot(self.calendar.run(())?),
            None => return None,
        };
        Some(self.display.with_untracked(|it| Drag::new(handle, at, it)))
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
        let dragged = dragged.filter(|it| it.of().is_some_and(|it| it.id.as_str() == id));
        let (days, minutes) = match event.key().as_str() {
            "Enter" if dragged.is_some() => {
                event.prevent_default();
                return self.drop();
            }
            "ArrowLeft" => (-1, 0),
            "ArrowRight" => (1, 0),
            "ArrowUp" => (0, -STEP_MINUTES),
            "ArrowDown" => (0, STEP_MINUTES),
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
        let handle =
            |it| if event.alt_key() && can_end { Handle::End(it) } else { Handle::Whole(it) };
        let drag = self.display.with_untracked(|display| {
            let begin = || {
                let spot = Spot { date: display.date(it.starts_at), minute: None };
                Drag::new(handle(it.clone()), spot, display)
            };
            dragged
                .map_or_else(begin, |drag| drag.with_handle(handle(it.clone())))
                .by(days, minutes, display)
        });
        // Out of display nobody knows where it is; the dialog leads there.
        let first = self.display.with_untracked(|it| it.date(drag.start));
        if self.is_shown.run(first) {
            self.drag.set(Some(drag));
        }
    }

    fn drop(self) {
        if let Some(drag) = self.drag.get_untracked() {
            self.on_drop.run(drag);
            self.drag.set(None);
        }
    }
}
