//! All texts of the page, in English and German.

pub(crate) mod labels;
pub(crate) mod messages;
pub(crate) mod refusals;
