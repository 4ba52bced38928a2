//! Networks and volumes of a project, which are made before its containers.

use compose::Node;
use daemon::api::{Network, Request, VolumeDetails};

use super::project::Project;
use super::report::Report;
use super::{convert, is_first, labels};
use crate::cli::{Cli, Failure};
use crate::commands::created;

/// Makes the networks that services use.
pub(super) async fn networks(
    cli: &Cli,
    project: &Project,
    wanted: &[(&str, &Node)],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let used = |key: &str| {
        wanted.iter().any(|(name, service)| {
            let name_here = project.name_of("networks", key);
            convert::networks(project, name, service).iter().any(|(one, _)| *one == name_here)
        })
    };
    let own = project.root.get("networks").map_or(&[][..], Node::entries);
    let mut keys: Vec<&str> = own.iter().map(|(key, _)| key.as_str()).collect();
    if !keys.contains(&"default") {
        keys.push("default");
    }
    keys.sort_unstable();
    for key in keys.into_iter().filter(|key| used(key)) {
        let node = own.iter().find(|(known, _)| known == key).map(|(_, node)| node);
        let name = project.name_of("networks", key);
        let is_there = crate::commands::network::details(cli, &name).await.is_ok();
        if node.is_some_and(|node| node.get("external").is_some_and(Node::is_true)) {
            if is_there {
                continue;
            }
            return Err(Failure::text(format!(
                "network {name} declared as external, but could not be found"
            )));
        }
        if is_there {
            continue;
        }
        report.begin();
        let text = |member: &str| node.map(|node| node.text_of(member)).unwrap_or_default();
        let driver = text("driver");
        if is_first(cli) {
            let driver = if driver.is_empty() { "default" } else { &driver };
            let what = if driver == "default" {
                "the default driver".to_owned()
            } else {
                format!("driver \"{driver}\"")
            };
            cli.err(format!("Creating network \"{name}\" with {what}\n")).await;
        }
        let config = node.and_then(|node| node.get("ipam")).and_then(|ipam| ipam.get("config"));
        let first = config.and_then(|config| config.items().first());
        let member = |key: &str| first.map(|first| first.text_of(key)).unwrap_or_default();
        let flag = |key: &str| node.and_then(|node| node.get(key)).is_some_and(Node::is_true);
        let network = Network {
            name: name.clone(),
            is_swarm: driver == "overlay",
            driver: if driver.is_empty() { "bridge".to_owned() } else { driver },
            internal: flag("internal"),
            attachable: flag("attachable"),
            labels: labels(&project.name, &[("com.docker.compose.network", key)]),
            subnet: member("subnet"),
            gateway: member("gateway"),
            range: member("ip_range"),
            ..Network::default()
        };
        created(cli, Request::CreateNetwork(Box::new(network))).await?;
        report.done(format!("Network {name}"), "Created");
    }
    Ok(())
}

/// Makes the volumes that services mount.
pub(super) async fn volumes(
    cli: &Cli,
    project: &Project,
    wanted: &[(&str, &Node)],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    for (key, node) in project.root.get("volumes").map_or(&[][..], Node::entries) {
        let is_used = wanted.iter().any(|(_, service)| {
            let mounts = service.get("volumes").map_or(&[][..], Node::items).iter();
            mounts
                .filter(|mount| mount.text_of("type") == "volume")
                .any(|m| m.text_of("source") == *key)
        });
        let name = project.name_of("volumes", key);
        let known = Request::InspectVolume { volume: name.clone() };
        // The command line in Python makes all that the file declares.
        if !(is_used || is_first(cli)) || cli.client.ask(known).await.is_ok() {
            continue;
        }
        if node.get("external").is_some_and(Node::is_true) {
            return Err(Failure::text(format!("external volume {name:?} not found")));
        }
        report.begin();
        if is_first(cli) {
            cli.err(format!("Creating volume \"{name}\" with default driver\n")).await;
        }
        let volume = VolumeDetails {
            name: name.clone(),
            driver: "local".to_owned(),
            labels: labels(&project.name, &[("com.docker.compose.volume", key)]),
            ..VolumeDetails::default()
        };
        created(cli, Request::CreateVolume(Box::new(volume))).await?;
        report.done(format!("Volume {name}"), "Created");
    }
    Ok(())
}
