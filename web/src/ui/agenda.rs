//! The agenda: a list of the days on which something is.

use chrono::NaiveDate;
use leptos::prelude::*;

use crate::layout::day_layout::Day;
use crate::layout::layout_props::LayoutProps;
use crate::state::route::View;
use crate::time::locale::{labels, long_day};
use crate::ui::card::{CardContext, Cards, Shape};

/// What there is, day by day.
#[component]
pub(crate) fn AgendaList(layout: LayoutProps, cards: CardContext) -> impl IntoView {
    let LayoutProps { days, is_complete, is_stale, .. } = layout;
    let dates = move || {
        let is_full = |it: &&Day| it.listed().next().is_some();
        days.with(|all| all.iter().filter(is_full).map(|it| it.date).collect::<Vec<_>>())
    };
    let section = move |date: NaiveDate| {
        let segments = layout.segments(date, |it| it.listed().cloned().collect());
        let (is_today, ghost) = (layout.is_today(date), layout.ghost_on(date));
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
    view! {
        <div class="agenda" class:stale=is_stale tabindex="0" role="region" aria-label=labels().of_view(View::Agenda)>
            <For each=dates key=|it| *it children=section />
            <Show when=move || dates().is_empty() && is_complete.get()>
                <p>{labels().nothing}</p>
            </Show>
        </div>
    }
}
