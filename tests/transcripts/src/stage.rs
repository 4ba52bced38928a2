//! A host, somebody who answers what its programs ask, and the time.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::{Handle, Sink};
use os::terminal::TerminalId;
use os::{Fd, Machine, Pid, Spawn};
use sim::{Duration, Time};
use sorted::SortedMap;

/// Who answers the requests of a host's programs.
pub trait Peer {
    /// Answers what can be answered now; true if there was anything. `ended` holds the exit codes of processes.
    fn serve(&mut self, machine: &mut Machine, now: Time, ended: &SortedMap<Pid, i32>) -> bool;

    /// When it does something by itself next.
    fn next_deadline(&self) -> Option<Time> {
        None
    }

    /// Does by itself what is due.
    fn run(&mut self, _now: Time) {}
}

/// Nobody answers.
impl Peer for () {
    fn serve(&mut self, _: &mut Machine, _: Time, _: &SortedMap<Pid, i32>) -> bool {
        false
    }
}

/// A host on which one program at a time is started.
#[derive(Debug)]
pub struct Stage<P> {
    /// The host.
    pub machine: Machine,
    /// Who answers its programs.
    pub peer: P,
    /// The time.
    pub now: Time,
    /// Exit codes of processes that have ended.
    pub ended: SortedMap<Pid, i32>,
}

/// How a program ended and what it printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; none if it still runs.
    pub status: Option<i32>,
    /// Standard output and standard error.
    pub printed: String,
}

impl Ended {
    /// As a transcript shows it.
    #[must_use]
    pub fn shown(self) -> crate::Shown {
        let notes = match self.status {
            Some(0) => Vec::new(),
            Some(status) => vec![format!("[{status}]")],
            None => vec!["[still runs]".to_owned()],
        };
        crate::Shown { printed: self.printed, notes }
    }
}

/// What was written to the handle that [`log`] gives.
#[derive(Debug, Default)]
pub struct Log(Vec<u8>);

impl Sink for Log {
    fn write(&mut self, _now: Time, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// A place to write to, and what was written there.
pub fn log() -> (Handle, Rc<RefCell<Log>>) {
    let log: Rc<RefCell<Log>> = Rc::default();
    (Handle::sink(log.clone()), log)
}

impl<P: Peer> Stage<P> {
    /// A host at a time.
    pub fn new(machine: Machine, peer: P, now: Time) -> Self {
        Self { machine, peer, now, ended: SortedMap::new() }
    }

    /// Lets time pass.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        self.run_until(end, |_| false);
        self.now = end;
        self.machine.run(end);
    }

    /// Runs until it is over or the time has come; true if it is over.
    pub fn run_until(&mut self, end: Time, mut is_over: impl FnMut(&Self) -> bool) -> bool {
        loop {
            self.machine.run(self.now);
            for (pid, status) in self.machine.take_exits() {
                self.ended.insert(pid, status.code());
            }
            if self.peer.serve(&mut self.machine, self.now, &self.ended) {
                continue;
            }
            if is_over(self) {
                return true;
            }
            let deadlines = [self.machine.next_deadline(), self.peer.next_deadline()];
            match deadlines.into_iter().flatten().min() {
                Some(next) if next <= end => self.now = self.now.max(next),
                _ => return false,
            }
            self.peer.run(self.now);
        }
    }

    /// Starts a program in `/root`.
    pub fn start(&mut self, path: &str, args: &[&str], fds: [Handle; 3]) -> Pid {
        let name = path.rsplit('/').next().unwrap_or(path);
        let args = std::iter::once(&name).chain(args).map(|arg| (*arg).to_owned());
        let [stdin, stdout, stderr] = fds;
        let spawn = Spawn {
            path: path.to_owned(),
            args: args.collect(),
            cwd: Some("/root".to_owned()),
            env: SortedMap::from([("HOME".to_owned(), "/root".to_owned())]),
            fds: SortedMap::from([(Fd::STDIN, stdin), (Fd::STDOUT, stdout), (Fd::STDERR, stderr)]),
            foreground: true,
            ..Spawn::default()
        };
        let host = self.machine.host();
        self.machine.spawn(&host, spawn).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Waits so long for a process; its exit code, or none.
    pub fn finish(&mut self, pid: Pid, limit: Duration) -> Option<i32> {
        self.run_until(self.now + limit, |stage| stage.ended.contains_key(&pid));
        self.ended.get(&pid).copied()
    }

    /// Runs a program with `input` to read; at most so long.
    pub fn run(&mut self, path: &str, args: &[&str], input: &[u8], limit: Duration) -> Ended {
        let (handle, log) = log();
        let fds = [Handle::bytes(input.to_vec()), handle.clone(), handle];
        let pid = self.start(path, args, fds);
        let status = self.finish(pid, limit);
        let printed = String::from_utf8_lossy(&log.borrow().0).into_owned();
        Ended { status, printed }
    }

    /// Starts a program on a terminal of its own.
    pub fn start_on_terminal(&mut self, path: &str, args: &[&str]) -> (TerminalId, Pid) {
        let terminal = self.machine.add_terminal();
        let fds = [(); 3].map(|()| Handle::terminal(terminal));
        (terminal, self.start(path, args, fds))
    }

    /// All that a terminal shows.
    pub fn printed(&self, terminal: TerminalId) -> String {
        let look = |terminal: &os::Terminal| {
            terminal.blocks().iter().map(|block| block.screen.printed()).collect()
        };
        self.machine.terminal(terminal, look).unwrap_or_default()
    }
}
