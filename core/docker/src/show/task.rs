//! Tasks as `inspect` shows them.

use serde_json::{Value as Json, json};
use swarm::objects::Task;

use super::service::task_spec;
use super::{Style, annotations, head, texts, time};

/// A task.
pub(crate) fn task(style: Style, task: &Task) -> Json {
    let mut object = head(style, &task.id, &task.meta);
    // The API leaves a task's name out.
    let mut names = annotations(style, &task.annotations);
    if let Json::Object(members) = names.json()
        && members.contains_key("Labels")
    {
        object.put("Labels", texts(&task.annotations.labels));
    }
    object.put("Spec", task_spec(style, &task.spec));
    object.fill("ServiceID", task.service_id.as_str()).fill("Slot", task.slot);
    object.fill("NodeID", task.node_id.as_ref().map_or("", |id| id.as_str()));
    let mut status = style.object();
    status.put("Timestamp", time(task.status.timestamp)).put("State", task.status.state.word());
    status.fill("Message", task.status.message.clone());
    status.fill("Err", task.status.err.clone().unwrap_or_default());
    match &task.status.container {
        Some(container) if style.profile.empty_labels => {
            let shown = json!({
                "ContainerID": container.container_id,
                "PID": container.pid,
                "ExitCode": container.exit_code,
            });
            status.put("ContainerStatus", shown);
        }
        Some(container) => {
            let mut shown = style.object();
            shown.fill("ContainerID", container.container_id.clone());
            shown.fill("PID", container.pid).fill("ExitCode", container.exit_code);
            status.put("ContainerStatus", shown.json());
        }
        None if style.profile.empty_labels => {}
        None => {
            status.put("ContainerStatus", json!({}));
        }
    }
    object.put("Status", status.put("PortStatus", json!({})).json());
    object.put("DesiredState", task.desired_state.word());
    let networks: Vec<Json> = task
        .networks
        .iter()
        .map(|one| json!({"Network": {"ID": one.network.id.as_str()}, "Addresses": one.addresses}))
        .collect();
    object.fill("NetworksAttachments", networks);
    if let Some(iteration) = task.job_iteration {
        object.put("JobIteration", style.object().fill("Index", iteration).json());
    }
    object.json()
}
