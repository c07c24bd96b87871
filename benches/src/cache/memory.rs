//! What it takes to hold everything, counted by the allocator.

#![allow(unsafe_code, reason = "an allocator that counts; the only place where it is allowed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::Result;
use crate::data;
use crate::results::Report;
use crate::world::World;

/// Bytes that are allocated now, and were allocated while counting.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Whether to count: it costs, and would make the floors of the other cases higher than they are.
static COUNTS: AtomicBool = AtomicBool::new(false);

/// The system's allocator, which counts while it is asked to.
struct Counting;

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[inline]
fn count(more: usize, less: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        HELD.fetch_add(more.wrapping_sub(less), Ordering::Relaxed);
    }
}

fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}

/// Base and indexes with `n` appointments, and with one full view watched.
pub(crate) fn measure(report: &mut Report, n: usize) -> Result<()> {
    if !report.wants("memory") {
        return Ok(());
    }
    let answer = data::answer(n, 1);
    COUNTS.store(true, Ordering::Relaxed);
    let before = held();
    let world = World::told(&answer)?;
    report.memory("memory", n, held() - before, answer.len(), Some(1.3));
    let mut watch = world.cache.watch(&world.all);
    watch.view();
    report.memory("memory, one view", n, held() - before, answer.len(), None);
    COUNTS.store(false, Ordering::Relaxed);
    Ok(())
}
