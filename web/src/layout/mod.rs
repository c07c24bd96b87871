//! Where appointments are drawn: days, lanes, free times and the drag preview.

pub(crate) mod availability;
pub(crate) mod day_layout;
pub(crate) mod ghost;
pub(crate) mod lanes;
pub(crate) mod layout_props;
