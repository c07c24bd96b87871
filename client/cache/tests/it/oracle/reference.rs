//! The reference: computes the expected views in the simplest way. It takes the base at its
//! revision and applies the edits that are not settled, in order.

use std::collections::BTreeMap;

use super::server::{Loan, Server, State};

/// One field of a loan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field {
    Title(String),
    Note(Option<String>),
    From(u32),
    Until(u32),
}

/// An edit that a mutation is predicted to make.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    Create,
    Delete,
    Set(Field),
}

/// The edits of one mutation, all of one loan.
#[derive(Clone, Debug)]
struct Layer {
    by: String,
    id: String,
    edits: Vec<Edit>,
    is_settled: bool,
}

/// The responses of mutations, and the predictions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reference {
    /// The newest content of each loan in a response to a mutation; `None` if it was deleted.
    responses: BTreeMap<String, (u64, Option<Loan>)>,
    layers: Vec<Layer>,
    /// Whether the server was restored from a backup. Then the cache can hold loans outside of all
    /// watched ranges that the server has lost, and a prediction can move them into one.
    was_restored: bool,
}

impl Reference {
    /// Adds a prediction.
    pub(crate) fn predict(&mut self, by: &str, id: &str, edits: Vec<Edit>) {
        self.layers.push(Layer { by: by.to_owned(), id: id.to_owned(), edits, is_settled: false });
    }

    /// Records the content of a loan in a response.
    pub(crate) fn record_response(&mut self, id: &str, at: u64, loan: Option<Loan>) {
        let known = self.responses.entry(id.to_owned()).or_insert((at, loan.clone()));
        if at > known.0 {
            *known = (at, loan);
        }
    }

    /// Removes the prediction of a committed mutation.
    ///
    /// Its fields stay, with the values of the base, while an older prediction has them too.
    pub(crate) fn confirm(&mut self, by: &str, server: &Server, position: u64) {
        self.settle(by, true, server, position);
    }

    /// Removes the prediction of a refused mutation.
    pub(crate) fn roll_back(&mut self, by: &str, server: &Server, position: u64) {
        self.settle(by, false, server, position);
    }

    fn settle(&mut self, by: &str, is_confirmed: bool, server: &Server, position: u64) {
        let Some(at) = self.layers.iter().position(|it| it.by == by && !it.is_settled) else {
            return;
        };
        let base = self.base(server, position);
        let loan = base.get(&self.layers[at].id).cloned();
        let layer = &mut self.layers[at];
        layer.is_settled = is_confirmed;
        let edits = std::mem::take(&mut layer.edits);
        if is_confirmed && let Some((_, loan)) = loan {
            layer.edits = edits.iter().filter_map(|it| it.with_value_of(&loan)).collect();
        }
        for at in 0..self.layers.len() {
            if self.layers[at].is_settled {
                let (older, layer) = self.layers.split_at_mut(at);
                let id = layer[0].id.clone();
                let is_covered = |edit: &Edit| {
                    let mut pending = older.iter().filter(|it| !it.is_settled && it.id == id);
                    pending.any(|it| it.edits.iter().any(|it| it.has_same_field(edit)))
                };
                layer[0].edits.retain(is_covered);
            }
        }
        self.layers.retain(|it| !it.edits.is_empty());
    }

    /// Drops all predictions.
    pub(crate) fn restart(&mut self) {
        self.layers.clear();
    }

    /// Drops all responses, because the server was restored from a backup.
    pub(crate) fn restore_server(&mut self) {
        self.responses.clear();
        self.was_restored = true;
    }

    /// Returns the base: the log up to `position`, and newer responses.
    fn base(&self, server: &Server, position: u64) -> State {
        let mut base = server.at(position);
        for (id, (at, loan)) in self.responses.iter().filter(|(_, (at, _))| *at > position) {
            match loan {
                Some(loan) => _ = base.insert(id.clone(), (*at, loan.clone())),
                None => _ = base.remove(id),
            }
        }
        base
    }

    /// Returns the loans that the base may lack: those outside of all `complete` ranges. The cache
    /// need not show predictions of them.
    pub(crate) fn unknown(
        &self,
        server: &Server,
        position: u64,
        complete: &[(u32, u32)],
    ) -> Vec<String> {
        let base = self.base(server, position);
        let predicted = || self.layers.iter().map(|it| it.id.clone());
        let is_known =
            |loan: &Loan| complete.iter().any(|(start, end)| loan.overlaps(*start, *end));
        let mut unknown: Vec<String> =
            predicted().filter(|it| self.was_restored && !base.contains_key(it)).collect();
        // Created and deleted by this client, and the response to the creation is still in flight.
        unknown.extend(predicted().filter(|it| server.deleted_at(it).is_some()));
        let outside = base.into_iter().filter(|(_, (_, loan))| !is_known(loan));
        unknown.extend(outside.map(|(id, _)| id));
        unknown
    }

    /// Returns the expected loans in a range of hours, in order.
    pub(crate) fn view(
        &self,
        server: &Server,
        position: u64,
        (start, end): (u32, u32),
    ) -> Vec<(String, Loan)> {
        let base = self.base(server, position).into_iter();
        let mut view: BTreeMap<String, Loan> = base.map(|(id, (_, loan))| (id, loan)).collect();
        for layer in &self.layers {
            for edit in &layer.edits {
                edit.apply(&layer.id, &mut view);
            }
        }
        let mut shown: Vec<_> =
            view.into_iter().filter(|(_, it)| it.overlaps(start, end)).collect();
        shown.sort_by_key(|(id, it)| (it.from, u32::MAX - it.until, id.clone()));
        shown
    }

    /// Returns the mutations that are not settled.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().filter(|it| !it.is_settled).map(|it| &*it.by)
    }
}

impl Edit {
    fn apply(&self, id: &str, view: &mut BTreeMap<String, Loan>) {
        match (self, view.get_mut(id)) {
            (Self::Create, None) => {
                let loan = Loan { title: String::new(), note: None, from: 0, until: 0 };
                view.insert(id.to_owned(), loan);
            }
            (Self::Delete, _) => _ = view.remove(id),
            (Self::Set(field), Some(loan)) => match field.clone() {
                Field::Title(it) => loan.title = it,
                Field::Note(it) => loan.note = it,
                Field::From(it) => loan.from = it,
                Field::Until(it) => loan.until = it,
            },
            _ => {}
        }
    }

    /// Returns an edit of the same field with the value that `loan` has.
    fn with_value_of(&self, loan: &Loan) -> Option<Self> {
        let Self::Set(field) = self else { return None };
        Some(Self::Set(match field {
            Field::Title(_) => Field::Title(loan.title.clone()),
            Field::Note(_) => Field::Note(loan.note.clone()),
            Field::From(_) => Field::From(loan.from),
            Field::Until(_) => Field::Until(loan.until),
        }))
    }

    fn has_same_field(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(one), Self::Set(other)) => {
                std::mem::discriminant(one) == std::mem::discriminant(other)
            }
            _ => false,
        }
    }
}
