//! What a machine holds while it runs: the process table and all that processes wait for. System calls
//! ([`crate::process`]) and the executor ([`crate::machine`]) work on it.

use sorted::{SortedMap, SortedSet};
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use sim::{Clock, Duration, EventId, Time};

use crate::distribution::Distribution;
use crate::errno::Errno;
use crate::fs::User;
use crate::machine::{Request, RequestId};
use crate::namespace::SharedNamespace;
use crate::pipe::Ready;
use crate::process::{Disposition, ExitStatus, Fd, Handle, Pid, Proc, Signal, Spawn};
use crate::program::{Executable, Program, Programs, Running, parse};
use crate::service::Listener;
use crate::terminal::{Terminal, TerminalId};

/// What a fork without exec takes.
const FORK_COST: Duration = Duration::from_micros(100);

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) parent: Option<Pid>,
    pub(crate) group: Pid,
    pub(crate) namespace: SharedNamespace,
    pub(crate) inner_pid: Pid,
    /// The program that it runs, by its name in [`Programs`]; nothing before the first one.
    pub(crate) program: &'static str,
    pub(crate) args: Vec<String>,
    pub(crate) env: SortedMap<String, String>,
    pub(crate) cwd: String,
    pub(crate) user: User,
    pub(crate) umask: u32,
    pub(crate) fds: SortedMap<Fd, Handle>,
    pub(crate) terminal: Option<TerminalId>,
    pub(crate) dispositions: SortedMap<Signal, Disposition>,
    pub(crate) pending: Vec<Signal>,
    pub(crate) started: Time,
    /// The event that it acts for: the line it read from its terminal last, or what started it.
    pub(crate) cause: Option<EventId>,
    /// [`State::process_changes`] when arguments or environment changed last.
    pub(crate) changed: u64,
    /// A signal has decided that it ends; the executor sees to it.
    pub(crate) doomed: Option<ExitStatus>,
    pub(crate) ended: Option<ExitStatus>,
}

pub(crate) struct State {
    pub(crate) now: Time,
    /// What the system says it is.
    pub(crate) distribution: Distribution,
    /// The address that the request comes from that is being brought.
    pub(crate) caller: String,
    /// How wide new terminals are.
    pub(crate) columns: u16,
    /// What the host's clock shows.
    pub(crate) clock: Clock,
    /// Nothing can be written but to what is in memory.
    pub(crate) is_disk_full: bool,
    pub(crate) processes: SortedMap<Pid, Process>,
    pub(crate) terminals: SortedMap<TerminalId, Terminal>,
    pub(crate) timers: SortedSet<(Time, Pid)>,
    pub(crate) ready: Ready,
    /// Processes that must not run at present.
    pub(crate) frozen: SortedSet<Pid>,
    /// Those of them that would.
    pub(crate) held: SortedSet<Pid>,
    pub(crate) replies: SortedMap<RequestId, Box<dyn Any>>,
    pub(crate) requests: Vec<Request>,
    pub(crate) asking: SortedMap<RequestId, Pid>,
    pub(crate) withdrawn: Vec<RequestId>,
    pub(crate) programs: Programs,
    pub(crate) host: SharedNamespace,
    pub(crate) started: Vec<(Pid, Running)>,
    pub(crate) exits: Vec<(Pid, ExitStatus)>,
    pub(crate) next_pid: u32,
    pub(crate) next_request: u64,
    pub(crate) next_terminal: u32,
    /// The event that the driver acts for at the moment.
    pub(crate) cause: Option<EventId>,
    /// Counts starts and ends of processes and changes of their arguments.
    pub(crate) process_changes: u64,
    /// Started by the driver and not explained yet.
    pub(crate) spawned: Vec<Pid>,
    /// What `/dev/urandom` gives.
    pub(crate) entropy: sim::Rng,
}

impl State {
    pub(crate) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
        while let Some((at, pid)) = self.timers.first().copied()
            && at <= self.now
        {
            self.timers.pop_first();
            self.ready.wake(pid);
        }
    }

    /// A process acts for what it has just read from its terminal.
    pub(crate) fn acts_for(&mut self, pid: Pid, cause: Option<EventId>) {
        if let Some(process) = self.processes.get_mut(&pid)
            && cause.is_some()
        {
            process.cause = cause;
        }
    }

    pub(crate) fn request(
        state: &Rc<RefCell<Self>>,
        pid: Pid,
        port: &'static str,
        body: Box<dyn Any>,
    ) -> RequestId {
        let mut state = state.borrow_mut();
        let id = state.next_request(pid);
        let cause = state.processes.get(&pid).and_then(|process| process.cause);
        state.requests.push(Request { id, pid, port, body, cause });
        id
    }

    /// The number of something that the process waits for.
    pub(crate) fn next_request(&mut self, pid: Pid) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.asking.insert(id, pid);
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
        let program = state.load(&namespace, &cwd, user, &mut spawn)?;
        spawn.cwd = Some(cwd);
        spawn.user = Some(user);
        let pid = state.add(parent, namespace, program.name, spawn, program.start_cost);
        drop(state);
        // A program may make system calls before it is first polled.
        let future = (program.main)(Proc { state: shared.clone(), pid });
        shared.borrow_mut().started.push((pid, future));
        Ok(pid)
    }

    /// Finds the program that `spawn` names; through interpreters, its arguments change.
    pub(crate) fn load(
        &self,
        namespace: &SharedNamespace,
        cwd: &str,
        user: User,
        spawn: &mut Spawn,
    ) -> Result<Program, Errno> {
        let mut program = None;
        for _ in 0..4 {
            let located = namespace.borrow().mounts.resolve(cwd, &spawn.path, true, user)?;
            let inode = located.inode().ok_or(Errno::NotFound)?;
            if inode.is_directory() || !user.may_execute(&inode) {
                return Err(Errno::Access);
            }
            let crate::fs::Kind::File(bytes) = &inode.kind else { return Err(Errno::Access) };
            match parse(bytes) {
                Executable::Program(name) => {
                    program = self.programs.get(&name);
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
        program.ok_or(Errno::ExecFormat)
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
        let program = state.load(&namespace, &cwd, user, &mut spawn)?;
        let now = state.now;
        state.process_changes += 1;
        let change = state.process_changes;
        let process = state.processes.get_mut(&pid).ok_or(Errno::NoProcess)?;
        process.program = program.name;
        process.args = spawn.args;
        process.env = spawn.env;
        process.changed = change;
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
        state.timers.insert((now + program.start_cost, pid));
        drop(state);
        // A dropped pipe end wakes others, which borrows the state.
        drop(replaced);
        let future = (program.main)(Proc { state: shared.clone(), pid });
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
        let (namespace, program) = (process.namespace.clone(), process.program);
        spawn.args.clone_from(&process.args);
        spawn.env.clone_from(&process.env);
        for (fd, handle) in &process.fds {
            spawn.fds.entry(*fd).or_insert_with(|| handle.clone());
        }
        let pid = state.add(Some(parent), namespace, program, spawn, FORK_COST);
        drop(state);
        let future = main(Proc { state: shared.clone(), pid });
        shared.borrow_mut().started.push((pid, future));
        pid
    }

    pub(crate) fn add(
        &mut self,
        parent: Option<Pid>,
        namespace: SharedNamespace,
        program: &'static str,
        spawn: Spawn,
        cost: Duration,
    ) -> Pid {
        let pid = Pid(self.next_pid);
        self.next_pid += 1;
        self.process_changes += 1;
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
            program,
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
            cause: inherited.map_or(self.cause, |parent| parent.cause),
            changed: self.process_changes,
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
    pub(crate) fn foreground(&mut self, id: TerminalId) -> Option<Pid> {
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

    pub(crate) fn end(shared: &Rc<RefCell<Self>>, pid: Pid, status: ExitStatus) {
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
                    terminal.editor = None;
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
            state.process_changes += 1;
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
    pub(crate) fn close_listeners(shared: &Rc<RefCell<Self>>, pid: Pid) -> Vec<Listener> {
        let state = shared.borrow();
        let Some(process) = state.processes.get(&pid) else { return Vec::new() };
        let namespace = process.namespace.borrow();
        let mut listeners = namespace.listeners.borrow_mut();
        let ports: Vec<u16> = listeners
            .iter()
            .filter(|(_, listener)| listener.pid == pid)
            .map(|(port, _)| *port)
            .collect();
        ports.iter().filter_map(|port| listeners.remove(port)).collect()
    }

    /// Children of an ended process go on alone; those that have ended too are forgotten.
    pub(crate) fn orphan_children(&mut self, pid: Pid) {
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
