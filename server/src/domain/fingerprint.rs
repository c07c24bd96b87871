//! Fingerprints, which show whether two mutations are the same.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A digest of a command's name and its checked input (S10). Two spellings of the same input, such
/// as `10:00Z` and `12:00+02:00`, have the same fingerprint.
///
/// Fingerprints are stored. The serialised form of a checked input must therefore not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of the command `name` with `content`.
    pub fn of(name: &str, content: &impl Serialize) -> Self {
        // Serialising structs of strings and numbers to memory cannot fail. A fallback value would
        // give different contents the same fingerprint, so this panics instead.
        let content = serde_json::to_vec(content).expect("plain data is serialisable");
        Self(
            Sha256::new()
                .chain_update(name)
                .chain_update([0])
                .chain_update(content)
                .finalize()
                .into(),
        )
    }
}
