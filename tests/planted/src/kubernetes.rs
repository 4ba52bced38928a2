//! What is right or wrong in a Kubernetes.

use crate::lab::{Lab, Step};

/// A kubelet that starts finds what an earlier one has started, and lets it run.
pub(crate) fn kubelet_starts_again(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "kubectl create deployment web --image=nginx:alpine --replicas=4")?;
    lab.wait(30)?;
    for node in ["w1", "w2"] {
        lab.says(node, "systemctl restart kubelet")?;
        lab.wait(30)?;
    }
    let pods = lab.says("m1", "kubectl get pods --no-headers")?;
    let running = pods.lines().filter(|pod| pod.contains(" 1/1 ") && pod.contains(" Running   0 "));
    lab.expect(running.count() == 4, "pods_outlive_their_kubelet")
}

/// Who only listens on a connection learns all the same that nobody is at its other end any more.
pub(crate) fn watch_is_cut(lab: &mut Lab<'_>) -> Step {
    lab.type_line("w1", "kubectl get pods --watch")?;
    lab.wait(5)?;
    lab.cut("w1", true)?;
    lab.wait(60)?;
    lab.expect(lab.is_at_prompt("w1"), "a_silent_watch_ends")
}
