//! The migrations of both databases, as the build script embeds them.
//!
//! sqlx has a macro for this. It would compile both database drivers once more, for the compiler.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A migration's number, its description, and its statements.
type File = (i64, &'static str, &'static str);

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// Returns the migrations of SQLite.
pub(super) fn for_sqlite() -> Migrator {
    migrator(SQLITE)
}

/// Returns the migrations of PostgreSQL.
pub(super) fn for_postgres() -> Migrator {
    migrator(POSTGRES)
}

fn migrator(files: &[File]) -> Migrator {
    let migrations = files.iter().map(|&(version, description, sql)| {
        let description = Cow::Borrowed(description);
        let sql = SqlStr::from_static(sql);
        Migration::new(version, description, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}
