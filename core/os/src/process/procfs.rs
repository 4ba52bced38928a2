//! `/proc`: files that the kernel makes up when they are read. What there is of a process: `cmdline`,
//! `environ`, `comm`, `status`, `mounts`; of the machine: `mounts`, `uptime`, `loadavg`, `meminfo`,
//! `cpuinfo`, `version`, `filesystems`.

use std::rc::Rc;

use super::{Pid, Proc};
use crate::distribution::Distribution;
use crate::errno::Errno;
use crate::fs::{Attributes, FsKind, Inode, Kind, Mounts, normalize};
use crate::state::Process;

/// What a process has.
const OF_PROCESS: [&str; 6] = ["cmdline", "comm", "environ", "mountinfo", "mounts", "status"];
/// What the machine has.
const OF_MACHINE: [&str; 8] = [
    "cpuinfo",
    "filesystems",
    "loadavg",
    "meminfo",
    "mounts",
    "sys/kernel/hostname",
    "uptime",
    "version",
];

/// A path within `/proc`.
enum Place<'a> {
    Root,
    Process(&'a str),
    OfProcess(&'a str, &'a str),
    OfMachine(&'a str),
}

fn place(path: &str) -> Option<Place<'_>> {
    let inner = path.strip_prefix("/proc")?;
    if inner.is_empty() {
        return Some(Place::Root);
    }
    let inner = inner.strip_prefix('/')?;
    if OF_MACHINE.contains(&inner) {
        return Some(Place::OfMachine(inner));
    }
    let (name, file) = inner.split_once('/').unwrap_or((inner, ""));
    if name != "self" && name.parse::<u32>().is_err() {
        return None;
    }
    match file {
        "" => Some(Place::Process(name)),
        file if OF_PROCESS.contains(&file) => Some(Place::OfProcess(name, file)),
        _ => None,
    }
}

/// The lines of `/proc/mounts`: what, where, kind, options.
pub(crate) fn mount_lines(mounts: &Mounts) -> Vec<[String; 4]> {
    let line = |mount: &crate::fs::Mount| {
        let mode = if mount.read_only { "ro" } else { "rw" };
        let (what, kind) = match mount.fs.borrow().kind() {
            FsKind::Overlay => ("overlay", "overlay"),
            FsKind::Tmpfs => ("tmpfs", "tmpfs"),
            FsKind::Disk => ("/dev/sda1", "ext4"),
        };
        [what.to_owned(), mount.at.clone(), kind.to_owned(), format!("{mode},relatime")]
    };
    mounts.iter().map(line).collect()
}

impl Proc {
    /// The process that a name in `/proc` stands for, as the caller sees it.
    fn with_process<T>(&self, name: &str, look: impl FnOnce(&Process) -> T) -> Result<T, Errno> {
        let own = self.me(|process| process.inner_pid);
        let wanted = if name == "self" { own } else { Pid(name.parse().unwrap_or(0)) };
        let state = self.state.borrow();
        let namespace = &state.processes[&self.pid].namespace;
        let found = state.processes.values().find(|process| {
            process.ended.is_none()
                && process.inner_pid == wanted
                && Rc::ptr_eq(&process.namespace, namespace)
        });
        found.map(look).ok_or(Errno::NotFound)
    }

    /// What is at a path of `/proc`; nothing if the path is not one the kernel makes up.
    pub(super) fn proc_inode(&self, path: &str) -> Option<Result<Inode, Errno>> {
        if !path.contains("proc") {
            return None;
        }
        let path = normalize(&self.cwd(), path);
        let place = place(&path)?;
        let now = self.now();
        let folder = |uid| Attributes { uid, ..Attributes::root(0o555, now) };
        Some(match place {
            Place::Root => Ok(Inode { attributes: folder(0), kind: Kind::Directory }),
            Place::Process(name) => self.with_process(name, |process| Inode {
                attributes: folder(process.user.uid),
                kind: Kind::Directory,
            }),
            Place::OfProcess(name, file) => self.with_process(name, |process| {
                // A process's environment is its own user's business.
                let mode = if file == "environ" { 0o400 } else { 0o444 };
                let attributes =
                    Attributes { uid: process.user.uid, ..Attributes::root(mode, now) };
                Inode { attributes, kind: Kind::File(of_process(process, file)) }
            }),
            Place::OfMachine(file) => {
                let kind = Kind::File(self.of_machine(file).into_bytes());
                Ok(Inode { attributes: Attributes::root(0o444, now), kind })
            }
        })
    }

    /// The names in a folder of `/proc`.
    pub(super) fn proc_names(&self, path: &str) -> Option<Vec<(String, Inode)>> {
        let path = normalize(&self.cwd(), path);
        let names: Vec<String> = match place(&path)? {
            Place::Root => {
                let pids = self.processes().into_iter().map(|process| process.pid.to_string());
                let files = OF_MACHINE.iter().filter(|name| !name.contains('/'));
                pids.chain(files.map(|name| (*name).to_owned()))
                    .chain(["self".to_owned()])
                    .collect()
            }
            Place::Process(_) => OF_PROCESS.map(str::to_owned).to_vec(),
            _ => return None,
        };
        let mut entries: Vec<(String, Inode)> = names
            .into_iter()
            .filter_map(|name| {
                let inode = self.proc_inode(&format!("{path}/{name}"))?.ok()?;
                Some((name, inode))
            })
            .collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Some(entries)
    }

    fn of_machine(&self, file: &str) -> String {
        match file {
            "mounts" => mounts_text(&self.namespace().borrow().mounts),
            "sys/kernel/hostname" => format!("{}\n", self.hostname()),
            "uptime" => {
                let state = self.state.borrow();
                let first = state.processes.values().map(|process| process.started).min();
                let up = state.now.since(first.unwrap_or(state.now)).as_millis();
                format!("{}.{:02} {}.{:02}\n", up / 1_000, up % 1_000 / 10, up / 500, up % 500 / 5)
            }
            "loadavg" => format!("0.00 0.00 0.00 1/{} {}\n", self.process_count(), self.own_pid()),
            // As `free` and the daemon say it.
            "meminfo" => "MemTotal:        4194304 kB\nMemFree:         3881904 kB\nMemAvailable:    3881904 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n".to_owned(),
            "cpuinfo" => (0..2).map(|number| format!("processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: simulated\n\n")).collect(),
            "filesystems" => "nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n\text4\n".to_owned(),
            _ => {
                let Distribution { kernel, kernel_build, .. } = self.distribution();
                format!("Linux version {kernel} (buildd@lgw01) {kernel_build}\n")
            }
        }
    }
}

fn mounts_text(mounts: &Mounts) -> String {
    let lines = mount_lines(mounts).into_iter();
    lines.map(|[what, at, kind, options]| format!("{what} {at} {kind} {options} 0 0\n")).collect()
}

fn of_process(process: &Process, file: &str) -> Vec<u8> {
    let name = process.args.first().map_or("", |path| path.rsplit('/').next().unwrap_or(path));
    match file {
        "cmdline" => process.args.iter().flat_map(|arg| [arg.as_bytes(), b"\0"].concat()).collect(),
        "environ" => {
            let pairs = process.env.iter();
            pairs.flat_map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
        }
        "comm" => format!("{name}\n").into_bytes(),
        "mountinfo" => {
            let lines = mount_lines(&process.namespace.borrow().mounts).into_iter().zip(20..);
            let line = |([what, at, kind, options], number): ([String; 4], u32)| {
                format!("{number} 19 8:1 / {at} {options} - {kind} {what} rw\n")
            };
            lines.map(line).collect::<String>().into_bytes()
        }
        "mounts" => mounts_text(&process.namespace.borrow().mounts).into_bytes(),
        _ => {
            let (uid, gid) = (process.user.uid, process.user.gid);
            let groups: Vec<String> =
                process.user.groups().iter().map(ToString::to_string).collect();
            format!(
                "Name:\t{name}\nState:\tS (sleeping)\nPid:\t{}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nGroups:\t{}\n",
                process.inner_pid,
                groups.join(" ")
            )
            .into_bytes()
        }
    }
}
