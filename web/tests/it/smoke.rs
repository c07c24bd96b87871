//! The five steps that this project began with: created, seen at once, confirmed or taken back, said in a toast, and
//! nothing is ever loaded again.

use crate::world::World;

#[tokio::test]
async fn it_is_there_before_the_answer_and_stays_or_goes_back() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;

    // The server's word is held back.
    world.proxy.hold();
    page.create("Dentist", "2026-11-24T09:00", "2026-11-24T10:00").await;
    page.shows("Dentist?").await;
    page.find(".badge[data-waiting='1']").await;
    assert!(page.client.find(fantoccini::Locator::Css("dialog")).await.is_err(), "it has closed");
    page.picture("pending").await;
    world.proxy.release();
    page.shows("Dentist").await;
    page.hears("Dentist is saved.").await;
    page.find(".badge[data-waiting='0']").await;

    // One that is refused is seen, and goes back with a reason.
    world.is_strict().await;
    world.proxy.hold();
    page.create("Hairdresser", "2026-11-24T09:30", "2026-11-24T10:30").await;
    page.shows("Dentist Hairdresser?").await;
    world.proxy.release();
    page.shows("Dentist").await;
    page.hears("Hairdresser was taken back: Dentist is there from 09:00 to 10:00.").await;
    // What is in the way is pointed at, and the next time that is free is a click away.
    page.until(
        "return document.querySelector('.appointment.marked strong')?.textContent === 'Dentist'",
    )
    .await;
    page.picture("refused").await;
    page.until(
        "return document.querySelector('.toast.refusal .act')?.textContent === 'Take 10:00–11:00'",
    )
    .await;
    page.click(".toast.refusal .act").await;
    page.shows("Dentist Hairdresser").await;
    page.hears("Hairdresser is saved.").await;
    page.until("return document.querySelector('.marked') === null").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn errors_stand_at_their_fields_and_nothing_is_lost() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    page.create("", "2026-11-24T10:00", "2026-11-24T09:00").await;
    page.until("return document.getElementById('title-error').textContent === 'Say what it is.'")
        .await;
    page.until("return document.getElementById('endsAt').ariaInvalid === 'true'").await;
    page.picture("dialog").await;
    page.write("startsAt", "0026-11-24T10:00").await;
    page.click("#save").await;
    page.until(
        "return document.getElementById('startsAt-error').textContent === 'Say when it starts.'",
    )
    .await;
    page.write("startsAt", "2026-11-24T10:00").await;
    // What only the server knows comes back to the dialog, with what was written.
    page.write("title", &"x".repeat(300)).await;
    page.write("endsAt", "2026-11-24T11:00").await;
    page.click("#save").await;
    page.until("return (document.getElementById('title-error')?.textContent ?? '').length > 0")
        .await;
    page.until("return document.getElementById('title').value.length === 300").await;
    page.shows("").await;
    page.write("title", "Short").await;
    page.click("#save").await;
    page.shows("Short").await;

    page.open("Short").await;
    page.write("title", "Other").await;
    page.click("#save").await;
    page.shows("Other").await;
    page.open("Other").await;
    page.click("#cancel-it").await;
    page.find(".appointment.cancelled").await;
    page.open("Other").await;
    page.click("#delete-it").await;
    page.shows("").await;
    page.hears("Other is deleted.").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn what_was_done_is_taken_back() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    page.create("Dentist", "2026-11-24T09:00", "2026-11-24T10:00").await;
    page.undoes("Dentist is saved.").await;
    page.shows("").await;
    page.hears("Dentist is gone again.").await;

    page.create("Review", "2026-11-25T09:00", "2026-11-25T10:00").await;
    page.shows("Review").await;
    page.open("Review").await;
    page.write("title", "Retrospective").await;
    page.write("location", "Room 2").await;
    page.click("#save").await;
    page.undoes("Retrospective is saved.").await;
    page.shows("Review").await;

    page.open("Review").await;
    page.click("#cancel-it").await;
    page.undoes("Review is cancelled.").await;
    page.until("return document.querySelector('.appointment.cancelled') === null").await;

    page.open("Review").await;
    page.click("#delete-it").await;
    page.shows("").await;
    page.undoes("Review is deleted.").await;
    page.shows("Review").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn what_was_refused_is_not_lost() {
    let Some(world) = World::new().await else { return };
    world.is_strict().await;
    world.somebody("Dentist", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.shows("Dentist").await;
    page.create("Review", "2026-11-24T09:30", "2026-11-24T10:30").await;
    page.hears("Review was taken back").await;
    page.click(".toast.refusal .act:nth-of-type(2)").await;
    page.until("return document.getElementById('title')?.value === 'Review'").await;
    // Whoever says that it starts later does not say that it is shorter.
    page.write("startsAt", "2026-11-24T14:00").await;
    page.until("return document.getElementById('endsAt').value === '2026-11-24T15:00'").await;
    page.click("#save").await;
    page.shows("Dentist Review").await;
    page.hears("Review is saved.").await;
    // The usual key takes it back.
    let undo = "window.dispatchEvent(new KeyboardEvent('keydown', {key: 'z', ctrlKey: true}))";
    page.run(undo, Vec::new()).await;
    page.hears("Review is gone again.").await;
    page.shows("Dentist").await;
    page.ends_well().await;
    world.end().await;
}

/// Somebody else has changed another field before: that stays.
#[tokio::test]
async fn no_more_is_taken_back_than_was_done() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    world.somebody("Review", "2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z").await;
    page.shows("Review").await;
    page.open("Review").await;
    let id = world.only().await;
    let input = format!(r#"{{ id: "{id}", location: "Room 7" }}"#);
    world
        .ask(&format!("mutation {{ updateAppointment(input: {input}) {{ error {{ message }} }} }}"))
        .await;
    page.write("title", "Retrospective").await;
    page.click("#save").await;
    page.undoes("Retrospective is saved.").await;
    page.shows("Review").await;
    page.hears("Retrospective is as it was.").await;
    page.open("Review").await;
    page.until("return document.getElementById('location').value === 'Room 7'").await;
    page.ends_well().await;
    world.end().await;
}

/// What somebody else has made of it stays.
#[tokio::test]
async fn what_somebody_has_changed_since_is_not_taken_back() {
    let Some(world) = World::new().await else { return };
    let (page, other) = (world.window().await, world.other_window().await);
    page.create("Review", "2026-11-25T09:00", "2026-11-25T10:00").await;
    other.shows("Review").await;
    other.open("Review").await;
    other.write("title", "Theirs").await;
    other.click("#save").await;
    page.shows("Theirs").await;
    page.undoes("Review is saved.").await;
    page.hears("Review was not changed: somebody else has changed it, it is now “Theirs”.").await;
    page.shows("Theirs").await;
    other.shows("Theirs").await;
    page.ends_well().await;
    other.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn weeks_go_by_and_the_address_says_which() {
    let Some(world) = World::new().await else { return };
    world.somebody("Next", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z").await;
    let page = world.window().await;
    page.click("#forward").await;
    page.shows("Next").await;
    page.until("return location.search === '?view=week&date=2026-11-30'").await;
    page.client.back().await.unwrap();
    page.until("return document.getElementById('when').textContent.includes('29 November 2026')")
        .await;
    page.shows("").await;
    page.client.forward().await.unwrap();
    page.shows("Next").await;
    page.click("#back").await;
    page.click("#back").await;
    page.until("return location.search === '?view=week&date=2026-11-16'").await;
    page.click("#today").await;
    page.find("[aria-current=date]").await;
    page.find(".now").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn a_click_on_an_empty_place_means_its_time() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    let script = "const it = document.querySelector('.day[data-day=\"2026-11-25\"]'), box = it.getBoundingClientRect();
        it.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: box.left + 5,
            clientY: box.top + box.height * 14.6 / 24}))";
    page.run(script, Vec::new()).await;
    page.until("return document.getElementById('startsAt')?.value === '2026-11-25T14:30'").await;
    page.until("return document.getElementById('endsAt').value === '2026-11-25T15:30'").await;
    page.click("#close-it").await;
    page.until("return document.querySelector('dialog') === null").await;
    page.ends_well().await;
    world.end().await;
}
