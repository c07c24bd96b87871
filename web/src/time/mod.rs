//! Time as people read it: wall clock, the browser's time zones, and locales.

pub(crate) mod browser_time;
pub(crate) mod display;
pub(crate) mod locale;
pub(crate) mod wall_clock;
