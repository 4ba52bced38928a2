//! `apt-get`, `apt` and `apk`: a small package archive. A package brings the executables of programs
//! that are simulated; it is installed by writing them, so that a container's layer holds them and
//! `docker commit` keeps them. What is not in the archive cannot be located.

use super::{Utility, identity};

/// A package: its names in Debian and in Alpine, and what it brings. A package without programs is
/// one that changes nothing here.
struct Package {
    names: &'static [&'static str],
    programs: &'static [(&'static str, &'static str)],
}

const fn package(
    names: &'static [&'static str],
    programs: &'static [(&'static str, &'static str)],
) -> Package {
    Package { names, programs }
}

/// The program of an executable that is there and says that it is not simulated.
const LACKING: &str = "host:lacking";

const PACKAGES: &[Package] = &[
    package(&["curl"], &[("/usr/bin/curl", "curl")]),
    package(&["wget"], &[("/usr/bin/wget", "wget")]),
    package(&["iputils-ping", "iputils", "inetutils-ping"], &[("/bin/ping", "ping:iputils")]),
    package(
        &["dnsutils", "bind9-dnsutils", "bind-tools", "bind9-utils", "bind-utils"],
        &[("/usr/bin/nslookup", "nslookup:bind"), ("/usr/bin/dig", "dig")],
    ),
    package(
        &["procps", "procps-ng"],
        &[("/bin/ps", "gnu:ps"), ("/usr/bin/pgrep", "gnu:pgrep"), ("/usr/bin/watch", "gnu:watch")],
    ),
    package(
        &["vim", "vim-tiny", "vim-enhanced"],
        &[("/usr/bin/vim", "gnu:vim"), ("/usr/bin/vi", "gnu:vi")],
    ),
    package(&["nano"], &[("/usr/bin/nano", "gnu:nano")]),
    package(&["jq"], &[("/usr/bin/jq", "host:jq")]),
    package(&["openssl"], &[("/usr/bin/openssl", "openssl")]),
    package(
        &["net-tools"],
        &[
            ("/sbin/ifconfig", "gnu:ifconfig"),
            ("/sbin/route", "gnu:route"),
            ("/bin/netstat", "sockets"),
        ],
    ),
    package(&["iproute2", "iproute"], &[("/sbin/ip", "gnu:ip"), ("/bin/ss", "sockets")]),
    package(&["bridge-utils"], &[("/sbin/brctl", "gnu:brctl")]),
    package(
        &["netcat", "netcat-openbsd", "netcat-traditional", "nc", "nmap-ncat"],
        &[("/bin/nc", "nc")],
    ),
    package(&["telnet", "busybox-extras"], &[("/usr/bin/telnet", "telnet")]),
    package(&["traceroute"], &[("/usr/bin/traceroute", "traceroute")]),
    package(&["bash"], &[("/bin/bash", "bash")]),
    package(&["coreutils"], &[("/usr/bin/sha256sum", "gnu:sha256sum")]),
    package(&["gettext", "gettext-base"], &[("/usr/bin/envsubst", "host:envsubst")]),
    package(&["tree"], &[("/usr/bin/tree", "host:tree")]),
    package(&["file"], &[("/usr/bin/file", "host:file")]),
    package(&["pwgen"], &[("/usr/bin/pwgen", "host:pwgen")]),
    package(&["uuid-runtime", "util-linux"], &[("/usr/bin/uuidgen", "host:uuidgen")]),
    package(&["openssh-client", "openssh"], &[("/usr/bin/ssh", "host:ssh")]),
    package(&["sudo"], &[("/usr/bin/sudo", "host:sudo")]),
    package(&["redis-tools", "redis"], &[("/usr/bin/redis-cli", "redis-cli")]),
    package(
        &["default-mysql-client", "mysql-client", "mariadb-client"],
        &[("/usr/bin/mysql", "mysql")],
    ),
    package(&["postgresql-client"], &[("/usr/bin/psql", "psql")]),
    package(
        &["python3", "python", "python2", "python-dev", "python3-dev", "python3-minimal"],
        &[("/usr/bin/python3", "python"), ("/usr/bin/python", "python")],
    ),
    package(
        &["python3-pip", "python-pip", "py-pip", "py3-pip", "py2-pip"],
        &[
            ("/usr/bin/pip", "pip"),
            ("/usr/bin/pip3", "pip"),
            ("/usr/bin/python3", "python"),
            ("/usr/bin/python", "python"),
        ],
    ),
    package(&["nodejs", "npm"], &[("/usr/bin/node", LACKING), ("/usr/bin/npm", LACKING)]),
    package(
        &["apache2", "apache2-utils"],
        &[("/usr/bin/ab", LACKING), ("/usr/bin/htpasswd", "htpasswd")],
    ),
    package(&["nginx"], &[("/usr/sbin/nginx", "nginx")]),
    package(&["git", "git-core"], &[("/usr/bin/git", "host:git")]),
    package(
        &["build-essential", "build-base", "gcc"],
        &[("/usr/bin/gcc", LACKING), ("/usr/bin/make", LACKING)],
    ),
    package(
        &[
            "ca-certificates",
            "apt-transport-https",
            "software-properties-common",
            "gnupg",
            "tzdata",
            "bash-completion",
            "bzip2",
            "dirmngr",
            "epel-release",
            "g++",
            "gnupg2",
            "less",
            "libc-dev",
            "libffi-dev",
            "libpq-dev",
            "libssl-dev",
            "linux-headers",
            "locales",
            "lsb-release",
            "make",
            "musl-dev",
            "openssl-dev",
            "postgresql-dev",
            "xz-utils",
            "yum-utils",
            "zlib1g-dev",
        ],
        &[],
    ),
    package(&["docker.io", "docker-ce", "docker-ce-cli", "docker-engine", "containerd.io"], &[]),
];

/// Packages whose only program has their name and is not simulated.
const UNSIMULATED: &str = "ansible bc clang cmake cowsay cron ethtool figlet fortune golang htop iftop iotop iperf \
                           iperf3 iptables ipvsadm ldap-utils lsof lynx mc mongodb-clients mtr nmap perl php pv rsync ruby screen siege \
                           socat strace stress stress-ng supervisor sysbench tcpdump tini tmux toilet unzip wrk zip zsh";

/// Where `apt-get update` puts the lists, without which nothing can be located in an image.
const LISTS: &str = "/var/lib/apt/lists/packages";

/// The executables of a package and the programs that they are.
type Programs = Vec<(String, &'static str)>;

fn find(name: &str) -> Option<Programs> {
    // `name=version`, `name:architecture`, and Alpine's bounds.
    let name = name.split(['=', ':', '<', '>', '~']).next().unwrap_or(name);
    if UNSIMULATED.split_whitespace().any(|own| own == name) {
        return Some(vec![(format!("/usr/bin/{name}"), LACKING)]);
    }
    let package = PACKAGES.iter().find(|package| package.names.contains(&name))?;
    Some(package.programs.iter().map(|(path, program)| ((*path).to_owned(), *program)).collect())
}

fn is_there(utility: &Utility, programs: &Programs) -> bool {
    programs.iter().all(|(path, _)| {
        let name = super::base_name(path);
        identity::find_program(utility, name, None).is_some()
    })
}

/// Writes a package's executables; the error is the message.
fn install(utility: &Utility, programs: &Programs) -> Result<(), String> {
    for (path, program) in programs {
        let proc = &utility.proc;
        // A program that the image has elsewhere stays.
        if identity::find_program(utility, super::base_name(path), None).is_some() {
            continue;
        }
        let folder = super::folder_name(path);
        if !proc.exists(folder) {
            let _ = proc.make_directory(folder, 0o755);
        }
        let written = proc.write_file(path, &os::program::image(program));
        written
            .and_then(|()| proc.change_attributes(path, Some(0o755), None, None))
            .map_err(|errno| format!("{path}: {errno}"))?;
    }
    Ok(())
}

pub(crate) async fn apt(utility: Utility) -> i32 {
    let words: Vec<String> =
        utility.args.iter().filter(|arg| !arg.starts_with('-')).cloned().collect();
    let agrees = utility.args.iter().any(|arg| {
        matches!(arg.as_str(), "--yes" | "--assume-yes" | "-qq")
            || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains('y'))
    });
    let Some((command, names)) = words.split_first() else {
        return utility.error("not simulated without a command").await;
    };
    if utility.proc.user().uid != 0 {
        let text = "E: Could not open lock file /var/lib/dpkg/lock - open (13: Permission denied)\n\
                    E: Unable to lock the administration directory (/var/lib/dpkg/), are you root?\n";
        utility.proc.eprint(text).await;
        return 100;
    }
    match command.as_str() {
        "update" => {
            for folder in ["/var/lib", "/var/lib/apt", "/var/lib/apt/lists"] {
                let _ = utility.proc.make_directory(folder, 0o755);
            }
            let _ = utility.proc.write_file(LISTS, b"");
            utility.print("Reading package lists... Done\n").await;
            0
        }
        "clean" | "autoclean" | "autoremove" => 0,
        "install" => apt_install(&utility, names, agrees).await,
        other => utility.error(format!("not simulated: {other}")).await,
    }
}

async fn apt_install(utility: &Utility, names: &[String], agrees: bool) -> i32 {
    let has_lists = utility.proc.exists(LISTS) || !utility.proc.is_contained();
    let mut text = String::from(
        "Reading package lists... Done\nBuilding dependency tree\nReading state information... Done\n",
    );
    let (mut new, mut missing) = (Vec::new(), String::new());
    for name in names {
        match find(name) {
            Some(package) if is_there(utility, &package) => {
                text.push_str(&format!("{name} is already the newest version.\n"));
            }
            Some(package) if has_lists => new.push((name.as_str(), package)),
            _ => missing.push_str(&format!(
                "E: Unable to locate package {name} (not simulated, or not there)\n"
            )),
        }
    }
    utility.print(&text).await;
    if !missing.is_empty() {
        utility.proc.eprint(missing).await;
        return 100;
    }
    let list: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
    let mut text = String::new();
    if !list.is_empty() {
        text.push_str("The following NEW packages will be installed:\n");
        text.push_str(&format!("  {}\n", list.join(" ")));
    }
    let count = list.len();
    text.push_str(&format!(
        "0 upgraded, {count} newly installed, 0 to remove and 0 not upgraded.\n"
    ));
    utility.print(text).await;
    // It asks because packages bring others; a build has nobody who answers.
    if count > 0 && !agrees {
        utility.print("Do you want to continue? [Y/n] ").await;
        let line = utility.proc.read(os::Fd::STDIN, 256).await.unwrap_or_default();
        let answer = String::from_utf8_lossy(&line).trim().to_lowercase();
        if line.is_empty() || !matches!(answer.as_str(), "" | "y" | "yes") {
            utility.print("Abort.\n").await;
            return 1;
        }
    }
    for (name, package) in new {
        utility.proc.compute(sim::Duration::from_millis(400)).await;
        if let Err(message) = install(utility, &package) {
            utility
                .proc
                .eprint(format!("dpkg: error processing package {name}: {message}\n"))
                .await;
            return 100;
        }
        utility.print(format!("Setting up {name} ...\n")).await;
    }
    0
}

/// `yum` of a CentOS image, and `dnf`.
pub(crate) async fn yum(utility: Utility) -> i32 {
    let (flags, words): (Vec<&String>, Vec<&String>) =
        utility.args.iter().partition(|arg| arg.starts_with('-'));
    let agrees = flags.iter().any(|flag| matches!(flag.as_str(), "-y" | "--assumeyes" | "-qy"));
    let Some((command, names)) = words.split_first() else {
        utility.proc.eprint("You need to give some command\n").await;
        return 1;
    };
    if utility.proc.user().uid != 0 {
        utility.proc.eprint("You need to be root to perform this command.\n").await;
        return 1;
    }
    utility.print("Loaded plugins: fastestmirror, ovl\n").await;
    match command.as_str() {
        "install" => {}
        "update" | "upgrade" | "makecache" | "clean" => {
            utility.print("No packages marked for update\n").await;
            return 0;
        }
        other => return utility.error(format!("not simulated: {other}")).await,
    }
    let (mut new, mut text) = (Vec::new(), String::new());
    for name in names {
        match find(name) {
            Some(package) if is_there(&utility, &package) => {
                text += &format!("Package {name} already installed and latest version\n");
            }
            Some(package) => new.push((name.as_str(), package)),
            None => {
                text += &format!("No package {name} available. (not simulated, or not there)\n")
            }
        }
    }
    if new.is_empty() {
        let missing = text.contains("No package");
        text += if missing { "Error: Nothing to do\n" } else { "Nothing to do\n" };
        utility.print(text).await;
        return i32::from(missing);
    }
    text += "Resolving Dependencies\n--> Running transaction check\n";
    for (name, _) in &new {
        text += &format!("---> Package {name}.x86_64 will be installed\n");
    }
    let (count, rule) = (new.len(), "=".repeat(80));
    let plural = if count == 1 { "" } else { "s" };
    text += &format!(
        "--> Finished Dependency Resolution\n\nDependencies Resolved\n\n{rule}\nTransaction \
         Summary\n{rule}\nInstall  {count} Package{plural}\n\n"
    );
    utility.print(text).await;
    if !agrees {
        utility.print("Is this ok [y/d/N]: ").await;
        let line = utility.proc.read(os::Fd::STDIN, 256).await.unwrap_or_default();
        if !line.to_ascii_lowercase().starts_with(b"y") {
            utility.print("Exiting on user command\n").await;
            return 1;
        }
    }
    let mut done = "\nInstalled:\n".to_owned();
    utility.print("Running transaction\n").await;
    for (number, (name, package)) in (1..).zip(&new) {
        utility.proc.compute(sim::Duration::from_millis(400)).await;
        if let Err(message) = install(&utility, package) {
            return utility.error(format!("{name}: {message}")).await;
        }
        utility.print(format!("  Installing : {name}.x86_64 {number:>40}/{count} \n")).await;
        done += &format!("  {name}.x86_64\n");
    }
    utility.print(done + "\nComplete!\n").await;
    0
}

pub(crate) async fn apk(utility: Utility) -> i32 {
    // The word behind `--virtual` names a group, which is no package.
    let is_group = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| utility.args.get(before));
        before.is_some_and(|flag| matches!(flag.as_str(), "-t" | "--virtual"))
    };
    let words: Vec<String> = (0..)
        .zip(&utility.args)
        .filter(|(at, arg)| !arg.starts_with('-') && !is_group(*at))
        .map(|(_, arg)| arg.clone())
        .collect();
    let Some((command, names)) = words.split_first() else {
        utility.print("apk-tools 2.12.10, compiled for x86_64.\n\nusage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n").await;
        return 1;
    };
    if utility.proc.user().uid != 0 {
        let text = "ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied\n";
        utility.proc.eprint(text).await;
        return 99;
    }
    match command.as_str() {
        "update" | "upgrade" => {
            utility.print("OK: 17814 distinct packages available\n").await;
            0
        }
        "del" => utility.error(format!("not simulated: {command}")).await,
        "add" => apk_add(&utility, names).await,
        other => {
            let text = format!("apk: unrecognized command '{other}'\n");
            utility.proc.eprint(text).await;
            1
        }
    }
}

async fn apk_add(utility: &Utility, names: &[String]) -> i32 {
    let unknown: String = names
        .iter()
        .filter(|name| find(name).is_none())
        .map(|name| format!("  {name} (no such package: not simulated, or not there):\n    required by: world[{name}]\n"))
        .collect();
    if !unknown.is_empty() {
        let text = format!("ERROR: unable to select packages:\n{unknown}");
        utility.proc.eprint(text).await;
        return 1;
    }
    let release = utility.proc.read_file("/etc/alpine-release").unwrap_or_default();
    let release = String::from_utf8_lossy(&release).trim().to_owned();
    let minor = release.rsplit_once('.').map_or(release.as_str(), |(minor, _)| minor);
    for part in ["main", "community"] {
        let place = format!("alpine/v{minor}/{part}/x86_64/APKINDEX.tar.gz");
        utility.print(format!("fetch https://dl-cdn.alpinelinux.org/{place}\n")).await;
    }
    let new: Vec<(&String, Programs)> = names
        .iter()
        .filter_map(|name| Some((name, find(name)?)))
        .filter(|(_, package)| !is_there(utility, package))
        .collect();
    let count = new.len();
    for (number, (name, package)) in (1..).zip(new) {
        utility.proc.compute(sim::Duration::from_millis(200)).await;
        utility.print(format!("({number}/{count}) Installing {name}\n")).await;
        if let Err(message) = install(utility, &package) {
            utility.proc.eprint(format!("ERROR: {name}: {message}\n")).await;
            return 1;
        }
    }
    utility.print("OK: 8 MiB in 16 packages\n").await;
    0
}
