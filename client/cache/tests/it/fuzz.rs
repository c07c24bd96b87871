//! Fuzzing: mutated responses, events, predictions and snapshots never cause a panic, and refused
//! input changes nothing.
//!
//! `FUZZ_SECONDS` sets the duration, `FUZZ_SEED` the first seed. `cargo xtask fuzz` runs it.

#![allow(clippy::print_stdout, reason = "it prints the number of rounds")]

use std::time::{Duration, Instant};

use cynic_cache::{Cache, EntityKey, Prediction, Prepared};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::library::Library;
use crate::oracle::number_from_env;
use crate::reading::prepare;
use crate::world::{Watcher, World, loan_json, payload_json, range_json};

/// The number of rounds if `FUZZ_SECONDS` is not set.
const ROUNDS: u64 = 2_000;

/// A cache with data and a prediction, and the operations whose input is mutated.
struct Target {
    world: World,
    search: Prepared<Value>,
    changes: Prepared<Value>,
    snapshot: Vec<u8>,
}

const SEARCH: &str = r#"{ search(text: "x") {
    ... on Book { title pages weight tags language extra author { name born }
        chapters { title } } ... on Shelf { name books { title } } ... on Leaflet { text } } }"#;

impl Target {
    fn new() -> Self {
        let mut world = World::with("1:one@10 2:two@11");
        world.rename("mine", "1", "mine");
        let search = prepare(&world.cache, SEARCH, json!({})).expect("the schema has it");
        let changes = r#"subscription {
            loanChanges(shelf: "s1") { revision loan { id title from until } } }"#;
        let changes = prepare(&world.cache, changes, json!({})).expect("the schema has it");
        let snapshot = world.cache.snapshot();
        Self { world, search, changes, snapshot }
    }

    /// Applies an input; returns whether the cache accepted it.
    fn apply(&mut self, kind: usize, bytes: &[u8]) -> bool {
        let mutation = self.world.send_mutation("m");
        let World { cache, shelf, watch, .. } = &self.world;
        match kind {
            0 => cache.apply_response(&cache.begin(&watch.query), &watch.query, bytes).is_ok(),
            1 => cache.apply_response(&cache.begin(&self.search), &self.search, bytes).is_ok(),
            2 => cache.update(|it| it.apply_event(shelf, 2, &self.changes, bytes).is_ok()),
            3 => {
                let value: Option<Value> = serde_json::from_slice(bytes).ok();
                let prediction = value.map(|it| Prediction::response(&mutation, &it));
                prediction.is_some_and(|it| cache.predict("m", it).is_ok())
            }
            _ => {
                let fresh = Cache::new(Library).expect("policy and schema fit");
                let empty = fresh.snapshot();
                let is_accepted = fresh.restore(bytes).is_ok();
                assert!(is_accepted || fresh.snapshot() == empty, "refused input changes nothing");
                read_everything(&fresh);
                is_accepted
            }
        }
    }

    /// Applies an input, and checks that refused input and predictions do not change the base.
    fn expect_robust(&mut self, kind: usize, bytes: &[u8]) {
        let before = self.world.cache.snapshot();
        let is_accepted = self.apply(kind, bytes);
        if !is_accepted || kind == 3 {
            assert_eq!(self.world.cache.snapshot(), before, "the base is the same");
        }
        read_everything(&self.world.cache);
        _ = self.world.watch.view();
        _ = self.world.watch.take_delta();
    }

    /// Returns valid inputs of all kinds, to be mutated.
    fn corpus(&self) -> Vec<(usize, Vec<u8>)> {
        let search = json!({"data": {"search": [
            {"__typename": "Book", "id": "b", "title": "Emma \u{e9}\"\\", "pages": 3,
             "weight": 1.5e3, "tags": ["a"], "language": "EN",
             "extra": {"a": [1, -2, 1.0e-3, null, {"b": true}]},
             "author": {"__typename": "Person", "name": "Jane", "born": 1775},
             "chapters": [{"__typename": "Chapter", "title": "I"}]},
            {"__typename": "Shelf", "id": "s", "name": "Novels", "revision": 1, "books": []},
            {"__typename": "Leaflet", "text": "t"}, {"__typename": "Film"}]},
            "errors": [{"message": "no", "path": ["search", 0, "pages"],
                "extensions": {"code": "X"}}]});
        let loan: Value = serde_json::from_str(&loan_json("3:three@12#2")).unwrap_or_default();
        let event = json!({"data": {"loanChanges":
            {"__typename": "LoanChange", "revision": 2, "loan": loan}}});
        let expected = json!({"createLoan": {"loan": {"id": "m", "shelfId": "s1", "title": "t",
            "from": "2026-11-23T10:00:00Z", "until": "2026-11-23T11:00:00Z"}, "error": null}});
        vec![
            (0, range_json(1, "1:one@10 2:two@11").into_bytes()),
            (
                0,
                br#"{"data":null,"errors":[{"message":"no","path":["loans","items",0]}]}"#.to_vec(),
            ),
            (0, payload_json(&loan_json("1:one@10")).into_bytes()),
            (1, search.to_string().into_bytes()),
            (2, event.to_string().into_bytes()),
            (3, expected.to_string().into_bytes()),
            (4, self.snapshot.clone()),
        ]
    }
}

/// Calls all methods that read.
fn read_everything(cache: &Cache) {
    let watch = Watcher::over(cache, 0, 24);
    _ = cache.missing_ranges(&watch.query);
    _ = cache.read(&watch.query);
    _ = cache.status(&EntityKey::new("Loan", "1"));
    let other = Cache::new(Library).expect("policy and schema fit");
    other.restore(&cache.snapshot()).expect("a snapshot can be restored");
    cache.evict_to(cache.stats().bytes / 2);
}

/// Tokens that JSON readers or the cache may handle wrongly.
const WORDS: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "9223372036854775808",
    "-0.0",
    "[]",
    "{}",
    "[[]]",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"__typename\"",
    "\"id\"",
    "\"Loan\"",
    "\"Shelf\"",
    "\"1\"",
    "\"revision\"",
    "\"items\"",
    "\"2026-11-23T10:00:00Z\"",
    "\"9999-99-99\"",
    "\"data\"",
    "\"errors\"",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
];

/// Changes an input at up to five places. Most snapshots get a valid checksum afterwards.
fn mutate(rng: &mut Rng, mut bytes: Vec<u8>, kind: usize) -> Vec<u8> {
    let body = if kind == 4 { bytes.len().saturating_sub(8) } else { bytes.len() };
    let keeps_checksum = kind == 4 && rng.usize(..8) != 0;
    bytes.truncate(if keeps_checksum { body } else { bytes.len() });
    for _ in 0..=rng.usize(..4) {
        let len = bytes.len().max(1);
        let (from, to) = (rng.usize(..len), rng.usize(..len));
        let (from, to) = (from.min(to), from.max(to).min(bytes.len()));
        match rng.usize(..7) {
            0 if !bytes.is_empty() => bytes[from] ^= 1 << rng.usize(..8),
            1 if !bytes.is_empty() => bytes[from] = rng.usize(..256) as u8,
            2 => _ = bytes.drain(from..to.min(from + rng.usize(..20))),
            3 => {
                let piece: Vec<u8> = bytes[from..to.min(from + 60)].to_vec();
                let at = rng.usize(..bytes.len() + 1);
                bytes.splice(at..at, piece);
            }
            4 if kind != 4 => replace_word(rng, &mut bytes),
            5 if kind != 4 => replace_word(rng, &mut bytes),
            _ if rng.usize(..10) == 0 => bytes.truncate(from),
            _ => {}
        }
    }
    if keeps_checksum {
        let sum = fnv(&bytes).to_le_bytes();
        bytes.extend(sum);
    }
    bytes
}

/// Replaces the text between two JSON delimiters by a random token.
fn replace_word(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let is_border = |it: &u8| b",:{}[]".contains(it);
    let borders: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, it)| is_border(it)).map(|(at, _)| at).collect();
    let Some(at) = rng.choice(&borders).copied() else { return };
    let end = borders.iter().copied().find(|it| *it > at).unwrap_or(bytes.len());
    let word = rng.choice(WORDS).map_or("", |it| *it).bytes();
    bytes.splice(at + 1..end.max(at + 1), word);
}

/// The checksum of snapshots (FNV-1a).
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn mutated_input_never_panics() {
    let first = number_from_env("FUZZ_SEED").unwrap_or_default();
    #[allow(clippy::disallowed_methods, reason = "fuzzing runs for a given time")]
    let begin = Instant::now();
    let until = number_from_env("FUZZ_SECONDS").map(Duration::from_secs);
    let mut seed = first;
    loop {
        if until.map_or(seed >= first + ROUNDS, |it| begin.elapsed() >= it) {
            break;
        }
        // Catch the panic in order to print the seed.
        let result = std::panic::catch_unwind(|| run_round(seed));
        assert!(result.is_ok(), "run with FUZZ_SEED={seed} to reproduce");
        seed += 1;
    }
    println!("{} rounds", seed - first);
}

/// Applies five mutated inputs to one cache.
fn run_round(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let mut target = Target::new();
    let corpus = target.corpus();
    for _ in 0..5 {
        let Some((kind, bytes)) = rng.choice(&corpus) else { return };
        let bytes = mutate(&mut rng, bytes.clone(), *kind);
        target.expect_robust(*kind, &bytes);
    }
}

#[test]
fn the_unchanged_corpus_is_valid() {
    let mut target = Target::new();
    let (body, sum) = target.snapshot.split_at(target.snapshot.len() - 8);
    assert_eq!(fnv(body).to_le_bytes(), sum);
    for (kind, bytes) in target.corpus() {
        // The third input is a response to another operation, so it is refused.
        let is_good = !bytes.starts_with(br#"{"data":{"createLoan""#);
        assert_eq!(target.apply(kind, &bytes), is_good, "{}", String::from_utf8_lossy(&bytes));
    }
}
