//! Toasts: what became of something, said once; and what can be done about it.

use std::collections::HashSet;
use std::sync::Arc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::time::locale::labels;

/// So long it can be read that something was done.
const TOAST_DURATION_MS: u32 = 10_000;
/// So many of that kind are read at once.
const MAX_SUCCESS_TOASTS: usize = 3;

/// What is said at the moment. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    said: RwSignal<Vec<Toast>>,
    /// So many were said so far.
    count: StoredValue<usize>,
}

#[derive(Clone)]
struct Toast {
    number: usize,
    text: String,
    is_refusal: bool,
    buttons: Vec<ToastButton>,
    /// The ids of appointments that it speaks of.
    marks: Vec<String>,
}

/// Something that can be done, as long as the toast is read.
#[derive(Clone)]
pub(crate) struct ToastButton {
    pub(crate) label: String,
    pub(crate) run: Arc<dyn Fn() + Send + Sync>,
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self { said: RwSignal::new(Vec::new()), count: StoredValue::new(0) }
    }

    /// It worked, and can be taken back.
    pub(crate) fn done(self, text: String, undo: Arc<dyn Fn() + Send + Sync>) {
        let action = ToastButton { label: labels().undo.to_owned(), run: undo };
        self.say(text, false, vec![action], Vec::new());
    }

    /// It was taken back.
    pub(crate) fn undone(self, text: String) {
        self.say(text, false, Vec::new(), Vec::new());
    }

    /// It did not work, and why.
    pub(crate) fn refused(self, text: String) {
        self.say(text, true, Vec::new(), Vec::new());
    }

    /// It did not work: `marks` are in the way, and something else may be done.
    pub(crate) fn taken(self, text: String, marks: Vec<String>, buttons: Vec<ToastButton>) {
        self.say(text, true, buttons, marks);
    }

    /// What is spoken of as something that is in the way, by id.
    pub(crate) fn marked(self) -> HashSet<String> {
        self.said.with(|all| all.iter().flat_map(|it| &it.marks).cloned().collect())
    }

    fn say(self, text: String, is_refusal: bool, buttons: Vec<ToastButton>, marks: Vec<String>) {
        let number = self.count.get_value();
        self.count.set_value(number + 1);
        self.said.update(|all| {
            all.push(Toast { number, text, is_refusal, buttons, marks });
            let read = all.iter().filter(|it| !it.is_refusal).count();
            if read > MAX_SUCCESS_TOASTS
                && let Some(oldest) = all.iter().position(|it| !it.is_refusal)
            {
                all.remove(oldest);
            }
        });
        // What was refused stays until it was seen: whoever was away is not to miss it.
        if is_refusal {
            return;
        }
        spawn_local(async move {
            TimeoutFuture::new(TOAST_DURATION_MS).await;
            self.close(number);
        });
    }

    /// Takes back what was done last, if that is still to be read.
    pub(crate) fn undo(self) {
        let last = self.said.with_untracked(|all| {
            let last = all.iter().rev().find(|it| !it.is_refusal && !it.buttons.is_empty())?;
            Some((last.number, last.buttons.first()?.run.clone()))
        });
        if let Some((number, run)) = last {
            self.close(number);
            run();
        }
    }

    fn close(self, number: usize) {
        self.said.update(|it| it.retain(|it| it.number != number));
    }
}

#[component]
pub(crate) fn ToastList(toasts: Toasts) -> impl IntoView {
    let toast = move |it: Toast| {
        let buttons = it.buttons.into_iter().map(|ToastButton { label, run }| {
            let act = move |_| {
                toasts.close(it.number);
                run();
            };
            view! {
                <button type="button" class="act" on:click=act>
                    {label}
                </button>
            }
        });
        view! {
            <p class="toast" class:refusal=it.is_refusal>
                <span>{it.text}</span>
                {buttons.collect_view()}
                <button
                    type="button"
                    aria-label=labels().close
                    on:click=move |_| toasts.close(it.number)
                >
                    "×"
                </button>
            </p>
        }
    };
    view! {
        <div class="toasts" role="log" aria-label=labels().what_happened>
            <For each=move || toasts.said.get() key=|it| it.number children=toast />
        </div>
    }
}
