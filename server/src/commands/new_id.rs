//! Ids that the server chooses when the client gives none.

use uuid::{Timestamp, Uuid};

use crate::domain::Instant;

/// Generates a UUID of version 7, which sorts by time.
pub(super) fn new_id(now: Instant) -> Uuid {
    Uuid::new_v7(Timestamp::from_unix_time(now.unix().cast_unsigned(), 0, 0, 0))
}
