//! The mutations of a scenario.

use cynic_cache::{EntityKey, InFlight, Patch, Prediction};
use serde_json::json;

use super::{Client, Scenario, apply, loan_json};
use crate::oracle::Refusals;
use crate::oracle::reference::{Edit, Field};
use crate::oracle::server::Loan;
use crate::world::at;

/// A mutation in flight, and the server's decision; `None` until it is made.
pub(super) struct Mutation {
    pub(super) by: String,
    /// The loan that it changes.
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) request: InFlight,
    pub(super) decision: Option<Decision>,
}

/// The change that a mutation requests.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Create(Loan),
    Change(Vec<Field>),
    Delete,
}

/// The server's decision on a mutation.
#[derive(Clone, Debug)]
pub(super) enum Decision {
    /// Committed at a revision, with the new content; `None` if the loan was deleted.
    Done(u64, Option<Loan>),
    Refused,
    /// The loan does not exist; with the revision of its deletion, if it ever did.
    NotFound(Option<u64>),
}

impl Scenario {
    /// Starts a random mutation and predicts its outcome.
    pub(super) fn start_mutation(&mut self) {
        let by = format!("m{}", self.names);
        let (id, action) = match (self.rng.usize(..6), self.any_loan()) {
            (0..2, _) | (_, None) => (self.next_id(), Action::Create(self.loan())),
            (2, Some((id, _))) => (id, Action::Delete),
            (_, Some((id, _))) => {
                // Often a loan with a pending mutation.
                let pending = self.mutations.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
                let id = self
                    .rng
                    .choice(&pending)
                    .cloned()
                    .filter(|_| self.names.is_multiple_of(2))
                    .unwrap_or(id);
                (id, Action::Change(self.fields()))
            }
        };
        self.next_id();
        let by = format!("{by}{}", action.word());
        self.record(format!("{by} predicts: {id} {action:?}"));
        let Client { cache, mutation, .. } = &self.client;
        let request = cache.begin(mutation);
        let prediction: Prediction = match &action {
            Action::Create(loan) => {
                let mut loan = loan_json("title", &id, 0, loan);
                loan.as_object_mut().map(|it| it.remove("revision"));
                Prediction::response(mutation, &json!({"updateLoan": {"loan": loan}}))
            }
            Action::Delete => Patch::of("Loan", &id).delete().into(),
            Action::Change(fields) => {
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
        self.reference.predict(&by, &id, action.edits());
        self.mutations.push(Mutation { by, id, action, request, decision: None });
    }

    /// Lets the server decide on a random mutation.
    pub(super) fn decide_on_server(&mut self) {
        let open: Vec<usize> =
            (0..self.mutations.len()).filter(|it| self.mutations[*it].decision.is_none()).collect();
        let Some(at) = self.rng.choice(&open).copied() else { return };
        let is_refused = self.rng.usize(..4) == 0;
        let Mutation { by, id, action, decision, .. } = &mut self.mutations[at];
        let current = self.server.now().remove(id).map(|(_, loan)| loan);
        let after = match (action, current) {
            _ if is_refused => Err(Decision::Refused),
            (Action::Create(loan), None) => Ok(Some(loan.clone())),
            (Action::Create(_), Some(_)) => Err(Decision::Refused),
            (_, None) => Err(Decision::NotFound(self.server.deleted_at(id))),
            (Action::Delete, Some(_)) => Ok(None),
            (Action::Change(fields), Some(mut loan)) => {
                fields.iter().for_each(|it| apply(&mut loan, it.clone()));
                Ok(Some(loan))
            }
        };
        let outcome = match after {
            Ok(after) => Decision::Done(self.server.commit(id, after.clone(), Some(by)), after),
            Err(refused) => refused,
        };
        let step = format!("the server decides {by}: {outcome:?}");
        *decision = Some(outcome);
        self.record(step);
    }

    /// Delivers a random decision, or loses its response.
    pub(super) fn deliver_decision(&mut self) {
        let made: Vec<usize> =
            (0..self.mutations.len()).filter(|it| self.mutations[*it].decision.is_some()).collect();
        let Some(at) = self.rng.choice(&made).copied() else { return };
        if self.rng.usize(..3) == 0 {
            // The response is lost. The client sends the mutation again and gets the same response.
            return;
        }
        let Mutation { by, id, request, decision, .. } = self.mutations.remove(at);
        let Some(decision) = decision else { return };
        self.record(format!("the decision of {by} arrives"));
        let position = self.client.position().unwrap_or_default();
        let Self { client, reference, server, .. } = self;
        let key = EntityKey::new("Loan", &id);
        client.cache.update(|batch| match decision {
            Decision::Done(at, Some(loan)) => {
                reference.record_response(&id, at, Some(loan.clone()));
                let loan = loan_json("title", &id, at, &loan);
                let payload = json!({"__typename": "LoanPayload", "loan": loan});
                let response = json!({"data": {"updateLoan": payload}}).to_string();
                batch
                    .apply_response(&request, &client.mutation, response.as_bytes())
                    .expect("it fits");
                batch.settle(by.as_str());
                reference.confirm(&by, server, position);
            }
            Decision::Done(at, None) => {
                reference.record_response(&id, at, None);
                batch.delete(&key, Some(at));
                batch.settle(by.as_str());
                reference.confirm(&by, server, position);
            }
            Decision::Refused | Decision::NotFound(_) => {
                if let Decision::NotFound(Some(at)) = decision {
                    reference.record_response(&id, at, None);
                    batch.delete(&key, Some(at));
                }
                batch.roll_back(by.as_str());
                if self.refusals == Refusals::Recorded {
                    reference.roll_back(&by, server, position);
                }
            }
        });
    }
}

impl Action {
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
