//! Toasts: short notifications of what was done or refused, with buttons such as Undo.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::time::locale::labels;

/// A toast that reports a success disappears after this time.
const TOAST_DURATION_MS: u32 = 10_000;
/// The number of toasts that report a success and are visible at once.
const MAX_SUCCESS_TOASTS: usize = 3;

/// The visible toasts. Copies share them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toasts {
    pub(crate) visible: RwSignal<Vec<Toast>>,
    /// The number of toasts so far.
    count: StoredValue<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Toast {
    /// The number of the toast, from 0 on.
    pub(crate) number: usize,
    pub(crate) text: String,
    pub(crate) is_refusal: bool,
    pub(crate) buttons: Vec<ToastButton>,
    /// The ids of the appointments that caused a conflict.
    conflicts: Vec<String>,
}

/// A button of a toast.
#[derive(Clone)]
pub(crate) struct ToastButton {
    pub(crate) label: String,
    pub(crate) run: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for ToastButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToastButton").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self { visible: RwSignal::new(Vec::new()), count: StoredValue::new(0) }
    }

    /// Shows a success with an Undo button.
    pub(crate) fn show_done(self, text: String, undo: Arc<dyn Fn() + Send + Sync>) {
        let button = ToastButton { label: labels().undo.to_owned(), run: undo };
        self.show(text, false, vec![button], Vec::new());
    }

    /// Shows a successful undo.
    pub(crate) fn show_undone(self, text: String) {
        self.show(text, false, Vec::new(), Vec::new());
    }

    /// Shows why an action failed.
    pub(crate) fn show_refusal(self, text: String) {
        self.show(text, true, Vec::new(), Vec::new());
    }

    /// Shows that a time is taken. `conflicts` are the ids of the appointments that take it.
    pub(crate) fn show_conflict(
        self,
        text: String,
        conflicts: Vec<String>,
        buttons: Vec<ToastButton>,
    ) {
        self.show(text, true, buttons, conflicts);
    }

    /// Returns the ids of the appointments that caused the visible conflicts.
    pub(crate) fn conflicts(self) -> HashSet<String> {
        self.visible.with(|all| all.iter().flat_map(|it| &it.conflicts).cloned().collect())
    }

    /// Runs the Undo button of the newest visible success.
    pub(crate) fn undo(self) {
        let newest = self.visible.with_untracked(|all| {
            let toast = all.iter().rev().find(|it| !it.is_refusal && !it.buttons.is_empty())?;
            Some((toast.number, toast.buttons.first()?.run.clone()))
        });
        if let Some((number, run)) = newest {
            self.close(number);
            run();
        }
    }

    pub(crate) fn close(self, number: usize) {
        self.visible.update(|all| all.retain(|it| it.number != number));
    }

    fn show(
        self,
        text: String,
        is_refusal: bool,
        buttons: Vec<ToastButton>,
        conflicts: Vec<String>,
    ) {
        let number = self.count.get_value();
        self.count.set_value(number + 1);
        self.visible.update(|all| {
            all.push(Toast { number, text, is_refusal, buttons, conflicts });
            let successes = all.iter().filter(|it| !it.is_refusal).count();
            if successes > MAX_SUCCESS_TOASTS
                && let Some(oldest) = all.iter().position(|it| !it.is_refusal)
            {
                all.remove(oldest);
            }
        });
        // A refusal stays until it is closed, so that nobody misses it.
        if is_refusal {
            return;
        }
        spawn_local(async move {
            TimeoutFuture::new(TOAST_DURATION_MS).await;
            self.close(number);
        });
    }
}
