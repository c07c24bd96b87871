//! Ids that the server chooses.

use uuid::{Timestamp, Uuid};

use crate::domain::Instant;

/// A new name for something, in the order of time (UUIDv7).
pub(super) fn new_id(now: Instant) -> Uuid {
    Uuid::new_v7(Timestamp::from_unix_time(now.unix().cast_unsigned(), 0, 0, 0))
}
