//! Where the command line would send a request over HTTP: what it names when it may not.

use swarm::control::ControlRequest as Control;

use super::Request;

/// Verb as Go's client words it, and the path behind the API version.
pub(crate) fn endpoint(request: &Request) -> (&'static str, String) {
    match request {
        Request::Control(control) => control_endpoint(control),
        Request::Ping => ("Get", "/_ping".into()),
        Request::Version => ("Get", "/version".into()),
        Request::SwarmInit(_) => ("Post", "/swarm/init".into()),
        Request::SwarmJoin(_) => ("Post", "/swarm/join".into()),
        Request::SwarmLeave { force } => {
            ("Post", if *force { "/swarm/leave?force=1" } else { "/swarm/leave" }.into())
        }
        Request::SwarmUnlock { .. } => ("Post", "/swarm/unlock".into()),
        Request::CreateService { .. } => ("Post", "/services/create".into()),
        Request::UpdateService { service, version, .. } => {
            ("Post", format!("/services/{service}/update?version={version}"))
        }
        Request::ServiceLogs { target, .. } => ("Get", format!("/services/{target}/logs")),
        Request::ListContainers { all, .. } => {
            ("Get", if *all { "/containers/json?all=1" } else { "/containers/json" }.into())
        }
        Request::InspectContainer { container } => ("Get", format!("/containers/{container}/json")),
        Request::CreateContainer(_) => ("Post", "/containers/create".into()),
        Request::StartContainer { container, .. } => {
            ("Post", format!("/containers/{container}/start"))
        }
        Request::StopContainer { container, .. } => {
            ("Post", format!("/containers/{container}/stop"))
        }
        Request::KillContainer { container, .. } => {
            ("Post", format!("/containers/{container}/kill"))
        }
        Request::RemoveContainer { container, .. } => {
            ("Delete", format!("/containers/{container}"))
        }
        Request::ContainerLogs { container, .. } => {
            ("Get", format!("/containers/{container}/logs"))
        }
        Request::CreateExec { container, .. } => ("Post", format!("/containers/{container}/exec")),
        Request::ListImages { .. } => ("Get", "/images/json".into()),
        Request::InspectImage { image } => ("Get", format!("/images/{image}/json")),
        Request::PullImage { reference, .. } => {
            let (name, tag) = reference.split_once(':').unwrap_or((reference, "latest"));
            ("Post", format!("/images/create?fromImage={name}&tag={tag}"))
        }
        Request::RemoveImage { image, .. } => ("Delete", format!("/images/{image}")),
        // The rest only follows on requests that were allowed, or asks how the daemon is.
        _ => ("Get", "/info".into()),
    }
}

fn control_endpoint(request: &Control) -> (&'static str, String) {
    let path = match request {
        Control::GetCluster => "/swarm",
        Control::GetUnlockKey => "/swarm/unlockkey",
        Control::UpdateCluster { .. } => return ("Post", "/swarm/update".into()),
        Control::ListNodes(_) => "/nodes",
        Control::ListServices(_) => "/services",
        Control::ListTasks(_) => "/tasks",
        Control::ListSecrets(_) => "/secrets",
        Control::ListConfigs(_) => "/configs",
        Control::ListNetworks(_) => "/networks",
        Control::CreateSecret { .. } => return ("Post", "/secrets/create".into()),
        Control::CreateConfig { .. } => return ("Post", "/configs/create".into()),
        Control::CreateNetwork { .. } => return ("Post", "/networks/create".into()),
        Control::GetNode { id } => return ("Get", format!("/nodes/{id}")),
        Control::GetService { id } => return ("Get", format!("/services/{id}")),
        Control::GetSecret { id } => return ("Get", format!("/secrets/{id}")),
        Control::GetConfig { id } => return ("Get", format!("/configs/{id}")),
        Control::RemoveNode { id, .. } => return ("Delete", format!("/nodes/{id}")),
        Control::RemoveService { id } => return ("Delete", format!("/services/{id}")),
        Control::RemoveSecret { id } => return ("Delete", format!("/secrets/{id}")),
        Control::RemoveConfig { id } => return ("Delete", format!("/configs/{id}")),
        _ => "/info",
    };
    ("Get", path.to_owned())
}
