//! `docker node`.

use std::rc::Rc;

use daemon::api::{Error, Filters};
use swarm::control::{self, ControlRequest, ControlResponse};
use swarm::objects::{Id, Kind, Node, NodeSpec, Role, TlsInfo};

use super::swarm::parse_availability;
use super::{changed, filters, info, inspect, tasks, wrong};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::{capitalized, natural};
use crate::output::time::go_form;
use crate::output::units::bytes_size;
use crate::show;
use crate::show::secret::base64;
use crate::table::Outcome;
use crate::value;

pub(crate) async fn nodes(cli: &Cli, filters: control::Filters) -> Result<Vec<Rc<Node>>, Error> {
    match cli.client.control(ControlRequest::ListNodes(filters)).await? {
        ControlResponse::Nodes(nodes) => Ok(nodes),
        other => Err(wrong(other)),
    }
}

async fn node(cli: &Cli, name: &str) -> Result<Rc<Node>, Failure> {
    let request = ControlRequest::GetNode { id: Id::from(name) };
    match cli.client.control(request).await {
        Ok(ControlResponse::Node(node)) => Ok(node),
        Ok(other) => Err(Failure::Api(wrong(other))),
        Err(error) => Err(cli.not_found("node", name, error)),
    }
}

/// The node's identifier for `self`; anything else as it is.
pub(crate) async fn reference(cli: &Cli, name: &str) -> Result<String, Failure> {
    if name != "self" {
        return Ok(name.to_owned());
    }
    let own = info(cli).await?.swarm.node_id;
    if own.is_empty() {
        // Not in a swarm: the managers' own words.
        nodes(cli, control::Filters::default()).await?;
        return Err(Failure::text("node ID not found in /info".to_owned()));
    }
    Ok(own)
}

/// `docker node ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let mut nodes = nodes(cli, filters(cli).for_swarm(Kind::Node)?).await?;
    if cli.profile.natural_order {
        nodes.sort_by(|a, b| natural(&a.description.hostname, &b.description.hostname));
    }
    let (own, wanted) = if nodes.is_empty() || cli.is_set("quiet") {
        (String::new(), None)
    } else {
        let swarm = info(cli).await?.swarm;
        (swarm.node_id, swarm.cluster.map(|cluster| cluster.root_ca.wanted_tls()))
    };
    let tls_status = |node: &Node| match &wanted {
        Some(wanted) if node.description.tls == *wanted => "Ready",
        Some(_) if node.description.tls != TlsInfo::default() => "Needs Rotation",
        _ => "Unknown",
    };
    let is_table = cli.flag("format").is_none_or(|format| format.starts_with("table"));
    let rows = nodes
        .iter()
        .map(|node| {
            let is_self = node.id.as_str() == own;
            let manager = node
                .manager_status
                .as_ref()
                .map(|manager| if manager.leader { "leader" } else { manager.reachability.word() });
            // The table has room between the identifier and the star.
            let mark = if is_self && is_table { " *" } else { "" };
            vec![
                ("ID", format!("{}{mark}", node.id)),
                ("Self", is_self.to_string()),
                ("Hostname", node.description.hostname.clone()),
                ("Status", capitalized(node.status.state.word())),
                ("Availability", capitalized(node.spec.availability.word())),
                ("ManagerStatus", capitalized(manager.unwrap_or_default())),
                ("EngineVersion", node.description.engine_version.clone()),
                ("TLSStatus", tls_status(node).to_owned()),
            ]
        })
        .collect();
    let mut columns = vec![
        ("ID", "ID"),
        ("Hostname", "HOSTNAME"),
        ("Status", "STATUS"),
        ("Availability", "AVAILABILITY"),
        ("ManagerStatus", "MANAGER STATUS"),
    ];
    if cli.profile.engine_version_column {
        columns.push(("EngineVersion", "ENGINE VERSION"));
    }
    let more_titles =
        &[("EngineVersion", "ENGINE VERSION"), ("TLSStatus", "TLS STATUS"), ("Self", "SELF")];
    let cells = cli.profile.swarm_cells;
    List { columns, more_titles, quiet: "ID", rows, cells }.show(cli).await
}

/// `docker node inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    if cli.is_pretty() {
        let mut text = String::new();
        for name in cli.args() {
            let name = reference(cli, name).await?;
            text += &pretty(cli, &*node(cli, &name).await?);
        }
        cli.out(text).await;
        return Ok(0);
    }
    inspect::each(cli, cli.args(), async |name: &str| {
        let name = reference(cli, name).await?;
        let request = ControlRequest::GetNode { id: Id::from(name.as_str()) };
        let found = inspect::swarm_object(cli, request).await;
        found.map_err(|error| cli.not_found("node", &name, error))
    })
    .await
}

fn pretty(cli: &Cli, node: &Node) -> String {
    let about = &node.description;
    let mut text = format!("ID:\t\t\t{}\n", node.id);
    if !node.spec.annotations.name.is_empty() {
        text += &format!("Name:\t\t\t{}\n", node.spec.annotations.name);
    }
    // Older releases aligned with tabs alone.
    let is_old = !cli.profile.empty_labels;
    if !node.spec.annotations.labels.is_empty() {
        text += "Labels:\n";
    }
    for (key, value) in &node.spec.annotations.labels {
        let equals = if is_old { " = " } else { "=" };
        text += &format!(" - {key}{equals}{value}\n");
    }
    let gap = |new: &'static str| if is_old { "\t" } else { new };
    text += &format!("Hostname:{}\t{}\n", gap("              "), about.hostname);
    // PrettyPrint makes all but the first letter small, also those of the zone.
    let joined = go_form(&show::time(node.meta.created_at)).to_lowercase();
    text += &format!("Joined at:{}\t{joined}\n", gap("             "));
    text += &format!("Status:\n State:\t\t\t{}\n", capitalized(node.status.state.word()));
    if !node.status.message.is_empty() {
        text += &format!(" Message:              \t{}\n", capitalized(&node.status.message));
    }
    let availability = capitalized(node.spec.availability.word());
    text += &format!(" Availability:{}\t{availability}\n", gap("         "));
    if !node.status.addr.is_empty() {
        text += &format!(" Address:\t\t{}\n", node.status.addr);
    }
    if let Some(manager) = &node.manager_status {
        text += &format!(
            "Manager Status:\n Address:\t\t{}\n Raft Status:\t\t{}\n Leader:\t\t{}\n",
            manager.addr,
            capitalized(manager.reachability.word()),
            if manager.leader { "Yes" } else { "No" },
        );
    }
    let memory = u64::try_from(about.memory_bytes).unwrap_or(0);
    text += &format!(
        "Platform:\n Operating System:\t{}\n Architecture:\t\t{}\nResources:\n CPUs:\t\t\t{}\n \
         Memory:\t\t{}\n",
        about.os,
        about.arch,
        about.nano_cpus / 1_000_000_000,
        bytes_size(memory, cli.profile.size_gap),
    );
    if !about.plugins.is_empty() {
        text += "Plugins:\n";
        let mut kinds: Vec<&str> = about.plugins.iter().map(|(kind, _)| kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let names: Vec<&str> = about
                .plugins
                .iter()
                .filter(|(other, _)| other == kind)
                .map(|(_, name)| name.as_str())
                .collect();
            text += &format!(" {kind}:\t\t{}\n", names.join(", "));
        }
    }
    text += &format!("Engine Version:\t\t{}\n", about.engine_version);
    if !about.engine_labels.is_empty() {
        text += "Engine Labels:\n";
        for (key, value) in &about.engine_labels {
            text += &format!(" - {key}={value}\n");
        }
    }
    if !cli.profile.client_secret_lookup && about.tls != TlsInfo::default() {
        text += &format!(
            "TLS Info:\n TrustRoot:\n{}\n Issuer Subject:\t{}\n Issuer Public Key:\t{}\n",
            about.tls.trust_root,
            base64(&about.tls.issuer_subject),
            base64(&about.tls.issuer_public_key),
        );
    }
    text
}

/// `docker node ps`.
pub(crate) async fn ps(cli: &Cli) -> Outcome {
    let own = vec!["self".to_owned()];
    let names = if cli.args().is_empty() { &own } else { cli.args() };
    let mut all = Vec::new();
    let mut messages = Vec::new();
    for name in names {
        let asked = async {
            let name = reference(cli, name).await?;
            let node = node(cli, &name).await?;
            let mut wanted: Filters = filters(cli);
            wanted.add("node", &node.id);
            Ok(tasks::tasks(cli, wanted.for_swarm(Kind::Task)?).await?)
        };
        match asked.await {
            Ok(tasks) => all.extend(tasks),
            Err(failure) => {
                let failure: Failure = failure;
                messages.push(failure.message(cli.profile));
            }
        }
    }
    if messages.is_empty() || !all.is_empty() {
        tasks::show(cli, all).await?;
    }
    if messages.is_empty() { Ok(0) } else { Err(Failure::Text(messages.join("\n"))) }
}

async fn update_spec(cli: &Cli, node: &Node, spec: NodeSpec) -> Result<(), Error> {
    let request = ControlRequest::UpdateNode {
        id: node.id.clone(),
        version: node.meta.version,
        spec: Box::new(spec),
    };
    changed(cli, request).await
}

/// `docker node promote`.
pub(crate) async fn promote(cli: &Cli) -> Outcome {
    for name in cli.args() {
        let node = node(cli, &reference(cli, name).await?).await?;
        if node.spec.desired_role == Role::Manager {
            cli.out(format!("Node {} is already a manager.\n", node.id)).await;
            continue;
        }
        update_spec(cli, &node, NodeSpec { desired_role: Role::Manager, ..node.spec.clone() })
            .await?;
        cli.out(format!("Node {name} promoted to a manager in the swarm.\n")).await;
    }
    Ok(0)
}

/// `docker node demote`.
pub(crate) async fn demote(cli: &Cli) -> Outcome {
    for name in cli.args() {
        let node = node(cli, &reference(cli, name).await?).await?;
        if node.spec.desired_role == Role::Worker {
            cli.out(format!("Node {} is already a worker.\n", node.id)).await;
            continue;
        }
        update_spec(cli, &node, NodeSpec { desired_role: Role::Worker, ..node.spec.clone() })
            .await?;
        cli.out(format!("Manager {name} demoted in the swarm.\n")).await;
    }
    Ok(0)
}

/// `docker node update`.
pub(crate) async fn update(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let node = node(cli, &reference(cli, name).await?).await?;
    let mut spec = node.spec.clone();
    if let Some(role) = cli.flag("role") {
        spec.desired_role = match role {
            "worker" => Role::Worker,
            "manager" => Role::Manager,
            other => {
                let text = format!("invalid Role: {}", value::quote(other));
                return Err(Failure::Api(Error::invalid(text)));
            }
        };
    }
    if let Some(text) = cli.flag("availability") {
        spec.availability = parse_availability(text).ok_or_else(|| {
            Failure::Api(Error::invalid(format!("invalid Availability: {}", value::quote(text))))
        })?;
    }
    spec.annotations.labels.extend(value::map(cli.matches.all("label-add")));
    for key in cli.matches.all("label-rm") {
        if spec.annotations.labels.remove(key).is_none() {
            return Err(Failure::text(format!("key {key} doesn't exist in node's labels")));
        }
    }
    update_spec(cli, &node, spec).await?;
    cli.out(format!("{name}\n")).await;
    Ok(0)
}

/// `docker node rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    let force = cli.is_set("force");
    cli.for_each_arg(async |name: &str| {
        changed(cli, ControlRequest::RemoveNode { id: Id::from(name), force }).await?;
        cli.out(format!("{name}\n")).await;
        Ok(())
    })
    .await
}
