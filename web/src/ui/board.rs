//! The board: days, as they are laid out, and what is done to what is on them.

use leptos::prelude::*;

use crate::input::drag::{Drag, Grip};
use crate::input::gestures::{Gestured, Gestures};
use crate::layout::layout_props::Shown;
use crate::state::draft::Draft;
use crate::state::route::View;
use crate::state::view_state::Outlook;
use crate::time::locale::labels;
use crate::ui::agenda::AgendaList;
use crate::ui::card::{Cards, Focus};
use crate::ui::dialog::Wishes;
use crate::ui::grid::HourGrid;
use crate::ui::month::{MonthEvents, MonthTable};
use crate::ui::toasts::Toasts;

/// What one looks at. `write` is told what is to be written, or that there is nothing to write it into.
#[component]
pub(crate) fn Board(
    outlook: Outlook,
    write: Callback<Option<Draft>>,
    wishes: Wishes,
    toasts: Toasts,
) -> impl IntoView {
    let sight = outlook.sight;
    let drag = RwSignal::new(None::<Drag>);
    let held = Memo::new(move |_| drag.with(|it| it.as_ref().and_then(|it| it.of().cloned())));
    let (days, ghost) = (outlook.days(held), outlook.ghost(drag));
    let (is_complete, is_stale) = (outlook.is_complete(), outlook.is_stale());
    let shown = Shown { days, sight, now: outlook.now, ghost, is_complete, is_stale };
    let on_slot = Callback::new(move |start| write.run(outlook.draft_at(start)));
    let on_new = Callback::new(move |day| write.run(outlook.draft_on(day)));
    let on_whole = Callback::new(move |day| write.run(outlook.draft_of_day(day)));
    let on_open = Callback::new(move |it| write.run(Some(Draft::of(&it, &sight.get_untracked()))));
    let on_day = Callback::new(move |day| {
        outlook.go(outlook.place.get_untracked().seen_as(View::Day).at(day));
    });
    let marked = Memo::new(move |_| toasts.marked()).into();
    let cards = Cards { marked, focus: Focus::new() };
    let view = Memo::new(move |_| outlook.place.with(|it| it.view));
    let month = Signal::derive(move || outlook.place.with(|it| it.date));
    let laid_out = move || match view.get() {
        View::Day | View::Week => view! { <HourGrid shown cards on_slot on_whole /> }.into_any(),
        View::Month => {
            let events = MonthEvents { on_new, on_day };
            view! { <MonthTable shown month cards events /> }.into_any()
        }
        View::Agenda => view! { <AgendaList shown cards /> }.into_any(),
    };
    let is_shown =
        Callback::new(move |day| days.with_untracked(|all| all.iter().any(|it| it.date == day)));
    let gestures = Gestures {
        is_shown,
        drag,
        sight,
        find: Callback::new(move |id: String| outlook.views.find(&id)),
        calendar: Callback::new(move |()| outlook.meant()),
        on_open,
        on_drop: Callback::new(move |it: Drag| match it.grip.clone() {
            Grip::Slot(calendar) => {
                write.run(Some(Draft::new(calendar, it.start, it.end, sight.get_untracked())));
            }
            Grip::Whole(was) | Grip::End(was) if it.has_moved() => {
                wishes.retime.run((was, it.start, it.end));
            }
            _ => {}
        }),
    };
    let said = move || ghost.get().map(|it| sight.with(|sight| it.said(sight)));
    view! {
        <Gestured gestures>{laid_out}</Gestured>
        <p class="problem" role="alert">{outlook.problem()}</p>
        <Show when=move || !is_complete.get()>
            <p class="loading">{labels().not_loaded}</p>
        </Show>
        <p class="said" aria-live="polite">{said}</p>
    }
}
