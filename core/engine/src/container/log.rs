//! A container's log: the lines its first process wrote, with time and stream.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use os::process::Sink;
use sim::Time;

/// Which descriptor a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output; with a terminal, everything.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line, with its newline unless the program ended without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Counts from 0 in every container.
    pub index: u64,
    /// When its last byte was written.
    pub time: Time,
    /// Where it was written to.
    pub stream: Stream,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A longer line is cut: moby: `daemon/logger/copier.go`, 16 KiB.
const LINE_SIZE_MAX: usize = 16 * 1024;

/// A container's log, bounded: the oldest lines go first.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<LogEntry>,
    next_index: u64,
    size: u64,
    size_max: u64,
    /// Bytes of the lines that are gone.
    dropped_size: u64,
    partial: [(Vec<u8>, Time); 2],
}

/// A log that descriptors write to.
pub type SharedLog = Rc<RefCell<Log>>;

impl Log {
    pub(crate) fn shared(size_max: u64) -> SharedLog {
        Rc::new(RefCell::new(Self {
            entries: VecDeque::new(),
            next_index: 0,
            size: 0,
            size_max,
            dropped_size: 0,
            partial: Default::default(),
        }))
    }

    /// All lines that are kept, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    /// Lines from `index` on: a follower asks for what is new.
    pub fn since(&self, index: u64) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter().filter(move |entry| entry.index >= index)
    }

    /// The index that the next line will have.
    pub const fn next_index(&self) -> u64 {
        self.next_index
    }

    /// Bytes of the lines that are no longer kept.
    pub const fn dropped_size(&self) -> u64 {
        self.dropped_size
    }

    fn take(&mut self, now: Time, stream: Stream, bytes: &[u8]) {
        let slot = usize::from(stream == Stream::Stderr);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (partial, at) = &mut self.partial[slot];
            *at = now;
            let room = LINE_SIZE_MAX - partial.len();
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |i| i + 1);
            let end = end.min(room);
            partial.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
            if partial.ends_with(b"\n") || partial.len() == LINE_SIZE_MAX {
                let line = std::mem::take(partial);
                self.push(now, stream, line);
            }
        }
    }

    /// Lines without a newline become entries: the program has ended.
    pub(crate) fn flush(&mut self) {
        for (slot, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            let (line, at) = std::mem::take(&mut self.partial[slot]);
            if !line.is_empty() {
                self.push(at, stream, line);
            }
        }
    }

    fn push(&mut self, time: Time, stream: Stream, bytes: Vec<u8>) {
        self.size += bytes.len() as u64;
        self.entries.push_back(LogEntry { index: self.next_index, time, stream, bytes });
        self.next_index += 1;
        while self.size > self.size_max {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.size -= oldest.bytes.len() as u64;
            self.dropped_size += oldest.bytes.len() as u64;
        }
    }
}

/// One stream's way into the log.
#[derive(Debug)]
pub(crate) struct LogSink {
    pub(crate) log: SharedLog,
    pub(crate) stream: Stream,
}

impl Sink for LogSink {
    fn write(&mut self, now: Time, bytes: &[u8]) {
        self.log.borrow_mut().take(now, self.stream, bytes);
    }
}

#[cfg(test)]
mod tests {
    use sim::Duration;

    use super::*;

    #[test]
    fn lines_are_whole_and_bounded() {
        let log = Log::shared(24);
        let mut log = log.borrow_mut();
        log.take(Time::EPOCH, Stream::Stdout, b"one\ntw");
        log.take(Time::EPOCH + Duration::from_secs(1), Stream::Stderr, b"err\n");
        log.take(Time::EPOCH + Duration::from_secs(2), Stream::Stdout, b"o\nlast");
        log.flush();
        let line = |entry: &LogEntry| {
            let text = String::from_utf8_lossy(&entry.bytes);
            format!("{text}@{} {:?}", entry.time.unix_secs(), entry.stream)
        };
        let lines: Vec<String> = log.entries().map(line).collect();
        assert_eq!(lines, ["one\n@0 Stdout", "err\n@1 Stderr", "two\n@2 Stdout", "last@2 Stdout"]);
        assert_eq!(log.since(3).count(), 1);
        log.take(Time::EPOCH, Stream::Stdout, b"0123456789\n");
        assert_eq!(log.entries().next().map(|entry| entry.index), Some(1), "the oldest is gone");
        assert_eq!(log.next_index(), 5);
    }
}
