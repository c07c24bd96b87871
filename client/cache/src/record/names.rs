//! Interned names: types, and fields with their arguments.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::{DefaultHashBuilder, HashTable};

/// A name of a type, or a field's key (`title`, `loans({"first":10})`), as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(pub(crate) u32);

/// Every name that was met. Names are never forgotten: there are as many as schema and
/// operations have.
pub(crate) struct Names {
    /// Tells the names of one cache from those of another.
    pub(crate) id: u64,
    texts: Vec<Arc<str>>,
    table: HashTable<Symbol>,
    hasher: DefaultHashBuilder,
}

/// How many there were.
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

    pub(crate) fn get(&self, text: &str) -> Option<Symbol> {
        let hash = self.hasher.hash_one(text);
        self.table.find(hash, |it| &*self.texts[it.0 as usize] == text).copied()
    }

    #[inline]
    pub(crate) fn text(&self, symbol: Symbol) -> &Arc<str> {
        &self.texts[symbol.0 as usize]
    }
}
