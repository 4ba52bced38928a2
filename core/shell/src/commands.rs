//! Which programs there are, and where a host or an image has them.

use os::program::Running;
use os::{Proc, Programs};

use crate::utilities::{
    Body, Utility, administration, archive, awk, binary, columns, compare, copying, date, digest,
    disks, editor, ends, files, find, git, grep, host, identity, jq, lines, listing, network,
    output, packages, paths, permissions, processes, random, running, sed, ssh, switching, system,
    test, text,
};
use crate::{Flavour, shell};

/// A utility: its name, what it does, and its folder on a host or in a Debian image and in an Alpine image.
macro_rules! utilities {
    ($($name:literal, $main:path $(=> $spec:path)?, $gnu:literal, $busybox:literal;)*) => {
        static UTILITIES: &[(&str, Body)] = &[$(($name, body!($main $(=> $spec)?)),)*];

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
    };
}

/// A main function; with a [`Spec`](crate::utilities::Spec), one whose arguments are taken apart by it.
macro_rules! body {
    ($main:path) => {
        Body::Raw(|utility| Box::pin($main(utility)))
    };
    ($main:path => $spec:path) => {
        Body::Parsed(&$spec, |utility, parsed| Box::pin($main(utility, parsed)))
    };
}

utilities! {
    "[", test::run, "/usr/bin/", "/usr/bin/";
    "arch", identity::arch, "/usr/bin/", "/bin/";
    "base64", binary::base64 => binary::BASE64, "/usr/bin/", "/bin/";
    "awk", awk::awk => awk::AWK, "/usr/bin/", "/usr/bin/";
    "basename", paths::basename => paths::BASENAME, "/usr/bin/", "/usr/bin/";
    "brctl", network::brctl, "/sbin/", "/usr/sbin/";
    "cat", text::cat => text::CAT, "/bin/", "/bin/";
    "chgrp", permissions::change_owner => permissions::CHANGE_OWNER, "/bin/", "/bin/";
    "chmod", permissions::chmod => permissions::CHMOD, "/bin/", "/bin/";
    "chown", permissions::change_owner => permissions::CHANGE_OWNER, "/bin/", "/bin/";
    "clear", system::clear, "/usr/bin/", "/usr/bin/";
    "cmp", compare::cmp => compare::CMP, "/usr/bin/", "/usr/bin/";
    "comm", compare::comm => compare::COMM, "/usr/bin/", "/usr/bin/";
    "cp", copying::cp => copying::CP, "/bin/", "/bin/";
    "cut", columns::cut => columns::CUT, "/usr/bin/", "/usr/bin/";
    "date", date::date => date::DATE, "/bin/", "/bin/";
    "dd", random::dd, "/bin/", "/bin/";
    "df", disks::df => disks::DF, "/bin/", "/bin/";
    "diff", compare::diff => compare::DIFF, "/usr/bin/", "/usr/bin/";
    "dirname", paths::dirname => paths::DIRNAME, "/usr/bin/", "/usr/bin/";
    "du", disks::du => disks::DU, "/usr/bin/", "/usr/bin/";
    "echo", output::echo, "/bin/", "/bin/";
    "edit", editor::edit, "/usr/bin/", "/usr/bin/";
    "egrep", grep::grep => grep::GREP, "/bin/", "/bin/";
    "env", identity::env => identity::ENV, "/usr/bin/", "/usr/bin/";
    "expr", columns::expr => columns::EXPR, "/usr/bin/", "/usr/bin/";
    "false", system::no, "/bin/", "/bin/";
    "fgrep", grep::grep => grep::GREP, "/bin/", "/bin/";
    "find", find::find, "/usr/bin/", "/usr/bin/";
    "fold", columns::fold => columns::FOLD, "/usr/bin/", "/usr/bin/";
    "free", system::free, "/usr/bin/", "/usr/bin/";
    "grep", grep::grep => grep::GREP, "/bin/", "/bin/";
    "groups", identity::groups, "/usr/bin/", "/usr/bin/";
    "gunzip", archive::gzip => archive::GZIP, "/bin/", "/bin/";
    "gzip", archive::gzip => archive::GZIP, "/bin/", "/bin/";
    "head", ends::head => ends::HEAD, "/usr/bin/", "/usr/bin/";
    "hexdump", binary::hexdump => binary::HEXDUMP, "/usr/bin/", "/usr/bin/";
    "hostname", identity::hostname => identity::HOSTNAME, "/bin/", "/bin/";
    "id", identity::id => identity::ID, "/usr/bin/", "/usr/bin/";
    "ifconfig", network::ifconfig, "/sbin/", "/sbin/";
    "ip", network::ip, "/sbin/", "/sbin/";
    "kill", processes::kill, "/bin/", "/bin/";
    "killall", host::by_name, "/usr/bin/", "/usr/bin/";
    "less", system::more, "/usr/bin/", "/usr/bin/";
    "ln", files::ln => files::LN, "/bin/", "/bin/";
    "ls", listing::ls => listing::LS, "/bin/", "/bin/";
    "man", system::man, "/usr/bin/", "/usr/bin/";
    "md5sum", digest::sum => digest::SUM, "/usr/bin/", "/usr/bin/";
    "mkdir", files::mkdir => files::MKDIR, "/bin/", "/bin/";
    "mktemp", files::mktemp => files::MKTEMP, "/bin/", "/bin/";
    "more", system::more, "/bin/", "/bin/";
    "mount", disks::mount, "/bin/", "/bin/";
    "mv", copying::mv => copying::MV, "/bin/", "/bin/";
    "nano", editor::edit, "/usr/bin/", "/usr/bin/";
    "nl", text::nl => text::NL, "/usr/bin/", "/usr/bin/";
    "nohup", running::nohup => running::NOHUP, "/usr/bin/", "/usr/bin/";
    "nproc", identity::nproc, "/usr/bin/", "/usr/bin/";
    "od", binary::od => binary::OD, "/usr/bin/", "/usr/bin/";
    "paste", columns::paste => columns::PASTE, "/usr/bin/", "/usr/bin/";
    "pgrep", host::by_name, "/usr/bin/", "/usr/bin/";
    "pidof", processes::pidof, "/bin/", "/bin/";
    "pkill", host::by_name, "/usr/bin/", "/usr/bin/";
    "printenv", identity::printenv, "/usr/bin/", "/bin/";
    "printf", output::printf => output::PRINTF, "/usr/bin/", "/usr/bin/";
    "ps", processes::ps => processes::PS, "/bin/", "/bin/";
    "pwd", paths::pwd, "/bin/", "/bin/";
    "readlink", paths::readlink => paths::READLINK, "/bin/", "/usr/bin/";
    "realpath", paths::realpath => paths::REALPATH, "/usr/bin/", "/usr/bin/";
    "rev", text::rev => text::REV, "/usr/bin/", "/bin/";
    "route", network::route, "/sbin/", "/sbin/";
    "rm", files::rm => files::RM, "/bin/", "/bin/";
    "rmdir", files::rmdir => files::RMDIR, "/bin/", "/bin/";
    "sed", sed::sed => sed::SED, "/bin/", "/bin/";
    "seq", output::seq => output::SEQ, "/usr/bin/", "/usr/bin/";
    "sha1sum", digest::sum => digest::SUM, "/usr/bin/", "/usr/bin/";
    "sha224sum", digest::sum => digest::SUM, "/usr/bin/", "/usr/bin/";
    "sha256sum", digest::sum => digest::SUM, "/usr/bin/", "/usr/bin/";
    "sha384sum", digest::sum => digest::SUM, "/usr/bin/", "/usr/bin/";
    "sha512sum", digest::sum => digest::SUM, "/usr/bin/", "/usr/bin/";
    "shred", random::shred => random::SHRED, "/usr/bin/", "/usr/bin/";
    "shuf", random::shuf => random::SHUF, "/usr/bin/", "/usr/bin/";
    "sleep", processes::sleep => processes::SLEEP, "/bin/", "/bin/";
    "sort", lines::sort => lines::SORT, "/usr/bin/", "/usr/bin/";
    "stat", system::stat => system::STAT, "/usr/bin/", "/bin/";
    "sync", system::yes, "/bin/", "/bin/";
    "tac", text::tac => text::TAC, "/usr/bin/", "/usr/bin/";
    "tail", ends::tail => ends::TAIL, "/usr/bin/", "/usr/bin/";
    "tar", archive::tar => archive::TAR, "/bin/", "/bin/";
    "tee", text::tee => text::TEE, "/usr/bin/", "/usr/bin/";
    "test", test::run, "/usr/bin/", "/usr/bin/";
    "time", running::time, "/usr/bin/", "/usr/bin/";
    "timeout", running::timeout => running::TIMEOUT, "/usr/bin/", "/usr/bin/";
    "top", processes::top => processes::TOP, "/usr/bin/", "/usr/bin/";
    "touch", files::touch => files::TOUCH, "/bin/", "/bin/";
    "tr", columns::tr => columns::TR, "/usr/bin/", "/usr/bin/";
    "true", system::yes, "/bin/", "/bin/";
    "truncate", random::truncate => random::TRUNCATE, "/usr/bin/", "/usr/bin/";
    "tty", identity::tty, "/usr/bin/", "/usr/bin/";
    "umount", disks::umount, "/bin/", "/bin/";
    "uname", identity::uname => identity::UNAME, "/bin/", "/bin/";
    "uniq", lines::uniq => lines::UNIQ, "/usr/bin/", "/usr/bin/";
    "uptime", processes::uptime, "/usr/bin/", "/usr/bin/";
    "vi", editor::edit, "/usr/bin/", "/bin/";
    "vim", editor::edit, "/usr/bin/", "/usr/bin/";
    "watch", running::watch => running::WATCH, "/usr/bin/", "/bin/";
    "wc", text::wc => text::WC, "/usr/bin/", "/usr/bin/";
    "which", identity::which, "/usr/bin/", "/usr/bin/";
    "whoami", identity::whoami => identity::WHOAMI, "/usr/bin/", "/usr/bin/";
    "xargs", running::xargs => running::XARGS, "/usr/bin/", "/usr/bin/";
    "xxd", binary::xxd => binary::XXD, "/usr/bin/", "/usr/bin/";
    "yes", output::yes, "/usr/bin/", "/usr/bin/";
    "zcat", archive::gzip => archive::GZIP, "/bin/", "/bin/";
}

/// Utilities of a host only: no image has them.
macro_rules! host_utilities {
    ($($path:literal, $name:literal, $main:path $(=> $spec:path)?;)*) => {
        static OF_A_HOST: &[(&str, Body)] = &[$(($name, body!($main $(=> $spec)?)),)*];

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
    "/bin/findmnt", "findmnt", disks::findmnt => disks::FINDMNT;
    "/bin/lsblk", "lsblk", disks::lsblk;
    "/usr/bin/tree", "tree", host::tree;
    "/usr/bin/file", "file", host::file;
    "/usr/bin/envsubst", "envsubst", host::envsubst;
    "/usr/bin/column", "column", host::column => host::COLUMN;
    "/usr/sbin/useradd", "useradd", administration::useradd => administration::USERADD;
    "/usr/sbin/usermod", "usermod", administration::usermod => administration::USERMOD;
    "/usr/sbin/groupadd", "groupadd", administration::groupadd => administration::GROUPADD;
    "/usr/bin/gpasswd", "gpasswd", administration::gpasswd => administration::GPASSWD;
    "/usr/bin/newgrp", "newgrp", switching::newgrp;
    "/bin/su", "su", switching::su => switching::SU;
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
    for name in ["apt", "apt-get", "apk", "yum"] {
        programs.add(name, |proc| start(proc.clone(), proc.program()));
    }
    for (_, program) in GNU.iter().chain(BUSYBOX).chain(HOST) {
        if program.contains(':') {
            programs.add(program, |proc| start(proc.clone(), proc.program()));
        }
    }
}

/// Runs the utility that a program's name stands for; a part in front of `:` says whose it is.
fn start(proc: Proc, program: &str) -> Running {
    let (whose, name) = program.split_once(':').unwrap_or(("", program));
    let row = UTILITIES.iter().chain(OF_A_HOST).chain(MANAGERS).find(|(own, _)| *own == name);
    let gnu = whose != "busybox" && name != "apk";
    match row {
        Some((name, body)) => Box::pin(Utility::of(proc, name, gnu).run(body)),
        None => Box::pin(lacking(proc)),
    }
}

/// The package managers.
const MANAGERS: &[(&str, Body)] = &[
    ("apt", body!(packages::apt)),
    ("apt-get", body!(packages::apt)),
    ("apk", body!(packages::apk)),
    ("yum", body!(packages::yum)),
];

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
         rsync runc screen setcap sftp split ssh-add ssh-agent ssh-keyscan strace systemd-cgtop taskset \
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
    let is_shell = matches!(name.as_str(), "sh" | "ash");
    if !is_shell && UTILITIES.iter().all(|(own, _)| *own != name) {
        proc.eprint(format!("{name}: applet not found\n")).await;
        return 127;
    }
    proc.set_args(args[1..].to_vec());
    if is_shell {
        return shell::main(proc, Flavour::Ash).await;
    }
    start(proc, &format!("busybox:{name}")).await
}
