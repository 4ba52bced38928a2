//! Where the command line would send a request over HTTP: what it names when it may not.

use swarm::control::ControlRequest as Control;

use super::Request;

/// Verb as Go's client words it, and the path behind the API version.
pub(crate) fn endpoint(request: &Request) -> (&'static str, String) {
    if let Request::Control(control) = request {
        return control_endpoint(control);
    }
    let (verb, kind, name, what) = object_endpoint(request);
    let path = [kind, name, what].into_iter().filter(|part| !part.is_empty());
    let path: String = path.map(|part| format!("/{part}")).collect();
    (verb, path + &query(request))
}

/// What stands behind the path, as far as it matters to a reader.
fn query(request: &Request) -> String {
    match request {
        Request::SwarmLeave { force: true } => "?force=1".to_owned(),
        Request::UpdateService { version, .. } => format!("?version={version}"),
        Request::ListContainers { all: true, .. } => "?all=1".to_owned(),
        Request::CopyOut { path, .. } | Request::CopyIn { path, .. } => format!("?path={path}"),
        Request::RenameContainer { name, .. } => format!("?name={name}"),
        Request::CommitContainer { container, .. } => format!("?container={container}"),
        Request::PullImage { reference, .. } => {
            let (name, tag) = reference.split_once(':').unwrap_or((reference, "latest"));
            format!("?fromImage={name}&tag={tag}")
        }
        Request::ImportImage { reference, .. } => format!("?fromSrc=-&repo={reference}"),
        Request::SaveImages { images } => format!("?names={}", images.join("&names=")),
        Request::TagImage { reference, .. } => format!("?repo={reference}"),
        // What goes on for a while is asked for again and again; these are the questions.
        Request::PullProgress { pull } => format!("?progress={pull}"),
        Request::BuildProgress { build } => format!("?progress={build}"),
        _ => String::new(),
    }
}

/// The verb, and the parts of the path: a kind of objects, one of them, what of it.
fn object_endpoint(request: &Request) -> (&'static str, &'static str, &str, &'static str) {
    use Request as R;
    match request {
        R::Control(_) | R::Info => ("Get", "info", "", ""),
        R::Ping => ("Get", "_ping", "", ""),
        R::Version => ("Get", "version", "", ""),
        R::Events { .. } => ("Get", "events", "", ""),
        R::DiskUsage => ("Get", "system", "df", ""),
        R::Login { .. } => ("Post", "auth", "", ""),
        R::SwarmInit(_) => ("Post", "swarm", "init", ""),
        R::SwarmJoin(_) => ("Post", "swarm", "join", ""),
        R::SwarmLeave { .. } => ("Post", "swarm", "leave", ""),
        R::SwarmUnlock { .. } => ("Post", "swarm", "unlock", ""),
        R::CreateService { .. } => ("Post", "services", "create", ""),
        R::UpdateService { service, .. } => ("Post", "services", service, "update"),
        R::ServiceLogs { target, .. } => ("Get", "services", target, "logs"),
        R::ListContainers { .. } => ("Get", "containers", "json", ""),
        R::InspectContainer { container } => ("Get", "containers", container, "json"),
        R::CreateContainer(_) => ("Post", "containers", "create", ""),
        R::StartContainer { container, .. } => ("Post", "containers", container, "start"),
        R::WaitContainer { container, .. } => ("Post", "containers", container, "wait"),
        R::StopContainer { container, .. } => ("Post", "containers", container, "stop"),
        R::KillContainer { container, .. } => ("Post", "containers", container, "kill"),
        R::RemoveContainer { container, .. } => ("Delete", "containers", container, ""),
        R::PauseContainer { container, pause: true } => ("Post", "containers", container, "pause"),
        R::PauseContainer { container, .. } => ("Post", "containers", container, "unpause"),
        R::UpdateContainer { container, .. } => ("Post", "containers", container, "update"),
        R::AttachContainer { container, .. } => ("Post", "containers", container, "attach"),
        R::RenameContainer { container, .. } => ("Post", "containers", container, "rename"),
        R::TopContainer { container } => ("Get", "containers", container, "top"),
        R::DiffContainer { container } => ("Get", "containers", container, "changes"),
        R::CopyOut { container, .. } => ("Get", "containers", container, "archive"),
        R::CopyIn { container, .. } => ("Put", "containers", container, "archive"),
        R::ExportContainer { container } => ("Get", "containers", container, "export"),
        R::ContainerLogs { container, .. } => ("Get", "containers", container, "logs"),
        R::CreateExec { container, .. } => ("Post", "containers", container, "exec"),
        R::PruneContainers { .. } => ("Post", "containers", "prune", ""),
        R::CommitContainer { .. } => ("Post", "commit", "", ""),
        R::StartExec { exec, .. } => ("Post", "exec", exec, "start"),
        R::WaitExec { exec } | R::KillExec { exec, .. } => ("Get", "exec", exec, "json"),
        R::ListImages { .. } => ("Get", "images", "json", ""),
        R::InspectImage { image } => ("Get", "images", image, "json"),
        R::PullImage { .. } | R::PullProgress { .. } | R::ImportImage { .. } => {
            ("Post", "images", "create", "")
        }
        R::PushImage { reference, .. } => ("Post", "images", reference, "push"),
        R::TagImage { image, .. } => ("Post", "images", image, "tag"),
        R::ImageHistory { image } => ("Get", "images", image, "history"),
        R::RemoveImage { image, .. } => ("Delete", "images", image, ""),
        R::SaveImages { .. } => ("Get", "images", "get", ""),
        R::LoadImages { .. } => ("Post", "images", "load", ""),
        R::PruneImages { .. } => ("Post", "images", "prune", ""),
        R::BuildImage { .. } | R::BuildProgress { .. } | R::CancelBuild { .. } => {
            ("Post", "build", "", "")
        }
        R::PruneBuilds => ("Post", "build", "prune", ""),
        R::ListNetworks { .. } => ("Get", "networks", "", ""),
        R::InspectNetwork { network } => ("Get", "networks", network, ""),
        R::CreateNetwork(_) => ("Post", "networks", "create", ""),
        R::RemoveNetwork { network } => ("Delete", "networks", network, ""),
        R::ConnectNetwork { endpoint, .. } => ("Post", "networks", &endpoint.network, "connect"),
        R::DisconnectNetwork { network, .. } => ("Post", "networks", network, "disconnect"),
        R::PruneNetworks { .. } => ("Post", "networks", "prune", ""),
        R::ListVolumes { .. } => ("Get", "volumes", "", ""),
        R::InspectVolume { volume } => ("Get", "volumes", volume, ""),
        R::CreateVolume(_) => ("Post", "volumes", "create", ""),
        R::RemoveVolume { volume, .. } => ("Delete", "volumes", volume, ""),
        R::PruneVolumes { .. } => ("Post", "volumes", "prune", ""),
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
