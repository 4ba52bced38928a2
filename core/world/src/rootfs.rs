//! The files of a host as it was installed: a small Ubuntu server with Docker.

use os::fs::{Attributes, Inode, Kind, Tree};
use os::program::image;
use sim::Time;

use crate::boot::address;
use crate::spec::Spec;

/// What root's prompt is unless the spec says otherwise: short, as workshops print it.
const ROOT_PROMPT: &str = "\\h$ ";
/// Ubuntu's own prompt.
const UBUNTU_PROMPT: &str = "\\u@\\h:\\w\\$ ";

/// True for a name that a system account has.
pub(crate) fn is_taken(name: &str) -> bool {
    name != "root" && PASSWD.lines().any(|line| line.split(':').next() == Some(name))
}

/// The root filesystem of the host with that number.
pub(crate) fn host(spec: &Spec, index: usize, profile: &docker::Profile, now: Time) -> Tree {
    let system = crate::boot::distribution(profile);
    let docker = profile.program;
    let name = &spec.nodes[index];
    // Every host has an ordinary user, whoever is logged in.
    let user = Some(spec.user_name()).filter(|user| *user != "root").unwrap_or("ubuntu");
    let mut tree = Tree::default();
    tree.add_directory("/", 0o755, now);
    for (path, mode) in [
        ("/root", 0o700),
        ("/home", 0o755),
        ("/tmp", 0o1777),
        ("/var/tmp", 0o1777),
        ("/etc/skel", 0o755),
        ("/var/log", 0o755),
        ("/etc/docker", 0o755),
        ("/etc/systemd/system", 0o755),
        ("/var/lib/docker", 0o711),
        ("/var/lib/docker/swarm", 0o700),
        ("/run", 0o755),
        ("/boot", 0o755),
        ("/lib64", 0o755),
        ("/media", 0o755),
        ("/mnt", 0o755),
        ("/opt", 0o755),
        ("/srv", 0o755),
        ("/usr/local/bin", 0o755),
        ("/dev", 0o755),
        ("/proc", 0o555),
        ("/sys", 0o555),
    ] {
        tree.add_directory(path, mode, now);
    }
    for (path, kind) in [
        ("/dev/null", Kind::NullDevice),
        ("/dev/zero", Kind::ZeroDevice),
        ("/dev/tty", Kind::TerminalDevice),
        ("/dev/random", Kind::RandomDevice),
        ("/dev/urandom", Kind::RandomDevice),
    ] {
        tree.insert(path, Inode { attributes: Attributes::root(0o666, now), kind });
    }
    for (path, program) in shell::host_commands() {
        tree.add_file(&path, image(program), 0o755, now);
    }
    for (path, program) in shell::gnu_commands().iter().chain(tools::COMMANDS) {
        tree.add_file(path, image(program), 0o755, now);
    }
    tree.add_file("/usr/bin/docker", image(docker), 0o755, now);
    let compose = docker.replace("docker", "docker-compose");
    tree.add_file("/usr/local/bin/docker-compose", image(&compose), 0o755, now);
    if let Some(kubectl) = spec.kubectl() {
        tree.add_file("/usr/bin/kubectl", image(kubectl.program), 0o755, now);
    }
    for (path, program) in engine::programs::NETWORK_TOOLS {
        tree.add_file(path, image(program), 0o755, now);
    }
    let socket = Attributes { mode: 0o660, uid: 0, gid: DOCKER_GROUP, modified: now };
    tree.insert("/run/docker.sock", Inode { attributes: socket, kind: Kind::Socket });
    tree.add_symlink("/var/run", "/run", now);
    tree.add_symlink("/usr/lib/systemd", "/lib/systemd", now);
    let hosts = spec.nodes.iter().enumerate();
    let hosts: String =
        hosts.map(|(index, name)| format!("{}\t{name}\n", address(index))).collect();
    let group = if user == "docker" { String::new() } else { format!("{user}:x:1000:\n") };
    for (path, text) in [
        ("/etc/hostname", format!("{name}\n")),
        ("/etc/hosts", format!("127.0.0.1\tlocalhost\n{hosts}")),
        ("/etc/passwd", format!("{PASSWD}{user}:x:1000:1000:{user}:/home/{user}:/bin/bash\n")),
        ("/etc/group", GROUP.replace("USER", user) + &group),
        ("/etc/os-release", system.os_release()),
        ("/etc/lsb-release", system.lsb_release()),
        ("/etc/issue", format!("{} \\n \\l\n", system.pretty())),
        ("/etc/timezone", "Etc/UTC\n".to_owned()),
        ("/etc/localtime", "TZif2\n".to_owned()),
        ("/etc/resolv.conf", "nameserver 192.168.0.1\n".to_owned()),
        ("/etc/shells", "/bin/sh\n/bin/bash\n".to_owned()),
        ("/lib/systemd/system/docker.service", DOCKER_UNIT.to_owned()),
    ] {
        tree.add_file(path, text, 0o644, now);
    }
    let home = format!("/home/{user}");
    let own = Attributes { mode: 0o755, uid: 1000, gid: 1000, modified: now };
    tree.insert(&home, Inode { attributes: own, kind: Kind::Directory });
    let prompt = spec.prompt.as_deref();
    let (root, other) = match spec.user {
        None => (prompt.unwrap_or(ROOT_PROMPT), UBUNTU_PROMPT),
        Some(_) => (UBUNTU_PROMPT, prompt.unwrap_or(UBUNTU_PROMPT)),
    };
    let homes = [("/root", root, 0), ("/etc/skel", UBUNTU_PROMPT, 0), (home.as_str(), other, 1000)];
    for (home, prompt, uid) in homes {
        let text = format!("PS1='{}'\n", prompt.replace('\'', "'\\''"));
        let attributes = Attributes { mode: 0o644, uid, gid: uid, modified: now };
        let kind = Kind::File(text.into_bytes());
        tree.insert(format!("{home}/.bashrc"), Inode { attributes, kind });
    }
    tree
}

/// The group that may use the daemon's socket.
const DOCKER_GROUP: u32 = 999;

/// How systemd starts the daemon (docker-ce-packaging: `docker.service`), as far as it matters here.
const DOCKER_UNIT: &str = "\
[Unit]
Description=Docker Application Container Engine
Documentation=https://docs.docker.com
After=network-online.target docker.socket
Requires=docker.socket

[Service]
Type=notify
ExecStart=/usr/bin/dockerd -H fd://
Restart=always

[Install]
WantedBy=multi-user.target
";

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
";

const GROUP: &str = "\
root:x:0:
daemon:x:1:
sudo:x:27:USER
docker:x:999:USER
nogroup:x:65534:
";
