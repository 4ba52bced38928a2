//! Not simulated yet.

use super::Utility;

pub(crate) async fn sed(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
