//! A server as a process, calendars in it, and clients that count what goes over the wire.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use appointments_client::transport::{Heard, Http, Line, Transport};
use appointments_client::{Calendar, Client, DateTime, LineError, RangeView, RangeWatch};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Result;

/// Nothing that must be seen takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Place {
    url: String,
    http: Http,
    /// Killed with this.
    _server: Child,
    _folder: tempfile::TempDir,
}

/// A client with a watch of one calendar.
pub(crate) struct Window {
    pub(crate) calendar: Calendar,
    pub(crate) watch: RangeWatch,
    /// The ranges that it has asked for.
    pub(crate) asked: Arc<AtomicUsize>,
    heard: Arc<AtomicUsize>,
    _client: Client,
}

impl Window {
    /// Bytes of the events that it has heard.
    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }
}

impl Place {
    pub(crate) async fn start(binary: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut server = Command::new(binary)
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--database"])
            .arg(folder.path().join("a.db"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(server.stdout.take().ok_or("no output")?).lines();
        let url = loop {
            let line = lines.next_line().await?.ok_or("the server has ended")?;
            if let Some(url) = line.trim().strip_prefix("GraphQL ") {
                break url.trim().to_owned();
            }
        };
        let http = Http::new(&url, Arc::new(|| None))?;
        Ok(Self { url, http, _server: server, _folder: folder })
    }

    async fn send(&self, query: &str, input: Value) -> Result<Value> {
        let body = json!({"query": query, "variables": {"input": input}}).to_string();
        let answer: Value = serde_json::from_slice(&self.http.post(body).await?)?;
        match answer.get("errors") {
            None => Ok(answer["data"].clone()),
            Some(errors) => Err(errors.to_string().into()),
        }
    }

    /// A new calendar.
    pub(crate) async fn calendar(&self, name: &str) -> Result<String> {
        let query = "mutation($input: CreateCalendarInput!) { createCalendar(input: $input) { calendar { id } } }";
        let made = self.send(query, json!({"name": name})).await?;
        Ok(made["createCalendar"]["calendar"]["id"].as_str().ok_or("no calendar")?.to_owned())
    }

    /// Puts appointments into a year of a calendar.
    pub(crate) async fn fill(&self, calendar: &str, count: usize) -> Result<()> {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) { appointment { id } } }";
        let numbers = futures_util::stream::iter(0..count);
        let made = numbers.map(|number| {
            let start = day(0) + chrono::TimeDelta::minutes((number * 364 * 1_440 / count) as i64);
            let end = start + chrono::TimeDelta::minutes(30);
            let input = json!({"calendarId": calendar, "title": format!("Number {number}"), "startsAt": start, "endsAt": end});
            self.send(query, input)
        });
        let mut made = made.buffer_unordered(32);
        while let Some(made) = made.next().await {
            made?;
        }
        Ok(())
    }

    /// A client of its own that watches a range.
    pub(crate) fn client(&self, calendar: &str, start: DateTime, end: DateTime) -> Result<Window> {
        let native = Http::new(&self.url, Arc::new(|| None))?;
        let (asked, heard) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counting = Counting { native, asked: asked.clone(), heard: heard.clone() };
        let client = Client::builder(&self.url).transport(counting).build()?;
        let calendar = client.calendar(calendar);
        let watch = calendar.watch(start, end)?;
        Ok(Window { calendar, watch, asked, heard, _client: client })
    }
}

/// Counts what goes by.
struct Counting {
    native: Http,
    asked: Arc<AtomicUsize>,
    heard: Arc<AtomicUsize>,
}

impl Transport for Counting {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, LineError>> {
        let is_range = body.contains("appointmentsInRange");
        self.asked.fetch_add(usize::from(is_range), Ordering::Relaxed);
        self.native.post(body)
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, LineError>> {
        let (opening, counted) = (self.native.connect(), self.heard.clone());
        async move {
            let mut line = opening.await?;
            let (hears, heard) = futures_channel::mpsc::unbounded();
            let mut inner = std::mem::replace(&mut line.heard, heard);
            tokio::spawn(async move {
                while let Some(it) = inner.next().await {
                    if let Heard::Event { payload, .. } = &it {
                        counted.fetch_add(payload.len(), Ordering::Relaxed);
                    }
                    if hears.unbounded_send(it).is_err() {
                        return;
                    }
                }
            });
            Ok(line)
        }
        .boxed()
    }
}

/// Days from Monday, the 5th of January 2026.
pub(crate) fn day(number: i64) -> DateTime {
    DateTime::from_timestamp(1_767_571_200 + number * 86_400, 0).unwrap_or_default()
}

/// Waits until a watch shows what is wanted.
pub(crate) async fn until(watch: &mut RangeWatch, what: impl Fn(&RangeView) -> bool) -> Result<()> {
    let shown = async {
        while let Some(view) = watch.next().await {
            if what(&view) {
                return;
            }
        }
    };
    Ok(tokio::time::timeout(PATIENCE, shown).await.map_err(|_| "it was not seen in time")?)
}
