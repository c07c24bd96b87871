//! Everything of a file, into a PostgreSQL database with nothing in it: rows, logs, ledger and directory, so that clients go on from
//! their revision and notice nothing.
//!
//! A row travels as a JSON object of numbers and texts, in both directions of the check: what is read back is compared with
//! what was read, row by row, before anything is committed.

mod tables;

use std::path::Path;

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection, query, query_scalar};

use super::{CopyError, Database, postgres, sqlite};
use tables::{TABLES, Table};

/// Rows that are sent at once.
const BATCH: usize = 1_000;

/// Copies a file's database to a server's, whole or not at all, and answers how many rows that were. `progress` hears how many of
/// how many steps are done; each row is two, as it is read back.
pub(super) async fn copy(
    from: &Path,
    to: &str,
    progress: impl Fn(u64, u64),
) -> Result<u64, CopyError> {
    let mut source = sqlite::source(from).await?.connect().await?;
    let mut target = postgres::target(to).await?.connect().await?;
    // One moment of the file, whoever writes meanwhile.
    let mut source = source.begin().await?;
    let mut target = target.begin().await?;
    let taken: bool =
        query_scalar("select exists (select from directory)").fetch_one(&mut *target).await?;
    if taken {
        return Err(CopyError::NotEmpty(Database::server(to)));
    }
    let counts = TABLES.map(|it| format!("(select count(*) from {})", it.name)).join(" + ");
    let rows: i64 = query_scalar(sqlx::AssertSqlSafe(format!("select {counts}")))
        .fetch_one(&mut *source)
        .await?;
    let rows = rows.cast_unsigned();
    let mut done = 0;
    let mut step = |some: usize| {
        done += some as u64;
        progress(done, rows * 2);
    };
    for table in &TABLES {
        fill(table, &mut source, &mut target, &mut step).await?;
    }
    for table in &TABLES {
        compare(table, &mut source, &mut target, &mut step).await?;
    }
    target.commit().await?;
    Ok(rows)
}

async fn fill(
    table: &Table,
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    step: &mut impl FnMut(usize),
) -> Result<(), CopyError> {
    let mut rows = query_scalar::<_, String>(table.read).fetch(source);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        batch.extend(row);
        if batch.len() == BATCH || (is_last && !batch.is_empty()) {
            query(table.write).bind(&batch).execute(&mut *target).await?;
            step(batch.len());
            batch.clear();
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn compare(
    table: &Table,
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    step: &mut impl FnMut(usize),
) -> Result<(), CopyError> {
    let mut rows = query_scalar::<_, String>(table.read).fetch(source);
    let mut copies = query_scalar::<_, String>(table.read_back).fetch(target);
    loop {
        let (row, copy) = (rows.try_next().await?, copies.try_next().await?);
        let (Some(row), Some(copy)) = (&row, &copy) else {
            return if row == copy { Ok(()) } else { Err(CopyError::Differs(table.name)) };
        };
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
        if parse(row) != parse(copy) {
            return Err(CopyError::Differs(table.name));
        }
        step(1);
    }
}
