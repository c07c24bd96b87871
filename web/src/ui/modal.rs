//! A modal dialog with a form. It is open as long as it exists.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

/// A form with a heading. When it closes, the browser returns the focus to where it was.
#[component]
pub(crate) fn Modal(
    heading: &'static str,
    on_submit: Callback<()>,
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            // This fails only for a dialog that is open already.
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    view! {
        <dialog
            node_ref=dialog
            aria-labelledby="dialog-title"
            on:cancel=move |_: web_sys::Event| on_close.run(())
        >
            <form method="dialog" novalidate on:submit=submit>
                <h2 id="dialog-title">{heading}</h2>
                {children()}
            </form>
        </dialog>
    }
}
