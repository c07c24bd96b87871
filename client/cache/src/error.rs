//! What can go wrong, and what to do about it.

/// The policy and its schema do not fit together; a mistake in the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The schema could not be read.
    #[error("the schema cannot be read: {0}")]
    Schema(String),
    /// The policy names a type or field that the schema does not have.
    #[error("the policy names `{0}`, which the schema does not have")]
    Unknown(String),
    /// A type was declared to be the member of two collections.
    #[error("`{0}` is the member of two collections; it can be of one")]
    TwoCollections(String),
    /// A collection was declared in part.
    #[error("the policy is incomplete: {0}")]
    Incomplete(String),
}

/// An operation that this cache cannot follow; a mistake in the program.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The document could not be read.
    #[error("the operation cannot be read: {0}")]
    Document(String),
    /// It selects what the schema does not have.
    #[error("the operation selects `{0}`, which the schema does not have")]
    Unknown(String),
    /// An alias stands where the cache needs a field of its own.
    #[error("the alias `{0}` has the name of a field that the cache needs; choose another")]
    Alias(String),
    /// Its fragments are nested too deeply, or spread themselves.
    #[error("the operation's selections are nested more than {0} deep")]
    TooDeep(usize),
    /// Its variables could not be written as JSON.
    #[error("the operation's variables cannot be written as JSON: {0}")]
    Variables(String),
}

/// An answer that could not be taken; the base is as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// It is no answer to this operation. Ask again; if it stays, the server is another than the schema says.
    #[error("the answer does not fit the operation: {0}")]
    Malformed(String),
    /// The operation itself is wrong.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// A prediction that could not be made; nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictionError {
    /// The value has a field that the mutation does not select, or lacks what names its entity.
    #[error("the prediction does not fit the mutation: {0}")]
    Mismatch(String),
    /// A field that the type does not have.
    #[error("`{type_name}` has no field `{field}`")]
    NoSuchField {
        /// The entity's type.
        type_name: String,
        /// What was set.
        field: String,
    },
    /// There is a layer of this name already.
    #[error("the mutation `{0}` is pending already; every mutation has an id of its own")]
    AlreadyPending(String),
    /// The operation itself is wrong.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// A snapshot that was not taken: it is damaged, or of another format or schema. The cache is as it was.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Not a snapshot, or cut short, or changed on the way.
    #[error("the snapshot is damaged; start without it")]
    Damaged,
    /// Written by another version of this crate.
    #[error("the snapshot has format {found}, this version reads {expected}; start without it")]
    Version {
        /// The snapshot's format.
        found: u32,
        /// What can be read.
        expected: u32,
    },
    /// Written under another schema or policy.
    #[error("the snapshot was made with another schema; start without it")]
    OtherSchema,
}
