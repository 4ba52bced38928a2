//! Not simulated yet.

use super::Utility;

pub(crate) async fn sort(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn uniq(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
