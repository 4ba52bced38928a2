//! `docker stack`.

mod convert;
mod deploy;
mod list;
mod spec;

pub(crate) use deploy::{config, deploy};
pub(crate) use list::{list, ps, remove, services};

use std::rc::Rc;

use daemon::api::{Error, Filters, NetworkDetails};
use swarm::objects::{Kind, Service};

use super::{info, network, service};
use crate::cli::{Cli, Failure};
use convert::NAMESPACE;

/// The objects of one stack, by its label.
fn of_stack(stack: &str) -> Filters {
    let mut filters = Filters::default();
    filters.add("label", &format!("{NAMESPACE}={stack}"));
    filters
}

/// The stack's services by name.
async fn stack_services(cli: &Cli, stack: &str) -> Result<Vec<Rc<Service>>, Error> {
    let mut found = service::services(cli, of_stack(stack).for_swarm(Kind::Service)?).await?;
    found.sort_by(|a, b| a.spec.annotations.name.cmp(&b.spec.annotations.name));
    Ok(found)
}

/// The stack's networks by name.
async fn stack_networks(cli: &Cli, stack: &str) -> Result<Vec<NetworkDetails>, Error> {
    network::networks(cli, of_stack(stack)).await
}

/// Refuses names that docker refuses.
fn check_name(name: &str) -> Result<(), Failure> {
    let is_bad = |char: char| char.is_whitespace() || matches!(char, '\'' | '"');
    if name.is_empty() || name.contains(is_bad) {
        return Err(Failure::text(format!("invalid stack name: {}", crate::value::quote(name))));
    }
    Ok(())
}

/// Only a manager knows of stacks.
async fn check_manager(cli: &Cli) -> Result<(), Failure> {
    if info(cli).await?.swarm.control_available {
        return Ok(());
    }
    Err(Failure::text(
        "this node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect \
         this node to swarm and try again",
    ))
}
