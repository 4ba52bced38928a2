//! `apk` and `apt-get`: a few packages that images install, with the programs that there are. What is
//! installed is noted in the container's files, so that it is part of the layer.

use os::Proc;
use os::program::Running;
use sim::Duration;

/// A package: its name for `apk` and for `apt-get` (empty: it has none), versions likewise, kilobytes
/// to fetch, and what it brings. A program without a behaviour says so when it is run.
struct Package {
    apk: (&'static str, &'static str),
    apt: (&'static str, &'static str),
    kilobytes: u64,
    programs: &'static [(&'static str, &'static str)],
}

const LACKING: &str = "host:lacking";

const fn package(
    apk: (&'static str, &'static str),
    apt: (&'static str, &'static str),
    kilobytes: u64,
    programs: &'static [(&'static str, &'static str)],
) -> Package {
    Package { apk, apt, kilobytes, programs }
}

const PACKAGES: &[Package] = &[
    package(("curl", "7.88.1-r1"), ("curl", "7.74.0-1.3"), 270, &[("/usr/bin/curl", "curl")]),
    package(("wget", "1.21.3-r2"), ("wget", "1.21-1"), 964, &[("/usr/bin/wget", "wget")]),
    package(("bash", "5.2.15-r0"), ("bash", "5.1-2"), 1_416, &[("/bin/bash", "bash")]),
    package(
        ("iputils", "20211215-r0"),
        ("iputils-ping", "3:20210202-1"),
        49,
        &[("/bin/ping", "ping:iputils")],
    ),
    package(
        ("bind-tools", "9.18.13-r0"),
        ("dnsutils", "1:9.16.37-1"),
        267,
        &[("/usr/bin/nslookup", "nslookup:bind"), ("/usr/bin/dig", LACKING)],
    ),
    package(
        ("redis", "7.0.10-r0"),
        ("redis-tools", "5:6.0.16-1"),
        620,
        &[("/usr/bin/redis-cli", "redis-cli")],
    ),
    package(
        ("mysql-client", "10.6.12-r0"),
        ("default-mysql-client", "1.0.7"),
        5_800,
        &[("/usr/bin/mysql", "mysql")],
    ),
    package(("ca-certificates", "20220614-r4"), ("ca-certificates", "20210119"), 158, &[]),
    package(("tzdata", "2023c-r0"), ("tzdata", "2021a-1"), 285, &[]),
    package(("git", "2.38.4-r1"), ("git", "1:2.30.2-1"), 5_527, &[("/usr/bin/git", LACKING)]),
    package(("openssl", "3.0.8-r3"), ("openssl", "1.1.1n-0"), 853, &[]),
    package(("vim", "9.0.0999-r0"), ("vim", "2:8.2.2434-3"), 1_494, &[("/usr/bin/vim", LACKING)]),
    package(("nano", "7.0-r0"), ("nano", "5.4-2"), 656, &[("/usr/bin/nano", LACKING)]),
    package(("", ""), ("procps", "2:3.3.17-5"), 502, &[]),
    package(("", ""), ("net-tools", "1.60-1"), 250, &[("/bin/netstat", LACKING)]),
    package(
        ("build-base", "0.5-r3"),
        ("build-essential", "12.9"),
        7_704,
        &[("/usr/bin/gcc", LACKING)],
    ),
];

/// Where it is noted what is installed.
const INSTALLED: &str = "/var/lib/installed-packages";

fn words(proc: &Proc) -> (Vec<String>, Vec<String>) {
    let args = proc.args().split_off(1);
    args.into_iter().partition(|arg| arg.starts_with('-'))
}

/// Puts a package's programs where they belong.
fn unpack(proc: &Proc, package: &Package, name: &str) {
    let mut noted = proc.read_file(INSTALLED).unwrap_or_default();
    noted.extend_from_slice(format!("{name}\n").as_bytes());
    // Without the folder there is no package manager to ask either.
    let _ = proc.write_file(INSTALLED, &noted);
    for (path, program) in package.programs {
        if proc.write_file(path, &os::program::image(program)).is_ok() {
            let _ = proc.change_attributes(path, Some(0o755), None, None);
        }
    }
}

fn is_installed(proc: &Proc, name: &str) -> bool {
    let noted = proc.read_file(INSTALLED).unwrap_or_default();
    String::from_utf8_lossy(&noted).lines().any(|line| line == name)
}

async fn fetch(proc: &Proc, kilobytes: u64) {
    // Four megabytes a second, as for the layers of images.
    let _ = proc.sleep(Duration::from_millis(kilobytes / 4 + 20)).await;
}

pub(super) fn apk(proc: Proc) -> Running {
    Box::pin(async move {
        let (flags, mut names) = words(&proc);
        let command = if names.is_empty() { String::new() } else { names.remove(0) };
        // The name after --virtual is no package.
        let after = |flag: &str| {
            let args = proc.args();
            args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1)).cloned()
        };
        let group = after("--virtual").or(after("-t"));
        names.retain(|name| Some(name) != group.as_ref());
        match command.as_str() {
            "add" => apk_add(&proc, &flags, &names).await,
            "update" => {
                apk_index(&proc).await;
                proc.print("OK: 17820 distinct packages available\n").await;
                0
            }
            "del" | "upgrade" | "info" | "search" => {
                proc.eprint(format!("apk {command}: not simulated\n")).await;
                1
            }
            _ => {
                proc.eprint("usage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n").await;
                1
            }
        }
    })
}

async fn apk_index(proc: &Proc) {
    let release = proc.read_file("/etc/alpine-release").unwrap_or_default();
    let release = String::from_utf8_lossy(&release).trim().to_owned();
    let minor = release.rsplit_once('.').map_or(release.as_str(), |(minor, _)| minor);
    fetch(proc, 1_500).await;
    for part in ["main", "community"] {
        proc.print(format!(
            "fetch https://dl-cdn.alpinelinux.org/alpine/v{minor}/{part}/x86_64/APKINDEX.tar.gz\n"
        ))
        .await;
    }
}

async fn apk_add(proc: &Proc, flags: &[String], names: &[String]) -> i32 {
    let fresh = ["--no-cache", "--update", "-U", "--update-cache"];
    if flags.iter().any(|flag| fresh.contains(&flag.as_str())) {
        apk_index(proc).await;
    }
    let bare = |name: &String| name.split(['=', '<', '>', '~']).next().unwrap_or(name).to_owned();
    let names: Vec<String> = names.iter().map(bare).collect();
    let known = |name: &String| PACKAGES.iter().find(|one| one.apk.0 == name && !name.is_empty());
    let missing: Vec<&String> = names.iter().filter(|name| known(name).is_none()).collect();
    if !missing.is_empty() {
        proc.eprint("ERROR: unable to select packages:\n").await;
        for name in missing {
            let text = format!("  {name} (no such package):\n    required by: world[{name}]\n");
            proc.eprint(text).await;
        }
        return 1;
    }
    let new: Vec<&Package> =
        names.iter().filter(|name| !is_installed(proc, name)).filter_map(known).collect();
    for (index, package) in new.iter().enumerate() {
        let (name, version) = package.apk;
        fetch(proc, package.kilobytes).await;
        unpack(proc, package, name);
        let (number, count) = (index + 1, new.len());
        proc.print(format!("({number}/{count}) Installing {name} ({version})\n")).await;
    }
    if !new.is_empty() {
        proc.print("Executing busybox-1.35.0-r29.trigger\n").await;
    }
    let sum: u64 = new.iter().map(|package| package.kilobytes).sum();
    proc.print(format!("OK: {} MiB in {} packages\n", 7 + sum / 500, 15 + new.len())).await;
    0
}

/// Where the lists that `apt-get update` fetches lie.
const LISTS: &str = "/var/lib/apt/lists";

pub(super) fn apt_get(proc: Proc) -> Running {
    Box::pin(async move {
        let (flags, mut names) = words(&proc);
        let command = if names.is_empty() { String::new() } else { names.remove(0) };
        if proc.user().uid != 0 {
            proc.eprint(
                "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission \
                 denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), \
                 are you root?\n",
            )
            .await;
            return 100;
        }
        match command.as_str() {
            "update" => apt_update(&proc).await,
            "install" => apt_install(&proc, &flags, &names).await,
            "clean" | "autoclean" => 0,
            _ => {
                proc.eprint(format!("apt-get {command}: not simulated\n")).await;
                1
            }
        }
    })
}

async fn apt_update(proc: &Proc) -> i32 {
    let release = proc.read_file("/etc/os-release").unwrap_or_default();
    let is_ubuntu = String::from_utf8_lossy(&release).contains("ID=ubuntu");
    let (url, suite) = if is_ubuntu {
        ("http://archive.ubuntu.com/ubuntu", "jammy")
    } else {
        ("http://deb.debian.org/debian", "bullseye")
    };
    fetch(proc, 8_589).await;
    proc.print(format!(
        "Get:1 {url} {suite} InRelease [116 kB]\nGet:2 {url} {suite}/main amd64 Packages [8183 \
         kB]\nFetched 8299 kB in 2s (4149 kB/s)\nReading package lists...\n"
    ))
    .await;
    for folder in ["/var/lib/apt", LISTS] {
        if !proc.exists(folder) {
            let _ = proc.make_directory(folder, 0o755);
        }
    }
    match proc.write_file(&format!("{LISTS}/{suite}_main"), b"lists\n") {
        Ok(()) => 0,
        Err(errno) => {
            proc.eprint(format!("E: Could not open {LISTS} - open ({errno})\n")).await;
            100
        }
    }
}

async fn apt_install(proc: &Proc, flags: &[String], names: &[String]) -> i32 {
    proc.print("Reading package lists...\nBuilding dependency tree...\n").await;
    proc.print("Reading state information...\n").await;
    // A fresh image has no lists: nothing is found before an update.
    let has_lists = proc.list(LISTS).is_ok_and(|names| !names.is_empty());
    let known = |name: &String| {
        let bare = name.split('=').next().unwrap_or(name);
        let other = if bare == "mysql-client" { "default-mysql-client" } else { bare };
        PACKAGES.iter().find(|one| one.apt.0 == other && has_lists)
    };
    for name in names {
        if known(name).is_none() {
            proc.eprint(format!("E: Unable to locate package {name}\n")).await;
            return 100;
        }
    }
    let new: Vec<&Package> = names
        .iter()
        .filter_map(known)
        .filter(|package| !is_installed(proc, package.apt.0))
        .collect();
    let list: Vec<&str> = new.iter().map(|package| package.apt.0).collect();
    if !new.is_empty() {
        let list = list.join(" ");
        proc.print(format!("The following NEW packages will be installed:\n  {list}\n")).await;
    }
    let (count, sum) = (new.len(), new.iter().map(|package| package.kilobytes).sum::<u64>());
    proc.print(format!("0 upgraded, {count} newly installed, 0 to remove and 0 not upgraded.\n"))
        .await;
    if new.is_empty() {
        return 0;
    }
    proc.print(format!(
        "Need to get {sum} kB of archives.\nAfter this operation, {} kB of additional disk space \
         will be used.\n",
        sum * 3
    ))
    .await;
    let agrees = |flag: &String| {
        matches!(flag.as_str(), "-y" | "--yes" | "--assume-yes" | "-qq")
            || flag == "-yq"
            || flag == "-qy"
    };
    if !flags.iter().any(agrees) {
        proc.print("Do you want to continue? [Y/n] ").await;
        let line = proc.read(os::Fd::STDIN, 256).await.unwrap_or_default();
        let answer = String::from_utf8_lossy(&line).trim().to_lowercase();
        if line.is_empty() || !matches!(answer.as_str(), "" | "y" | "yes") {
            proc.print("Abort.\n").await;
            return 1;
        }
    }
    fetch(proc, sum).await;
    for package in &new {
        let (name, version) = package.apt;
        unpack(proc, package, name);
        proc.print(format!(
            "Selecting previously unselected package {name}.\nUnpacking {name} ({version}) ...\n\
             Setting up {name} ({version}) ...\n"
        ))
        .await;
    }
    0
}

/// `pip`: libraries for Python are not there.
pub(super) fn pip(proc: Proc) -> Running {
    Box::pin(async move {
        proc.eprint("pip: not simulated: packages for Python\n").await;
        1
    })
}
