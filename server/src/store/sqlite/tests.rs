//! Tests of query plans and settings, which are specific to SQLite.

use sqlx::{Connection, Row, SqliteConnection, query};
use tempfile::TempDir;

use super::sql::SQL;
use super::*;

async fn open_database() -> (TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let (_, connection) =
        open::database(&folder.path().join("it.db"), IfMissing::Create).await.unwrap();
    (folder, connection)
}

async fn plan(connection: &mut SqliteConnection, sql: &'static str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
    let rows = query(explain).fetch_all(connection).await.unwrap();
    rows.iter().map(|it| it.get::<String, _>("detail")).collect()
}

/// Frequent statements enter each table by an index (S17). A range query searches each duration
/// class between two bounds, in the index alone.
#[tokio::test]
async fn frequent_statements_use_indexes() {
    let (_folder, mut connection) = open_database().await;
    let bounds = "USING COVERING INDEX appointments_by_span \
                  (calendar_id=? AND span=? AND starts_at>? AND starts_at<?)";
    for sql in [SQL.range, SQL.find_conflicts] {
        let plan = plan(&mut connection, sql).await;
        assert!(plan.iter().any(|it| it.ends_with(bounds)), "{plan:#?}");
    }
    let log = plan(&mut connection, SQL.log_page).await;
    let bounds = "SEARCH changes USING PRIMARY KEY (calendar_id=? AND revision>?)";
    assert!(log.iter().any(|it| it == bounds), "{log:#?}");
    for sql in [
        SQL.range,
        SQL.find_conflicts,
        SQL.log_page,
        SQL.heads,
        SQL.calendars,
        SQL.calendars_by_name,
        SQL.appointment,
    ] {
        for step in plan(&mut connection, sql).await {
            // Scans of results are fine; scans of tables, by name or alias, are not.
            let tables = ["appointments", "a", "b", "calendars", "c", "changes", "directory", "d"];
            let scanned = step.strip_prefix("SCAN ").and_then(|it| it.split(' ').next());
            assert!(scanned.is_none_or(|it| !tables.contains(&it)), "{step} in {sql}");
        }
    }
}

/// Counts the rows that the index yields for a range, before their ends are compared. It runs the
/// range statement without that comparison.
async fn count_visited(connection: &mut SqliteConnection, start: i64, end: i64) -> usize {
    let sql = SQL.range.replace("and (b.ends_at > ?2 or b.starts_at >= ?2)", "");
    assert_ne!(sql, SQL.range);
    let found = query(sqlx::AssertSqlSafe(sql)).bind(vec![0_u8; 16]).bind(start).bind(end);
    found.bind(10_000_i64).fetch_all(connection).await.unwrap().len()
}

/// One appointment of 366 days adds one row to a range query, not a year of rows (S17).
#[tokio::test]
async fn a_long_appointment_does_not_make_other_ranges_slow() {
    let (_folder, mut connection) = open_database().await;
    let mut tx = connection.begin().await.unwrap();
    query(
        "insert into calendars (id, is_default, name, time_zone, overlaps)
         values (zeroblob(16), 1, 'it', 'UTC', 'ALLOW')",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    const INSERT: &str =
        "insert into appointments (calendar_id, id, revision, created_at, updated_at, title,
            starts_at, ends_at, span, all_day, time_zone, status, attendees)
         values (zeroblob(16), randomblob(16), 0, 0, 0, 'it', ?1, ?2, ?3, 0, 'UTC', 'CONFIRMED',
            '[]')";
    let hour = 3_600;
    let lengths = (0..8_784).map(|n| (n * hour, hour / 2)).chain([(0, 366 * 24 * hour)]);
    for (start, seconds) in lengths {
        let interval = crate::domain::Interval {
            start: crate::domain::Instant::from_unix(start),
            end: crate::domain::Instant::from_unix(start + seconds),
        };
        let insert = query(INSERT).bind(start).bind(start + seconds);
        let insert = insert.bind(super::super::duration_class::duration_class(interval));
        insert.execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (start, end) = (300 * 24 * hour, 301 * 24 * hour);
    let found = query(SQL.range).bind(vec![0_u8; 16]).bind(start).bind(end).bind(10_000_i64);
    assert_eq!(found.fetch_all(&mut connection).await.unwrap().len(), 25);
    let visited = count_visited(&mut connection, start, end).await;
    assert!((25..=26).contains(&visited), "{visited} rows were visited for 25");
}

#[tokio::test]
async fn every_commit_is_flushed_and_every_table_is_strict() {
    let (_folder, mut connection) = open_database().await;
    for (pragma, expected) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")]
    {
        let sql = format!("select cast({pragma} as text) from pragma_{pragma}");
        let row = query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(row.get::<String, _>(0), expected, "{pragma}");
    }
    let sql = "select name from pragma_table_list where strict = 0 and schema = 'main'
        and name not like 'sqlite_%' and name not like '_sqlx%'";
    let loose = query(sql).fetch_all(&mut connection).await.unwrap();
    assert!(loose.is_empty(), "{}", loose[0].get::<String, _>(0));
}
