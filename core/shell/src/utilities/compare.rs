//! Not simulated yet.

use super::Utility;

pub(crate) async fn cmp(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn comm(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn diff(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
