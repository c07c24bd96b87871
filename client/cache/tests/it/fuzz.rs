//! Whatever comes over the wire or from a disk: nothing panics, and what is refused changes nothing.
//!
//! `FUZZ_SECONDS` says how long a corpus is mutated; `FUZZ_SEED` from where on.

#![allow(clippy::print_stdout, reason = "it says how much it did")]

use std::time::{Duration, Instant};

use cynic_cache::{Cache, EntityKey, Prediction, Prepared};
use serde_json::{Value, json};

use crate::library::Library;
use crate::oracle::Dice;
use crate::reading::any;
use crate::world::{Watcher, World, loan_json, payload_json, range_json};

/// Rounds where no time is given.
const ROUNDS: u64 = 2_000;

/// A cache in the middle of its life, and all that is told it.
struct Target {
    world: World,
    search: Prepared<Value>,
    changes: Prepared<Value>,
    snapshot: Vec<u8>,
}

const SEARCH: &str = r#"{ search(text: "x") { ... on Book { title pages weight tags language extra author { name born }
    chapters { title } } ... on Shelf { name books { title } } ... on Leaflet { text } } }"#;

impl Target {
    fn new() -> Self {
        let mut world = World::with("1:one@10 2:two@11");
        world.rename("mine", "1", "mine");
        let search = any(&world.cache, SEARCH, json!({})).expect("the schema has it");
        let changes = r#"subscription { loanChanges(shelf: "s1") { revision loan { id title from until } } }"#;
        let changes = any(&world.cache, changes, json!({})).expect("the schema has it");
        let snapshot = world.cache.snapshot();
        Self { world, search, changes, snapshot }
    }

    /// Tells it something; whether that was taken.
    fn takes(&mut self, kind: usize, bytes: &[u8]) -> bool {
        let mutation = self.world.mutation("m");
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
                let is_taken = fresh.restore(bytes).is_ok();
                assert!(is_taken || fresh.snapshot() == empty, "what is refused leaves nothing");
                look_at(&fresh);
                is_taken
            }
        }
    }

    /// Told anything, it goes on; and what is refused, or only expected, is not in the base.
    fn is_told(&mut self, kind: usize, bytes: &[u8]) {
        let before = self.world.cache.snapshot();
        let is_taken = self.takes(kind, bytes);
        if !is_taken || kind == 3 {
            assert_eq!(self.world.cache.snapshot(), before, "it changes nothing");
        }
        look_at(&self.world.cache);
        _ = self.world.watch.view();
        _ = self.world.watch.changes();
    }

    fn corpus(&self) -> Vec<(usize, Vec<u8>)> {
        let search = json!({"data": {"search": [
            {"__typename": "Book", "id": "b", "title": "Emma \u{e9}\"\\", "pages": 3, "weight": 1.5e3, "tags": ["a"],
             "language": "EN", "extra": {"a": [1, -2, 1.0e-3, null, {"b": true}]}, "author": {"__typename": "Person",
             "name": "Jane", "born": 1775}, "chapters": [{"__typename": "Chapter", "title": "I"}]},
            {"__typename": "Shelf", "id": "s", "name": "Novels", "revision": 1, "books": []},
            {"__typename": "Leaflet", "text": "t"}, {"__typename": "Film"}]},
            "errors": [{"message": "no", "path": ["search", 0, "pages"], "extensions": {"code": "X"}}]});
        let event = json!({"data": {"loanChanges": {"__typename": "LoanChange", "revision": 2,
            "loan": serde_json::from_str::<Value>(&loan_json("3:three@12#2")).unwrap_or_default()}}});
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

/// Everything that may be asked of a cache.
fn look_at(cache: &Cache) {
    let watch = Watcher::over(cache, 0, 24);
    _ = cache.missing_ranges(&watch.query);
    _ = cache.read(&watch.query);
    _ = cache.status(&EntityKey::new("Loan", "1"));
    let other = Cache::new(Library).expect("policy and schema fit");
    other.restore(&cache.snapshot()).expect("what it writes can be read");
    cache.evict_to(cache.stats().bytes / 2);
}

/// Words that JSON readers and we may stumble over.
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

fn mutate(dice: &mut Dice, mut bytes: Vec<u8>, kind: usize) -> Vec<u8> {
    let body = if kind == 4 { bytes.len().saturating_sub(8) } else { bytes.len() };
    let sum_holds = kind == 4 && !dice.one_in(8);
    bytes.truncate(if sum_holds { body } else { bytes.len() });
    for _ in 0..=dice.below(4) {
        let len = bytes.len().max(1);
        let (from, to) = (dice.below(len), dice.below(len));
        let (from, to) = (from.min(to), from.max(to).min(bytes.len()));
        match dice.below(7) {
            0 if !bytes.is_empty() => bytes[from] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[from] = dice.below(256) as u8,
            2 => _ = bytes.drain(from..to.min(from + dice.below(20))),
            3 => {
                let piece: Vec<u8> = bytes[from..to.min(from + 60)].to_vec();
                let at = dice.below(bytes.len() + 1);
                bytes.splice(at..at, piece);
            }
            4 if kind != 4 => word(dice, &mut bytes),
            5 if kind != 4 => word(dice, &mut bytes),
            _ if dice.one_in(10) => bytes.truncate(from),
            _ => {}
        }
    }
    if sum_holds {
        let sum = fnv(&bytes).to_le_bytes();
        bytes.extend(sum);
    }
    bytes
}

/// Another word in the place of one.
fn word(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let is_border = |it: &u8| b",:{}[]".contains(it);
    let borders: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, it)| is_border(it)).map(|(at, _)| at).collect();
    let Some(at) = dice.of(&borders).copied() else { return };
    let end = borders.iter().copied().find(|it| *it > at).unwrap_or(bytes.len());
    let word = dice.of(WORDS).map_or("", |it| *it).bytes();
    bytes.splice(at + 1..end.max(at + 1), word);
}

/// The checksum of snapshots (FNV-1a), so that what is mutated gets past it.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn fuzz() {
    let first = number("FUZZ_SEED").unwrap_or_default();
    #[allow(clippy::disallowed_methods, reason = "how long it may take is the machine's time")]
    let begin = Instant::now();
    let until = number("FUZZ_SECONDS").map(Duration::from_secs);
    let mut seed = first;
    loop {
        if until.map_or(seed >= first + ROUNDS, |it| begin.elapsed() >= it) {
            break;
        }
        // Said before, as a panic leaves no time for it.
        let told = std::panic::catch_unwind(|| round(seed));
        assert!(told.is_ok(), "FUZZ_SEED={seed} shows it again");
        seed += 1;
    }
    println!("{} rounds", seed - first);
}

/// A cache is told five mutated things, one after the other.
fn round(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut target = Target::new();
    let corpus = target.corpus();
    for _ in 0..5 {
        let Some((kind, bytes)) = dice.of(&corpus) else { return };
        let bytes = mutate(&mut dice, bytes.clone(), *kind);
        target.is_told(*kind, &bytes);
    }
}

#[test]
fn the_corpus_is_taken_as_it_is() {
    let mut target = Target::new();
    let (body, sum) = target.snapshot.split_at(target.snapshot.len() - 8);
    assert_eq!(fnv(body).to_le_bytes(), sum);
    for (kind, bytes) in target.corpus() {
        // The third is an answer to another operation, and there to be refused.
        let is_good = !bytes.starts_with(br#"{"data":{"createLoan""#);
        assert_eq!(target.takes(kind, &bytes), is_good, "{}", String::from_utf8_lossy(&bytes));
    }
}
