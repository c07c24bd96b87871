//! What differs between platforms: tasks, clocks, chance.

#[cfg_attr(target_family = "wasm", path = "web.rs")]
mod native;

pub(crate) use native::{Clock, Moves, entropy, is_here, sleep, spawn, today};
