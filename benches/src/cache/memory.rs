//! Counts the memory of the cache with an allocator.

#![allow(unsafe_code, reason = "an allocator that counts; the only unsafe code of the repository")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use appointments_bench::Result;

use crate::data;
use crate::results::Results;
use crate::world::World;

/// The bytes that were allocated and not freed while the allocator counted.
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

/// Whether to count. Counting costs time, so it is off in the other cases.
static IS_COUNTING: AtomicBool = AtomicBool::new(false);

/// The system's allocator with a counter.
struct CountingAllocator;

// SAFETY: all calls are passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
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
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[inline]
fn count(more: usize, less: usize) {
    if IS_COUNTING.load(Ordering::Relaxed) {
        ALLOCATED.fetch_add(more.wrapping_sub(less), Ordering::Relaxed);
    }
}

fn allocated() -> usize {
    ALLOCATED.load(Ordering::Relaxed)
}

/// Measures a cache with `n` appointments, and then with one watch of all of them.
pub(crate) fn measure(results: &mut Results, n: usize) -> Result<()> {
    if !results.is_selected("memory") {
        return Ok(());
    }
    let response = data::response(n, 1);
    IS_COUNTING.store(true, Ordering::Relaxed);
    let before = allocated();
    let world = World::with(&response)?;
    results.add_memory("memory", n, allocated() - before, response.len(), Some(1.3));
    let mut watch = world.cache.watch(&world.all);
    watch.view();
    results.add_memory("memory, one view", n, allocated() - before, response.len(), None);
    IS_COUNTING.store(false, Ordering::Relaxed);
    Ok(())
}
