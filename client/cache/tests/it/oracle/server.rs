//! A server of one shelf: a log, and what follows from it.

use std::collections::BTreeMap;

/// A loan, as far as the story needs it. Hours count from the 23rd.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Loan {
    pub(crate) title: String,
    pub(crate) note: Option<String>,
    pub(crate) from: u32,
    pub(crate) until: u32,
}

/// What was decided of one loan; its revision is its place in the log.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) after: Option<Loan>,
    /// The mutation that did it, if it was one of ours.
    pub(crate) by: Option<String>,
}

/// Every shelf has a log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    pub(crate) log: Vec<Change>,
}

/// Loans by their ids, with the revision that wrote them.
pub(crate) type State = BTreeMap<String, (u64, Loan)>;

impl Server {
    pub(crate) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// What there was at a revision.
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

    pub(crate) fn now(&self) -> State {
        self.at(self.head())
    }

    /// Commits a change; its revision.
    pub(crate) fn commit(&mut self, id: &str, after: Option<Loan>, by: Option<&str>) -> u64 {
        self.log.push(Change { id: id.to_owned(), after, by: by.map(str::to_owned) });
        self.head()
    }

    /// When a loan that is gone was deleted.
    pub(crate) fn deleted_at(&self, id: &str) -> Option<u64> {
        let at = self.log.iter().rposition(|it| it.id == id)?;
        self.log[at].after.is_none().then_some(at as u64 + 1)
    }
}

impl Loan {
    /// Whether a range of hours shows it.
    pub(crate) fn touches(&self, start: u32, end: u32) -> bool {
        self.from < end && (self.until > start || self.from >= start)
    }
}
