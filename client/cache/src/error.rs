//! The errors of the crate.

/// The policy and its schema do not fit together. This is a mistake in the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The schema could not be parsed.
    #[error("the schema cannot be parsed: {0}")]
    Schema(String),
    /// The policy names a type or field that the schema does not have.
    #[error("the policy names `{0}`, which the schema does not have")]
    Unknown(String),
    /// The policy declares two collections with members of the same type.
    #[error("`{0}` is the member type of two collections; declare one collection for it")]
    TwoCollections(String),
    /// The declaration of a collection lacks a required part.
    #[error("the policy is incomplete: {0}")]
    Incomplete(String),
}

/// The cache cannot prepare an operation. This is a mistake in the program.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The document could not be parsed.
    #[error("the operation cannot be parsed: {0}")]
    Document(String),
    /// The operation selects a field or names a type that the schema does not have.
    #[error("the operation selects `{0}`, which the schema does not have")]
    Unknown(String),
    /// An alias hides a field that the cache adds to the document.
    #[error("the alias `{0}` has the name of a field that the cache needs; choose another alias")]
    Alias(String),
    /// The selections are nested too deeply, or a fragment spreads itself. The number is the limit.
    #[error("the operation's selections are nested more than {0} levels deep")]
    TooDeep(usize),
    /// The variables could not be serialized, or are not valid JSON.
    #[error("the operation's variables cannot be written as JSON: {0}")]
    Variables(String),
}

/// A response, event or other data could not be applied. The stored data is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The bytes are not a response to this operation.
    ///
    /// Send the request again. If the error persists, the server does not implement the policy's
    /// schema.
    #[error("the response does not fit the operation: {0}")]
    Malformed(String),
    /// The operation does not fit the schema.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// A prediction could not be made. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictionError {
    /// A value does not fit: it has a field that the mutation does not select, lacks the key of its
    /// entity, or has another form than the schema demands.
    #[error("the prediction does not fit the mutation: {0}")]
    Mismatch(String),
    /// The prediction sets a field that the type does not have.
    #[error("`{type_name}` has no field `{field}`")]
    NoSuchField {
        /// The entity's type.
        type_name: String,
        /// The name of the field.
        field: String,
    },
    /// Another pending mutation has this id.
    #[error("mutation id `{0}` is already in use by a pending mutation; generate a new one")]
    AlreadyPending(String),
    /// The operation does not fit the schema.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// A snapshot could not be restored. The cache is unchanged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes are not a snapshot, or are truncated or altered.
    #[error("the snapshot is damaged; start without it")]
    Damaged,
    /// Another version of this crate wrote the snapshot, in another format.
    #[error("the snapshot has format {found}, but this version reads {expected}; start without it")]
    Version {
        /// The snapshot's format.
        found: u32,
        /// The format that this version reads.
        expected: u32,
    },
    /// The snapshot was made with another schema or policy.
    #[error("the snapshot was made with another schema or policy; start without it")]
    OtherSchema,
}
