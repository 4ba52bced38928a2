//! From tokens to commands, by recursive descent.

use std::rc::Rc;

use super::expansion::is_name;
use super::lexer::{Parsed, Parser, Token};
use super::{
    Arm, Assignment, Chain, Command, Compound, Item, List, Part, Pipeline, Redirect, RedirectKind,
    Simple, SyntaxError, Word,
};
use crate::Flavour;

const RESERVED: [&str; 16] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{",
    "}", "!", "in",
];

/// Words that end a list that they do not begin.
const ENDS: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];

impl Parser {
    /// The next line's commands; nothing at the end of the text.
    ///
    /// # Errors
    /// What is not a command. The rest of the text cannot be read then.
    pub(crate) fn complete(&mut self) -> Parsed<Option<List>> {
        self.skip_newlines()?;
        if matches!(self.peek()?, Token::End) {
            return Ok(None);
        }
        let mut items = Vec::new();
        loop {
            items.push(self.item()?);
            match self.peek()? {
                Token::Newline => {
                    self.next()?;
                    return Ok(Some(items));
                }
                Token::End => {
                    self.read_here_documents()?;
                    return Ok(Some(items));
                }
                Token::Operator(")") => return Err(self.unexpected(None)),
                _ => {}
            }
        }
    }

    /// All of the text as one list.
    pub(super) fn whole(&mut self) -> Parsed<List> {
        let list = self.list()?;
        if !matches!(self.peek()?, Token::End) {
            return Err(self.unexpected(None));
        }
        self.read_here_documents()?;
        Ok(list)
    }

    pub(super) fn unexpected(&mut self, expecting: Option<&'static str>) -> SyntaxError {
        match self.peek() {
            Err(error) => error,
            Ok(Token::End) => {
                // To bash the end is a line of its own.
                let counts = self.flavour == Flavour::Bash && self.chars.last() != Some(&'\n');
                let line = self.line + u32::from(counts);
                SyntaxError::End { expecting, line }
            }
            Ok(_) => match self.describe() {
                Err(error) => error,
                Ok((token, line)) => SyntaxError::Unexpected { token, line },
            },
        }
    }

    pub(super) fn skip_newlines(&mut self) -> Parsed<()> {
        while matches!(self.peek()?, Token::Newline) {
            self.next()?;
        }
        Ok(())
    }

    fn reserved(&mut self) -> Parsed<Option<&'static str>> {
        let Token::Word(word) = self.peek()? else { return Ok(None) };
        Ok(word.literal().and_then(|text| RESERVED.into_iter().find(|word| *word == text)))
    }

    pub(super) fn is_word(&mut self, text: &str) -> Parsed<bool> {
        Ok(matches!(self.peek()?, Token::Word(word) if word.literal() == Some(text)))
    }

    pub(super) fn is_operator(&mut self, text: &str) -> Parsed<bool> {
        Ok(matches!(self.peek()?, Token::Operator(operator) if *operator == text))
    }

    pub(super) fn expect(&mut self, text: &'static str) -> Parsed<()> {
        let found = if text == ")" { self.is_operator(text)? } else { self.is_word(text)? };
        if !found {
            return Err(self.unexpected(Some(text)));
        }
        self.next().map(drop)
    }

    /// Commands up to something that cannot go on.
    pub(super) fn list(&mut self) -> Parsed<List> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines()?;
            let ends = match self.peek()? {
                Token::End => true,
                Token::Operator(operator) => matches!(*operator, ")" | ";;" | ";&" | ";;&"),
                _ => self.reserved()?.is_some_and(|word| ENDS.contains(&word)),
            };
            if ends {
                return Ok(items);
            }
            items.push(self.item()?);
        }
    }

    /// A list that must hold something, up to the reserved word `end` (not taken).
    fn body(&mut self, end: &'static str) -> Parsed<List> {
        let list = self.list()?;
        if list.is_empty() { Err(self.unexpected(Some(end))) } else { Ok(list) }
    }

    fn item(&mut self) -> Parsed<Item> {
        let (start, _) = self.place()?;
        let chain = Rc::new(self.chain()?);
        let (end, _) = self.place()?;
        let text = self.slice(start, end).trim().to_owned();
        let mut background = false;
        match self.peek()? {
            Token::Operator(";") => {
                self.next()?;
            }
            Token::Operator("&") => {
                background = true;
                self.next()?;
            }
            Token::Newline | Token::End => {}
            Token::Operator(")" | ";;" | ";&" | ";;&") => {}
            _ => return Err(self.unexpected(None)),
        }
        Ok(Item { chain, background, text })
    }

    fn chain(&mut self) -> Parsed<Chain> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let and = match self.peek()? {
                Token::Operator("&&") => true,
                Token::Operator("||") => false,
                _ => return Ok(Chain { first, rest }),
            };
            self.next()?;
            self.skip_newlines()?;
            rest.push((and, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut pipeline = Pipeline { negated: false, timed: false, commands: Vec::new() };
        loop {
            if self.is_word("!")? {
                self.next()?;
                pipeline.negated = !pipeline.negated;
            } else if self.is_word("time")? && self.flavour == Flavour::Bash {
                self.next()?;
                pipeline.timed = true;
            } else {
                break;
            }
        }
        loop {
            let mut command = self.command()?;
            let both = self.is_operator("|&")?;
            if both {
                let fd = Some(2);
                let word = Word { parts: vec![Part::Literal("1".into())], text: "1".into() };
                let redirect = Redirect { fd, kind: RedirectKind::Duplicate(word) };
                match &mut command {
                    Command::Simple(simple) => simple.redirects.push(redirect),
                    Command::Compound(_, redirects, _) => redirects.push(redirect),
                    Command::Function(..) => {}
                }
            }
            pipeline.commands.push(Rc::new(command));
            if !both && !self.is_operator("|")? {
                return Ok(pipeline);
            }
            self.next()?;
            self.skip_newlines()?;
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        self.enter()?;
        self.forget_aliases();
        while self.expand_alias()? {}
        let (_, line) = self.place()?;
        let compound = self.compound()?;
        let command = match compound {
            Some(compound) => {
                let mut redirects = Vec::new();
                while let Some(redirect) = self.redirect()? {
                    redirects.push(redirect);
                }
                Command::Compound(compound, redirects, line)
            }
            None => self.simple_or_function(line)?,
        };
        self.depth -= 1;
        Ok(command)
    }

    fn compound(&mut self) -> Parsed<Option<Compound>> {
        if self.is_operator("(")? {
            self.back();
            if self.at(1) == Some('(') && self.flavour == Flavour::Bash && self.is_arithmetic() {
                self.position += 2;
                return self.arithmetic_parts().map(|parts| Some(Compound::Arithmetic(parts)));
            }
            self.next()?;
            let list = self.body(")")?;
            self.expect(")")?;
            return Ok(Some(Compound::Subshell(Rc::new(list))));
        }
        if self.flavour != Flavour::Dash && self.is_word("[[")? {
            self.next()?;
            let test = self.test_or()?;
            self.expect("]]")?;
            return Ok(Some(Compound::Test(test)));
        }
        if self.flavour == Flavour::Bash && (self.is_word("select")? || self.is_word("coproc")?) {
            let line = self.line;
            return Err(SyntaxError::NotSimulated { what: "select and coproc", line });
        }
        let is_function = self.flavour != Flavour::Dash && self.is_word("function")?;
        if is_function {
            return Ok(None);
        }
        let compound = match self.reserved()? {
            None => return Ok(None),
            Some("{") => {
                self.next()?;
                let list = self.body("}")?;
                self.expect("}")?;
                Compound::Group(list)
            }
            Some("if") => self.if_clause()?,
            Some(word @ ("while" | "until")) => {
                self.next()?;
                let condition = self.body("do")?;
                Compound::While { until: word == "until", condition, body: self.do_group()? }
            }
            Some("for") => self.for_clause()?,
            Some("case") => self.case_clause()?,
            Some("in") => return Ok(None),
            Some(_) => return Err(self.unexpected(None)),
        };
        Ok(Some(compound))
    }

    fn do_group(&mut self) -> Parsed<List> {
        self.expect("do")?;
        let body = self.body("done")?;
        self.expect("done")?;
        Ok(body)
    }

    fn if_clause(&mut self) -> Parsed<Compound> {
        self.next()?;
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.body("then")?;
            self.expect("then")?;
            let body = self.body("fi")?;
            branches.push((condition, body));
            match self.reserved()? {
                Some("elif") => {
                    self.next()?;
                }
                Some("else") => {
                    self.next()?;
                    otherwise = Some(self.body("fi")?);
                    self.expect("fi")?;
                    break;
                }
                _ => {
                    self.expect("fi")?;
                    break;
                }
            }
        }
        Ok(Compound::If { branches, otherwise })
    }

    fn for_clause(&mut self) -> Parsed<Compound> {
        self.next()?;
        if self.is_operator("(")? {
            self.back();
            if self.at(1) == Some('(') && self.flavour == Flavour::Bash {
                self.position += 2;
                return self.arithmetic_for();
            }
        }
        let Token::Word(word) = self.peek()?.clone() else { return Err(self.unexpected(None)) };
        let name = word.text.clone();
        if !is_name(&name) && self.flavour != Flavour::Bash {
            return Err(SyntaxError::Variable { line: self.line });
        }
        self.next()?;
        let mut words = None;
        self.skip_newlines()?;
        if self.is_word("in")? {
            self.next()?;
            let mut list = Vec::new();
            while let Token::Word(word) = self.peek()? {
                list.push(word.clone());
                self.next()?;
            }
            words = Some(list);
            match self.peek()? {
                Token::Operator(";") | Token::Newline => {
                    self.next()?;
                }
                _ => return Err(self.unexpected(None)),
            }
        } else if self.is_operator(";")? {
            self.next()?;
        }
        self.skip_newlines()?;
        let body = if self.flavour == Flavour::Bash && self.is_word("{")? {
            self.next()?;
            let body = self.body("}")?;
            self.expect("}")?;
            body
        } else {
            self.do_group()?
        };
        Ok(Compound::For { name, words, body })
    }

    fn arithmetic_for(&mut self) -> Parsed<Compound> {
        let parts = self.arithmetic_parts()?;
        let mut three: Vec<Vec<Part>> = vec![Vec::new()];
        for part in parts {
            let Part::Quoted(text) = part else {
                three.last_mut().expect("it begins with one").push(part);
                continue;
            };
            for (index, piece) in text.split(';').enumerate() {
                if index > 0 {
                    three.push(Vec::new());
                }
                let last = three.last_mut().expect("it begins with one");
                last.push(Part::Quoted(piece.to_owned()));
            }
        }
        let line = self.line;
        let parts: [Vec<Part>; 3] = three
            .try_into()
            .map_err(|_| SyntaxError::Unexpected { token: "((".to_owned(), line })?;
        if self.is_operator(";")? {
            self.next()?;
        }
        self.skip_newlines()?;
        Ok(Compound::ArithmeticFor { parts, body: self.do_group()? })
    }

    fn case_clause(&mut self) -> Parsed<Compound> {
        self.next()?;
        let Token::Word(word) = self.peek()?.clone() else { return Err(self.unexpected(None)) };
        self.next()?;
        self.skip_newlines()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.is_word("esac")? {
                self.next()?;
                return Ok(Compound::Case { word, arms });
            }
            if self.is_operator("(")? {
                self.next()?;
            }
            let mut patterns = Vec::new();
            loop {
                let Token::Word(pattern) = self.peek()?.clone() else {
                    return Err(self.unexpected(Some("esac")));
                };
                self.next()?;
                patterns.push(pattern);
                if !self.is_operator("|")? {
                    break;
                }
                self.next()?;
            }
            self.expect(")")?;
            let body = self.list()?;
            let mut falls_through = false;
            if let Token::Operator(operator @ (";;" | ";&" | ";;&")) = self.peek()? {
                falls_through = *operator != ";;";
                self.next()?;
            } else if !self.is_word("esac")? {
                return Err(self.unexpected(Some("esac")));
            }
            arms.push(Arm { patterns, body, falls_through });
        }
    }

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let mut fd = None;
        if let Token::Number(number) = self.peek()? {
            fd = Some(*number);
            self.next()?;
        }
        let operator = match self.peek()? {
            Token::Operator(operator)
                if operator.starts_with(['<', '>']) || operator.starts_with("&>") =>
            {
                *operator
            }
            _ => return Ok(None),
        };
        self.next()?;
        let Token::Word(word) = self.peek()?.clone() else { return Err(self.unexpected(None)) };
        self.next()?;
        let kind = match operator {
            "<" => RedirectKind::Read(word),
            ">" | ">|" => RedirectKind::Write(word),
            ">>" => RedirectKind::Append(word),
            "<>" => RedirectKind::ReadWrite(word),
            "<<" | "<<-" => RedirectKind::Here(self.expect_here(&word, operator == "<<-")),
            "<<<" => RedirectKind::HereString(word),
            "&>" | "&>>" => RedirectKind::Both(word, operator == "&>>"),
            ">&" if fd.is_none()
                && self.flavour == Flavour::Bash
                && word.literal().is_some_and(|text| {
                    text != "-" && !text.chars().all(|char| char.is_ascii_digit())
                }) =>
            {
                RedirectKind::Both(word, false)
            }
            _ => {
                let fd = fd.or(Some(u32::from(operator == ">&")));
                return Ok(Some(Redirect { fd, kind: RedirectKind::Duplicate(word) }));
            }
        };
        Ok(Some(Redirect { fd, kind }))
    }

    fn simple_or_function(&mut self, line: u32) -> Parsed<Command> {
        let mut simple = Simple { line, ..Simple::default() };
        if self.flavour != Flavour::Dash && self.is_word("function")? {
            self.next()?;
            let word = self.test_word()?;
            if self.is_operator("(")? {
                self.next()?;
                self.expect(")")?;
            }
            return self.function(word.text);
        }
        loop {
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            let Token::Word(word) = self.peek()?.clone() else { break };
            self.next()?;
            if simple.words.is_empty()
                && let Some(assignment) = assignment(&word, self.flavour)
            {
                simple.assignments.push(assignment);
                continue;
            }
            if matches!(word.parts.as_slice(), [_, Part::Array(_)]) {
                let declares = simple.words.first().and_then(Word::literal).is_some_and(|name| {
                    matches!(name, "declare" | "local" | "readonly" | "export" | "typeset")
                });
                if !declares {
                    return Err(SyntaxError::Unexpected { token: "(".to_owned(), line });
                }
            }
            let is_first = simple.words.is_empty() && simple.assignments.is_empty();
            simple.words.push(word);
            if is_first && self.is_operator("(")? && simple.redirects.is_empty() {
                self.next()?;
                self.expect(")")?;
                return self.function(simple.words[0].text.clone());
            }
        }
        let is_empty =
            simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty();
        if is_empty {
            return Err(self.unexpected(None));
        }
        if self.is_operator("(")? {
            return Err(self.unexpected(None));
        }
        Ok(Command::Simple(simple))
    }

    fn function(&mut self, name: String) -> Parsed<Command> {
        self.skip_newlines()?;
        let (_, line) = self.place()?;
        let Some(body) = self.compound()? else { return Err(self.unexpected(None)) };
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command::Function(name, Rc::new(Command::Compound(body, redirects, line))))
    }
}

/// The assignment that a word is, if it is one.
pub(crate) fn assignment(word: &Word, flavour: Flavour) -> Option<Assignment> {
    let Part::Literal(first) = word.parts.first()? else { return None };
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let size = first.find(|char| !is_part(char))?;
    let found = target(word, size, flavour)?;
    is_name(&found.name).then_some(found)
}

/// An element `[key]=value` of an array's values.
pub(crate) fn element(word: &Word) -> Option<Assignment> {
    target(word, 0, Flavour::Bash).filter(|found| found.index.is_some())
}

/// What is assigned to behind a name of that size.
fn target(word: &Word, size: usize, flavour: Flavour) -> Option<Assignment> {
    let Part::Literal(first) = word.parts.first()? else { return None };
    let (name, mut rest) = first.split_at(size);
    let (mut index, mut at) = (None, 0);
    if let Some(mut text) = rest.strip_prefix('[').filter(|_| flavour == Flavour::Bash) {
        let mut parts = Vec::new();
        let end = loop {
            let end = [text.find("]="), text.find("]+=")].into_iter().flatten().min();
            parts.push(Part::Literal(text[..end.unwrap_or(text.len())].to_owned()));
            if let Some(end) = end {
                break end;
            }
            text = loop {
                at += 1;
                match word.parts.get(at)? {
                    Part::Literal(next) => break next,
                    part => parts.push(part.clone()),
                }
            };
        };
        rest = &text[end + 1..];
        index = Some(parts);
    }
    let (append, rest) = match rest.strip_prefix("+=").filter(|_| flavour != Flavour::Dash) {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix('=')?),
    };
    let mut parts = Vec::new();
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    parts.extend(word.parts[at + 1..].iter().cloned());
    let value = Word { parts, text: word.text.clone() };
    Some(Assignment { name: name.to_owned(), index, append, value })
}
