//! A host with a shell on a terminal, for the tests.

use sorted::SortedMap;

use glasshive_shell::{busybox_commands, gnu_commands, host_commands, register};
use os::fs::{FileSystem, FsKind, Inode, Kind, Mounts, Tree};
use os::machine::Namespace;
use os::process::Handle;
use os::program::image;
use os::terminal::{Awaits, TerminalId};
use os::{Fd, Machine, Pid, Programs, Spawn};
use sim::{Duration, Time};
use transcripts::{Peer, Stage};

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
    pub(crate) stage: Stage<Net>,
    pub(crate) terminal: TerminalId,
    shell: Pid,
}

pub(crate) fn tree(system: System, now: Time) -> Tree {
    let mut tree = Tree::default();
    tree.add_directory("/", 0o755, now);
    tree.add_directory("/tmp", 0o1777, now);
    tree.add_directory("/root", 0o700, now);
    tree.add_directory("/home/ada", 0o755, now);
    tree.add_directory("/data", 0o755, now);
    let commands = if system == System::Ash { busybox_commands() } else { gnu_commands() };
    for (path, program) in host_commands().filter(|_| system == System::Bash) {
        tree.add_file(&path, image(program), 0o755, now);
    }
    for (path, program) in commands {
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
        Self { stage: Stage::new(machine, Net, now), terminal, shell }
    }

    /// Who waits for a line.
    pub(crate) fn awaits(&self) -> Option<Awaits> {
        awaits(&self.stage, self.terminal)
    }

    /// The shell's exit code, once it has ended.
    pub(crate) fn exit(&self) -> Option<i32> {
        self.stage.ended.get(&self.shell).copied()
    }

    /// Types text.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.stage.machine.type_text(self.terminal, text);
    }

    /// Runs until the terminal waits for a line, the shell ends or the time is over; false if it is. Background jobs may
    /// go on for ever; a terminal that waits is enough.
    pub(crate) fn settle(&mut self, limit: Duration) -> bool {
        let end = self.stage.now + limit;
        let (terminal, shell) = (self.terminal, self.shell);
        let is_over = self.stage.run_until(end, |stage| {
            awaits(stage, terminal).is_some() || stage.ended.contains_key(&shell)
        });
        if !is_over {
            self.stage.now = end;
        }
        is_over
    }
}

fn awaits(stage: &Stage<Net>, terminal: TerminalId) -> Option<Awaits> {
    stage.machine.terminal(terminal, |terminal| terminal.awaits()).flatten()
}

/// Who knows the network devices: a host's own, a bridge without ports, and one with a port.
pub(crate) struct Net;

impl Peer for Net {
    fn serve(&mut self, machine: &mut Machine, _: Time, _: &SortedMap<Pid, i32>) -> bool {
        let mut served = false;
        for request in machine.take_requests() {
            let link = |index, name: &str, address: &str| os::Link {
                index,
                name: name.to_owned(),
                mac: format!("02:42:00:00:00:0{index}"),
                address: address.to_owned(),
                has_carrier: name != "docker0",
                ..os::Link::default()
            };
            let port = os::Link {
                master: "br-0123456789ab".to_owned(),
                peer: Some(5),
                ..link(6, "veth3a080f1", "")
            };
            let links = vec![
                link(2, "eth0", "192.168.7.21/24"),
                link(3, "docker0", "172.17.0.1/16"),
                link(4, "br-0123456789ab", "10.80.0.1/20"),
                port,
            ];
            let asked = request.body.downcast::<os::NetRequest>();
            if asked.is_ok_and(|asked| matches!(asked.ask, os::NetAsk::Links)) {
                let reply: os::NetReply = Ok(os::NetAnswer::Links(links));
                machine.reply(request.id, Box::new(reply));
                served = true;
            }
        }
        served
    }
}
