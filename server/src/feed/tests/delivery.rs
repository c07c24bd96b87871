//! Each reader receives every change that affects it, whatever happens.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{advance, timeout};

use super::world::{World, revision};
use crate::domain::Revision;
use crate::feed::{EventKind, Subscriber};

/// A step of the property test, with one log and three readers.
#[derive(Clone, Debug)]
enum Step {
    Commit(i64),
    CommitWithoutHint(i64),
    Poll,
    Advance(u64),
    Read(usize),
    Reconnect(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_i64).prop_map(|it| Step::Commit(it * 50)),
        1 => (0..4_i64).prop_map(|it| Step::CommitWithoutHint(it * 50)),
        1 => Just(Step::Poll),
        1 => (1..12_u64).prop_map(Step::Advance),
        6 => (0..3_usize).prop_map(Step::Read),
        1 => (0..3_usize).prop_map(Step::Reconnect),
    ]
}

/// A subscriber of [50, 150), with the changes that it has received.
struct Reader {
    subscriber: Subscriber,
    last: Revision,
    received: Vec<Revision>,
}

impl Reader {
    async fn new(world: &World, last: Revision, received: Vec<Revision>) -> Self {
        let subscriber = world.subscribe(Some(last.get()), Some((50, 150))).await;
        Self { subscriber, last, received }
    }

    async fn read(&mut self) -> bool {
        let next = timeout(Duration::from_millis(1), self.subscriber.next());
        let Ok(Some(event)) = next.await else { return false };
        let event = event.unwrap();
        assert_eq!(event.previous, self.last, "it continues the last event");
        self.last = event.revision;
        if let EventKind::Change(_) = event.kind {
            self.received.push(event.revision);
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Each reader receives every change that affects its range, in any sequence of commits,
    /// lost hints, pauses and reconnects.
    #[test]
    fn every_change_is_delivered_once_and_in_order(
        before in 0..300_u64,
        lags in [0..300_u64, 0..300, 0..300],
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let world = World::new();
            for n in 0..before {
                world.commit(n.cast_signed() % 4 * 50);
            }
            let mut readers = Vec::new();
            for lag in lags {
                let last = revision(before.saturating_sub(lag));
                let received = world.affecting().into_iter().filter(|&it| it <= last).collect();
                readers.push(Reader::new(&world, last, received).await);
            }
            for step in steps {
                match step {
                    Step::Commit(start) => drop(world.commit(start)),
                    Step::CommitWithoutHint(start) => drop(world.commit_without_hint(start)),
                    Step::Poll => world.feed.poll().await.unwrap(),
                    Step::Advance(seconds) => advance(Duration::from_secs(seconds)).await,
                    Step::Read(n) => drop(readers[n].read().await),
                    Step::Reconnect(n) => {
                        let Reader { last, received, .. } = readers.remove(n);
                        readers.insert(n, Reader::new(&world, last, received).await);
                    }
                }
            }
            world.feed.poll().await.unwrap();
            let affecting = world.affecting();
            for reader in &mut readers {
                while reader.read().await {}
                assert_eq!(reader.received, affecting);
            }
        });
    }
}
