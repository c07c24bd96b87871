//! Which stretch of time is looked at, and how one gets to another.

use leptos::prelude::*;

use crate::state::route::{Route, View};
use crate::time::browser_time;
use crate::time::display::Display;
use crate::time::locale::{full_day, here, labels, month, stretch};

/// Back, forth, today, any day; and which view. `go` is told where to.
#[component]
pub(crate) fn Navigation(
    route: Signal<Route>,
    display: Signal<Display>,
    is_complete: Signal<bool>,
    go: Callback<Route>,
) -> impl IntoView {
    let to = move |change: fn(Route) -> Route| go.run(change(route.get_untracked()));
    let today = move |_| {
        let today = display.with_untracked(|it| it.date(browser_time::now()));
        go.run(route.get_untracked().at(today));
    };
    let jump = move |written: String| {
        // (A field that was emptied names no day.)
        if let Ok(day) = written.parse() {
            go.run(route.get_untracked().at(day));
        }
    };
    let choice = move |view: View| {
        let is_chosen = move || route.with(|it| it.view == view);
        view! {
            <button
                type="button"
                id=format!("view-{}", view.name())
                aria-pressed=move || is_chosen().to_string()
                on:click=move |_| go.run(route.get_untracked().with_view(view))
            >
                {labels().of_view(view)}
            </button>
        }
    };
    view! {
        <nav aria-label=labels().time>
            <button type="button" id="back" aria-label=labels().back on:click=move |_| to(Route::previous)>
                "‹"
            </button>
            <button type="button" id="today" on:click=today>
                {labels().today}
            </button>
            <button type="button" id="forward" aria-label=labels().forward on:click=move |_| to(Route::next)>
                "›"
            </button>
            <input
                type="date"
                id="date"
                aria-label=labels().go_to_a_day
                prop:value=move || route.with(|it| it.date.to_string())
                on:change:target=move |event| jump(event.target().value())
            />
        </nav>
        <div class="views" role="group" aria-label=labels().view>
            {View::ALL.map(choice).into_iter().collect_view()}
        </div>
        <p class="title" id="when" role="status" data-complete=move || is_complete.get().to_string()>
            {move || route.with(title)}
        </p>
    }
}

/// What people call a stretch of time: `23–29 November 2026`.
fn title(route: &Route) -> String {
    let week = route.date.week(here().first);
    match route.view {
        View::Day => full_day(route.date),
        View::Week => stretch(week.first_day(), week.last_day()),
        View::Month | View::Agenda => month(route.date),
    }
}

/// In which zone one looks at all of it.
#[component]
pub(crate) fn ZoneChoice(display: Signal<Display>, on_zone: Callback<String>) -> impl IntoView {
    let zone = move || display.with(|it| it.clock.zone().to_owned());
    let option = move |name: String| {
        let value = name.clone();
        let is_chosen = name == display.with_untracked(|it| it.clock.zone().to_owned());
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
