//! [`AppointmentsPage`]: wires the client's verbs to what is shown. There is no other way for data.

use appointments_client::{Client, OutboxEntry};
use futures_util::StreamExt;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::actions::Actions;
use crate::state::calendar_list::{CalendarChoice, CalendarItem};
use crate::state::draft::Draft;
use crate::state::view_state::ViewState;
use crate::text::messages;
use crate::time::locale::{here, labels};
use crate::ui::badge::{Badge, PendingCallbacks, Waiting};
use crate::ui::board::Board;
use crate::ui::calendar_dialog::CalendarDialog;
use crate::ui::dialog::AppointmentDialog;
use crate::ui::navigation::{Navigation, ZoneChoice};
use crate::ui::toasts::{ToastList, Toasts};

/// The page, on a client.
#[component]
pub(crate) fn AppointmentsPage(client: Client) -> impl IntoView {
    let view_state = ViewState::new();
    let toasts = Toasts::new();
    let draft = RwSignal::new(None::<Draft>);
    let edited = RwSignal::new(None::<Option<CalendarItem>>);
    let client = StoredValue::new(client);
    let (waiting, on_change) = waiting(client, view_state);
    let connection = RwSignal::new(client.with_value(Client::connection_status));
    let mut statuses = client.with_value(Client::connection_statuses);
    view_state.follow(client.get_value(), on_change);
    spawn_local(async move {
        while let Some(it) = statuses.next().await {
            connection.set(it);
            on_change.run(());
        }
    });
    let (views, display) = (view_state.views, view_state.display);
    let callbacks = Actions { client, draft, toasts, views, display, on_change }.callbacks();
    let write = Callback::new(move |it: Option<Draft>| match it {
        Some(it) => draft.set(Some(it)),
        None => toasts.refused(messages::no_calendar_message(here().language)),
    });
    let add = move |_| write.run(view_state.draft_at(view_state.default_start()));
    let name = move || match &view_state.shown.get()[..] {
        [one] => one.name.clone(),
        _ => labels().calendars.to_owned(),
    };
    let pending_callbacks = PendingCallbacks {
        retry: Callback::new(move |()| client.with_value(Client::retry)),
        discard: Callback::new(move |it: OutboxEntry| {
            client.with_value(|client| client.discard(&it.mutation_id));
            on_change.run(());
        }),
    };
    // What was done last is taken back by the usual key, but for what is being written.
    let _ = window_event_listener(leptos::ev::keydown, move |event| {
        let is_undo = event.key() == "z" && (event.ctrl_key() || event.meta_key());
        if is_undo
            && draft.with_untracked(Option::is_none)
            && edited.with_untracked(Option::is_none)
        {
            toasts.undo();
        }
    });
    let drafted = move || {
        let calendars = view_state.calendars.get_untracked();
        draft.get().map(|draft| view! { <AppointmentDialog draft calendars callbacks /> })
    };
    let on_close = Callback::new(move |()| edited.set(None));
    let of_calendar = move || {
        let zone = display.with_untracked(|it| it.clock.zone().to_owned());
        let client = client.get_value();
        edited.get().map(|of| view! { <CalendarDialog client of zone toasts on_close /> })
    };
    view! {
        <header>
            <h1>{name}</h1>
            <Navigation
                route=view_state.route
                display
                is_complete=view_state.is_complete()
                go=Callback::new(move |to| view_state.navigate(to))
            />
            <button type="button" id="new" class="primary" on:click=add>
                {labels().new_appointment}
            </button>
            <CalendarChoice
                calendars=view_state.calendars
                is_shown=Callback::new(move |id: String| view_state.route.with(|it| it.shows(&id)))
                on_toggle=Callback::new(move |id: String| view_state.toggle(&id))
                on_edit=Callback::new(move |it| edited.set(Some(it)))
            >
                <ZoneChoice display on_zone=Callback::new(move |zone| view_state.set_time_zone(zone)) />
                <Badge
                    connection=connection.into()
                    waiting=waiting.into()
                    display
                    callbacks=pending_callbacks
                />
            </CalendarChoice>
        </header>
        <Board view_state write callbacks toasts />
        {drafted}
        {of_calendar}
        <ToastList toasts />
    }
}

/// What waits, also of what is not shown; and what is to be told when that may be something else.
fn waiting(
    client: StoredValue<Client>,
    view_state: ViewState,
) -> (RwSignal<Vec<Waiting>>, Callback<()>) {
    let waiting = RwSignal::new(Vec::new());
    let on_change = Callback::new(move |()| {
        let before: Vec<Waiting> = waiting.get_untracked();
        // What is deleted is shown no more, and had a title all the same.
        let title = |it: &OutboxEntry| {
            let shown =
                view_state.views.find(it.appointment_id.as_str()).map(|it| it.title.clone());
            let known =
                || before.iter().find(|(known, _)| known.appointment_id == it.appointment_id);
            shown.or_else(|| known()?.1.clone())
        };
        let all = client.with_value(Client::pending).into_iter();
        waiting.set(all.map(|it| (it.clone(), title(&it))).collect());
    });
    (waiting, on_change)
}
