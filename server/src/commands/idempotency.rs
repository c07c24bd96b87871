//! Idempotency (S10): the ledger stores the first decision under a mutation id, and every retry
//! with this id returns that decision, whether the command was applied or refused.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{
    Actor, CalendarId, Change, ChangeKind, Fingerprint, Instant, Interval, MutationId, Refusal,
    Revision,
};
use crate::store::{StoreError, Transaction, Work};

/// A checked mutation that can be run in a transaction.
#[async_trait]
pub(super) trait Command: Serialize + Send + Sync + 'static {
    /// The result of a command that was not refused.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// The name of the mutation. Two mutations with the same input but different names have
    /// different fingerprints.
    const NAME: &'static str;

    /// The client's id for this mutation. `None` if the ledger must not record it.
    fn mutation_id(&self) -> Option<MutationId>;

    /// Loads, decides and writes. All refusals must come before the first write.
    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Self::Output, CommandError>;
}

/// The reason why a command stops. `?` converts a refusal or a failure of the store to it.
pub(super) enum CommandError {
    /// The domain refuses the command. This is a decision, which the ledger records.
    Refused(Refusal),
    /// The store failed; nothing is decided.
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

/// The circumstances in which a command is decided.
pub(super) struct Context {
    pub(super) actor: Actor,
    pub(super) now: Instant,
    pub(super) fingerprint: Fingerprint,
    mutation_id: Option<MutationId>,
}

impl Context {
    /// Creates the log entry for a change that this command makes.
    pub(super) fn change(
        &self,
        calendar_id: CalendarId,
        revision: Revision,
        before: Option<Interval>,
        kind: ChangeKind,
    ) -> Change {
        Change {
            calendar_id,
            revision,
            kind,
            before,
            mutation_id: self.mutation_id,
            actor: self.actor.clone(),
            at: self.now,
        }
    }
}

/// A command whose decision is recorded in the ledger.
pub(super) struct LoggedCommand<C> {
    command: C,
    context: Context,
    /// Earlier decisions may have been removed from the ledger.
    ledger_start: Instant,
}

impl<C: Command> LoggedCommand<C> {
    pub(super) fn new(command: C, actor: Actor, now: Instant, ledger_start: Instant) -> Self {
        let fingerprint = Fingerprint::of(C::NAME, &command);
        let mutation_id = command.mutation_id();
        let context = Context { actor, now, fingerprint, mutation_id };
        Self { command, context, ledger_start }
    }
}

#[async_trait]
impl<C: Command> Work for LoggedCommand<C> {
    type Output = Result<C::Output, Refusal>;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<Self::Output, StoreError> {
        let Context { fingerprint, mutation_id, now, .. } = self.context;
        if let Some(id) = mutation_id
            && let Some((first, decision)) = tx.find_decision(id).await?
        {
            if first == fingerprint {
                return serde_json::from_str(&decision)
                    .map_err(|error| StoreError::Failed(error.into()));
            }
            return Ok(Err(id_already_used()));
        }
        if let Some(created_at) = mutation_id.and_then(|it| it.timestamp())
            && created_at < tx.ledger_start().await?.max(self.ledger_start)
        {
            return Ok(Err(id_too_old()));
        }
        let decision = match self.command.decide(tx, &self.context).await {
            Ok(output) => Ok(output),
            Err(CommandError::Refused(refusal)) => Err(refusal),
            Err(CommandError::Failed(error)) => return Err(error),
        };
        if let Some(id) = mutation_id {
            let json = serde_json::to_string(&decision)
                .map_err(|error| StoreError::Failed(error.into()))?;
            // If the client's clock is ahead, the entry is kept until the id itself is too old.
            let at = id.timestamp().map_or(now, |created_at| created_at.max(now));
            tx.record_decision(id, fingerprint, &json, at).await?;
        }
        Ok(decision)
    }
}

fn id_already_used() -> Refusal {
    Refusal::invalid(
        "mutationId",
        "This id was already used for a different mutation; generate a new one for each mutation.",
    )
}

/// Refuses an id from before the start of the ledger: its mutation may have been applied, and the
/// decision removed (S10).
fn id_too_old() -> Refusal {
    Refusal::invalid(
        "mutationId",
        "This mutation is too old to be deduplicated; check whether it was applied, then retry \
         with a new id.",
    )
}
