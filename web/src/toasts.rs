//! Toasts: what became of something, said once.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// So long it can be read.
const STAYS: u32 = 10_000;

/// What is said at the moment. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Toasts(RwSignal<Vec<Toast>>);

#[derive(Clone)]
struct Toast {
    number: usize,
    text: String,
    is_refusal: bool,
    undo: Option<Callback<()>>,
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// It worked, and can be taken back as long as this is read.
    pub(crate) fn done(self, text: String, undo: Callback<()>) {
        self.say(text, false, Some(undo));
    }

    /// It was taken back.
    pub(crate) fn undone(self, text: String) {
        self.say(text, false, None);
    }

    /// It did not, and why.
    pub(crate) fn refused(self, text: String) {
        self.say(text, true, None);
    }

    fn say(self, text: String, is_refusal: bool, undo: Option<Callback<()>>) {
        let number = self.0.with_untracked(|it| it.last().map_or(0, |it| it.number + 1));
        self.0.update(|it| it.push(Toast { number, text, is_refusal, undo }));
        spawn_local(async move {
            TimeoutFuture::new(STAYS).await;
            self.close(number);
        });
    }

    fn close(self, number: usize) {
        self.0.update(|it| it.retain(|it| it.number != number));
    }
}

#[component]
pub(crate) fn ToastList(toasts: Toasts) -> impl IntoView {
    let toast = move |it: Toast| {
        let undo = it.undo.map(|undo| {
            let run = move |_| {
                toasts.close(it.number);
                undo.run(());
            };
            view! {
                <button type="button" class="undo" on:click=run>
                    "Undo"
                </button>
            }
        });
        view! {
            <p class="toast" class:refusal=it.is_refusal>
                <span>{it.text}</span>
                {undo}
                <button type="button" aria-label="Close" on:click=move |_| toasts.close(it.number)>
                    "×"
                </button>
            </p>
        }
    };
    view! {
        <div class="toasts" role="log" aria-label="What happened">
            <For each=move || toasts.0.get() key=|it| it.number children=toast />
        </div>
    }
}
