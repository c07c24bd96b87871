//! Measures the changes of this client and of others, and the time until watches show them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use appointments_bench::{Result, median, micros};
use cynic_cache::{Cache, Delta, Draft, Patch, Prediction, Watch};
use futures_util::Stream;

use crate::data::{self, WEEKS};
use crate::fragments::Range;
use crate::results::Results;
use crate::timing::{Pair, measure, measure_pair};
use crate::world::{WEEK, World, range};

/// The layers of [`under_layers`].
const LAYERS: usize = 50;

/// Returns the prediction that appointment `number` of this client is created.
fn predict_create(starts_at: &str, ends_at: &str, number: usize) -> Prediction {
    let id = format!("mine-{number}");
    let starts_at = starts_at.to_owned();
    let ends_at = ends_at.to_owned();
    let draft = move |it: &mut Draft<'_>| {
        it.create("Appointment", &id)
            .set("Appointment", &id, "calendarId", "team")
            .set("Appointment", &id, "title", "Mine")
            .set("Appointment", &id, "location", ())
            .set("Appointment", &id, "startsAt", &starts_at)
            .set("Appointment", &id, "endsAt", &ends_at)
            .set("Appointment", &id, "allDay", false)
            .set("Appointment", &id, "timeZone", "Europe/Vienna")
            .set("Appointment", &id, "status", "CONFIRMED")
            .set("Appointment", &id, "attendees", Vec::<String>::new())
            .set("Appointment", &id, "revision", 0)
            .set("Appointment", &id, "updatedAt", "2026-01-05T08:00:00Z");
    };
    Prediction::draft(draft)
}

/// Measures an optimistic creation in the middle of a watched list of `n`, and its rollback.
pub(crate) fn optimistic(results: &mut Results, n: usize) -> Result<()> {
    if !results.is_selected("create") && !results.is_selected("roll back") {
        return Ok(());
    }
    let world = World::with(&data::response(n, 1))?;
    let mut watch = world.cache.watch(&world.all);
    watch.view();
    let repeats = results.repeats(301);
    let middle = WEEKS * WEEK / 2;
    let starts_at = data::instant(middle);
    let ends_at = data::instant(middle + 30);
    let predict = |number: usize| {
        let prediction = predict_create(&starts_at, &ends_at, number);
        world.cache.predict(number.to_string(), prediction)
    };
    let mut create_times = Vec::new();
    let mut rollback_times = Vec::new();
    for number in 0..repeats {
        watch.delta();
        let (time, delta) = measure(|| predict(number).map(|()| watch.delta()));
        ensure(delta?.added.len() == 1, "one appointment is added")?;
        create_times.push(time);
        let (time, delta) = measure(|| {
            world.cache.roll_back(number.to_string());
            watch.delta()
        });
        ensure(delta.removed.len() == 1, "one appointment is removed")?;
        rollback_times.push(time);
    }
    results.add_time("create, delta", n, median(create_times), 30_000);
    results.add_time("roll back, delta", n, median(rollback_times), 30_000);

    // The baseline copies the list. A view does the same, as its items are shared pointers.
    let items = watch.view().data().map(|it| it.appointments_in_range.appointments.clone());
    let items = items.unwrap_or_default();
    ensure(items.len() == n, "the list is complete")?;
    let mut create_times = Vec::new();
    let mut rollback_times = Vec::new();
    let mut copy_times = Vec::new();
    for number in 0..repeats {
        let create = || (predict(number).is_ok(), watch.view().is_complete());
        create_times.push(measure(create).0);
        let roll_back = || (world.cache.roll_back(number.to_string()), watch.view().is_complete());
        rollback_times.push(measure(roll_back).0);
        copy_times.push(measure(|| drop(std::hint::black_box(items.clone()))).0);
    }
    let baseline = median(copy_times);
    let create = Pair { cache: median(create_times), baseline };
    let roll_back = Pair { cache: median(rollback_times), baseline };
    results.add_ratio("create, view", n, &create, 1.5);
    results.add_ratio("roll back, view", n, &roll_back, 1.5);
    Ok(())
}

/// Measures a change of the base under fifty pending layers next to one under no layer.
pub(crate) fn under_layers(results: &mut Results, n: usize) -> Result<()> {
    if !results.is_selected("under 50 layers") {
        return Ok(());
    }
    let response = data::response(n, 1);
    let layered = World::with(&response)?;
    let plain = World::with(&response)?;
    let layered_number = |layer: usize| layer * 7 % n;
    for layer in 0..LAYERS {
        let id = data::id(layered_number(layer));
        let patch = Patch::of("Appointment", &id).set("title", "Mine");
        layered.cache.predict(layer.to_string(), patch)?;
    }
    let mut layered_watch = layered.cache.watch(&layered.all);
    let mut plain_watch = plain.cache.watch(&plain.all);
    let events: Vec<String> = (0..results.repeats(401))
        .map(|event| {
            // Every second event changes an entity that a layer changes too.
            let number = if event % 2 == 0 {
                layered_number(event / 2 % LAYERS)
            } else {
                (event * 31 + 1) % n
            };
            let revision = event as u64 + 2;
            let title = format!("Changed {event}");
            let start = data::minute(number, n);
            data::event(revision, &data::appointment(number, start, revision, &title))
        })
        .collect();
    let apply = |world: &World, watch: &mut Watch<Range>, event: usize| {
        let revision = event as u64 + 2;
        let text = events[event].as_bytes();
        measure(|| {
            let result = world
                .cache
                .update(|it| it.apply_event(&world.scope, revision, &world.changes, text));
            (result.is_ok(), watch.delta())
        })
    };
    let mut layered_events = 0..events.len();
    let mut plain_events = 0..events.len();
    let pair = measure_pair(
        events.len(),
        || apply(&layered, &mut layered_watch, layered_events.next().unwrap_or_default()),
        || apply(&plain, &mut plain_watch, plain_events.next().unwrap_or_default()),
    );
    results.add_ratio("under 50 layers", n, &pair, 2.0);
    Ok(())
}

/// A watch of one week that counts its wake-ups.
struct WeekWatch {
    watch: Watch<Range>,
    wakes: Arc<WakeCounter>,
}

#[derive(Default)]
struct WakeCounter(AtomicUsize);

impl Wake for WakeCounter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl WeekWatch {
    fn new(cache: &Cache, week: i64) -> Result<Self> {
        let watch = cache.watch(&range(cache, week * WEEK, (week + 1) * WEEK)?);
        let mut week = Self { watch, wakes: Arc::default() };
        week.watch.view();
        week.register_waker();
        Ok(week)
    }

    /// Returns the delta if the watch was woken since the last call.
    fn next_delta(&mut self) -> Option<Delta> {
        if self.wakes.0.swap(0, Ordering::Relaxed) == 0 {
            return None;
        }
        let delta = self.watch.delta();
        self.register_waker();
        Some(delta)
    }

    /// Polls until there is no delta, so that the next one wakes the counter.
    fn register_waker(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        let mut context = Context::from_waker(&waker);
        while Pin::new(&mut self.watch.deltas()).poll_next(&mut context).is_ready() {}
    }
}

/// Measures a thousand events over `n` entities, with a watch on each of fifty weeks. Then measures
/// events that move an entity to another week.
pub(crate) fn events(results: &mut Results, n: usize) -> Result<()> {
    if !results.is_selected("event") {
        return Ok(());
    }
    let world = World::with(&data::response(n, 1))?;
    let mut weeks =
        (0..WEEKS).map(|week| WeekWatch::new(&world.cache, week)).collect::<Result<Vec<_>>>()?;
    let mut revision = 1;
    let mut next_event = |number: usize, start: i64| {
        revision += 1;
        let appointment = data::appointment(number, start, revision, "Changed");
        (revision, data::event(revision, &appointment))
    };
    let apply = |revision: u64, event: &str| {
        let event = event.as_bytes();
        world.cache.update(|it| it.apply_event(&world.scope, revision, &world.changes, event))
    };
    for (name, moves) in [("event", false), ("event, to another week", true)] {
        let mut times = Vec::new();
        for round in 0..results.repeats(1_000) {
            // Not one of the appointments that last a week, so at most four watches are affected.
            let number = (round * 7_919 % n) / 20 * 20 + 1 + round % 19;
            let old_start = data::minute(number, n);
            let new_start = if moves {
                (old_start + WEEK * (1 + round as i64 % 40)) % (WEEKS * WEEK)
            } else {
                old_start
            };
            let (revision, event) = next_event(number, new_start);
            let (time, woken) = measure(|| -> Result<usize> {
                apply(revision, &event)?;
                Ok(weeks.iter_mut().filter_map(WeekWatch::next_delta).count())
            });
            times.push(time);
            ensure((1..=4).contains(&woken?), "only the watches of the week are woken")?;
            if moves {
                // Moves the entity back, which is not measured.
                let (revision, event) = next_event(number, old_start);
                apply(revision, &event)?;
                for week in &mut weeks {
                    week.next_delta();
                }
            }
        }
        let mean = times.iter().sum::<Duration>() / u32::try_from(times.len())?;
        results.add_note(format!("{name}: {:.1} µs on average", micros(mean)));
        results.add_time(name, n, median(times), 20_000);
    }
    Ok(())
}

fn ensure(holds: bool, expectation: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(format!("this should hold: {expectation}").into()) }
}
