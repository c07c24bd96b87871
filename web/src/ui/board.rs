//! The board: the visible days in one of the layouts, and the gestures on them.

use appointments_client::{Appointment, DateTime, Shared};
use chrono::NaiveDate;
use leptos::prelude::*;

use crate::input::drag::{Drag, Handle};
use crate::input::gestures::{GestureArea, Gestures};
use crate::layout::layout_props::LayoutProps;
use crate::state::actions::ActionCallbacks;
use crate::state::draft::Draft;
use crate::state::route::View;
use crate::state::toasts::Toasts;
use crate::state::view_state::ViewState;
use crate::text::messages::loading_text;
use crate::time::locale::language;
use crate::ui::agenda::AgendaList;
use crate::ui::card::{CardContext, Focus};
use crate::ui::grid::HourGrid;
use crate::ui::month::{MonthEvents, MonthTable};

/// Shows the visible days.
#[component]
pub(crate) fn Board(
    view_state: ViewState,
    /// Receives the form to open, or `None` if there is no calendar for it.
    open_form: Callback<Option<Draft>>,
    actions: ActionCallbacks,
    toasts: Toasts,
    is_offline: Signal<bool>,
) -> impl IntoView {
    let display = view_state.display;
    let drag = RwSignal::new(None::<Drag>);
    let dragged =
        Memo::new(move |_| drag.with(|it| it.as_ref().and_then(|it| it.appointment().cloned())));
    let ghost = view_state.ghost(drag);
    let is_complete = view_state.is_complete();
    let layout = LayoutProps {
        days: view_state.days(dragged),
        display,
        now: view_state.now,
        ghost,
        is_complete,
        is_stale: view_state.is_stale(),
    };
    let marked = Memo::new(move |_| toasts.conflicts()).into();
    let cards = CardContext { marked, focus: Focus::new() };
    let view = Memo::new(move |_| view_state.route.with(|it| it.view));
    let date = Signal::derive(move || view_state.route.with(|it| it.date));
    let events = BoardEvents { view_state, open_form };
    let days = move || match view.get() {
        View::Day | View::Week => {
            let on_slot = events.on_slot();
            let on_all_day = events.on_all_day();
            view! { <HourGrid layout cards on_slot on_all_day /> }.into_any()
        }
        View::Month => {
            let events = events.of_month();
            view! { <MonthTable layout month=date cards events /> }.into_any()
        }
        View::Agenda => view! { <AgendaList layout date cards /> }.into_any(),
    };
    let gestures = gestures(events, actions, layout, drag);
    let announcement =
        move || ghost.get().map(|it| display.with(|display| it.announcement(display)));
    view! {
        <GestureArea gestures>{days}</GestureArea>
        <p class="problem" role="alert">{view_state.problem()}</p>
        <Show when=move || !is_complete.get()>
            <p class="loading">{move || loading_text(is_offline.get(), view.get(), language())}</p>
        </Show>
        <p class="announcement" aria-live="polite">{announcement}</p>
    }
}

/// Callbacks for clicks on the board. Copies share their signals.
#[derive(Clone, Copy)]
struct BoardEvents {
    view_state: ViewState,
    open_form: Callback<Option<Draft>>,
}

impl BoardEvents {
    /// A click on a time opens the form of a new appointment.
    fn on_slot(self) -> Callback<DateTime> {
        Callback::new(move |start| self.open_form.run(self.view_state.draft_at(start)))
    }

    /// A click on the head of a day opens the form of a new all-day appointment.
    fn on_all_day(self) -> Callback<NaiveDate> {
        Callback::new(move |day| self.open_form.run(self.view_state.all_day_draft(day)))
    }

    /// A click on a cell opens the form of a new appointment, and one on its date the day view.
    fn of_month(self) -> MonthEvents {
        let Self { view_state, open_form } = self;
        MonthEvents {
            on_new: Callback::new(move |day| open_form.run(view_state.draft_on(day))),
            on_day: Callback::new(move |day| {
                let route = view_state.route.get_untracked();
                view_state.navigate(route.with_view(View::Day).with_date(day));
            }),
        }
    }
}

fn gestures(
    events: BoardEvents,
    actions: ActionCallbacks,
    layout: LayoutProps,
    drag: RwSignal<Option<Drag>>,
) -> Gestures {
    let BoardEvents { view_state, open_form } = events;
    let LayoutProps { days, display, .. } = layout;
    Gestures {
        drag,
        display,
        find: Callback::new(move |id: String| view_state.range_data.find(&id)),
        default_calendar: Callback::new(move |()| view_state.default_calendar()),
        is_visible: Callback::new(move |day| {
            days.with_untracked(|all| all.iter().any(|it| it.date == day))
        }),
        on_open: Callback::new(move |it: Shared<Appointment>| {
            open_form.run(Some(display.with_untracked(|display| Draft::edit(&it, display))));
        }),
        on_drop: Callback::new(move |drag: Drag| match drag.handle.clone() {
            Handle::Slot(calendar) => {
                let display = display.get_untracked();
                open_form.run(Some(Draft::new(calendar, drag.start, drag.end, display)));
            }
            Handle::Whole(before) | Handle::End(before) if drag.has_moved() => {
                actions.set_time.run((before, drag.start, drag.end));
            }
            _ => {}
        }),
    }
}
