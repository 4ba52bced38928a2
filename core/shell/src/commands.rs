//! Which programs there are, and where a host or an image has them.

use os::Programs;

use crate::utilities::{
    Utility, administration, archive, awk, binary, columns, compare, copying, date, digest, disks,
    editor, ends, files, find, git, grep, host, identity, jq, lines, listing, network, output,
    packages, paths, permissions, processes, random, running, sed, ssh, switching, system, test,
    text,
};
use crate::{Flavour, shell};

/// Adds `gnu:name` and `busybox:name` for each utility, and tables of where they are.
macro_rules! utilities {
    ($($name:literal, $main:path, $gnu:expr, $busybox:expr;)*) => {
        fn register_utilities(programs: &mut Programs) {
            $(
                programs.add(concat!("gnu:", $name), |proc| {
                    Box::pin($main(Utility::of(proc, $name, true)))
                });
                programs.add(concat!("busybox:", $name), |proc| {
                    Box::pin($main(Utility::of(proc, $name, false)))
                });
            )*
        }

        const GNU: &[(&str, &str)] = &[
            ("/bin/bash", "bash"),
            ("/bin/sh", "dash"),
            ("/bin/dash", "dash"),
            ("/usr/bin/apt", "apt"),
            ("/usr/bin/apt-get", "apt-get"),
            $((concat!($gnu, $name), concat!("gnu:", $name)),)*
        ];

        const BUSYBOX: &[(&str, &str)] = &[
            ("/bin/sh", "busybox-ash"),
            ("/bin/ash", "busybox-ash"),
            ("/bin/busybox", "busybox"),
            $((concat!($busybox, $name), concat!("busybox:", $name)),)*
        ];

        /// The applet `name` of BusyBox.
        fn applet(name: &str) -> Option<os::program::Main> {
            match name {
                "sh" | "ash" => Some(|proc| Box::pin(shell::main(proc, Flavour::Ash))),
                $($name => Some(|proc| Box::pin($main(Utility::of(proc, $name, false)))),)*
                _ => None,
            }
        }
    };
}

utilities! {
    "[", test::run, "/usr/bin/", "/usr/bin/";
    "arch", identity::arch, "/usr/bin/", "/bin/";
    "base64", binary::base64, "/usr/bin/", "/bin/";
    "awk", awk::awk, "/usr/bin/", "/usr/bin/";
    "basename", paths::basename, "/usr/bin/", "/usr/bin/";
    "brctl", network::brctl, "/sbin/", "/usr/sbin/";
    "cat", text::cat, "/bin/", "/bin/";
    "chgrp", permissions::chgrp, "/bin/", "/bin/";
    "chmod", permissions::chmod, "/bin/", "/bin/";
    "chown", permissions::chown, "/bin/", "/bin/";
    "clear", system::clear, "/usr/bin/", "/usr/bin/";
    "cmp", compare::cmp, "/usr/bin/", "/usr/bin/";
    "comm", compare::comm, "/usr/bin/", "/usr/bin/";
    "cp", copying::cp, "/bin/", "/bin/";
    "cut", columns::cut, "/usr/bin/", "/usr/bin/";
    "date", date::date, "/bin/", "/bin/";
    "dd", random::dd, "/bin/", "/bin/";
    "df", disks::df, "/bin/", "/bin/";
    "diff", compare::diff, "/usr/bin/", "/usr/bin/";
    "dirname", paths::dirname, "/usr/bin/", "/usr/bin/";
    "du", disks::du, "/usr/bin/", "/usr/bin/";
    "echo", output::echo, "/bin/", "/bin/";
    "edit", editor::edit, "/usr/bin/", "/usr/bin/";
    "egrep", grep::egrep, "/bin/", "/bin/";
    "env", identity::env, "/usr/bin/", "/usr/bin/";
    "expr", columns::expr, "/usr/bin/", "/usr/bin/";
    "false", system::no, "/bin/", "/bin/";
    "fgrep", grep::fgrep, "/bin/", "/bin/";
    "find", find::find, "/usr/bin/", "/usr/bin/";
    "fold", columns::fold, "/usr/bin/", "/usr/bin/";
    "free", system::free, "/usr/bin/", "/usr/bin/";
    "grep", grep::grep, "/bin/", "/bin/";
    "groups", identity::groups, "/usr/bin/", "/usr/bin/";
    "gunzip", archive::gzip, "/bin/", "/bin/";
    "gzip", archive::gzip, "/bin/", "/bin/";
    "head", ends::head, "/usr/bin/", "/usr/bin/";
    "hexdump", binary::hexdump, "/usr/bin/", "/usr/bin/";
    "hostname", identity::hostname, "/bin/", "/bin/";
    "id", identity::id, "/usr/bin/", "/usr/bin/";
    "ifconfig", network::ifconfig, "/sbin/", "/sbin/";
    "ip", network::ip, "/sbin/", "/sbin/";
    "kill", processes::kill, "/bin/", "/bin/";
    "killall", host::by_name, "/usr/bin/", "/usr/bin/";
    "less", system::more, "/usr/bin/", "/usr/bin/";
    "ln", files::ln, "/bin/", "/bin/";
    "ls", listing::ls, "/bin/", "/bin/";
    "man", system::man, "/usr/bin/", "/usr/bin/";
    "md5sum", digest::sum, "/usr/bin/", "/usr/bin/";
    "mkdir", files::mkdir, "/bin/", "/bin/";
    "mktemp", files::mktemp, "/bin/", "/bin/";
    "more", system::more, "/bin/", "/bin/";
    "mount", disks::mount, "/bin/", "/bin/";
    "mv", copying::mv, "/bin/", "/bin/";
    "nano", editor::edit, "/usr/bin/", "/usr/bin/";
    "nl", text::nl, "/usr/bin/", "/usr/bin/";
    "nohup", running::nohup, "/usr/bin/", "/usr/bin/";
    "nproc", identity::nproc, "/usr/bin/", "/usr/bin/";
    "od", binary::od, "/usr/bin/", "/usr/bin/";
    "paste", columns::paste, "/usr/bin/", "/usr/bin/";
    "pgrep", host::by_name, "/usr/bin/", "/usr/bin/";
    "pidof", processes::pidof, "/bin/", "/bin/";
    "pkill", host::by_name, "/usr/bin/", "/usr/bin/";
    "printenv", identity::printenv, "/usr/bin/", "/bin/";
    "printf", output::printf, "/usr/bin/", "/usr/bin/";
    "ps", processes::ps, "/bin/", "/bin/";
    "pwd", paths::pwd, "/bin/", "/bin/";
    "readlink", paths::readlink, "/bin/", "/usr/bin/";
    "realpath", paths::realpath, "/usr/bin/", "/usr/bin/";
    "rev", text::rev, "/usr/bin/", "/bin/";
    "route", network::route, "/sbin/", "/sbin/";
    "rm", files::rm, "/bin/", "/bin/";
    "rmdir", files::rmdir, "/bin/", "/bin/";
    "sed", sed::sed, "/bin/", "/bin/";
    "seq", output::seq, "/usr/bin/", "/usr/bin/";
    "sha1sum", digest::sum, "/usr/bin/", "/usr/bin/";
    "sha224sum", digest::sum, "/usr/bin/", "/usr/bin/";
    "sha256sum", digest::sum, "/usr/bin/", "/usr/bin/";
    "sha384sum", digest::sum, "/usr/bin/", "/usr/bin/";
    "sha512sum", digest::sum, "/usr/bin/", "/usr/bin/";
    "shred", random::shred, "/usr/bin/", "/usr/bin/";
    "shuf", random::shuf, "/usr/bin/", "/usr/bin/";
    "sleep", processes::sleep, "/bin/", "/bin/";
    "sort", lines::sort, "/usr/bin/", "/usr/bin/";
    "stat", system::stat, "/usr/bin/", "/bin/";
    "sync", system::yes, "/bin/", "/bin/";
    "tac", text::tac, "/usr/bin/", "/usr/bin/";
    "tail", ends::tail, "/usr/bin/", "/usr/bin/";
    "tar", archive::tar, "/bin/", "/bin/";
    "tee", text::tee, "/usr/bin/", "/usr/bin/";
    "test", test::run, "/usr/bin/", "/usr/bin/";
    "time", running::time, "/usr/bin/", "/usr/bin/";
    "timeout", running::timeout, "/usr/bin/", "/usr/bin/";
    "top", processes::top, "/usr/bin/", "/usr/bin/";
    "touch", files::touch, "/bin/", "/bin/";
    "tr", columns::tr, "/usr/bin/", "/usr/bin/";
    "true", system::yes, "/bin/", "/bin/";
    "truncate", random::truncate, "/usr/bin/", "/usr/bin/";
    "tty", identity::tty, "/usr/bin/", "/usr/bin/";
    "umount", disks::umount, "/bin/", "/bin/";
    "uname", identity::uname, "/bin/", "/bin/";
    "uniq", lines::uniq, "/usr/bin/", "/usr/bin/";
    "uptime", processes::uptime, "/usr/bin/", "/usr/bin/";
    "vi", editor::edit, "/usr/bin/", "/bin/";
    "vim", editor::edit, "/usr/bin/", "/usr/bin/";
    "watch", running::watch, "/usr/bin/", "/bin/";
    "wc", text::wc, "/usr/bin/", "/usr/bin/";
    "which", identity::which, "/usr/bin/", "/usr/bin/";
    "whoami", identity::whoami, "/usr/bin/", "/usr/bin/";
    "xargs", running::xargs, "/usr/bin/", "/usr/bin/";
    "xxd", binary::xxd, "/usr/bin/", "/usr/bin/";
    "yes", output::yes, "/usr/bin/", "/usr/bin/";
    "zcat", archive::gzip, "/bin/", "/bin/";
}

/// Utilities of a host only: no image has them.
macro_rules! host_utilities {
    ($($path:literal, $name:literal, $main:path;)*) => {
        fn register_host_utilities(programs: &mut Programs) {
            $(
                programs.add(concat!("host:", $name), |proc| {
                    Box::pin($main(Utility::of(proc, $name, true)))
                });
            )*
        }

        const HOST: &[(&str, &str)] = &[$(($path, concat!("host:", $name)),)*];
    };
}

host_utilities! {
    "/usr/bin/jq", "jq", jq::jq;
    "/usr/bin/uuidgen", "uuidgen", random::uuidgen;
    "/usr/bin/pwgen", "pwgen", random::pwgen;
    "/sbin/bridge", "bridge", network::bridge;
    "/usr/bin/lsb_release", "lsb_release", host::lsb_release;
    "/usr/bin/git", "git", git::git;
    "/usr/local/bin/docker-machine", "docker-machine", host::docker_machine;
    "/bin/findmnt", "findmnt", disks::findmnt;
    "/bin/lsblk", "lsblk", disks::lsblk;
    "/usr/bin/tree", "tree", host::tree;
    "/usr/bin/file", "file", host::file;
    "/usr/bin/envsubst", "envsubst", host::envsubst;
    "/usr/bin/column", "column", host::column;
    "/usr/sbin/useradd", "useradd", administration::useradd;
    "/usr/sbin/usermod", "usermod", administration::usermod;
    "/usr/sbin/groupadd", "groupadd", administration::groupadd;
    "/usr/bin/gpasswd", "gpasswd", administration::gpasswd;
    "/usr/bin/newgrp", "newgrp", switching::newgrp;
    "/bin/su", "su", switching::su;
    "/usr/bin/sudo", "sudo", switching::sudo;
    "/usr/bin/ssh", "ssh", ssh::ssh;
    "/usr/bin/scp", "scp", ssh::scp;
    "/usr/bin/ssh-keygen", "ssh-keygen", ssh::keys;
    "/usr/bin/ssh-copy-id", "ssh-copy-id", ssh::keys;
}

/// Adds the shells (`bash`, `dash`, `busybox-ash`), `busybox` itself, and each utility as `gnu:name`
/// and `busybox:name`.
pub fn register(programs: &mut Programs) {
    programs.add("bash", |proc| Box::pin(shell::main(proc, Flavour::Bash)));
    programs.add("dash", |proc| Box::pin(shell::main(proc, Flavour::Dash)));
    programs.add("busybox-ash", |proc| Box::pin(shell::main(proc, Flavour::Ash)));
    programs.add("busybox", |proc| Box::pin(busybox(proc)));
    programs.add("host:lacking", |proc| Box::pin(lacking(proc)));
    programs.add("apt", |proc| Box::pin(packages::apt(Utility::of(proc, "apt", true))));
    programs.add("apt-get", |proc| Box::pin(packages::apt(Utility::of(proc, "apt-get", true))));
    programs.add("apk", |proc| Box::pin(packages::apk(Utility::of(proc, "apk", false))));
    register_utilities(programs);
    register_host_utilities(programs);
}

/// Programs that an Ubuntu server with Docker has besides the utilities, and that are not simulated. They are there so
/// that they say so themselves.
const LACKING: [(&str, &str); 3] = [
    ("/bin/", "dmesg journalctl loginctl lsmod nano-tiny networkctl systemd-analyze systemd-cgls"),
    (
        "/sbin/",
        "apparmor_parser blkid fdisk ip6tables iptables iptables-save iwconfig mkfs modprobe parted reboot \
         shutdown swapoff swapon sysctl tc",
    ),
    (
        "/usr/bin/",
        "add-apt-repository apt-cache apt-key base32 bc cksum containerd containerd-shim crontab ctr dockerd \
         docker-proxy dpkg dpkg-query dpkg-reconfigure getcap getopt gpg hostnamectl htop iconv install ionice last \
         ldd locale logger lsns lsof make-ssl-cert mkfifo mtr nice nsenter patch perl pinky pstree renice resolvectl \
         rsync runc screen setcap sftp split ssh-add ssh-agent ssh-keyscan strace systemd-cgtop taskset tcpdump \
         timedatectl tmux unshare unxz vmstat w who xz aa-status apparmor_status arp chroot ethtool setfacl getfacl \
         ufw update-ca-certificates visudo capsh ipvsadm conntrack",
    ),
];

/// A program of [`LACKING`].
async fn lacking(proc: os::Proc) -> i32 {
    let args = proc.args();
    let name = args.first().map_or("", |path| path.rsplit('/').next().unwrap_or(path));
    proc.eprint(format!("{name}: not simulated\n")).await;
    1
}

/// The executables of a host or a Debian image: paths, and the programs that they are.
pub fn gnu_commands() -> &'static [(&'static str, &'static str)] {
    GNU
}

/// What a host has besides.
pub fn host_commands() -> impl Iterator<Item = (String, &'static str)> {
    let lacking = LACKING.into_iter().flat_map(|(folder, names)| {
        names.split_whitespace().map(move |name| (format!("{folder}{name}"), "host:lacking"))
    });
    // An Ubuntu 16.04 has both.
    let pythons = ["/usr/bin/python", "/usr/bin/python3"].map(|path| (path.to_owned(), "python"));
    let simulated = HOST.iter().map(|(path, program)| ((*path).to_owned(), *program));
    simulated.chain(pythons).chain(lacking)
}

/// The executables of an Alpine or BusyBox image.
pub fn busybox_commands() -> &'static [(&'static str, &'static str)] {
    BUSYBOX
}

/// Utilities that no image has until a package brings them.
const NOT_IN_IMAGES: &[&str] = &["edit", "man", "nano", "vim"];

/// What BusyBox has of its own and a Debian image lacks.
const NOT_IN_DEBIAN: &[&str] = &["brctl", "ifconfig", "ip", "route", "vi"];

/// What a Debian image and what an Alpine image holds of [`gnu_commands`] and [`busybox_commands`].
pub fn image_commands() -> [Vec<(&'static str, &'static str)>; 2] {
    let in_images = |commands: &'static [(&'static str, &'static str)], not: &[&str]| {
        let is_kept = |(path, _): &&(&'static str, &'static str)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            !not.contains(&name) && !NOT_IN_IMAGES.contains(&name)
        };
        commands.iter().filter(is_kept).copied().collect()
    };
    [in_images(GNU, NOT_IN_DEBIAN), in_images(BUSYBOX, &[])]
}

/// `busybox applet args...`.
async fn busybox(proc: os::Proc) -> i32 {
    let args = proc.args();
    let Some(name) = args.get(1).cloned() else {
        let names: Vec<&str> =
            BUSYBOX.iter().filter_map(|(_, program)| program.strip_prefix("busybox:")).collect();
        let text = format!(
            "BusyBox v1.25.1 (2016-10-26 16:15:20 GMT) multi-call binary.\n\nCurrently defined functions:\n\t{}\n",
            names.join(", ")
        );
        proc.print(text).await;
        return 0;
    };
    let Some(main) = applet(&name) else {
        proc.eprint(format!("{name}: applet not found\n")).await;
        return 127;
    };
    proc.set_args(args[1..].to_vec());
    main(proc.clone()).await
}
