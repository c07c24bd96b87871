//! How much is loaded, and how soon a change is seen: from a click on Save until the appointment is in the document. In CI a
//! few rounds, to see that it can be measured; `cargo xtask bench page` plays more, and keeps the figures.

use serde_json::{Value, json};

use crate::world::World;

/// One round, inside of the page: opens the dialog, fills it, and takes the time from the click on.
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
        const seen = () => [...document.querySelectorAll('.appointment strong')].some(it => it.textContent === title);
        const clicked = performance.now();
        const watcher = new MutationObserver(() => {
            if (seen()) { watcher.disconnect(); done(performance.now() - clicked); }
        });
        watcher.observe(document.body, {subtree: true, childList: true});
        document.getElementById('save').click();
    };
    opened();";

#[tokio::test]
async fn a_click_until_it_is_there() {
    let Some(world) = World::new().await else { return };
    let rounds = if is_long() { 200 } else { 5 };
    let page = world.window().await;
    let mut times = Vec::new();
    for round in 0..rounds {
        let title = format!("Round {round}");
        let time = page.client.execute_async(ROUND, vec![json!(title)]).await.unwrap();
        times.push(time.as_f64().unwrap());
        // Confirmed and gone again, so that each round finds the same page.
        page.until("return document.querySelector('[aria-busy=true]') === null").await;
        page.open(&title).await;
        page.click("#delete-it").await;
        page.shows("").await;
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    let (p50, p99) = (at(50), at(99));
    println!("a click on Save until it is there: p50 {p50:.1} ms (aim 16), p99 {p99:.1} ms");
    let loaded = world.loaded().await;
    println!("wasm and script, in brotli: {loaded} bytes (bar 450000)");
    keep("brotli_bytes", &json!(loaded));
    keep("save_to_dom_ms", &json!({"rounds": rounds, "p50": p50, "p99": p99}));
    page.ends_well().await;
    world.end().await;
}

/// Whether it is measured, rather than tried.
pub(crate) fn is_long() -> bool {
    std::env::var_os("BENCH_FILE").is_some()
}

/// Keeps a figure beside those that are kept already, if any are to be.
pub(crate) fn keep(name: &str, figure: &Value) {
    let Some(file) = std::env::var_os("BENCH_FILE") else { return };
    let known = std::fs::read(&file).ok().and_then(|it| serde_json::from_slice(&it).ok());
    let mut all: Value = known.unwrap_or_else(|| json!({}));
    all[name] = figure.clone();
    std::fs::write(file, serde_json::to_string_pretty(&all).unwrap()).unwrap();
}
