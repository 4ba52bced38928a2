//! Nodes as `inspect` shows them.

use serde_json::{Value as Json, json};
use swarm::objects::Node;

use super::cluster::tls_info;
use super::{Style, annotations, head, texts};

/// A node.
pub(crate) fn node(style: Style, node: &Node) -> Json {
    let mut spec = annotations(style, &node.spec.annotations);
    spec.put("Role", node.spec.desired_role.word());
    spec.put("Availability", node.spec.availability.word());
    let about = &node.description;
    let mut resources = style.object();
    resources.fill("NanoCPUs", about.nano_cpus).fill("MemoryBytes", about.memory_bytes);
    let plugins: Vec<Json> =
        about.plugins.iter().map(|(kind, name)| json!({"Type": kind, "Name": name})).collect();
    let mut engine = style.object();
    engine.fill("EngineVersion", about.engine_version.clone());
    engine.fill("Labels", texts(&about.engine_labels)).fill("Plugins", plugins);
    let mut platform = style.object();
    platform.fill("Architecture", about.arch.clone()).fill("OS", about.os.clone());
    let mut description = style.object();
    description.fill("Hostname", about.hostname.clone());
    description.put("Platform", platform.json()).put("Resources", resources.json());
    description.put("Engine", engine.json());
    if !style.profile.client_secret_lookup {
        description.put("TLSInfo", tls_info(style, &about.tls));
    }
    let mut status = style.object();
    status.put("State", node.status.state.word());
    status.fill("Message", node.status.message.clone()).fill("Addr", node.status.addr.clone());
    let manager = node.manager_status.as_ref().map(|manager| {
        let mut shown = style.object();
        shown.fill("Leader", manager.leader);
        shown
            .put("Reachability", manager.reachability.word())
            .fill("Addr", manager.addr.clone())
            .json()
    });
    let mut object = head(style, &node.id, &node.meta);
    object.put("Spec", spec.json()).put("Description", description.json());
    object.put("Status", status.json()).some("ManagerStatus", manager).json()
}
