//! `docker stack deploy` and `docker stack config` (docker/cli: `cli/command/stack`).

use sorted::SortedSet;
use std::rc::Rc;

use compose::{Host, Loaded, Rules, Source};
use daemon::api::{Request, Response};
use daemon::client::unexpected;
use os::Fd;
use swarm::control::{ControlRequest, ControlResponse};
use swarm::objects::{
    Annotations, ConfigReference, ConfigSpec, Id, SecretBytes, SecretReference, SecretSpec,
    Service, ServiceSpec,
};

use super::convert::{self, Content, Files, Namespace};
use super::spec;
use super::{check_manager, check_name, list, stack_networks, stack_services};
use crate::cli::{Cli, Failure};
use crate::commands::service::{progress, send_update};
use crate::commands::{created, go_error, network};
use crate::profile::Profile;
use crate::table::Outcome;

/// The files that were typed, with their texts.
async fn sources(cli: &Cli) -> Result<Vec<(String, String)>, Failure> {
    let mut sources = Vec::new();
    let typed = cli.matches.all("compose-file").iter();
    for name in typed.flat_map(|text| text.split(',')) {
        let bytes = if name == "-" {
            cli.proc.read_to_end(Fd::STDIN).await
        } else {
            cli.proc.read_file(name)
        };
        let bytes =
            bytes.map_err(|errno| Failure::text(format!("open {name}: {}", go_error(errno))))?;
        sources.push((name.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    if sources.is_empty() {
        return Err(Failure::text(cli.profile.stack_needs_file));
    }
    Ok(sources)
}

fn rules(profile: &Profile, keeps_variables: bool) -> Rules {
    let (major, minor) = (u16::from(profile.version.0), u16::from(profile.version.1));
    Rules {
        release: major * 100 + minor,
        newest: profile.compose_minor,
        version_is_optional: profile.compose_version_optional,
        keeps_variables,
        is_for_one_host: false,
    }
}

async fn load(cli: &Cli, keeps_variables: bool) -> Result<Loaded, Failure> {
    let files = sources(cli).await?;
    let sources: Vec<Source<'_>> = files.iter().map(|(name, text)| Source { name, text }).collect();
    let first = files.first().map_or("", |(name, _)| name.as_str());
    let folder = match first.rsplit_once('/') {
        Some((folder, _)) if folder.starts_with('/') => folder.to_owned(),
        Some((folder, _)) => format!("{}/{folder}", cli.proc.cwd()),
        None => cli.proc.cwd(),
    };
    let env = |name: &str| cli.proc.env(name);
    let read = |path: &str| match cli.proc.read_file(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(errno) => Err(format!("open {path}: {}", go_error(errno))),
    };
    let host = Host { env: &env, read: &read };
    let loaded = compose::load(&sources, &folder, rules(cli.profile, keeps_variables), &host);
    loaded.map_err(|error| {
        // Docker leaves it to the reader to find the line.
        let place = error.place.map(|place| format!("\n({place})")).unwrap_or_default();
        Failure::text(error.message + &place)
    })
}

/// `docker stack config`.
pub(crate) async fn config(cli: &Cli) -> Outcome {
    let loaded = load(cli, cli.is_set("skip-interpolation")).await?;
    cli.out(compose::emit(&loaded.root)).await;
    Ok(0)
}

/// `docker stack deploy`.
pub(crate) async fn deploy(cli: &Cli) -> Outcome {
    let stack = cli.arg(0);
    check_name(stack)?;
    match cli.flag("resolve-image").unwrap_or("always") {
        "always" | "changed" | "never" => {}
        other => {
            return Err(Failure::text(format!("Invalid option {other} for flag --resolve-image")));
        }
    }
    let loaded = load(cli, false).await?;
    if !loaded.unsupported.is_empty() {
        let names = loaded.unsupported.join(", ");
        cli.err(format!("Ignoring unsupported options: {names}\n\n")).await;
    }
    if !loaded.deprecated.is_empty() {
        let lines = loaded.deprecated.iter().map(|(name, reason)| format!("{name}: {reason}"));
        let lines = lines.collect::<Vec<_>>().join("\n\n");
        cli.err(format!("Ignoring deprecated options:\n\n{lines}\n\n")).await;
    }
    check_manager(cli).await?;
    if cli.profile.stack_detach_note && !cli.matches.changed("detach") {
        cli.err(progress::DETACH_NOTE).await;
    }
    let namespace = Namespace(stack);
    if cli.is_set("prune") {
        prune(cli, namespace, &loaded).await?;
    }
    make_networks(cli, namespace, &loaded).await?;
    for content in convert::contents(namespace, &loaded.root, "secrets") {
        make_secret(cli, content).await?;
    }
    for content in convert::contents(namespace, &loaded.root, "configs") {
        make_config(cli, content).await?;
    }
    let mut wanted = Vec::new();
    let entries = loaded.root.get("services").map_or(&[][..], compose::Node::entries);
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, node) in sorted {
        let spec = match files(cli, namespace, &loaded, node).await {
            Ok(files) => {
                let sent = cli.profile.insert_defaults;
                spec::service(namespace, &loaded.root, (key, node), files, sent)
            }
            Err(text) => Err(text),
        };
        wanted.push(spec.map_err(|text| Failure::text(format!("service {key}: {text}")))?);
    }
    make_services(cli, stack, wanted).await
}

/// Services of the stack that the file no longer has.
async fn prune(cli: &Cli, namespace: Namespace<'_>, loaded: &Loaded) -> Result<(), Failure> {
    let services = loaded.root.get("services");
    for service in stack_services(cli, namespace.0).await? {
        let name = &service.spec.annotations.name;
        if services.and_then(|all| all.get(namespace.descope(name))).is_none() {
            list::remove_service(cli, &service).await?;
        }
    }
    Ok(())
}

async fn make_networks(
    cli: &Cli,
    namespace: Namespace<'_>,
    loaded: &Loaded,
) -> Result<(), Failure> {
    let (made, external) = convert::networks(namespace, &loaded.root);
    for name in external {
        if matches!(name.as_str(), "host" | "none" | "bridge" | "default") {
            continue;
        }
        match network::details(cli, &name).await {
            Ok(found) if found.network.is_swarm => {}
            Ok(_) => {
                return Err(Failure::text(format!(
                    "network \"{name}\" is declared as external, but it is not in the right scope: \
                     \"local\" instead of \"swarm\""
                )));
            }
            Err(error) if error.is_not_found() => {
                return Err(Failure::text(format!(
                    "network \"{name}\" is declared as external, but could not be found. You need to \
                     create a swarm-scoped network before the stack is deployed"
                )));
            }
            Err(error) => return Err(Failure::Api(error)),
        }
    }
    let known = stack_networks(cli, namespace.0).await?;
    let known: SortedSet<&str> = known.iter().map(|one| one.network.name.as_str()).collect();
    for (_, wanted) in made {
        if known.contains(wanted.name.as_str()) {
            continue;
        }
        let name = wanted.name.clone();
        cli.out(format!("Creating network {name}\n")).await;
        if let Err(error) = created(cli, Request::CreateNetwork(Box::new(wanted))).await {
            let text = Failure::Api(error).message(cli.profile);
            return Err(Failure::text(format!("failed to create network {name}: {text}")));
        }
    }
    Ok(())
}

/// The bytes of a secret's or config's file.
fn bytes(cli: &Cli, content: &Content) -> Result<SecretBytes, Failure> {
    let Content { annotations, file, driver, .. } = content;
    if !driver.is_empty() {
        return Err(Failure::text(format!(
            "not simulated: the driver {driver} of {}",
            annotations.name
        )));
    }
    let bytes = cli.proc.read_file(file);
    let bytes =
        bytes.map_err(|errno| Failure::text(format!("open {file}: {}", go_error(errno))))?;
    Ok(SecretBytes::from(bytes))
}

async fn make_secret(cli: &Cli, content: Content) -> Result<(), Failure> {
    let data = bytes(cli, &content)?;
    let Annotations { name, .. } = content.annotations.clone();
    let spec = Box::new(SecretSpec {
        annotations: content.annotations,
        data,
        templating: content.templating,
        ..SecretSpec::default()
    });
    let known = ControlRequest::GetSecret { id: Id::from(name.as_str()) };
    let request = match cli.client.control(known).await {
        Ok(ControlResponse::Secret(known)) => {
            ControlRequest::UpdateSecret { id: known.id.clone(), version: known.meta.version, spec }
        }
        Err(error) if !error.is_not_found() => return Err(Failure::Api(error)),
        _ => ControlRequest::CreateSecret { spec },
    };
    make(cli, "secret", &name, request).await
}

async fn make_config(cli: &Cli, content: Content) -> Result<(), Failure> {
    let data = bytes(cli, &content)?;
    let Annotations { name, .. } = content.annotations.clone();
    let spec = Box::new(ConfigSpec {
        annotations: content.annotations,
        data,
        templating: content.templating,
    });
    let known = ControlRequest::GetConfig { id: Id::from(name.as_str()) };
    let request = match cli.client.control(known).await {
        Ok(ControlResponse::Config(known)) => {
            ControlRequest::UpdateConfig { id: known.id.clone(), version: known.meta.version, spec }
        }
        Err(error) if !error.is_not_found() => return Err(Failure::Api(error)),
        _ => ControlRequest::CreateConfig { spec },
    };
    make(cli, "config", &name, request).await
}

async fn make(cli: &Cli, kind: &str, name: &str, request: ControlRequest) -> Result<(), Failure> {
    let is_new = matches!(
        request,
        ControlRequest::CreateSecret { .. } | ControlRequest::CreateConfig { .. }
    );
    let verb = if is_new { "create" } else { "update" };
    if is_new {
        cli.out(format!("Creating {kind} {name}\n")).await;
    }
    match cli.client.control(request).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = Failure::Api(error).message(cli.profile);
            Err(Failure::text(format!("failed to {verb} {kind} {name}: {text}")))
        }
    }
}

/// Looks the secrets and configs of a service up, by exact name.
async fn files(
    cli: &Cli,
    namespace: Namespace<'_>,
    loaded: &Loaded,
    node: &compose::Node,
) -> Result<Files, String> {
    let mut files = Files::default();
    for (name, file) in convert::references(namespace, &loaded.root, node, "secrets")? {
        let found = cli.client.control(ControlRequest::GetSecret { id: Id::from(name.as_str()) });
        match found.await {
            Ok(ControlResponse::Secret(found)) if found.spec.annotations.name == name => {
                let (secret_id, file) = (found.id.clone(), Some(file));
                files.secrets.push(SecretReference { secret_id, secret_name: name, file });
            }
            Err(error) if !error.is_not_found() => {
                return Err(Failure::Api(error).message(cli.profile));
            }
            _ => return Err(format!("secret not found: {name}")),
        }
    }
    for (name, file) in convert::references(namespace, &loaded.root, node, "configs")? {
        let found = cli.client.control(ControlRequest::GetConfig { id: Id::from(name.as_str()) });
        match found.await {
            Ok(ControlResponse::Config(found)) if found.spec.annotations.name == name => {
                let (config_id, file) = (found.id.clone(), Some(file));
                let reference =
                    ConfigReference { config_id, config_name: name, file, runtime: false };
                files.configs.push(reference);
            }
            Err(error) if !error.is_not_found() => {
                return Err(Failure::Api(error).message(cli.profile));
            }
            _ => return Err(format!("config not found: {name}")),
        }
    }
    Ok(files)
}

async fn make_services(cli: &Cli, stack: &str, wanted: Vec<ServiceSpec>) -> Outcome {
    let known = stack_services(cli, stack).await?;
    let resolve = cli.flag("resolve-image").unwrap_or("always").to_owned();
    let mut names = Vec::new();
    for mut spec in wanted {
        let name = spec.annotations.name.clone();
        names.push(name.clone());
        let old = known.iter().find(|service| service.spec.annotations.name == name);
        match old {
            Some(old) => update(cli, old, &mut spec, &resolve).await?,
            None => {
                cli.out(format!("Creating service {name}\n")).await;
                let query_registry = resolve != "never";
                let request = Request::CreateService { spec: Box::new(spec), query_registry };
                match cli.client.ask(request).await {
                    Ok(Response::ServiceCreated { warnings, .. }) => {
                        for warning in warnings {
                            cli.err(format!("{warning}\n")).await;
                        }
                    }
                    Ok(other) => return Err(Failure::Api(unexpected(&other))),
                    Err(error) => {
                        let text = Failure::Api(error).message(cli.profile);
                        let text = format!("failed to create service {name}: {text}");
                        return Err(Failure::text(text));
                    }
                }
            }
        }
    }
    if cli.matches.changed("detach") && !cli.is_set("detach") {
        for name in names {
            progress::wait(cli, &name, &name).await?;
        }
    }
    Ok(0)
}

async fn update(
    cli: &Cli,
    old: &Rc<Service>,
    spec: &mut ServiceSpec,
    resolve: &str,
) -> Result<(), Failure> {
    let name = &spec.annotations.name;
    cli.out(format!("Updating service {name} (id: {})\n", old.id)).await;
    // An update that nobody forced keeps the tasks that a force has made.
    spec.task.force_update = old.spec.task.force_update;
    let label = old.spec.annotations.labels.get(convert::IMAGE);
    let image_changed = label != Some(&spec.task.container.image);
    let query_registry = resolve == "always" || resolve == "changed" && image_changed;
    if !query_registry && !image_changed {
        spec.task.container.image.clone_from(&old.spec.task.container.image);
    }
    send_update(cli, old, spec.clone(), false, query_registry).await.map_err(|failure| {
        let text = failure.message(cli.profile);
        Failure::text(format!("failed to update service {name}: {text}"))
    })
}
