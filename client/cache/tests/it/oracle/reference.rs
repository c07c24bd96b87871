//! What must be seen, as simply as it can be said: the base at its revision, and the edits that are not settled,
//! in order.

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

/// What a mutation is expected to do.
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
    is_answered: bool,
}

/// What was heard besides the log, and what is expected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reference {
    /// The newest that an answer of a mutation told of a loan.
    told: BTreeMap<String, (u64, Option<Loan>)>,
    layers: Vec<Layer>,
    /// The server has gone back once. What it has forgotten may be held where nobody looks, and be moved into
    /// sight by what is expected of it.
    was_restored: bool,
}

impl Reference {
    pub(crate) fn predict(&mut self, by: &str, id: &str, edits: Vec<Edit>) {
        self.layers.push(Layer { by: by.to_owned(), id: id.to_owned(), edits, is_answered: false });
    }

    /// A mutation's answer told of a loan.
    pub(crate) fn told(&mut self, id: &str, at: u64, loan: Option<Loan>) {
        let known = self.told.entry(id.to_owned()).or_insert((at, loan.clone()));
        if at > known.0 {
            *known = (at, loan);
        }
    }

    /// The layer goes; if it was answered, those of its fields stay, as they were answered, that an older one
    /// without an answer touches.
    pub(crate) fn end(&mut self, by: &str, is_answered: bool, server: &Server, position: u64) {
        let Some(at) = self.layers.iter().position(|it| it.by == by && !it.is_answered) else {
            return;
        };
        let base = self.base(server, position);
        let loan = base.get(&self.layers[at].id).cloned();
        let layer = &mut self.layers[at];
        layer.is_answered = is_answered;
        let edits = std::mem::take(&mut layer.edits);
        if is_answered && let Some((_, loan)) = loan {
            layer.edits = edits.iter().filter_map(|it| it.of(&loan)).collect();
        }
        for at in 0..self.layers.len() {
            if self.layers[at].is_answered {
                let (older, layer) = self.layers.split_at_mut(at);
                let id = layer[0].id.clone();
                let touches = |edit: &Edit| {
                    let mut pending = older.iter().filter(|it| !it.is_answered && it.id == id);
                    pending.any(|it| it.edits.iter().any(|it| it.is_of_one_field_with(edit)))
                };
                layer[0].edits.retain(touches);
            }
        }
        self.layers.retain(|it| !it.edits.is_empty());
    }

    /// Nothing is pending any more.
    pub(crate) fn restart(&mut self) {
        self.layers.clear();
    }

    /// The server has gone back: what was told is of another past.
    pub(crate) fn restored(&mut self) {
        self.told.clear();
        self.was_restored = true;
    }

    fn base(&self, server: &Server, position: u64) -> State {
        let mut base = server.at(position);
        for (id, (at, loan)) in self.told.iter().filter(|(_, (at, _))| *at > position) {
            match loan {
                Some(loan) => _ = base.insert(id.clone(), (*at, loan.clone())),
                None => _ = base.remove(id),
            }
        }
        base
    }

    /// Loans of which the base need know nothing: those that are nowhere where all is `known`. If something is
    /// expected of them, that need not be seen.
    pub(crate) fn unknown(
        &self,
        server: &Server,
        position: u64,
        known: &[(u32, u32)],
    ) -> Vec<String> {
        let base = self.base(server, position);
        let forgotten = self.layers.iter().map(|it| it.id.clone());
        let forgotten = forgotten.filter(|it| self.was_restored && !base.contains_key(it));
        let forgotten: Vec<String> = forgotten.collect();
        let base = base.into_iter();
        let is_known = |loan: &Loan| known.iter().any(|(start, end)| loan.touches(*start, *end));
        let elsewhere = base.filter(|(_, (_, loan))| !is_known(loan)).map(|(id, _)| id);
        // Created and deleted by us, and the answer of the creation is still out.
        let created = self.layers.iter().map(|it| &it.id);
        let gone = created.filter(|it| server.deleted_at(it).is_some()).cloned();
        elsewhere.chain(gone).chain(forgotten).collect()
    }

    /// What a range of hours shows, in order.
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
        let mut shown: Vec<_> = view.into_iter().filter(|(_, it)| it.touches(start, end)).collect();
        shown.sort_by_key(|(id, it)| (it.from, u32::MAX - it.until, id.clone()));
        shown
    }

    pub(crate) fn pending(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().filter(|it| !it.is_answered).map(|it| &*it.by)
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

    /// The same field, as `loan` has it.
    fn of(&self, loan: &Loan) -> Option<Self> {
        let Self::Set(field) = self else { return None };
        Some(Self::Set(match field {
            Field::Title(_) => Field::Title(loan.title.clone()),
            Field::Note(_) => Field::Note(loan.note.clone()),
            Field::From(_) => Field::From(loan.from),
            Field::Until(_) => Field::Until(loan.until),
        }))
    }

    fn is_of_one_field_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(one), Self::Set(other)) => {
                std::mem::discriminant(one) == std::mem::discriminant(other)
            }
            _ => false,
        }
    }
}
