//! The only writer: a queue, and a task that commits the queued work in groups.
//!
//! **Invariant:** a reply is sent after the commit that contains its work (S16), and one hint per
//! commit tells the feed about all changed calendars (S2). Queued work is done even if its caller
//! is gone.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteTransaction};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::transaction::OpenTransaction;
use super::super::{ErasedWork, Hint, OnCommit, Result, StoreError};
use crate::domain::{CalendarId, Revision};

/// The capacity of the queue. Callers wait while it is full.
const QUEUE_CAPACITY: usize = 1_024;
/// The maximum number of work items in one commit. The first item waits for the last.
const MAX_GROUP: usize = 64;

/// The new heads of changed logs.
type Heads = Vec<(CalendarId, Revision)>;

/// The sending end of the queue.
pub(super) struct Writer {
    queue: mpsc::Sender<QueuedWork>,
    on_commit: Arc<OnceLock<OnCommit>>,
    closing: CancellationToken,
}

struct QueuedWork {
    work: ErasedWork,
    reply: oneshot::Sender<Result<()>>,
}

impl Writer {
    /// Starts the task. It ends, and closes the file, when the `Writer` is closed or dropped.
    pub(super) fn start(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE_CAPACITY);
        let on_commit = Arc::new(OnceLock::new());
        let closing = CancellationToken::new();
        let task = WriterTask {
            // If the file disappears while the server runs, it must not be created again.
            options: options.create_if_missing(false),
            on_commit: on_commit.clone(),
            closing: closing.clone(),
        };
        tasks.spawn(task.run(connection, queued));
        Self { queue, on_commit, closing }
    }

    /// Refuses new work. Queued work is still done.
    pub(super) fn close(&self) {
        self.closing.cancel();
    }

    pub(super) fn on_commit(&self, callback: OnCommit) {
        let is_set = self.on_commit.set(callback).is_err();
        debug_assert!(!is_set, "a store has one feed");
    }

    pub(super) async fn submit(&self, work: ErasedWork) -> Result<()> {
        let (reply, result) = oneshot::channel();
        let stopped = || StoreError::Unavailable("the writer has stopped".into());
        self.queue.send(QueuedWork { work, reply }).await.map_err(|_| stopped())?;
        result.await.map_err(|_| stopped())?
    }
}

/// The state of the task, without its connection.
struct WriterTask {
    options: SqliteConnectOptions,
    on_commit: Arc<OnceLock<OnCommit>>,
    closing: CancellationToken,
}

impl WriterTask {
    async fn run(self, connection: SqliteConnection, mut queued: mpsc::Receiver<QueuedWork>) {
        let mut idle = Some(connection);
        while let Some(first) = self.next(&mut queued).await {
            let connected = match idle.take() {
                Some(connection) => Ok(connection),
                None => self.options.connect().await,
            };
            let mut connection = match connected {
                Ok(connection) => connection,
                Err(error) => {
                    let _ = first.reply.send(Err(error.into())); // The caller may be gone.
                    continue;
                }
            };
            // After a failed commit, SQLite may have rolled back by itself. Then sqlx's count of
            // open transactions is wrong, so the connection is dropped and opened again.
            match commit_group(&mut connection, first, &mut queued).await {
                Ok(heads) => {
                    idle = Some(connection);
                    if let Some(on_commit) = self.on_commit.get() {
                        on_commit(Hint::Committed(&heads));
                    }
                }
                Err(error) => tracing::error!(error = %with_source(&error), "commit failed"),
            }
        }
        if let Some(connection) = idle
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "failed to close the database");
        }
    }

    async fn next(&self, queued: &mut mpsc::Receiver<QueuedWork>) -> Option<QueuedWork> {
        // Closing is checked first, because under load there is always more work.
        tokio::select! {
            biased;
            () = self.closing.cancelled(), if !queued.is_closed() => {
                queued.close();
                queued.recv().await
            }
            next = queued.recv() => next,
        }
    }
}

/// Does `first` and the work queued behind it, commits once, and then sends all replies.
async fn commit_group(
    connection: &mut SqliteConnection,
    first: QueuedWork,
    queued: &mut mpsc::Receiver<QueuedWork>,
) -> Result<Heads> {
    let mut done = Vec::new();
    let mut heads = BTreeMap::new();
    let mut group = match connection.begin_with("begin immediate").await {
        Ok(group) => group,
        Err(error) => {
            let _ = first.reply.send(Err(error.into())); // The caller may be gone.
            return Err(StoreError::Unavailable("failed to begin a transaction".into()));
        }
    };
    let committed = async {
        let mut next = Some(first);
        while let Some(QueuedWork { work, reply }) = next.take() {
            let result = run_in_savepoint(&mut group, &work).await;
            let is_group_lost = result.as_ref().is_err_and(|it| it.is_group_lost);
            let result = result.map(|moved| heads.extend(moved)).map_err(|it| it.error);
            // Every reply waits for the end of the group, even if the group is lost.
            done.push((reply, result));
            if is_group_lost {
                return Err(StoreError::Unavailable("the shared transaction was lost".into()));
            }
            if done.len() < MAX_GROUP {
                next = queued.try_recv().ok();
            }
        }
        Ok(group.commit().await?)
    }
    .await;
    for (reply, result) in done {
        let result = match &committed {
            Ok(()) => result,
            Err(error) => Err(StoreError::Unavailable(with_source(error).into())),
        };
        let _ = reply.send(result); // The caller may be gone.
    }
    committed.map(|()| heads.into_iter().collect())
}

/// The failure of one work item.
struct SavepointError {
    error: StoreError,
    /// Whether the shared transaction is lost as well.
    is_group_lost: bool,
}

/// Runs one work item completely or not at all. Returns the heads that it has moved.
async fn run_in_savepoint(
    group: &mut SqliteTransaction<'_>,
    work: &ErasedWork,
) -> std::result::Result<Heads, SavepointError> {
    let lost = |error: sqlx::Error| SavepointError { error: error.into(), is_group_lost: true };
    let mut savepoint = group.begin().await.map_err(lost)?;
    let mut tx = OpenTransaction::new(&mut *savepoint);
    // A panic is a bug, but it must not end the writer.
    let result = AssertUnwindSafe(work.run(&mut tx)).catch_unwind().await;
    let heads = tx.heads;
    match result.unwrap_or_else(|_| Err(StoreError::Failed("work panicked".into()))) {
        Ok(()) => savepoint.commit().await.map(|()| heads).map_err(lost),
        Err(error) => {
            let is_group_lost = savepoint.rollback().await.is_err();
            Err(SavepointError { error, is_group_lost })
        }
    }
}

/// Formats an error with its source, for the log.
fn with_source(error: &StoreError) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
