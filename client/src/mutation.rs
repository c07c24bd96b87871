//! Mutations on their way: what is sent, and what its answer decides.

use cynic::MutationBuilder;
use cynic_cache::{Batch, Cache, InFlight, OperationError, Prepared};
use serde::{Deserialize, Serialize};

use crate::model::appointment::Appointment;
use crate::model::error::{Refusal, absent_since};
use crate::model::input::{Changes, NewAppointment};
use crate::model::scalars::Revision;
use crate::wire::operations::{
    CreateAppointmentInput, CreateMutation, CreateVariables, DeleteAppointmentInput,
    DeleteMutation, DeleteVariables, MutationError, UpdateAppointmentInput, UpdateMutation,
    UpdateVariables,
};
use crate::wire::response::{Came, came};

/// What a mutation does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum What {
    Create(Box<NewAppointment>),
    Update(Box<Changes>),
    Delete(Guard),
}

/// What an appointment must be for a mutation to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Guard {
    /// Anything.
    #[default]
    None,
    /// What the caller saw; or what an own mutation before this one makes of it.
    Shown,
    /// What this revision left.
    At(Revision),
}

impl What {
    /// What the appointment must be.
    pub(crate) fn guard(&self) -> Guard {
        match self {
            Self::Create(_) => Guard::None,
            Self::Update(changes) => changes.guard,
            Self::Delete(guard) => *guard,
        }
    }
}

/// A mutation with all that it says; it never changes.
#[derive(Clone)]
pub(crate) enum Mutation {
    Create(Prepared<CreateMutation>),
    Update(Prepared<UpdateMutation>),
    Delete(Prepared<DeleteMutation>),
}

/// What an answer decides.
pub(crate) enum Decision {
    /// It is done: as it left the appointment, or the revision at which it was deleted.
    Done { appointment: Option<Appointment>, deleted: Option<Option<Revision>> },
    /// It is not done, and never will be. `absent` is since when there is none.
    Refused { refusal: Refusal, absent: Option<Option<Revision>> },
    /// Nothing: the same is to be sent again.
    None,
}

impl Mutation {
    pub(crate) fn new(
        cache: &Cache,
        calendar: &cynic::Id,
        appointment: &cynic::Id,
        what: &What,
        expected: Option<Revision>,
        id: &cynic::Id,
    ) -> Result<Self, OperationError> {
        let (appointment, id) = (appointment.clone(), Some(id.clone()));
        Ok(match what {
            What::Create(new) => {
                let input = create(new, calendar.clone(), appointment, id);
                Self::Create(cache.prepare(&CreateMutation::build(CreateVariables { input }))?)
            }
            What::Update(changes) => {
                let input = update(changes, appointment, expected, id);
                Self::Update(cache.prepare(&UpdateMutation::build(UpdateVariables { input }))?)
            }
            What::Delete(_) => {
                let (expected_revision, mutation_id) = (expected, id);
                let input =
                    DeleteAppointmentInput { id: appointment, expected_revision, mutation_id };
                Self::Delete(cache.prepare(&DeleteMutation::build(DeleteVariables { input }))?)
            }
        })
    }

    /// What is sent.
    pub(crate) fn body(&self) -> String {
        match self {
            Self::Create(it) => it.body(),
            Self::Update(it) => it.body(),
            Self::Delete(it) => it.body(),
        }
    }

    /// Says that it is about to be sent.
    pub(crate) fn ask(&self, cache: &Cache) -> InFlight {
        match self {
            Self::Create(it) => cache.begin(it),
            Self::Update(it) => cache.begin(it),
            Self::Delete(it) => cache.begin(it),
        }
    }

    /// What the answer tells of appointments enters the base. (It was read before, so it fits.)
    pub(crate) fn enter(&self, batch: &mut Batch<'_>, request: &InFlight, answer: &[u8]) {
        let _ = match self {
            Self::Create(it) => batch.apply_response(request, it, answer),
            Self::Update(it) => batch.apply_response(request, it, answer),
            Self::Delete(it) => batch.apply_response(request, it, answer),
        };
    }

    pub(crate) fn decision(&self, answer: &[u8]) -> Decision {
        match self {
            Self::Create(_) => decided(came::<CreateMutation>(answer), |it| {
                let it = it.create_appointment;
                (it.appointment, None, it.error)
            }),
            Self::Update(_) => decided(came::<UpdateMutation>(answer), |it| {
                let it = it.update_appointment;
                (it.appointment, None, it.error)
            }),
            Self::Delete(_) => decided(came::<DeleteMutation>(answer), |it| {
                let it = it.delete_appointment;
                (None, it.deleted_appointment_id.map(|_| it.revision), it.error)
            }),
        }
    }
}

type Parts = (Option<Appointment>, Option<Option<Revision>>, Option<MutationError>);

fn decided<T>(came: Came<T>, parts: impl FnOnce(T) -> Parts) -> Decision {
    match came {
        Came::Nothing => Decision::None,
        Came::Rejected(message) => {
            Decision::Refused { refusal: Refusal::Rejected { message }, absent: None }
        }
        Came::Data(data) => match parts(data) {
            (_, _, Some(error)) => {
                let absent = absent_since(&error);
                Decision::Refused { refusal: error.into(), absent }
            }
            (None, None, None) => Decision::None,
            (appointment, deleted, None) => Decision::Done { appointment, deleted },
        },
    }
}

fn create(
    new: &NewAppointment,
    calendar: cynic::Id,
    id: cynic::Id,
    mutation_id: Option<cynic::Id>,
) -> CreateAppointmentInput {
    let new = new.clone();
    CreateAppointmentInput {
        id: Some(id),
        calendar_id: Some(calendar),
        title: new.title,
        description: new.description,
        location: new.location,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        all_day: new.all_day,
        time_zone: Some(new.time_zone),
        status: new.status,
        attendees: new.attendees.iter().map(Into::into).collect(),
        mutation_id,
    }
}

fn update(
    changes: &Changes,
    id: cynic::Id,
    expected_revision: Option<Revision>,
    mutation_id: Option<cynic::Id>,
) -> UpdateAppointmentInput {
    let changes = changes.clone();
    UpdateAppointmentInput {
        id,
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
        mutation_id,
    }
}
