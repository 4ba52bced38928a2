//! How answers become text: tables, templates, durations and sizes, progress.

pub(crate) mod list;
pub(crate) mod progress;
pub(crate) mod template;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod units;
