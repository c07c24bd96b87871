//! [`AppointmentsPage`]: wires the client's verbs to what is shown. There is no other way for data.

use appointments_client::{Client, Entry};
use futures_util::StreamExt;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::actions::Desk;
use crate::state::calendar_list::{CalendarChoice, Listed};
use crate::state::draft::Draft;
use crate::state::view_state::Outlook;
use crate::text::messages;
use crate::time::locale::{here, labels};
use crate::ui::badge::{Badge, Waiting, WaitingWishes};
use crate::ui::board::Board;
use crate::ui::calendar_dialog::CalendarDialog;
use crate::ui::dialog::AppointmentDialog;
use crate::ui::navigation::{Navigation, ZoneChoice};
use crate::ui::toasts::{ToastList, Toasts};

/// The page, on a client.
#[component]
pub(crate) fn AppointmentsPage(client: Client) -> impl IntoView {
    let outlook = Outlook::new();
    let toasts = Toasts::new();
    let draft = RwSignal::new(None::<Draft>);
    let edited = RwSignal::new(None::<Option<Listed>>);
    let client = StoredValue::new(client);
    let (waiting, on_change) = waiting(client, outlook);
    let connection = RwSignal::new(client.with_value(Client::status));
    let mut statuses = client.with_value(Client::statuses);
    outlook.follow(client.get_value(), on_change);
    spawn_local(async move {
        while let Some(it) = statuses.next().await {
            connection.set(it);
            on_change.run(());
        }
    });
    let (views, sight) = (outlook.views, outlook.sight);
    let wishes = Desk { client, draft, toasts, views, sight, on_change }.wishes();
    let write = Callback::new(move |it: Option<Draft>| match it {
        Some(it) => draft.set(Some(it)),
        None => toasts.refused(messages::no_calendar(here().language)),
    });
    let add = move |_| write.run(outlook.draft_at(outlook.meant_time()));
    let name = move || match &outlook.shown.get()[..] {
        [one] => one.name.clone(),
        _ => labels().calendars.to_owned(),
    };
    let waiting_wishes = WaitingWishes {
        retry: Callback::new(move |()| client.with_value(Client::retry)),
        discard: Callback::new(move |it: Entry| {
            client.with_value(|client| client.discard(&it.id));
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
        let calendars = outlook.calendars.get_untracked();
        draft.get().map(|draft| view! { <AppointmentDialog draft calendars wishes /> })
    };
    let on_close = Callback::new(move |()| edited.set(None));
    let of_calendar = move || {
        let zone = sight.with_untracked(|it| it.clocks.zone().to_owned());
        let client = client.get_value();
        edited.get().map(|of| view! { <CalendarDialog client of zone toasts on_close /> })
    };
    view! {
        <header>
            <h1>{name}</h1>
            <Navigation
                place=outlook.place
                sight
                is_complete=outlook.is_complete()
                go=Callback::new(move |to| outlook.go(to))
            />
            <button type="button" id="new" class="primary" on:click=add>
                {labels().new_appointment}
            </button>
            <CalendarChoice
                calendars=outlook.calendars
                is_shown=Callback::new(move |id: String| outlook.place.with(|it| it.shows(&id)))
                on_toggle=Callback::new(move |id: String| outlook.toggle(&id))
                on_edit=Callback::new(move |it| edited.set(Some(it)))
            >
                <ZoneChoice sight on_zone=Callback::new(move |zone| outlook.look_from(zone)) />
                <Badge
                    connection=connection.into()
                    waiting=waiting.into()
                    sight
                    wishes=waiting_wishes
                />
            </CalendarChoice>
        </header>
        <Board outlook write wishes toasts />
        {drafted}
        {of_calendar}
        <ToastList toasts />
    }
}

/// What waits, also of what is not shown; and what is to be told when that may be something else.
fn waiting(
    client: StoredValue<Client>,
    outlook: Outlook,
) -> (RwSignal<Vec<Waiting>>, Callback<()>) {
    let waiting = RwSignal::new(Vec::new());
    let on_change = Callback::new(move |()| {
        let before: Vec<Waiting> = waiting.get_untracked();
        // What is deleted is shown no more, and had a title all the same.
        let title = |it: &Entry| {
            let shown = outlook.views.find(it.appointment.inner()).map(|it| it.title.clone());
            let known = || before.iter().find(|(known, _)| known.appointment == it.appointment);
            shown.or_else(|| known()?.1.clone())
        };
        let all = client.with_value(Client::pending).into_iter();
        waiting.set(all.map(|it| (it.clone(), title(&it))).collect());
    });
    (waiting, on_change)
}
