//! A server with one shelf: a change log, and the state at each revision.

use std::collections::BTreeMap;

/// The part of a loan that matters here. Hours count from the start of the 23rd.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Loan {
    pub(crate) title: String,
    pub(crate) note: Option<String>,
    pub(crate) from: u32,
    pub(crate) until: u32,
}

/// A change of one loan. Its revision is its position in the log.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) id: String,
    /// The new content; `None` if the loan was deleted.
    pub(crate) after: Option<Loan>,
    /// The mutation of our client that made the change; `None` if another client made it.
    pub(crate) by: Option<String>,
}

/// The change log of the shelf.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    pub(crate) log: Vec<Change>,
}

/// Loans by id, with the revision that wrote them.
pub(crate) type State = BTreeMap<String, (u64, Loan)>;

impl Server {
    /// Returns the latest revision.
    pub(crate) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// Returns the state at a revision.
    pub(crate) fn at(&self, revision: u64) -> State {
        let mut state = State::new();
        for (change, number) in self.log.iter().zip(1..=revision) {
            match &change.after {
                Some(loan) => _ = state.insert(change.id.clone(), (number, loan.clone())),
                None => _ = state.remove(&change.id),
            }
        }
        state
    }

    /// Returns the latest state.
    pub(crate) fn now(&self) -> State {
        self.at(self.head())
    }

    /// Commits a change and returns its revision.
    pub(crate) fn commit(&mut self, id: &str, after: Option<Loan>, by: Option<&str>) -> u64 {
        self.log.push(Change { id: id.to_owned(), after, by: by.map(str::to_owned) });
        self.head()
    }

    /// Returns the revision at which a loan was deleted; `None` if it exists or never did.
    pub(crate) fn deleted_at(&self, id: &str) -> Option<u64> {
        let at = self.log.iter().rposition(|it| it.id == id)?;
        self.log[at].after.is_none().then_some(at as u64 + 1)
    }
}

impl Loan {
    /// Returns whether a range of hours contains a part of the loan.
    pub(crate) fn overlaps(&self, start: u32, end: u32) -> bool {
        self.from < end && (self.until > start || self.from >= start)
    }
}
