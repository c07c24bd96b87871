//! The board: days, as they are laid out, and what is done to what is on them.

use leptos::prelude::*;

use crate::input::drag::{Drag, Handle};
use crate::input::gestures::{GestureArea, Gestures};
use crate::layout::layout_props::LayoutProps;
use crate::state::draft::Draft;
use crate::state::route::View;
use crate::state::view_state::ViewState;
use crate::time::locale::labels;
use crate::ui::agenda::AgendaList;
use crate::ui::card::{CardContext, Focus};
use crate::ui::dialog::ActionCallbacks;
use crate::ui::grid::HourGrid;
use crate::ui::month::{MonthEvents, MonthTable};
use crate::ui::toasts::Toasts;

/// What one looks at. `write` is told what is to be written, or that there is nothing to write it into.
#[component]
pub(crate) fn Board(
    view_state: ViewState,
    write: Callback<Option<Draft>>,
    callbacks: ActionCallbacks,
    toasts: Toasts,
) -> impl IntoView {
    let display = view_state.display;
    let drag = RwSignal::new(None::<Drag>);
    let held = Memo::new(move |_| drag.with(|it| it.as_ref().and_then(|it| it.of().cloned())));
    let (days, ghost) = (view_state.days(held), view_state.ghost(drag));
    let (is_complete, is_stale) = (view_state.is_complete(), view_state.is_stale());
    let layout = LayoutProps { days, display, now: view_state.now, ghost, is_complete, is_stale };
    let on_slot = Callback::new(move |start| write.run(view_state.draft_at(start)));
    let on_new = Callback::new(move |day| write.run(view_state.draft_on(day)));
    let on_whole = Callback::new(move |day| write.run(view_state.draft_of_day(day)));
    let on_open =
        Callback::new(move |it| write.run(Some(Draft::of(&it, &display.get_untracked()))));
    let on_day = Callback::new(move |day| {
        view_state.navigate(view_state.route.get_untracked().with_view(View::Day).at(day));
    });
    let marked = Memo::new(move |_| toasts.marked()).into();
    let cards = CardContext { marked, focus: Focus::new() };
    let view = Memo::new(move |_| view_state.route.with(|it| it.view));
    let month = Signal::derive(move || view_state.route.with(|it| it.date));
    let laid_out = move || match view.get() {
        View::Day | View::Week => view! { <HourGrid layout cards on_slot on_whole /> }.into_any(),
        View::Month => {
            let events = MonthEvents { on_new, on_day };
            view! { <MonthTable layout month cards events /> }.into_any()
        }
        View::Agenda => view! { <AgendaList layout cards /> }.into_any(),
    };
    let is_shown =
        Callback::new(move |day| days.with_untracked(|all| all.iter().any(|it| it.date == day)));
    let gestures = Gestures {
        is_shown,
        drag,
        display,
        find: Callback::new(move |id: String| view_state.views.find(&id)),
        calendar: Callback::new(move |()| view_state.default_calendar()),
        on_open,
        on_drop: Callback::new(move |it: Drag| match it.handle.clone() {
            Handle::Slot(calendar) => {
                write.run(Some(Draft::new(calendar, it.start, it.end, display.get_untracked())));
            }
            Handle::Whole(was) | Handle::End(was) if it.has_moved() => {
                callbacks.retime.run((was, it.start, it.end));
            }
            _ => {}
        }),
    };
    let said = move || ghost.get().map(|it| display.with(|display| it.said(display)));
    view! {
        <GestureArea gestures>{laid_out}</GestureArea>
        <p class="problem" role="alert">{view_state.problem()}</p>
        <Show when=move || !is_complete.get()>
            <p class="loading">{labels().not_loaded}</p>
        </Show>
        <p class="said" aria-live="polite">{said}</p>
    }
}
