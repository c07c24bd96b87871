//! Input by mouse, touch and keyboard: drags, gestures and hit tests.

pub(crate) mod drag;
pub(crate) mod gestures;
pub(crate) mod hit_test;
mod pointer;
