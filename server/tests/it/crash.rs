//! S16: kills the binary at random moments under load, and starts it again on the same database.
//! No acknowledged write is lost, and no change is delivered twice.

use std::time::Duration;

use tokio::sync::watch;

use crate::database::TestDatabase;
use crate::load::{Acknowledged, collect_changes, create_until_stopped, revision};
use crate::process;

const ROUNDS: usize = 20;
const WRITERS: usize = 8;
const SUBSCRIBERS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_server_loses_no_acknowledged_write_and_repeats_no_change() {
    let database = TestDatabase::selected().await;
    let location = database.location();
    let (up, server) = watch::channel(Vec::new());
    let (stop, stopped) = watch::channel(false);
    let acknowledged = Acknowledged::default();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..WRITERS {
        writers.spawn(create_until_stopped(
            n,
            server.clone(),
            stopped.clone(),
            acknowledged.clone(),
        ));
    }
    let mut subscribers = tokio::task::JoinSet::new();
    let (head, last) = watch::channel(None);
    for n in 0..SUBSCRIBERS {
        subscribers.spawn(collect_changes(n, server.clone(), last.clone()));
    }

    // The moments come from a seed. What runs at each moment differs from run to run.
    let mut rng = fastrand::Rng::with_seed(0);
    for _ in 0..ROUNDS {
        let process = process::start(&location).await;
        up.send_replace(vec![process.url.clone()]);
        tokio::time::sleep(Duration::from_millis(50 + rng.u64(..400))).await;
        up.send_replace(Vec::new());
        process.kill().await.unwrap();
    }
    let process = process::start(&location).await;
    up.send_replace(vec![process.url.clone()]);
    stop.send_replace(true);
    while writers.join_next().await.transpose().unwrap().is_some() {}
    let end = revision(&process.url).await;
    head.send_replace(Some(end));

    let acknowledged = acknowledged.lock().await;
    assert!(acknowledged.len() > ROUNDS, "only {} mutations", acknowledged.len());
    while let Some(changes) = subscribers.join_next().await {
        let changes = changes.unwrap();
        assert!((1..=end).eq(changes.keys().copied()), "every revision, once");
        for (mutation, revision) in &*acknowledged {
            assert_eq!(
                changes.get(revision),
                Some(mutation),
                "an acknowledged mutation is in the log"
            );
        }
    }
    println!(
        "{ROUNDS} kills, {} mutations, {end} changes, {SUBSCRIBERS} subscribers",
        acknowledged.len()
    );
    assert_eq!(process.terminate().await.unwrap(), Some(0));
}
