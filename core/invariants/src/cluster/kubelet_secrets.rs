//! A kubelet holds the secrets of its pods and no others.

use sorted::SortedSet;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "kubelet_secrets",
    statement: "a kubelet has a secret or config map in memory only if one of its pods names it",
    source: "kubernetes `pkg/kubelet/util/manager`: an object is registered with its pods and goes with the last; node authoriser",
};

/// An object: resource, namespace and name.
pub type Object = (String, String, String);

/// What a kubelet holds, and what its pods name.
///
/// # Errors
/// Names an object that no pod of the node names.
pub fn check(node: &str, held: &[Object], named: &SortedSet<Object>) -> Verdict {
    let stranger = held.iter().find(|object| !named.contains(*object));
    if let Some((resource, namespace, name)) = stranger {
        ensure!(
            false,
            "the kubelet of {node} holds {resource} {namespace}/{name}, which none of its pods uses"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_secret_that_no_pod_uses() {
        let object = |name: &str| ("secrets".to_owned(), "default".to_owned(), name.to_owned());
        let named = SortedSet::from([object("a")]);
        check("worker1", &[object("a")], &named).unwrap();
        complains(check("worker1", &[object("b")], &named), &INVARIANT);
    }
}
