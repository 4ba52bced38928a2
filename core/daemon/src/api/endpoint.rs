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
        Request::WaitContainer { container, .. } => {
            ("Post", format!("/containers/{container}/wait"))
        }
        Request::CommitContainer { container, .. } => {
            ("Post", format!("/commit?container={container}"))
        }
        Request::PauseContainer { container, pause } => (
            "Post",
            format!("/containers/{container}/{}", if *pause { "pause" } else { "unpause" }),
        ),
        Request::UpdateContainer { container, .. } => {
            ("Post", format!("/containers/{container}/update"))
        }
        Request::AttachContainer { container, .. } => {
            ("Post", format!("/containers/{container}/attach"))
        }
        Request::TopContainer { container } => ("Get", format!("/containers/{container}/top")),
        Request::DiffContainer { container } => ("Get", format!("/containers/{container}/changes")),
        Request::CopyOut { container, path } => {
            ("Get", format!("/containers/{container}/archive?path={path}"))
        }
        Request::CopyIn { container, path, .. } => {
            ("Put", format!("/containers/{container}/archive?path={path}"))
        }
        Request::ExportContainer { container } => {
            ("Get", format!("/containers/{container}/export"))
        }
        Request::RenameContainer { container, name } => {
            ("Post", format!("/containers/{container}/rename?name={name}"))
        }
        Request::StartExec { exec, .. } => ("Post", format!("/exec/{exec}/start")),
        Request::WaitExec { exec } | Request::KillExec { exec, .. } => {
            ("Get", format!("/exec/{exec}/json"))
        }
        Request::PruneContainers { .. } => ("Post", "/containers/prune".into()),
        Request::PruneImages { .. } => ("Post", "/images/prune".into()),
        Request::PruneNetworks { .. } => ("Post", "/networks/prune".into()),
        Request::PruneVolumes { .. } => ("Post", "/volumes/prune".into()),
        Request::PruneBuilds => ("Post", "/build/prune".into()),
        Request::SaveImages { images } => {
            ("Get", format!("/images/get?names={}", images.join("&names=")))
        }
        Request::LoadImages { .. } => ("Post", "/images/load".into()),
        Request::ImportImage { reference, .. } => {
            ("Post", format!("/images/create?fromSrc=-&repo={reference}"))
        }
        Request::PushImage { reference, .. } => ("Post", format!("/images/{reference}/push")),
        Request::TagImage { image, reference } => {
            ("Post", format!("/images/{image}/tag?repo={reference}"))
        }
        Request::ImageHistory { image } => ("Get", format!("/images/{image}/history")),
        Request::BuildImage { .. } | Request::CancelBuild { .. } => ("Post", "/build".into()),
        Request::Login { .. } => ("Post", "/auth".into()),
        Request::Events { .. } => ("Get", "/events".into()),
        Request::DiskUsage => ("Get", "/system/df".into()),
        Request::ListNetworks { .. } => ("Get", "/networks".into()),
        Request::InspectNetwork { network } => ("Get", format!("/networks/{network}")),
        Request::CreateNetwork(_) => ("Post", "/networks/create".into()),
        Request::RemoveNetwork { network } => ("Delete", format!("/networks/{network}")),
        Request::ConnectNetwork { endpoint, .. } => {
            ("Post", format!("/networks/{}/connect", endpoint.network))
        }
        Request::DisconnectNetwork { network, .. } => {
            ("Post", format!("/networks/{network}/disconnect"))
        }
        Request::ListVolumes { .. } => ("Get", "/volumes".into()),
        Request::InspectVolume { volume } => ("Get", format!("/volumes/{volume}")),
        Request::CreateVolume(_) => ("Post", "/volumes/create".into()),
        Request::RemoveVolume { volume, .. } => ("Delete", format!("/volumes/{volume}")),
        Request::Info => ("Get", "/info".into()),
        // What goes on for a while is asked for again and again; these are the questions.
        Request::PullProgress { pull } => ("Post", format!("/images/create?progress={pull}")),
        Request::BuildProgress { build } => ("Post", format!("/build?progress={build}")),
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
        Control::UpdateSecret { id, .. } => return ("Post", format!("/secrets/{id}/update")),
        Control::UpdateConfig { id, .. } => return ("Post", format!("/configs/{id}/update")),
        Control::UpdateNode { id, .. } => return ("Post", format!("/nodes/{id}/update")),
        Control::GetTask { id } => return ("Get", format!("/tasks/{id}")),
        Control::RemoveNetwork { id } => return ("Delete", format!("/networks/{id}")),
        Control::GetNetwork { id } => return ("Get", format!("/networks/{id}")),
        _ => "/info",
    };
    ("Get", path.to_owned())
}
