//! Several windows, and lost connections.

use serde_json::Value;

use crate::world::World;

#[tokio::test]
async fn a_change_in_one_window_is_visible_in_another() {
    let Some(world) = World::new().await else { return };
    let (one, two) = (world.window().await, world.other_window().await);
    one.create("Dentist", "2026-11-24T09:00", "2026-11-24T10:00").await;
    two.expect_appointments("Dentist").await;
    two.open("Dentist").await;
    two.fill("startsAt", "2026-11-26T15:00").await;
    two.fill("endsAt", "2026-11-26T16:30").await;
    two.click("#save").await;
    one.expect_text(".day[data-day='2026-11-26'] .appointment span", "15:00–16:30").await;
    one.expect_appointments("Dentist").await;
    one.expect_no_errors().await;
    two.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn the_second_window_that_books_a_slot_is_refused() {
    let Some(world) = World::new().await else { return };
    world.make_strict().await;
    let (one, two) = (world.window().await, world.other_window().await);
    // The first window does not receive the second window's change yet.
    world.proxy.hold();
    two.create("Theirs", "2026-11-24T09:00", "2026-11-24T10:00").await;
    two.expect_appointments("Theirs").await;
    one.create("Mine", "2026-11-24T09:00", "2026-11-24T10:00").await;
    one.expect_appointments("Mine?").await;
    world.proxy.release();
    one.expect_appointments("Theirs").await;
    one.expect_toast("Couldn’t save “Mine”: Tue 24 Nov, 09:00–10:00 is taken by “Theirs”.").await;
    two.expect_appointments("Theirs").await;
    one.expect_no_errors().await;
    two.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn offline_changes_are_sent_after_the_reconnect() {
    let Some(world) = World::new().await else { return };
    let (one, two) = (world.window().await, world.other_window().await);
    one.create("First", "2026-11-24T09:00", "2026-11-24T10:00").await;
    two.expect_appointments("First").await;
    one.expect_appointments("First").await;
    world.proxy.cut();
    one.find(".badge[data-state=offline]").await;
    one.create("Second", "2026-11-25T09:00", "2026-11-25T10:00").await;
    one.create("Third", "2026-11-26T09:00", "2026-11-26T10:00").await;
    one.open("First").await;
    one.fill("title", "Uno").await;
    one.click("#save").await;
    one.expect_appointments("Second? Third? Uno?").await;
    one.find(".badge[data-pending='3']").await;
    one.wait_until(
        "return document.querySelector('.badge').textContent.includes('3 changes not sent')",
    )
    .await;
    one.take_picture("offline").await;
    // A change in another week is pending too.
    one.create("Elsewhere", "2027-03-01T09:00", "2027-03-01T10:00").await;
    one.find(".badge[data-pending='4']").await;
    two.create("Theirs", "2026-11-27T09:00", "2026-11-27T10:00").await;
    world.proxy.release();
    one.expect_appointments("Second Theirs Third Uno").await;
    two.expect_appointments("Second Theirs Third Uno").await;
    one.find(".badge[data-pending='0'][data-state=live]").await;
    one.expect_only_network_errors().await;
    two.expect_only_network_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn changes_arrive_by_sse_if_websockets_are_blocked() {
    let Some(world) = World::new().await else { return };
    world.proxy.block_websockets();
    let (one, two) = (world.window().await, world.other_window().await);
    two.create("Theirs", "2026-11-24T09:00", "2026-11-24T10:00").await;
    one.expect_appointments("Theirs").await;
    one.create("Mine", "2026-11-25T09:00", "2026-11-25T10:00").await;
    two.expect_appointments("Mine Theirs").await;
    one.expect_appointments("Mine Theirs").await;
    // The changes arrive by SSE, not by polling.
    one.expect_text(".badge", "Live").await;
    world.proxy.cut();
    one.find(".badge[data-state=offline]").await;
    two.create("Later", "2026-11-26T09:00", "2026-11-26T10:00").await;
    world.proxy.release();
    one.expect_appointments("Later Mine Theirs").await;
    one.expect_only_network_errors().await;
    two.expect_only_network_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn pending_changes_are_listed_and_can_be_discarded() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    world.proxy.cut();
    page.find(".badge[data-state=offline]").await;
    page.create("First", "2026-11-25T09:00", "2026-11-25T10:00").await;
    page.create("Second", "2026-11-26T09:00", "2026-11-26T10:00").await;
    page.click(".badge").await;
    let listed = "return [...document.querySelectorAll('.pending-changes li span')]
        .map(it => it.textContent).join('|')";
    page.wait_until(&format!(
        "{listed} === 'Create “First” · Wed 25 Nov, 09:00|Create “Second” · Thu 26 Nov, 09:00'"
    ))
    .await;
    page.take_picture("waiting").await;
    page.click(".pending-changes li:first-child .discard").await;
    page.expect_appointments("Second?").await;
    page.wait_until(&format!("{listed} === 'Create “Second” · Thu 26 Nov, 09:00'")).await;
    page.expect_toast("Discarded. If it had already been sent, it may still appear.").await;
    world.proxy.release();
    page.expect_appointments("Second").await;
    page.expect_absent(".pending-changes").await;
    page.expect_only_network_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn a_month_that_is_not_loaded_is_not_called_empty() {
    let Some(world) = World::new().await else { return };
    let page = world.window_to("?view=agenda&date=2026-11-24").await;
    page.expect_text(".agenda p", "No appointments in November 2026").await;
    world.proxy.cut();
    page.find(".badge[data-state=offline]").await;
    page.click("#forward").await;
    page.expect_text(".loading", "You’re offline. This month can’t be shown.").await;
    assert_eq!(
        page.run("return document.querySelector('.agenda p')", Vec::new()).await,
        Value::Null
    );
    world.proxy.release();
    page.expect_text(".agenda p", "No appointments in December 2026").await;
    page.expect_absent(".loading").await;
    page.expect_only_network_errors().await;
    world.stop().await;
}
