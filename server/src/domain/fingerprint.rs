//! Whether two mutations ask for the same.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A digest of a mutation's verb and checked content (S10). Two spellings of one content
/// (`10:00Z`, `12:00+02:00`) have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of `verb` with `content`.
    pub fn of(verb: &str, content: &impl Serialize) -> Self {
        // Serialising plain structs of strings and numbers to memory cannot fail; were it to, two
        // different contents would be taken for equal, so the verb alone must not stand for them.
        let content = serde_json::to_vec(content).expect("plain data is serialisable");
        Self(
            Sha256::new()
                .chain_update(verb)
                .chain_update([0])
                .chain_update(content)
                .finalize()
                .into(),
        )
    }
}
