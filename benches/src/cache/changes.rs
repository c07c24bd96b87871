//! Changes: what I do, what others do, and how soon it is seen.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use cynic_cache::{Cache, Delta, Draft, Patch, Prediction, Watch};
use futures_util::Stream;

use crate::Result;
use crate::data::{self, WEEKS};
use crate::fragments::Range;
use crate::results::Report;
use crate::timing::{Paired, middle, paired, time};
use crate::world::{WEEK, World, range};

/// I create an appointment, in the middle of a list that is watched.
fn create(starts: &str, ends: &str, by: usize) -> Prediction {
    let (id, starts, ends) = (format!("mine-{by}"), starts.to_owned(), ends.to_owned());
    let draft = move |it: &mut Draft<'_>| {
        it.create("Appointment", &id)
            .set("Appointment", &id, "calendarId", "team")
            .set("Appointment", &id, "title", "Mine")
            .set("Appointment", &id, "location", ())
            .set("Appointment", &id, "startsAt", &starts)
            .set("Appointment", &id, "endsAt", &ends)
            .set("Appointment", &id, "allDay", false)
            .set("Appointment", &id, "timeZone", "Europe/Vienna")
            .set("Appointment", &id, "status", "CONFIRMED")
            .set("Appointment", &id, "attendees", Vec::<String>::new())
            .set("Appointment", &id, "revision", 0)
            .set("Appointment", &id, "updatedAt", "2026-01-05T08:00:00Z");
    };
    Prediction::draft(draft)
}

/// An optimistic create in a list of `n` with one watch on it, and its roll back.
pub(crate) fn optimistic(report: &mut Report, n: usize) -> Result<()> {
    if !report.wants("create") && !report.wants("roll back") {
        return Ok(());
    }
    let world = World::told(&data::answer(n, 1))?;
    let mut watch = world.cache.watch(&world.all);
    watch.view();
    let times = report.times(301);
    let noon = WEEKS * WEEK / 2;
    let (starts, ends) = (data::instant(noon), data::instant(noon + 30));
    let predict = |by: usize| world.cache.predict(by.to_string(), create(&starts, &ends, by));
    let (mut created, mut back) = (Vec::new(), Vec::new());
    for by in 0..times {
        watch.delta();
        let (took, delta) = time(|| predict(by).map(|()| watch.delta()));
        must(delta?.added.len() == 1, "one is added")?;
        created.push(took);
        let (took, delta) = time(|| {
            world.cache.roll_back(by.to_string());
            watch.delta()
        });
        must(delta.removed.len() == 1, "one is removed")?;
        back.push(took);
    }
    report.time("create, delta", n, middle(created), 30_000);
    report.time("roll back, delta", n, middle(back), 30_000);

    // The floor: a copy of the list by hand. `Shared` is an `Arc`, and these lie where ours lie.
    let items = watch.view().data().map(|it| it.appointments_in_range.appointments.clone());
    let items = items.unwrap_or_default();
    must(items.len() == n, "all are there")?;
    let (mut created, mut back, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for by in 0..times {
        created.push(time(|| (predict(by).is_ok(), watch.view().is_complete())).0);
        back.push(time(|| (world.cache.roll_back(by.to_string()), watch.view().is_complete())).0);
        floor.push(time(|| drop(std::hint::black_box(items.clone()))).0);
    }
    let floor = middle(floor);
    report.ratio("create, view", n, &Paired { ours: middle(created), floor }, 1.5);
    report.ratio("roll back, view", n, &Paired { ours: middle(back), floor }, 1.5);
    Ok(())
}

/// A change of the base under fifty pending layers, beside one under none.
pub(crate) fn under_layers(report: &mut Report, n: usize) -> Result<()> {
    if !report.wants("under 50 layers") {
        return Ok(());
    }
    let answer = data::answer(n, 1);
    let (layered, plain) = (World::told(&answer)?, World::told(&answer)?);
    for layer in 0..50 {
        let patch = Patch::of("Appointment", &data::id(layer * 7 % n)).set("title", "Mine");
        layered.cache.predict(layer.to_string(), patch)?;
    }
    let (mut one, mut other) = (layered.cache.watch(&layered.all), plain.cache.watch(&plain.all));
    let mut revision = 1;
    let texts: Vec<String> = (0..report.times(401))
        .map(|it| {
            revision += 1;
            // Every second one is of an entity that a layer touches.
            let number = if it % 2 == 0 { it / 2 % 50 * 7 % n } else { (it * 31 + 1) % n };
            let title = format!("Changed {it}");
            data::event(
                revision,
                &data::appointment(number, data::minute(number, n), revision, &title),
            )
        })
        .collect();
    let tell = |world: &World, watch: &mut Watch<Range>, at: usize| {
        let (revision, text) = (at as u64 + 2, texts[at].as_bytes());
        time(|| {
            let done = world
                .cache
                .update(|it| it.apply_event(&world.scope, revision, &world.changes, text));
            (done.is_ok(), watch.delta())
        })
    };
    let (mut at, mut also) = (0..texts.len(), 0..texts.len());
    let done = paired(
        texts.len(),
        || tell(&layered, &mut one, at.next().unwrap_or_default()),
        || tell(&plain, &mut other, also.next().unwrap_or_default()),
    );
    report.ratio("under 50 layers", n, &done, 2.0);
    Ok(())
}

/// A watch of one week, and whether it was woken.
struct Week {
    watch: Watch<Range>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Week {
    fn new(cache: &Cache, week: i64) -> Result<Self> {
        let watch = cache.watch(&range(cache, week * WEEK, (week + 1) * WEEK)?);
        let mut week = Self { watch, wakes: Arc::default() };
        week.watch.view();
        week.rest();
        Ok(week)
    }

    /// The delta, if it was woken. Waits for the next.
    fn news(&mut self) -> Option<Delta> {
        if self.wakes.0.swap(0, Ordering::Relaxed) == 0 {
            return None;
        }
        let delta = self.watch.delta();
        self.rest();
        Some(delta)
    }

    fn rest(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        let mut context = Context::from_waker(&waker);
        while Pin::new(&mut self.watch.deltas()).poll_next(&mut context).is_ready() {}
    }
}

/// A thousand events over `n` entities with fifty watches on a week each; and such that move an entity
/// from week to week.
pub(crate) fn events(report: &mut Report, n: usize) -> Result<()> {
    if !report.wants("event") {
        return Ok(());
    }
    let world = World::told(&data::answer(n, 1))?;
    let weeks = (0..WEEKS).map(|week| Week::new(&world.cache, week));
    let mut weeks = weeks.collect::<Result<Vec<_>>>()?;
    let mut revision = 1;
    for (name, moves) in [("event", false), ("event, to another week", true)] {
        let mut times = Vec::new();
        for it in 0..report.times(1_000) {
            // None of those that last a week, so that it is clear who is concerned.
            let number = (it * 7_919 % n) / 20 * 20 + 1 + it % 19;
            let here = data::minute(number, n);
            let there =
                if moves { (here + WEEK * (1 + it as i64 % 40)) % (WEEKS * WEEK) } else { here };
            revision += 1;
            let appointment = data::appointment(number, there, revision, "Changed");
            let event = data::event(revision, &appointment);
            let (took, news) = time(|| -> Result<Vec<usize>> {
                let event = event.as_bytes();
                world
                    .cache
                    .update(|it| it.apply_event(&world.scope, revision, &world.changes, event))?;
                let news = weeks.iter_mut().enumerate();
                Ok(news.filter_map(|(at, it)| it.news().map(|_| at)).collect())
            });
            times.push(took);
            must((1..=4).contains(&news?.len()), "those that show it are woken, and no others")?;
            if moves {
                // Back, unmeasured.
                revision += 1;
                let back = data::appointment(number, here, revision, "Changed");
                let back = data::event(revision, &back);
                world.cache.update(|it| {
                    it.apply_event(&world.scope, revision, &world.changes, back.as_bytes())
                })?;
                weeks.iter_mut().for_each(|it| _ = it.news());
            }
        }
        let total: Duration = times.iter().sum();
        report.time(name, n, middle(times.clone()), 20_000);
        report.note(format!(
            "{name}: {:.1} µs on average",
            total.as_secs_f64() * 1e6 / times.len() as f64
        ));
    }
    Ok(())
}

fn must(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(format!("it should be so: {what}").into()) }
}
