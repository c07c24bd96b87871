//! Tests of the numbered cases of the domain.
//!
//! Elsewhere: cases on local times (21 to 24) in `domain`, cases on the page (15's second half, 24,
//! 35) with the page. Case 29 needs access control, which does not exist yet.

mod concurrency;
mod conflicts;
mod ranges;
mod validity;
