//! Measurements with a full week: the frames of a drag, long tasks, and memory.
//!
//! In CI they run for a few seconds as a test. `cargo xtask bench page` runs longer and saves the
//! figures.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use crate::browser::Window;
use crate::speed::{is_long, save_figure};
use crate::world::World;

/// The number of appointments in the week.
const APPOINTMENTS: usize = 500;

impl World {
    /// Fills a week, and opens a window on it.
    async fn full_week(&self) -> (Vec<String>, Window) {
        let mut ids = Vec::new();
        for chunk in (0..APPOINTMENTS).collect::<Vec<_>>().chunks(50) {
            let create = |n: &usize| {
                // Several lanes a day, from 06:00 to 22:00.
                let (day, hour, minute) = (23 + n % 7, 5 + n / 7 % 16, n / 112 % 4 * 15);
                let at = |hour: usize| format!("2026-11-{day}T{hour:02}:{minute:02}:00Z");
                let time = format!(r#"startsAt: "{}", endsAt: "{}""#, at(hour), at(hour + 1));
                format!(
                    r#"n{n}: createAppointment(input: {{ title: "No {n}", {time} }}) {{
                        appointment {{ id }} error {{ message }} }}"#
                )
            };
            for some in chunk.chunks(10) {
                let creates = some.iter().map(create).collect::<Vec<_>>().join(" ");
                let made = self.query(&format!("mutation {{ {creates} }}")).await;
                for n in some {
                    let id = made["data"][format!("n{n}")]["appointment"]["id"].as_str();
                    ids.push(id.unwrap_or_else(|| panic!("{made}")).to_owned());
                }
            }
        }
        let page = self.window().await;
        page.wait_until(&format!(
            "return document.querySelectorAll('.day .appointment').length >= {APPOINTMENTS}"
        ))
        .await;
        (ids, page)
    }

    /// Changes appointments at a rate per second for a duration. Returns the number of changes.
    async fn change_often(&self, ids: &[String], rate: u32, long: Duration) -> u32 {
        let mut ticks = interval(Duration::from_secs(1) / rate);
        let (begin, mut count, mut answers) = (Instant::now(), 0, JoinSet::new());
        while begin.elapsed() < long {
            ticks.tick().await;
            let id = &ids[(count as usize * 7) % ids.len()];
            let input = format!(r#"{{ id: "{id}", title: "Change {count}" }}"#);
            let change = format!(
                "mutation {{ updateAppointment(input: {input}) {{ error {{ message }} }} }}"
            );
            answers.spawn(self.query_later(change));
            count += 1;
        }
        for answer in answers.join_all().await {
            assert_eq!(answer["data"]["updateAppointment"]["error"], Value::Null, "{answer}");
        }
        count
    }
}

/// Drags an appointment by one step in each frame, and returns the duration of each frame.
const DRAG: &str = "const [steps, done] = arguments;
    const card = [...document.querySelectorAll('.day .appointment strong')]
        .find(it => it.getBoundingClientRect().top > innerHeight / 2);
    const from = card.getBoundingClientRect();
    const columns = [...document.querySelectorAll('.day')].map(it => it.getBoundingClientRect());
    const dispatch = (kind, target, x, y) => target.dispatchEvent(new PointerEvent(kind,
        {bubbles: true, pointerId: 1, pointerType: 'mouse', button: 0, buttons: 1,
            clientX: x, clientY: y}));
    const main = document.querySelector('main'), top = from.top + 5, frames = [];
    dispatch('pointerdown', card, from.left + 5, top);
    let step = 0, last = performance.now();
    const frame = now => {
        if (step > 1) frames.push(now - last);
        last = now;
        if (step++ === steps) {
            dispatch('pointercancel', main, 0, 0);
            const wasVisible = window.ghostWasVisible === true;
            return requestAnimationFrame(() =>
                done({frames, wasVisible, isGone: document.querySelector('.ghost') === null}));
        }
        const column = columns[Math.floor(step / 6) % columns.length];
        dispatch('pointermove', main, column.left + column.width / 2, top + (step * 7) % 300);
        window.ghostWasVisible ||= document.querySelector('.ghost') !== null;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);";

#[tokio::test]
async fn frame_times_of_a_drag_over_a_full_week() {
    let Some(world) = World::new().await else { return };
    let (_, page) = world.full_week().await;
    let steps = if is_long() { 600 } else { 30 };
    let seen = page.client.execute_async(DRAG, vec![json!(steps)]).await.unwrap();
    assert_eq!(seen["wasVisible"], true, "the preview was visible");
    assert_eq!(seen["isGone"], true, "the preview is gone");
    let frames = seen["frames"].as_array().unwrap().iter().map(|it| it.as_f64().unwrap());
    let mut frames: Vec<_> = frames.collect();
    frames.sort_by(f64::total_cmp);
    let late = frames.iter().filter(|it| **it > 33.4).count();
    let (middle, worst) = (frames[frames.len() / 2], frames[frames.len() - 1]);
    println!(
        "a drag over {APPOINTMENTS} appointments: {} frames, half of them within {middle:.1} ms, \
         the longest {worst:.1} ms, {late} over 33 ms (target 0)",
        frames.len()
    );
    save_figure(
        "drag",
        &json!({ "frames": frames.len(), "p50_ms": middle, "max_ms": worst, "over_33_ms": late }),
    );
    page.expect_no_errors().await;
    world.stop().await;
}

/// Records the durations of all tasks over 50 ms.
const WATCH_LONG_TASKS: &str = "window.long = [];
    new PerformanceObserver(list => list.getEntries().forEach(it => window.long.push(it.duration)))
        .observe({type: 'longtask'})";

/// Runs a task of 80 ms.
const RUN_LONG_TASK: &str =
    "setTimeout(() => { const end = performance.now() + 80; while (performance.now() < end); }, 0)";

#[tokio::test]
async fn long_tasks_during_many_changes() {
    let Some(world) = World::new().await else { return };
    let (ids, page) = world.full_week().await;
    page.run(WATCH_LONG_TASKS, Vec::new()).await;
    // The recorder sees a long task, so an empty record means that there was none.
    page.run(RUN_LONG_TASK, Vec::new()).await;
    page.wait_until("return window.long.length === 1").await;
    page.run("window.long = []", Vec::new()).await;
    let long = Duration::from_secs(if is_long() { 10 } else { 2 });
    let count = world.change_often(&ids, 100, long).await;
    let last = format!("Change {}", count - 1);
    page.wait_until(&format!(
        "return [...document.querySelectorAll('.appointment strong')]
            .some(it => it.textContent === '{last}')"
    ))
    .await;
    let tasks = page.run("return window.long", Vec::new()).await;
    let tasks: Vec<_> = tasks.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let worst = tasks.iter().copied().fold(0.0, f64::max);
    let rate = f64::from(count) / long.as_secs_f64();
    println!(
        "{rate:.0} changes/s over {} s: {} tasks over 50 ms (target 0), the longest {worst:.0} ms",
        long.as_secs(),
        tasks.len()
    );
    save_figure(
        "rain",
        &json!({ "changes_per_s": rate, "long_tasks": tasks.len(), "max_ms": worst }),
    );
    page.expect_no_errors().await;
    world.stop().await;
}

/// Returns the bytes of JavaScript and wasm after a garbage collection, and the number of elements.
const READ_MEMORY: &str = "const done = arguments[0];
    const script = document.querySelector('script[type=module]').src;
    import(script).then(it => it.default()).then(wasm => {
        window.gc();
        done([performance.memory.usedJSHeapSize, wasm.memory.buffer.byteLength,
            document.querySelectorAll('*').length]);
    })";

async fn memory_in_use(page: &Window) -> [u64; 3] {
    let held = page.client.execute_async(READ_MEMORY, Vec::new()).await.unwrap();
    [0, 1, 2].map(|at| held[at].as_u64().unwrap())
}

#[tokio::test]
async fn memory_stays_flat_during_many_changes() {
    let Some(world) = World::new().await else { return };
    let (ids, page) = world.full_week().await;
    // A busy calendar changes about once a second.
    let part = Duration::from_secs(if is_long() { 20 } else { 1 });
    let mut parts = Vec::new();
    for _ in 0..6 {
        world.change_often(&ids, 30, part).await;
        parts.push(memory_in_use(&page).await);
    }
    let [js, wasm, elements] =
        [0, 1, 2].map(|what| parts.iter().map(|it| it[what]).collect::<Vec<_>>());
    println!(
        "bytes held after each sixth: by JavaScript {js:?}, by wasm {wasm:?}; elements {elements:?}"
    );
    save_figure("heap", &json!({ "js_bytes": js, "wasm_bytes": wasm }));
    assert_eq!(elements[0], elements[5], "elements leaked");
    page.expect_no_errors().await;
    world.stop().await;
}
