//! The agenda: a list of the days on which something is.

use chrono::NaiveDate;
use leptos::prelude::*;

use crate::card::{Cards, Line, key};
use crate::days::Day;
use crate::locale::{labels, long_day};
use crate::place::View;

/// What there is, day by day.
#[component]
pub(crate) fn AgendaList(
    days: Memo<Vec<Day>>,
    is_stale: Signal<bool>,
    cards: Cards,
) -> impl IntoView {
    let dates = move || {
        let is_full = |it: &&Day| it.listed().next().is_some();
        days.with(|all| all.iter().filter(is_full).map(|it| it.date).collect::<Vec<_>>())
    };
    let section = move |date: NaiveDate| {
        let day =
            Memo::new(move |_| days.with(|all| all.iter().find(|it| it.date == date).cloned()));
        let listed =
            move || day.with(|it| it.iter().flat_map(Day::listed).cloned().collect::<Vec<_>>());
        view! {
            <section data-day=date.to_string()>
                <h2>{long_day(date)}</h2>
                <For
                    each=listed
                    key=key
                    children=move |piece| view! { <Line piece cards is_brief=false /> }
                />
            </section>
        }
    };
    view! {
        <div class="agenda" class:stale=is_stale tabindex="0" role="region" aria-label=labels().of_view(View::Agenda)>
            <For each=dates key=|it| *it children=section />
            <Show when=move || dates().is_empty()>
                <p>{labels().nothing}</p>
            </Show>
        </div>
    }
}
