//! Programs: what an executable file's bytes stand for.

use sim::Duration;
use sorted::SortedMap;
use std::future::Future;
use std::pin::Pin;

use crate::process::Proc;

/// What a process runs; the value is its exit code.
pub type Running = Pin<Box<dyn Future<Output = i32>>>;

/// A program's entry point.
pub type Main = fn(Proc) -> Running;

/// What it takes to start a small program: to fork, to load it, to link it.
const START_COST: Duration = Duration::from_micros(1_300);

/// A program.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) main: Main,
    /// It runs so much later than it was asked for.
    pub(crate) start_cost: Duration,
}

/// All programs that can be run, by the name that an executable's bytes carry.
#[derive(Clone, Default)]
pub struct Programs {
    by_name: SortedMap<&'static str, Program>,
}

impl std::fmt::Debug for Programs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl Programs {
    /// Adds a program; the last one of a name wins.
    pub fn add(&mut self, name: &'static str, main: Main) {
        self.add_large(name, main, Duration::ZERO);
    }

    /// Adds a program that takes longer than a small one before it does anything.
    pub fn add_large(&mut self, name: &'static str, main: Main, longer: Duration) {
        self.by_name.insert(name, Program { name, main, start_cost: START_COST + longer });
    }

    /// The program of that name.
    pub(crate) fn get(&self, name: &str) -> Option<Program> {
        self.by_name.get(name).copied()
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.by_name.keys().copied()
    }
}

const MAGIC: &[u8] = b"\x7fELF\x02\x01\x01\0glasshive\0";

/// The bytes of an executable file that stands for the program `name`.
pub fn image(name: &str) -> Vec<u8> {
    [MAGIC, name.as_bytes(), b"\n"].concat()
}

/// What running a file means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executable {
    /// A program of [`Programs`].
    Program(String),
    /// A script: the interpreter's path and its one optional argument.
    Script(String, Option<String>),
    /// Neither; a shell would read it as a script of its own.
    Unknown,
}

/// Reads a file's first bytes as the kernel does.
pub fn parse(bytes: &[u8]) -> Executable {
    if let Some(rest) = bytes.strip_prefix(MAGIC) {
        return Executable::Program(String::from_utf8_lossy(rest).trim_end().to_owned());
    }
    let Some(rest) = bytes.strip_prefix(b"#!") else { return Executable::Unknown };
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    match line.split_once(char::is_whitespace) {
        Some((interpreter, argument)) => {
            Executable::Script(interpreter.to_owned(), Some(argument.trim().to_owned()))
        }
        None if line.is_empty() => Executable::Unknown,
        None => Executable::Script(line.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(parse(&image("ls")), Executable::Program("ls".into()));
        assert_eq!(parse(b"#!/bin/sh\necho"), Executable::Script("/bin/sh".into(), None));
        let env = Executable::Script("/usr/bin/env".into(), Some("python".into()));
        assert_eq!(parse(b"#! /usr/bin/env python\n"), env);
        assert_eq!(parse(b"hello"), Executable::Unknown);
        assert_eq!(parse(b"#!"), Executable::Unknown);
    }
}
