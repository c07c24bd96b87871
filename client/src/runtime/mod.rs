//! The differences between platforms: tasks, timers, clocks and random seeds.

#[cfg_attr(target_family = "wasm", path = "web.rs")]
mod native;

pub(crate) use native::{Clock, MaybeSend, can_spawn, random_seed, sleep, spawn, wall_time};
