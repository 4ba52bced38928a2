//! One host: its processes, its terminals, its root filesystem, and the executor.

use sorted::{SortedMap, SortedSet};
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Waker};

use sim::{Clock, EventId, Time};

use crate::distribution::Distribution;
use crate::errno::Errno;
use crate::fs::Mounts;
use crate::pipe::{Ready, pipe};
use crate::process::{ExitStatus, Handle, Open, Pid, Proc, ProcessInfo, Signal, Spawn};
use crate::program::{Programs, Running};
use crate::state::State;
use crate::terminal::{Terminal, TerminalId, Typed};

pub use crate::namespace::{Namespace, SharedNamespace};

/// A process's request to whoever drives the machine.
#[derive(Debug)]
pub struct Request {
    /// To answer it with.
    pub id: RequestId,
    /// Who asks.
    pub pid: Pid,
    /// Whom it asks, for instance `docker`.
    pub port: &'static str,
    /// The question.
    pub body: Box<dyn Any>,
    /// The event that the process acts for.
    pub cause: Option<EventId>,
}

/// A request's number, unique on its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What a process was started with: who may list processes can read it.
#[derive(Clone, Copy, Debug)]
pub struct ProcessWords<'a> {
    /// The process.
    pub pid: Pid,
    /// Its arguments.
    pub args: &'a [String],
    /// Its environment.
    pub env: &'a SortedMap<String, String>,
    /// The event that it acts for.
    pub cause: Option<EventId>,
}

/// One host.
pub struct Machine {
    state: Rc<RefCell<State>>,
    running: SortedMap<Pid, Running>,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("processes", &self.running.len()).finish_non_exhaustive()
    }
}

impl Machine {
    /// A host that has booted with these files and programs.
    pub fn new(now: Time, hostname: &str, mounts: Mounts, programs: Programs) -> Self {
        let state = State {
            now,
            distribution: crate::distribution::XENIAL,
            caller: String::new(),
            columns: crate::terminal::COLUMNS,
            clock: Clock::default(),
            is_disk_full: false,
            processes: SortedMap::new(),
            terminals: SortedMap::new(),
            timers: SortedSet::new(),
            ready: Ready::default(),
            frozen: SortedSet::new(),
            held: SortedSet::new(),
            replies: SortedMap::new(),
            requests: Vec::new(),
            asking: SortedMap::new(),
            withdrawn: Vec::new(),
            programs,
            host: Namespace::new(mounts, hostname, false).shared(),
            started: Vec::new(),
            exits: Vec::new(),
            // Numbers below belong to what a real host has started by then.
            next_pid: 1_000,
            next_request: 1,
            next_terminal: 0,
            cause: None,
            process_changes: 0,
            spawned: Vec::new(),
            entropy: sim::Streams::new(0).stream("entropy"),
        };
        Self { state: Rc::new(RefCell::new(state)), running: SortedMap::new() }
    }

    /// What `/dev/urandom` gives from now on; without this, every machine has the same numbers.
    pub fn set_entropy(&mut self, entropy: sim::Rng) {
        self.state.borrow_mut().entropy = entropy;
    }

    /// What the system says it is from now on; without this, an Ubuntu 16.04.
    pub fn set_distribution(&mut self, distribution: Distribution) {
        self.state.borrow_mut().distribution = distribution;
    }

    /// The address that the next request comes from.
    pub(crate) fn set_caller(&self, from: &str) {
        from.clone_into(&mut self.state.borrow_mut().caller);
    }

    /// How wide terminals are that are added from now on; without this, 80 columns.
    pub fn set_columns(&mut self, columns: u16) {
        self.state.borrow_mut().columns = columns;
    }

    /// The host's own namespace.
    pub fn host(&self) -> SharedNamespace {
        self.state.borrow().host.clone()
    }

    /// Lets processes run until all of them wait. Call it with the new time before and after
    /// anything that may wake one.
    pub fn run(&mut self, now: Time) {
        self.state.borrow_mut().advance(now);
        loop {
            let started = std::mem::take(&mut self.state.borrow_mut().started);
            self.running.extend(started);
            let next = self.state.borrow().ready.next();
            let Some(pid) = next else { break };
            let is_held = {
                let mut state = self.state.borrow_mut();
                let is_doomed = state.processes.get(&pid).is_some_and(|one| one.doomed.is_some());
                let is_held = state.frozen.contains(&pid) && !is_doomed;
                if is_held {
                    state.held.insert(pid);
                }
                is_held
            };
            if !is_held {
                self.poll(pid);
            }
        }
    }

    fn poll(&mut self, pid: Pid) {
        let Some(mut future) = self.running.remove(&pid) else { return };
        let Some((doomed, namespace)) = self.state.borrow().processes.get(&pid).map(|process| {
            let namespace = process.namespace.clone();
            (process.doomed, namespace)
        }) else {
            return;
        };
        let ended = doomed.or_else(|| {
            let mut context = Context::from_waker(Waker::noop());
            match future.as_mut().poll(&mut context) {
                std::task::Poll::Ready(code) => Some(ExitStatus::Code(code)),
                std::task::Poll::Pending => None,
            }
        });
        self.explain_changes(pid, &namespace);
        match ended {
            None => {
                self.running.insert(pid, future);
            }
            Some(status) => {
                // The future goes first: what it holds may still make system calls when dropped.
                drop(future);
                State::end(&self.state, pid, status);
            }
        }
    }

    /// Whatever the process has changed in the files it sees is on account of what it acts for.
    fn explain_changes(&self, pid: Pid, namespace: &SharedNamespace) {
        let cause = self.cause_of(pid);
        for mount in namespace.borrow().mounts.iter() {
            let is_open = mount.fs.borrow().journal().is_open();
            if is_open {
                mount.fs.borrow_mut().journal_mut().explain(cause);
            }
        }
    }

    /// From now on the driver acts for this event: it is the cause of what is typed and started.
    pub fn set_cause(&mut self, cause: Option<EventId>) {
        self.state.borrow_mut().cause = cause;
    }

    /// The event that is being handled.
    pub fn cause(&self) -> Option<EventId> {
        self.state.borrow().cause
    }

    /// The event that a process acts for.
    pub fn cause_of(&self, pid: Pid) -> Option<EventId> {
        self.state.borrow().processes.get(&pid).and_then(|process| process.cause)
    }

    /// How often processes were started or ended, or changed their arguments.
    pub fn process_changes(&self) -> u64 {
        self.state.borrow().process_changes
    }

    /// Shows the living processes whose start or whose arguments came after the first `seen` changes.
    pub fn processes_since(&self, seen: u64, look: &mut dyn FnMut(ProcessWords<'_>)) {
        let state = self.state.borrow();
        for (&pid, process) in &state.processes {
            if process.ended.is_none() && seen < process.changed {
                let (args, env, cause) = (&process.args, &process.env, process.cause);
                look(ProcessWords { pid, args, env, cause });
            }
        }
    }

    /// Keeps processes from running, or lets them go on where they were (the freezer of cgroups).
    pub fn freeze(&mut self, pids: &[Pid], is_frozen: bool) {
        let mut state = self.state.borrow_mut();
        for pid in pids {
            if is_frozen {
                state.frozen.insert(*pid);
            } else {
                state.frozen.remove(pid);
                if state.held.remove(pid) {
                    state.ready.wake(*pid);
                }
            }
        }
    }

    /// The time of the last [`Machine::run`].
    pub fn now(&self) -> Time {
        self.state.borrow().now
    }

    /// What the host's clock shows.
    pub fn wall(&self) -> Time {
        let state = self.state.borrow();
        state.clock.wall(state.now)
    }

    /// Sets the host's clock.
    pub fn set_clock(&mut self, clock: Clock) {
        self.state.borrow_mut().clock = clock;
    }

    /// From now on nothing can be written to files that are on the disk, or it can again.
    pub fn set_disk_full(&mut self, is_full: bool) {
        self.state.borrow_mut().is_disk_full = is_full;
    }

    /// True when nothing can be written to files that are on the disk.
    pub fn is_disk_full(&self) -> bool {
        self.state.borrow().is_disk_full
    }

    /// True when [`Machine::run`] would do something at the present time.
    pub fn is_ready(&self) -> bool {
        let state = self.state.borrow();
        !state.ready.is_empty() || !state.started.is_empty()
    }

    /// Tells the time without letting anything run: what is started or written next has this date.
    pub fn tell_time(&mut self, now: Time) {
        self.state.borrow_mut().advance(now);
    }

    /// True when [`Machine::run`] would do something at `now`.
    pub fn is_due(&self, now: Time) -> bool {
        self.is_ready() || self.next_deadline().is_some_and(|at| at <= now)
    }

    /// When a sleeping process wakes.
    pub fn next_deadline(&self) -> Option<Time> {
        self.state.borrow().timers.first().map(|(at, _)| *at)
    }

    /// Requests made since the last call.
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.state.borrow_mut().requests)
    }

    /// Requests whose process no longer waits, since the last call.
    pub fn take_withdrawn(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.state.borrow_mut().withdrawn)
    }

    /// Processes without a parent (those the driver started) that ended since the last call.
    pub fn take_exits(&mut self) -> Vec<(Pid, ExitStatus)> {
        std::mem::take(&mut self.state.borrow_mut().exits)
    }

    /// Answers a request. Nothing happens if its process is gone.
    pub fn reply(&mut self, id: RequestId, body: Box<dyn Any>) {
        let mut state = self.state.borrow_mut();
        if let Some(pid) = state.asking.remove(&id) {
            state.replies.insert(id, body);
            state.ready.wake(pid);
        }
    }

    /// True while a process waits for the answer to that request.
    pub fn is_asking(&self, id: RequestId) -> bool {
        self.state.borrow().asking.contains_key(&id)
    }

    /// Starts a program in a namespace, without a parent. Its descriptors are `spawn.fds` alone.
    ///
    /// # Errors
    /// As [`Proc::spawn`].
    pub fn spawn(&mut self, namespace: &SharedNamespace, spawn: Spawn) -> Result<Pid, Errno> {
        let pid = State::spawn(&self.state, None, Some(namespace), spawn)?;
        self.state.borrow_mut().spawned.push(pid);
        Ok(pid)
    }

    /// What the driver has started since the last call acts for this event, if there is one.
    pub fn explain_started(&mut self, cause: Option<EventId>) {
        let mut state = self.state.borrow_mut();
        for pid in std::mem::take(&mut state.spawned) {
            state.acts_for(pid, cause);
        }
    }

    /// Sends a signal; nothing happens if there is no such process.
    pub fn signal(&mut self, pid: Pid, signal: Signal) {
        self.state.borrow_mut().signal(pid, signal);
    }

    /// True while the process runs.
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.state.borrow().processes.get(&pid).is_some_and(|process| process.ended.is_none())
    }

    /// A pipe between processes that the driver starts: the end to read from and the end to write to.
    pub fn pipe(&self) -> (Handle, Handle) {
        let (reader, writer) = pipe(self.state.borrow().ready.clone());
        (Handle::new(Open::PipeReader(reader)), Handle::new(Open::PipeWriter(writer)))
    }

    /// The living processes of a namespace, by their machine-wide numbers (`docker top`).
    pub fn processes_of(&self, namespace: &SharedNamespace) -> Vec<ProcessInfo> {
        let state = self.state.borrow();
        let inside = state.processes.iter().filter(|(_, process)| {
            process.ended.is_none() && Rc::ptr_eq(&process.namespace, namespace)
        });
        inside
            .map(|(&pid, process)| ProcessInfo {
                pid,
                parent: process.parent.unwrap_or(Pid(0)),
                user: process.user,
                args: process.args.clone(),
                started: process.started,
                terminal: process.terminal,
            })
            .collect()
    }

    /// Adds a terminal; start a shell on it with [`Machine::spawn`].
    pub fn add_terminal(&mut self) -> TerminalId {
        let mut state = self.state.borrow_mut();
        let id = TerminalId(state.next_terminal);
        state.next_terminal += 1;
        let columns = state.columns;
        let mut terminal = Terminal::default();
        terminal.columns = columns;
        state.terminals.insert(id, terminal);
        id
    }

    pub(crate) fn change_terminal<T>(
        &mut self,
        id: TerminalId,
        change: impl FnOnce(&mut Terminal) -> T,
    ) -> Option<T> {
        self.state.borrow_mut().terminals.get_mut(&id).map(change)
    }

    /// Looks at a terminal.
    pub fn terminal<T>(&self, id: TerminalId, look: impl FnOnce(&Terminal) -> T) -> Option<T> {
        self.state.borrow().terminals.get(&id).map(look)
    }

    /// Looks at every terminal.
    pub fn look_at_terminals(&self, look: &mut dyn FnMut(TerminalId, &Terminal)) {
        for (id, terminal) in &self.state.borrow().terminals {
            look(*id, terminal);
        }
    }

    /// Types text. Each newline enters a line; what follows the last one waits for the next call.
    pub fn type_text(&mut self, id: TerminalId, text: &str) {
        let mut state = self.state.borrow_mut();
        let ready = state.ready.clone();
        let cause = state.cause;
        let Some(terminal) = state.terminals.get_mut(&id) else { return };
        terminal.cause = cause;
        for char in text.chars() {
            match char {
                '\n' => {
                    let line = std::mem::take(&mut terminal.partial);
                    terminal.input.push_back(Typed::Line(line));
                }
                '\r' => {}
                char => terminal.partial.push(char),
            }
        }
        ready.wake_all(&mut terminal.waiting);
    }

    /// Ctrl-D.
    pub fn type_end_of_file(&mut self, id: TerminalId) {
        let mut state = self.state.borrow_mut();
        let ready = state.ready.clone();
        let Some(terminal) = state.terminals.get_mut(&id) else { return };
        if terminal.editor().is_some() {
            // An editor takes the key for itself; the shell behind it must not end by it.
            return;
        }
        terminal.input.push_back(Typed::EndOfFile);
        ready.wake_all(&mut terminal.waiting);
    }

    /// A person leaves the editor, with the text to save or without saving; false if none is open.
    pub fn finish_editor(&mut self, id: TerminalId, text: Option<String>) -> bool {
        let mut state = self.state.borrow_mut();
        let (ready, cause) = (state.ready.clone(), state.cause);
        let Some(terminal) = state.terminals.get_mut(&id) else { return false };
        if terminal.editor().is_none() {
            return false;
        }
        terminal.cause = cause;
        terminal.edited = Some(text);
        ready.wake_all(&mut terminal.waiting);
        true
    }

    /// Ctrl-C: SIGINT for the foreground; lines that were typed ahead are dropped.
    pub fn interrupt(&mut self, id: TerminalId) {
        let mut state = self.state.borrow_mut();
        let now = state.now;
        let Some(group) = state.foreground(id) else { return };
        if let Some(terminal) = state.terminals.get_mut(&id) {
            terminal.input.clear();
            terminal.partial.clear();
            terminal.echo("^C\n", now);
        }
        let members: Vec<Pid> = state
            .processes
            .iter()
            .filter(|(_, process)| process.group == group && process.ended.is_none())
            .map(|(pid, _)| *pid)
            .collect();
        for pid in members {
            state.signal(pid, Signal::Interrupt);
        }
    }

    /// The process that waits for a line at a terminal, to look at its world as it does.
    pub fn reader(&self, id: TerminalId) -> Option<Proc> {
        let state = self.state.borrow();
        let (pid, ..) = state.terminals.get(&id)?.awaits.as_ref()?;
        Some(Proc { state: self.state.clone(), pid: *pid })
    }

    /// Drops the line: SIGHUP for every process that still has this terminal.
    pub fn hang_up(&mut self, id: TerminalId) {
        let mut state = self.state.borrow_mut();
        let here = state.processes.iter().filter(|(_, process)| process.terminal == Some(id));
        for pid in here.map(|(pid, _)| *pid).collect::<Vec<Pid>>() {
            state.signal(pid, Signal::Hangup);
        }
    }

    /// The number of processes that have not ended.
    pub fn process_count(&self) -> usize {
        self.running.len()
    }
}

impl Drop for Machine {
    /// Listeners hold what holds them; without this a dropped machine would stay in memory.
    fn drop(&mut self) {
        let namespaces: Vec<SharedNamespace> = match self.state.try_borrow() {
            Ok(state) => state.processes.values().map(|p| p.namespace.clone()).collect(),
            Err(_) => return,
        };
        for namespace in namespaces {
            let listeners = std::mem::take(&mut *namespace.borrow().listeners.borrow_mut());
            drop(listeners);
        }
    }
}
