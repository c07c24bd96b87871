//! The page's state: what is visible, what the client knows of it, and the actions that change it.

pub(crate) mod actions;
pub(crate) mod calendar_form;
pub(crate) mod calendar_list;
pub(crate) mod draft;
pub(crate) mod range_data;
pub(crate) mod route;
mod time_fields;
pub(crate) mod toasts;
mod undo;
pub(crate) mod view_state;
