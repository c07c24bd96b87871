//! Copies a SQLite file to an empty PostgreSQL database: rows, logs, ledger and directory. Clients
//! resume from their revision without noticing.
//!
//! A row travels as a JSON object of numbers and texts. Before the commit, every row is read back
//! and compared with the original.

mod tables;

use std::path::Path;

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection, query, query_scalar};

use super::{CopyError, Database, postgres, sqlite};
use tables::{TABLES, Table};

/// The number of rows that one statement inserts.
const BATCH_ROWS: usize = 1_000;

/// Copies the file to the database completely or not at all. Returns the number of rows. `progress`
/// is called with the number of finished steps and of all steps; each row is written and compared,
/// so it counts as two steps.
pub(super) async fn copy(
    from: &Path,
    to: &str,
    progress: impl Fn(u64, u64),
) -> Result<u64, CopyError> {
    let mut source = sqlite::copy_source(from).await?.connect().await?;
    let mut target = postgres::copy_target(to).await?.connect().await?;
    // The transaction reads one snapshot of the file, even if a server writes to it.
    let mut source = source.begin().await?;
    let mut target = target.begin().await?;
    let has_data: bool =
        query_scalar("select exists (select from directory)").fetch_one(&mut *target).await?;
    if has_data {
        return Err(CopyError::NotEmpty(Database::server(to)));
    }
    let rows = count_rows(&mut source).await?;
    let mut done = 0;
    let mut step = |rows_done: usize| {
        done += rows_done as u64;
        progress(done, rows * 2);
    };
    for table in &TABLES {
        copy_table(table, &mut source, &mut target, &mut step).await?;
    }
    for table in &TABLES {
        verify_table(table, &mut source, &mut target, &mut step).await?;
    }
    target.commit().await?;
    Ok(rows)
}

async fn count_rows(source: &mut SqliteConnection) -> Result<u64, CopyError> {
    let counts = TABLES.map(|it| format!("(select count(*) from {})", it.name)).join(" + ");
    let sql = sqlx::AssertSqlSafe(format!("select {counts}"));
    let rows: i64 = query_scalar(sql).fetch_one(source).await?;
    Ok(rows.cast_unsigned())
}

async fn copy_table(
    table: &Table,
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    step: &mut impl FnMut(usize),
) -> Result<(), CopyError> {
    let mut rows = query_scalar::<_, String>(table.read).fetch(source);
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        batch.extend(row);
        if batch.len() == BATCH_ROWS || (is_last && !batch.is_empty()) {
            query(table.write).bind(&batch).execute(&mut *target).await?;
            step(batch.len());
            batch.clear();
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn verify_table(
    table: &Table,
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    step: &mut impl FnMut(usize),
) -> Result<(), CopyError> {
    let mut rows = query_scalar::<_, String>(table.read).fetch(source);
    let mut copies = query_scalar::<_, String>(table.read_back).fetch(target);
    loop {
        let row = rows.try_next().await?;
        let copy = copies.try_next().await?;
        let (Some(row), Some(copy)) = (&row, &copy) else {
            return if row == copy { Ok(()) } else { Err(CopyError::Mismatch(table.name)) };
        };
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
        if parse(row) != parse(copy) {
            return Err(CopyError::Mismatch(table.name));
        }
        step(1);
    }
}
