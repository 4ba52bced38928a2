//! The utilities. Each is an `async fn` of a [`Utility`]: its process, its arguments, and whether it
//! is GNU's or BusyBox's.

pub(crate) mod administration;
pub(crate) mod archive;
pub(crate) mod awk;
pub(crate) mod binary;
pub(crate) mod columns;
pub(crate) mod compare;
pub(crate) mod copying;
pub(crate) mod date;
pub(crate) mod digest;
pub(crate) mod disks;
pub(crate) mod editor;
pub(crate) mod ends;
pub(crate) mod files;
pub(crate) mod find;
pub(crate) mod git;
pub(crate) mod grep;
pub(crate) mod host;
pub(crate) mod identity;
pub(crate) mod jq;
pub(crate) mod lines;
pub(crate) mod listing;
pub(crate) mod network;
pub(crate) mod output;
pub(crate) mod packages;
pub(crate) mod paths;
pub(crate) mod permissions;
pub(crate) mod processes;
pub(crate) mod random;
pub(crate) mod regex;
pub(crate) mod running;
pub(crate) mod sed;
mod sed_script;
pub(crate) mod ssh;
pub(crate) mod switching;
pub(crate) mod system;
pub(crate) mod test;
pub(crate) mod text;

use os::program::Running;
use os::{Errno, Fd, Proc};

/// A running utility.
#[derive(Clone, Debug)]
pub(crate) struct Utility {
    pub(crate) proc: Proc,
    pub(crate) name: &'static str,
    /// GNU's, else BusyBox's.
    pub(crate) gnu: bool,
    /// A builtin of dash, which has messages of its own.
    pub(crate) dash: bool,
    /// Without the name.
    pub(crate) args: Vec<String>,
    /// What error messages begin with before the name.
    pub(crate) prefix: String,
    /// How it is used.
    pub(crate) spec: &'static Spec,
}

/// What a utility does, told how it was called.
pub(crate) enum Body {
    /// It looks at its arguments itself.
    Raw(fn(Utility) -> Running),
    /// They have been taken apart.
    Parsed(&'static Spec, fn(Utility, Arguments) -> Running),
}

/// The options of a utility.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// Letters; `:` behind one that takes a value, `+` in front to stop at the first operand.
    pub(crate) flags: &'static str,
    /// Long names and the letters they stand for.
    pub(crate) long: &'static [(&'static str, char)],
    /// Letters of real options that are not simulated.
    pub(crate) lacking: &'static str,
    /// What follows `Usage: `.
    pub(crate) usage: &'static str,
    /// It works on something: what GNU's says if there is no operand. BusyBox's shows its usage.
    pub(crate) needs: Option<&'static str>,
    /// All that it is given are operands.
    pub(crate) has_no_options: bool,
    /// Older ways to write options, brought into the usual one.
    pub(crate) old: Option<fn(Vec<String>) -> Vec<String>>,
    /// Exit code on a wrong option, if it is not 1.
    pub(crate) failure: i32,
    /// GNU's, if it is another.
    pub(crate) gnu_failure: i32,
}

impl Spec {
    /// No options, no conditions.
    pub(crate) const NONE: Self = Self {
        flags: "",
        long: &[],
        lacking: "",
        usage: "",
        needs: None,
        has_no_options: false,
        old: None,
        failure: 1,
        gnu_failure: 0,
    };
}

/// Arguments, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) options: Vec<(char, String)>,
    pub(crate) operands: Vec<String>,
}

impl Arguments {
    /// True if the option was given.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.options.iter().any(|(own, _)| *own == letter)
    }

    /// The option's value; the last one counts.
    pub(crate) fn value(&self, letter: char) -> Option<&str> {
        self.options.iter().rev().find(|(own, _)| *own == letter).map(|(_, value)| value.as_str())
    }
}

impl Utility {
    pub(crate) fn new(
        proc: Proc,
        name: &'static str,
        gnu: bool,
        args: Vec<String>,
        prefix: String,
    ) -> Self {
        Self { proc, name, gnu, dash: false, args, prefix, spec: &Spec::NONE }
    }

    /// The utility that a process runs.
    pub(crate) fn of(proc: Proc, name: &'static str, gnu: bool) -> Self {
        let args = proc.args().into_iter().skip(1).collect();
        Self::new(proc, name, gnu, args, String::new())
    }

    /// Runs it; the value is its exit code.
    pub(crate) async fn run(mut self, body: &Body) -> i32 {
        let (spec, main) = match body {
            Body::Raw(main) => return main(self).await,
            Body::Parsed(spec, main) => (*spec, main),
        };
        self.spec = spec;
        if let Some(renewed) = spec.old {
            self.args = renewed(self.args);
        }
        match self.parse().await {
            Ok(parsed) if parsed.operands.is_empty() && spec.needs.is_some() => {
                self.missing_operand().await
            }
            Ok(parsed) => main(self, parsed).await,
            Err(code) => code,
        }
    }

    /// Prints to standard output.
    pub(crate) async fn print(&self, text: impl AsRef<[u8]>) {
        self.proc.print(text).await;
    }

    /// Prints an error; the value is 1, the usual exit code.
    pub(crate) async fn error(&self, message: impl AsRef<str>) -> i32 {
        let text = format!("{}{}: {}\n", self.prefix, self.name, message.as_ref());
        self.proc.eprint(self.in_locale(text)).await;
        1
    }

    /// Hosts speak UTF-8; images have the C locale, whose quotes are plain.
    fn in_locale(&self, text: String) -> String {
        if self.proc.is_contained() { text.replace(['\u{2018}', '\u{2019}'], "'") } else { text }
    }

    /// The exit code on a wrong option.
    pub(crate) fn failure(&self) -> i32 {
        match (self.gnu, self.spec.gnu_failure) {
            (true, 1..) => self.spec.gnu_failure,
            _ => self.spec.failure,
        }
    }

    fn help_line(&self) -> String {
        if self.gnu {
            format!("Try '{} --help' for more information.\n", self.name)
        } else {
            format!(
                "BusyBox v1.25.1 (2016-10-26 16:15:20 GMT) multi-call binary.\n\nUsage: {}\n",
                self.spec.usage
            )
        }
    }

    /// Prints that the arguments are wrong, and how they should be.
    pub(crate) async fn misuse(&self, message: &str) -> i32 {
        let mut text = format!("{}{}: {message}\n", self.prefix, self.name);
        if message.is_empty() {
            text.clear();
        }
        text.push_str(&self.help_line());
        self.proc.eprint(self.in_locale(text)).await;
        self.failure()
    }

    /// Takes the arguments apart. On an error, which has been printed, the exit code.
    async fn parse(&self) -> Result<Arguments, i32> {
        let spec = self.spec;
        let mut parsed = Arguments::default();
        if spec.has_no_options {
            parsed.operands.clone_from(&self.args);
            return Ok(parsed);
        }
        let in_order = spec.flags.starts_with('+');
        let mut rest = self.args.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                parsed.operands.extend(rest.by_ref().cloned());
            } else if let Some(long) = arg.strip_prefix("--") {
                self.parse_long(spec, long, &mut rest, &mut parsed).await?;
            } else if let Some(letters) =
                arg.strip_prefix('-').filter(|letters| !letters.is_empty())
            {
                self.parse_letters(spec, letters, &mut rest, &mut parsed).await?;
            } else {
                parsed.operands.push(arg.clone());
                if in_order {
                    parsed.operands.extend(rest.by_ref().cloned());
                }
            }
        }
        Ok(parsed)
    }

    fn takes_value(spec: &Spec, letter: char) -> Option<bool> {
        if letter == ':' || letter == '+' {
            return None;
        }
        let at = spec.flags.find(letter)?;
        Some(spec.flags[at + letter.len_utf8()..].starts_with(':'))
    }

    async fn parse_long(
        &self,
        spec: &Spec,
        long: &str,
        rest: &mut std::slice::Iter<'_, String>,
        parsed: &mut Arguments,
    ) -> Result<(), i32> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        if name == "help" {
            let text = format!("Usage: {}\n", spec.usage);
            if self.gnu {
                self.print(text).await;
            } else {
                self.proc.eprint(self.help_line()).await;
            }
            return Err(0);
        }
        if name == "version" && self.gnu {
            self.print(format!("{} (GNU coreutils) 8.30\n", self.name)).await;
            return Err(0);
        }
        let exact = spec.long.iter().find(|(own, _)| *own == name);
        let mut starting = spec.long.iter().filter(|(own, _)| own.starts_with(name));
        let found = exact.or_else(|| starting.next().filter(|_| starting.next().is_none()));
        let Some((own, letter)) = found else {
            let message = if self.gnu {
                format!("unrecognized option '--{name}'")
            } else {
                format!("unrecognized option: {name}")
            };
            return Err(self.misuse(&message).await);
        };
        if *letter == '\0' {
            return Err(self.error(format!("not simulated: --{own}")).await);
        }
        let value = match (Self::takes_value(spec, *letter), value) {
            (Some(true), Some(value)) => value,
            (Some(true), None) => match rest.next() {
                Some(value) => value.clone(),
                None => {
                    let message = format!("option '--{own}' requires an argument");
                    return Err(self.misuse(&message).await);
                }
            },
            // Some long options take a value that their letter does not: it is kept.
            (_, value) => value.unwrap_or_default(),
        };
        parsed.options.push((*letter, value));
        Ok(())
    }

    async fn parse_letters(
        &self,
        spec: &Spec,
        letters: &str,
        rest: &mut std::slice::Iter<'_, String>,
        parsed: &mut Arguments,
    ) -> Result<(), i32> {
        let mut chars = letters.chars();
        while let Some(letter) = chars.next() {
            match Self::takes_value(spec, letter) {
                Some(false) => parsed.options.push((letter, String::new())),
                Some(true) => {
                    let attached: String = chars.by_ref().collect();
                    let value =
                        if attached.is_empty() { rest.next().cloned() } else { Some(attached) };
                    let Some(value) = value else {
                        let message = if self.gnu {
                            format!("option requires an argument -- '{letter}'")
                        } else {
                            format!("option requires an argument: {letter}")
                        };
                        return Err(self.misuse(&message).await);
                    };
                    parsed.options.push((letter, value));
                }
                None if spec.lacking.contains(letter) => {
                    return Err(self.error(format!("not simulated: -{letter}")).await);
                }
                None => {
                    let message = if self.gnu {
                        format!("invalid option -- '{letter}'")
                    } else {
                        format!("unrecognized option: {letter}")
                    };
                    return Err(self.misuse(&message).await);
                }
            }
        }
        Ok(())
    }

    /// The operands as input files: standard input if there are none.
    pub(crate) fn inputs(operands: &[String]) -> Vec<String> {
        if operands.is_empty() { vec!["-".to_owned()] } else { operands.to_vec() }
    }

    /// Reads a whole file, `-` being standard input.
    pub(crate) async fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        if path == "-" {
            return self.proc.read_to_end(Fd::STDIN).await;
        }
        let fd = self.proc.open_fd(path)?;
        let bytes = self.proc.read_to_end(fd).await;
        self.proc.close(fd);
        bytes
    }

    /// Reads a whole file; on an error, which is printed as most utilities do, nothing.
    pub(crate) async fn read_or_tell(&self, path: &str) -> Option<Vec<u8>> {
        match self.read(path).await {
            Ok(bytes) => Some(bytes),
            Err(errno) => {
                self.error(self.cannot_open(path, errno)).await;
                None
            }
        }
    }

    /// The message for a file that cannot be read.
    pub(crate) fn cannot_open(&self, path: &str, errno: Errno) -> String {
        match (self.gnu, errno) {
            (true, errno) => format!("{path}: {errno}"),
            (false, Errno::IsDirectory) => format!("read error: {errno}"),
            (false, errno) => format!("can't open '{path}': {errno}"),
        }
    }

    /// A GNU utility that is given nothing to work on.
    pub(crate) async fn missing_operand(&self) -> i32 {
        let message = if self.gnu { self.spec.needs.unwrap_or("missing operand") } else { "" };
        self.misuse(message).await
    }

    /// Spends the time that working on so many bytes takes, so that no loop is free.
    pub(crate) async fn work(&self, size: usize) {
        let micros = u64::try_from(size / 1_000).unwrap_or(0) + 1;
        self.proc.compute(sim::Duration::from_micros(micros)).await;
    }
}

/// Splits text into lines, each with its newline; the last may lack one.
pub(crate) fn lines_of(bytes: &[u8]) -> Vec<String> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect()
}

/// A path's last part.
pub(crate) fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return if path.is_empty() { "" } else { "/" };
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// A path without its last part.
pub(crate) fn folder_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rfind('/') {
        _ if trimmed.is_empty() && !path.is_empty() => "/",
        None => ".",
        Some(0) => "/",
        Some(index) => trimmed[..index].trim_end_matches('/'),
    }
}
