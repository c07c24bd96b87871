//! The agenda: a list of the days on which something is.

use chrono::NaiveDate;
use leptos::prelude::*;

use crate::layout::day_layout::Day;
use crate::layout::layout_props::Shown;
use crate::state::route::View;
use crate::time::locale::{labels, long_day};
use crate::ui::card::{Cards, Entries, Shape};

/// What there is, day by day.
#[component]
pub(crate) fn AgendaList(shown: Shown, cards: Cards) -> impl IntoView {
    let Shown { days, is_complete, is_stale, .. } = shown;
    let dates = move || {
        let is_full = |it: &&Day| it.listed().next().is_some();
        days.with(|all| all.iter().filter(is_full).map(|it| it.date).collect::<Vec<_>>())
    };
    let section = move |date: NaiveDate| {
        let pieces = shown.pieces(date, |it| it.listed().cloned().collect());
        let (is_today, ghost) = (shown.is_today(date), shown.ghost_on(date));
        view! {
            <section
                data-day=date.to_string()
                aria-current=move || is_today.get().then_some("date")
                class:target=move || ghost.with(Option::is_some)
            >
                <h2>{long_day(date)}</h2>
                <Entries pieces shape=Shape::Line cards />
            </section>
        }
    };
    view! {
        <div class="agenda" class:stale=is_stale tabindex="0" role="region" aria-label=labels().of_view(View::Agenda)>
            <For each=dates key=|it| *it children=section />
            <Show when=move || dates().is_empty() && is_complete.get()>
                <p>{labels().nothing}</p>
            </Show>
        </div>
    }
}
