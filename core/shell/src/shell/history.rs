//! The list of typed commands: `!!` and its kin, and the file that keeps it.

use super::Shell;
use crate::Flavour;

/// As bash's HISTSIZE is by default on the hosts of workshops.
const COUNT_MAX: usize = 500;

impl Shell {
    fn history_path(&self) -> Option<String> {
        if self.flavour == Flavour::Dash {
            return None;
        }
        let name = if self.flavour == Flavour::Bash { ".bash_history" } else { ".ash_history" };
        let home = self.variable("HOME")?;
        Some(self.variable("HISTFILE").unwrap_or_else(|| format!("{home}/{name}")))
    }

    pub(super) fn load_history(&mut self) {
        let Some(path) = self.history_path() else { return };
        let bytes = self.proc.read_file(&path).unwrap_or_default();
        self.history = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        self.history_saved = self.history.len();
    }

    /// Appends what is new to the file, as a shell does when it ends.
    pub(crate) async fn save_history(&mut self) {
        let Some(path) = self.history_path() else { return };
        let new: String =
            self.history.iter().skip(self.history_saved).map(|line| format!("{line}\n")).collect();
        if new.is_empty() {
            return;
        }
        self.history_saved = self.history.len();
        let is_new = !self.proc.exists(&path);
        if let Ok(handle) = self.proc.open_write(&path, true) {
            let fd = self.proc.add_handle(handle);
            let _ = self.proc.write(fd, new.as_bytes()).await;
            self.proc.close(fd);
            if is_new {
                let _ = self.proc.change_attributes(&path, Some(0o600), None, None);
            }
        }
    }

    pub(super) fn remember(&mut self, command: &str) {
        let command = command.trim_end_matches('\n');
        if command.trim().is_empty() {
            return;
        }
        self.history.push(command.to_owned());
        if self.history.len() > COUNT_MAX {
            self.history.remove(0);
            self.history_saved = self.history_saved.saturating_sub(1);
        }
    }

    /// Replaces `!!`, `!n`, `!-n`, `!word` and `!$`; the error is the event that is not there.
    pub(super) fn recall(&self, line: &str) -> Result<Option<String>, String> {
        if self.flavour != Flavour::Bash || !line.contains('!') {
            return Ok(None);
        }
        let chars: Vec<char> = line.chars().collect();
        let (mut result, mut index, mut changed) = (String::new(), 0, false);
        let (mut single, mut double) = (false, false);
        while index < chars.len() {
            let char = chars[index];
            match char {
                '\\' if !single => {
                    result.push(char);
                    index += 1;
                    result.extend(chars.get(index));
                }
                '\'' if !double => {
                    single = !single;
                    result.push(char);
                }
                '"' if !single => {
                    double = !double;
                    result.push(char);
                }
                // `${!x}`, `$!` and `[!x]` are no events.
                '!' if index > 0 && matches!(chars[index - 1], '{' | '$' | '[') => result.push('!'),
                '!' if !single => {
                    let rest: String = chars[index + 1..].iter().collect();
                    match self.event(&rest, double)? {
                        Some((text, used)) => {
                            result.push_str(&text);
                            index += used;
                            changed = true;
                        }
                        None => result.push('!'),
                    }
                }
                char => result.push(char),
            }
            index += 1;
        }
        Ok(changed.then_some(result))
    }

    fn event(&self, rest: &str, double: bool) -> Result<Option<(String, usize)>, String> {
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let missing = |name: &str| format!("!{name}: event not found");
        let last = self.history.last();
        match first {
            ' ' | '\t' | '=' | '(' | '\n' => Ok(None),
            '"' if double => Ok(None),
            '!' => Ok(Some((last.cloned().ok_or_else(|| missing("!"))?, 1))),
            '$' => {
                let last = last.ok_or_else(|| missing("$"))?;
                let word = last.split_whitespace().next_back().unwrap_or_default();
                Ok(Some((word.to_owned(), 1)))
            }
            _ => {
                let ends = |char: char| char.is_whitespace() || ";|&()<>\"".contains(char);
                let name = rest.split(ends).next().unwrap_or_default();
                if name.is_empty() {
                    return Ok(None);
                }
                let found = match name.parse::<i64>() {
                    Ok(number) if number > 0 => {
                        usize::try_from(number - 1).ok().and_then(|index| self.history.get(index))
                    }
                    Ok(number) => usize::try_from(number.unsigned_abs())
                        .ok()
                        .and_then(|back| self.history.len().checked_sub(back))
                        .and_then(|index| self.history.get(index)),
                    Err(_) => self.history.iter().rev().find(|line| line.starts_with(name)),
                };
                let found = found.cloned().ok_or_else(|| missing(name))?;
                Ok(Some((found, name.chars().count())))
            }
        }
    }
}
