//! Mutations of appointments: their requests, and the outcomes that their responses report.

use cynic::MutationBuilder;
use cynic_cache::{Batch, Cache, InFlight, OperationError, Prepared};
use serde::{Deserialize, Serialize};

use crate::model::appointment::Appointment;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::input::{AppointmentChanges, NewAppointment, Precondition};
use crate::model::outbox::MutationKind;
use crate::model::refusal::Refusal;
use crate::model::scalars::Revision;
use crate::wire::operations::{
    CreateAppointmentInput, CreateMutation, CreateVariables, DeleteAppointmentInput,
    DeleteMutation, DeleteVariables, Deleted, MutationError, UpdateAppointmentInput,
    UpdateMutation, UpdateVariables,
};
use crate::wire::response::{Outcome, read_outcome};

/// The input of a mutation, as the caller gave it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum MutationInput {
    Create(Box<NewAppointment>),
    Update(Box<AppointmentChanges>),
    Delete(Precondition),
}

impl MutationInput {
    pub(crate) fn kind(&self) -> MutationKind {
        match self {
            Self::Create(_) => MutationKind::Create,
            Self::Update(_) => MutationKind::Update,
            Self::Delete(_) => MutationKind::Delete,
        }
    }

    pub(crate) fn precondition(&self) -> Precondition {
        match self {
            Self::Create(_) => Precondition::None,
            Self::Update(changes) => changes.precondition,
            Self::Delete(precondition) => *precondition,
        }
    }
}

/// A mutation as it is sent. Its content never changes.
#[derive(Clone)]
pub(crate) enum PreparedMutation {
    Create(Prepared<CreateMutation>),
    Update(Prepared<UpdateMutation>),
    Delete(Prepared<DeleteMutation>),
}

/// The outcome of a mutation, read from its response.
pub(crate) enum MutationOutcome {
    /// The mutation is done. It resulted in an appointment, or in its deletion.
    Done { appointment: Option<Appointment>, deleted: Option<Deleted> },
    /// The mutation is refused for good. `deleted` is set if the appointment does not exist.
    Refused { refusal: Refusal, deleted: Option<Deleted> },
    /// The response decides nothing: the same request must be sent again.
    Undecided,
}

impl PreparedMutation {
    pub(crate) fn new(
        cache: &Cache,
        calendar: &CalendarId,
        appointment: &AppointmentId,
        input: &MutationInput,
        expected_revision: Option<Revision>,
        id: &MutationId,
    ) -> Result<Self, OperationError> {
        Ok(match input {
            MutationInput::Create(new) => {
                let input = create_input(new, calendar, appointment, id);
                Self::Create(cache.prepare(&CreateMutation::build(CreateVariables { input }))?)
            }
            MutationInput::Update(changes) => {
                let input = update_input(changes, appointment, expected_revision, id);
                Self::Update(cache.prepare(&UpdateMutation::build(UpdateVariables { input }))?)
            }
            MutationInput::Delete(_) => {
                let input = DeleteAppointmentInput {
                    id: appointment.clone(),
                    expected_revision,
                    mutation_id: Some(id.clone()),
                };
                Self::Delete(cache.prepare(&DeleteMutation::build(DeleteVariables { input }))?)
            }
        })
    }

    /// Returns the request body, as JSON.
    pub(crate) fn body(&self) -> String {
        match self {
            Self::Create(it) => it.body(),
            Self::Update(it) => it.body(),
            Self::Delete(it) => it.body(),
        }
    }

    /// Registers the request in the cache before it is sent.
    pub(crate) fn begin(&self, cache: &Cache) -> InFlight {
        match self {
            Self::Create(it) => cache.begin(it),
            Self::Update(it) => cache.begin(it),
            Self::Delete(it) => cache.begin(it),
        }
    }

    /// Writes the appointments of a response to the cache. [`Self::read_outcome`] has parsed the
    /// response before, so an error cannot occur here.
    pub(crate) fn apply_response(
        &self,
        batch: &mut Batch<'_>,
        request: &InFlight,
        response: &[u8],
    ) {
        let _ = match self {
            Self::Create(it) => batch.apply_response(request, it, response),
            Self::Update(it) => batch.apply_response(request, it, response),
            Self::Delete(it) => batch.apply_response(request, it, response),
        };
    }

    /// Reads the outcome from a response.
    pub(crate) fn read_outcome(&self, response: &[u8]) -> MutationOutcome {
        match self {
            Self::Create(_) => decide(read_outcome::<CreateMutation>(response), |it| {
                let payload = it.create_appointment;
                (payload.appointment, None, payload.error)
            }),
            Self::Update(_) => decide(read_outcome::<UpdateMutation>(response), |it| {
                let payload = it.update_appointment;
                (payload.appointment, None, payload.error)
            }),
            Self::Delete(_) => decide(read_outcome::<DeleteMutation>(response), |it| {
                let payload = it.delete_appointment;
                let revision = payload.revision;
                let deleted = payload.deleted_appointment_id.map(|_| Deleted { at: revision });
                (None, deleted, payload.error)
            }),
        }
    }
}

type PayloadParts = (Option<Appointment>, Option<Deleted>, Option<MutationError>);

fn decide<T>(outcome: Outcome<T>, parts: impl FnOnce(T) -> PayloadParts) -> MutationOutcome {
    match outcome {
        Outcome::Undecided => MutationOutcome::Undecided,
        Outcome::Rejected(message) => {
            MutationOutcome::Refused { refusal: Refusal::InvalidRequest { message }, deleted: None }
        }
        Outcome::Data(data) => match parts(data) {
            (_, _, Some(error)) => {
                let deleted = error.deleted();
                MutationOutcome::Refused { refusal: error.into(), deleted }
            }
            (None, None, None) => MutationOutcome::Undecided,
            (appointment, deleted, None) => MutationOutcome::Done { appointment, deleted },
        },
    }
}

fn create_input(
    new: &NewAppointment,
    calendar: &CalendarId,
    id: &AppointmentId,
    mutation_id: &MutationId,
) -> CreateAppointmentInput {
    let new = new.clone();
    CreateAppointmentInput {
        id: Some(id.clone()),
        calendar_id: Some(calendar.clone()),
        title: new.title,
        description: new.description,
        location: new.location,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        all_day: new.all_day,
        time_zone: Some(new.time_zone),
        status: new.status,
        attendees: new.attendees.iter().map(Into::into).collect(),
        mutation_id: Some(mutation_id.clone()),
    }
}

fn update_input(
    changes: &AppointmentChanges,
    id: &AppointmentId,
    expected_revision: Option<Revision>,
    mutation_id: &MutationId,
) -> UpdateAppointmentInput {
    let changes = changes.clone();
    UpdateAppointmentInput {
        id: id.clone(),
        title: changes.title,
        description: changes.description,
        location: changes.location,
        starts_at: changes.starts_at,
        ends_at: changes.ends_at,
        all_day: changes.all_day,
        time_zone: changes.time_zone,
        status: changes.status,
        attendees: changes.attendees.map(|it| it.iter().map(Into::into).collect()),
        expected_revision,
        mutation_id: Some(mutation_id.clone()),
    }
}
