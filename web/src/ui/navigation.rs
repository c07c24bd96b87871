//! Which stretch of time is looked at, and how one gets to another.

use leptos::prelude::*;

use crate::state::route::{Place, View};
use crate::time::browser_time;
use crate::time::display::Sight;
use crate::time::locale::{full_day, here, labels, month, stretch};

/// Back, forth, today, any day; and which view. `go` is told where to.
#[component]
pub(crate) fn Navigation(
    place: Signal<Place>,
    sight: Signal<Sight>,
    is_complete: Signal<bool>,
    go: Callback<Place>,
) -> impl IntoView {
    let to = move |change: fn(Place) -> Place| go.run(change(place.get_untracked()));
    let today = move |_| {
        let today = sight.with_untracked(|it| it.date(browser_time::now()));
        go.run(place.get_untracked().at(today));
    };
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
                {labels().of_view(view)}
            </button>
        }
    };
    view! {
        <nav aria-label=labels().time>
            <button type="button" id="back" aria-label=labels().back on:click=move |_| to(Place::previous)>
                "‹"
            </button>
            <button type="button" id="today" on:click=today>
                {labels().today}
            </button>
            <button type="button" id="forward" aria-label=labels().forward on:click=move |_| to(Place::next)>
                "›"
            </button>
            <input
                type="date"
                id="date"
                aria-label=labels().go_to_a_day
                prop:value=move || place.with(|it| it.date.to_string())
                on:change:target=move |event| jump(event.target().value())
            />
        </nav>
        <div class="views" role="group" aria-label=labels().view>
            {View::ALL.map(choice).into_iter().collect_view()}
        </div>
        <p class="title" id="when" role="status" data-complete=move || is_complete.get().to_string()>
            {move || place.with(title)}
        </p>
    }
}

/// What people call a stretch of time: `23–29 November 2026`.
fn title(place: &Place) -> String {
    let week = place.date.week(here().first);
    match place.view {
        View::Day => full_day(place.date),
        View::Week => stretch(week.first_day(), week.last_day()),
        View::Month | View::Agenda => month(place.date),
    }
}

/// In which zone one looks at all of it.
#[component]
pub(crate) fn ZoneChoice(sight: Signal<Sight>, on_zone: Callback<String>) -> impl IntoView {
    let zone = move || sight.with(|it| it.clocks.zone().to_owned());
    let option = move |name: String| {
        let value = name.clone();
        let is_chosen = name == sight.with_untracked(|it| it.clocks.zone().to_owned());
        view! { <option value=value selected=is_chosen>{name.replace('_', " ")}</option> }
    };
    view! {
        <select
            id="zone"
            aria-label=labels().zone
            prop:value=zone
            on:change:target=move |event| on_zone.run(event.target().value())
        >
            {browser_time::all().into_iter().map(option).collect_view()}
        </select>
    }
}
