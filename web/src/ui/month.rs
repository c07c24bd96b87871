//! The month: a table of days, each with as many appointments as there is room for.

use chrono::{Datelike, NaiveDate};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::layout::layout_props::LayoutProps;
use crate::state::route::View;
use crate::text::messages;
use crate::time::locale::{labels, language, long_day, short_weekday};
use crate::ui::card::{CardContext, Cards, Shape};

/// The number of appointments in a cell. The rest is behind a button.
const MAX_LINES: usize = 3;

/// Callbacks for clicks in the month.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MonthEvents {
    /// Receives a day whose empty part was clicked.
    pub(crate) on_new: Callback<NaiveDate>,
    /// Receives a day to show in the day view.
    pub(crate) on_day: Callback<NaiveDate>,
}

/// A table of weeks. `month` is any day of the month.
#[component]
pub(crate) fn MonthTable(
    layout: LayoutProps,
    month: Signal<NaiveDate>,
    cards: CardContext,
    events: MonthEvents,
) -> impl IntoView {
    let dates = layout.dates();
    let weekdays = move || {
        let head = |it: &NaiveDate| view! { <th scope="col">{short_weekday(*it)}</th> };
        dates.with(|all| all.iter().take(7).map(head).collect_view())
    };
    let weeks = move || dates.with(|all| all.chunks(7).map(<[_]>::to_vec).collect::<Vec<_>>());
    let week = move |dates: Vec<NaiveDate>| {
        let cells = dates.into_iter().map(|date| view! { <Cell date layout month cards events /> });
        view! { <tr>{cells.collect_view()}</tr> }
    };
    view! {
        <div
            class="month"
            class:stale=layout.is_stale
            tabindex="0"
            role="region"
            aria-label=labels().of_view(View::Month)
        >
            <table>
                <thead>
                    <tr>{weekdays}</tr>
                </thead>
                <tbody>
                    <For each=weeks key=|it| it.first().copied() children=week />
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Cell(
    date: NaiveDate,
    layout: LayoutProps,
    month: Signal<NaiveDate>,
    cards: CardContext,
    events: MonthEvents,
) -> impl IntoView {
    let ghost = layout.ghost_on(date);
    let MonthEvents { on_new, on_day } = events;
    let all = layout.segments(date, |it| it.all().cloned().collect());
    let segments =
        Memo::new(move |_| all.with(|all| all.iter().take(MAX_LINES).cloned().collect()));
    let is_today = layout.is_today(date);
    let is_other_month = move || month.get().month() != date.month();
    let is_target = move || ghost.with(Option::is_some);
    let is_taken = move || ghost.with(|it| it.as_ref().is_some_and(|it| it.is_taken));
    let click = move |event: MouseEvent| {
        // A click on something in the cell is not a click on the cell.
        if event.target() == event.current_target() {
            on_new.run(date);
        }
    };
    let more = move || {
        let count = all.with(Vec::len).saturating_sub(MAX_LINES);
        (count > 0).then(|| {
            let (text, label) = messages::more_label(count, &long_day(date), language());
            view! {
                <button
                    type="button"
                    class="more"
                    aria-label=label
                    on:click=move |_| on_day.run(date)
                >
                    {text}
                </button>
            }
        })
    };
    view! {
        <td
            class:other=is_other_month
            class:target=is_target
            class:taken=is_taken
            data-day=date.to_string()
            aria-current=move || is_today.get().then_some("date")
            on:click=click
        >
            <button
                type="button"
                class="date"
                aria-label=long_day(date)
                on:click=move |_| on_day.run(date)
            >
                {date.day()}
            </button>
            <Cards segments shape=Shape::Compact cards />
            {more}
        </td>
    }
}
