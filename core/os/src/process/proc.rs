//! The handle through which a program makes its system calls.

use serde::{Deserialize, Serialize};
use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use sim::Time;

use super::{Disposition, ExitStatus, Fd, Handle, Open, Pid, Signal, Spawn};
use crate::errno::Errno;
use crate::fs::User;
use crate::namespace::Namespace;
use crate::pipe::pipe;
use crate::program::Running;
use crate::state::{Process, State};
use crate::terminal::TerminalId;

/// One process's view of its machine. Clones are the same process.
#[derive(Clone)]
pub struct Proc {
    pub(crate) state: Rc<RefCell<State>>,
    pub(crate) pid: Pid,
}

impl std::fmt::Debug for Proc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proc({})", self.pid)
    }
}

/// A line of `ps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// Number as seen from the asking process's namespace.
    pub pid: Pid,
    /// The parent's number there; 0 if it is outside.
    pub parent: Pid,
    /// Who runs it.
    pub user: User,
    /// Its arguments.
    pub args: Vec<String>,
    /// When it started.
    pub started: Time,
    /// Its terminal.
    pub terminal: Option<TerminalId>,
}

impl Proc {
    /// Looks at the own entry in the process table. A dropped process makes no calls: its future is
    /// gone before its entry is.
    pub(crate) fn me<T>(&self, look: impl FnOnce(&mut Process) -> T) -> T {
        let mut state = self.state.borrow_mut();
        let process = state.processes.get_mut(&self.pid);
        look(process.expect("a running process has an entry"))
    }

    /// Random bytes, as `getrandom` gives them.
    pub fn random(&self, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        self.state.borrow_mut().entropy.fill(&mut bytes);
        bytes
    }

    /// The virtual time.
    pub fn now(&self) -> Time {
        self.state.borrow().now
    }

    /// What the host's clock shows. It may jump; for spans and deadlines take [`Proc::now`].
    pub fn wall(&self) -> Time {
        let state = self.state.borrow();
        state.clock.wall(state.now)
    }

    /// The own number, machine-wide.
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// The own number as seen within its container (`$$`).
    pub fn own_pid(&self) -> Pid {
        self.me(|process| process.inner_pid)
    }

    /// The parent's number as seen within its container; 0 if it is outside.
    pub fn parent_pid(&self) -> Pid {
        let state = self.state.borrow();
        let me = &state.processes[&self.pid];
        let parent = me.parent.and_then(|parent| state.processes.get(&parent));
        let parent = parent.filter(|parent| Rc::ptr_eq(&parent.namespace, &me.namespace));
        parent.map_or(Pid(0), |parent| parent.inner_pid)
    }

    /// The program that it runs, by its name in [`crate::Programs`]; empty if none was loaded.
    pub fn program(&self) -> &'static str {
        self.me(|process| process.program)
    }

    /// The arguments; the first is the program's name.
    pub fn args(&self) -> Vec<String> {
        self.me(|process| process.args.clone())
    }

    /// All environment variables.
    pub fn environment(&self) -> SortedMap<String, String> {
        self.me(|process| process.env.clone())
    }

    /// One environment variable.
    pub fn env(&self, name: &str) -> Option<String> {
        self.me(|process| process.env.get(name).cloned())
    }

    /// Sets or (with none) unsets an environment variable.
    pub fn set_env(&self, name: &str, value: Option<&str>) {
        self.me(|process| match value {
            Some(value) => {
                process.env.insert(name.to_owned(), value.to_owned());
            }
            None => {
                process.env.remove(name);
            }
        });
    }

    /// The working folder.
    pub fn cwd(&self) -> String {
        self.me(|process| process.cwd.clone())
    }

    /// Who the process runs as.
    pub fn user(&self) -> User {
        self.me(|process| process.user)
    }

    /// Becomes another user; for `su`, `sudo` and daemons.
    pub fn set_user(&self, user: User) {
        self.me(|process| process.user = user);
    }

    /// Permission bits that new files do not get.
    pub fn umask(&self) -> u32 {
        self.me(|process| process.umask)
    }

    /// Sets the umask.
    pub fn set_umask(&self, umask: u32) {
        self.me(|process| process.umask = umask & 0o777);
    }

    /// The host's or the container's name.
    pub fn hostname(&self) -> String {
        self.namespace().borrow().hostname.clone()
    }

    /// What the host's system says it is; a container shares the kernel of it.
    pub fn distribution(&self) -> crate::Distribution {
        self.state.borrow().distribution
    }

    /// The host's or the container's addresses, besides the loopback one.
    pub fn addresses(&self) -> Vec<String> {
        self.namespace().borrow().addresses.clone()
    }

    /// True inside a container.
    pub fn is_contained(&self) -> bool {
        self.namespace().borrow().is_container
    }

    pub(crate) fn namespace(&self) -> Rc<RefCell<Namespace>> {
        self.me(|process| process.namespace.clone())
    }

    /// The terminal the process was started from.
    pub fn terminal(&self) -> Option<TerminalId> {
        self.me(|process| process.terminal)
    }

    /// True if the descriptor is a terminal.
    pub fn is_terminal(&self, fd: Fd) -> bool {
        self.handle(fd).is_ok_and(|handle| handle.terminal_id().is_some())
    }

    /// Shows what is typed at the own terminal, or does not: for passwords.
    pub fn set_echo(&self, shows: bool) {
        if let Some(id) = self.terminal()
            && let Some(terminal) = self.state.borrow_mut().terminals.get_mut(&id)
        {
            terminal.is_silent = !shows;
        }
    }

    /// The width of the process's terminal in characters, 80 without one.
    pub fn columns(&self) -> u16 {
        let terminal = self.terminal();
        let state = self.state.borrow();
        terminal.and_then(|id| state.terminals.get(&id)).map_or(80, |terminal| terminal.columns)
    }

    /// The open file behind a descriptor.
    ///
    /// # Errors
    /// [`Errno::BadFd`].
    pub fn handle(&self, fd: Fd) -> Result<Handle, Errno> {
        self.me(|process| process.fds.get(&fd).cloned()).ok_or(Errno::BadFd)
    }

    /// Makes `fd` stand for `handle`, closing what it stood for.
    pub fn set_handle(&self, fd: Fd, handle: Handle) {
        let old = self.me(|process| process.fds.insert(fd, handle));
        drop(old);
    }

    /// Closes a descriptor; nothing happens if it is not open.
    pub fn close(&self, fd: Fd) {
        let old = self.me(|process| process.fds.remove(&fd));
        drop(old);
    }

    /// The lowest descriptor from 3 on that is free, made to stand for `handle`.
    pub fn add_handle(&self, handle: Handle) -> Fd {
        self.me(|process| {
            let mut fd = Fd(3);
            while process.fds.contains_key(&fd) {
                fd.0 += 1;
            }
            process.fds.insert(fd, handle);
            fd
        })
    }

    /// A pipe: the end to read from and the end to write to. They are not in the process's table:
    /// give them to children, and drop them.
    pub fn pipe(&self) -> (Handle, Handle) {
        let (reader, writer) = pipe(self.state.borrow().ready.clone());
        (Handle::new(Open::PipeReader(reader)), Handle::new(Open::PipeWriter(writer)))
    }

    /// Starts a program as a child.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::Access`] (also for a folder), [`Errno::ExecFormat`] for a file
    /// that is neither a program nor a script with an interpreter.
    pub fn spawn(&self, spawn: Spawn) -> Result<Pid, Errno> {
        State::spawn(&self.state, Some(self.pid), None, spawn)
    }

    /// Starts a child that runs `main` in a copy of this process (a subshell). `fds` replace the
    /// copied descriptors.
    pub fn fork(
        &self,
        fds: SortedMap<Fd, Handle>,
        foreground: bool,
        background: bool,
        main: impl FnOnce(Proc) -> Running,
    ) -> Pid {
        let spawn = Spawn { fds, foreground, background, ..Spawn::default() };
        State::fork(&self.state, self.pid, spawn, main)
    }

    /// Puts a child into the process group that `leader` leads, so that one Ctrl-C reaches all of a
    /// pipeline.
    pub fn set_group(&self, child: Pid, leader: Pid) {
        let mut state = self.state.borrow_mut();
        let group = state.processes.get(&leader).map(|leader| leader.group);
        // The leader may have ended and be gone; the group keeps its number all the same.
        let group = group.unwrap_or(leader);
        if let Some(child) = state.processes.get_mut(&child) {
            child.group = group;
        }
    }

    /// Puts a child's process group in the foreground of the own terminal (`fg`).
    pub fn set_foreground(&self, child: Pid) {
        let mut state = self.state.borrow_mut();
        let group = state.processes.get(&child).map(|child| child.group);
        let terminal = state.processes.get(&self.pid).and_then(|own| own.terminal);
        if let (Some(group), Some(terminal)) = (group, terminal)
            && let Some(terminal) = state.terminals.get_mut(&terminal)
        {
            terminal.foreground.push(group);
        }
    }

    /// A process's number as seen within its container (what `$!` shows of a child).
    pub fn visible_pid(&self, pid: Pid) -> Pid {
        let state = self.state.borrow();
        state.processes.get(&pid).map_or(pid, |process| process.inner_pid)
    }

    /// How many processes the machine has.
    pub fn process_count(&self) -> usize {
        self.state.borrow().processes.len()
    }

    /// Replaces the own arguments, as `ps` shows them.
    pub fn set_args(&self, args: Vec<String>) {
        let mut state = self.state.borrow_mut();
        state.process_changes += 1;
        let changed = state.process_changes;
        if let Some(process) = state.processes.get_mut(&self.pid) {
            (process.args, process.changed) = (args, changed);
        }
    }

    /// Sends a signal to a process of the same container, or, on the host, to any.
    ///
    /// # Errors
    /// [`Errno::NoProcess`]; [`Errno::NotPermitted`] for another user's process.
    pub fn kill(&self, pid: Pid, signal: Signal) -> Result<(), Errno> {
        let user = self.user();
        let target = {
            let state = self.state.borrow();
            let namespace = &state.processes[&self.pid].namespace;
            let found = state.processes.iter().find(|(_, process)| {
                Rc::ptr_eq(&process.namespace, namespace) && process.inner_pid == pid
            });
            let (&target, process) = found.ok_or(Errno::NoProcess)?;
            if user.uid != 0 && process.user.uid != user.uid {
                return Err(Errno::NotPermitted);
            }
            target
        };
        self.state.borrow_mut().signal(target, signal);
        Ok(())
    }

    /// Sends a signal to one of the own children by its machine-wide number.
    pub fn signal_child(&self, pid: Pid, signal: Signal) {
        self.state.borrow_mut().signal(pid, signal);
    }

    /// What happens on a signal from now on.
    pub fn on_signal(&self, signal: Signal, disposition: Disposition) {
        self.me(|process| process.dispositions.insert(signal, disposition));
    }

    /// The next caught signal that was not looked at yet.
    pub fn take_signal(&self) -> Option<Signal> {
        self.me(
            |process| {
                if process.pending.is_empty() { None } else { Some(process.pending.remove(0)) }
            },
        )
    }

    /// The processes of the same container; on the host, of everything.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        let state = self.state.borrow();
        let mine = &state.processes[&self.pid].namespace;
        let on_host = !mine.borrow().is_container;
        let visible = state.processes.iter().filter(|(_, process)| {
            process.ended.is_none() && (on_host || Rc::ptr_eq(&process.namespace, mine))
        });
        visible
            .map(|(&pid, process)| {
                let parent =
                    process.parent.and_then(|parent| Some((parent, state.processes.get(&parent)?)));
                let parent = parent.map_or(
                    Pid(0),
                    |(number, parent)| {
                        if on_host { number } else { parent.inner_pid }
                    },
                );
                ProcessInfo {
                    pid: if on_host { pid } else { process.inner_pid },
                    parent,
                    user: process.user,
                    args: process.args.clone(),
                    started: process.started,
                    terminal: process.terminal,
                }
            })
            .collect()
    }

    /// A child's end if it has ended, without waiting; the child is gone then.
    ///
    /// # Errors
    /// [`Errno::NoChild`].
    pub fn try_wait(&self, pid: Pid) -> Result<Option<ExitStatus>, Errno> {
        let mut state = self.state.borrow_mut();
        let child = state.processes.get(&pid).filter(|child| child.parent == Some(self.pid));
        let ended = child.ok_or(Errno::NoChild)?.ended;
        if ended.is_some() {
            state.processes.remove(&pid);
        }
        Ok(ended)
    }

    /// Tells the terminal that a command is over (interactive shells only).
    pub fn finish_command(&self, status: i32) {
        if let Some(id) = self.terminal() {
            let mut state = self.state.borrow_mut();
            let now = state.now;
            if let Some(terminal) = state.terminals.get_mut(&id) {
                terminal.finish(status, now);
            }
        }
    }

    /// Empties the process's terminal, as `clear` does.
    pub fn clear_terminal(&self) {
        if let Some(id) = self.terminal()
            && let Some(terminal) = self.state.borrow_mut().terminals.get_mut(&id)
        {
            terminal.clear();
        }
    }
}
