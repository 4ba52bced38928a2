//! JSON for programs that calculate with it: `jq`, and Python's `json`. What only crosses an interface is `serde_json`'s,
//! whose numbers are floats.

mod decimal;
mod reader;
mod value;

pub use decimal::Decimal;
pub use reader::{Reader, Wrong};
pub use value::{Json, Style};
