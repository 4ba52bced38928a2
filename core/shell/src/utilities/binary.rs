//! Not simulated yet.

use super::Utility;

pub(crate) async fn base64(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn hexdump(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn od(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn sha256sum(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn xxd(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
