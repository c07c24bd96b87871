//! The agenda: a list of the days that have appointments.

use chrono::NaiveDate;
use leptos::prelude::*;

use crate::layout::day_layout::Day;
use crate::layout::layout_props::LayoutProps;
use crate::state::route::View;
use crate::text::messages;
use crate::time::locale::{labels, language, long_day, month};
use crate::ui::card::{CardContext, Cards, Shape};

/// The appointments of a month, day by day. `date` is any day of the month.
#[component]
pub(crate) fn AgendaList(
    layout: LayoutProps,
    date: Signal<NaiveDate>,
    cards: CardContext,
) -> impl IntoView {
    let LayoutProps { days, is_complete, is_stale, .. } = layout;
    let dates = move || {
        let has_appointments = |it: &&Day| it.all().next().is_some();
        days.with(|all| all.iter().filter(has_appointments).map(|it| it.date).collect::<Vec<_>>())
    };
    let section = move |date: NaiveDate| {
        let segments = layout.segments(date, |it| it.all().cloned().collect());
        let is_today = layout.is_today(date);
        let ghost = layout.ghost_on(date);
        view! {
            <section
                data-day=date.to_string()
                aria-current=move || is_today.get().then_some("date")
                class:target=move || ghost.with(Option::is_some)
            >
                <h2>{long_day(date)}</h2>
                <Cards segments shape=Shape::Line cards />
            </section>
        }
    };
    let empty = move || messages::no_appointments_text(&month(date.get()), language());
    view! {
        <div
            class="agenda"
            class:stale=is_stale
            tabindex="0"
            role="region"
            aria-label=labels().of_view(View::Agenda)
        >
            <For each=dates key=|it| *it children=section />
            <Show when=move || dates().is_empty() && is_complete.get()>
                <p>{empty}</p>
            </Show>
        </div>
    }
}
