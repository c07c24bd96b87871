//! The memory of a cache: retained queries, the size limit, eviction, and snapshots.

use std::fmt;

use crate::cache::Cache;
use crate::core::{DropGuard, Dropped, Limit, lock, update};
use crate::error::SnapshotError;
use crate::prepared::Prepared;
use crate::snapshot;

/// Keeps the entities of a query in memory until it is dropped; see [`Cache::retain`].
#[must_use = "the query is retained only until this guard is dropped"]
pub struct RetainGuard {
    _guard: DropGuard,
}

/// The size of a cache; see [`Cache::stats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// The bytes of all stored records: the values of their fields. Keys of entities, indexes and
    /// the last views of watches are not counted.
    pub bytes: usize,
    /// The number of known entities. The query root counts as one, and so does an entity of which
    /// only the key is known.
    pub entities: usize,
}

impl Cache {
    /// Protects the entities of a query from eviction until the guard is dropped.
    ///
    /// What the query displays is determined at each eviction. Watched queries need no guard.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the query.
    pub fn retain<F>(&self, query: &Prepared<F>) -> RetainGuard {
        let mut core = lock(&self.core);
        let number = core.next_retained;
        core.next_retained += 1;
        let bound = query.bound(&core.base.store.names).clone();
        core.retained.push((number, bound));
        drop(core);
        RetainGuard { _guard: DropGuard::new(&self.core, Dropped::Retained(number)) }
    }

    /// Returns the size of the cache. The cost is constant.
    pub fn stats(&self) -> CacheStats {
        let core = lock(&self.core);
        CacheStats { bytes: core.base.bytes, entities: core.base.store.entities.len() }
    }

    /// Evicts entities, the least recently written first, until the records take at most `bytes`
    /// (see [`CacheStats::bytes`]).
    ///
    /// Entities that are watched, retained, predicted, or in a range that is in flight stay, so the
    /// cache may remain larger than `bytes`. An evicted member of a collection leaves a gap in the
    /// covered range. The cost is linear in the size of the cache.
    pub fn evict_to(&self, bytes: usize) {
        update(&self.core, |core| core.evict_to(bytes));
    }

    /// Limits the bytes of records (see [`CacheStats::bytes`]) from the next change on. `None`
    /// removes the limit; a new cache has none.
    ///
    /// Beyond the limit the cache calls [`Cache::evict_to`] by itself. Because an eviction visits
    /// all records, the next one happens only after the records have grown by a fifth.
    pub fn limit(&self, bytes: Option<usize>) {
        update(&self.core, |core| {
            core.limit = bytes.map(|bytes| Limit { bytes, evict_above: bytes });
        });
    }

    /// Serializes the stored data with its coverage and positions. Predictions are not included.
    ///
    /// The cost is linear in the size of the cache, under its mutex. The bytes are not encrypted.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::QueryBuilder;
    /// use cynic_cache::Cache;
    ///
    /// let cache = Cache::new(Library)?;
    /// cache.write(&cache.prepare(&Shelves::build(()))?, SHELVES)?;
    /// let snapshot = cache.snapshot();
    ///
    /// let restored = Cache::new(Library)?;
    /// restored.restore(&snapshot)?;
    /// let query = restored.prepare(&Shelves::build(()))?;
    /// assert!(restored.read(&query).is_complete());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Vec<u8> {
        let core = lock(&self.core);
        snapshot::write(&core.base, &core.rules)
    }

    /// Adds the data of a snapshot that [`Cache::snapshot`] has made.
    ///
    /// The cache keeps what it holds already where that is newer. The members, the coverage and the
    /// position of a scope are restored only if the cache holds nothing of that scope.
    ///
    /// # Errors
    ///
    /// Fails if the snapshot is damaged, or if another format, schema or policy made it. The cache
    /// is unchanged; start without the snapshot.
    pub fn restore(&self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        update(&self.core, |core| snapshot::restore(&mut core.base, &core.rules, snapshot))
    }
}

impl fmt::Debug for RetainGuard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RetainGuard").finish_non_exhaustive()
    }
}
