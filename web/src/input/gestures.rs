//! Gestures: turns clicks, keys and pointer movements on appointments into [`Drag`]s.

use appointments_client::{Appointment, Shared};
use chrono::NaiveDate;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Main;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::input::drag::{Drag, Handle, STEP_MINUTES, Spot};
use crate::input::hit_test::card_of;
use crate::input::pointer::Pointer;
use crate::time::display::Display;

/// The inputs and outputs of gestures. Copies share their signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gestures {
    /// The current drag.
    pub(crate) drag: RwSignal<Option<Drag>>,
    pub(crate) display: Signal<Display>,
    /// Returns an appointment by id.
    pub(crate) find: Callback<String, Option<Shared<Appointment>>>,
    /// Returns the id of the calendar for a new appointment.
    pub(crate) default_calendar: Callback<(), Option<String>>,
    /// Returns whether a day is visible.
    pub(crate) is_visible: Callback<NaiveDate, bool>,
    /// Receives an appointment that was clicked.
    pub(crate) on_open: Callback<Shared<Appointment>>,
    /// Receives a drag that was dropped.
    pub(crate) on_drop: Callback<Drag>,
}

/// The area in which appointments can be clicked and dragged.
#[component]
pub(crate) fn GestureArea(gestures: Gestures, children: Children) -> impl IntoView {
    let main = NodeRef::<Main>::new();
    let pointer = Pointer::new(gestures, main);
    // Escape ends a drag wherever the focus is.
    let _ = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" {
            pointer.cancel();
        }
    });
    view! {
        <main
            node_ref=main
            class:dragging=move || gestures.drag.with(Option::is_some)
            on:pointerdown=move |event| pointer.on_down(&event)
            on:pointermove=move |event| pointer.on_move(&event)
            on:pointerup=move |_| pointer.on_up()
            on:pointercancel=move |_| pointer.cancel()
            on:touchmove=move |event| pointer.on_touch_move(&event)
            on:click=move |event| gestures.on_click(&event)
            on:keydown=move |event| gestures.on_key(&event)
            on:focusout=move |event| pointer.on_focus_out(&event)
        >
            {children()}
        </main>
    }
}

impl Gestures {
    /// Opens an appointment that was clicked.
    fn on_click(self, event: &MouseEvent) {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let clicked = target.as_ref().and_then(card_of);
        if let Some(appointment) = clicked.and_then(|(id, _)| self.find.run(id)) {
            self.on_open.run(appointment);
        }
    }

    /// Handles a key on a focused appointment: Shift and an arrow move it by a day or a step, Alt
    /// moves its end only, Enter drops it.
    fn on_key(self, event: &KeyboardEvent) {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let Some((id, card)) = target.as_ref().and_then(card_of) else { return };
        let drag = self.drag_of(&id);
        if event.key() == "Enter" && drag.is_some() {
            event.prevent_default();
            return self.drop();
        }
        let Some((days, minutes)) = arrow_step(&event.key()) else { return };
        if !event.shift_key() {
            return;
        }
        event.prevent_default();
        let dragged = drag.as_ref().and_then(|it| it.appointment().cloned());
        let Some(appointment) = dragged.or_else(|| self.find.run(id)) else { return };
        // Lists show no hours, so a change of the end would not be visible there.
        let can_resize = !appointment.all_day && !card.class_list().contains("line");
        let handle = if event.alt_key() && can_resize {
            Handle::End(appointment.clone())
        } else {
            Handle::Whole(appointment.clone())
        };
        let display = self.display.get_untracked();
        let drag = match drag {
            Some(drag) => drag.with_handle(handle),
            None => {
                let date = display.date(appointment.starts_at);
                Drag::new(handle, Spot { date, minute: None }, &display)
            }
        };
        let drag = drag.move_by(days, minutes, &display);
        // A preview on a hidden day would be invisible. The dialog can move it there.
        if self.is_visible.run(display.date(drag.start)) {
            self.drag.set(Some(drag));
        }
    }

    /// Returns the current drag if it is of an appointment.
    fn drag_of(self, id: &str) -> Option<Drag> {
        let drag = self.drag.get_untracked()?;
        let is_same = drag.appointment().is_some_and(|it| it.id.as_str() == id);
        is_same.then_some(drag)
    }

    /// Ends the current drag and passes it on.
    pub(super) fn drop(self) {
        if let Some(drag) = self.drag.get_untracked() {
            self.on_drop.run(drag);
            self.drag.set(None);
        }
    }
}

/// Returns the days and minutes by which an arrow key moves an appointment.
fn arrow_step(key: &str) -> Option<(i64, i64)> {
    match key {
        "ArrowLeft" => Some((-1, 0)),
        "ArrowRight" => Some((1, 0)),
        "ArrowUp" => Some((0, -STEP_MINUTES)),
        "ArrowDown" => Some((0, STEP_MINUTES)),
        _ => None,
    }
}
