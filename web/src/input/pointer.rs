//! Drags by mouse and touch: from the press of a pointer to its release.

use gloo_timers::future::TimeoutFuture;
use leptos::ev::{FocusEvent, PointerEvent, TouchEvent};
use leptos::html::Main;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::input::drag::{Drag, Handle};
use crate::input::gestures::Gestures;
use crate::input::hit_test::{auto_scroll, card_of, hit};

/// A mouse begins to drag when it has moved this far from where it was pressed.
const DRAG_THRESHOLD_PX: i32 = 4;
/// A finger begins to drag after this long press. One that moves earlier scrolls.
const LONG_PRESS_MS: u32 = 400;

/// The state of the pointer. Copies share it.
#[derive(Clone, Copy)]
pub(super) struct Pointer {
    gestures: Gestures,
    main: NodeRef<Main>,
    press: StoredValue<Option<Press>>,
    /// The number of presses so far.
    presses: StoredValue<usize>,
}

/// A pressed pointer, and the drag that it may begin.
#[derive(Clone)]
struct Press {
    /// The number of the press, from 1 on.
    number: usize,
    pointer: i32,
    is_touch: bool,
    /// The point of the window at which it was pressed, in pixels.
    at: (i32, i32),
    drag: Drag,
}

impl Pointer {
    pub(super) fn new(gestures: Gestures, main: NodeRef<Main>) -> Self {
        Self { gestures, main, press: StoredValue::new(None), presses: StoredValue::new(0) }
    }

    pub(super) fn on_down(self, event: &PointerEvent) {
        // A press ends a drag by keys.
        self.gestures.drag.set(None);
        let number = self.presses.get_value() + 1;
        self.presses.set_value(number);
        let is_touch = event.pointer_type() == "touch";
        let drag = if event.button() == 0 { self.drag_at(event) } else { None };
        self.press.set_value(drag.map(|drag| Press {
            number,
            pointer: event.pointer_id(),
            is_touch,
            at: (event.client_x(), event.client_y()),
            drag,
        }));
        if is_touch {
            self.begin_after_long_press(number);
        }
    }

    pub(super) fn on_move(self, event: &PointerEvent) {
        let Some(press) = self.press.get_value() else { return };
        // The pointer was released outside of the window.
        if event.buttons() & 1 == 0 {
            return self.cancel();
        }
        let (x, y) = (event.client_x(), event.client_y());
        if self.gestures.drag.with_untracked(Option::is_none) {
            let (from_x, from_y) = press.at;
            let distance = (x - from_x).abs().max((y - from_y).abs());
            if distance < DRAG_THRESHOLD_PX {
                return;
            }
            if press.is_touch {
                return self.cancel();
            }
            self.capture(event.pointer_id());
        }
        if let Some((spot, day)) = hit(x, y) {
            let drag = self.gestures.display.with_untracked(|it| press.drag.drag_to(spot, it));
            if self.gestures.drag.with_untracked(|it| it.as_ref() != Some(&drag)) {
                self.gestures.drag.set(Some(drag));
            }
            auto_scroll(&day, y);
        }
    }

    pub(super) fn on_up(self) {
        self.press.set_value(None);
        self.gestures.drop();
    }

    /// Keeps the page from scrolling while a finger drags.
    pub(super) fn on_touch_move(self, event: &TouchEvent) {
        if self.gestures.drag.with_untracked(Option::is_some) {
            event.prevent_default();
        }
    }

    /// Ends a drag by keys when the focus moves to another element. A drag by a pointer goes on,
    /// and so does one whose card is only drawn again.
    pub(super) fn on_focus_out(self, event: &FocusEvent) {
        if self.press.with_value(Option::is_none) && event.related_target().is_some() {
            self.cancel();
        }
    }

    /// Ends the drag and changes nothing.
    pub(super) fn cancel(self) {
        self.press.set_value(None);
        self.gestures.drag.set(None);
    }

    fn begin_after_long_press(self, number: usize) {
        spawn_local(async move {
            TimeoutFuture::new(LONG_PRESS_MS).await;
            let press = self.press.get_value().filter(|it| it.number == number);
            if let Some(Press { pointer, drag, .. }) = press {
                self.capture(pointer);
                self.gestures.drag.set(Some(drag));
            }
        });
    }

    /// Sends all further events of a pointer to the area, so that its release is no click.
    fn capture(self, pointer: i32) {
        if let Some(main) = self.main.get_untracked() {
            _ = main.set_pointer_capture(pointer);
        }
    }

    /// Returns the drag that a press would begin, or `None` if nothing there can be dragged.
    fn drag_at(self, event: &PointerEvent) -> Option<Drag> {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let (spot, _) = hit(event.client_x(), event.client_y())?;
        let is = |class: &str| target.class_list().contains(class);
        let handle = match card_of(&target) {
            Some((id, _)) => {
                let appointment = self.gestures.find.run(id)?;
                if is("end") { Handle::End(appointment) } else { Handle::Whole(appointment) }
            }
            None if is("day") => Handle::Slot(self.gestures.default_calendar.run(())?),
            None => return None,
        };
        Some(self.gestures.display.with_untracked(|it| Drag::new(handle, spot, it)))
    }
}
