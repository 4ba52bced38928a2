//! One host with the docker command line and a daemon in memory: a swarm's store with the real
//! control API and the real leader's loops, which commit at once, and nodes whose agents walk tasks
//! through their states. What runs in "containers" are programs of the host.

mod daemon;

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use ::daemon::client::PORT;
use glasshive_docker::{Profile, register};
use os::fs::{FileSystem, FsKind, Mounts, Tree};
use os::process::{Handle, Sink};
use os::program::{Running, image};
use os::{Fd, Machine, Pid, Proc, Programs, RequestId, Spawn};
use sim::{Duration, Time};

pub use daemon::Daemon;

#[derive(Debug, Default)]
struct Log(Vec<u8>);
impl Sink for Log {
    fn write(&mut self, _now: Time, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// A host, its daemon and the time.
pub struct World {
    pub profile: &'static Profile,
    pub now: Time,
    pub machine: Machine,
    pub daemon: Daemon,
    /// Requests that wait for the end of a process.
    waiting: Vec<(String, RequestId)>,
    ended: SortedMap<Pid, i32>,
}

/// How a command ended and what it printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub status: Option<i32>,
    pub printed: String,
}

fn cat(proc: Proc) -> Running {
    Box::pin(async move {
        for path in proc.args().iter().skip(1) {
            match proc.read_file(path) {
                Ok(bytes) => proc.print(bytes).await,
                Err(errno) => {
                    proc.eprint(format!("cat: can't open '{path}': {errno}\n")).await;
                    return 1;
                }
            }
        }
        if proc.args().len() == 1 {
            let bytes = proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
            proc.print(bytes).await;
        }
        0
    })
}

fn is_terminal(proc: Proc) -> Running {
    Box::pin(async move {
        let answer = [Fd::STDIN, Fd::STDOUT].map(|fd| proc.is_terminal(fd));
        proc.print(format!("{answer:?}\n")).await;
        i32::from(!answer[0])
    })
}

impl World {
    pub fn new(profile: &str) -> Self {
        let profile = Profile::parse(profile).unwrap();
        let now = Time::from_date(2017, 3, 21) + Duration::from_secs(19 * 3_600 + 37 * 60);
        let mut programs = Programs::default();
        register(&mut programs);
        programs.add("cat", cat);
        programs.add("tty", is_terminal);
        let mut tree = Tree::default();
        tree.add_directory("/", 0o755, now);
        tree.add_file("/usr/bin/docker", image(profile.program), 0o755, now);
        tree.add_file("/bin/cat", image("cat"), 0o755, now);
        tree.add_file("/bin/tty", image("tty"), 0o755, now);
        tree.add_file("/root/sec.txt", "secrets are important\n", 0o644, now);
        tree.add_file("/root/env", "# more\nA=from a file\nB=2\n", 0o644, now);
        let mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree).shared());
        let machine = Machine::new(now, "node1", mounts, programs);
        Self {
            profile,
            now,
            machine,
            daemon: Daemon::new(profile, now),
            waiting: Vec::new(),
            ended: SortedMap::new(),
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        self.run_until(end, |_| false);
        self.now = end;
    }

    fn run_until(&mut self, end: Time, mut is_over: impl FnMut(&Self) -> bool) {
        loop {
            self.machine.run(self.now);
            for (pid, status) in self.machine.take_exits() {
                self.ended.insert(pid, status.code());
            }
            for (key, request) in std::mem::take(&mut self.waiting) {
                let pid = self.daemon.started.get(&key);
                match pid.and_then(|pid| self.ended.get(pid)) {
                    Some(code) => self.machine.reply(request, Box::new(daemon::exited(*code))),
                    None => self.waiting.push((key, request)),
                }
            }
            for request in self.machine.take_requests() {
                assert_eq!(request.port, PORT);
                let body = *request.body.downcast::<::daemon::api::Request>().unwrap();
                match self.daemon.answer(self.now, body, &mut self.machine) {
                    daemon::Answer::Now(reply) => self.machine.reply(request.id, Box::new(*reply)),
                    daemon::Answer::WhenEnded(key) => self.waiting.push((key, request.id)),
                }
            }
            let has_news = self.waiting.iter().any(|(key, _)| {
                self.daemon.started.get(key).is_some_and(|pid| self.ended.contains_key(pid))
            });
            if self.machine.is_ready() || has_news {
                continue;
            }
            if is_over(self) {
                return;
            }
            let deadlines = [self.machine.next_deadline(), self.daemon.next_deadline()];
            match deadlines.into_iter().flatten().min() {
                Some(next) if next <= end => self.now = self.now.max(next),
                _ => return,
            }
            self.daemon.run(self.now);
        }
    }

    /// Runs `docker` with `input` to read; at most so long.
    pub fn run(&mut self, args: &[&str], input: &[u8], limit: Duration) -> Ended {
        let log: Rc<RefCell<Log>> = Rc::default();
        let sink = Handle::sink(log.clone());
        let fds = SortedMap::from([
            (Fd::STDIN, Handle::bytes(input.to_vec())),
            (Fd::STDOUT, sink.clone()),
            (Fd::STDERR, sink),
        ]);
        let pid = self.start(args, fds);
        let status = self.finish(pid, limit);
        let printed = String::from_utf8_lossy(&log.borrow().0).into_owned();
        Ended { status, printed }
    }

    /// Runs `docker` on a terminal of its own; Ctrl-C comes after `interrupt`.
    pub fn run_on_terminal(
        &mut self,
        args: &[&str],
        limit: Duration,
        interrupt: Option<Duration>,
    ) -> Ended {
        let terminal = self.machine.add_terminal();
        let tty = Handle::terminal(terminal);
        let fds = SortedMap::from([
            (Fd::STDIN, tty.clone()),
            (Fd::STDOUT, tty.clone()),
            (Fd::STDERR, tty),
        ]);
        let pid = self.start(args, fds);
        if let Some(after) = interrupt {
            self.pass(after);
            self.machine.interrupt(terminal);
        }
        let status = self.finish(pid, limit);
        let look = |terminal: &os::Terminal| {
            let blocks = terminal.blocks().iter();
            blocks.map(|block| block.screen.printed()).collect::<String>()
        };
        Ended { status, printed: self.machine.terminal(terminal, look).unwrap() }
    }

    fn finish(&mut self, pid: Pid, limit: Duration) -> Option<i32> {
        self.run_until(self.now + limit, |world| world.ended.contains_key(&pid));
        self.ended.get(&pid).copied()
    }

    fn start(&mut self, args: &[&str], fds: SortedMap<Fd, Handle>) -> Pid {
        let args = std::iter::once("docker").chain(args.iter().copied());
        let spawn = Spawn {
            path: "/usr/bin/docker".to_owned(),
            args: args.map(str::to_owned).collect(),
            cwd: Some("/root".to_owned()),
            env: SortedMap::from([("HOME".to_owned(), "/root".to_owned())]),
            fds,
            foreground: true,
            ..Spawn::default()
        };
        let host = self.machine.host();
        self.machine.spawn(&host, spawn).unwrap()
    }
}
