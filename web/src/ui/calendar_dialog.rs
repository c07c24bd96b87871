//! [`CalendarDialog`]: makes calendars, renames them, gives them colours, deletes them.

use appointments_client::{
    CalendarChanges, CalendarError, Client, NewCalendar, OverlapPolicy, QueryError, Refusal,
    TimeZone,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::calendar_list::CalendarItem;
use crate::text::messages;
use crate::time::locale::{here, labels};
use crate::ui::modal::Modal;
use crate::ui::toasts::Toasts;

/// A new calendar has this colour until another is chosen.
const COLOR: &str = "#3366cc";

/// The dialog, open as long as it is there: of a calendar, or of one that is to be made, with a zone.
#[component]
pub(crate) fn CalendarDialog(
    client: Client,
    of: Option<CalendarItem>,
    zone: String,
    toasts: Toasts,
    on_close: Callback<()>,
) -> impl IntoView {
    let labels = labels();
    let is_new = of.is_none();
    let heading = if is_new { labels.new_calendar } else { labels.edit_calendar };
    let (name, color, is_strict) = match &of {
        Some(it) => (it.name.clone(), it.color.clone(), it.is_strict),
        None => (String::new(), COLOR.to_owned(), false),
    };
    let (name, color) = (RwSignal::new(name), RwSignal::new(color));
    let may_overlap = RwSignal::new(!is_strict);
    let problem = RwSignal::new(None::<String>);
    // How many appointments would go with it, once that was asked.
    let full = RwSignal::new(None::<i32>);
    let id = of.map(|it| it.id);
    // Until the server has answered nothing is sent twice.
    let is_busy = RwSignal::new(false);
    let tell = move |came: Result<(), CalendarError>| {
        let is_open = is_busy.try_set(false).is_none();
        match came {
            Ok(()) if is_open => on_close.run(()),
            Ok(()) => {}
            Err(CalendarError::NotEmpty { appointments, .. }) if is_open => {
                full.set(Some(appointments));
            }
            Err(error) if is_open => problem.set(Some(said(&error))),
            Err(error) => toasts.refused(said(&error)),
        }
    };
    let (saves, known) = (client.clone(), id.clone());
    let save = Callback::new(move |()| {
        if is_busy.get_untracked() {
            return;
        }
        if name.with_untracked(|it| it.trim().is_empty()) {
            let message =
                messages::validation_message(messages::ValidationError::NoName, here().language);
            return problem.set(Some(message.to_owned()));
        }
        is_busy.set(true);
        let (name, color) = (name.get_untracked(), color.get_untracked());
        let may_overlap = may_overlap.get_untracked();
        let overlaps = if may_overlap { OverlapPolicy::Allow } else { OverlapPolicy::Reject };
        let (client, id, zone) = (saves.clone(), known.clone(), TimeZone::new(zone.clone()));
        spawn_local(async move {
            let came = match id {
                Some(id) => {
                    let changes = CalendarChanges::new().name(name).color(color).overlaps(overlaps);
                    client.update_calendar(id, changes).await
                }
                None => {
                    let new = NewCalendar::new(name).color(color).overlaps(overlaps);
                    client.create_calendar(new.time_zone(zone)).await
                }
            };
            tell(came.map(|_| ()));
        });
    });
    let delete = move |with_appointments: bool| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let (client, id) = (client.clone(), id.clone());
        spawn_local(async move {
            if let Some(id) = id {
                let result = if with_appointments {
                    client.delete_calendar_with_appointments(id).await
                } else {
                    client.delete_calendar(id).await
                };
                tell(result);
            }
        });
    };
    let deletes = (!is_new).then(|| {
        let text = move || match full.get() {
            None => labels.delete.to_owned(),
            Some(count) => messages::delete_all_label(count, here().language),
        };
        view! {
            <button
                type="button"
                id="delete-calendar"
                on:click=move |_| delete(full.get_untracked().is_some())
            >
                {text}
            </button>
        }
    });
    view! {
        <Modal heading on_submit=save on_close=on_close>
                <label for="name">{labels.name}</label>
                <input
                    id="name"
                    type="text"
                    prop:value=name
                    on:input:target=move |event| name.set(event.target().value())
                />
                <label for="color">{labels.color}</label>
                <input
                    id="color"
                    type="color"
                    prop:value=color
                    on:input:target=move |event| color.set(event.target().value())
                />
                <label class="check">
                    <input
                        type="checkbox"
                        id="may-overlap"
                        prop:checked=may_overlap
                        on:change:target=move |event| may_overlap.set(event.target().checked())
                    />
                    {labels.may_overlap}
                </label>
                <p class="problem" role="alert">{move || problem.get()}</p>
                <div class="actions">
                    {deletes}
                    <button type="button" id="close-it" on:click=move |_| on_close.run(())>
                        {labels.close}
                    </button>
                    <button type="submit" id="save" class="primary" disabled=is_busy>{labels.save}</button>
                </div>
        </Modal>
    }
}

/// What is wrong, in a sentence.
fn said(error: &CalendarError) -> String {
    match error {
        CalendarError::Refused(Refusal::Invalid { problems, .. }) if !problems.is_empty() => {
            let messages = problems.iter().map(|it| it.message.as_str());
            messages.collect::<Vec<_>>().join(" ")
        }
        CalendarError::Request(QueryError::Transport(_)) => {
            messages::unreachable_message(here().language).to_owned()
        }
        other => other.to_string(),
    }
}
