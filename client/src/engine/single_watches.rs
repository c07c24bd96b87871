//! Single appointments that somebody watches, wherever in time they are.
//!
//! One that is known is heard of by its calendar's feed. So all there is to do is to ask for what is not known, to see
//! to it that its calendar is followed, and after a reset to ask again.

use std::collections::BTreeMap;

use cynic::QueryBuilder;
use cynic_cache::{InFlight, Prepared, Scope, View};

use super::ranges::{WatchNumber, seconds};
use super::{Action, Engine, Millis, RequestNumber, Waits, backoff};
use crate::model::error::TransportError;
use crate::model::id::AppointmentId;
use crate::model::scalars::Revision;
use crate::optimistic;
use crate::wire::operations::{AppointmentQuery, AppointmentVariables, TimeRange};
use crate::wire::policy::APPOINTMENT;
use crate::wire::prepare::{prepare, range_query};
use crate::wire::response;

/// If an answer that is to say where a calendar is has not come by then, it is asked again.
const PATIENCE: Millis = 10_000;

/// Every appointment that is watched by itself.
pub(super) type Singles = BTreeMap<WatchNumber, Single>;

/// One of them.
pub(super) struct Single {
    id: AppointmentId,
    query: Prepared<AppointmentQuery>,
    /// Where it was seen.
    calendar: Option<String>,
    knowledge: Knowledge,
    tries: u32,
    retry_at: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    /// Nothing that can be relied on.
    None,
    Asked,
    /// It is heard of.
    Heard,
    /// There is none.
    Absent,
}

/// An appointment that was asked for.
pub(super) struct AskedOne {
    number: WatchNumber,
    request: InFlight,
    /// How far its calendar had been heard, if it is known.
    heard: Option<Revision>,
}

impl Engine {
    /// Keeps an appointment known from now on, and its changes heard.
    pub(crate) fn watch_appointment(
        &mut self,
        id: &AppointmentId,
    ) -> (WatchNumber, Prepared<AppointmentQuery>) {
        let variables = AppointmentVariables { id: id.clone() };
        let query = prepare(&self.cache, &AppointmentQuery::build(variables));
        self.cache.update(|batch| batch.link(&query, "appointment", &optimistic::key(id)));
        let number = self.watch_number();
        let single = Single {
            id: id.clone(),
            query: query.clone(),
            calendar: None,
            knowledge: Knowledge::None,
            tries: 0,
            retry_at: None,
        };
        self.singles.insert(number, single);
        (number, query)
    }

    pub(crate) fn unwatch_appointment(&mut self, number: WatchNumber) {
        self.singles.remove(&number);
    }

    /// What was missed of a calendar may have been of these.
    pub(super) fn doubt(&mut self, calendar: &str) {
        for it in self.singles.values_mut().filter(|it| it.calendar.as_deref() == Some(calendar)) {
            it.knowledge = Knowledge::None;
        }
    }

    pub(super) fn pump_singles(&mut self, now: Millis) {
        let is_due =
            |it: &Single| it.knowledge == Knowledge::None && it.retry_at.is_none_or(|it| it <= now);
        let due: Vec<WatchNumber> =
            self.singles.iter().filter(|(_, it)| is_due(it)).map(|(it, _)| *it).collect();
        for number in due {
            self.look_for(now, number);
        }
    }

    fn look_for(&mut self, now: Millis, number: WatchNumber) {
        let Some(single) = self.singles.get_mut(&number) else { return };
        single.retry_at = None;
        // (What was seen before a reset is asked for once more.)
        let is_new = single.calendar.is_none();
        let known = match self.cache.read(&single.query) {
            View::Complete(it) => it.appointment.clone(),
            _ => None,
        };
        let Some(known) = known.filter(|_| is_new) else { return self.ask_for_one(number) };
        let calendar = known.calendar_id.as_str().to_owned();
        self.follow(&calendar);
        let Some(single) = self.singles.get_mut(&number) else { return };
        if self.cache.position(&Scope::new(APPOINTMENT, &calendar)).is_some() {
            (single.calendar, single.knowledge) = (Some(calendar), Knowledge::Heard);
            return;
        }
        // Nothing says how far the calendar is, so nothing can be heard of it yet.
        single.retry_at = Some(now + PATIENCE);
        let range = TimeRange { start: known.starts_at, end: known.ends_at };
        let range = range_query(&self.cache, &known.calendar_id, range);
        for span in self.cache.missing_ranges(&range).iter().filter_map(seconds) {
            self.ask_for(&calendar, span);
        }
    }

    fn ask_for_one(&mut self, number: WatchNumber) {
        let sent = RequestNumber(self.number());
        let Some(single) = self.singles.get_mut(&number) else { return };
        single.knowledge = Knowledge::Asked;
        let scope = single.calendar.as_ref().map(|it| Scope::new(APPOINTMENT, it));
        let heard = scope.and_then(|it| self.cache.position(&it));
        let request = self.cache.begin(&single.query);
        self.actions.push_back(Action::Send { number: sent, body: single.query.body() });
        self.waits.insert(sent, Waits::One(AskedOne { number, request, heard }));
    }

    pub(super) fn one_answered(
        &mut self,
        now: Millis,
        asked: AskedOne,
        answer: Result<&[u8], TransportError>,
    ) {
        let AskedOne { number, request, heard } = asked;
        let Self { singles, cache, rng, outbox, .. } = self;
        let Some(single) = singles.get_mut(&number) else { return };
        // (Null beside an error says nothing of the appointment.)
        let came = answer
            .ok()
            .and_then(|it| Some((it, response::data_or_error::<AppointmentQuery>(it).ok()?)));
        let Some((text, found)) = came else {
            single.tries += 1;
            single.knowledge = Knowledge::None;
            single.retry_at = Some(now + backoff::after(single.tries, rng));
            return;
        };
        single.tries = 0;
        if found.appointment.is_none() {
            single.knowledge = Knowledge::Absent;
            // Null carries no revision (C21): it was not there at any time after what had been heard. Nor does it speak of
            // what is still to be created.
            let key = optimistic::key(&single.id);
            let is_held = cache.revision(&key).is_some();
            if !outbox.creates(&single.id) && (heard.is_some() || !is_held) {
                cache.update(|batch| batch.delete(&key, heard));
            }
            return;
        }
        let has_entered = cache.apply_response(&request, &single.query, text).is_ok()
            && cache.read(&single.query).is_complete();
        single.knowledge = match has_entered && single.calendar.is_some() {
            true => Knowledge::Heard,
            false => Knowledge::None,
        };
        single.retry_at = (!has_entered).then_some(now + PATIENCE);
    }

    /// Something is expected of an appointment, so it may be known now.
    pub(super) fn expect(&mut self, appointment: &AppointmentId) {
        let absent = self.singles.values_mut().filter(|it| it.knowledge == Knowledge::Absent);
        absent.filter(|it| it.id == *appointment).for_each(|it| it.knowledge = Knowledge::None);
    }
}

impl Single {
    pub(super) fn timeout(&self) -> Option<Millis> {
        self.retry_at.filter(|_| self.knowledge == Knowledge::None)
    }
}
