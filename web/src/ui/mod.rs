//! The components of the page.

pub(crate) mod agenda;
pub(crate) mod badge;
pub(crate) mod board;
pub(crate) mod calendar_choice;
pub(crate) mod calendar_dialog;
pub(crate) mod card;
pub(crate) mod dialog;
mod form_fields;
pub(crate) mod ghost;
pub(crate) mod grid;
pub(crate) mod modal;
pub(crate) mod month;
pub(crate) mod navigation;
pub(crate) mod toasts;
