//! The agenda: a list of the days on which something is.

use appointments_client::{Appointment, Shared};
use chrono::NaiveDate;
use leptos::prelude::*;

use crate::card::{Line, key};
use crate::days::Day;

/// What there is, day by day.
#[component]
pub(crate) fn AgendaList(
    days: Memo<Vec<Day>>,
    is_stale: Signal<bool>,
    on_open: Callback<Shared<Appointment>>,
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
                <h2>{date.format("%A, %-d %B").to_string()}</h2>
                <For
                    each=listed
                    key=key
                    children=move |piece| view! { <Line piece on_open is_brief=false /> }
                />
            </section>
        }
    };
    view! {
        <div class="agenda" class:stale=is_stale tabindex="0" role="region" aria-label="Agenda">
            <For each=dates key=|it| *it children=section />
            <Show when=move || dates().is_empty()>
                <p>"Nothing is planned in this month."</p>
            </Show>
        </div>
    }
}
