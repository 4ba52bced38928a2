//! Not simulated yet.

use super::Utility;

pub(crate) async fn nohup(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn time(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn timeout(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn watch(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn xargs(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
