//! Programs that are found where they belong, and that say what they lack.

use super::Utility;

pub(crate) async fn lacking(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
