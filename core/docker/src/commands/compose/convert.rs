//! A service of a compose file as the arguments of `docker create`.

use compose::Node;

use super::project::Project;
use super::{FILES, HASH, NUMBER, ONE_OFF, PROJECT, SERVICE, is_first};
use crate::cli::{Cli, Failure};

/// What a container of a service is called.
pub(super) fn container_name(
    cli: &Cli,
    project: &Project,
    name: &str,
    service: &Node,
    number: u64,
) -> String {
    let own = service.text_of("container_name");
    if !own.is_empty() {
        return own;
    }
    let gap = if is_first(cli) { '_' } else { '-' };
    format!("{}{gap}{name}{gap}{number}", project.name)
}

/// The image of a service: its own name, or the one that its build gets.
pub(super) fn image(cli: &Cli, project: &Project, name: &str, service: &Node) -> String {
    let own = service.text_of("image");
    let gap = if is_first(cli) { '_' } else { '-' };
    if own.is_empty() { format!("{}{gap}{name}", project.name) } else { own }
}

/// What tells whether a container is still what the file asks for.
pub(super) fn hash(service: &Node) -> String {
    fn spell(node: &Node, text: &mut String) {
        for (key, member) in node.entries() {
            *text += &format!("{key}:{{");
            spell(member, text);
            text.push('}');
        }
        for item in node.items() {
            text.push('[');
            spell(item, text);
            text.push(']');
        }
        *text += &node.text().unwrap_or_default();
    }
    let mut text = String::new();
    spell(service, &mut text);
    engine::Digest::of(text.as_bytes()).hex()
}

/// The networks of a service by their names here, with its aliases in each; none for a mode of its own.
pub(super) fn networks(
    project: &Project,
    name: &str,
    service: &Node,
) -> Vec<(String, Vec<String>)> {
    if !service.text_of("network_mode").is_empty() {
        return Vec::new();
    }
    let entries = service.get("networks").map_or(&[][..], Node::entries);
    let one = |(key, place): &(String, Node)| {
        let mut aliases = vec![name.to_owned()];
        let more = place.get("aliases").map_or(&[][..], Node::items);
        aliases.extend(more.iter().filter_map(Node::text));
        (project.name_of("networks", key), aliases)
    };
    entries.iter().map(one).collect()
}

/// Members that are one flag each: member, flag.
const TEXTS: &[(&str, &str)] = &[
    ("hostname", "hostname"),
    ("user", "user"),
    ("working_dir", "workdir"),
    ("stop_signal", "stop-signal"),
    ("restart", "restart"),
    ("mem_limit", "memory"),
    ("mem_reservation", "memory-reservation"),
    ("cpus", "cpus"),
    ("cpu_shares", "cpu-shares"),
    ("cpuset", "cpuset-cpus"),
    ("pids_limit", "pids-limit"),
    ("shm_size", "shm-size"),
];
/// Members that are lists of flags.
const LISTS: &[(&str, &str)] = &[
    ("cap_add", "cap-add"),
    ("cap_drop", "cap-drop"),
    ("dns", "dns"),
    ("dns_search", "dns-search"),
    ("expose", "expose"),
    ("extra_hosts", "add-host"),
    ("group_add", "group-add"),
    ("security_opt", "security-opt"),
    ("tmpfs", "tmpfs"),
];
/// Members that are flags without a value.
const FLAGS: &[(&str, &str)] = &[
    ("init", "init"),
    ("privileged", "privileged"),
    ("read_only", "read-only"),
    ("stdin_open", "interactive"),
    ("tty", "tty"),
];

/// The arguments behind `docker create`. A one-off container publishes no ports unless it is told to.
pub(super) fn arguments(
    cli: &Cli,
    project: &Project,
    (name, service): (&str, &Node),
    number: u64,
    one_off: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let mut args: Vec<String> = Vec::new();
    let mut push = |flag: &str, value: &str| args.push(format!("--{flag}={value}"));
    let container = match one_off {
        Some(container) => container.to_owned(),
        None => container_name(cli, project, name, service, number),
    };
    push("name", &container);
    for (member, flag) in TEXTS {
        let text = service.text_of(member);
        let is_left = one_off.is_some() && *flag == "restart";
        if !text.is_empty() && !is_left {
            push(flag, &text);
        }
    }
    for (member, flag) in LISTS {
        for item in service.get(member).map_or(&[][..], Node::items) {
            push(flag, &item.text().unwrap_or_default());
        }
    }
    for (member, flag) in FLAGS {
        if service.get(member).is_some_and(Node::is_true) && one_off.is_none() {
            push(flag, "true");
        }
    }
    let limits = service.get("deploy").and_then(|deploy| deploy.get("resources"));
    let limits = limits.and_then(|resources| resources.get("limits"));
    for (member, flag) in [("memory", "memory"), ("cpus", "cpus"), ("pids", "pids-limit")] {
        let text = limits.map(|limits| limits.text_of(member)).unwrap_or_default();
        if !text.is_empty() {
            push(flag, &text);
        }
    }
    for (member, flag) in [("environment", "env"), ("labels", "label"), ("sysctls", "sysctl")] {
        for (key, value) in service.get(member).map_or(&[][..], Node::entries) {
            match value.text() {
                Some(value) => push(flag, &format!("{key}={value}")),
                None => push(flag, key),
            }
        }
    }
    for (key, value) in [
        (PROJECT, project.name.as_str()),
        (SERVICE, name),
        (NUMBER, &number.to_string()),
        (HASH, &hash(service)),
        (ONE_OFF, if one_off.is_some() { "True" } else { "False" }),
        (FILES, &project.files.join(",")),
    ] {
        push("label", &format!("{key}={value}"));
    }
    health(service, &mut push);
    for text in service.get("links").map_or(&[][..], Node::items).iter().filter_map(Node::text) {
        // Without an alias the network's names do.
        if let Some((other, alias)) = text.split_once(':')
            && let Some(linked) = project.service(other)
        {
            push("link", &format!("{}:{alias}", container_name(cli, project, other, linked, 1)));
        }
    }
    let mode = service.text_of("network_mode");
    match networks(project, name, service).first() {
        Some((network, aliases)) => {
            push("network", network);
            for alias in aliases.iter().filter(|_| one_off.is_none()) {
                push("network-alias", alias);
            }
        }
        None if !mode.is_empty() => push("network", &mode),
        None => {}
    }
    if one_off.is_none() || cli.is_set("service-ports") {
        for port in service.get("ports").map_or(&[][..], Node::items) {
            push("publish", &published(port));
        }
    }
    for mount in service.get("volumes").map_or(&[][..], Node::items) {
        volume(project, mount, &mut push)?;
    }
    for (section, folder) in [("secrets", "/run/secrets/"), ("configs", "/")] {
        for item in service.get(section).map_or(&[][..], Node::items) {
            push("volume", &file(project, section, folder, item)?);
        }
    }
    let entrypoint = service.get("entrypoint").map_or(&[][..], Node::items);
    let mut words: Vec<String> = entrypoint.iter().filter_map(Node::text).collect();
    if !words.is_empty() {
        push("entrypoint", &words.remove(0));
    }
    args.push(image(cli, project, name, service));
    args.extend(words);
    let command = service.get("command").map_or(&[][..], Node::items);
    match one_off {
        Some(_) if cli.args().len() > 1 => args.extend(cli.args()[1..].iter().cloned()),
        _ => args.extend(command.iter().filter_map(Node::text)),
    }
    Ok(args)
}

/// A port as `-p` has it.
pub(super) fn published(port: &Node) -> String {
    let mut text = String::new();
    for (member, gap) in [("host_ip", ":"), ("published", ":"), ("target", "")] {
        let part = port.text_of(member);
        if !part.is_empty() || (member == "published" && !text.is_empty()) {
            text += &format!("{part}{gap}");
        }
    }
    format!("{text}/{}", port.text_of("protocol"))
}

fn health(service: &Node, push: &mut impl FnMut(&str, &str)) {
    let Some(check) = service.get("healthcheck") else { return };
    let test: Vec<String> =
        check.get("test").map_or(&[][..], Node::items).iter().filter_map(Node::text).collect();
    match test.split_first() {
        _ if check.get("disable").is_some_and(Node::is_true) => push("no-healthcheck", "true"),
        Some((kind, _)) if kind == "NONE" => push("no-healthcheck", "true"),
        Some((kind, words)) if kind == "CMD" || kind == "CMD-SHELL" => {
            push("health-cmd", &words.join(" "));
        }
        _ => {}
    }
    for (member, flag) in [
        ("interval", "health-interval"),
        ("timeout", "health-timeout"),
        ("retries", "health-retries"),
        ("start_period", "health-start-period"),
    ] {
        let text = check.text_of(member);
        if !text.is_empty() {
            push(flag, &text);
        }
    }
}

fn volume(
    project: &Project,
    mount: &Node,
    push: &mut impl FnMut(&str, &str),
) -> Result<(), Failure> {
    let (kind, target) = (mount.text_of("type"), mount.text_of("target"));
    let source = mount.text_of("source");
    let ro = if mount.get("read_only").is_some_and(Node::is_true) { ":ro" } else { "" };
    match kind.as_str() {
        "tmpfs" => push("tmpfs", &target),
        "volume" if source.is_empty() => push("volume", &target),
        "volume" => {
            if project.root.get("volumes").and_then(|all| all.get(&source)).is_none() {
                return Err(Failure::text(format!(
                    "service refers to undefined volume {source}: invalid compose project"
                )));
            }
            let name = project.name_of("volumes", &source);
            push("volume", &format!("{name}:{target}{ro}"));
        }
        "bind" => push("volume", &format!("{source}:{target}{ro}")),
        other => return Err(Failure::text(format!("not simulated: mounts of type {other}"))),
    }
    Ok(())
}

/// A secret or config is its file, mounted: there are no managers to ask.
fn file(project: &Project, section: &str, folder: &str, item: &Node) -> Result<String, Failure> {
    let (source, target) = (item.text_of("source"), item.text_of("target"));
    let kind = section.trim_end_matches('s');
    let known = project.root.get(section).and_then(|all| all.get(&source));
    let known = known.ok_or_else(|| {
        Failure::text(format!(
            "service refers to undefined {kind} {source}: invalid compose project"
        ))
    })?;
    if known.get("external").is_some_and(Node::is_true) {
        return Err(Failure::text(format!("unsupported external {kind} {source}")));
    }
    let path = known.text_of("file");
    if path.is_empty() {
        return Err(Failure::text(format!("not simulated: the {kind} {source} without a file")));
    }
    let target = if target.is_empty() { source } else { target };
    let target = if target.starts_with('/') { target } else { format!("{folder}{target}") };
    Ok(format!("{path}:{target}:ro"))
}
