//! Fills a database with one calendar of 20,500 appointments.
//!
//! One week has exactly 100 of them, and the next week has 400. The data is the same in each run,
//! so that figures can be compared.

use std::path::Path;

use appointments_bench::Result;
use sqlx::{ConnectOptions, Connection, query};
use uuid::Uuid;

use crate::rows::{self, Appointment, At, Attendee};

/// The id of the calendar with the appointments.
pub(crate) const CALENDAR: Uuid = Uuid::from_u128(0x0192_f3c4_7a5b_7c3d_8e9f_a0b1_c2d3_e4f5);

/// Returns the id of a further calendar, which some runs create.
pub(crate) fn calendar(n: u32) -> Uuid {
    Uuid::from_u128(CALENDAR.as_u128() + u128::from(n))
}

/// The number of appointments outside the two weeks. Their numbers begin at 0.
pub(crate) const OTHERS: u32 = 20_000;

/// Monday, 2024-01-01, in seconds since 1970.
const FIRST_MONDAY: i64 = 1_704_067_200;
const WEEK: i64 = 7 * 24 * 60 * 60;
/// A time after all appointments.
const END: i64 = FIRST_MONDAY + 300 * WEEK;
/// The number of weeks with other appointments, before and after the two.
const WEEKS: u32 = 200;

const TITLES: [&str; 5] =
    ["Design review", "Consultation", "Interview", "Retrospective", "Planning"];
const PEOPLE: [&str; 5] =
    ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov", "Edsger Dijkstra"];
const MINUTES: [i64; 6] = [15, 20, 30, 45, 60, 90];

/// A week with a fixed number of appointments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Week {
    number: u32,
    pub(crate) rows: u32,
}

pub(crate) const HUNDRED: Week = Week { number: 100, rows: 100 };
pub(crate) const FOUR_HUNDRED: Week = Week { number: 101, rows: 400 };

impl Week {
    pub(crate) fn start(self) -> At {
        At(FIRST_MONDAY + i64::from(self.number) * WEEK)
    }

    pub(crate) fn end(self) -> At {
        At(self.start().0 + WEEK)
    }
}

/// Fills an empty database with rows directly. The server would leave the same rows after it has
/// pruned the log and the ledger.
pub(crate) async fn fill(file: &Path) -> Result<()> {
    let mut connection = rows::options(file).connect().await?;
    let mut tx = connection.begin().await?;
    let times: Vec<_> = times().collect();
    query(
        "insert into calendars (id, head, pruned, is_default, name, time_zone, overlaps)
         values (?1, ?2, ?2, 1, 'Bench', 'Europe/Berlin', 'ALLOW')",
    )
    .bind(CALENDAR)
    .bind(i64::try_from(times.len())?)
    .execute(&mut *tx)
    .await?;
    query("insert into directory (id, calendar_id, created_as) values (?1, ?1, zeroblob(32))")
        .bind(CALENDAR)
        .execute(&mut *tx)
        .await?;
    for (n, (start, end)) in (0..).zip(times) {
        rows::insert(&mut tx, &appointment(n, start, end), [0; 32], FIRST_MONDAY).await?;
    }
    tx.commit().await?;
    // Closing the last connection moves the write-ahead log into the file, which is copied later.
    connection.close().await?;
    Ok(())
}

/// Returns the id of appointment `n`.
pub(crate) fn id(n: u32) -> Uuid {
    Uuid::from_u128(0x018c_c251_f400_7000_8000_0000_0000_0000 + u128::from(n))
}

/// Returns a new appointment, at a time that no other has.
pub(crate) fn new_appointment(n: u32) -> Appointment {
    let start = END + i64::from(n) * 15 * 60;
    appointment(n, At(start), At(start + 30 * 60))
}

/// Returns an appointment of about 540 bytes of JSON.
fn appointment(n: u32, starts_at: At, ends_at: At) -> Appointment {
    let pick = n as usize % 5;
    Appointment {
        id: id(n),
        calendar_id: CALENDAR,
        title: format!("{} {n}", TITLES[pick]),
        description: Some("Bring the figures and whatever is still open.".to_owned()),
        location: Some("Room 2, second floor".to_owned()),
        starts_at,
        ends_at,
        all_day: false,
        time_zone: "Europe/Berlin".to_owned(),
        status: "CONFIRMED".to_owned(),
        attendees: vec![
            attendee(PEOPLE[pick], "ACCEPTED"),
            attendee(PEOPLE[(pick + 1) % 5], "NEEDS_ACTION"),
        ],
        revision: i64::from(n) + 1,
    }
}

fn attendee(name: &str, response: &str) -> Attendee {
    Attendee {
        email: format!("{}@example.org", name.to_lowercase().replace(' ', ".")),
        name: Some(name.to_owned()),
        response: response.to_owned(),
    }
}

/// Returns the time of each appointment, those outside the two weeks first.
fn times() -> impl Iterator<Item = (At, At)> {
    let others = (0..OTHERS).map(|n| {
        let week = n % WEEKS;
        (if week < HUNDRED.number { week } else { week + 2 }, n / WEEKS)
    });
    let full = |week: Week| (0..week.rows).map(move |k| (week.number, k));
    others.chain(full(HUNDRED)).chain(full(FOUR_HUNDRED)).map(|(week, k)| time(week, k))
}

/// Returns the time of appointment `k` of a week: Monday to Friday from 8:00 on, with several
/// durations. One in fifty takes a working day, and may end on the next morning of the same week.
fn time(week: u32, k: u32) -> (At, At) {
    let day = i64::from(k % 5);
    let quarter = i64::from(k / 5 % 40);
    let minute = 8 * 60 + quarter * 15;
    let start = FIRST_MONDAY + i64::from(week) * WEEK + (day * 24 * 60 + minute) * 60;
    let minutes = if k % 50 == 7 { 8 * 60 } else { MINUTES[k as usize % MINUTES.len()] };
    (At(start), At(start + minutes * 60))
}
