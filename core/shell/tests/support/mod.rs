//! A host with a shell on a terminal, for the tests.

use sorted::SortedMap;

use glasshive_shell::{busybox_commands, gnu_commands, host_commands, register};
use os::fs::{FileSystem, FsKind, Inode, Kind, Mounts, Tree};
use os::machine::Namespace;
use os::process::Handle;
use os::program::image;
use os::terminal::{Awaits, TerminalId};
use os::{ExitStatus, Fd, Machine, Pid, Programs, Spawn};
use sim::{Duration, Time};

/// Which host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// GNU utilities, bash as the shell.
    Bash,
    /// GNU utilities, dash as the shell.
    Dash,
    /// BusyBox, in a container.
    Ash,
}

/// A host with one terminal.
pub(crate) struct Host {
    pub(crate) machine: Machine,
    pub(crate) terminal: TerminalId,
    pub(crate) now: Time,
    pub(crate) shell: Pid,
    pub(crate) exit: Option<ExitStatus>,
}

pub(crate) fn tree(system: System, now: Time) -> Tree {
    let mut tree = Tree::default();
    tree.add_directory("/", 0o755, now);
    tree.add_directory("/tmp", 0o1777, now);
    tree.add_directory("/root", 0o700, now);
    tree.add_directory("/home/ada", 0o755, now);
    tree.add_directory("/data", 0o755, now);
    let commands = if system == System::Ash { busybox_commands() } else { gnu_commands() };
    let host = host_commands().filter(|_| system == System::Bash);
    for (path, program) in commands.iter().chain(host) {
        tree.add_file(path, image(program), 0o755, now);
    }
    let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
    tree.add_file("/etc/passwd", passwd, 0o644, now);
    tree.add_file("/etc/group", "root:x:0:\nada:x:1000:\n", 0o644, now);
    tree.add_directory("/dev", 0o755, now);
    for (path, kind) in [
        ("/dev/null", Kind::NullDevice),
        ("/dev/zero", Kind::ZeroDevice),
        ("/dev/tty", Kind::TerminalDevice),
        ("/dev/urandom", Kind::RandomDevice),
    ] {
        let attributes = os::fs::Attributes::root(0o666, now);
        tree.insert(path, Inode { attributes, kind });
    }
    tree
}

impl Host {
    /// A host whose shell was started with `args`; it is interactive without any.
    pub(crate) fn new(system: System, args: &[&str]) -> Self {
        let now = Time::from_date(2017, 3, 21) + Duration::from_secs(19 * 3_600 + 37 * 60);
        let mut programs = Programs::default();
        register(&mut programs);
        let mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree(system, now)).shared());
        let mut machine = Machine::new(now, "node1", mounts.clone(), programs);
        let terminal = machine.add_terminal();
        let namespace = if system == System::Ash {
            Namespace::new(mounts, "5652c1688f40", true).shared()
        } else {
            machine.host()
        };
        let tty = Handle::terminal(terminal);
        let (path, name) = match system {
            System::Bash => ("/bin/bash", "bash"),
            System::Dash | System::Ash => ("/bin/sh", "sh"),
        };
        let mut all = vec![name.to_owned()];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        let path_variable = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let env = SortedMap::from([
            ("HOME".to_owned(), "/root".to_owned()),
            ("PATH".to_owned(), path_variable.to_owned()),
        ]);
        let spawn = Spawn {
            path: path.to_owned(),
            args: all,
            env,
            cwd: Some("/root".to_owned()),
            fds: SortedMap::from([(Fd(0), tty.clone()), (Fd(1), tty.clone()), (Fd(2), tty)]),
            foreground: true,
            ..Spawn::default()
        };
        let shell = machine.spawn(&namespace, spawn).expect("the shell is there");
        Self { machine, terminal, now, shell, exit: None }
    }

    /// Who waits for a line.
    pub(crate) fn awaits(&self) -> Option<Awaits> {
        self.machine.terminal(self.terminal, |terminal| terminal.awaits()).flatten()
    }

    /// Runs until the terminal waits for a line, the shell ends or the time is over; false if it is.
    pub(crate) fn settle(&mut self, limit: Duration) -> bool {
        let end = self.now + limit;
        self.machine.run(self.now);
        // Background jobs may go on for ever; a terminal that waits is enough.
        while self.awaits().is_none() && self.exit.is_none() {
            let Some(at) = self.machine.next_deadline().filter(|at| *at <= end) else {
                self.now = end;
                self.machine.run(end);
                break;
            };
            self.now = self.now.max(at);
            self.machine.run(self.now);
            self.take_exit();
        }
        self.take_exit();
        self.awaits().is_some() || self.exit.is_some()
    }

    fn take_exit(&mut self) {
        for (pid, status) in self.machine.take_exits() {
            if pid == self.shell {
                self.exit = Some(status);
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.machine.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.machine.run(self.now);
        }
        self.now = end;
        self.machine.run(end);
        self.take_exit();
    }
}
