//! [`Calendar`]: what can be done in one, and what is seen of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use cynic_cache::{Delta, OperationError, Shared, Status, View, Watch};
use futures_channel::oneshot;
use futures_util::Stream;
use serde::de::DeserializeOwned;

use crate::api::client::Client;
use crate::engine::{Entry, WatchNumber, range_query};
use crate::model::appointment::Appointment;
use crate::model::error::{Outcome, Refusal};
use crate::model::input::{Changes, NewAppointment};
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::{Guard, What};
use crate::optimistic;
use crate::runtime;
use crate::wire::operations::{RangeQuery, TimeRange};

/// A calendar of a client. Cheap to clone.
#[derive(Clone)]
pub struct Calendar {
    client: Client,
    id: cynic::Id,
}

impl Calendar {
    pub(crate) fn new(client: Client, id: cynic::Id) -> Self {
        Self { client, id }
    }

    /// Its id.
    pub fn id(&self) -> &cynic::Id {
        &self.id
    }

    /// What it has between two instants, and every change of it from now on. It is loaded as far as it is not known,
    /// and kept true as long as the watch lives.
    ///
    /// # Errors
    ///
    /// None that a program need expect.
    pub fn watch(&self, start: DateTime, end: DateTime) -> Result<RangeWatch, OperationError> {
        let mut engine = self.client.inner.engine();
        let query = range_query(engine.cache(), self.id.inner(), TimeRange { start, end })?;
        let watch = engine.cache().watch(&query);
        let number = engine.watch(self.id.inner(), query);
        drop(engine);
        self.client.inner.wake();
        let (client, calendar) = (self.client.clone(), self.id.clone());
        Ok(RangeWatch { client, calendar, number, watch })
    }

    /// Creates an appointment. It is in every watch before this returns; what is awaited is the server's word.
    pub fn create(&self, appointment: NewAppointment) -> Pending {
        let id = self.client.inner.engine().id(runtime::today());
        self.mutate(id, What::Create(Box::new(appointment)))
    }

    /// Changes an appointment. The same goes for this, and all that follow.
    pub fn update(&self, id: &cynic::Id, changes: Changes) -> Pending {
        self.mutate(id.clone(), What::Update(Box::new(changes)))
    }

    /// Calls an appointment off: it stays listed, and its time is free again.
    pub fn cancel(&self, id: &cynic::Id) -> Pending {
        self.update(
            id,
            Changes::new().status(crate::model::appointment::AppointmentStatus::Cancelled),
        )
    }

    /// Removes an appointment for good.
    pub fn delete(&self, id: &cynic::Id) -> Pending {
        self.mutate(id.clone(), What::Delete(Guard::None))
    }

    /// Removes an appointment if it is as it is shown now.
    pub fn delete_if_unchanged(&self, id: &cynic::Id) -> Pending {
        self.mutate(id.clone(), What::Delete(Guard::Shown))
    }

    /// Removes an appointment if it is as this revision left it.
    pub fn delete_if_at(&self, id: &cynic::Id, revision: Revision) -> Pending {
        self.mutate(id.clone(), What::Delete(Guard::At(revision)))
    }

    /// How far the server has confirmed what is shown of an appointment.
    pub fn status(&self, id: &cynic::Id) -> Status {
        self.client.inner.engine().cache().status(&optimistic::key(id))
    }

    fn mutate(&self, appointment: cynic::Id, what: What) -> Pending {
        let (tell, told) = oneshot::channel();
        let at = runtime::today();
        let mutation = self.client.inner.engine().mutate(at, &self.id, &appointment, what, tell);
        self.client.inner.wake();
        Pending { client: self.client.clone(), mutation, appointment, told }
    }
}

/// A mutation that is not decided yet. Awaited, it is what the server has made of it: the appointment as it left it
/// (`None` if it is deleted), or why it was refused. Nobody need await it.
pub struct Pending {
    client: Client,
    mutation: cynic::Id,
    appointment: cynic::Id,
    told: oneshot::Receiver<Outcome>,
}

impl Pending {
    /// The mutation's id, by which the outbox knows it.
    pub fn mutation(&self) -> &cynic::Id {
        &self.mutation
    }

    /// The id of the appointment, known before the server knows of it.
    pub fn appointment(&self) -> &cynic::Id {
        &self.appointment
    }

    /// Calls it off, if it was not sent yet. Whether it was called off; if not it stays pending.
    pub fn call_off(&self) -> bool {
        self.client.inner.engine().call_off(&self.mutation)
    }
}

impl Future for Pending {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        // The engine tells everybody before it forgets them.
        Pin::new(&mut self.told).poll(context).map(|it| it.unwrap_or(Err(Refusal::CalledOff)))
    }
}

/// What a calendar has in a range: a stream of views, the present one first.
pub struct RangeWatch {
    client: Client,
    calendar: cynic::Id,
    number: WatchNumber,
    watch: Watch<RangeQuery>,
}

/// What is shown of a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RangeView {
    /// In order: start, the longer first, id. Those that did not change are the same allocation as before.
    pub appointments: Vec<Shared<Appointment>>,
    /// Whether this is all that there is.
    pub is_complete: bool,
    /// Whether it may be out of date, since changes were missed; it is being asked for again.
    pub is_stale: bool,
    /// Why it is not complete, if the server has said so.
    pub problem: Option<String>,
    /// What of the calendar is not confirmed yet, the oldest first; also what is not in this range.
    pub pending: Vec<Entry>,
}

impl RangeView {
    /// Whether what is shown of an appointment is expected rather than confirmed.
    pub fn is_pending(&self, id: &cynic::Id) -> bool {
        self.pending.iter().any(|it| it.appointment == *id)
    }
}

impl RangeWatch {
    /// What is shown now.
    pub fn view(&mut self) -> RangeView {
        let engine = self.client.inner.engine();
        let problem = engine.problem(self.number).map(str::to_owned);
        let mut pending = engine.pending();
        pending.retain(|it| it.calendar == self.calendar);
        drop(engine);
        let is_stale = self.watch.is_stale();
        let view = self.watch.view();
        let appointments = view.data().map(|it| it.appointments_in_range.appointments.clone());
        RangeView {
            appointments: appointments.unwrap_or_default(),
            is_complete: matches!(view, View::Complete(_)),
            is_stale,
            problem,
            pending,
        }
    }

    /// What has changed since this was asked last, by id.
    pub fn delta(&mut self) -> Delta {
        self.watch.delta()
    }
}

impl Stream for RangeWatch {
    type Item = RangeView;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<RangeView>> {
        poll_news(&mut self.watch, context).map(|it| it.map(|()| self.view()))
    }
}

/// Waits for news of a watch: of what it shows, or of how far that is confirmed, which is told by itself.
pub(crate) fn poll_news<F: DeserializeOwned + Send + Sync + 'static>(
    watch: &mut Watch<F>,
    context: &mut Context<'_>,
) -> Poll<Option<()>> {
    let status = Pin::new(&mut watch.statuses()).poll_next(context).is_ready();
    match Pin::new(watch).poll_next(context) {
        Poll::Ready(view) => Poll::Ready(view.map(drop)),
        Poll::Pending if status => Poll::Ready(Some(())),
        Poll::Pending => Poll::Pending,
    }
}

impl Drop for RangeWatch {
    fn drop(&mut self) {
        self.client.inner.engine().unwatch(self.number);
    }
}
