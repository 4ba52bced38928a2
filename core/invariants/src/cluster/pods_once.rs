//! A pod is one node's, and runs there once.

use sorted::SortedMap;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "pods_once",
    statement: "a pod's containers run on the node that it is bound to and on no other",
    source: "kubernetes: a binding is written once (`pkg/registry/core/pod/storage`, `assignPod`); a pod that is replaced has another UID",
};

/// What runs where: node, UID of the pod, the node that the pod names.
///
/// # Errors
/// Names a pod that runs on two nodes, or on one that is not its own.
pub fn check<'a>(running: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Verdict {
    let mut seen: SortedMap<&str, &str> = SortedMap::new();
    for (node, uid, own) in running {
        ensure!(node == own, "pod {uid} of node {own} runs on {node}");
        let other = seen.insert(uid, node).filter(|other| *other != node);
        ensure!(other.is_none(), "pod {uid} runs on {node} and on {}", other.unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_pod_on_two_nodes() {
        check([("a", "1", "a"), ("b", "2", "b")].into_iter()).unwrap();
        complains(check([("a", "1", "a"), ("b", "1", "a")].into_iter()), &INVARIANT);
    }
}
