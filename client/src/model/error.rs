//! What can go wrong, and what to do about it: is it worth another try, and may a person see it?

use crate::model::appointment::Appointment;
use crate::model::scalars::Revision;
use crate::wire::operations::{InputProblem, MutationError, SlotConflict};

/// Why a mutation was not done. Nothing of it stands; what was shown of it is taken back.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The slot is taken, in a calendar that lets nothing overlap. Offer another time.
    #[error("{message}")]
    SlotTaken {
        /// For a person.
        message: String,
        /// What is there: the earliest ten.
        conflicts: Vec<SlotConflict>,
        /// How many there are.
        count: i32,
    },
    /// Somebody else has changed it since it was looked at. Show what stands, and ask again.
    #[error("{message}")]
    Conflict {
        /// For a person.
        message: String,
        /// As it stands.
        current: Box<Appointment>,
    },
    /// Something in it is wrong. Mend it; sending the same again is refused again.
    #[error("{message}")]
    Invalid {
        /// For a person.
        message: String,
        /// Each field that is wrong.
        problems: Vec<InputProblem>,
    },
    /// There is no such appointment any more.
    #[error("{message}")]
    NotFound {
        /// For a person.
        message: String,
    },
    /// The id is another one's.
    #[error("{message}")]
    IdUsed {
        /// For a person.
        message: String,
    },
    /// What it builds on was refused, so it was not sent.
    #[error("what it changes was not created")]
    Unfounded,
    /// It deletes, or was deleted already; nothing can be changed after that.
    #[error("it is about to be deleted")]
    Deleted,
    /// It was called off before it was sent.
    #[error("it was called off")]
    CalledOff,
    /// The server does not take such a request; a mistake in the program, or another version of the contract.
    #[error("{message}")]
    Rejected {
        /// What the server said.
        message: String,
    },
    /// A kind of refusal that this version does not know.
    #[error("{message}")]
    Other {
        /// For a person.
        message: String,
    },
}

impl Refusal {
    /// Whether its sentence is for a person. If not, it is for a log.
    pub fn is_for_people(&self) -> bool {
        !matches!(self, Self::Rejected { .. } | Self::Unfounded)
    }
}

/// What a mutation came to.
pub type Outcome = Result<Option<Appointment>, Refusal>;

/// What a refusal says besides its words: that there is nothing as of a revision.
pub(crate) fn absent_since(error: &MutationError) -> Option<Option<Revision>> {
    match error {
        MutationError::NotFound(it) => Some(it.revision),
        _ => None,
    }
}

impl From<MutationError> for Refusal {
    fn from(error: MutationError) -> Self {
        match error {
            MutationError::TimeSlotTaken(it) => Self::SlotTaken {
                message: it.message,
                conflicts: it.conflicts,
                count: it.conflict_count,
            },
            MutationError::RevisionConflict(it) => {
                Self::Conflict { message: it.message, current: Box::new(it.current) }
            }
            MutationError::InvalidInput(it) => {
                Self::Invalid { message: it.message, problems: it.problems }
            }
            MutationError::NotFound(it) => Self::NotFound { message: it.message },
            MutationError::IdAlreadyUsed(it) => Self::IdUsed { message: it.message },
            MutationError::Other(it) => Self::Other { message: it.message },
        }
    }
}

/// A client that cannot be built; a mistake in the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The address is none.
    #[error("`{0}` is no address of a server; it begins with http:// or https://")]
    Url(String),
    /// Nothing runs futures here.
    #[error("there is no tokio runtime here; build the client inside of one")]
    NoRuntime,
    /// This machine does not say whose certificates it trusts.
    #[error(
        "no trusted certificates were found on this machine: {0}; install its package of root certificates"
    )]
    Trust(String),
    /// The cache does not know the contract.
    #[error(transparent)]
    Setup(#[from] cynic_cache::SetupError),
    /// An operation of ours does not fit the contract.
    #[error(transparent)]
    Operation(#[from] cynic_cache::OperationError),
}

/// Why nothing came back. What was sent may have arrived all the same.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct LineError(pub String);

/// Why a query or a mutation of the caller's own brought nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Nothing came back. It is worth another try; a mutation may have been done all the same.
    #[error("the server was not reached: {0}")]
    Line(#[from] LineError),
    /// The server could not, or would not; in its words.
    #[error("{0}")]
    Server(String),
    /// What came back is not what was asked for.
    #[error(transparent)]
    Answer(#[from] cynic_cache::ResponseError),
    /// The operation does not fit the contract; a mistake in the program.
    #[error(transparent)]
    Operation(#[from] cynic_cache::OperationError),
    /// It is not known, and the server was not to be asked.
    #[error("it is not known here")]
    Unknown,
}

/// Why nothing was done to a calendar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// There is something in it. Ask whether that is to be deleted as well.
    #[error("{message}")]
    NotEmpty {
        /// For a person.
        message: String,
        /// How many appointments it has.
        appointments: i32,
    },
    /// The server refuses it.
    #[error(transparent)]
    Refused(Refusal),
    /// Nothing came back. It is worth another try; it may have been done all the same.
    #[error(transparent)]
    Unanswered(#[from] QueryError),
}
