//! S16: the real binary under writers and subscribers is killed at random moments, and started
//! again on the same file. Nothing that was answered is lost, nothing is told twice.

use std::time::Duration;

use fastrand::Rng;
use tokio::sync::watch;

use crate::database::Home;
use crate::load::{Answered, listen, revision, write};
use crate::process;

const ROUNDS: usize = 20;
const WRITERS: usize = 8;
const SUBSCRIBERS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_and_everybody_is_told_once() {
    let home = Home::any().await;
    let database = home.database();
    let (up, server) = watch::channel(Vec::new());
    let (stop, stopped) = watch::channel(false);
    let answered = Answered::default();
    let mut people = tokio::task::JoinSet::new();
    for n in 0..WRITERS {
        people.spawn(write(n, server.clone(), stopped.clone(), answered.clone()));
    }
    let mut listeners = tokio::task::JoinSet::new();
    let (head, last) = watch::channel(None);
    for n in 0..SUBSCRIBERS {
        listeners.spawn(listen(n, server.clone(), last.clone()));
    }

    // The times follow a seed. The requests that run at these times depend on the machine.
    let mut rng = Rng::with_seed(0);
    for _ in 0..ROUNDS {
        let process = process::start(&database).await;
        up.send_replace(vec![process.url.clone()]);
        tokio::time::sleep(Duration::from_millis(50 + rng.u64(..400))).await;
        up.send_replace(Vec::new());
        process.kill().await.unwrap();
    }
    let process = process::start(&database).await;
    up.send_replace(vec![process.url.clone()]);
    stop.send_replace(true);
    while people.join_next().await.transpose().unwrap().is_some() {}
    let end = revision(&process.url).await;
    head.send_replace(Some(end));

    let answered = answered.lock().await;
    assert!(answered.len() > ROUNDS, "only {} mutations were answered", answered.len());
    while let Some(heard) = listeners.join_next().await {
        let heard = heard.unwrap();
        assert!((1..=end).eq(heard.keys().copied()), "every revision, once");
        for (mutation, revision) in &*answered {
            assert_eq!(heard.get(revision), Some(mutation), "what was answered is in the log");
        }
    }
    println!(
        "{ROUNDS} kills, {} answers, {end} changes, each heard by {SUBSCRIBERS}",
        answered.len()
    );
    assert_eq!(process.terminate().await.unwrap(), Some(0));
}
