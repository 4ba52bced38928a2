//! Not simulated yet.

use super::Utility;

pub(crate) async fn chgrp(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn chmod(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

pub(crate) async fn chown(utility: Utility) -> i32 {
    utility.error("not simulated").await
}
