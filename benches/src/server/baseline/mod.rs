//! The baseline: a server without GraphQL that returns the same JSON from the same database, with
//! axum and sqlx.
//!
//! It gives the server's guarantees with the fewest statements. It reads a range and its revision
//! from one snapshot. It writes a change, its row of the log and its decision in one flushed
//! transaction. It checks only what the database checks. A repeated mutation id is an error, where
//! the server returns its first decision; the load repeats none.
//!
//! Each request commits by itself, as in a simple handler. The server commits waiting requests
//! together, so under load its writes can cost less than these.

mod json;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use appointments_bench::Result;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, query, query_as, query_scalar};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::rows::{self, Appointment, columns};
use json::{Create, Data, Input, RangeVariables, Response as JsonResponse, Update};

/// The range query of the server.
const RANGE: &str = concat!(
    "with recursive spans (span) as (
        select min(span) from appointments where calendar_id = ?1
        union all
        select (select min(b.span) from appointments b
                where b.calendar_id = ?1 and b.span > spans.span)
        from spans where spans.span is not null
    )
    select ",
    columns!(),
    " from spans cross join appointments a
    where a.calendar_id = ?1 and a.span = spans.span
        and a.starts_at > ?2 - (1 << spans.span) and a.starts_at < ?3
        and (a.ends_at > ?2 or a.starts_at >= ?2)
    order by a.starts_at, a.ends_at desc, a.id limit ?4"
);

const RETITLE: &str = concat!(
    "update appointments set title = ?3, revision = ?4, updated_at = ?5
     where calendar_id = ?1 and id = ?2 returning ",
    columns!()
);

#[derive(Clone)]
struct Baseline {
    readers: SqlitePool,
    writer: Arc<Mutex<SqliteConnection>>,
}

/// Serves until the process is killed. Prints its address to standard output.
pub(crate) async fn serve(file: &Path) -> Result<()> {
    let options = rows::options(file);
    let writer = Arc::new(Mutex::new(options.connect().await?));
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options.pragma("query_only", "on"));
    let routes = Router::new()
        .route("/range", post(range))
        .route("/create", post(create))
        .route("/update", post(update))
        .with_state(Baseline { readers, writer });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("Baseline   http://{}/", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}

async fn range(State(baseline): State<Baseline>, body: Bytes) -> Response {
    respond(baseline.range(&body).await)
}

async fn create(State(baseline): State<Baseline>, body: Bytes) -> Response {
    respond(baseline.create(&body).await)
}

async fn update(State(baseline): State<Baseline>, body: Bytes) -> Response {
    respond(baseline.update(&body).await)
}

fn respond(result: Result<Data>) -> Response {
    match result {
        Ok(data) => Json(JsonResponse { data }).into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

impl Baseline {
    async fn range(&self, body: &[u8]) -> Result<Data> {
        let variables = serde_json::from_slice::<RangeVariables>(body)?;
        let mut snapshot = self.readers.begin().await?;
        let revision: i64 =
            query_scalar("select head from calendars where id = ?1 and gone is null")
                .bind(variables.calendar_id)
                .fetch_one(&mut *snapshot)
                .await?;
        let found = query(RANGE)
            .bind(variables.calendar_id)
            .bind(variables.range.start.0)
            .bind(variables.range.end.0)
            .bind(10_001_i64)
            .fetch_all(&mut *snapshot)
            .await?;
        snapshot.rollback().await?;
        let appointments = found.iter().map(rows::read).collect::<Result<_>>()?;
        Ok(Data::AppointmentsInRange { revision, appointments })
    }

    async fn create(&self, body: &[u8]) -> Result<Data> {
        let Input { input } = serde_json::from_slice::<Input<Create>>(body)?;
        let fingerprint = Sha256::digest(body).into();
        let at = now();
        let mut writer = self.writer.lock().await;
        let mut tx = writer.begin_with("begin immediate").await?;
        let revision: i64 = query_scalar(
            "update calendars set head = head + 1 where id = ?1 and gone is null returning head",
        )
        .bind(input.calendar_id)
        .fetch_one(&mut *tx)
        .await?;
        let created = Appointment {
            id: input.id,
            calendar_id: input.calendar_id,
            title: input.title,
            description: input.description,
            location: input.location,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            all_day: false,
            time_zone: input.time_zone,
            status: "CONFIRMED".to_owned(),
            attendees: input.attendees,
            revision,
        };
        rows::insert(&mut tx, &created, fingerprint, at).await?;
        let change = Change { kind: "CREATED", mutation: input.mutation_id, fingerprint, at };
        record(&mut tx, &change, &created).await?;
        tx.commit().await?;
        Ok(Data::CreateAppointment { appointment: created, error: None })
    }

    async fn update(&self, body: &[u8]) -> Result<Data> {
        let Input { input } = serde_json::from_slice::<Input<Update>>(body)?;
        let fingerprint = Sha256::digest(body).into();
        let at = now();
        let mut writer = self.writer.lock().await;
        let mut tx = writer.begin_with("begin immediate").await?;
        let (calendar, revision): (Uuid, i64) = query_as(
            "update calendars set head = head + 1 where gone is null and id =
                (select calendar_id from directory where id = ?1 and deleted_at is null)
             returning id, head",
        )
        .bind(input.id)
        .fetch_one(&mut *tx)
        .await?;
        let row = query(RETITLE)
            .bind(calendar)
            .bind(input.id)
            .bind(&input.title)
            .bind(revision)
            .bind(at)
            .fetch_one(&mut *tx)
            .await?;
        let changed = rows::read(&row)?;
        let change = Change { kind: "UPDATED", mutation: input.mutation_id, fingerprint, at };
        record(&mut tx, &change, &changed).await?;
        tx.commit().await?;
        Ok(Data::UpdateAppointment { appointment: changed, error: None })
    }
}

/// The values of the log and of the ledger besides the appointment.
struct Change {
    kind: &'static str,
    mutation: Uuid,
    fingerprint: [u8; 32],
    at: i64,
}

async fn record(to: &mut SqliteConnection, change: &Change, it: &Appointment) -> Result<()> {
    let state = serde_json::to_string(it)?;
    // No request moves an appointment, so the time before a change equals the time after it.
    let before = (change.kind == "UPDATED").then_some((it.starts_at.0, it.ends_at.0));
    query(
        "insert into changes (calendar_id, revision, kind, appointment_id, before_starts_at,
            before_ends_at, after_starts_at, after_ends_at, state, mutation_id, actor, at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'anonymous', ?11)",
    )
    .bind(it.calendar_id)
    .bind(it.revision)
    .bind(change.kind)
    .bind(it.id)
    .bind(before.map(|(start, _)| start))
    .bind(before.map(|(_, end)| end))
    .bind(it.starts_at.0)
    .bind(it.ends_at.0)
    .bind(&state)
    .bind(change.mutation)
    .bind(change.at)
    .execute(&mut *to)
    .await?;
    query("insert into mutations (id, fingerprint, decision, decided_at) values (?1, ?2, ?3, ?4)")
        .bind(change.mutation)
        .bind(&change.fingerprint[..])
        .bind(&state)
        .bind(change.at)
        .execute(&mut *to)
        .await?;
    Ok(())
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed()
}
