//! The system calls that may take virtual time: reading, writing, sleeping, waiting, requests.

use std::any::Any;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sim::Duration;

use super::{ExitStatus, Fd, Open, Pid, Proc, Signal, Spawn};
use crate::errno::Errno;
use crate::fs::{Inode, Kind};
use crate::machine::RequestId;
use crate::pipe::Written;
use crate::state::State;
use crate::terminal::{Awaits, Editor, TerminalId, Typed};

/// `/dev/zero` and `/dev/urandom` give some 13 MB per second.
const ZERO_COST_PER_BYTE: Duration = Duration::from_nanos(76);

/// What one attempt at reading came to.
enum Attempt {
    Done(Result<Vec<u8>, Errno>),
    Wait,
}

impl Proc {
    fn interrupted(&self) -> bool {
        self.me(|process| !process.pending.is_empty())
    }

    /// Waits; a caught signal ends the wait early.
    ///
    /// # Errors
    /// [`Errno::Interrupted`].
    pub async fn sleep(&self, span: Duration) -> Result<(), Errno> {
        let deadline = self.now() + span;
        poll_fn(|_| {
            if self.interrupted() {
                return Poll::Ready(Err(Errno::Interrupted));
            }
            let mut state = self.state.borrow_mut();
            if state.now >= deadline {
                return Poll::Ready(Ok(()));
            }
            state.timers.insert((deadline, self.pid));
            Poll::Pending
        })
        .await
    }

    /// Waits for something, at most `patience`; nothing if that was not enough.
    pub async fn within<T>(&self, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
        let deadline = self.now() + patience;
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            let mut state = self.state.borrow_mut();
            if state.now >= deadline {
                return Poll::Ready(None);
            }
            state.timers.insert((deadline, self.pid));
            Poll::Pending
        })
        .await
    }

    /// Spends virtual time computing. Every loop that a student can write must come through here, so
    /// that an endless one is endless in virtual time only.
    pub async fn compute(&self, span: Duration) {
        let deadline = self.now() + span;
        poll_fn(|_| {
            let mut state = self.state.borrow_mut();
            if state.now >= deadline {
                return Poll::Ready(());
            }
            state.timers.insert((deadline, self.pid));
            Poll::Pending
        })
        .await;
    }

    /// Runs another program in this process's place, with the same number, descriptors (those of
    /// `spawn` replace the own ones) and parent. Returns only if that fails.
    pub async fn exec(&self, spawn: Spawn) -> Errno {
        if let Err(errno) = State::exec(&self.state, self.pid, spawn) {
            return errno;
        }
        // The executor drops this future and polls the new program's in its place.
        std::future::pending().await
    }

    /// Waits until a child ends; it is gone then.
    ///
    /// # Errors
    /// [`Errno::NoChild`], [`Errno::Interrupted`].
    pub async fn wait(&self, child: Pid) -> Result<ExitStatus, Errno> {
        poll_fn(|_| match self.try_wait(child) {
            Err(errno) => Poll::Ready(Err(errno)),
            Ok(Some(status)) => Poll::Ready(Ok(status)),
            Ok(None) if self.interrupted() => Poll::Ready(Err(Errno::Interrupted)),
            Ok(None) => Poll::Pending,
        })
        .await
    }

    /// Reads up to `limit` bytes; empty at the end of the file. From a terminal, at most a line.
    ///
    /// # Errors
    /// [`Errno::BadFd`], [`Errno::Interrupted`], [`Errno::NotFound`] for a file that is gone.
    pub async fn read(&self, fd: Fd, limit: usize) -> Result<Vec<u8>, Errno> {
        let handle = self.handle(fd)?;
        let result = poll_fn(|_| {
            if self.interrupted() {
                return Poll::Ready(Err(Errno::Interrupted));
            }
            match self.read_now(&mut handle.0.borrow_mut(), limit) {
                Attempt::Done(result) => Poll::Ready(result),
                Attempt::Wait => Poll::Pending,
            }
        })
        .await;
        // Without a cost, reading it to its end would never let virtual time pass.
        let is_endless = matches!(&*handle.0.borrow(), Open::Zero | Open::Random);
        if let (Ok(bytes), true) = (&result, is_endless) {
            self.compute(ZERO_COST_PER_BYTE.saturating_mul(bytes.len() as u64)).await;
        }
        result
    }

    fn read_now(&self, open: &mut Open, limit: usize) -> Attempt {
        let done = |bytes: &[u8]| Attempt::Done(Ok(bytes.to_vec()));
        match open {
            Open::Null | Open::Sink(_) | Open::Tee { .. } => done(b""),
            Open::Zero => Attempt::Done(Ok(vec![0; limit.min(65_536)])),
            Open::Random => Attempt::Done(Ok(self.random(limit.min(4_096)))),
            Open::Bytes(bytes, offset) => {
                let from = (*offset).min(bytes.len());
                let to = from.saturating_add(limit).min(bytes.len());
                *offset = to;
                done(&bytes[from..to])
            }
            Open::PipeWriter(_) => Attempt::Done(Err(Errno::BadFd)),
            Open::PipeReader(reader) => match reader.read(limit, self.pid) {
                Some(bytes) => Attempt::Done(Ok(bytes)),
                None => Attempt::Wait,
            },
            Open::Terminal { id, .. } => self.read_terminal(*id, limit),
            Open::File { readable: false, .. } => Attempt::Done(Err(Errno::BadFd)),
            Open::File { fs, inner, offset, .. } => match fs.borrow().get(inner) {
                None => done(b""),
                Some(inode) => match &inode.kind {
                    Kind::File(bytes) => {
                        let from = (*offset).min(bytes.len());
                        let to = from.saturating_add(limit).min(bytes.len());
                        *offset = to;
                        done(&bytes[from..to])
                    }
                    Kind::Directory => Attempt::Done(Err(Errno::IsDirectory)),
                    _ => done(b""),
                },
            },
        }
    }

    fn read_terminal(&self, id: TerminalId, limit: usize) -> Attempt {
        let mut state = self.state.borrow_mut();
        let now = state.now;
        let Some(terminal) = state.terminals.get_mut(&id) else { return Attempt::Done(Ok(vec![])) };
        match terminal.input.pop_front() {
            None => {
                terminal.waiting.push(self.pid);
                terminal.wait_for(self.pid, Awaits::Program, "", false);
                Attempt::Wait
            }
            Some(Typed::EndOfFile) => {
                terminal.awaits = None;
                Attempt::Done(Ok(Vec::new()))
            }
            Some(Typed::Line(line)) => {
                terminal.awaits = None;
                terminal.accept(Awaits::Program, "", &line, now);
                let cause = terminal.cause;
                let mut bytes = line.into_bytes();
                bytes.push(b'\n');
                if bytes.len() > limit {
                    let rest = bytes.split_off(limit);
                    let rest = String::from_utf8_lossy(&rest).trim_end_matches('\n').to_owned();
                    terminal.input.push_front(Typed::Line(rest));
                }
                state.acts_for(self.pid, cause);
                Attempt::Done(Ok(bytes))
            }
        }
    }

    /// Reads a line at a prompt; nothing at the end of the file (Ctrl-D).
    ///
    /// # Errors
    /// [`Errno::NotTerminal`] if the process has no terminal, [`Errno::Interrupted`].
    pub async fn read_command(
        &self,
        awaits: Awaits,
        prompt: &str,
    ) -> Result<Option<String>, Errno> {
        let id = self.terminal().ok_or(Errno::NotTerminal)?;
        poll_fn(|_| {
            let interrupted = self.interrupted();
            let mut state = self.state.borrow_mut();
            let now = state.now;
            let Some(terminal) = state.terminals.get_mut(&id) else {
                return Poll::Ready(Err(Errno::NotTerminal));
            };
            if interrupted {
                terminal.awaits = None;
                return Poll::Ready(Err(Errno::Interrupted));
            }
            match terminal.input.pop_front() {
                Some(Typed::Line(line)) => {
                    terminal.awaits = None;
                    terminal.accept(awaits, prompt, &line, now);
                    let cause = terminal.cause;
                    state.acts_for(self.pid, cause);
                    Poll::Ready(Ok(Some(line)))
                }
                Some(Typed::EndOfFile) => {
                    terminal.awaits = None;
                    Poll::Ready(Ok(None))
                }
                None => {
                    terminal.waiting.push(self.pid);
                    terminal.wait_for(self.pid, awaits, prompt, false);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Reads a line that is not shown, as for a password; nothing at the end of the file.
    ///
    /// # Errors
    /// As [`Proc::read_command`].
    pub async fn read_secret_line(&self) -> Result<Option<String>, Errno> {
        let id = self.terminal().ok_or(Errno::NotTerminal)?;
        poll_fn(|_| {
            let interrupted = self.interrupted();
            let mut state = self.state.borrow_mut();
            let Some(terminal) = state.terminals.get_mut(&id) else {
                return Poll::Ready(Err(Errno::NotTerminal));
            };
            let (typed, cause) = (terminal.input.pop_front(), terminal.cause);
            if interrupted || typed.is_some() {
                terminal.awaits = None;
            }
            match typed {
                _ if interrupted => Poll::Ready(Err(Errno::Interrupted)),
                Some(Typed::Line(line)) => {
                    state.acts_for(self.pid, cause);
                    Poll::Ready(Ok(Some(line)))
                }
                Some(Typed::EndOfFile) => Poll::Ready(Ok(None)),
                None => {
                    terminal.waiting.push(self.pid);
                    terminal.wait_for(self.pid, Awaits::Program, "", true);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Opens a file in an editor at the own terminal and waits for the person to leave it; the text to
    /// save, or nothing if there is nothing to save.
    ///
    /// # Errors
    /// [`Errno::NotTerminal`] if the process has no terminal, [`Errno::Interrupted`].
    pub async fn edit(&self, editor: Editor) -> Result<Option<String>, Errno> {
        let id = self.terminal().ok_or(Errno::NotTerminal)?;
        poll_fn(|_| {
            let interrupted = self.interrupted();
            let mut state = self.state.borrow_mut();
            let Some(terminal) = state.terminals.get_mut(&id) else {
                return Poll::Ready(Err(Errno::NotTerminal));
            };
            let (left, cause) = (terminal.edited.take(), terminal.cause);
            if interrupted || left.is_some() {
                (terminal.awaits, terminal.editor) = (None, None);
                state.acts_for(self.pid, cause);
                return Poll::Ready(left.ok_or(Errno::Interrupted));
            }
            terminal.waiting.push(self.pid);
            terminal.editor = Some(editor.clone());
            terminal.wait_for(self.pid, Awaits::Editor, "", false);
            Poll::Pending
        })
        .await
    }

    /// Reads to the end of the file.
    ///
    /// # Errors
    /// As [`Proc::read`].
    pub async fn read_to_end(&self, fd: Fd) -> Result<Vec<u8>, Errno> {
        let mut all = Vec::new();
        loop {
            let bytes = self.read(fd, 65_536).await?;
            if bytes.is_empty() {
                return Ok(all);
            }
            all.extend(bytes);
        }
    }

    /// Writes all of `bytes`. A pipe that nobody reads any more ends the process (SIGPIPE).
    ///
    /// # Errors
    /// [`Errno::BadFd`], [`Errno::BrokenPipe`] if the signal is ignored or caught, or of the
    /// filesystem.
    pub async fn write(&self, fd: Fd, bytes: &[u8]) -> Result<(), Errno> {
        let handle = self.handle(fd)?;
        let mut left = bytes;
        poll_fn(|_| {
            while !left.is_empty() {
                match self.write_now(&mut handle.0.borrow_mut(), left) {
                    Ok(Written::Some(size)) => left = &left[size..],
                    Ok(Written::Wait) => return Poll::Pending,
                    Ok(Written::Broken) => {
                        self.state.borrow_mut().signal(self.pid, Signal::Pipe);
                        let dies = self.me(|process| process.doomed.is_some());
                        return if dies {
                            Poll::Pending
                        } else {
                            Poll::Ready(Err(Errno::BrokenPipe))
                        };
                    }
                    Err(errno) => return Poll::Ready(Err(errno)),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    fn write_now(&self, open: &mut Open, bytes: &[u8]) -> Result<Written, Errno> {
        let all = Ok(Written::Some(bytes.len()));
        match open {
            Open::Null | Open::Zero | Open::Random => all,
            Open::PipeReader(_) | Open::Bytes(..) | Open::File { writable: false, .. } => {
                Err(Errno::BadFd)
            }
            Open::PipeWriter(writer) => Ok(writer.write(bytes, self.pid, false)),
            Open::Sink(sink) => {
                let now = self.wall();
                sink.borrow_mut().write(now, bytes);
                all
            }
            Open::Tee { sink, onlookers } => {
                let now = self.wall();
                sink.borrow_mut().write(now, bytes);
                let copies = onlookers.0.borrow().clone();
                for copy in copies {
                    if !self.copy_to(&mut copy.0.borrow_mut(), bytes) {
                        onlookers.remove(&copy);
                    }
                }
                all
            }
            Open::Terminal { id, .. } => {
                let mut state = self.state.borrow_mut();
                let now = state.now;
                if let Some(terminal) = state.terminals.get_mut(id) {
                    terminal.write(bytes, now);
                }
                all
            }
            Open::File { fs, inner, offset, append, .. } => {
                self.check_space(fs, bytes)?;
                let now = self.wall();
                let mut fs = fs.borrow_mut();
                let size = fs.get(inner).map_or(0, Inode::size);
                let from = if *append { size } else { size.min(*offset as u64) };
                let inode = fs.get_mut_behind(inner, from)?;
                if let Kind::File(content) = &mut inode.kind {
                    let from = if *append { content.len() } else { *offset };
                    if content.len() < from + bytes.len() {
                        content.resize(from + bytes.len(), 0);
                    }
                    content[from..from + bytes.len()].copy_from_slice(bytes);
                    *offset = from + bytes.len();
                    inode.attributes.modified = now;
                }
                all
            }
        }
    }

    /// Gives an onlooker its copy without ever waiting for it; false if nobody is there any more.
    fn copy_to(&self, open: &mut Open, bytes: &[u8]) -> bool {
        // An onlooker that looks on at itself would never end.
        !matches!(open, Open::Tee { .. }) && self.write_forced(open, bytes)
    }

    /// Writes everything at once, however full a pipe is; false if nobody takes it.
    pub(crate) fn write_forced(&self, open: &mut Open, bytes: &[u8]) -> bool {
        match open {
            Open::PipeWriter(writer) => {
                !matches!(writer.write(bytes, self.pid, true), Written::Broken)
            }
            other => self.write_now(other, bytes).is_ok(),
        }
    }

    /// Prints to standard output; what cannot be written is lost, as most programs have it.
    pub async fn print(&self, text: impl AsRef<[u8]>) {
        let _ = self.write(Fd::STDOUT, text.as_ref()).await;
    }

    /// Prints to standard error.
    pub async fn eprint(&self, text: impl AsRef<[u8]>) {
        let _ = self.write(Fd::STDERR, text.as_ref()).await;
    }

    /// Tells whoever drives the machine something that has no answer.
    pub fn notify(&self, port: &'static str, body: Box<dyn Any>) {
        let id = State::request(&self.state, self.pid, port, body);
        self.state.borrow_mut().asking.remove(&id);
    }

    /// Asks whoever drives the machine (the docker daemon, say) and waits for the answer.
    ///
    /// # Errors
    /// [`Errno::Interrupted`] by a caught signal; the request is withdrawn then.
    pub async fn request(
        &self,
        port: &'static str,
        body: Box<dyn Any>,
    ) -> Result<Box<dyn Any>, Errno> {
        let id = State::request(&self.state, self.pid, port, body);
        let guard = Withdraw { proc: self, id };
        let reply = poll_fn(|_| {
            if let Some(reply) = self.state.borrow_mut().replies.remove(&id) {
                return Poll::Ready(Ok(reply));
            }
            if self.interrupted() {
                return Poll::Ready(Err(Errno::Interrupted));
            }
            Poll::Pending
        })
        .await;
        drop(guard);
        reply
    }
}

/// Withdraws a request when nobody waits for its answer any more.
pub(crate) struct Withdraw<'a> {
    pub(crate) proc: &'a Proc,
    pub(crate) id: RequestId,
}

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        if let Ok(mut state) = self.proc.state.try_borrow_mut() {
            state.withdraw(self.id);
        }
    }
}
