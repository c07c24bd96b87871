//! More than one window, and lines that are lost.

use serde_json::Value;

use crate::world::World;

#[tokio::test]
async fn two_windows_change_together() {
    let Some(world) = World::new().await else { return };
    let (one, two) = (world.window().await, world.other_window().await);
    one.create("Dentist", "2026-11-24T09:00", "2026-11-24T10:00").await;
    two.shows("Dentist").await;
    two.open("Dentist").await;
    two.write("startsAt", "2026-11-26T15:00").await;
    two.write("endsAt", "2026-11-26T16:30").await;
    two.click("#save").await;
    one.until("return document.querySelector('.day[data-day=\"2026-11-26\"] .appointment span')?.textContent === '15:00–16:30'").await;
    one.shows("Dentist").await;
    one.ends_well().await;
    two.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn two_windows_want_one_slot() {
    let Some(world) = World::new().await else { return };
    world.is_strict().await;
    let (one, two) = (world.window().await, world.other_window().await);
    // The first hears nothing yet of what the second does.
    world.proxy.hold();
    two.create("Theirs", "2026-11-24T09:00", "2026-11-24T10:00").await;
    two.shows("Theirs").await;
    one.create("Mine", "2026-11-24T09:00", "2026-11-24T10:00").await;
    one.shows("Mine?").await;
    world.proxy.release();
    one.shows("Theirs").await;
    one.hears("Mine was taken back: Theirs is there from 09:00 to 10:00.").await;
    two.shows("Theirs").await;
    one.ends_well().await;
    two.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn offline_three_changes_and_both_agree() {
    let Some(world) = World::new().await else { return };
    let (one, two) = (world.window().await, world.other_window().await);
    one.create("First", "2026-11-24T09:00", "2026-11-24T10:00").await;
    two.shows("First").await;
    one.shows("First").await;
    world.proxy.cut();
    one.find(".badge[data-state=offline]").await;
    one.create("Second", "2026-11-25T09:00", "2026-11-25T10:00").await;
    one.create("Third", "2026-11-26T09:00", "2026-11-26T10:00").await;
    one.open("First").await;
    one.write("title", "Uno").await;
    one.click("#save").await;
    one.shows("Second? Third? Uno?").await;
    one.find(".badge[data-waiting='3']").await;
    one.until("return document.querySelector('.badge').textContent.includes('3 changes wait')")
        .await;
    one.picture("offline").await;
    // One in another week waits too, though it is not seen here.
    one.create("Elsewhere", "2027-03-01T09:00", "2027-03-01T10:00").await;
    one.find(".badge[data-waiting='4']").await;
    two.create("Theirs", "2026-11-27T09:00", "2026-11-27T10:00").await;
    world.proxy.release();
    one.shows("Second Theirs Third Uno").await;
    two.shows("Second Theirs Third Uno").await;
    one.find(".badge[data-waiting='0'][data-state=live]").await;
    one.ends_well_but_for_the_line().await;
    two.ends_well_but_for_the_line().await;
    world.end().await;
}

#[tokio::test]
async fn where_no_socket_gets_through_it_hears_all_the_same() {
    let Some(world) = World::new().await else { return };
    world.proxy.block_websockets();
    let (one, two) = (world.window().await, world.other_window().await);
    two.create("Theirs", "2026-11-24T09:00", "2026-11-24T10:00").await;
    one.shows("Theirs").await;
    one.create("Mine", "2026-11-25T09:00", "2026-11-25T10:00").await;
    two.shows("Mine Theirs").await;
    one.shows("Mine Theirs").await;
    // Every change is heard as an event, rather than asked for.
    one.until("return document.querySelector('.badge').textContent === 'Live'").await;
    world.proxy.cut();
    one.find(".badge[data-state=offline]").await;
    two.create("Later", "2026-11-26T09:00", "2026-11-26T10:00").await;
    world.proxy.release();
    one.shows("Later Mine Theirs").await;
    one.ends_well_but_for_the_line().await;
    two.ends_well_but_for_the_line().await;
    world.end().await;
}

#[tokio::test]
async fn what_waits_is_listed_and_can_be_discarded() {
    let Some(world) = World::new().await else { return };
    let page = world.window().await;
    world.proxy.cut();
    page.find(".badge[data-state=offline]").await;
    page.create("First", "2026-11-25T09:00", "2026-11-25T10:00").await;
    page.create("Second", "2026-11-26T09:00", "2026-11-26T10:00").await;
    page.click(".badge").await;
    let listed = "return [...document.querySelectorAll('.waiting li span')].map(it => it.textContent).join()";
    page.until(&format!("{listed} === 'New: First,New: Second'")).await;
    page.picture("waiting").await;
    page.click(".waiting li:first-child .discard").await;
    page.shows("Second?").await;
    page.until(&format!("{listed} === 'New: Second'")).await;
    page.hears("First was called off.").await;
    world.proxy.release();
    page.shows("Second").await;
    page.until("return document.querySelector('.waiting') === null").await;
    page.ends_well_but_for_the_line().await;
    world.end().await;
}

#[tokio::test]
async fn what_is_not_loaded_is_not_said_to_be_empty() {
    let Some(world) = World::new().await else { return };
    let page = world.window_to("?view=agenda&date=2026-11-24").await;
    page.until("return document.querySelector('.agenda p')?.textContent === 'Nothing is planned in this month.'").await;
    world.proxy.cut();
    page.find(".badge[data-state=offline]").await;
    page.click("#forward").await;
    page.until(
        "return document.querySelector('.loading')?.textContent === 'Not all of it is loaded yet.'",
    )
    .await;
    assert_eq!(
        page.run("return document.querySelector('.agenda p')", Vec::new()).await,
        Value::Null
    );
    world.proxy.release();
    page.until("return document.querySelector('.agenda p')?.textContent === 'Nothing is planned in this month.'").await;
    page.until("return document.querySelector('.loading') === null").await;
    page.ends_well_but_for_the_line().await;
    world.end().await;
}
