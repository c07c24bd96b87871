//! The requests of each case, and the check of their responses.
//!
//! The server receives variables with a GraphQL document, the baseline receives the variables
//! alone. Before any load, both must have returned the same JSON.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use appointments_bench::{Failure, Result};
use hyper::body::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::seed::{self, FOUR_HUNDRED, HUNDRED, Week};

/// The selected fields, in the order of `rows::Appointment`.
macro_rules! fields {
    () => {
        "id calendarId title description location startsAt endsAt allDay timeZone status \
         attendees { email name response } revision"
    };
}

const RANGE: &str = concat!(
    "query ($calendarId: ID, $range: TimeRange!) {
        appointmentsInRange(calendarId: $calendarId, range: $range) {
            revision appointments { ",
    fields!(),
    " } } }"
);
const CREATE: &str = concat!(
    "mutation ($input: CreateAppointmentInput!) {
        createAppointment(input: $input) { appointment { ",
    fields!(),
    " } error { __typename message } } }"
);
const UPDATE: &str = concat!(
    "mutation ($input: UpdateAppointmentInput!) {
        updateAppointment(input: $input) { appointment { ",
    fields!(),
    " } error { __typename message } } }"
);

const CALENDAR: &str = "mutation ($input: CreateCalendarInput!) {
        createCalendar(input: $input) { calendar { id name } error { message } } }";

/// The kind of requests that a server accepts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Api {
    GraphQl,
    Baseline,
}

#[derive(Clone, Copy)]
enum Content {
    Range(Week),
    Create,
    /// Creations spread over this number of calendars.
    CreateAmong(u32),
    /// The creation of the calendar with this number.
    Calendar(u32),
    Update,
}

/// One kind of request.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    content: Content,
    /// The path of the request on the baseline.
    path: &'static str,
    /// The body of a GraphQL request up to its variables.
    head: String,
    /// The beginning of a correct response.
    prefix: &'static str,
    /// The length of every response, if all have the same; set by [`Case::expect_same`].
    length: OnceLock<usize>,
    /// The number of requests so far.
    count: AtomicU32,
}

/// Returns the four cases in the order of their measurement. Those that grow the database are last.
pub(crate) fn all() -> [Arc<Case>; 4] {
    [
        Case::new("range_100", Content::Range(HUNDRED)),
        Case::new("range_400", Content::Range(FOUR_HUNDRED)),
        Case::new("create", Content::Create),
        Case::new("update", Content::Update),
    ]
    .map(Arc::new)
}

impl Case {
    /// Returns a case of creations that are spread over a number of calendars.
    pub(crate) fn create_among(calendars: u32) -> Self {
        Self::new("create_among", Content::CreateAmong(calendars))
    }

    /// Returns a case that creates calendar `n`.
    pub(crate) fn create_calendar(n: u32) -> Self {
        Self::new("create_calendar", Content::Calendar(n))
    }

    fn new(name: &'static str, content: Content) -> Self {
        let (path, document, prefix) = match content {
            Content::Range(_) => {
                ("/range", RANGE, r#"{"data":{"appointmentsInRange":{"revision":"#)
            }
            Content::Create | Content::CreateAmong(_) => {
                ("/create", CREATE, r#"{"data":{"createAppointment":{"appointment":{"#)
            }
            Content::Calendar(_) => {
                ("/none", CALENDAR, r#"{"data":{"createCalendar":{"calendar":{"#)
            }
            Content::Update => {
                ("/update", UPDATE, r#"{"data":{"updateAppointment":{"appointment":{"#)
            }
        };
        let head = format!("{{\"query\":{},\"variables\":", Value::String(document.to_owned()));
        Self {
            name,
            content,
            path,
            head,
            prefix,
            length: OnceLock::new(),
            count: AtomicU32::new(0),
        }
    }

    /// Returns the variables of the next request. No two changes are the same.
    pub(crate) fn variables(&self) -> String {
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let variables = match self.content {
            Content::Range(week) => json!({
                "calendarId": seed::CALENDAR,
                "range": { "start": week.start(), "end": week.end() },
            }),
            Content::Calendar(n) => json!({ "input": {
                "id": seed::calendar(n),
                "name": format!("Calendar {n}"),
                "timeZone": "Europe/Berlin",
            } }),
            Content::Create | Content::CreateAmong(_) => {
                let it = seed::new_appointment(n);
                let calendar = match self.content {
                    Content::CreateAmong(calendars) => seed::calendar(n % calendars),
                    _ => it.calendar_id,
                };
                json!({ "input": {
                    "id": Uuid::now_v7(),
                    "calendarId": calendar,
                    "title": it.title,
                    "description": it.description,
                    "location": it.location,
                    "startsAt": it.starts_at,
                    "endsAt": it.ends_at,
                    "timeZone": it.time_zone,
                    "attendees": it.attendees,
                    "mutationId": Uuid::now_v7(),
                } })
            }
            Content::Update => json!({ "input": {
                // A prime factor, so that successive requests change distant rows.
                "id": seed::id(n.wrapping_mul(7_919) % seed::OTHERS),
                "title": format!("Moved to another room {n}"),
                "mutationId": Uuid::now_v7(),
            } }),
        };
        variables.to_string()
    }

    /// Returns the path and the body of a request.
    pub(crate) fn request(&self, api: Api, variables: String) -> (&'static str, Bytes) {
        match api {
            Api::GraphQl => ("/graphql", format!("{}{variables}}}", self.head).into()),
            Api::Baseline => (self.path, variables.into()),
        }
    }

    /// Checks both ends and the length of a response. Parsing each response would take time from
    /// the servers, which share the cores.
    pub(crate) fn check(&self, response: &[u8]) -> Result<()> {
        // A response with errors does not end with three braces.
        let is_correct = response.starts_with(self.prefix.as_bytes())
            && response.ends_with(b"}}}")
            && self.length.get().is_none_or(|it| *it == response.len());
        if is_correct { Ok(()) } else { Err(self.failure(response, "is not correct")) }
    }

    /// Checks that both servers returned the same for the same variables, and remembers the length
    /// for [`Case::check`].
    pub(crate) fn expect_same(&self, server: &[u8], baseline: &[u8]) -> Result<()> {
        self.check(server)?;
        self.check(baseline)?;
        let response: Value = serde_json::from_slice(server)?;
        let has_same_json = response == serde_json::from_slice::<Value>(baseline)?;
        if !has_same_json || server.len() != baseline.len() {
            return Err(self.failure(baseline, "differs from that of the server"));
        }
        if let Content::Range(week) = self.content {
            let rows = response["data"]["appointmentsInRange"]["appointments"].as_array();
            if rows.is_none_or(|rows| rows.len() != week.rows as usize) {
                return Err(self.failure(server, "has a wrong number of rows"));
            }
            self.length.get_or_init(|| server.len());
        }
        Ok(())
    }

    fn failure(&self, response: &[u8], problem: &str) -> Failure {
        let start = String::from_utf8_lossy(&response[..response.len().min(400)]);
        format!("{}: a response of {} bytes {problem}: {start}", self.name, response.len()).into()
    }
}
