//! Mouse, touch and keyboard: drags, gestures, and what is under the pointer.

pub(crate) mod drag;
pub(crate) mod gestures;
pub(crate) mod hit_test;
