//! Measurements: the size of the page, and the time from a click on Save to a visible appointment.
//!
//! In CI they run for a few rounds as a test. `cargo xtask bench page` runs more and saves the
//! figures.

use serde_json::{Value, json};

use crate::world::World;

/// Runs one round in the page: opens and fills the dialog, and returns the time since the click.
const ROUND: &str = "const [title, done] = arguments;
    document.getElementById('new').click();
    const began = performance.now();
    const write = (field, text) => {
        const it = document.getElementById(field);
        it.value = text;
        it.dispatchEvent(new Event('input', {bubbles: true}));
    };
    const opened = () => {
        if (!document.getElementById('save')) return setTimeout(opened, 1);
        write('title', title);
        write('startsAt', '2026-11-24T09:00');
        write('endsAt', '2026-11-24T10:00');
        const seen = () => [...document.querySelectorAll('.appointment strong')]
            .some(it => it.textContent === title);
        const clicked = performance.now();
        const watcher = new MutationObserver(() => {
            if (seen()) { watcher.disconnect(); done(performance.now() - clicked); }
        });
        watcher.observe(document.body, {subtree: true, childList: true});
        document.getElementById('save').click();
    };
    opened();";

#[tokio::test]
async fn time_from_save_to_visible() {
    let Some(world) = World::new().await else { return };
    let rounds = if is_long() { 200 } else { 5 };
    let page = world.window().await;
    let mut times = Vec::new();
    for round in 0..rounds {
        let title = format!("Round {round}");
        let time = page.client.execute_async(ROUND, vec![json!(title)]).await.unwrap();
        times.push(time.as_f64().unwrap());
        // The appointment is confirmed and deleted, so that each round starts with the same page.
        page.expect_absent("[aria-busy=true]").await;
        page.open(&title).await;
        page.click("#delete-it").await;
        page.expect_appointments("").await;
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    let (p50, p99) = (at(50), at(99));
    println!("from Save to a visible appointment: p50 {p50:.1} ms (target 16), p99 {p99:.1} ms");
    let loaded = world.page_size().await;
    println!("wasm and script, in brotli: {loaded} bytes (limit 450000)");
    save_figure("brotli_bytes", &json!(loaded));
    save_figure("save_to_dom_ms", &json!({"rounds": rounds, "p50": p50, "p99": p99}));
    page.expect_no_errors().await;
    world.stop().await;
}

/// Returns whether the test is run as a benchmark.
pub(crate) fn is_long() -> bool {
    std::env::var_os("BENCH_FILE").is_some()
}

/// Adds a figure to the benchmark's file, if there is one.
pub(crate) fn save_figure(name: &str, figure: &Value) {
    let Some(file) = std::env::var_os("BENCH_FILE") else { return };
    let known = std::fs::read(&file).ok().and_then(|it| serde_json::from_slice(&it).ok());
    let mut all: Value = known.unwrap_or_else(|| json!({}));
    all[name] = figure.clone();
    std::fs::write(file, serde_json::to_string_pretty(&all).unwrap()).unwrap();
}
