//! What is asked, in both languages, and what a right answer is.
//!
//! Each case has one set of variables. The server gets them with a GraphQL document, the bare
//! server gets them alone; before any load both must have given the same JSON.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use hyper::body::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Result;
use crate::seed::{self, FOUR_HUNDRED, HUNDRED, Week};

/// In the order of `rows::Appointment`.
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

/// How a server is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Api {
    GraphQl,
    Bare,
}

#[derive(Clone, Copy)]
enum Asks {
    Range(Week),
    Create,
    /// Spread among so many calendars.
    CreateAmong(u32),
    /// One calendar.
    Calendar(u32),
    Update,
}

/// One kind of request.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    asks: Asks,
    /// Where the bare server takes it.
    path: &'static str,
    /// A GraphQL request up to its variables.
    head: String,
    /// How a right answer begins. It ends with three brackets, and not with errors.
    begins: &'static str,
    /// The length of every answer, where it is always the same; set by [`Case::agree`].
    bytes: OnceLock<usize>,
    /// How many requests were made up.
    count: AtomicU32,
}

/// The four cases, in the order in which they are measured: what grows the database comes last.
pub(crate) fn all() -> [Arc<Case>; 4] {
    [
        Case::new("range_100", Asks::Range(HUNDRED)),
        Case::new("range_400", Asks::Range(FOUR_HUNDRED)),
        Case::new("create", Asks::Create),
        Case::new("update", Asks::Update),
    ]
    .map(Arc::new)
}

impl Case {
    /// Creations that are spread among so many calendars.
    pub(crate) fn create_among(calendars: u32) -> Self {
        Self::new("create_among", Asks::CreateAmong(calendars))
    }

    /// The creation of a calendar.
    pub(crate) fn create_calendar(n: u32) -> Self {
        Self::new("create_calendar", Asks::Calendar(n))
    }

    fn new(name: &'static str, asks: Asks) -> Self {
        let (path, document, begins) = match asks {
            Asks::Range(_) => ("/range", RANGE, r#"{"data":{"appointmentsInRange":{"revision":"#),
            Asks::Create | Asks::CreateAmong(_) => {
                ("/create", CREATE, r#"{"data":{"createAppointment":{"appointment":{"#)
            }
            Asks::Calendar(_) => ("/none", CALENDAR, r#"{"data":{"createCalendar":{"calendar":{"#),
            Asks::Update => ("/update", UPDATE, r#"{"data":{"updateAppointment":{"appointment":{"#),
        };
        let head = format!("{{\"query\":{},\"variables\":", Value::String(document.to_owned()));
        let (bytes, count) = (OnceLock::new(), AtomicU32::new(0));
        Self { name, asks, path, head, begins, bytes, count }
    }

    /// The variables of one more request; no two changes are the same.
    pub(crate) fn variables(&self) -> String {
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let variables = match self.asks {
            Asks::Range(week) => json!({
                "calendarId": seed::CALENDAR,
                "range": { "start": week.start(), "end": week.end() },
            }),
            Asks::Calendar(n) => json!({ "input": {
                "id": seed::calendar(n),
                "name": format!("Calendar {n}"),
                "timeZone": "Europe/Berlin",
            } }),
            Asks::Create | Asks::CreateAmong(_) => {
                let it = seed::another(n);
                let calendar = match self.asks {
                    Asks::CreateAmong(calendars) => seed::calendar(n % calendars),
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
            Asks::Update => json!({ "input": {
                // A prime, so that neighbours in time are none in the file.
                "id": seed::id(n.wrapping_mul(7_919) % seed::OTHERS),
                "title": format!("Moved to another room {n}"),
                "mutationId": Uuid::now_v7(),
            } }),
        };
        variables.to_string()
    }

    /// The path and the body of a request.
    pub(crate) fn request(&self, api: Api, variables: String) -> (&'static str, Bytes) {
        match api {
            Api::GraphQl => ("/graphql", format!("{}{variables}}}", self.head).into()),
            Api::Bare => (self.path, variables.into()),
        }
    }

    /// Refuses every answer but a right one. It looks at both ends and the length only: reading
    /// each answer would take the time of the servers, which share the cores.
    pub(crate) fn check(&self, answer: &[u8]) -> Result<()> {
        let right = answer.starts_with(self.begins.as_bytes())
            && answer.ends_with(b"}}}")
            && self.bytes.get().is_none_or(|&bytes| bytes == answer.len());
        if right { Ok(()) } else { Err(self.wrong(answer, "is not what was asked for")) }
    }

    /// Compares two answers to the same variables to the letter; they are what later ones must
    /// look like.
    pub(crate) fn agree(&self, server: &[u8], bare: &[u8]) -> Result<()> {
        self.check(server)?;
        self.check(bare)?;
        let answer: Value = serde_json::from_slice(server)?;
        if answer != serde_json::from_slice::<Value>(bare)? || server.len() != bare.len() {
            return Err(self.wrong(bare, "is not what the server answered"));
        }
        if let Asks::Range(week) = self.asks {
            let rows = answer["data"]["appointmentsInRange"]["appointments"].as_array();
            if rows.is_none_or(|rows| rows.len() != week.rows as usize) {
                return Err(self.wrong(server, "has another number of rows"));
            }
            self.bytes.get_or_init(|| server.len());
        }
        Ok(())
    }

    fn wrong(&self, answer: &[u8], why: &str) -> crate::Failure {
        let begin = String::from_utf8_lossy(&answer[..answer.len().min(400)]);
        format!("{}: an answer of {} bytes {why}: {begin}", self.name, answer.len()).into()
    }
}
