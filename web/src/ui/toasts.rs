//! The list of toasts.

use leptos::prelude::*;

use crate::state::toasts::{Toast, ToastButton, Toasts};
use crate::time::locale::labels;

/// Shows the visible toasts. A button closes its toast.
#[component]
pub(crate) fn ToastList(toasts: Toasts) -> impl IntoView {
    let toast = move |toast: Toast| {
        let number = toast.number;
        let buttons = toast.buttons.into_iter().map(|ToastButton { label, run }| {
            let click = move |_| {
                toasts.close(number);
                run();
            };
            view! {
                <button type="button" class="act" on:click=click>
                    {label}
                </button>
            }
        });
        view! {
            <p class="toast" class:refusal=toast.is_refusal>
                <span>{toast.text}</span>
                {buttons.collect_view()}
                <button
                    type="button"
                    aria-label=labels().close
                    on:click=move |_| toasts.close(number)
                >
                    "×"
                </button>
            </p>
        }
    };
    view! {
        <div class="toasts" role="log" aria-label=labels().notifications>
            <For each=move || toasts.visible.get() key=|it| it.number children=toast />
        </div>
    }
}
