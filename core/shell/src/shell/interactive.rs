//! A shell at a terminal: prompts, lines that belong together, Ctrl-C and Ctrl-D.

use os::terminal::Awaits;

use super::{Flow, Shell};
use crate::Flavour;
use crate::syntax::{List, Parser};

/// What came of reading one command.
enum Entered {
    Command(List),
    Nothing,
    End,
}

impl Shell {
    /// Reads and runs commands until the shell ends.
    pub(super) async fn converse(&mut self) {
        self.load_history();
        self.read_start_file().await;
        loop {
            self.tell_of_jobs().await;
            let before = self.status;
            match self.read_entry().await {
                Entered::Command(list) => {
                    let done = self.run_list(&list).await;
                    self.loop_depth = 0;
                    self.condition_depth = 0;
                    self.may_exec = false;
                    match done {
                        Ok(()) | Err(Flow::Break(_) | Flow::Continue(_) | Flow::Return) => {}
                        Err(Flow::Abort) => self.status = self.status.max(1),
                        Err(Flow::Interrupt) => {
                            self.status = 130;
                        }
                        Err(Flow::Exit) => break,
                    }
                    while self.proc.take_signal().is_some() {}
                    self.proc.finish_command(self.status);
                }
                Entered::Nothing => self.proc.finish_command(self.status),
                Entered::End => {
                    self.status = before;
                    if self.flavour == Flavour::Bash {
                        self.proc.eprint(self.farewell()).await;
                    }
                    break;
                }
            }
        }
        self.save_history().await;
        self.proc.finish_command(self.status);
    }

    /// What bash says when it is left.
    pub(crate) fn farewell(&self) -> &'static str {
        if self.name.starts_with('-') { "logout\n" } else { "exit\n" }
    }

    async fn read_start_file(&mut self) {
        let path = match self.flavour {
            Flavour::Bash => self.variable("HOME").map(|home| format!("{home}/.bashrc")),
            Flavour::Ash | Flavour::Dash => self.variable("ENV"),
        };
        let Some(path) = path else { return };
        let Ok(bytes) = self.proc.read_file(&path) else { return };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = self.evaluate(&text).await;
        self.status = 0;
    }

    async fn read_entry(&mut self) -> Entered {
        let mut text = String::new();
        // Bash recalls nothing within a here-document: `#!/bin/bash` there is no event.
        let mut in_document = false;
        self.line = self.line.saturating_add(1);
        loop {
            let awaits = if text.is_empty() { Awaits::Command } else { Awaits::Continuation };
            let prompt = self.prompt(awaits);
            match self.proc.read_command(awaits, &prompt).await {
                Ok(Some(line)) => {
                    let recalled = if in_document { Some(line) } else { self.recalled(line).await };
                    let Some(line) = recalled else { return Entered::Nothing };
                    text.push_str(&line);
                    text.push('\n');
                }
                Ok(None) if text.is_empty() => return Entered::End,
                Ok(None) => {
                    self.remember(&text);
                    return self.read_incomplete(&text).await;
                }
                Err(_) => {
                    while self.proc.take_signal().is_some() {}
                    self.status = 130;
                    return Entered::Nothing;
                }
            }
            // A backslash at the end of a line always asks for the next one.
            let mut parser = Parser::new(&text, self.line, self.flavour, true);
            parser.set_aliases(self.usable_aliases());
            match parser.complete() {
                Ok(None) => {
                    self.remember(&text);
                    return Entered::Nothing;
                }
                Ok(Some(list)) => {
                    self.remember(&text);
                    return Entered::Command(list);
                }
                Err(error) if error.is_incomplete() => {
                    in_document = matches!(error, crate::syntax::SyntaxError::HereDocument { .. });
                }
                Err(error) => {
                    self.remember(&text);
                    self.report(&error, "").await;
                    return Entered::Nothing;
                }
            }
        }
    }

    /// Ctrl-D within a command: what is there is all there will be.
    async fn read_incomplete(&mut self, text: &str) -> Entered {
        let mut parser = Parser::new(text, self.line, self.flavour, false);
        match parser.complete() {
            Ok(list) => {
                self.warn_of_here_documents(&mut parser).await;
                list.map_or(Entered::Nothing, Entered::Command)
            }
            Err(error) => {
                self.report(&error, "").await;
                let is_quote = matches!(error, crate::syntax::SyntaxError::Unterminated { .. });
                if is_quote && self.flavour == Flavour::Bash {
                    self.complain("syntax error: unexpected end of file").await;
                }
                Entered::Nothing
            }
        }
    }

    /// The line after history expansion, which is shown; none if the event is not there.
    async fn recalled(&mut self, line: String) -> Option<String> {
        match self.recall(&line) {
            Ok(None) => Some(line),
            Ok(Some(line)) => {
                self.proc.eprint(format!("{line}\n")).await;
                Some(line)
            }
            Err(message) => {
                self.complain(&message).await;
                self.status = 1;
                None
            }
        }
    }

    fn prompt(&self, awaits: Awaits) -> String {
        if awaits != Awaits::Command {
            return self.variable("PS2").unwrap_or_else(|| "> ".to_owned());
        }
        let template = self.variable("PS1").unwrap_or_else(|| {
            match self.flavour {
                Flavour::Bash if self.proc.is_contained() => "\\u@\\h:\\w\\$ ",
                Flavour::Bash if self.proc.user().uid != 0 => "\\u@\\h:\\w\\$ ",
                Flavour::Bash => "\\h$ ",
                Flavour::Ash => "\\w \\$ ",
                Flavour::Dash => "\\$ ",
            }
            .to_owned()
        });
        if self.flavour == Flavour::Dash && !template.starts_with("\\$") {
            return template;
        }
        self.decoded(&template)
    }

    fn decoded(&self, template: &str) -> String {
        let is_root = self.proc.user().uid == 0;
        let cwd = self.proc.cwd();
        let home = self.variable("HOME").filter(|home| home.len() > 1).unwrap_or_default();
        let short = match cwd.strip_prefix(&home) {
            Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => {
                format!("~{rest}")
            }
            _ => cwd.clone(),
        };
        let hostname = self.proc.hostname();
        let mut text = String::new();
        let mut chars = template.chars().peekable();
        while let Some(char) = chars.next() {
            if char != '\\' {
                text.push(char);
                continue;
            }
            match chars.next() {
                Some('h') => text.push_str(hostname.split('.').next().unwrap_or_default()),
                Some('H') => text.push_str(&hostname),
                Some('u') => {
                    text.push_str(&crate::accounts::user_name(&self.proc, self.proc.user().uid));
                }
                Some('w') => text.push_str(&short),
                Some('W') if short == "~" || short == "/" => text.push_str(&short),
                Some('W') => text.push_str(short.rsplit('/').next().unwrap_or_default()),
                Some('$') => text.push(if is_root { '#' } else { '$' }),
                Some('n') => text.push('\n'),
                Some('s') => text.push_str(self.flavour.name()),
                Some('e') => text.push('\x1b'),
                Some('[' | ']' | 'a' | 'r') => {}
                Some('t') => {
                    let c = self.proc.wall().civil();
                    text.push_str(&format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second));
                }
                Some('!' | '#') => text.push_str(&(self.history.len() + 1).to_string()),
                Some('0') => {
                    // `\033`: colours are dropped by the terminal.
                    while chars.peek().is_some_and(char::is_ascii_digit) {
                        chars.next();
                    }
                    text.push('\x1b');
                }
                Some('\\') => text.push('\\'),
                other => {
                    text.push('\\');
                    text.extend(other);
                }
            }
        }
        strip_colours(&text)
    }
}

/// A prompt is shown beside what is typed; its colours are not simulated.
fn strip_colours(text: &str) -> String {
    let mut result = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char == '\x1b' {
            let _ = chars.by_ref().find(|char| char.is_ascii_alphabetic());
        } else {
            result.push(char);
        }
    }
    result
}
