//! The inside of words: quotes and everything that begins with `$`.

use std::rc::Rc;

use super::lexer::{Parsed, Parser, Token};
use super::{Index, Operation, Parameter, Part, SyntaxError, Word};
use crate::Flavour;

/// Characters that end an unquoted word.
const fn ends_word(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

pub(crate) fn is_name_start(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_'
}

pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(|c| is_name_start(c) || c.is_ascii_digit())
}

/// Parses a here-document's body: expansions, but no quotes.
pub(crate) fn parse_here_body(body: &str, line: u32, outer: &Parser) -> Parsed<Vec<Part>> {
    let mut parser = Parser::new(body, line, outer.flavour, false);
    parser.depth = outer.depth;
    parser.quoted_parts(None)
}

fn push_text(parts: &mut Vec<Part>, text: &mut String, quoted: bool) {
    if !text.is_empty() {
        let text = std::mem::take(text);
        parts.push(if quoted { Part::Quoted(text) } else { Part::Literal(text) });
    }
}

impl Parser {
    /// Reads a word that starts here.
    pub(super) fn word(&mut self) -> Parsed<Word> {
        let start = self.position;
        let parts = self.parts(ends_word, true)?;
        Ok(Word { parts, text: self.slice(start, self.position) })
    }

    /// Reads unquoted parts until a character that `ends`.
    pub(super) fn parts(&mut self, ends: fn(char) -> bool, in_word: bool) -> Parsed<Vec<Part>> {
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(char) = self.at(0).filter(|char| !ends(*char)) {
            match char {
                '\\' => {
                    self.position += 1;
                    match self.bump() {
                        None if self.more => {
                            return Err(SyntaxError::End { expecting: None, line: self.line });
                        }
                        None => text.push('\\'),
                        Some('\n') if self.more && self.at(0).is_none() => {
                            return Err(SyntaxError::End { expecting: None, line: self.line });
                        }
                        Some('\n') => {}
                        Some(char) => {
                            push_text(&mut parts, &mut text, false);
                            parts.push(Part::Quoted(char.to_string()));
                        }
                    }
                }
                '\'' => {
                    push_text(&mut parts, &mut text, false);
                    parts.push(Part::Quoted(self.single_quoted()?));
                }
                '"' => {
                    push_text(&mut parts, &mut text, false);
                    parts.push(self.double_quoted()?);
                }
                '$' | '`' => {
                    if let Some(part) = self.dollar(false)? {
                        push_text(&mut parts, &mut text, false);
                        parts.push(part);
                    } else {
                        text.push('$');
                    }
                }
                _ => {
                    text.push(char);
                    self.bump();
                    let is_array = in_word
                        && char == '='
                        && parts.is_empty()
                        && self.at(0) == Some('(')
                        && self.flavour == Flavour::Bash
                        && is_name(text.trim_end_matches('=').trim_end_matches('+'));
                    if is_array {
                        push_text(&mut parts, &mut text, false);
                        parts.push(self.array()?);
                    }
                }
            }
        }
        push_text(&mut parts, &mut text, false);
        Ok(parts)
    }

    fn array(&mut self) -> Parsed<Part> {
        self.enter()?;
        let line = self.line;
        self.position += 1;
        let mut words = Vec::new();
        loop {
            match self.next()? {
                Token::Word(word) => words.push(word),
                Token::Newline => {}
                Token::Operator(")") => break,
                Token::End => return Err(SyntaxError::Unterminated { wanted: ')', line }),
                Token::Operator(operator) => {
                    return Err(SyntaxError::Unexpected { token: operator.to_owned(), line });
                }
                Token::Number(number) => {
                    return Err(SyntaxError::Unexpected { token: number.to_string(), line });
                }
            }
        }
        self.depth -= 1;
        Ok(Part::Array(words))
    }

    fn single_quoted(&mut self) -> Parsed<String> {
        let line = self.line;
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => return Err(SyntaxError::Unterminated { wanted: '\'', line }),
                Some('\'') => return Ok(text),
                Some(char) => text.push(char),
            }
        }
    }

    fn double_quoted(&mut self) -> Parsed<Part> {
        let line = self.line;
        self.enter()?;
        self.bump();
        let parts = self.quoted_parts(Some('"'))?;
        if self.bump() != Some('"') {
            return Err(SyntaxError::Unterminated { wanted: '"', line });
        }
        self.depth -= 1;
        Ok(Part::Double(parts))
    }

    /// Reads parts under the rules of double quotes, up to `end` or the end of the text.
    fn quoted_parts(&mut self, end: Option<char>) -> Parsed<Vec<Part>> {
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(char) = self.at(0).filter(|char| Some(*char) != end) {
            match char {
                '\\' => {
                    self.position += 1;
                    match self.at(0) {
                        Some('\n') => {
                            self.bump();
                        }
                        Some(char) if "$`\\".contains(char) || end == Some(char) => {
                            text.push(char);
                            self.bump();
                        }
                        _ => text.push('\\'),
                    }
                }
                '$' | '`' => {
                    if let Some(part) = self.dollar(true)? {
                        push_text(&mut parts, &mut text, true);
                        parts.push(part);
                    } else {
                        text.push('$');
                    }
                }
                _ => {
                    text.push(char);
                    self.bump();
                }
            }
        }
        push_text(&mut parts, &mut text, true);
        Ok(parts)
    }

    /// Reads what begins with `$` or a backquote; nothing if it is a lone `$`.
    fn dollar(&mut self, quoted: bool) -> Parsed<Option<Part>> {
        if self.at(0) == Some('`') {
            return self.backquoted(quoted).map(Some);
        }
        let start = self.position;
        self.position += 1;
        let name = match self.at(0) {
            Some('(') if self.at(1) == Some('(') && self.is_arithmetic() => {
                self.enter()?;
                self.position += 2;
                let part = Part::Arithmetic(self.arithmetic_parts()?);
                self.depth -= 1;
                return Ok(Some(part));
            }
            Some('(') => return self.substitution().map(Some),
            Some('{') => return self.braced(quoted).map(Some),
            Some('\'') if !quoted && self.flavour != Flavour::Dash => {
                return self.ansi_quoted().map(Some);
            }
            Some('"') if !quoted && self.flavour == Flavour::Bash => {
                return self.double_quoted().map(Some);
            }
            Some(char) if is_name_start(char) => self.take_name(),
            Some(char) if char.is_ascii_digit() || "?$!#@*-".contains(char) => {
                self.position += 1;
                char.to_string()
            }
            _ => return Ok(None),
        };
        let text = self.slice(start, self.position);
        let parameter =
            Parameter { name, index: None, operation: Operation::Plain, indirect: false, text };
        Ok(Some(Part::Parameter(Box::new(parameter))))
    }

    fn take_name(&mut self) -> String {
        let start = self.position;
        while self.at(0).is_some_and(|char| is_name_start(char) || char.is_ascii_digit()) {
            self.position += 1;
        }
        self.slice(start, self.position)
    }

    /// Looks ahead from `((`: true if it is closed by `))` and so is arithmetic. One pass without
    /// going back, so that deep nesting costs no more than the square of its length.
    pub(super) fn is_arithmetic(&self) -> bool {
        let (mut depth, mut offset) = (0, 0);
        let mut quote = None;
        while let Some(char) = self.at(offset) {
            match (quote, char) {
                (_, '\\') => offset += 1,
                (Some(open), char) if open == char => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(char),
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth -= 1;
                    if depth == 1 {
                        return self.at(offset + 1) == Some(')');
                    }
                }
                _ => {}
            }
            offset += 1;
        }
        // Not closed yet: what is there so far reads as arithmetic.
        true
    }

    /// Reads an arithmetic expression up to its `))`, which is taken as well.
    pub(super) fn arithmetic_parts(&mut self) -> Parsed<Vec<Part>> {
        let line = self.line;
        let (mut parts, mut text, mut depth) = (Vec::new(), String::new(), 0);
        loop {
            match self.at(0) {
                None => return Err(SyntaxError::Unterminated { wanted: ')', line }),
                Some(')') if depth == 0 && self.at(1) == Some(')') => {
                    self.position += 2;
                    push_text(&mut parts, &mut text, true);
                    return Ok(parts);
                }
                Some('$' | '`') => {
                    if let Some(part) = self.dollar(true)? {
                        push_text(&mut parts, &mut text, true);
                        parts.push(part);
                    } else {
                        text.push('$');
                    }
                }
                Some(char) => {
                    depth += i32::from(char == '(') - i32::from(char == ')');
                    if char != '"' {
                        text.push(char);
                    }
                    self.bump();
                }
            }
        }
    }

    pub(super) fn substitution(&mut self) -> Parsed<Part> {
        self.enter()?;
        let line = self.line;
        self.position += 1;
        let pending = std::mem::take(&mut self.pending);
        let result = self.list().and_then(|list| match self.next()? {
            Token::Operator(")") => Ok(list),
            Token::End => Err(SyntaxError::Unterminated { wanted: ')', line }),
            token => {
                let text = match token {
                    Token::Word(word) => word.text,
                    Token::Operator(operator) => operator.to_owned(),
                    Token::Number(number) => number.to_string(),
                    _ => "newline".to_owned(),
                };
                Err(SyntaxError::Unexpected { token: text, line: self.line })
            }
        });
        let list = match result {
            Err(SyntaxError::End { .. }) => {
                return Err(SyntaxError::Unterminated { wanted: ')', line });
            }
            result => result?,
        };
        self.pending = pending;
        self.depth -= 1;
        Ok(Part::Command(Rc::new(list)))
    }

    fn backquoted(&mut self, quoted: bool) -> Parsed<Part> {
        self.enter()?;
        let line = self.line;
        self.position += 1;
        let mut text = String::new();
        loop {
            match self.bump() {
                None => return Err(SyntaxError::Unterminated { wanted: '`', line }),
                Some('`') => break,
                Some('\\') => match self.bump() {
                    None => return Err(SyntaxError::Unterminated { wanted: '`', line }),
                    Some(char) if "$`\\".contains(char) || quoted && char == '"' => text.push(char),
                    Some(char) => {
                        text.push('\\');
                        text.push(char);
                    }
                },
                Some(char) => text.push(char),
            }
        }
        let mut inner = Parser::new(&text, line, self.flavour, false);
        inner.depth = self.depth;
        inner.aliases = self.aliases.clone();
        let list = inner.whole()?;
        self.depth -= 1;
        Ok(Part::Command(Rc::new(list)))
    }

    fn ansi_quoted(&mut self) -> Parsed<Part> {
        let line = self.line;
        self.position += 1;
        let mut raw = String::new();
        loop {
            match self.bump() {
                None => return Err(SyntaxError::Unterminated { wanted: '\'', line }),
                Some('\'') => break,
                Some('\\') => {
                    raw.push('\\');
                    raw.extend(self.bump());
                }
                Some(char) => raw.push(char),
            }
        }
        Ok(Part::Quoted(crate::escapes::ansi_c(&raw)))
    }

    fn braced(&mut self, quoted: bool) -> Parsed<Part> {
        self.enter()?;
        let line = self.line;
        let start = self.position - 1;
        self.position += 1;
        let parameter = self.braced_parameter(quoted, line)?;
        if self.at(0) != Some('}') {
            // Not an expansion that we know: everything up to the bracket is shown in the error.
            while self.at(0).is_some_and(|char| char != '}') {
                self.bump();
            }
            if self.at(0).is_none() {
                return Err(SyntaxError::Unterminated { wanted: '}', line });
            }
        }
        self.position += 1;
        self.depth -= 1;
        let text = self.slice(start, self.position);
        Ok(Part::Parameter(Box::new(Parameter { text, ..parameter })))
    }

    fn braced_parameter(&mut self, quoted: bool, line: u32) -> Parsed<Parameter> {
        let mut operation = Operation::Plain;
        match (self.at(0), self.at(1)) {
            (Some('#'), Some(next)) if is_name_start(next) || "@*0123456789?!$".contains(next) => {
                self.position += 1;
                operation = Operation::Length;
            }
            (Some('!'), Some(next)) if is_name_start(next) && self.flavour == Flavour::Bash => {
                self.position += 1;
                operation = Operation::Indirect;
            }
            _ => {}
        }
        let name = match self.at(0) {
            Some(char) if is_name_start(char) => self.take_name(),
            Some(char) if char.is_ascii_digit() => {
                let start = self.position;
                while self.at(0).is_some_and(|char| char.is_ascii_digit()) {
                    self.position += 1;
                }
                self.slice(start, self.position)
            }
            Some(char) if "?$!#@*-".contains(char) => {
                self.position += 1;
                char.to_string()
            }
            None => return Err(SyntaxError::Unterminated { wanted: '}', line }),
            _ => String::new(),
        };
        if matches!(operation, Operation::Indirect)
            && matches!(self.at(0), Some('@' | '*'))
            && self.at(1) == Some('}')
        {
            self.position += 1;
            operation = Operation::Names;
        }
        let mut index = None;
        if self.at(0) == Some('[') && self.flavour == Flavour::Bash && is_name(&name) {
            self.position += 1;
            let parts = self.parts(|char| char == ']', false)?;
            if self.bump() != Some(']') {
                return Err(SyntaxError::Unterminated { wanted: ']', line });
            }
            index = Some(match parts.as_slice() {
                [Part::Literal(text)] if text == "@" => Index::Each,
                [Part::Literal(text)] if text == "*" => Index::Joined,
                _ => Index::One(parts),
            });
        }
        let mut parameter =
            Parameter { name, index, operation, indirect: false, text: String::new() };
        if parameter.name.is_empty() {
            parameter.operation = Operation::Bad;
        } else if self.at(0) != Some('}') {
            let read = self.operation(quoted)?;
            parameter.operation = match parameter.operation {
                Operation::Plain => read,
                Operation::Indirect if parameter.index.is_none() => {
                    parameter.indirect = true;
                    read
                }
                _ => Operation::Bad,
            };
        }
        if self.at(0).is_some_and(|char| char != '}') {
            parameter.operation = Operation::Bad;
        }
        Ok(parameter)
    }

    fn operand(&mut self, quoted: bool, ends: fn(char) -> bool) -> Parsed<Vec<Part>> {
        if !quoted {
            return self.parts(ends, false);
        }
        // Within double quotes single quotes mean nothing, and double quotes begin anew.
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(char) = self.at(0).filter(|char| !ends(*char)) {
            match char {
                '"' => {
                    push_text(&mut parts, &mut text, true);
                    parts.push(self.double_quoted()?);
                }
                '\\' => {
                    self.position += 1;
                    match self.bump() {
                        Some(char) if "$`\"\\}".contains(char) => text.push(char),
                        other => {
                            text.push('\\');
                            text.extend(other);
                        }
                    }
                }
                '$' | '`' => {
                    if let Some(part) = self.dollar(true)? {
                        push_text(&mut parts, &mut text, true);
                        parts.push(part);
                    } else {
                        text.push('$');
                    }
                }
                _ => {
                    text.push(char);
                    self.bump();
                }
            }
        }
        push_text(&mut parts, &mut text, true);
        Ok(parts)
    }

    fn operation(&mut self, quoted: bool) -> Parsed<Operation> {
        const fn closes(char: char) -> bool {
            char == '}'
        }
        let Some(first) = self.bump() else { return Ok(Operation::Bad) };
        let bash = self.flavour != Flavour::Dash;
        let doubled = |parser: &mut Self| {
            let is = parser.at(0) == Some(first);
            parser.position += usize::from(is);
            is
        };
        Ok(match first {
            '-' | '=' | '?' | '+' => Operation::Default {
                operator: first,
                colon: false,
                word: self.operand(quoted, closes)?,
            },
            ':' => match self.at(0) {
                Some(operator @ ('-' | '=' | '?' | '+')) => {
                    self.position += 1;
                    let word = self.operand(quoted, closes)?;
                    Operation::Default { operator, colon: true, word }
                }
                Some(_) if bash => {
                    let offset = self.operand(quoted, |char| matches!(char, '}' | ':'))?;
                    let length = if self.at(0) == Some(':') {
                        self.position += 1;
                        Some(self.operand(quoted, closes)?)
                    } else {
                        None
                    };
                    Operation::Slice { offset, length }
                }
                _ => Operation::Bad,
            },
            '%' | '#' => {
                let longest = doubled(self);
                // A pattern's quotes mean something even within double quotes.
                let pattern = self.operand(false, closes)?;
                Operation::Trim { suffix: first == '%', longest, pattern }
            }
            '/' if bash => {
                let all = doubled(self);
                let anchor = self.at(0).filter(|char| !all && matches!(char, '#' | '%'));
                self.position += usize::from(anchor.is_some());
                let pattern = self.operand(false, |char| matches!(char, '}' | '/'))?;
                let mut replacement = Vec::new();
                if self.at(0) == Some('/') {
                    self.position += 1;
                    replacement = self.operand(quoted, closes)?;
                }
                Operation::Replace { all, anchor, pattern, replacement }
            }
            '^' | ',' if self.flavour == Flavour::Bash => {
                Operation::Case { upper: first == '^', all: doubled(self) }
            }
            _ => Operation::Bad,
        })
    }
}
