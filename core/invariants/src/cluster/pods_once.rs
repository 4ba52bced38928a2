//! A pod is one node's, and runs there once.

use sorted::SortedMap;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "pods_once",
    statement: "a pod's containers run on the node that it is bound to and on no other, and each of them once",
    source: "kubernetes: a binding is written once (`pkg/registry/core/pod/storage`, `assignPod`); a pod that is replaced has another UID; a kubelet takes up the containers that it finds (`kuberuntime`, `computePodActions`)",
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

/// The running containers of one node: UID of the pod, name in the pod.
///
/// # Errors
/// Names a container of a pod that runs twice.
pub fn check_containers<'a>(
    node: &str,
    running: impl Iterator<Item = (&'a str, &'a str)>,
) -> Verdict {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for one in running {
        ensure!(!seen.contains(&one), "container {} of pod {} runs twice on {node}", one.1, one.0);
        seen.push(one);
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

    #[test]
    fn a_container_twice() {
        check_containers("a", [("1", "c"), ("1", "d"), ("2", "c")].into_iter()).unwrap();
        complains(check_containers("a", [("1", "c"), ("1", "c")].into_iter()), &INVARIANT);
    }
}
