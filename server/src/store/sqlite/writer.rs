//! The one writer: a queue, and a task that commits what has queued up.
//!
//! **Invariant:** a reply is sent after the commit that holds its work (S16), and subscribers are
//! woken once for each calendar and commit (S2). A caller that has
//! gone away changes nothing: the job belongs to the writer once it is queued.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteTransaction};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::transaction::Open;
use super::super::{ErasedWork, Hint, OnCommit, Result, StoreError};
use crate::domain::{CalendarId, Revision};

/// Work that waits before callers do.
const QUEUE: usize = 1_024;
/// Work that shares one commit: more would make the first of them wait for the last.
const GROUP: usize = 64;

/// The entrance to the queue.
pub(super) struct Writer {
    queue: mpsc::Sender<Queued>,
    wake: Arc<OnceLock<OnCommit>>,
    closing: CancellationToken,
}

struct Queued {
    job: Box<dyn ErasedWork>,
    reply: oneshot::Sender<Result<()>>,
}

impl Writer {
    /// Starts the task; it ends, and closes the file, when the `Writer` is closed or dropped.
    pub(super) fn start(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        // A file that has gone away meanwhile is not made anew.
        let options = options.create_if_missing(false);
        let (wake, closing) = (Arc::new(OnceLock::new()), CancellationToken::new());
        let state = Task { options, wake: wake.clone(), closing: closing.clone() };
        tasks.spawn(state.run(connection, jobs));
        Self { queue, wake, closing }
    }

    /// Takes nothing more; what is queued is still done.
    pub(super) fn close(&self) {
        self.closing.cancel();
    }

    pub(super) fn on_commit(&self, wake: OnCommit) {
        let taken = self.wake.set(wake).is_err();
        debug_assert!(!taken, "a store has one feed");
    }

    pub(super) async fn submit(&self, job: Box<dyn ErasedWork>) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let stopped = || StoreError::Unavailable("the writer has stopped".into());
        self.queue.send(Queued { job, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

/// What the task knows besides its connection.
struct Task {
    options: SqliteConnectOptions,
    wake: Arc<OnceLock<OnCommit>>,
    closing: CancellationToken,
}

impl Task {
    async fn run(self, connection: SqliteConnection, mut jobs: mpsc::Receiver<Queued>) {
        let mut connection = Some(connection);
        while let Some(first) = self.next(&mut jobs).await {
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => self.options.connect().await,
            };
            let mut open = match open {
                Ok(open) => open,
                Err(error) => {
                    let _ = first.reply.send(Err(error.into())); // who has left needs no answer
                    continue;
                }
            };
            // After a failed commit SQLite may have rolled back on its own, and the connection's
            // count of open transactions is no longer to be trusted: it is opened anew.
            match commit_group(&mut open, first, &mut jobs).await {
                Ok(heads) => {
                    connection = Some(open);
                    if let Some(wake) = self.wake.get() {
                        wake(Hint::Committed(&heads));
                    }
                }
                Err(error) => tracing::error!(error = %chain(&error), "a commit failed"),
            }
        }
        if let Some(open) = connection
            && let Err(error) = open.close().await
        {
            tracing::warn!(%error, "the database did not close");
        }
    }

    async fn next(&self, jobs: &mut mpsc::Receiver<Queued>) -> Option<Queued> {
        // Asked first: under load there is always a job.
        tokio::select! {
            biased;
            () = self.closing.cancelled(), if !jobs.is_closed() => {
                jobs.close();
                jobs.recv().await
            }
            job = jobs.recv() => job,
        }
    }
}

/// Does `first` and what is queued behind it, commits once, and then replies to all.
async fn commit_group(
    connection: &mut SqliteConnection,
    first: Queued,
    jobs: &mut mpsc::Receiver<Queued>,
) -> Result<Vec<(CalendarId, Revision)>> {
    let mut done = Vec::new();
    let mut heads = BTreeMap::new();
    let mut group = match connection.begin_with("begin immediate").await {
        Ok(group) => group,
        Err(error) => {
            let _ = first.reply.send(Err(error.into())); // who has left needs no answer
            return Err(StoreError::Unavailable("no transaction could be begun".into()));
        }
    };
    let committed = async {
        let mut next = Some(first);
        while let Some(Queued { job, reply }) = next.take() {
            // The reply waits with the group even if the work fails and takes the group with it.
            let result = savepoint(&mut group, job.as_ref()).await;
            let broken = result.as_ref().is_err_and(|it| it.group_is_lost);
            let result = result.map(|moved| heads.extend(moved)).map_err(|it| it.error);
            done.push((reply, result));
            if broken {
                return Err(StoreError::Unavailable("the shared transaction was lost".into()));
            }
            if done.len() < GROUP {
                next = jobs.try_recv().ok();
            }
        }
        Ok(group.commit().await?)
    }
    .await;
    for (reply, result) in done {
        let result = match &committed {
            Ok(()) => result,
            Err(error) => Err(StoreError::Unavailable(chain(error).into())),
        };
        let _ = reply.send(result); // who has left needs no answer
    }
    committed.map(|()| heads.into_iter().collect())
}

/// Why a piece of work failed, and whether the transaction around it went with it.
struct Lost {
    error: StoreError,
    group_is_lost: bool,
}

/// Does one piece of work, whole or not at all.
async fn savepoint(
    group: &mut SqliteTransaction<'_>,
    job: &dyn ErasedWork,
) -> std::result::Result<Vec<(CalendarId, Revision)>, Lost> {
    let lost = |error: sqlx::Error| Lost { error: error.into(), group_is_lost: true };
    let mut point = group.begin().await.map_err(lost)?;
    // A panic is a bug; it must not take the writer with it.
    let mut open = Open::new(&mut *point);
    let result = AssertUnwindSafe(job.run(&mut open)).catch_unwind().await;
    let heads = open.heads;
    let result = result.unwrap_or_else(|_| Err(StoreError::Failed("a job panicked".into())));
    match result {
        Ok(()) => point.commit().await.map(|()| heads).map_err(lost),
        Err(error) => {
            let group_is_lost = point.rollback().await.is_err();
            Err(Lost { error, group_is_lost })
        }
    }
}

/// An error with what caused it, for the log.
fn chain(error: &StoreError) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
