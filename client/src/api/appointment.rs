//! [`AppointmentHandle`]: one appointment, wherever in time it is.

use std::pin::Pin;
use std::task::{Context, Poll};

use cynic_cache::{OperationError, Shared, Status, View, Watch};
use futures_util::Stream;

use crate::api::calendar::poll_news;
use crate::api::client::Client;
use crate::engine::WatchNumber;
use crate::model::appointment::Appointment;
use crate::optimistic;
use crate::wire::operations::AppointmentQuery;

/// An appointment of a client, by its id. Cheap to clone.
#[derive(Clone)]
pub struct AppointmentHandle {
    client: Client,
    id: cynic::Id,
}

impl AppointmentHandle {
    pub(crate) fn new(client: Client, id: cynic::Id) -> Self {
        Self { client, id }
    }

    /// Its id.
    pub fn id(&self) -> &cynic::Id {
        &self.id
    }

    /// What it is, and every change of it from now on, wherever in time it is moved to. It is asked for if it is not known.
    ///
    /// # Errors
    ///
    /// None that a program need expect.
    pub fn watch(&self) -> Result<AppointmentWatch, OperationError> {
        let mut engine = self.client.inner.engine();
        let (number, query) = engine.watch_one(&self.id)?;
        let watch = engine.cache().watch(&query);
        drop(engine);
        self.client.inner.wake();
        Ok(AppointmentWatch { client: self.client.clone(), id: self.id.clone(), number, watch })
    }
}

/// One appointment: a stream of views, the present one first.
pub struct AppointmentWatch {
    client: Client,
    id: cynic::Id,
    number: WatchNumber,
    watch: Watch<AppointmentQuery>,
}

/// What is shown of one appointment.
#[derive(Clone, Debug, PartialEq)]
pub struct AppointmentView {
    /// As it is shown; none if there is none, or it is not known yet.
    pub appointment: Option<Shared<Appointment>>,
    /// Whether that is all that there is to say. If not it was asked for.
    pub is_complete: bool,
    /// How far the server has confirmed it.
    pub status: Status,
}

impl AppointmentWatch {
    /// What is shown now.
    pub fn view(&mut self) -> AppointmentView {
        let view = self.watch.view();
        let appointment = view.data().and_then(|it| it.appointment.clone());
        let is_complete = matches!(view, View::Complete(_));
        let status = self.client.cache().status(&optimistic::key(&self.id));
        AppointmentView { appointment, is_complete, status }
    }
}

impl Stream for AppointmentWatch {
    type Item = AppointmentView;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<AppointmentView>> {
        poll_news(&mut self.watch, context).map(|it| it.map(|()| self.view()))
    }
}

impl Drop for AppointmentWatch {
    fn drop(&mut self) {
        self.client.inner.engine().unwatch_one(self.number);
    }
}
