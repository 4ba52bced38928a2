//! The files of a host as it was installed: a small Ubuntu server with Docker.

use os::fs::{Attributes, Inode, Kind, Tree};
use os::program::image;
use sim::Time;

/// The root filesystem of the host `name` at `address`.
pub(crate) fn host(name: &str, address: &str, docker: &str, now: Time) -> Tree {
    let mut tree = Tree::default();
    tree.add_directory("/", 0o755, now);
    for (path, mode) in [
        ("/root", 0o700),
        ("/home", 0o755),
        ("/tmp", 0o1777),
        ("/var/tmp", 0o1777),
        ("/var/log", 0o755),
        ("/var/lib/docker", 0o711),
        ("/var/lib/docker/swarm", 0o700),
        ("/run", 0o755),
        ("/mnt", 0o755),
        ("/opt", 0o755),
        ("/srv", 0o755),
        ("/usr/local/bin", 0o755),
        ("/dev", 0o755),
    ] {
        tree.add_directory(path, mode, now);
    }
    for (path, kind) in [
        ("/dev/null", Kind::NullDevice),
        ("/dev/zero", Kind::ZeroDevice),
        ("/dev/tty", Kind::TerminalDevice),
    ] {
        tree.insert(path, Inode { attributes: Attributes::root(0o666, now), kind });
    }
    let commands = shell::gnu_commands().iter().chain(shell::host_commands());
    for (path, program) in commands.chain(tools::COMMANDS) {
        tree.add_file(path, image(program), 0o755, now);
    }
    tree.add_file("/usr/bin/docker", image(docker), 0o755, now);
    for (path, text) in [
        ("/etc/hostname", format!("{name}\n")),
        ("/etc/hosts", format!("127.0.0.1\tlocalhost\n{address}\t{name}\n")),
        ("/etc/passwd", PASSWD.to_owned()),
        ("/etc/group", GROUP.to_owned()),
        ("/etc/os-release", OS_RELEASE.to_owned()),
        ("/etc/timezone", "Etc/UTC\n".to_owned()),
        ("/etc/localtime", "TZif2\n".to_owned()),
        ("/etc/resolv.conf", "nameserver 192.168.0.1\n".to_owned()),
        ("/etc/shells", "/bin/sh\n/bin/bash\n".to_owned()),
    ] {
        tree.add_file(path, text, 0o644, now);
    }
    let ubuntu = Attributes { mode: 0o755, uid: 1000, gid: 1000, modified: now };
    tree.insert("/home/ubuntu", Inode { attributes: ubuntu, kind: Kind::Directory });
    tree
}

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash
";

const GROUP: &str = "\
root:x:0:
daemon:x:1:
sudo:x:27:ubuntu
docker:x:999:ubuntu
nogroup:x:65534:
ubuntu:x:1000:
";

const OS_RELEASE: &str = "\
NAME=\"Ubuntu\"
VERSION=\"16.04.2 LTS (Xenial Xerus)\"
ID=ubuntu
ID_LIKE=debian
PRETTY_NAME=\"Ubuntu 16.04.2 LTS\"
VERSION_ID=\"16.04\"
";
