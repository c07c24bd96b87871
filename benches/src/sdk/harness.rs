//! A server with calendars, and clients that count their traffic.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use appointments_bench::Result;
use appointments_client::transport::{Http, Transport};
use appointments_client::{CalendarHandle, Client, DateTime, RangeView, RangeWatch};
use appointments_testing::{CountingTransport, ServerProcess, Traffic};
use chrono::TimeDelta;
use futures_util::StreamExt;
use serde_json::{Value, json};

/// The longest time until a watch shows a change.
const VIEW_TIMEOUT: Duration = Duration::from_secs(30);

const CREATE_CALENDAR: &str = "mutation($input: CreateCalendarInput!) {
    createCalendar(input: $input) { calendar { id } } }";

const CREATE_APPOINTMENT: &str = "mutation($input: CreateAppointmentInput!) {
    createAppointment(input: $input) { appointment { id } } }";

/// A server as a process, with a database of its own.
pub(crate) struct Harness {
    http: Http,
    server: ServerProcess,
    _folder: tempfile::TempDir,
}

/// A client with a watch of one calendar.
pub(crate) struct WatchingClient {
    pub(crate) calendar: CalendarHandle,
    pub(crate) watch: RangeWatch,
    pub(crate) traffic: Traffic,
    _client: Client,
}

impl Harness {
    pub(crate) async fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let server = ServerProcess::start(program, &folder.path().join("a.db")).await?;
        let http = Http::new(&server.url, Arc::new(|| None))?;
        Ok(Self { http, server, _folder: folder })
    }

    /// Sends a mutation without the SDK, and returns the data of the response.
    async fn mutate(&self, query: &str, input: Value) -> Result<Value> {
        let body = json!({"query": query, "variables": {"input": input}}).to_string();
        let response: Value = serde_json::from_slice(&self.http.post(body).await?)?;
        match response.get("errors") {
            None => Ok(response["data"].clone()),
            Some(errors) => Err(errors.to_string().into()),
        }
    }

    /// Creates a calendar and returns its id.
    pub(crate) async fn create_calendar(&self, name: &str) -> Result<String> {
        let data = self.mutate(CREATE_CALENDAR, json!({"name": name})).await?;
        let id = data["createCalendar"]["calendar"]["id"].as_str();
        Ok(id.ok_or("expected a calendar")?.to_owned())
    }

    /// Creates appointments in a calendar, evenly spread over a year.
    pub(crate) async fn fill(&self, calendar: &str, count: usize) -> Result<()> {
        let requests = futures_util::stream::iter(0..count).map(|number| {
            let minutes = (number * 364 * 1_440 / count) as i64;
            let start = day(0) + TimeDelta::minutes(minutes);
            let input = json!({
                "calendarId": calendar,
                "title": format!("Number {number}"),
                "startsAt": start,
                "endsAt": start + TimeDelta::minutes(30),
            });
            self.mutate(CREATE_APPOINTMENT, input)
        });
        let mut responses = requests.buffer_unordered(32);
        while let Some(response) = responses.next().await {
            response?;
        }
        Ok(())
    }

    /// Creates a client that watches a range.
    pub(crate) fn client(
        &self,
        calendar: &str,
        start: DateTime,
        end: DateTime,
    ) -> Result<WatchingClient> {
        let http = Http::new(&self.server.url, Arc::new(|| None))?;
        let (transport, traffic) = CountingTransport::new(http);
        let client = Client::builder(&self.server.url).transport(transport).build()?;
        let calendar = client.calendar(calendar);
        let watch = calendar.watch(start, end);
        Ok(WatchingClient { calendar, watch, traffic, _client: client })
    }
}

/// Returns the beginning of a day. Day 0 is Monday, 2026-01-05.
pub(crate) fn day(number: i64) -> DateTime {
    DateTime::from_timestamp(1_767_571_200 + number * 86_400, 0).unwrap_or_default()
}

/// Waits until a view of a watch meets a condition.
pub(crate) async fn wait_for(
    watch: &mut RangeWatch,
    condition: impl Fn(&RangeView) -> bool,
) -> Result<()> {
    let wait = async {
        while let Some(view) = watch.next().await {
            if condition(&view) {
                return;
            }
        }
    };
    let wait = tokio::time::timeout(VIEW_TIMEOUT, wait);
    Ok(wait.await.map_err(|_| "the watch did not show the change in time")?)
}
