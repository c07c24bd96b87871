//! Navigation: the visible range, the view and the time zone.

use leptos::prelude::*;

use crate::state::route::{Route, View};
use crate::time::browser_time;
use crate::time::display::Display;
use crate::time::locale::{browser_locale, date_range, full_day, labels, month};

/// Buttons for the previous and the next range, today, any date, and the views. Calls `go` with
/// the new route.
#[component]
pub(crate) fn Navigation(
    route: Signal<Route>,
    display: Signal<Display>,
    is_complete: Signal<bool>,
    go: Callback<Route>,
) -> impl IntoView {
    let step = move |change: fn(Route) -> Route| go.run(change(route.get_untracked()));
    let go_to_today = move |_| {
        let today = display.with_untracked(|it| it.date(browser_time::now()));
        go.run(route.get_untracked().with_date(today));
    };
    let go_to_date = move |text: String| {
        // A cleared field has no date.
        if let Ok(date) = text.parse() {
            go.run(route.get_untracked().with_date(date));
        }
    };
    let previous = move || route.with(|it| labels().previous(it.view));
    let next = move || route.with(|it| labels().next(it.view));
    view! {
        <nav aria-label=labels().date>
            <button
                type="button"
                id="back"
                aria-label=previous
                on:click=move |_| step(Route::previous)
            >
                "‹"
            </button>
            <button type="button" id="today" on:click=go_to_today>
                {labels().today}
            </button>
            <button
                type="button"
                id="forward"
                aria-label=next
                on:click=move |_| step(Route::next)
            >
                "›"
            </button>
            <input
                type="date"
                id="date"
                aria-label=labels().go_to_date
                prop:value=move || route.with(|it| it.date.to_string())
                on:change:target=move |event| go_to_date(event.target().value())
            />
        </nav>
        <ViewChoice route go />
        <p
            class="title"
            id="when"
            role="status"
            data-complete=move || is_complete.get().to_string()
        >
            {move || route.with(title)}
        </p>
    }
}

#[component]
fn ViewChoice(route: Signal<Route>, go: Callback<Route>) -> impl IntoView {
    let button = move |view: View| {
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
        <div class="views" role="group" aria-label=labels().view>
            {View::ALL.map(button).into_iter().collect_view()}
        </div>
    }
}

/// Returns the title of the visible range: `23–29 November 2026`.
fn title(route: &Route) -> String {
    let week = route.date.week(browser_locale().first_weekday);
    match route.view {
        View::Day => full_day(route.date),
        View::Week => date_range(week.first_day(), week.last_day()),
        View::Month | View::Agenda => month(route.date),
    }
}

/// Chooses the time zone in which the page shows times.
#[component]
pub(crate) fn ZoneChoice(display: Signal<Display>, on_zone: Callback<String>) -> impl IntoView {
    let zone = move || display.with(|it| it.clock.zone().to_owned());
    let option = move |name: String| {
        let value = name.clone();
        let is_chosen = display.with_untracked(|it| it.clock.zone() == name);
        view! { <option value=value selected=is_chosen>{name.replace('_', " ")}</option> }
    };
    view! {
        <select
            id="zone"
            aria-label=labels().zone
            prop:value=zone
            on:change:target=move |event| on_zone.run(event.target().value())
        >
            {browser_time::zone_names().into_iter().map(option).collect_view()}
        </select>
    }
}
