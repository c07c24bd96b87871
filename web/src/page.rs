//! [`AppointmentsPage`]: connects the client with the components. All data goes through it.

use appointments_client::{Client, ConnectionStatus, OutboxEntry};
use futures_util::StreamExt;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::actions::{ActionCallbacks, Actions};
use crate::state::calendar_form::CalendarForm;
use crate::state::calendar_list::CalendarItem;
use crate::state::draft::Draft;
use crate::state::toasts::Toasts;
use crate::state::view_state::ViewState;
use crate::text::messages;
use crate::time::locale::{labels, language};
use crate::ui::badge::{Badge, PendingCallbacks, PendingChange};
use crate::ui::board::Board;
use crate::ui::calendar_choice::CalendarChoice;
use crate::ui::calendar_dialog::CalendarDialog;
use crate::ui::dialog::AppointmentDialog;
use crate::ui::navigation::{Navigation, ZoneChoice};
use crate::ui::toasts::ToastList;

/// The page of a client.
#[component]
pub(crate) fn AppointmentsPage(client: Client) -> impl IntoView {
    let state = PageState::new(client);
    let PageState { view_state, toasts, draft, connection, .. } = state;
    let actions = state.actions();
    let is_offline =
        Signal::derive(move || matches!(connection.get(), ConnectionStatus::Offline { .. }));
    state.watch();
    state.undo_on_shortcut();
    let appointment_dialog = move || {
        let calendars = view_state.calendars.get_untracked();
        draft.get().map(|draft| view! { <AppointmentDialog draft calendars actions /> })
    };
    let calendar_dialog = move || {
        let calendar = state.edited_calendar.get()?;
        let is_new = calendar.is_none();
        let on_close = Callback::new(move |()| state.edited_calendar.set(None));
        let form = state.calendar_form(calendar, on_close);
        Some(view! { <CalendarDialog form is_new on_close /> })
    };
    view! {
        <Header state />
        <Board view_state open_form=state.open_form() actions toasts is_offline />
        {appointment_dialog}
        {calendar_dialog}
        <ToastList toasts />
    }
}

/// The heading, the navigation, the calendars and the badge.
#[component]
fn Header(state: PageState) -> impl IntoView {
    let PageState { view_state, connection, pending, .. } = state;
    let display = view_state.display;
    let open_form = state.open_form();
    let heading = move || match &view_state.visible_calendars.get()[..] {
        [one] => one.name.clone(),
        _ => labels().calendars.to_owned(),
    };
    let is_visible = Callback::new(move |id: String| view_state.route.with(|it| it.shows(&id)));
    let open_new = move |_| open_form.run(view_state.draft_at(view_state.default_start()));
    view! {
        <header>
            <h1>{heading}</h1>
            <Navigation
                route=view_state.route
                display
                is_complete=view_state.is_complete()
                go=Callback::new(move |to| view_state.navigate(to))
            />
            <button type="button" id="new" class="primary" on:click=open_new>
                {labels().new_appointment}
            </button>
            <CalendarChoice
                calendars=view_state.calendars
                is_visible
                on_toggle=Callback::new(move |id: String| view_state.toggle(&id))
                on_edit=Callback::new(move |it| state.edited_calendar.set(Some(it)))
            >
                <ZoneChoice
                    display
                    on_zone=Callback::new(move |zone| view_state.set_time_zone(zone))
                />
                <Badge
                    connection=connection.into()
                    pending=pending.into()
                    display
                    callbacks=state.pending_callbacks()
                />
            </CalendarChoice>
        </header>
    }
}

/// The state of the page. Copies share their signals.
#[derive(Clone, Copy)]
struct PageState {
    client: StoredValue<Client>,
    view_state: ViewState,
    toasts: Toasts,
    /// The form of the open appointment dialog.
    draft: RwSignal<Option<Draft>>,
    /// The calendar of the open calendar dialog; `Some(None)` is a new one.
    edited_calendar: RwSignal<Option<Option<CalendarItem>>>,
    connection: RwSignal<ConnectionStatus>,
    /// The pending changes, including those of hidden appointments.
    pending: RwSignal<Vec<PendingChange>>,
}

impl PageState {
    fn new(client: Client) -> Self {
        Self {
            connection: RwSignal::new(client.connection_status()),
            client: StoredValue::new(client),
            view_state: ViewState::new(),
            toasts: Toasts::new(),
            draft: RwSignal::new(None),
            edited_calendar: RwSignal::new(None),
            pending: RwSignal::new(Vec::new()),
        }
    }

    /// Watches the appointments and the connection.
    fn watch(self) {
        let mut statuses = self.client.with_value(Client::connection_statuses);
        self.view_state.watch(self.client.get_value(), self.on_change());
        spawn_local(async move {
            while let Some(status) = statuses.next().await {
                self.connection.set(status);
                self.update_pending();
            }
        });
    }

    /// Undoes the last action on Ctrl+Z. An open dialog keeps the shortcut for its fields.
    fn undo_on_shortcut(self) {
        let _ = window_event_listener(leptos::ev::keydown, move |event| {
            let is_undo = event.key() == "z" && (event.ctrl_key() || event.meta_key());
            let has_dialog = self.draft.with_untracked(Option::is_some)
                || self.edited_calendar.with_untracked(Option::is_some);
            if is_undo && !has_dialog {
                self.toasts.undo();
            }
        });
    }

    fn actions(self) -> ActionCallbacks {
        let actions = Actions {
            client: self.client,
            draft: self.draft,
            toasts: self.toasts,
            range_data: self.view_state.range_data,
            display: self.view_state.display,
            on_change: self.on_change(),
        };
        actions.callbacks()
    }

    /// Returns a callback that opens a form. For `None` it shows why there is no form.
    fn open_form(self) -> Callback<Option<Draft>> {
        Callback::new(move |draft: Option<Draft>| match draft {
            Some(draft) => self.draft.set(Some(draft)),
            None => {
                let connection = self.connection.get_untracked();
                self.toasts.show_refusal(messages::no_calendar_message(connection, language()));
            }
        })
    }

    fn calendar_form(self, calendar: Option<CalendarItem>, on_close: Callback<()>) -> CalendarForm {
        let zone = self.view_state.display.with_untracked(|it| it.clock.zone().to_owned());
        CalendarForm::new(self.client.get_value(), calendar, zone, self.toasts, on_close)
    }

    fn pending_callbacks(self) -> PendingCallbacks {
        PendingCallbacks {
            retry: Callback::new(move |()| self.client.with_value(Client::retry)),
            discard: Callback::new(move |entry: OutboxEntry| {
                self.client.with_value(|client| client.discard(&entry.mutation_id));
                self.update_pending();
            }),
        }
    }

    fn on_change(self) -> Callback<()> {
        Callback::new(move |()| self.update_pending())
    }

    /// Reads the pending changes from the client.
    fn update_pending(self) {
        let before = self.pending.get_untracked();
        let entries = self.client.with_value(Client::pending);
        let changes = entries.into_iter().map(|entry| {
            let found = self.view_state.range_data.find(entry.appointment_id.as_str());
            // A deleted appointment is no longer found, but was found before.
            let known = || before.iter().find(|it| it.entry.appointment_id == entry.appointment_id);
            match found {
                Some(it) => PendingChange {
                    title: Some(it.title.clone()),
                    start: Some(it.starts_at),
                    entry,
                },
                None => PendingChange {
                    title: known().and_then(|it| it.title.clone()),
                    start: known().and_then(|it| it.start),
                    entry,
                },
            }
        });
        self.pending.set(changes.collect());
    }
}
