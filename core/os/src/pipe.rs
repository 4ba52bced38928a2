//! Pipes, and the set of processes that have something to do.

use sorted::SortedSet;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::process::Pid;

/// Processes that should be polled, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ready(Rc<RefCell<SortedSet<Pid>>>);

impl Ready {
    pub(crate) fn wake(&self, pid: Pid) {
        self.0.borrow_mut().insert(pid);
    }
    pub(crate) fn wake_all(&self, waiting: &mut Vec<Pid>) {
        self.0.borrow_mut().extend(waiting.drain(..));
    }
    pub(crate) fn next(&self) -> Option<Pid> {
        self.0.borrow_mut().pop_first()
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// As much as Linux keeps in a pipe before a writer waits.
const CAPACITY_SIZE: usize = 65_536;

#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    reader_alive: bool,
    writer_alive: bool,
    waiting: Vec<Pid>,
    ready: Ready,
}

impl Pipe {
    fn changed(&mut self) {
        self.ready.wake_all(&mut self.waiting);
    }
}

/// The end that is read. When the last copy is dropped, writers get EPIPE.
#[derive(Debug)]
pub(crate) struct PipeReader(Rc<RefCell<Pipe>>);

/// The end that is written. When the last copy is dropped, readers get the end of the file.
#[derive(Debug)]
pub(crate) struct PipeWriter(Rc<RefCell<Pipe>>);

pub(crate) fn pipe(ready: Ready) -> (PipeReader, PipeWriter) {
    let pipe = Rc::new(RefCell::new(Pipe {
        bytes: VecDeque::new(),
        reader_alive: true,
        writer_alive: true,
        waiting: Vec::new(),
        ready,
    }));
    (PipeReader(pipe.clone()), PipeWriter(pipe))
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut pipe = self.0.borrow_mut();
        pipe.reader_alive = false;
        pipe.changed();
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        let mut pipe = self.0.borrow_mut();
        pipe.writer_alive = false;
        pipe.changed();
    }
}

impl PipeReader {
    /// Up to `limit` bytes; empty at the end of the file; nothing if the caller must wait.
    pub(crate) fn read(&self, limit: usize, pid: Pid) -> Option<Vec<u8>> {
        let mut pipe = self.0.borrow_mut();
        if pipe.bytes.is_empty() && pipe.writer_alive {
            pipe.waiting.push(pid);
            return None;
        }
        let size = limit.min(pipe.bytes.len());
        let bytes = pipe.bytes.drain(..size).collect();
        pipe.changed();
        Some(bytes)
    }
}

/// What a write to a pipe came to.
pub(crate) enum Written {
    Some(usize),
    Wait,
    Broken,
}

impl PipeWriter {
    /// Takes as much of `bytes` as fits; with `forced`, all of it.
    pub(crate) fn write(&self, bytes: &[u8], pid: Pid, forced: bool) -> Written {
        let mut pipe = self.0.borrow_mut();
        if !pipe.reader_alive {
            return Written::Broken;
        }
        let room = CAPACITY_SIZE.saturating_sub(pipe.bytes.len());
        let size = if forced { bytes.len() } else { room.min(bytes.len()) };
        if size == 0 && !bytes.is_empty() {
            pipe.waiting.push(pid);
            return Written::Wait;
        }
        pipe.bytes.extend(&bytes[..size]);
        pipe.changed();
        Written::Some(size)
    }
}
