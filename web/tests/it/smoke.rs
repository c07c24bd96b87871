//! The main flow: a change is visible at once, then confirmed or rolled back with a toast.
//!
//! The page is never reloaded.

use crate::world::World;

#[tokio::test]
async fn a_change_is_visible_at_once_and_is_confirmed_or_rolled_back() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;

    // The proxy holds back the server's response.
    world.proxy.hold();
    page.create("Dentist", "2026-11-24T09:00", "2026-11-24T10:00").await;
    page.expect_appointments("Dentist?").await;
    page.find(".badge[data-pending='1']").await;
    assert!(
        page.client.find(fantoccini::Locator::Css("dialog")).await.is_err(),
        "the dialog is closed"
    );
    page.take_picture("pending").await;
    world.proxy.release();
    page.expect_appointments("Dentist").await;
    page.expect_toast("Saved “Dentist” · Tue 24 Nov, 09:00–10:00").await;
    page.find(".badge[data-pending='0']").await;

    // A refused appointment is visible until the response arrives.
    world.make_strict().await;
    world.proxy.hold();
    page.create("Hairdresser", "2026-11-24T09:30", "2026-11-24T10:30").await;
    page.expect_appointments("Dentist Hairdresser?").await;
    world.proxy.release();
    page.expect_appointments("Dentist").await;
    page.expect_toast(
        "Couldn’t save “Hairdresser”: Tue 24 Nov, 09:00–10:00 is taken by “Dentist”.",
    )
    .await;
    // The conflict is marked, and a button books the next free time.
    page.expect_text(".appointment.marked strong", "Dentist").await;
    page.take_picture("refused").await;
    page.expect_text(".toast.refusal .act", "Book 10:00–11:00 instead").await;
    page.click(".toast.refusal .act").await;
    page.expect_appointments("Dentist Hairdresser").await;
    page.expect_toast("Saved “Hairdresser” · Tue 24 Nov, 10:00–11:00").await;
    page.expect_absent(".marked").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn problems_are_shown_at_their_fields_and_the_form_is_kept() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    page.create("", "2026-11-24T10:00", "2026-11-24T09:00").await;
    page.expect_text("#title-error", "Add a title").await;
    page.wait_until("return document.getElementById('endsAt').ariaInvalid === 'true'").await;
    page.take_picture("dialog").await;
    page.fill("startsAt", "0026-11-24T10:00").await;
    page.click("#save").await;
    page.expect_text("#startsAt-error", "Enter a start").await;
    page.fill("startsAt", "2026-11-24T10:00").await;
    // A problem that only the server finds opens the dialog again with the same text.
    page.fill("title", &"x".repeat(300)).await;
    page.fill("endsAt", "2026-11-24T11:00").await;
    page.click("#save").await;
    page.wait_until(
        "return (document.getElementById('title-error')?.textContent ?? '').length > 0",
    )
    .await;
    page.wait_until("return document.getElementById('title').value.length === 300").await;
    page.expect_appointments("").await;
    page.fill("title", "Short").await;
    page.click("#save").await;
    page.expect_appointments("Short").await;

    page.open("Short").await;
    page.fill("title", "Other").await;
    page.click("#save").await;
    page.expect_appointments("Other").await;
    page.open("Other").await;
    page.click("#cancel-it").await;
    page.find(".appointment.cancelled").await;
    page.open("Other").await;
    page.click("#delete-it").await;
    page.expect_appointments("").await;
    page.expect_toast("“Other” deleted").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn each_action_can_be_undone() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    page.create("Dentist", "2026-11-24T09:00", "2026-11-24T10:00").await;
    page.undo("Saved “Dentist” · Tue 24 Nov, 09:00–10:00").await;
    page.expect_appointments("").await;
    page.expect_toast("Undone: “Dentist” removed").await;

    page.create("Review", "2026-11-25T09:00", "2026-11-25T10:00").await;
    page.expect_appointments("Review").await;
    page.open("Review").await;
    page.fill("title", "Retrospective").await;
    page.fill("location", "Room 2").await;
    page.click("#save").await;
    page.undo("Saved “Retrospective” · Wed 25 Nov, 09:00–10:00").await;
    page.expect_appointments("Review").await;

    page.open("Review").await;
    page.click("#cancel-it").await;
    page.undo("“Review” cancelled").await;
    page.expect_absent(".appointment.cancelled").await;

    page.open("Review").await;
    page.click("#delete-it").await;
    page.expect_appointments("").await;
    page.undo("“Review” deleted").await;
    page.expect_appointments("Review").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn a_refused_form_can_be_edited_and_sent_again() {
    let Some(world) = World::new().await else { return };
    world.make_strict().await;
    world.create_appointment("Dentist", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Dentist").await;
    page.create("Review", "2026-11-24T09:30", "2026-11-24T10:30").await;
    page.expect_toast("Couldn’t save “Review”: Tue 24 Nov, 09:00–10:00 is taken by “Dentist”.")
        .await;
    page.click(".toast.refusal .act:nth-of-type(2)").await;
    page.expect_value("#title", "Review").await;
    // A later start keeps the duration.
    page.fill("startsAt", "2026-11-24T14:00").await;
    page.expect_value("#endsAt", "2026-11-24T15:00").await;
    page.click("#save").await;
    page.expect_appointments("Dentist Review").await;
    page.expect_toast("Saved “Review” · Tue 24 Nov, 14:00–15:00").await;
    // Ctrl+Z undoes the last action.
    let undo = "window.dispatchEvent(new KeyboardEvent('keydown', {key: 'z', ctrlKey: true}))";
    page.run(undo, Vec::new()).await;
    page.expect_toast("Undone: “Review” removed").await;
    page.expect_appointments("Dentist").await;
    page.expect_no_errors().await;
    world.stop().await;
}

/// Another user changes another field before the undo.
#[tokio::test]
async fn undo_keeps_fields_that_others_have_changed() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    world.create_appointment("Review", "2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z").await;
    page.expect_appointments("Review").await;
    page.open("Review").await;
    let id = world.only_appointment_id().await;
    let input = format!(r#"{{ id: "{id}", location: "Room 7" }}"#);
    world
        .query(&format!(
            "mutation {{ updateAppointment(input: {input}) {{ error {{ message }} }} }}"
        ))
        .await;
    page.fill("title", "Retrospective").await;
    page.click("#save").await;
    page.undo("Saved “Retrospective” · Wed 25 Nov, 10:00–11:00").await;
    page.expect_appointments("Review").await;
    page.expect_toast("Undone: “Review” restored").await;
    page.open("Review").await;
    page.expect_value("#location", "Room 7").await;
    page.expect_no_errors().await;
    world.stop().await;
}

/// Another user changes the appointment before the undo.
#[tokio::test]
async fn undo_fails_if_somebody_else_has_changed_the_appointment() {
    let Some(world) = World::new().await else { return };
    let (page, other) = (world.window().await, world.other_window().await);
    page.create("Review", "2026-11-25T09:00", "2026-11-25T10:00").await;
    other.expect_appointments("Review").await;
    other.open("Review").await;
    other.fill("title", "Theirs").await;
    other.click("#save").await;
    page.expect_appointments("Theirs").await;
    page.undo("Saved “Review” · Wed 25 Nov, 09:00–10:00").await;
    page.expect_toast(
        "Couldn’t undo, because somebody else has changed the appointment. It is now “Theirs”.",
    )
    .await;
    page.expect_appointments("Theirs").await;
    other.expect_appointments("Theirs").await;
    page.expect_no_errors().await;
    other.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn navigation_changes_the_week_and_the_address() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Next", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z").await;
    let page = world.window().await;
    page.click("#forward").await;
    page.expect_appointments("Next").await;
    page.wait_until("return location.search === '?view=week&date=2026-11-30'").await;
    page.client.back().await.unwrap();
    page.wait_until(
        "return document.getElementById('when').textContent.includes('29 November 2026')",
    )
    .await;
    page.expect_appointments("").await;
    page.client.forward().await.unwrap();
    page.expect_appointments("Next").await;
    page.click("#back").await;
    page.click("#back").await;
    page.wait_until("return location.search === '?view=week&date=2026-11-16'").await;
    page.click("#today").await;
    page.find("[aria-current=date]").await;
    page.find(".now").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn a_click_on_an_empty_slot_opens_the_form_at_its_time() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    let script = "const it = document.querySelector('.day[data-day=\"2026-11-25\"]');
        const box = it.getBoundingClientRect();
        it.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: box.left + 5,
            clientY: box.top + box.height * 14.6 / 24}))";
    page.run(script, Vec::new()).await;
    page.expect_value("#startsAt", "2026-11-25T14:30").await;
    page.expect_value("#endsAt", "2026-11-25T15:30").await;
    page.click("#close-it").await;
    page.expect_absent("dialog").await;
    page.expect_no_errors().await;
    world.stop().await;
}
