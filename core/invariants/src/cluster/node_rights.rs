//! A node reads the secrets of its own pods and no others.

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "node_rights",
    statement: "whoever has a kubelet's credentials reads a secret only while a pod that is bound to that node names it",
    source: "kubernetes: `plugin/pkg/auth/authorizer/node`",
};

/// A secret was read with a kubelet's credentials; a pod of the node named it at some time since it was asked for, or
/// none did.
///
/// # Errors
/// If none did.
pub fn check(node: &str, secret: &str, is_named: bool) -> Verdict {
    ensure!(is_named, "{node} was given secret {secret}, which none of its pods names");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_secret_of_another_node() {
        check("w1", "alpha", true).unwrap();
        complains(check("w1", "alpha", false), &INVARIANT);
    }
}
