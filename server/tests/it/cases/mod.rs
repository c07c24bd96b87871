//! The cases of cases/domain.md, line by line. Those on local times (21 to 24) are pure and stand
//! in `domain`; those on the page (15's second half, 24, 35) come with it, 29 with access control.

mod concurrency;
mod conflicts;
mod ranges;
mod validity;
