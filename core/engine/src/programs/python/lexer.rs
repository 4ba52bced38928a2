//! Tokens, with indentation as tokens of its own.

use super::syntax::SyntaxError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Int(i64),
    /// In units of 10^-9.
    Real(i64),
    Text(String),
    /// An f-string's text, not taken apart yet.
    Format(String),
    Sign(&'static str),
    Newline,
    Indent,
    Dedent,
    End,
}

/// Longest first.
const SIGNS: [&str; 33] = [
    "**", "//=", "//", "==", "!=", "<=", ">=", "->", "+=", "-=", "*=", "/=", "%=", "(", ")", "[",
    "]", "{", "}", ",", ":", ".", ";", "=", "+", "-", "*", "/", "%", "<", ">", "@", "`",
];

/// Tokens with their lines.
pub(super) fn tokens(source: &str) -> Result<Vec<(Token, usize)>, SyntaxError> {
    let mut lexer = Lexer { rest: source, line: 1, depth: 0, indents: vec![0], tokens: Vec::new() };
    lexer.run()?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    /// Open brackets: newlines within mean nothing.
    depth: usize,
    indents: Vec<usize>,
    tokens: Vec<(Token, usize)>,
}

impl Lexer<'_> {
    fn error<T>(&self, text: &str) -> Result<T, SyntaxError> {
        Err(SyntaxError { line: self.line, text: text.to_owned() })
    }

    fn push(&mut self, token: Token) {
        self.tokens.push((token, self.line));
    }

    fn take(&mut self, size: usize) -> String {
        let (taken, rest) = self.rest.split_at(size);
        self.rest = rest;
        taken.to_owned()
    }

    fn run(&mut self) -> Result<(), SyntaxError> {
        self.indentation()?;
        while let Some(char) = self.rest.chars().next() {
            match char {
                '\n' => {
                    self.take(1);
                    if self.depth == 0 {
                        self.push(Token::Newline);
                    }
                    self.line += 1;
                    if self.depth == 0 {
                        self.indentation()?;
                    }
                }
                '\\' if self.rest.starts_with("\\\n") => {
                    self.take(2);
                    self.line += 1;
                }
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.take(end);
                }
                char if char.is_whitespace() => {
                    self.take(char.len_utf8());
                }
                '"' | '\'' => self.text("")?,
                char if char.is_ascii_digit() => self.number()?,
                char if char.is_alphabetic() || char == '_' => self.word()?,
                _ => self.sign()?,
            }
        }
        self.push(Token::Newline);
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push(Token::Dedent);
        }
        self.push(Token::End);
        Ok(())
    }

    fn indentation(&mut self) -> Result<(), SyntaxError> {
        loop {
            let width = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r']).len();
            let after = &self.rest[width..];
            if after.starts_with(['\n', '#']) {
                // Empty lines and comments have no indentation.
                let end = after.find('\n').map_or(self.rest.len(), |at| width + at + 1);
                let had_newline = self.rest[..end].ends_with('\n');
                self.take(end);
                self.line += usize::from(had_newline);
                if had_newline {
                    continue;
                }
            }
            if self.rest.is_empty() || after.is_empty() {
                return Ok(());
            }
            let blanks = self.take(width);
            let width = blanks.chars().map(|char| if char == '\t' { 8 } else { 1 }).sum();
            let current = self.indents.last().copied().unwrap_or(0);
            if width > current {
                self.indents.push(width);
                self.push(Token::Indent);
            }
            while self.indents.last().is_some_and(|indent| width < *indent) {
                self.indents.pop();
                self.push(Token::Dedent);
            }
            if self.indents.last() != Some(&width) {
                return self.error("unindent does not match any outer indentation level");
            }
            return Ok(());
        }
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let end = self.rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '.');
        let text = self.take(end.unwrap_or(self.rest.len()));
        if let Some((whole, fraction)) = text.split_once('.') {
            let digits = format!("{:0<9.9}", fraction);
            let units = format!("{whole}{digits}").parse();
            let Ok(units) = units else {
                return self.error(&format!("not simulated: the number {text}"));
            };
            self.push(Token::Real(units));
            return Ok(());
        }
        let octal = text.strip_prefix("0o").or_else(|| text.strip_prefix('0'));
        let number = match octal {
            Some(digits) if !digits.is_empty() => i64::from_str_radix(digits, 8),
            _ => text.parse(),
        };
        match number {
            Ok(number) => {
                self.push(Token::Int(number));
                Ok(())
            }
            Err(_) => self.error(&format!("not simulated: the number {text}")),
        }
    }

    fn word(&mut self) -> Result<(), SyntaxError> {
        let end = self.rest.find(|char: char| !char.is_alphanumeric() && char != '_');
        let word = self.take(end.unwrap_or(self.rest.len()));
        let is_prefix = matches!(word.as_str(), "r" | "u" | "b" | "f" | "R" | "U" | "B" | "F");
        if is_prefix && self.rest.starts_with(['"', '\'']) {
            return self.text(&word.to_lowercase());
        }
        self.push(Token::Name(word));
        Ok(())
    }

    fn text(&mut self, prefix: &str) -> Result<(), SyntaxError> {
        let quote = if self.rest.starts_with("\"\"\"") || self.rest.starts_with("'''") {
            self.take(3)
        } else {
            self.take(1)
        };
        let start = self.line;
        let mut text = String::new();
        loop {
            if self.rest.starts_with(&quote) {
                self.take(quote.len());
                break;
            }
            let Some(char) = self.rest.chars().next() else {
                return self.error("EOF while scanning string literal");
            };
            self.take(char.len_utf8());
            match char {
                '\n' if quote.len() == 1 => return self.error("EOL while scanning string literal"),
                '\n' => {
                    self.line += 1;
                    text.push('\n');
                }
                '\\' if prefix != "r" => self.escape(&mut text),
                char => text.push(char),
            }
        }
        let token = if prefix == "f" { Token::Format(text) } else { Token::Text(text) };
        self.tokens.push((token, start));
        Ok(())
    }

    fn escape(&mut self, text: &mut String) {
        let Some(char) = self.rest.chars().next() else { return };
        self.take(char.len_utf8());
        match char {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '0' => text.push('\0'),
            '\\' | '\'' | '"' => text.push(char),
            '\n' => self.line += 1,
            other => text.extend(['\\', other]),
        }
    }

    fn sign(&mut self) -> Result<(), SyntaxError> {
        let Some(sign) = SIGNS.into_iter().find(|sign| self.rest.starts_with(sign)) else {
            return self.error("invalid syntax");
        };
        self.take(sign.len());
        match sign {
            "(" | "[" | "{" => self.depth += 1,
            ")" | "]" | "}" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.push(Token::Sign(sign));
        Ok(())
    }
}
