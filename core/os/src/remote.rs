//! A terminal of one machine shown at another one: what `ssh` and `sshd` tell each other.
//!
//! The client is a process that asks whoever drives the machines ([`Request`](crate::Request) with port
//! [`SSH_PORT`] and an [`SshAsk`] as its body). On the other machine the driver makes a terminal that keeps
//! what happens at it ([`Machine::add_remote_terminal`]) and starts a shell there. Prompts, lines and the
//! text of an editor travel, not keys: the client's own terminal has the blocks that a person sees.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::process::Proc;
use crate::terminal::{Awaits, Editor, Terminal, TerminalId};

/// What [`crate::Request::port`] says of a question to another host's `sshd`.
pub const SSH_PORT: &str = "ssh";

/// What `ssh` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshAsk {
    /// Connect, log in and start something -> [`SshReply::Opened`].
    Open(SshOpen),
    /// What has happened since -> [`SshReply::Events`], as soon as there is something.
    Next(u64),
    /// Something typed -> [`SshReply::Sent`].
    Send(u64, RemoteInput),
    /// The client is gone; no answer.
    Close(u64),
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshOpen {
    /// Name or address.
    pub host: String,
    /// Who logs in.
    pub user: String,
    /// What to run; a login shell if nothing.
    pub command: Option<String>,
    /// With a terminal.
    pub tty: bool,
    /// Standard input, where it is no terminal.
    pub input: Option<Vec<u8>>,
}

/// What a person does at the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemoteInput {
    /// A line.
    Line(String),
    /// Ctrl-D.
    EndOfFile,
    /// Ctrl-C.
    Interrupt,
    /// An editor was left, with a text to save or without.
    Edited(Option<String>),
}

/// What happens at a remote terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemoteEvent {
    /// Bytes for standard output.
    Shown(Vec<u8>),
    /// Bytes for standard error, if there is no terminal.
    Complained(Vec<u8>),
    /// A line is awaited, with this prompt; a secret one is not echoed.
    Awaits(Awaits, String, bool),
    /// An editor is open.
    Editor(Editor),
    /// The shell says that a command is over.
    Finished(i32),
    /// The screen was cleared.
    Cleared,
    /// The remote process has ended with this status.
    Closed(i32),
    /// The connection is gone.
    Broken,
}

/// The answer to an [`SshAsk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshReply {
    /// The session's number.
    Opened(u64),
    /// No such host, no way to it, no such user: the text behind `ssh: `.
    Failed(String),
    /// In the order in which they happened.
    Events(Vec<RemoteEvent>),
    /// It is on its way.
    Sent,
}

impl Terminal {
    /// Somebody waits for a line; at a remote terminal the other side is told, once.
    pub(crate) fn wait_for(
        &mut self,
        pid: crate::Pid,
        awaits: Awaits,
        prompt: &str,
        is_secret: bool,
    ) {
        let new = Some((pid, awaits, prompt.to_owned()));
        if self.awaits == new {
            return;
        }
        self.awaits = new;
        let event = match &self.editor {
            Some(editor) if awaits == Awaits::Editor => RemoteEvent::Editor(editor.clone()),
            _ => RemoteEvent::Awaits(awaits, prompt.to_owned(), is_secret),
        };
        self.tell(event);
    }

    /// Keeps an event for the other side, if this terminal is shown elsewhere.
    pub(crate) fn tell(&mut self, event: RemoteEvent) {
        if let Some(events) = &mut self.events {
            events.push(event);
        }
    }
}

impl Proc {
    /// Does at the own terminal what has happened at the remote one; what was typed for it if it waits for something.
    /// What ends a session is for the caller.
    pub async fn follow_remote(&self, event: RemoteEvent) -> Option<RemoteInput> {
        let interrupted = || {
            while self.take_signal().is_some() {}
            RemoteInput::Interrupt
        };
        match event {
            RemoteEvent::Shown(bytes) => self.print(bytes).await,
            RemoteEvent::Complained(bytes) => self.eprint(bytes).await,
            RemoteEvent::Finished(status) => self.finish_command(status),
            RemoteEvent::Cleared => self.clear_terminal(),
            RemoteEvent::Awaits(awaits, prompt, is_secret) => {
                let line = if is_secret {
                    self.read_secret_line().await
                } else {
                    self.read_command(awaits, &prompt).await
                };
                return Some(match line {
                    Ok(Some(line)) => RemoteInput::Line(line),
                    Ok(None) => RemoteInput::EndOfFile,
                    Err(_) => interrupted(),
                });
            }
            RemoteEvent::Editor(editor) => {
                return Some(match self.edit(editor).await {
                    Ok(text) => RemoteInput::Edited(text),
                    Err(_) => interrupted(),
                });
            }
            RemoteEvent::Closed(_) | RemoteEvent::Broken => {}
        }
        None
    }
}

impl Machine {
    /// A terminal that keeps what happens at it for [`Machine::take_events`], first this greeting.
    pub fn add_remote_terminal(&mut self, greeting: &str) -> TerminalId {
        let id = self.add_terminal();
        let shown = (!greeting.is_empty()).then(|| RemoteEvent::Shown(greeting.into()));
        self.change_terminal(id, |terminal| terminal.events = Some(shown.into_iter().collect()));
        id
    }

    /// What has happened at a remote terminal since the last call.
    pub fn take_events(&mut self, id: TerminalId) -> Vec<RemoteEvent> {
        let taken = self.change_terminal(id, |terminal| {
            terminal.events.as_mut().map(std::mem::take).unwrap_or_default()
        });
        taken.unwrap_or_default()
    }

    /// Does at a remote terminal what was done at the client.
    pub fn enter(&mut self, id: TerminalId, input: RemoteInput) {
        match input {
            RemoteInput::Line(line) => self.type_text(id, &format!("{line}\n")),
            RemoteInput::EndOfFile => self.type_end_of_file(id),
            RemoteInput::Interrupt => self.interrupt(id),
            RemoteInput::Edited(text) => drop(self.finish_editor(id, text)),
        }
    }
}
