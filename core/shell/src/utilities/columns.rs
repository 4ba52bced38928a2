//! Not simulated yet.

use super::Utility;

pub(crate) async fn cut(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn expr(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn fold(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn paste(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn tr(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
