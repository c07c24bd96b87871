//! One attempt at a mutation, and the ledger around it (S10): *the first decision under a mutation
//! id is the decision*, done or refused.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{
    Actor, CalendarId, Change, ChangeKind, Fingerprint, Instant, Interval, MutationId, Refusal,
    Revision,
};
use crate::store::{StoreError, Transaction, Work};

/// What each of the six commands says of itself.
#[async_trait]
pub(super) trait Command: Serialize + Send + Sync + 'static {
    /// What it answers when it is done.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// Its name, so that two verbs with equal content are two mutations.
    const NAME: &'static str;

    /// The client's name for it.
    fn mutation_id(&self) -> Option<MutationId>;

    /// Loads, decides and writes. Whatever refuses must do so before anything is written.
    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Self::Output, CommandError>;
}

/// Why a command goes no further.
pub(super) enum CommandError {
    /// The domain says no.
    Refused(Refusal),
    /// The store could not be reached; nothing is decided.
    Failed(StoreError),
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Who decides what, when, and under which name.
pub(super) struct Context {
    pub(super) actor: Actor,
    pub(super) now: Instant,
    pub(super) fingerprint: Fingerprint,
    mutation_id: Option<MutationId>,
}

impl Context {
    /// The log's row for what is about to be done.
    pub(super) fn change(
        &self,
        calendar_id: CalendarId,
        revision: Revision,
        before: Option<Interval>,
        kind: ChangeKind,
    ) -> Change {
        let (actor, at) = (self.actor.clone(), self.now);
        Change { calendar_id, revision, kind, before, mutation_id: self.mutation_id, actor, at }
    }
}

/// A checked mutation on its way to its transaction.
pub(super) struct LoggedCommand<M> {
    mutation: M,
    by: Context,
    /// What is older is not promised to be in the ledger.
    oldest: Instant,
}

impl<M: Command> LoggedCommand<M> {
    pub(super) fn new(mutation: M, actor: Actor, now: Instant, oldest: Instant) -> Self {
        let fingerprint = Fingerprint::of(M::NAME, &mutation);
        let mutation_id = mutation.mutation_id();
        Self { mutation, by: Context { actor, now, fingerprint, mutation_id }, oldest }
    }
}

#[async_trait]
impl<M: Command> Work for LoggedCommand<M> {
    type Done = Result<M::Output, Refusal>;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<Self::Done, StoreError> {
        let Context { fingerprint, mutation_id, now, .. } = self.by;
        if let Some(id) = mutation_id
            && let Some((first, decision)) = tx.find_decision(id).await?
        {
            if first == fingerprint {
                return serde_json::from_str(&decision)
                    .map_err(|error| StoreError::Failed(error.into()));
            }
            return Ok(Err(Refusal::invalid(
                "mutationId",
                "This id was already used for a different mutation; generate a new one for each mutation.",
            )));
        }
        if let Some(made) = mutation_id.and_then(|it| it.timestamp())
            && made < tx.ledger_start().await?.max(self.oldest)
        {
            return Ok(Err(forgotten()));
        }
        let decision = match self.mutation.decide(tx, &self.by).await {
            Ok(done) => Ok(done),
            Err(CommandError::Refused(refusal)) => Err(refusal),
            Err(CommandError::Failed(error)) => return Err(error),
        };
        if let Some(id) = mutation_id {
            let decision = serde_json::to_string(&decision)
                .map_err(|error| StoreError::Failed(error.into()))?;
            // An id from a clock that is ahead is remembered until it is old by its own account.
            let at = id.timestamp().map_or(now, |made| made.max(now));
            tx.record_decision(id, fingerprint, &decision, at).await?;
        }
        Ok(decision)
    }
}

/// S10: what is older than the ledger reaches may have been decided and forgotten, so it is never
/// executed.
fn forgotten() -> Refusal {
    let message = "This mutation is too old to be deduplicated; check whether it was applied, then retry with a new id.";
    Refusal::invalid("mutationId", message)
}
