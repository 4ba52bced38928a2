//! `docker swarm`.

use std::rc::Rc;

use daemon::api::{Error, Request, SwarmInit, SwarmJoin};
use os::Fd;
use swarm::control::{ControlRequest, ControlResponse, KeyRotation};
use swarm::objects::{Availability, Cluster, ClusterSpec, Id, SecretBytes};

use super::{changed, created, info, wrong};
use crate::cli::{Cli, Failure};
use crate::help;
use crate::show::secret::base64;
use crate::table::Outcome;
use crate::value;

/// Where a manager listens unless told otherwise.
const LISTEN_ADDR: &str = "0.0.0.0:2377";

fn availability(cli: &Cli) -> Result<Availability, Failure> {
    let Some(text) = cli.flag("availability") else { return Ok(Availability::Active) };
    parse_availability(text).ok_or_else(|| {
        Failure::text(format!(
            "invalid availability {}, only active, pause and drain are supported",
            value::quote(text)
        ))
    })
}

/// A node's availability as it is typed.
pub(crate) fn parse_availability(text: &str) -> Option<Availability> {
    match text.to_lowercase().as_str() {
        "active" => Some(Availability::Active),
        "pause" => Some(Availability::Pause),
        "drain" => Some(Availability::Drain),
        _ => None,
    }
}

/// The settings that flags ask for.
pub(super) fn with_flags(cli: &Cli, mut spec: ClusterSpec) -> ClusterSpec {
    if let Some(span) = cli.flag("cert-expiry").and_then(value::duration) {
        spec.node_cert_expiry = span;
    }
    if let Some(span) = cli.flag("dispatcher-heartbeat").and_then(value::duration) {
        spec.heartbeat_period = span;
    }
    if let Some(count) = cli.flag("max-snapshots").and_then(|text| text.parse().ok()) {
        spec.raft.keep_old_snapshots = count;
    }
    if let Some(count) = cli.flag("snapshot-interval").and_then(|text| text.parse().ok()) {
        spec.raft.snapshot_interval = count;
    }
    if let Some(count) = cli.flag("task-history-limit").and_then(|text| text.parse().ok()) {
        spec.task_history_limit = count;
    }
    if cli.matches.changed("autolock") {
        spec.autolock = cli.is_set("autolock");
    }
    spec
}

/// Every host answers on one port.
fn listen_addr(cli: &Cli) -> Result<String, Failure> {
    let addr = cli.flag("listen-addr").unwrap_or(LISTEN_ADDR);
    match addr.rsplit_once(':') {
        Some((_, port)) if port != "2377" => {
            Err(Failure::text(format!("not simulated: managers on port {port}")))
        }
        _ => Ok(addr.to_owned()),
    }
}

/// `docker swarm init`.
pub(crate) async fn init(cli: &Cli) -> Outcome {
    let mut spec = with_flags(cli, ClusterSpec::default());
    spec.raft.election_tick = cli.profile.election_ticks;
    let text = |flag: &str| cli.flag(flag).unwrap_or_default().to_owned();
    let autolock = spec.autolock;
    let init = SwarmInit {
        listen_addr: listen_addr(cli)?,
        advertise_addr: text("advertise-addr"),
        data_path_addr: text("data-path-addr"),
        force_new_cluster: cli.is_set("force-new-cluster"),
        spec,
        availability: availability(cli)?,
        default_addr_pool: cli.matches.all("default-addr-pool").to_vec(),
        subnet_size: cli
            .flag("default-addr-pool-mask-length")
            .and_then(|text| text.parse().ok())
            .unwrap_or(24),
        data_path_port: cli.flag("data-path-port").and_then(|text| text.parse().ok()).unwrap_or(0),
    };
    let node = match created(cli, Request::SwarmInit(init)).await {
        Ok(node) => node,
        Err(error) => {
            let message = Failure::Api(error.clone()).message(cli.profile);
            let is_choice = message.contains("could not choose an IP address to advertise")
                || message.contains("could not find the system's IP address");
            return Err(if is_choice && !message.contains("specify one with") {
                Failure::text(format!("{message} - specify one with --advertise-addr"))
            } else {
                Failure::Api(error)
            });
        }
    };
    let gap = if cli.profile.init_gap { "\n" } else { "" };
    cli.out(format!("Swarm initialized: current node ({node}) is now a manager.\n{gap}\n")).await;
    show_join_command(cli, &node, true).await?;
    cli.out(
        "To add a manager to this swarm, run 'docker swarm join-token manager' and follow the \
         instructions.\n\n",
    )
    .await;
    if autolock {
        let key = unlock_key_text(cli).await?;
        show_unlock_key(cli, &key.unwrap_or_default()).await;
    }
    Ok(0)
}

pub(super) async fn cluster(cli: &Cli) -> Result<Rc<Cluster>, Error> {
    match cli.client.control(ControlRequest::GetCluster).await? {
        ControlResponse::Cluster(cluster) => Ok(cluster),
        other => Err(wrong(other)),
    }
}

async fn show_join_command(cli: &Cli, node: &str, worker: bool) -> Result<(), Failure> {
    let request = ControlRequest::GetNode { id: Id::from(node) };
    let node = match cli.client.control(request).await? {
        ControlResponse::Node(node) => node,
        other => return Err(Failure::Api(wrong(other))),
    };
    let cluster = cluster(cli).await?;
    let Some(manager) = &node.manager_status else { return Ok(()) };
    let (role, token) = if worker {
        ("worker", &cluster.root_ca.worker_token)
    } else {
        ("manager", &cluster.root_ca.manager_token)
    };
    let (addr, gap) = (&manager.addr, if cli.profile.join_on_one_line { " " } else { " \\\n    " });
    cli.out(format!(
        "To add a {role} to this swarm, run the following command:\n\n    docker swarm \
         join{gap}--token {token}{gap}{addr}\n\n"
    ))
    .await;
    Ok(())
}

/// `docker swarm join`.
pub(crate) async fn join(cli: &Cli) -> Outcome {
    let text = |flag: &str| cli.flag(flag).unwrap_or_default().to_owned();
    let join = SwarmJoin {
        remote_addrs: vec![cli.arg(0).to_owned()],
        token: text("token"),
        listen_addr: listen_addr(cli)?,
        advertise_addr: text("advertise-addr"),
        data_path_addr: text("data-path-addr"),
        availability: availability(cli)?,
    };
    cli.client.done(Request::SwarmJoin(join)).await?;
    let is_manager = info(cli).await?.swarm.control_available;
    let role = if is_manager { "manager" } else { "worker" };
    cli.out(format!("This node joined a swarm as a {role}.\n")).await;
    Ok(0)
}

/// `docker swarm join-token`.
pub(crate) async fn join_token(cli: &Cli) -> Outcome {
    let role = cli.arg(0);
    let worker = match role {
        "worker" => true,
        "manager" => false,
        other => return Err(Failure::text(format!("unknown role {other}"))),
    };
    let quiet = cli.is_set("quiet");
    if cli.is_set("rotate") {
        let before = cluster(cli).await?;
        let rotation =
            KeyRotation { worker_token: worker, manager_token: !worker, ..KeyRotation::default() };
        update_cluster(cli, &before, before.spec.clone(), rotation).await?;
        if !quiet {
            cli.out(format!("Successfully rotated {role} join token.\n\n")).await;
        }
    }
    if quiet {
        let cluster = cluster(cli).await?;
        let ca = &cluster.root_ca;
        let token = if worker { &ca.worker_token } else { &ca.manager_token };
        cli.out(format!("{token}\n")).await;
        return Ok(0);
    }
    // Whoever is no manager learns it from the first question to one.
    cluster(cli).await?;
    let node = info(cli).await?.swarm.node_id;
    show_join_command(cli, &node, worker).await?;
    Ok(0)
}

pub(super) async fn update_cluster(
    cli: &Cli,
    before: &Cluster,
    spec: ClusterSpec,
    rotation: KeyRotation,
) -> Result<(), Error> {
    let version = before.meta.version;
    changed(cli, ControlRequest::UpdateCluster { version, spec: Box::new(spec), rotation }).await
}

/// `docker swarm leave`.
pub(crate) async fn leave(cli: &Cli) -> Outcome {
    cli.client.done(Request::SwarmLeave { force: cli.is_set("force") }).await?;
    cli.out("Node left the swarm.\n").await;
    Ok(0)
}

/// `docker swarm update`.
pub(crate) async fn update(cli: &Cli) -> Outcome {
    if cli.matches.names().next().is_none() {
        let columns = cli.proc.columns();
        let text = help::command_help(cli.profile, &cli.typed, cli.command, columns);
        cli.err(text).await;
        return Ok(0);
    }
    let before = cluster(cli).await?;
    let was_locked = before.spec.autolock;
    let spec = with_flags(cli, before.spec.clone());
    let is_locked = spec.autolock;
    update_cluster(cli, &before, spec, KeyRotation::default()).await?;
    cli.out("Swarm updated.\n").await;
    if is_locked && !was_locked {
        let key = unlock_key_text(cli).await?;
        show_unlock_key(cli, &key.unwrap_or_default()).await;
    }
    Ok(0)
}

fn key_text(key: &SecretBytes) -> String {
    format!("SWMKEY-1-{}", base64(key.expose()).trim_end_matches('='))
}

async fn unlock_key_text(cli: &Cli) -> Result<Option<String>, Failure> {
    match cli.client.control(ControlRequest::GetUnlockKey).await {
        Ok(ControlResponse::UnlockKey { key, .. }) => Ok(key.as_ref().map(key_text)),
        Ok(other) => Err(Failure::Api(wrong(other))),
        Err(error) => {
            let message = Failure::Api(error).message(cli.profile);
            Err(Failure::text(format!("could not fetch unlock key: {message}")))
        }
    }
}

async fn show_unlock_key(cli: &Cli, key: &str) {
    let remember = if cli.profile.please { "Please remember" } else { "Remember" };
    cli.out(format!(
        "To unlock a swarm manager after it restarts, run the `docker swarm unlock`\ncommand and \
         provide the following key:\n\n    {key}\n\n{remember} to store this key in a password \
         manager, since without it you\nwill not be able to restart the manager.\n"
    ))
    .await;
}

/// `docker swarm unlock-key`.
pub(crate) async fn unlock_key(cli: &Cli) -> Outcome {
    let quiet = cli.is_set("quiet");
    if cli.is_set("rotate") {
        let before = cluster(cli).await?;
        if !before.spec.autolock {
            return Err(Failure::text("cannot rotate because autolock is not turned on"));
        }
        let rotation = KeyRotation { unlock_key: true, ..KeyRotation::default() };
        update_cluster(cli, &before, before.spec.clone(), rotation).await?;
        if !quiet {
            cli.out("Successfully rotated manager unlock key.\n\n").await;
        }
    }
    let Some(key) = unlock_key_text(cli).await? else {
        return Err(Failure::text("no unlock key is set"));
    };
    if quiet {
        cli.out(format!("{key}\n")).await;
    } else {
        show_unlock_key(cli, &key).await;
    }
    Ok(0)
}

/// `docker swarm unlock`.
pub(crate) async fn unlock(cli: &Cli) -> Outcome {
    let state = info(cli).await?.swarm.state;
    match state {
        daemon::api::LocalState::Inactive => {
            return Err(Failure::text("Error: This node is not part of a swarm"));
        }
        daemon::api::LocalState::Locked => {}
        _ => return Err(Failure::text("Error: swarm is not locked")),
    }
    let line = if cli.proc.is_terminal(Fd::STDIN) {
        let prompt =
            if cli.profile.please { "Please enter unlock key: " } else { "Enter unlock key: " };
        cli.out(prompt).await;
        let line = cli.proc.read_secret_line().await;
        cli.out("\n").await;
        line.map(|line| line.unwrap_or_default().into_bytes())
    } else {
        cli.proc.read(Fd::STDIN, 4_096).await
    };
    let line = line.map_err(|errno| Failure::text(super::go_error(errno)))?;
    let key = String::from_utf8_lossy(&line).lines().next().unwrap_or_default().trim().to_owned();
    cli.client.done(Request::SwarmUnlock { key }).await?;
    Ok(0)
}
