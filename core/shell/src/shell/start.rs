//! How a shell starts: its arguments, and what it reads its commands from.

use os::process::Disposition;
use os::{Fd, Proc, Signal};

use super::{Done, Flow, Shell, Source};
use crate::Flavour;
use crate::syntax::Parser;

/// How the shell was asked to start.
struct Invocation {
    command: Option<String>,
    script: Option<String>,
    parameters: Vec<String>,
    name: String,
    interactive: bool,
}

/// Runs a shell of this flavour as the process.
pub(crate) async fn main(proc: Proc, flavour: Flavour) -> i32 {
    let args = proc.args();
    let name = args.first().cloned().unwrap_or_else(|| flavour.name().to_owned());
    let mut shell = Shell::new(proc, flavour, name);
    let invocation = match shell.read_arguments(&args).await {
        Ok(invocation) => invocation,
        Err(code) => return code,
    };
    shell.name = invocation.name;
    shell.parameters = invocation.parameters;
    let done = match (invocation.command, invocation.script) {
        (Some(command), _) => {
            shell.source = Source::Argument;
            shell.run_text(&command, 1).await
        }
        (None, Some(path)) => match shell.proc.read_file(&path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                shell.run_text(&text, 1).await
            }
            Err(errno) => {
                let (text, code) = crate::messages::cannot_open(&path, errno, flavour);
                shell.proc.eprint(format!("{}{text}\n", shell.own_prefix(&args))).await;
                return code;
            }
        },
        (None, None) if invocation.interactive => {
            shell.source = Source::Terminal;
            shell.interactive = true;
            shell.line = 0;
            shell.proc.on_signal(Signal::Interrupt, Disposition::Catch);
            // Caught and dropped: what is ignored would be ignored by its children, too.
            shell.proc.on_signal(Signal::Terminate, Disposition::Catch);
            shell.converse().await;
            return shell.finish().await;
        }
        (None, None) => shell.run_standard_input().await,
    };
    if done == Err(Flow::Abort) && shell.status == 0 {
        shell.status = 1;
    }
    shell.finish().await
}

impl Shell {
    fn own_prefix(&self, args: &[String]) -> String {
        let name = args.first().map_or("sh", String::as_str);
        match self.flavour {
            Flavour::Bash => format!("{name}: "),
            Flavour::Ash => format!("{}: ", name.rsplit('/').next().unwrap_or_default()),
            Flavour::Dash => format!("{name}: 0: "),
        }
    }

    async fn read_arguments(&mut self, args: &[String]) -> Result<Invocation, i32> {
        let mut invocation = Invocation {
            command: None,
            script: None,
            parameters: Vec::new(),
            name: self.name.clone(),
            interactive: false,
        };
        let (mut reads_command, mut reads_input) = (false, false);
        let mut rest = args.iter().skip(1).peekable();
        while let Some(arg) = rest.peek() {
            if *arg == "--" || *arg == "-" {
                rest.next();
                break;
            }
            if arg.starts_with("--") {
                let known = ["--login", "--posix", "--norc", "--noprofile", "--noediting"];
                if !known.contains(&arg.as_str()) {
                    let text = format!("{}{arg}: invalid option\n", self.own_prefix(args));
                    self.proc.eprint(text).await;
                    return Err(2);
                }
                rest.next();
                continue;
            }
            let Some(on) = arg
                .strip_prefix('-')
                .map(|flags| (true, flags))
                .or_else(|| arg.strip_prefix('+').map(|flags| (false, flags)))
            else {
                break;
            };
            let (on, flags) = (on.0, on.1.to_owned());
            rest.next();
            for flag in flags.chars() {
                match flag {
                    'c' => reads_command = true,
                    'i' => invocation.interactive = true,
                    's' => reads_input = true,
                    'l' => {}
                    'o' => {
                        let option = rest.next().map(String::as_str).unwrap_or_default();
                        if !self.set_option_by_name(option, on) {
                            let text =
                                format!("{}{option}: invalid option name\n", self.own_prefix(args));
                            self.proc.eprint(text).await;
                            return Err(2);
                        }
                    }
                    flag if self.set_option(flag, on) => {}
                    _ => {
                        let text = format!("{}-{flag}: invalid option\n", self.own_prefix(args));
                        self.proc.eprint(text).await;
                        return Err(2);
                    }
                }
            }
        }
        if reads_command {
            let Some(command) = rest.next() else {
                let text = "-c: option requires an argument\n";
                self.proc.eprint(format!("{}{text}", self.own_prefix(args))).await;
                return Err(2);
            };
            invocation.command = Some(command.clone());
            if let Some(name) = rest.next() {
                invocation.name.clone_from(name);
            }
        } else if !reads_input && let Some(script) = rest.next() {
            invocation.script = Some(script.clone());
            invocation.name.clone_from(script);
        } else if self.proc.is_terminal(Fd::STDIN) {
            invocation.interactive = true;
        }
        invocation.parameters = rest.cloned().collect();
        Ok(invocation)
    }

    /// Reads commands from standard input that is no terminal, line by line: what a command leaves
    /// unread is the next command.
    async fn run_standard_input(&mut self) -> Done {
        let mut number = 1;
        let mut pending = String::new();
        let mut first = 1;
        loop {
            let line = self.read_line(Fd::STDIN).await;
            let more = line.is_some();
            pending.push_str(&line.unwrap_or_default());
            number += 1;
            if pending.trim().is_empty() && !more {
                return Ok(());
            }
            let mut parser = Parser::new(&pending, first, self.flavour, more);
            parser.set_aliases(self.usable_aliases());
            match parser.complete() {
                Ok(list) => {
                    self.warn_of_here_documents(&mut parser).await;
                    self.run_list(&list.unwrap_or_default()).await?;
                }
                Err(error) if error.is_incomplete() && more => continue,
                Err(error) => {
                    let shown = parser.line_text(first, error.line());
                    self.report(&error, &shown).await;
                    return Err(Flow::Abort);
                }
            }
            pending.clear();
            first = number;
            if !more {
                return Ok(());
            }
        }
    }

    /// Reads a line with its newline, byte by byte so that nothing behind it is taken; none at the
    /// end. A terminal gives a whole line at once.
    pub(crate) async fn read_line(&self, fd: Fd) -> Option<String> {
        let limit = if self.proc.is_terminal(fd) { 65_536 } else { 1 };
        let mut line = Vec::new();
        loop {
            let bytes = self.proc.read(fd, limit).await.ok()?;
            if bytes.is_empty() {
                break;
            }
            let ends = bytes.last() == Some(&b'\n');
            line.extend(bytes);
            if ends || line.len() > 1 << 20 {
                break;
            }
        }
        if line.is_empty() { None } else { Some(String::from_utf8_lossy(&line).into_owned()) }
    }
}
