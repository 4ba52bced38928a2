//! How far a lab was done, for the list of labs.

use serde::{Deserialize, Serialize};

use crate::Status;

/// How far a lab was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Parts that were done.
    pub done: u32,
    /// All parts that something is done with.
    pub all: u32,
    /// How the lab stands.
    pub status: Status,
}

impl Progress {
    /// As it is kept.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("plain data is always JSON")
    }

    /// Reads what was kept; anything else is no progress.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// In percent, rounded down: 100 only if all is done.
    pub fn percent(&self) -> u32 {
        (self.done * 100).checked_div(self.all).unwrap_or(0)
    }

    /// For people.
    pub fn words(&self) -> String {
        match self.status {
            Status::Passed => "done".to_owned(),
            Status::Failed => "done, something did not hold".to_owned(),
            Status::Ready if self.done == 0 => "not begun".to_owned(),
            _ => format!("{} of {}", self.done, self.all),
        }
    }
}
