//! From characters to tokens. Which characters make a token depends on where the grammar is, so that
//! the parser drives the lexer and may go back to the start of the one token it has looked at.

use sorted::SortedMap;
use std::cell::OnceCell;
use std::rc::Rc;

use super::{Part, SyntaxError, Word, parse_here_body};
use crate::Flavour;

/// Deeper nesting than this is refused: the parser and the evaluation are recursive.
const DEPTH_MAX: u32 = 40;

#[derive(Clone, Debug)]
pub(super) enum Token {
    Word(Word),
    Operator(&'static str),
    /// The digits in front of a redirection.
    Number(u32),
    Newline,
    End,
}

/// The longest come first.
const OPERATORS: [&str; 21] = [
    "<<<", "<<-", "&>>", ";;&", "&&", "||", ";;", ";&", "<<", ">>", "<&", ">&", "<>", ">|", "&>",
    "|&", "|", "&", ";", "<", ">",
];

pub(super) struct PendingHere {
    body: Rc<OnceCell<Word>>,
    delimiter: String,
    quoted: bool,
    strip_tabs: bool,
}

/// Reads commands from text.
pub(crate) struct Parser {
    pub(super) chars: Vec<char>,
    pub(super) position: usize,
    pub(super) line: u32,
    pub(super) depth: u32,
    pub(super) flavour: Flavour,
    pub(super) aliases: Rc<SortedMap<String, String>>,
    /// Aliases whose text is being read, with the number of characters left after that text.
    expanding: Vec<(String, usize)>,
    /// More may be typed: a here-document without its end is not complete yet.
    pub(super) more: bool,
    /// The text ends with a backslash and a newline.
    continued: bool,
    pub(super) peeked: Option<(Token, usize, u32)>,
    pub(super) pending: Vec<PendingHere>,
    /// Warnings about here-documents that end with the text: (line, delimiter).
    pub(crate) warnings: Vec<(u32, String)>,
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    /// A parser of `text` whose first line has number `line`.
    pub(crate) fn new(text: &str, line: u32, flavour: Flavour, more: bool) -> Self {
        Self {
            // A zero byte ends a C string; no shell sees one.
            chars: text.chars().filter(|char| *char != '\0').collect(),
            position: 0,
            line,
            depth: 0,
            flavour,
            aliases: Rc::default(),
            expanding: Vec::new(),
            more,
            continued: false,
            peeked: None,
            pending: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Uses these aliases from now on.
    pub(crate) fn set_aliases(&mut self, aliases: Rc<SortedMap<String, String>>) {
        self.aliases = aliases;
    }

    /// The text of line `number`, if the text begins with line `first`.
    pub(crate) fn line_text(&self, first: u32, number: u32) -> String {
        let text: String = self.chars.iter().collect();
        text.lines().nth(number.saturating_sub(first) as usize).unwrap_or_default().to_owned()
    }

    pub(super) fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(SyntaxError::TooDeep { line: self.line });
        }
        Ok(())
    }

    pub(super) fn at(&self, offset: usize) -> Option<char> {
        self.chars.get(self.position + offset).copied()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let char = self.at(0)?;
        self.position += 1;
        if char == '\n' {
            self.line += 1;
        }
        Some(char)
    }

    pub(super) fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, char)| self.at(offset) == Some(char))
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> String {
        self.chars[from.min(to)..to.min(self.chars.len())].iter().collect()
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.at(0) {
                Some(' ' | '\t' | '\r') => self.position += 1,
                Some('\\') if self.at(1) == Some('\n') => {
                    self.position += 2;
                    self.line += 1;
                    self.continued |= self.at(0).is_none();
                }
                Some('#') => {
                    while self.at(0).is_some_and(|char| char != '\n') {
                        self.position += 1;
                    }
                }
                _ => return,
            }
        }
    }

    pub(super) fn peek(&mut self) -> Parsed<&Token> {
        if self.peeked.is_none() {
            self.skip_blanks();
            if self.continued && self.more {
                return Err(SyntaxError::End { expecting: None, line: self.line });
            }
            let (start, line) = (self.position, self.line);
            let token = self.lex()?;
            self.peeked = Some((token, start, line));
        }
        Ok(self.peeked.as_ref().map_or(&Token::End, |(token, ..)| token))
    }

    /// Where the next token starts, and its line.
    pub(super) fn place(&mut self) -> Parsed<(usize, u32)> {
        self.peek()?;
        Ok(self.peeked.as_ref().map_or((0, 1), |(_, start, line)| (*start, *line)))
    }

    pub(super) fn next(&mut self) -> Parsed<Token> {
        self.peek()?;
        Ok(self.peeked.take().map_or(Token::End, |(token, ..)| token))
    }

    /// Forgets the token that was looked at; its characters are read again.
    pub(super) fn back(&mut self) {
        if let Some((_, start, line)) = self.peeked.take() {
            self.position = start;
            self.line = line;
        }
    }

    fn lex(&mut self) -> Parsed<Token> {
        match self.at(0) {
            None => return Ok(Token::End),
            Some('\n') => {
                self.bump();
                self.read_here_documents()?;
                return Ok(Token::Newline);
            }
            Some('(') => {
                self.position += 1;
                return Ok(Token::Operator("("));
            }
            Some(')') => {
                self.position += 1;
                return Ok(Token::Operator(")"));
            }
            _ => {}
        }
        if self.flavour == Flavour::Bash && self.looking_at("<(") {
            let start = self.position;
            self.position += 1;
            let part = match self.substitution()? {
                Part::Command(list) => Part::Process(list),
                part => part,
            };
            let text = self.slice(start, self.position);
            return Ok(Token::Word(Word { parts: vec![part], text }));
        }
        if self.flavour == Flavour::Bash && self.looking_at(">(") {
            return Err(SyntaxError::NotSimulated {
                what: "process substitution >(...)",
                line: self.line,
            });
        }
        let known = OPERATORS.iter().find(|operator| {
            let only_bash = matches!(**operator, "<<<" | "&>" | "&>>" | "|&" | ";;&" | ";&");
            (self.flavour != Flavour::Dash || !only_bash) && self.looking_at(operator)
        });
        if let Some(operator) = known {
            self.position += operator.len();
            return Ok(Token::Operator(operator));
        }
        let digits = (0..).take_while(|&n| self.at(n).is_some_and(|c| c.is_ascii_digit())).count();
        if (1..=3).contains(&digits) && matches!(self.at(digits), Some('<' | '>')) {
            let number = self.slice(self.position, self.position + digits).parse().unwrap_or(0);
            self.position += digits;
            return Ok(Token::Number(number));
        }
        self.word().map(Token::Word)
    }

    /// The text of a token, as error messages show it.
    pub(super) fn describe(&mut self) -> Parsed<(String, u32)> {
        let token = self.peek()?.clone();
        let line = self.peeked.as_ref().map_or(self.line, |(.., line)| *line);
        let text = match token {
            Token::Word(word) => word.text,
            Token::Operator(operator) => operator.to_owned(),
            Token::Number(number) => number.to_string(),
            Token::Newline => "newline".to_owned(),
            Token::End => String::new(),
        };
        Ok((text, line))
    }

    /// If the next word is an alias, puts the alias's text in its place.
    pub(super) fn expand_alias(&mut self) -> Parsed<bool> {
        let Token::Word(word) = self.peek()? else { return Ok(false) };
        let Some(name) = word.literal().map(str::to_owned) else { return Ok(false) };
        let left = self.chars.len() - self.position;
        self.expanding.retain(|(_, end)| left > *end || left >= *end && left != 0);
        let Some(text) = self.aliases.get(&name).cloned() else { return Ok(false) };
        if self.expanding.iter().any(|(active, _)| *active == name) || self.expanding.len() > 20 {
            return Ok(false);
        }
        let end = self.position;
        self.back();
        let start = self.position;
        self.chars.splice(start..end, text.chars());
        self.expanding.push((name, left));
        Ok(true)
    }

    /// Forgets which aliases were being read: a new command begins.
    pub(super) fn forget_aliases(&mut self) {
        let left = self.chars.len() - self.position;
        self.expanding.retain(|(_, end)| left > *end);
    }

    pub(super) fn expect_here(&mut self, word: &Word, strip_tabs: bool) -> Rc<OnceCell<Word>> {
        fn flatten(parts: &[Part], text: &mut String, quoted: &mut bool) {
            for part in parts {
                match part {
                    Part::Literal(literal) => text.push_str(literal),
                    Part::Quoted(literal) => {
                        text.push_str(literal);
                        *quoted = true;
                    }
                    Part::Double(parts) => {
                        *quoted = true;
                        flatten(parts, text, quoted);
                    }
                    _ => {}
                }
            }
        }
        let (mut delimiter, mut quoted) = (String::new(), false);
        flatten(&word.parts, &mut delimiter, &mut quoted);
        if delimiter.is_empty() && !quoted {
            delimiter.clone_from(&word.text);
        }
        let body = Rc::new(OnceCell::new());
        self.pending.push(PendingHere { body: body.clone(), delimiter, quoted, strip_tabs });
        body
    }

    pub(super) fn read_here_documents(&mut self) -> Parsed<()> {
        for here in std::mem::take(&mut self.pending) {
            let first = self.line;
            let mut body = String::new();
            loop {
                if self.at(0).is_none() {
                    if self.more {
                        return Err(SyntaxError::HereDocument { line: self.line });
                    }
                    self.warnings.push((first.saturating_sub(1).max(1), here.delimiter.clone()));
                    break;
                }
                let mut line = String::new();
                while let Some(char) = self.bump().filter(|char| *char != '\n') {
                    line.push(char);
                }
                if here.strip_tabs {
                    line = line.trim_start_matches('\t').to_owned();
                }
                if line == here.delimiter {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            let parts = if here.quoted {
                vec![Part::Quoted(body)]
            } else {
                parse_here_body(&body, first, self)?
            };
            let _ = here.body.set(Word { parts, text: String::new() });
        }
        Ok(())
    }
}
