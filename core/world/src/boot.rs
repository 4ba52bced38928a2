//! How a world begins: hosts boot and, if the spec says so, form a swarm, by the same requests that a
//! person's commands would make.

use sorted::SortedMap;

use daemon::api::{Request, Response, SwarmInit, SwarmJoin};
use daemon::{Caller, Config};
use engine::{EngineOptions, Release};
use sim::{Duration, HostId};
use swarm::control::{ControlRequest, ControlResponse};
use swarm::node::SwarmOptions;
use swarm::objects::{Cluster, NodeState};

use crate::error::Error;
use crate::host::Host;
use crate::rootfs;
use crate::world::World;

/// The address of a host by its number.
pub(crate) fn address(index: usize) -> String {
    format!("192.168.0.{}", 11 + index)
}

/// What the daemon of a host is started with.
/// What hosts of a Docker version's years ran.
pub(crate) fn distribution(profile: &docker::Profile) -> os::Distribution {
    match profile.version.0 {
        0..=17 => os::distribution::XENIAL,
        18..=19 => os::distribution::BIONIC,
        20..=22 => os::distribution::FOCAL,
        _ => os::distribution::NOBLE,
    }
}

pub(crate) fn daemon_config(world: &World, index: usize) -> Config {
    let directory: SortedMap<String, HostId> =
        world.hosts.iter().enumerate().map(|(index, host)| (address(index), host.id)).collect();
    let profile = world.profile;
    let release = Release(u32::from(profile.version.0), u32::from(profile.version.1));
    let mut engine = EngineOptions::for_release(release);
    profile.engine.clone_into(&mut engine.version);
    Config {
        host: world.hosts[index].id,
        hostname: world.hosts[index].name.clone(),
        address: address(index),
        directory,
        daemon_id: daemon_id(world, index),
        version: profile.version_info(distribution(profile).kernel),
        distribution: distribution(profile),
        digest_replaces_tag: profile.digest_replaces_tag,
        swarm: SwarmOptions {
            election_ticks: profile.election_ticks,
            pre_vote: world.spec.pre_vote,
            ..SwarmOptions::default()
        },
        engine,
    }
}

/// A daemon's identifier as `docker info` prints it: twelve groups of four letters, kept over boots.
fn daemon_id(world: &World, index: usize) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut rng = world.streams.stream(&format!("daemon id/{}", world.hosts[index].name));
    let mut group = || {
        let letters = (0..4).map(|_| char::from(LETTERS[rng.below(32) as usize]));
        letters.collect::<String>()
    };
    (0..12).map(|_| group()).collect::<Vec<_>>().join(":")
}

/// No swarm of this size takes longer than this to form.
const BOOT_TIME_MAX: Duration = Duration::from_secs(120);

pub(crate) fn boot_all(world: &mut World) -> Result<(), Error> {
    let spec = world.spec.clone();
    for (index, name) in spec.nodes.iter().enumerate() {
        let tree = rootfs::host(&spec, index, world.profile, world.now);
        let id = HostId(u16::try_from(index).unwrap_or(u16::MAX));
        world.blame.know(name.clone(), id);
        world.blame.know(address(index), id);
        let user = spec.user_name();
        let mut host = Host::new(id, name, address(index), user, tree, world.now);
        host.columns = spec.columns;
        world.hosts.push(host);
    }
    crate::cluster::install(world);
    for index in 0..world.hosts.len() {
        world.boot(index);
    }
    world.advance(Duration::from_secs(1));
    if !world.spec.managers.is_empty() {
        form_swarm(world)?;
    }
    crate::cluster::wait_until_ready(world)
}

fn form_swarm(world: &mut World) -> Result<(), Error> {
    let managers: Vec<usize> = world
        .spec
        .managers
        .clone()
        .iter()
        .map(|name| world.index(name))
        .collect::<Result<_, _>>()?;
    let first = managers[0];
    let init = SwarmInit { listen_addr: "0.0.0.0:2377".into(), ..SwarmInit::default() };
    ask(world, first, Request::SwarmInit(init))?;
    let cluster = cluster(world, first)?;
    let remote = format!("{}:2377", address(first));
    let others: Vec<usize> = swarm_hosts(world).filter(|index| *index != first).collect();
    let (as_manager, as_worker): (Vec<usize>, Vec<usize>) =
        others.into_iter().partition(|index| managers.contains(index));
    // Managers in the order of the spec, one after the other; workers follow.
    let ordered = managers[1..].iter().filter(|index| as_manager.contains(index));
    let joins = ordered
        .map(|index| (*index, &cluster.root_ca.manager_token))
        .chain(as_worker.iter().map(|index| (*index, &cluster.root_ca.worker_token)));
    for (index, token) in joins {
        let join = SwarmJoin {
            remote_addrs: vec![remote.clone()],
            token: token.to_string(),
            listen_addr: "0.0.0.0:2377".into(),
            ..SwarmJoin::default()
        };
        ask(world, index, Request::SwarmJoin(join))?;
    }
    wait_until_ready(world, first)
}

/// The hosts of the swarm: those of a Kubernetes are not, unless they are named as managers.
fn swarm_hosts(world: &World) -> impl Iterator<Item = usize> + use<'_> {
    let of_kube = |name: &String| {
        let hosts = world.spec.kube.iter().flat_map(|kube| &kube.hosts);
        hosts.into_iter().any(|host| host == name) && !world.spec.managers.contains(name)
    };
    let names = world.spec.nodes.iter().enumerate();
    names.filter(move |(_, name)| !of_kube(name)).map(|(index, _)| index)
}

/// Asks a daemon and waits for its answer.
fn ask(world: &mut World, index: usize, request: Request) -> Result<Response, Error> {
    let caller = world.event_count();
    world.settle(index, |host, settling| {
        host.with_daemon(settling, |daemon, context| {
            daemon.request(context, Caller::Operator(caller), request);
        });
    });
    let limit = world.now + BOOT_TIME_MAX;
    loop {
        if let Some(reply) = world.answers.remove(&caller) {
            return reply.map_err(|error| {
                let name = &world.hosts[index].name;
                Error::Boot(format!("{name}: {}", error.message()))
            });
        }
        if !world.step(limit) {
            let name = &world.hosts[index].name;
            return Err(Error::Boot(format!("{name} does not answer")));
        }
    }
}

fn cluster(world: &mut World, index: usize) -> Result<std::rc::Rc<Cluster>, Error> {
    match ask(world, index, Request::Control(ControlRequest::GetCluster))? {
        Response::Control(ControlResponse::Cluster(cluster)) => Ok(cluster),
        other => Err(Error::Boot(format!("unexpected answer {other:?}"))),
    }
}

fn wait_until_ready(world: &mut World, index: usize) -> Result<(), Error> {
    let limit = world.now + BOOT_TIME_MAX;
    let all = swarm_hosts(world).count();
    while world.now < limit {
        let request = ControlRequest::ListNodes(swarm::control::Filters::default());
        if let Response::Control(ControlResponse::Nodes(nodes)) =
            ask(world, index, Request::Control(request))?
        {
            let ready = |node: &swarm::objects::Node| node.status.state == NodeState::Ready;
            if nodes.len() == all && nodes.iter().all(|node| ready(node)) {
                return Ok(());
            }
        }
        world.advance(Duration::from_millis(200));
    }
    Err(Error::Boot(format!("not all of the {all} nodes are ready")))
}
