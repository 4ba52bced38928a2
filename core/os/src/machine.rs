//! One host: its processes, its terminals, its root filesystem, and the executor.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::task::{Context, Waker};

use sim::{Duration, Time};

use crate::errno::Errno;
use crate::fs::{Mounts, User};
use crate::pipe::{Ready, pipe};
use crate::process::{
    Disposition, ExitStatus, Fd, Handle, Open, Pid, Proc, ProcessInfo, Signal, Spawn,
};
use crate::program::{Executable, Main, Programs, Running, parse};
use crate::service::Listener;
use crate::terminal::{Terminal, TerminalId, Typed};

/// What fork and exec take: a process starts this much later than it was asked for.
const EXEC_COST: Duration = Duration::from_micros(400);
/// What a fork without exec takes.
const FORK_COST: Duration = Duration::from_micros(100);

/// A host's or a container's own view: its mounts, its name, its process numbers.
#[derive(Debug)]
pub struct Namespace {
    /// What is mounted where.
    pub mounts: Mounts,
    /// The name that `hostname` prints.
    pub hostname: String,
    /// False for the host itself.
    pub is_container: bool,
    /// Its own addresses besides `127.0.0.0/8`.
    pub addresses: Vec<String>,
    pub(crate) listeners: BTreeMap<u16, Listener>,
    next_pid: u32,
}

impl Namespace {
    /// A namespace without processes.
    pub fn new(mounts: Mounts, hostname: &str, is_container: bool) -> Self {
        Self {
            mounts,
            hostname: hostname.to_owned(),
            is_container,
            addresses: Vec::new(),
            listeners: BTreeMap::new(),
            next_pid: 1,
        }
    }

    /// The same, shared.
    pub fn shared(self) -> SharedNamespace {
        Rc::new(RefCell::new(self))
    }
}

/// A namespace that several processes live in.
pub type SharedNamespace = Rc<RefCell<Namespace>>;

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
}

/// A request's number, unique on its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) parent: Option<Pid>,
    pub(crate) group: Pid,
    pub(crate) namespace: SharedNamespace,
    pub(crate) inner_pid: Pid,
    pub(crate) args: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) cwd: String,
    pub(crate) user: User,
    pub(crate) umask: u32,
    pub(crate) fds: BTreeMap<Fd, Handle>,
    pub(crate) terminal: Option<TerminalId>,
    pub(crate) dispositions: BTreeMap<Signal, Disposition>,
    pub(crate) pending: Vec<Signal>,
    pub(crate) started: Time,
    /// A signal has decided that it ends; the executor sees to it.
    pub(crate) doomed: Option<ExitStatus>,
    pub(crate) ended: Option<ExitStatus>,
}

pub(crate) struct State {
    pub(crate) now: Time,
    pub(crate) processes: BTreeMap<Pid, Process>,
    pub(crate) terminals: BTreeMap<TerminalId, Terminal>,
    pub(crate) timers: BTreeSet<(Time, Pid)>,
    pub(crate) ready: Ready,
    pub(crate) replies: BTreeMap<RequestId, Box<dyn Any>>,
    requests: Vec<Request>,
    asking: BTreeMap<RequestId, Pid>,
    withdrawn: Vec<RequestId>,
    programs: Programs,
    host: SharedNamespace,
    started: Vec<(Pid, Running)>,
    exits: Vec<(Pid, ExitStatus)>,
    next_pid: u32,
    next_request: u64,
    next_terminal: u32,
}

/// One host.
pub struct Machine {
    state: Rc<RefCell<State>>,
    running: BTreeMap<Pid, Running>,
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
            processes: BTreeMap::new(),
            terminals: BTreeMap::new(),
            timers: BTreeSet::new(),
            ready: Ready::default(),
            replies: BTreeMap::new(),
            requests: Vec::new(),
            asking: BTreeMap::new(),
            withdrawn: Vec::new(),
            programs,
            host: Namespace::new(mounts, hostname, false).shared(),
            started: Vec::new(),
            exits: Vec::new(),
            // Numbers below belong to what a real host has started by then.
            next_pid: 1_000,
            next_request: 1,
            next_terminal: 0,
        };
        Self { state: Rc::new(RefCell::new(state)), running: BTreeMap::new() }
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
            self.poll(pid);
        }
    }

    fn poll(&mut self, pid: Pid) {
        let Some(mut future) = self.running.remove(&pid) else { return };
        let doomed = self.state.borrow().processes.get(&pid).and_then(|process| process.doomed);
        let ended = doomed.or_else(|| {
            let mut context = Context::from_waker(Waker::noop());
            match future.as_mut().poll(&mut context) {
                std::task::Poll::Ready(code) => Some(ExitStatus::Code(code)),
                std::task::Poll::Pending => None,
            }
        });
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

    /// The time of the last [`Machine::run`].
    pub fn now(&self) -> Time {
        self.state.borrow().now
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

    /// Starts a program in a namespace, without a parent. Its descriptors are `spawn.fds` alone.
    ///
    /// # Errors
    /// As [`Proc::spawn`].
    pub fn spawn(&mut self, namespace: &SharedNamespace, spawn: Spawn) -> Result<Pid, Errno> {
        State::spawn(&self.state, None, Some(namespace), spawn)
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
        state.terminals.insert(id, Terminal::default());
        id
    }

    /// Looks at a terminal.
    pub fn terminal<T>(&self, id: TerminalId, look: impl FnOnce(&Terminal) -> T) -> Option<T> {
        self.state.borrow().terminals.get(&id).map(look)
    }

    /// Types text. Each newline enters a line; what follows the last one waits for the next call.
    pub fn type_text(&mut self, id: TerminalId, text: &str) {
        let mut state = self.state.borrow_mut();
        let ready = state.ready.clone();
        let Some(terminal) = state.terminals.get_mut(&id) else { return };
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
        terminal.input.push_back(Typed::EndOfFile);
        ready.wake_all(&mut terminal.waiting);
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

    /// True when no process has this terminal any more.
    pub fn is_abandoned(&self, id: TerminalId) -> bool {
        let state = self.state.borrow();
        !state.processes.values().any(|p| p.ended.is_none() && p.terminal == Some(id))
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
            let listeners = std::mem::take(&mut namespace.borrow_mut().listeners);
            drop(listeners);
        }
    }
}

impl State {
    fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
        while let Some((at, pid)) = self.timers.first().copied()
            && at <= self.now
        {
            self.timers.pop_first();
            self.ready.wake(pid);
        }
    }

    pub(crate) fn request(
        state: &Rc<RefCell<Self>>,
        pid: Pid,
        port: &'static str,
        body: Box<dyn Any>,
    ) -> RequestId {
        let mut state = state.borrow_mut();
        let id = RequestId(state.next_request);
        state.next_request += 1;
        state.asking.insert(id, pid);
        state.requests.push(Request { id, pid, port, body });
        id
    }

    pub(crate) fn withdraw(&mut self, id: RequestId) {
        self.replies.remove(&id);
        if self.asking.remove(&id).is_some() {
            self.withdrawn.push(id);
        }
    }

    pub(crate) fn spawn(
        shared: &Rc<RefCell<Self>>,
        parent: Option<Pid>,
        namespace: Option<&SharedNamespace>,
        mut spawn: Spawn,
    ) -> Result<Pid, Errno> {
        let mut state = shared.borrow_mut();
        let (home, cwd, user) = match parent.and_then(|pid| state.processes.get(&pid)) {
            Some(parent) => (parent.namespace.clone(), parent.cwd.clone(), parent.user),
            None => (state.host.clone(), "/".to_owned(), User::ROOT),
        };
        let namespace = namespace.cloned().unwrap_or(home);
        let user = spawn.user.unwrap_or(user);
        let cwd = spawn.cwd.clone().unwrap_or(cwd);
        let main = state.load(&namespace, &cwd, user, &mut spawn)?;
        spawn.cwd = Some(cwd);
        spawn.user = Some(user);
        let pid = state.add(parent, namespace, spawn, EXEC_COST);
        drop(state);
        // A program may make system calls before it is first polled.
        let future = main(Proc { state: shared.clone(), pid });
        shared.borrow_mut().started.push((pid, future));
        Ok(pid)
    }

    /// Finds the program that `spawn` names; through interpreters, its arguments change.
    fn load(
        &self,
        namespace: &SharedNamespace,
        cwd: &str,
        user: User,
        spawn: &mut Spawn,
    ) -> Result<Main, Errno> {
        let mut main = None;
        for _ in 0..4 {
            let located = namespace.borrow().mounts.resolve(cwd, &spawn.path, true, user)?;
            let inode = located.inode().ok_or(Errno::NotFound)?;
            if inode.is_directory() || !user.may_execute(&inode) {
                return Err(Errno::Access);
            }
            let crate::fs::Kind::File(bytes) = &inode.kind else { return Err(Errno::Access) };
            match parse(bytes) {
                Executable::Program(name) => {
                    main = self.programs.get(&name);
                    break;
                }
                Executable::Unknown => return Err(Errno::ExecFormat),
                Executable::Script(interpreter, argument) => {
                    let script = std::mem::replace(&mut spawn.path, interpreter.clone());
                    let rest = spawn.args.drain(..).skip(1).collect::<Vec<_>>();
                    spawn.args = std::iter::once(interpreter)
                        .chain(argument)
                        .chain([script])
                        .chain(rest)
                        .collect();
                }
            }
        }
        main.ok_or(Errno::ExecFormat)
    }

    pub(crate) fn exec(
        shared: &Rc<RefCell<Self>>,
        pid: Pid,
        mut spawn: Spawn,
    ) -> Result<(), Errno> {
        let mut state = shared.borrow_mut();
        let process = state.processes.get(&pid).ok_or(Errno::NoProcess)?;
        let namespace = process.namespace.clone();
        let user = spawn.user.unwrap_or(process.user);
        let cwd = spawn.cwd.clone().unwrap_or_else(|| process.cwd.clone());
        let main = state.load(&namespace, &cwd, user, &mut spawn)?;
        let now = state.now;
        let process = state.processes.get_mut(&pid).ok_or(Errno::NoProcess)?;
        process.args = spawn.args;
        process.env = spawn.env;
        process.cwd = cwd;
        process.user = user;
        process.pending.clear();
        // What the old program caught would end up nowhere.
        process.dispositions.retain(|_, how| *how == Disposition::Ignore);
        let replaced: Vec<_> = spawn
            .fds
            .into_iter()
            .filter_map(|(fd, handle)| process.fds.insert(fd, handle))
            .collect();
        state.timers.insert((now + EXEC_COST, pid));
        drop(state);
        // A dropped pipe end wakes others, which borrows the state.
        drop(replaced);
        let future = main(Proc { state: shared.clone(), pid });
        shared.borrow_mut().started.push((pid, future));
        Ok(())
    }

    pub(crate) fn fork(
        shared: &Rc<RefCell<Self>>,
        parent: Pid,
        mut spawn: Spawn,
        main: impl FnOnce(Proc) -> Running,
    ) -> Pid {
        let mut state = shared.borrow_mut();
        let process = &state.processes[&parent];
        let namespace = process.namespace.clone();
        spawn.args.clone_from(&process.args);
        spawn.env.clone_from(&process.env);
        for (fd, handle) in &process.fds {
            spawn.fds.entry(*fd).or_insert_with(|| handle.clone());
        }
        let pid = state.add(Some(parent), namespace, spawn, FORK_COST);
        drop(state);
        let future = main(Proc { state: shared.clone(), pid });
        shared.borrow_mut().started.push((pid, future));
        pid
    }

    fn add(
        &mut self,
        parent: Option<Pid>,
        namespace: SharedNamespace,
        spawn: Spawn,
        cost: Duration,
    ) -> Pid {
        let pid = Pid(self.next_pid);
        self.next_pid += 1;
        let inner_pid = if namespace.borrow().is_container {
            let mut namespace = namespace.borrow_mut();
            namespace.next_pid += 1;
            Pid(namespace.next_pid - 1)
        } else {
            pid
        };
        let inherited = parent.and_then(|parent| self.processes.get(&parent));
        let mut fds = spawn.fds;
        if let Some(parent) = inherited {
            for fd in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
                if let Some(handle) = parent.fds.get(&fd) {
                    fds.entry(fd).or_insert_with(|| handle.clone());
                }
            }
        }
        let own_terminal = fds.values().find_map(Handle::terminal_id);
        let terminal = inherited.and_then(|parent| parent.terminal).or(own_terminal);
        let new_group = spawn.foreground || spawn.background || inherited.is_none();
        let group = inherited.filter(|_| !new_group).map_or(pid, |parent| parent.group);
        // An interactive shell catches signals; what it starts does not.
        let ignored = inherited.map(|parent| parent.dispositions.clone()).unwrap_or_default();
        let dispositions =
            ignored.into_iter().filter(|(_, how)| *how == Disposition::Ignore).collect();
        let process = Process {
            parent,
            group,
            namespace,
            inner_pid,
            args: spawn.args,
            env: spawn.env,
            cwd: spawn.cwd.or_else(|| inherited.map(|p| p.cwd.clone())).unwrap_or("/".into()),
            user: spawn.user.or(inherited.map(|p| p.user)).unwrap_or(User::ROOT),
            umask: inherited.map_or(0o022, |parent| parent.umask),
            fds,
            terminal,
            dispositions,
            pending: Vec::new(),
            started: self.now,
            doomed: None,
            ended: None,
        };
        self.processes.insert(pid, process);
        if spawn.foreground
            && let Some(terminal) = terminal.and_then(|id| self.terminals.get_mut(&id))
        {
            terminal.foreground.push(group);
        }
        self.timers.insert((self.now + cost, pid));
        pid
    }

    /// The process group that gets Ctrl-C: the topmost that still has a living member.
    fn foreground(&mut self, id: TerminalId) -> Option<Pid> {
        let processes = &self.processes;
        let terminal = self.terminals.get_mut(&id)?;
        while let Some(&group) = terminal.foreground.last() {
            let alive =
                processes.values().any(|process| process.group == group && process.ended.is_none());
            if alive {
                return Some(group);
            }
            terminal.foreground.pop();
        }
        None
    }

    pub(crate) fn signal(&mut self, pid: Pid, signal: Signal) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if process.ended.is_some() {
            return;
        }
        let is_init = process.namespace.borrow().is_container && process.inner_pid == Pid(1);
        let disposition = process.dispositions.get(&signal).copied().unwrap_or_default();
        match (signal, disposition) {
            (Signal::Kill, _) => process.doomed = Some(ExitStatus::Signal(signal)),
            (_, Disposition::Ignore) => return,
            (_, Disposition::Catch) => process.pending.push(signal),
            // A container's first process is not ended by a signal that it has no handler for.
            (_, Disposition::Default) if is_init && signal != Signal::Pipe => return,
            (_, Disposition::Default) => process.doomed = Some(ExitStatus::Signal(signal)),
        }
        self.ready.wake(pid);
    }

    fn end(shared: &Rc<RefCell<Self>>, pid: Pid, status: ExitStatus) {
        let listeners = State::close_listeners(shared, pid);
        drop(listeners);
        let (handles, namespace) = {
            let mut state = shared.borrow_mut();
            let Some(process) = state.processes.get_mut(&pid) else { return };
            process.ended = Some(status);
            let handles = std::mem::take(&mut process.fds);
            let is_init = process.namespace.borrow().is_container && process.inner_pid == Pid(1);
            let namespace = is_init.then(|| process.namespace.clone());
            let parent = process.parent;
            state.timers.retain(|(_, sleeper)| *sleeper != pid);
            for terminal in state.terminals.values_mut() {
                if terminal.awaits.as_ref().is_some_and(|(reader, ..)| *reader == pid) {
                    terminal.awaits = None;
                }
            }
            match parent.filter(|parent| {
                state.processes.get(parent).is_some_and(|parent| parent.ended.is_none())
            }) {
                Some(parent) => state.ready.wake(parent),
                None => {
                    state.processes.remove(&pid);
                    if parent.is_none() {
                        state.exits.push((pid, status));
                    }
                }
            }
            state.orphan_children(pid);
            (handles, namespace)
        };
        drop(handles);
        if let Some(namespace) = namespace {
            let mut state = shared.borrow_mut();
            let rest: Vec<Pid> = state
                .processes
                .iter()
                .filter(|(_, process)| Rc::ptr_eq(&process.namespace, &namespace))
                .map(|(pid, _)| *pid)
                .collect();
            for pid in rest {
                state.signal(pid, Signal::Kill);
            }
        }
    }

    /// Takes a process's listeners away; they may hold its [`Proc`], so they go while it exists.
    fn close_listeners(shared: &Rc<RefCell<Self>>, pid: Pid) -> Vec<Listener> {
        let state = shared.borrow();
        let Some(process) = state.processes.get(&pid) else { return Vec::new() };
        let mut namespace = process.namespace.borrow_mut();
        let ports: Vec<u16> = namespace
            .listeners
            .iter()
            .filter(|(_, listener)| listener.pid == pid)
            .map(|(port, _)| *port)
            .collect();
        ports.iter().filter_map(|port| namespace.listeners.remove(port)).collect()
    }

    /// Children of an ended process go on alone; those that have ended too are forgotten.
    fn orphan_children(&mut self, pid: Pid) {
        let children: Vec<Pid> = self
            .processes
            .iter()
            .filter(|(_, child)| child.parent == Some(pid))
            .map(|(child, _)| *child)
            .collect();
        for child in children {
            if self.processes[&child].ended.is_some() {
                self.processes.remove(&child);
            }
        }
    }
}
