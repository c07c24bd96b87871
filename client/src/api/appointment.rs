//! [`AppointmentHandle`]: one appointment, whatever time it is moved to.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cynic_cache::{Shared, Status, View, Watch};
use futures_util::Stream;

use super::shared::{Inner, poll_change};
use crate::engine::WatchId;
use crate::model::appointment::Appointment;
use crate::model::id::AppointmentId;
use crate::optimistic;
use crate::wire::operations::AppointmentQuery;

/// A handle to one appointment. Cheap to clone.
#[derive(Clone)]
pub struct AppointmentHandle {
    inner: Arc<Inner>,
    id: AppointmentId,
}

impl AppointmentHandle {
    pub(crate) fn new(inner: Arc<Inner>, id: AppointmentId) -> Self {
        Self { inner, id }
    }

    /// Returns the id of the appointment.
    pub fn id(&self) -> &AppointmentId {
        &self.id
    }

    /// Watches the appointment, whatever time it is moved to.
    ///
    /// The client fetches the appointment if it is not cached, and subscribes to the changes of its
    /// calendar.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// let mut watch = client.appointment("0199aa00-0000-7000-8000-000000000001").watch();
    /// while let Some(view) = watch.next().await {
    ///     match view.appointment {
    ///         Some(appointment) => println!("{}", appointment.title),
    ///         None if view.is_complete => println!("does not exist"),
    ///         None => println!("loading"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn watch(&self) -> AppointmentWatch {
        let mut engine = self.inner.engine();
        let (watch_id, query) = engine.watch_appointment(&self.id);
        let watch = engine.cache().watch(&query);
        drop(engine);
        self.inner.wake();
        AppointmentWatch { inner: self.inner.clone(), id: self.id.clone(), watch_id, watch }
    }
}

/// A stream of [`AppointmentView`]s of one appointment.
///
/// The first item is the current view. A new item follows whenever the appointment or its status
/// changes. The stream never ends; after a deletion its items have no appointment.
pub struct AppointmentWatch {
    inner: Arc<Inner>,
    id: AppointmentId,
    watch_id: WatchId,
    watch: Watch<AppointmentQuery>,
}

/// One appointment, as the client shows it at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct AppointmentView {
    /// The appointment; `None` if it does not exist or is not loaded yet.
    pub appointment: Option<Shared<Appointment>>,
    /// Whether the view is loaded. If so, `None` above means that the appointment does not exist.
    pub is_complete: bool,
    /// Whether the server has confirmed this view.
    pub status: Status,
}

impl AppointmentWatch {
    /// Returns the current view. This does not consume the stream's next item.
    pub fn view(&mut self) -> AppointmentView {
        let view = self.watch.view();
        let appointment = view.data().and_then(|it| it.appointment.clone());
        let is_complete = matches!(view, View::Complete(_));
        let status = self.inner.cache().status(&optimistic::key(&self.id));
        AppointmentView { appointment, is_complete, status }
    }
}

impl Stream for AppointmentWatch {
    type Item = AppointmentView;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<AppointmentView>> {
        poll_change(&mut self.watch, context).map(|change| change.map(|()| self.view()))
    }
}

impl Drop for AppointmentWatch {
    fn drop(&mut self) {
        self.inner.engine().unwatch_appointment(self.watch_id);
    }
}

impl fmt::Debug for AppointmentHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AppointmentHandle").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for AppointmentWatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AppointmentWatch").field("id", &self.id).finish_non_exhaustive()
    }
}
