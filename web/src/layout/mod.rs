//! Where appointments are drawn: days, lanes, and free times.

pub(crate) mod availability;
pub(crate) mod day_layout;
pub(crate) mod lanes;
pub(crate) mod layout_props;
