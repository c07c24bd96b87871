//! Which stretch of time is looked at, and how one gets to another.

use leptos::prelude::*;

use crate::place::{Place, View};
use crate::zone;

/// Back, forth, today, any day; and which view. `go` is told where to.
#[component]
pub(crate) fn Navigation(
    place: Signal<Place>,
    is_complete: Signal<bool>,
    go: Callback<Place>,
) -> impl IntoView {
    let to = move |change: fn(Place) -> Place| go.run(change(place.get_untracked()));
    let today = |it: Place| it.at(zone::wall(zone::now()).date());
    let jump = move |written: String| {
        // (A field that was emptied names no day.)
        if let Ok(day) = written.parse() {
            go.run(place.get_untracked().at(day));
        }
    };
    let choice = move |view: View| {
        let is_chosen = move || place.with(|it| it.view == view);
        view! {
            <button
                type="button"
                id=format!("view-{}", view.name())
                aria-pressed=move || is_chosen().to_string()
                on:click=move |_| go.run(place.get_untracked().seen_as(view))
            >
                {view.label()}
            </button>
        }
    };
    view! {
        <nav aria-label="Time">
            <button type="button" id="back" aria-label="Back" on:click=move |_| to(Place::previous)>
                "‹"
            </button>
            <button type="button" id="today" on:click=move |_| to(today)>
                "Today"
            </button>
            <button type="button" id="forward" aria-label="Forward" on:click=move |_| to(Place::next)>
                "›"
            </button>
            <input
                type="date"
                id="date"
                aria-label="Go to a day"
                prop:value=move || place.with(|it| it.date.to_string())
                on:change:target=move |event| jump(event.target().value())
            />
        </nav>
        <div class="views" role="group" aria-label="View">
            {View::ALL.map(choice).into_iter().collect_view()}
        </div>
        <p class="title" id="when" role="status" data-complete=move || is_complete.get().to_string()>
            {move || place.with(Place::title)}
        </p>
    }
}
