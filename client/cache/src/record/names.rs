//! Interned names: the names of types, and the keys of fields with their arguments.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::{DefaultHashBuilder, HashTable};

/// The number of a name: of a type, or of a field's key such as `title` or `loans({"first":10})`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(pub(crate) u32);

/// The table of all names.
///
/// Names are never removed. The number of types and plain fields is fixed by the schema and the
/// operations. But the key of a field contains its arguments, so each new combination of arguments
/// (such as each new range) adds names that stay as long as the cache.
pub(crate) struct Names {
    /// A number of its own for each table, to detect symbols of another cache.
    pub(crate) id: u64,
    texts: Vec<Arc<str>>,
    table: HashTable<Symbol>,
    hasher: DefaultHashBuilder,
}

/// The id of the next table.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Default for Names {
    fn default() -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            texts: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Names {
    /// Returns the symbol of a name, and adds the name if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        if let Some(known) = self.get(text) {
            return known;
        }
        let symbol = Symbol(self.texts.len() as u32);
        self.texts.push(text.into());
        let Self { texts, table, hasher, .. } = self;
        table.insert_unique(hasher.hash_one(text), symbol, |it| {
            hasher.hash_one(&*texts[it.0 as usize])
        });
        symbol
    }

    /// Returns the symbol of a name; `None` if the table does not have it.
    pub(crate) fn get(&self, text: &str) -> Option<Symbol> {
        let hash = self.hasher.hash_one(text);
        self.table.find(hash, |it| &*self.texts[it.0 as usize] == text).copied()
    }

    /// Returns the name of a symbol.
    #[inline]
    pub(crate) fn text(&self, symbol: Symbol) -> &Arc<str> {
        &self.texts[symbol.0 as usize]
    }
}
