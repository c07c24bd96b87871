//! What differs between platforms: tasks, clocks, chance.

#[cfg_attr(target_family = "wasm", path = "web.rs")]
mod native;

pub(crate) use native::{Clock, entropy, is_here, sleep, spawn, today};
