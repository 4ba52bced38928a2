//! Not simulated yet.

use super::Utility;

pub(crate) async fn cp(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn mv(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
