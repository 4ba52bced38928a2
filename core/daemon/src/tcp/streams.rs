//! What programs in containers write for a client elsewhere, and read from it.
//!
//! A program gets files of this host: a terminal of which is told what happens at it, or sinks. Its client waits for its end
//! with a request that is answered as soon as something was written; then it asks again.

use std::cell::RefCell;
use std::rc::Rc;

use os::TerminalId;
use os::process::{Handle, Sink};
use os::remote::{RemoteEvent, RemoteInput};
use sim::Time;

use super::{Answer, Attach};
use crate::api::{Response, Stdio};
use crate::client::Reply;
use crate::daemon::{Context, Daemon};

/// A client's process: its host's address, and its number there.
pub(super) type Client = (String, u32);

/// Standard output or standard error without a terminal.
#[derive(Clone, Debug, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Sink for Written {
    fn write(&mut self, _: Time, bytes: &[u8]) {
        self.0.borrow_mut().extend_from_slice(bytes);
    }
}

/// A program's files.
#[derive(Debug)]
pub(super) struct Stream {
    terminal: TerminalId,
    written: [Written; 2],
    /// What the client was told last, until it asks on: a request that it has given up has taken the answer with it.
    told: Vec<RemoteEvent>,
    told_count: u32,
    /// How its program ended.
    ended: Option<Reply>,
}

impl Daemon {
    /// The files for a client's program.
    pub(super) fn attach(
        &mut self,
        context: &mut Context<'_>,
        client: Client,
        attach: Attach,
    ) -> Stdio {
        let terminal = context.machine.add_remote_terminal("");
        let written = [Written::default(), Written::default()];
        let tty = attach.tty;
        let handle = || Handle::terminal(terminal);
        let [out, err] = written.each_ref().map(|written| match tty {
            true => handle(),
            false => Handle::sink(Rc::new(RefCell::new(written.clone()))),
        });
        let stdin = match attach.input {
            Some(bytes) => Some(Handle::bytes(bytes)),
            None => attach.types.then(handle),
        };
        self.tcp.streams.insert(
            client,
            Stream { terminal, written, told: Vec::new(), told_count: 0, ended: None },
        );
        Stdio { stdin, stdout: Some(out), stderr: Some(err), tty }
    }

    /// Something was typed at a client.
    pub(super) fn typed(
        &mut self,
        context: &mut Context<'_>,
        call: u64,
        client: &Client,
        input: RemoteInput,
    ) {
        if let Some(stream) = self.tcp.streams.get(client) {
            context.machine.enter(stream.terminal, input);
        }
        self.answer_call(context, call, &Answer::Reply(Ok(Response::Done)));
    }

    /// A client waits anew, and was told so many times.
    pub(super) fn seen(&mut self, client: &Client, count: u32) {
        if let Some(stream) = self.tcp.streams.get_mut(client) {
            if stream.told_count == count {
                stream.told.clear();
            }
            stream.told_count = count;
        }
    }

    /// There are programs whose clients are elsewhere.
    pub fn has_streams(&self) -> bool {
        !self.tcp.streams.is_empty()
    }

    /// Whoever drives the daemon calls this when processes have run.
    pub fn look_at_streams(&mut self, context: &mut Context<'_>) {
        let clients: Vec<Client> = self.tcp.streams.keys().cloned().collect();
        for client in clients {
            self.look_at_stream(context, &client);
        }
    }

    /// Answers the client that waits for a program's end, if there is something to tell.
    pub(super) fn look_at_stream(&mut self, context: &mut Context<'_>, client: &Client) {
        let waiting =
            self.tcp.calls.iter().rev().find(|(_, call)| call.waits && call.client == *client);
        let Some((&call, _)) = waiting else { return };
        let Some(stream) = self.tcp.streams.get_mut(client) else { return };
        // Whoever was told has to ask on first.
        let mut events = std::mem::take(&mut stream.told);
        events.extend(context.machine.take_events(stream.terminal));
        let [out, err] = stream.written.each_ref().map(|written| written.0.take());
        if !out.is_empty() {
            events.push(RemoteEvent::Shown(out));
        }
        if !err.is_empty() {
            events.push(RemoteEvent::Complained(err));
        }
        if !events.is_empty() {
            stream.told.clone_from(&events);
            stream.told_count += 1;
            self.answer_call(context, call, &Answer::Events(events));
        } else if let Some(reply) = stream.ended.take() {
            self.tcp.streams.remove(client);
            self.answer_call(context, call, &Answer::Reply(reply));
        }
    }

    /// The daemon has been asked already for the end of a client's program.
    pub(super) fn knows_end(&self, client: &Client) -> bool {
        let stream = self.tcp.streams.get(client);
        let is_asked = || self.tcp.waits.values().any(|waiting| waiting == client);
        stream.is_some_and(|stream| stream.ended.is_some() || is_asked())
    }

    /// Keeps how a client's program ended until all that it wrote is told; any other answer comes back.
    pub(super) fn end_stream(
        &mut self,
        context: &mut Context<'_>,
        call: u64,
        reply: Reply,
    ) -> Option<Reply> {
        let asked = self.tcp.waits.remove(&call);
        if reply.is_err() {
            // There is no program, or none any more.
            let client = self.tcp.calls.get(&call).map(|call| &call.client);
            client.map(|client| self.tcp.streams.remove(client));
            return Some(reply);
        }
        let Some(client) = asked else { return Some(reply) };
        let Some(stream) = self.tcp.streams.get_mut(&client) else { return Some(reply) };
        stream.ended = Some(reply);
        self.look_at_stream(context, &client);
        None
    }
}
