//! The grammar of `sed` scripts.

use super::regex::Regex;

#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    Match(Regex),
    /// `first~step`
    Step(usize, usize),
    /// `+count` after the first address of a range
    Plus(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Substitute { regex: Regex, replacement: Vec<Piece>, all: bool, nth: usize, print: bool },
    Delete,
    Print,
    Number,
    Quit,
    Next,
    Append(String),
    Insert(String),
    Change(String),
    Translate(Vec<(char, char)>),
    Group(Vec<Command>),
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) addresses: Vec<Address>,
    pub(super) negated: bool,
    pub(super) action: Action,
    /// Within a range: the line on which it ends, if that is known.
    pub(super) open: Option<usize>,
    pub(super) is_open: bool,
}

/// A part of a replacement.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    Group(usize),
}

struct Reader {
    chars: Vec<char>,
    position: usize,
    extended: bool,
    depth: u32,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn skip(&mut self, what: &str) {
        while self.peek().is_some_and(|char| what.contains(char)) {
            self.position += 1;
        }
    }

    fn error(&self, message: &str) -> String {
        format!("-e expression #1, char {}: {message}", self.position.min(self.chars.len()))
    }

    fn commands(&mut self) -> Result<Vec<Command>, String> {
        self.depth += 1;
        if self.depth > 20 {
            return Err("not simulated: groups nested that deep".to_owned());
        }
        let mut commands = Vec::new();
        loop {
            self.skip(" \t\n;");
            match self.peek() {
                None if self.depth > 1 => return Err(self.error("unmatched `{'")),
                None => break,
                Some('}') if self.depth > 1 => break,
                Some('#') => {
                    while self.peek().is_some_and(|char| char != '\n') {
                        self.position += 1;
                    }
                }
                Some(_) => commands.push(self.command()?),
            }
        }
        self.depth -= 1;
        Ok(commands)
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.position;
        while self.peek().is_some_and(|char| char.is_ascii_digit()) {
            self.position += 1;
        }
        self.chars[start..self.position].iter().collect::<String>().parse().ok()
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(match self.peek() {
            Some(char) if char.is_ascii_digit() => {
                let first = self.number().unwrap_or(0);
                if self.peek() == Some('~') {
                    self.position += 1;
                    Some(Address::Step(first, self.number().unwrap_or(0)))
                } else {
                    Some(Address::Line(first))
                }
            }
            Some('$') => {
                self.position += 1;
                Some(Address::Last)
            }
            Some('+') => {
                self.position += 1;
                Some(Address::Plus(self.number().unwrap_or(0)))
            }
            Some(char @ ('/' | '\\')) => {
                self.position += 1;
                let mut delimiter = '/';
                if char == '\\' {
                    delimiter = self.peek().unwrap_or('/');
                    self.position += 1;
                }
                let source = self
                    .until(delimiter, true)
                    .ok_or_else(|| self.error("unterminated address regex"))?;
                let folded = self.peek() == Some('I');
                self.position += usize::from(folded);
                Some(Address::Match(self.regex(&source, folded)?))
            }
            _ => None,
        })
    }

    fn regex(&self, source: &str, folded: bool) -> Result<Regex, String> {
        if source.is_empty() {
            return Err("not simulated: an empty expression for the last one".to_owned());
        }
        Regex::new(source, self.extended, folded).map_err(|message| self.error(&message))
    }

    /// Reads up to the delimiter, which is taken.
    fn until(&mut self, delimiter: char, is_pattern: bool) -> Option<String> {
        let mut text = String::new();
        let mut in_set = false;
        loop {
            let char = self.peek()?;
            self.position += 1;
            if char == '\\' {
                let next = self.peek()?;
                self.position += 1;
                if next == delimiter {
                    text.push(next);
                } else {
                    text.push('\\');
                    text.push(next);
                }
                continue;
            }
            match char {
                '[' if is_pattern && !in_set => in_set = true,
                ']' if in_set && !text.ends_with('[') && !text.ends_with("[^") => in_set = false,
                char if char == delimiter && !in_set => return Some(text),
                _ => {}
            }
            text.push(char);
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        let mut addresses = Vec::new();
        if let Some(address) = self.address()? {
            addresses.push(address);
            self.skip(" \t");
            if self.peek() == Some(',') {
                self.position += 1;
                self.skip(" \t");
                let second = self.address()?.ok_or_else(|| self.error("unexpected `,'"))?;
                addresses.push(second);
            }
        }
        self.skip(" \t");
        let negated = self.peek() == Some('!');
        self.position += usize::from(negated);
        self.skip(" \t");
        let letter = self.peek().ok_or_else(|| self.error("missing command"))?;
        self.position += 1;
        let action = match letter {
            '{' => {
                let commands = self.commands()?;
                self.position += 1;
                Action::Group(commands)
            }
            's' => self.substitution()?,
            'y' => self.translation()?,
            'd' => Action::Delete,
            'p' => Action::Print,
            '=' => Action::Number,
            'q' => Action::Quit,
            'n' => Action::Next,
            'a' => Action::Append(self.text()),
            'i' => Action::Insert(self.text()),
            'c' => Action::Change(self.text()),
            'b' | 'D' | 'e' | 'F' | 'g' | 'G' | 'h' | 'H' | 'l' | 'N' | 'P' | 'Q' | 'r' | 'R'
            | 't' | 'T' | 'w' | 'W' | 'x' | 'z' | ':' => {
                return Err(format!("not simulated: the command `{letter}'"));
            }
            letter => return Err(self.error(&format!("unknown command: `{letter}'"))),
        };
        if !matches!(action, Action::Append(_) | Action::Insert(_) | Action::Change(_)) {
            self.skip(" \t");
            if self.peek().is_some_and(|char| !";\n}#".contains(char)) {
                self.position += 1;
                return Err(self.error("extra characters after command"));
            }
        }
        Ok(Command { addresses, negated, action, open: None, is_open: false })
    }

    fn text(&mut self) -> String {
        self.skip(" \t");
        if self.peek() == Some('\\') {
            self.position += 1;
            self.skip(" \t");
            if self.peek() == Some('\n') {
                self.position += 1;
            }
        }
        let mut text = String::new();
        while let Some(char) = self.peek() {
            self.position += 1;
            match char {
                '\\' => {
                    text.extend(self.peek());
                    self.position += 1;
                }
                '\n' => break,
                char => text.push(char),
            }
        }
        text + "\n"
    }

    fn substitution(&mut self) -> Result<Action, String> {
        let delimiter = self.peek().ok_or_else(|| self.error("unterminated `s' command"))?;
        self.position += 1;
        let unterminated = "unterminated `s' command";
        let source = self.until(delimiter, true).ok_or_else(|| self.error(unterminated))?;
        let replacement = self.until(delimiter, false).ok_or_else(|| self.error(unterminated))?;
        let (mut all, mut print, mut folded, mut nth) = (false, false, false, 1);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => folded = true,
                Some(char) if char.is_ascii_digit() => {
                    nth = self.number().unwrap_or(1).max(1);
                    continue;
                }
                Some(char @ ('e' | 'w' | 'm' | 'M')) => {
                    return Err(format!("not simulated: the flag `{char}' of `s'"));
                }
                Some(char) if !" \t;\n}#".contains(char) => {
                    self.position += 1;
                    return Err(self.error("unknown option to `s'"));
                }
                _ => break,
            }
            self.position += 1;
        }
        let regex = self.regex(&source, folded)?;
        Ok(Action::Substitute { regex, replacement: pieces(&replacement), all, nth, print })
    }

    fn translation(&mut self) -> Result<Action, String> {
        let delimiter = self.peek().unwrap_or('/');
        self.position += 1;
        let unterminated = "unterminated `y' command";
        let from = self.until(delimiter, false).ok_or_else(|| self.error(unterminated))?;
        let to = self.until(delimiter, false).ok_or_else(|| self.error(unterminated))?;
        let (from, to) = (from.replace("\\n", "\n"), to.replace("\\n", "\n"));
        if from.chars().count() != to.chars().count() {
            return Err(self.error("strings for `y' command are different lengths"));
        }
        Ok(Action::Translate(from.chars().zip(to.chars()).collect()))
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut own = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let group = match char {
            '&' => Some(0),
            '\\' => match chars.next() {
                Some(digit) if digit.is_ascii_digit() => digit.to_digit(10),
                Some('n') => {
                    own.push('\n');
                    None
                }
                Some('t') => {
                    own.push('\t');
                    None
                }
                other => {
                    own.extend(other);
                    None
                }
            },
            char => {
                own.push(char);
                None
            }
        };
        if let Some(group) = group {
            pieces.push(Piece::Text(std::mem::take(&mut own)));
            pieces.push(Piece::Group(group as usize));
        }
    }
    pieces.push(Piece::Text(own));
    pieces
}

/// Reads a script.
///
/// # Errors
/// What is wrong with it, as GNU's sed says it.
pub(super) fn parse(text: &str, extended: bool) -> Result<Vec<Command>, String> {
    let chars = text.chars().collect();
    Reader { chars, position: 0, extended, depth: 0 }.commands()
}
