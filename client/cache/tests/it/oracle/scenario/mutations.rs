//! The mutations of a scenario.

use cynic_cache::{EntityKey, InFlight, Patch, Prediction};
use serde_json::json;

use super::{Client, Story, apply, of_fields};
use crate::oracle::reference::{Edit, Field};
use crate::oracle::server::Loan;
use crate::world::at;

/// A mutation in flight, and what was decided once it was.
pub(super) struct Mutation {
    pub(super) by: String,
    pub(super) id: String,
    pub(super) does: Does,
    pub(super) request: InFlight,
    pub(super) decided: Option<Decided>,
}

#[derive(Clone, Debug)]
pub(super) enum Does {
    Create(Loan),
    Change(Vec<Field>),
    Delete,
}

#[derive(Clone, Debug)]
pub(super) enum Decided {
    Done(u64, Option<Loan>),
    Refused,
    /// There is none; since when, if there ever was one.
    NotFound(Option<u64>),
}

impl Story {
    pub(super) fn predict(&mut self) {
        let by = format!("m{}", self.names);
        let (id, does) = match (self.dice.below(6), self.any_loan()) {
            (0..2, _) | (_, None) => (self.name(), Does::Create(self.loan())),
            (2, Some((id, _))) => (id, Does::Delete),
            (_, Some((id, _))) => {
                // Often something that pends itself.
                let pending = self.mutations.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
                let id = self
                    .dice
                    .of(&pending)
                    .cloned()
                    .filter(|_| self.names.is_multiple_of(2))
                    .unwrap_or(id);
                (id, Does::Change(self.fields()))
            }
        };
        self.name();
        let by = format!("{by}{}", does.word());
        self.tell(format!("{by} expects: {id} {does:?}"));
        let Client { cache, mutation, .. } = &self.client;
        let request = cache.begin(mutation);
        let prediction: Prediction = match &does {
            Does::Create(loan) => {
                let mut loan = of_fields("title", &id, 0, loan);
                loan.as_object_mut().map(|it| it.remove("revision"));
                Prediction::response(mutation, &json!({"updateLoan": {"loan": loan}}))
            }
            Does::Delete => Patch::of("Loan", &id).delete().into(),
            Does::Change(fields) => {
                let patch =
                    fields.iter().fold(Patch::of("Loan", &id), |patch, field| match field {
                        Field::Title(it) => patch.set("title", it),
                        Field::Note(it) => patch.set("note", it),
                        Field::From(it) => patch.set("from", at(*it)),
                        Field::Until(it) => patch.set("until", at(*it)),
                    });
                patch.into()
            }
        };
        cache.predict(by.as_str(), prediction).expect("it fits");
        self.reference.predict(&by, &id, does.edits());
        self.mutations.push(Mutation { by, id, does, request, decided: None });
    }

    pub(super) fn server_decides(&mut self) {
        let open: Vec<usize> =
            (0..self.mutations.len()).filter(|it| self.mutations[*it].decided.is_none()).collect();
        let Some(at) = self.dice.of(&open).copied() else { return };
        let is_refused = self.dice.one_in(4);
        let Mutation { by, id, does, decided, .. } = &mut self.mutations[at];
        let stands = self.server.now().remove(id).map(|(_, loan)| loan);
        let after = match (does, stands) {
            _ if is_refused => Err(Decided::Refused),
            (Does::Create(loan), None) => Ok(Some(loan.clone())),
            (Does::Create(_), Some(_)) => Err(Decided::Refused),
            (_, None) => Err(Decided::NotFound(self.server.deleted_at(id))),
            (Does::Delete, Some(_)) => Ok(None),
            (Does::Change(fields), Some(mut loan)) => {
                fields.iter().for_each(|it| apply(&mut loan, it.clone()));
                Ok(Some(loan))
            }
        };
        let done = match after {
            Ok(after) => Decided::Done(self.server.commit(id, after.clone(), Some(by)), after),
            Err(refused) => refused,
        };
        let told = format!("the server decides {by}: {done:?}");
        *decided = Some(done);
        self.tell(told);
    }

    pub(super) fn decision_arrives(&mut self) {
        let made: Vec<usize> =
            (0..self.mutations.len()).filter(|it| self.mutations[*it].decided.is_some()).collect();
        let Some(at) = self.dice.of(&made).copied() else { return };
        if self.dice.one_in(3) {
            // Lost on the way; what is not heard otherwise is asked for again, and answered the same.
            return;
        }
        let Mutation { by, id, request, decided, .. } = self.mutations.remove(at);
        let Some(decided) = decided else { return };
        self.tell(format!("the decision of {by} arrives"));
        let position = self.client.position().unwrap_or_default();
        let Self { client, reference, server, .. } = self;
        let key = EntityKey::new("Loan", &id);
        client.cache.update(|batch| match decided {
            Decided::Done(at, Some(loan)) => {
                reference.told(&id, at, Some(loan.clone()));
                let loan = of_fields("title", &id, at, &loan);
                let payload = json!({"__typename": "LoanPayload", "loan": loan});
                let answer = json!({"data": {"updateLoan": payload}}).to_string();
                batch
                    .apply_response(&request, &client.mutation, answer.as_bytes())
                    .expect("it fits");
                batch.settle(by.as_str());
                reference.end(&by, true, server, position);
            }
            Decided::Done(at, None) => {
                reference.told(&id, at, None);
                batch.delete(&key, Some(at));
                batch.settle(by.as_str());
                reference.end(&by, true, server, position);
            }
            Decided::Refused | Decided::NotFound(_) => {
                if let Decided::NotFound(Some(at)) = decided {
                    reference.told(&id, at, None);
                    batch.delete(&key, Some(at));
                }
                batch.roll_back(by.as_str());
                if !self.is_blind {
                    reference.end(&by, false, server, position);
                }
            }
        });
    }
}

impl Does {
    fn word(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Change(_) => "change",
            Self::Delete => "delete",
        }
    }

    fn edits(&self) -> Vec<Edit> {
        match self {
            Self::Create(loan) => vec![
                Edit::Create,
                Edit::Set(Field::Title(loan.title.clone())),
                Edit::Set(Field::Note(loan.note.clone())),
                Edit::Set(Field::From(loan.from)),
                Edit::Set(Field::Until(loan.until)),
            ],
            Self::Change(fields) => fields.iter().cloned().map(Edit::Set).collect(),
            Self::Delete => vec![Edit::Delete],
        }
    }
}
