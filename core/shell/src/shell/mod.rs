//! The shell's state, and how a process becomes a shell: command strings, scripts, terminals.

mod brace;
mod execute;
mod expand;
mod history;
mod interactive;
mod jobs;
mod redirect;
mod simple;
mod start;
mod testing;
mod transform;
mod variables;

use sorted::SortedMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use os::process::Handle;
use os::{Fd, Pid, Proc, Signal};
use sim::{Duration, Time};

use crate::Flavour;
use crate::syntax::{Command, Parser, SyntaxError};

pub(crate) use jobs::Job;
pub(crate) use start::main;
pub(crate) use variables::{Value, Variable};

/// What a simple command costs before it does anything.
const COMMAND_COST: Duration = Duration::from_micros(30);

/// Functions, `eval` and `.` within each other: no deeper than this.
const CALL_DEPTH_MAX: u32 = 50;

/// Commands within commands: no deeper than this, whatever they are.
const COMMAND_DEPTH_MAX: u32 = 120;

/// Why execution left the normal order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Out of so many loops.
    Break(u32),
    /// On with the so-manieth loop outwards.
    Continue(u32),
    /// Out of a function or a sourced file.
    Return,
    /// Out of the shell.
    Exit,
    /// Ctrl-C: back to the prompt.
    Interrupt,
    /// An error that ends a script, and in an interactive shell the line.
    Abort,
}

/// How running something came out; the status is in the shell.
pub(crate) type Done = Result<(), Flow>;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Where commands come from; decides how errors begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Terminal,
    /// `-c`
    Argument,
    /// A file, or standard input that is no terminal.
    Script,
}

/// What `set` switches.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) errexit: bool,
    pub(crate) nounset: bool,
    pub(crate) xtrace: bool,
    pub(crate) pipefail: bool,
    pub(crate) noglob: bool,
    pub(crate) noclobber: bool,
    pub(crate) allexport: bool,
    pub(crate) verbose: bool,
    pub(crate) noexec: bool,
}

/// One shell.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) proc: Proc,
    pub(crate) flavour: Flavour,
    /// `$0`.
    pub(crate) name: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) variables: SortedMap<String, Variable>,
    /// What the variables that are `local` were outside, innermost function last.
    pub(crate) locals: Vec<SortedMap<String, Option<Variable>>>,
    pub(crate) functions: SortedMap<String, Rc<Command>>,
    pub(crate) aliases: Rc<SortedMap<String, String>>,
    pub(crate) options: Options,
    pub(crate) status: i32,
    /// `$$`: a subshell keeps its parent's.
    pub(crate) pid: Pid,
    pub(crate) last_background: Option<Pid>,
    /// `$_`: the last word of the command before.
    pub(crate) last_word: String,
    pub(crate) jobs: Vec<Job>,
    pub(crate) source: Source,
    /// Reads commands at a prompt (false in its subshells).
    pub(crate) interactive: bool,
    pub(crate) history: Vec<String>,
    /// Lines of the history that the file held already.
    pub(crate) history_saved: usize,
    pub(crate) line: u32,
    pub(crate) loop_depth: u32,
    pub(crate) call_depth: u32,
    /// Commands within commands: each is a frame on the stack of whoever polls this shell.
    pub(crate) command_depth: u32,
    /// Above zero while a failure is looked at (`if`, `&&`) and so ends nothing.
    pub(crate) condition_depth: u32,
    pub(crate) traps: SortedMap<String, String>,
    /// The status of the last `$(...)` of the command that is being expanded.
    pub(crate) substitution_status: Option<i32>,
    /// The next external program may take this process's place.
    pub(crate) may_exec: bool,
    /// Descriptors from 3 on that `exec` opened.
    pub(crate) own_fds: SortedMap<Fd, Handle>,
    /// Those of them that `<(...)` opened for the present command.
    pub(crate) process_fds: Vec<Fd>,
    pub(crate) started: Time,
    pub(crate) random: u64,
    /// Where `getopts` is within the present argument.
    pub(crate) getopts_offset: usize,
}

impl Shell {
    fn new(proc: Proc, flavour: Flavour, name: String) -> Self {
        let (pid, started) = (proc.own_pid(), proc.now());
        let random = started.unix_nanos() ^ u64::from(pid.0) << 32;
        let mut shell = Self {
            proc,
            flavour,
            name,
            parameters: Vec::new(),
            variables: SortedMap::new(),
            locals: Vec::new(),
            functions: SortedMap::new(),
            aliases: Rc::default(),
            options: Options::default(),
            status: 0,
            pid,
            last_background: None,
            last_word: String::new(),
            jobs: Vec::new(),
            source: Source::Script,
            interactive: false,
            history: Vec::new(),
            history_saved: 0,
            line: 1,
            loop_depth: 0,
            call_depth: 0,
            command_depth: 0,
            condition_depth: 0,
            traps: SortedMap::new(),
            substitution_status: None,
            may_exec: false,
            own_fds: SortedMap::new(),
            process_fds: Vec::new(),
            started,
            random,
            getopts_offset: 0,
        };
        shell.import_environment();
        shell
    }

    /// The shell that a forked process continues as.
    pub(crate) fn subshell(&self, child: Proc) -> Self {
        Self {
            proc: child,
            interactive: false,
            process_fds: Vec::new(),
            jobs: Vec::new(),
            loop_depth: 0,
            command_depth: 0,
            traps: self.traps.iter().filter(|(_, action)| action.is_empty()).map(clone).collect(),
            ..self.clone()
        }
    }

    /// How error messages of the shell itself begin.
    pub(crate) fn prefix(&self) -> String {
        let base = self.name.rsplit('/').next().unwrap_or_default();
        match (self.flavour, self.source) {
            (Flavour::Bash, Source::Terminal) => format!("{base}: "),
            (Flavour::Bash, _) => format!("{}: line {}: ", self.name, self.line),
            (Flavour::Ash, Source::Script) if self.name.contains('.') || self.name != "sh" => {
                format!("{}: line {}: ", self.name, self.line)
            }
            (Flavour::Ash, _) => format!("{base}: "),
            (Flavour::Dash, _) => format!("{}: {}: ", self.name, self.line),
        }
    }

    /// Prints an error in the shell's own name.
    pub(crate) async fn complain(&self, message: &str) {
        let text = format!("{}{message}\n", self.prefix());
        self.proc.eprint(text).await;
    }

    /// Prints an error that ends a script, or the line of an interactive shell.
    pub(crate) async fn abort(&mut self, message: &str) -> Flow {
        self.complain(message).await;
        self.status = if self.flavour == Flavour::Bash { 1 } else { 2 };
        Flow::Abort
    }

    /// Spends time and looks at signals; every command and every turn of a loop comes through here.
    pub(crate) async fn tick(&mut self) -> Done {
        self.proc.compute(COMMAND_COST).await;
        self.take_signals().await
    }

    /// Acts on the signals that came.
    pub(crate) async fn take_signals(&mut self) -> Done {
        while let Some(signal) = self.proc.take_signal() {
            match self.traps.get(signal.name()).cloned() {
                Some(action) if action.is_empty() => {}
                Some(action) => {
                    let status = self.status;
                    Box::pin(self.evaluate(&action)).await?;
                    self.status = status;
                }
                None if self.interactive && signal == Signal::Interrupt => {
                    self.status = 130;
                    return Err(Flow::Interrupt);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Runs commands from text in this shell (`eval`, `.`, traps).
    pub(crate) async fn evaluate(&mut self, text: &str) -> Done {
        if self.call_depth >= CALL_DEPTH_MAX {
            return Err(self.abort("maximum nesting level exceeded").await);
        }
        self.call_depth += 1;
        let first = self.line;
        let done = self.run_text(text, first).await;
        self.call_depth -= 1;
        done
    }

    /// Runs text whose first line has number `first`, command by command.
    async fn run_text(&mut self, text: &str, first: u32) -> Done {
        let mut parser = Parser::new(text, first, self.flavour, false);
        loop {
            parser.set_aliases(self.usable_aliases());
            match parser.complete() {
                Ok(None) => return Ok(()),
                Ok(Some(list)) => {
                    self.warn_of_here_documents(&mut parser).await;
                    if !self.options.noexec {
                        self.run_list(&list).await?;
                    }
                }
                Err(error) => {
                    let shown = parser.line_text(first, error.line());
                    self.report(&error, &shown).await;
                    return Err(Flow::Abort);
                }
            }
        }
    }

    /// Bash expands aliases at the prompt only; the others always.
    pub(crate) fn usable_aliases(&self) -> Rc<SortedMap<String, String>> {
        let usable = self.flavour != Flavour::Bash || self.source == Source::Terminal;
        if usable { self.aliases.clone() } else { Rc::default() }
    }

    pub(crate) async fn warn_of_here_documents(&mut self, parser: &mut Parser) {
        for (line, delimiter) in std::mem::take(&mut parser.warnings) {
            if self.flavour == Flavour::Bash {
                let message = format!(
                    "warning: here-document at line {line} delimited by end-of-file (wanted `{delimiter}')"
                );
                self.complain(&message).await;
            }
        }
    }

    /// Prints a syntax error as the flavour does and sets the status.
    pub(crate) async fn report(&mut self, error: &SyntaxError, shown: &str) {
        self.status = 2;
        self.line = error.line();
        let text = crate::messages::syntax_error(error, self.flavour);
        let in_command = self.flavour == Flavour::Bash && self.source == Source::Argument;
        let prefix = if in_command {
            format!("{}: -c: line {}: ", self.name, self.line)
        } else {
            self.prefix()
        };
        let mut message = format!("{prefix}{text}\n");
        let shows_line = self.flavour == Flavour::Bash
            && self.source != Source::Terminal
            && matches!(error, SyntaxError::Unexpected { .. });
        if shows_line {
            message.push_str(&format!("{prefix}`{shown}'\n"));
        }
        self.proc.eprint(message).await;
    }

    /// Ends the shell: the EXIT trap, the history; the value is the process's exit code.
    pub(crate) async fn finish(&mut self) -> i32 {
        if let Some(action) = self.traps.remove("EXIT").filter(|action| !action.is_empty()) {
            let status = self.status;
            let done = self.evaluate(&action).await;
            if done != Err(Flow::Exit) {
                self.status = status;
            }
        }
        self.status & 0xff
    }
}

fn clone<K: Clone, V: Clone>((key, value): (&K, &V)) -> (K, V) {
    (key.clone(), value.clone())
}
