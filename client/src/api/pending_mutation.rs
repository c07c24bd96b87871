//! [`PendingMutation`]: a mutation on its way to the server.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_channel::oneshot;

use super::shared::Inner;
use crate::model::appointment::Appointment;
use crate::model::id::{AppointmentId, MutationId};
use crate::model::refusal::{MutationResult, Refusal};

/// A mutation that is not settled yet. It is a future of the result.
///
/// [`create`] and [`update`] resolve to the appointment as the server has stored it, and [`delete`]
/// to `()`. A mutation that fails resolves to a [`Refusal`].
///
/// You need not await it: dropping it changes nothing, and the mutation still gets sent.
///
/// # Lifecycle of a mutation
///
/// 1. **Predicted.** The method that returns this value has already applied an optimistic update:
///    all watches show the expected result, with [`Status::Pending`](crate::Status::Pending).
/// 2. **Queued.** The mutation waits in the outbox ([`OutboxState::Queued`]). Mutations of one
///    appointment are sent one after the other; those of different appointments are independent.
///    Queued updates of one appointment are merged into one request. A queued update that is
///    followed by a deletion is dropped and resolves to [`Refusal::BeingDeleted`]. A queued
///    creation that is followed by a deletion is dropped too and resolves to [`Refusal::Aborted`].
/// 3. **Sent.** The request is on its way ([`OutboxState::Sent`]). From now on its content never
///    changes.
/// 4. **Settled or refused.** The response settles the mutation, or the change event of the same
///    mutation does, whichever arrives first. If the server refuses the mutation, the optimistic
///    update is rolled back, and this future resolves to the reason. If a creation is refused, the
///    mutations that build on it resolve to [`Refusal::DependsOnRejected`] without being sent.
///
/// **Retry.** If no response arrives, or the server is temporarily unavailable, the same request is
/// sent again ([`OutboxState::Retrying`]). The delay grows from 0.25 to 30 seconds. The mutation id
/// makes this safe: the server performs each mutation at most once. [`Client::retry`] retries at
/// once. The watches show [`Status::Failed`](crate::Status::Failed) meanwhile.
///
/// **Offline.** Without a server nothing is lost: mutations are predicted and queued, and get sent
/// when a server is reachable. There is no timeout; this future stays pending.
///
/// **Restart.** [`Client::snapshot`] contains the outbox, and [`Client::restore`] continues it.
/// Mutations that were sent before are sent again, with the same id and content. The futures of the
/// former process are gone; watches and [`Client::pending`] show what becomes of the mutations.
///
/// **Abort.** [`abort`](Self::abort) removes a mutation that was never sent. The server never knows
/// of it, and this future resolves to [`Refusal::Aborted`].
///
/// **Discard.** [`Client::discard`] removes a mutation in any state. If it was sent before, the
/// server may have done it: this future resolves to [`Refusal::Discarded`], and if the server has
/// done it, watches show the result like a change of another client.
///
/// [`create`]: crate::CalendarHandle::create
/// [`update`]: crate::CalendarHandle::update
/// [`delete`]: crate::CalendarHandle::delete
/// [`Client::retry`]: crate::Client::retry
/// [`Client::snapshot`]: crate::Client::snapshot
/// [`Client::restore`]: crate::Client::restore
/// [`Client::pending`]: crate::Client::pending
/// [`Client::discard`]: crate::Client::discard
/// [`OutboxState::Queued`]: crate::OutboxState::Queued
/// [`OutboxState::Sent`]: crate::OutboxState::Sent
/// [`OutboxState::Retrying`]: crate::OutboxState::Retrying
///
/// # Example
///
/// ```no_run
/// use appointments_client::{AppointmentChanges, NewAppointment};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
/// # let calendar = client.calendar("team");
/// let start = "2026-11-23T09:00:00Z".parse()?;
/// let end = "2026-11-23T10:00:00Z".parse()?;
/// let created = calendar.create(NewAppointment::new("Dentist", start, end));
/// // The id is known at once, so the next mutation need not wait for the first.
/// let changes = AppointmentChanges::new().location("Main street 1");
/// let updated = calendar.update(created.appointment_id(), changes);
/// println!("saved as {}", created.await?.id);
/// println!("at {:?}", updated.await?.location);
/// # Ok(()) }
/// ```
pub struct PendingMutation<T> {
    inner: Arc<Inner>,
    mutation: MutationId,
    appointment: AppointmentId,
    result: oneshot::Receiver<MutationResult>,
    convert: fn(Option<Appointment>) -> Result<T, Refusal>,
}

impl<T> PendingMutation<T> {
    pub(crate) fn new(
        inner: Arc<Inner>,
        mutation: MutationId,
        appointment: AppointmentId,
        result: oneshot::Receiver<MutationResult>,
        convert: fn(Option<Appointment>) -> Result<T, Refusal>,
    ) -> Self {
        Self { inner, mutation, appointment, result, convert }
    }

    /// Returns a future of the engine's result, so that tests can keep all kinds in one list.
    #[cfg(test)]
    pub(crate) fn untyped(self) -> PendingMutation<Option<Appointment>> {
        let Self { inner, mutation, appointment, result, .. } = self;
        PendingMutation { inner, mutation, appointment, result, convert: Ok }
    }

    /// Returns the id of the mutation in the outbox.
    pub fn mutation_id(&self) -> &MutationId {
        &self.mutation
    }

    /// Returns the id of the appointment. A created appointment has it from the beginning.
    pub fn appointment_id(&self) -> &AppointmentId {
        &self.appointment
    }

    /// Aborts the mutation if it was never sent, and rolls its optimistic update back.
    ///
    /// Returns whether it was aborted. If not, it was sent, merged into a later mutation, or has
    /// settled; it is then unchanged.
    pub fn abort(&self) -> bool {
        self.inner.engine().abort(&self.mutation)
    }
}

impl<T> Future for PendingMutation<T> {
    type Output = Result<T, Refusal>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let convert = self.convert;
        Pin::new(&mut self.result).poll(context).map(|received| {
            // The engine sends every result, and `inner` keeps the engine alive.
            received.unwrap_or(Err(Refusal::Discarded)).and_then(convert)
        })
    }
}

impl<T> fmt::Debug for PendingMutation<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PendingMutation")
            .field("mutation_id", &self.mutation)
            .field("appointment_id", &self.appointment)
            .finish_non_exhaustive()
    }
}
