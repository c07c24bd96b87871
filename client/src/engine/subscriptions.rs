//! Feeds: a calendar's changes, heard without a gap (C15).
//!
//! Query first, then subscribe after the answer's revision. Each event must continue the last; what does not
//! is taken as a reset. After a lost line it goes on from the position of the base, which is all that a
//! feed remembers.

use cynic::SubscriptionBuilder;
use cynic_cache::{Cache, EntityKey, Prepared, Scope};

use super::polling::Polls;
use super::{Action, Engine, LineState, Millis, backoff};
use crate::model::scalars::Revision;
use crate::transport::{SubscriptionEnd, SubscriptionNumber};
use crate::wire::operations::{
    AppointmentChange, ChangeKind, ChangesSubscription, ChangesVariables,
};
use crate::wire::policy::APPOINTMENT;
use crate::wire::response;

/// What is heard of one calendar.
pub(super) struct Feed {
    pub(super) scope: Scope,
    subscription: Option<SubscriptionNumber>,
    pub(super) is_followed: bool,
    /// The backlog was heard.
    is_caught_up: bool,
    /// The calendar is no more.
    pub(super) is_gone: bool,
    tries: u32,
    retry_at: Option<Millis>,
    pub(super) polls: Polls,
    /// By what its events are read. (To make it for each of them would cost more than they do.)
    reads: Option<Prepared<ChangesSubscription>>,
}

impl Feed {
    fn new(calendar: &str) -> Self {
        Self {
            scope: Scope::new(APPOINTMENT, calendar),
            subscription: None,
            is_followed: false,
            is_caught_up: false,
            is_gone: false,
            tries: 0,
            retry_at: None,
            polls: Polls::default(),
            reads: None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.is_caught_up || self.is_gone
    }

    /// When to subscribe or to ask again; without a line there is nothing to subscribe to.
    pub(super) fn timeout(&self, is_open: bool) -> Option<Millis> {
        if is_open { self.retry_at } else { self.polls.retry_at }
    }

    pub(super) fn needs_line(&self, cache: &Cache) -> bool {
        !self.is_gone && cache.position(&self.scope).is_some()
    }

    /// There is nothing to be heard any more.
    pub(super) fn is_cut_off(&mut self) {
        (self.subscription, self.is_caught_up) = (None, false);
    }
}

impl Engine {
    /// Hears every change of a calendar from the first answer on.
    pub(super) fn follow(&mut self, calendar: &str) {
        if !self.feeds.contains_key(calendar) {
            self.feeds.insert(calendar.to_owned(), Feed::new(calendar));
        }
    }

    pub(super) fn pump_feeds(&mut self, now: Millis) {
        if self.is_polling() {
            return;
        }
        let Self { feeds, cache, line, actions, next, .. } = self;
        for (calendar, feed) in feeds {
            let Some(after) = cache.position(&feed.scope).filter(|_| !feed.is_gone) else {
                continue;
            };
            if !feed.is_followed {
                feed.is_followed = true;
                cache.update(|batch| batch.follow(&feed.scope));
            }
            let is_due = feed.retry_at.is_none_or(|it| it <= now);
            if line.state != LineState::Open || feed.subscription.is_some() || !is_due {
                continue;
            }
            let variables =
                ChangesVariables { calendar: calendar.as_str().into(), after: Some(after) };
            let Ok(changes) = cache.prepare(&ChangesSubscription::build(variables)) else {
                continue;
            };
            feed.reads = Some(changes.clone());
            *next += 1;
            let number = SubscriptionNumber(*next);
            (feed.subscription, feed.retry_at) = (Some(number), None);
            actions.push_back(Action::Subscribe { number, body: changes.body() });
        }
    }

    /// An event of a subscription: the payload of `next`, as it came.
    pub(crate) fn handle_event(&mut self, now: Millis, number: SubscriptionNumber, event: &[u8]) {
        if self.tell_caller(number, event) {
            return;
        }
        let Some((calendar, scope)) = self.feed_of(number) else { return };
        let Some(change) = response::data::<ChangesSubscription>(event) else {
            return self.handle_end(
                now,
                number,
                SubscriptionEnd::Failed("an event that cannot be read".into()),
            );
        };
        let change = change.appointment_changes;
        let Some(position) = self.cache.position(&scope) else { return };
        if let Some(feed) = self.feeds.get_mut(&calendar) {
            feed.tries = 0;
            feed.is_caught_up |= change.kind == ChangeKind::Bookmark;
            feed.is_gone |= change.kind == ChangeKind::CalendarGone;
        }
        if change.kind == ChangeKind::Reset {
            return self.reset(&calendar, &scope, change.revision);
        }
        if change.revision <= position && change.kind != ChangeKind::Bookmark {
            // It came twice.
            return;
        }
        if change.previous_revision != position {
            // Something is missing in between.
            return self.reset(&calendar, &scope, change.revision);
        }
        self.hear(&calendar, &scope, &change, event);
    }

    /// Something was missed. What is watched is asked for again.
    pub(super) fn reset(&mut self, calendar: &str, scope: &Scope, revision: Revision) {
        self.cache.update(|batch| batch.reset(scope, revision));
        self.doubt(calendar);
    }

    /// An event that continues the last.
    fn hear(&mut self, calendar: &str, scope: &Scope, change: &AppointmentChange, event: &[u8]) {
        let reads = self.feeds.get(calendar).and_then(|it| it.reads.clone());
        let Some(changes) = reads else { return };
        let mine = change.mutation_id.as_ref();
        let mut is_read = true;
        self.cache.update(|batch| {
            match (&change.kind, &change.deleted_appointment_id) {
                (ChangeKind::Deleted, Some(id)) => {
                    let key = EntityKey::new(APPOINTMENT, id.as_str());
                    batch.delete(&key, Some(change.revision));
                    batch.advance(scope, change.revision);
                }
                (ChangeKind::Bookmark | ChangeKind::CalendarGone, _) => {
                    batch.advance(scope, change.revision);
                }
                _ => {
                    is_read = batch.apply_event(scope, change.revision, &changes, event).is_ok();
                    if !is_read {
                        // What it says is not known, so all that it may concern is asked for again.
                        batch.reset(scope, change.revision);
                    }
                }
            }
            // The echo is the answer (C6).
            if let Some(id) = mine {
                batch.settle(id.as_str());
            }
        });
        if !is_read {
            self.doubt(calendar);
        }
        if let Some(id) = mine {
            self.echoed(id, change.appointment.clone());
        }
    }

    /// A subscription has ended, and not because we said so.
    pub(crate) fn handle_end(
        &mut self,
        now: Millis,
        number: SubscriptionNumber,
        end: SubscriptionEnd,
    ) {
        if self.end_caller(number, &end) {
            return;
        }
        let Some((calendar, _)) = self.feed_of(number) else { return };
        let Self { feeds, rng, .. } = self;
        if let Some(feed) = feeds.get_mut(&calendar) {
            feed.is_cut_off();
            feed.tries += 1;
            feed.retry_at = Some(now + backoff::after(feed.tries, rng));
        }
    }

    fn feed_of(&self, number: SubscriptionNumber) -> Option<(String, Scope)> {
        let (calendar, feed) = self.feeds.iter().find(|(_, it)| it.subscription == Some(number))?;
        Some((calendar.clone(), feed.scope.clone()))
    }
}
