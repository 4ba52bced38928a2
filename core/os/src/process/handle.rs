//! Open files: what a descriptor stands for.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use sim::Time;

use crate::fs::SharedFs;
use crate::pipe::{PipeReader, PipeWriter};
use crate::terminal::TerminalId;

/// Takes what is written to a descriptor: a container's log, for instance.
pub trait Sink: fmt::Debug {
    /// Takes bytes written at `now`.
    fn write(&mut self, now: Time, bytes: &[u8]);
}

/// An open file that several descriptors and processes may share.
#[derive(Clone, Debug)]
pub struct Handle(pub(crate) Rc<RefCell<Open>>);

#[derive(Debug)]
pub(crate) enum Open {
    File {
        fs: SharedFs,
        inner: String,
        offset: usize,
        readable: bool,
        writable: bool,
        append: bool,
    },
    PipeReader(PipeReader),
    PipeWriter(PipeWriter),
    /// `is_terminal` is false where a program must not notice that a terminal is at the other end
    /// (`docker exec -i` without `-t`).
    Terminal {
        id: TerminalId,
        is_terminal: bool,
    },
    Null,
    Zero,
    Random,
    /// Bytes to read that are in no file (a here-document), and how many were read.
    Bytes(Vec<u8>, usize),
    Sink(Rc<RefCell<dyn Sink>>),
    /// A sink, and whoever else looks on at the time of a write.
    Tee {
        sink: Rc<RefCell<dyn Sink>>,
        onlookers: Onlookers,
    },
}

/// Handles that get a copy of everything written to a [`Handle::tee`]. They never hold the writer
/// back, and one that nobody reads any more is dropped.
#[derive(Clone, Debug, Default)]
pub struct Onlookers(pub(crate) Rc<RefCell<Vec<Handle>>>);

impl Onlookers {
    /// Adds one: it gets what is written from now on.
    pub fn add(&self, handle: Handle) {
        self.0.borrow_mut().push(handle);
    }

    /// Takes one away again (the same open file, not an equal one).
    pub fn remove(&self, handle: &Handle) {
        self.0.borrow_mut().retain(|other| !Rc::ptr_eq(&other.0, &handle.0));
    }

    /// Takes all away.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    fn terminal_id(&self) -> Option<TerminalId> {
        self.0.borrow().iter().find_map(Handle::terminal_id)
    }
}

impl Handle {
    pub(crate) fn new(open: Open) -> Self {
        Self(Rc::new(RefCell::new(open)))
    }

    /// `/dev/null`.
    pub fn null() -> Self {
        Self::new(Open::Null)
    }

    /// Bytes to read, as a here-document gives them.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self::new(Open::Bytes(bytes, 0))
    }

    /// Writes go to `sink`; reads are at the end of the file.
    pub fn sink(sink: Rc<RefCell<dyn Sink>>) -> Self {
        Self::new(Open::Sink(sink))
    }

    /// Writes go to `sink` and to everyone in `onlookers`; reads are at the end of the file. It is a
    /// terminal while one of the onlookers is.
    pub fn tee(sink: Rc<RefCell<dyn Sink>>, onlookers: Onlookers) -> Self {
        Self::new(Open::Tee { sink, onlookers })
    }

    /// A terminal.
    pub fn terminal(id: TerminalId) -> Self {
        Self::new(Open::Terminal { id, is_terminal: true })
    }

    /// The terminal behind this handle, if it is one.
    pub fn terminal_id(&self) -> Option<TerminalId> {
        match &*self.0.borrow() {
            Open::Terminal { id, is_terminal: true } => Some(*id),
            Open::Tee { onlookers, .. } => onlookers.terminal_id(),
            _ => None,
        }
    }

    /// The same file, but a terminal no longer looks like one.
    pub fn without_terminal(&self) -> Self {
        match &*self.0.borrow() {
            Open::Terminal { id, .. } => Self::new(Open::Terminal { id: *id, is_terminal: false }),
            _ => self.clone(),
        }
    }
}
